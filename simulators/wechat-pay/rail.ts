/** What the parts of the rail share: its ground, its keys and whom it serves. */
import type { RailGround, RailOptions } from '../channel/index.ts'
import type { RailKeys, Scheme } from './crypto.ts'

export interface WechatPayOptions extends RailOptions {
  /** `rsa` when absent. */
  readonly scheme?: Scheme
  readonly appId: string
  readonly mchId: string
  /** Serial number of the merchant's certificate, and its key or certificate in PEM. */
  readonly merchantSerial: string
  readonly merchantPublicKeyPem: string
  /** 32 bytes. */
  readonly apiV3Key: string
  /** The rail's own key, PKCS 8 PEM; a new one at each start when absent. */
  readonly platformKeyPem?: string
  /** `gross`: fees are billed apart instead of kept back, as contracts for custody agree; `net` when absent. */
  readonly settles?: 'net' | 'gross'
}

export interface WechatRail {
  readonly ground: RailGround
  readonly keys: RailKeys
  readonly options: WechatPayOptions
  /** What of a collection has been shared or is on its way, minor units. */
  sharedOf(reference: string): bigint
}

/** 0.60 %. */
export const FEE_PPM = 6_000n
const PPM = 1_000_000n

export const feeOf = (amount: bigint) => (amount * FEE_PPM + PPM / 2n) / PPM
