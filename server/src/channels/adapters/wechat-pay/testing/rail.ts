/** Keys of a merchant, and the adapter joined to the simulator of its rail. For tests. */
import { generateKeyPairSync } from 'node:crypto'
import {
  startWechatPay,
  type WechatPayOptions,
  type WechatPayRail,
} from '../../../../../../simulators/wechat-pay/index.ts'
import type { WechatPaySettings } from '../adapter.ts'
import type { WechatScheme } from '../signature.ts'

export const APP_ID = 'wxd678efh567hg6787'
export const MCH_ID = '1230000109'
export const SERIAL = '3775B6A45ACD588826D15E583A95F5DD00000001'
export const API_V3_KEY = 'AES256Key-32Characters1234567890'
export const NOTIFY_URL = 'https://tenon.example/callbacks/wechat-pay'

export interface KeyPair {
  readonly privatePem: string
  readonly publicPem: string
}

export function keyPair(scheme: WechatScheme): KeyPair {
  const { privateKey, publicKey } =
    scheme === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'SM2' })
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** One pair per scheme for a test file: making RSA keys takes long. */
export function merchantKeys() {
  return {
    rsa: keyPair('rsa'),
    sm: keyPair('sm'),
    platform: { rsa: keyPair('rsa'), sm: keyPair('sm') },
  }
}

type Keys = ReturnType<typeof merchantKeys>

export function startRail(
  keys: Keys,
  scheme: WechatScheme,
  options: Partial<WechatPayOptions> = {},
): Promise<WechatPayRail> {
  return startWechatPay({
    scheme,
    appId: APP_ID,
    mchId: MCH_ID,
    merchantSerial: SERIAL,
    merchantPublicKeyPem: keys[scheme].publicPem,
    apiV3Key: API_V3_KEY,
    platformKeyPem: keys.platform[scheme].privatePem,
    ...options,
  })
}

export function settingsFor(
  rail: WechatPayRail,
  keys: Keys,
  scheme: WechatScheme,
): WechatPaySettings {
  return {
    url: rail.url,
    scheme,
    appId: APP_ID,
    mchId: MCH_ID,
    serial: SERIAL,
    privateKeyPem: keys[scheme].privatePem,
    platformKeys: { [rail.platformSerial]: rail.platformCertificatePem },
    apiV3Key: API_V3_KEY,
    notifyUrl: NOTIFY_URL,
    timing: { timeoutMs: 400 },
  }
}
