/** The UnionPay simulator as tests and tools see it. The platform itself meets it only over HTTP. */
export { testKeys, type UnionPayKeys } from './keys.ts'
export { MER_ID, startUnionPay, type UnionPayOptions } from './rail.ts'
