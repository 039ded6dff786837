/** The clearing house as tests and tools see it. The platform meets it only over HTTP. */
export {
  type NetsunionAdmin,
  type NetsunionOptions,
  type NetsunionRail,
  type Permission,
  startNetsunion,
} from './house.ts'
export { newPlatformKey, type PlatformKey, type SuiteName } from './keys.ts'
