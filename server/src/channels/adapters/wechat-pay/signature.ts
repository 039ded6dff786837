/**
 * The two ways WeChat Pay signs and seals, behind one face: RSA with AES, and SM2 with SM3 and SM4.
 *
 * What is signed is text in lines, each ended by a line feed, and the body as it came. A reply's
 * signature does not name the request it answers, so the fields of the reply are checked against it.
 */

import type { Instant } from '#base'
import {
  aesGcmOpen,
  readRsaPrivateKey,
  readRsaPublicKey,
  readSm2PrivateKey,
  readSm2PublicKey,
  rsaOaepEncrypt,
  rsaSign,
  rsaVerify,
  sm2Encrypt,
  sm2Sign,
  sm2Verify,
  sm3,
  sm4GcmOpen,
} from '#vault'

export type WechatScheme = 'rsa' | 'sm'

export interface SchemeKeys {
  readonly scheme: WechatScheme
  /** Serial number of our certificate. */
  readonly serial: string
  readonly privateKeyPem: string
  /** WeChat Pay's public keys or certificates, PEM, by their serial numbers. */
  readonly platformKeys: Readonly<Record<string, string>>
  /** 32 bytes. */
  readonly apiV3Key: string
}

interface PlatformKey {
  verify(message: Uint8Array, signature: Uint8Array): boolean
  seal(plain: Uint8Array): Buffer
}

export interface Keys {
  /** The first word of `Authorization`, and the type of a signature. */
  readonly type: string
  /** As the payer's software wants it named. */
  readonly signType: string
  readonly serial: string
  sign(message: Uint8Array): string
  readonly platform: ReadonlyMap<string, PlatformKey>
  /** Opens what was sealed under the API key; `algorithm` as it came. */
  open(sealed: Sealed): Buffer | undefined
}

export interface Sealed {
  readonly algorithm: string
  readonly nonce: string
  readonly associated: string
  /** Base64, the tag at its end. */
  readonly text: string
}

const API_KEY_BYTES = 32

/** Reads the keys of an installation. Throws a sentence when one of them is not what it should be. */
export function readKeys(keys: SchemeKeys): Keys {
  const apiKey = Buffer.from(keys.apiV3Key)
  if (apiKey.length !== API_KEY_BYTES) throw new Error('the APIv3 key has 32 bytes')
  const entries = Object.entries(keys.platformKeys)
  if (entries.length === 0) throw new Error("at least one of WeChat Pay's public keys is needed")
  return keys.scheme === 'rsa' ? rsaKeys(keys, apiKey, entries) : smKeys(keys, apiKey, entries)
}

function rsaKeys(keys: SchemeKeys, apiKey: Buffer, platform: [string, string][]): Keys {
  const ours = readRsaPrivateKey(keys.privateKeyPem)
  return {
    type: 'WECHATPAY2-SHA256-RSA2048',
    signType: 'RSA',
    serial: keys.serial,
    sign: (message) => rsaSign(ours, message).toString('base64'),
    platform: new Map(
      platform.map(([serial, pem]) => {
        const key = readRsaPublicKey(pem)
        const verify = (message: Uint8Array, signature: Uint8Array) =>
          rsaVerify(key, message, signature)
        return [serial, { verify, seal: (plain: Uint8Array) => rsaOaepEncrypt(key, plain) }]
      }),
    ),
    open: opener(apiKey, ['AEAD_AES_256_GCM'], aesGcmOpen),
  }
}

function smKeys(keys: SchemeKeys, apiKey: Buffer, platform: [string, string][]): Keys {
  const ours = readSm2PrivateKey(keys.privateKeyPem)
  const key = sm3(apiKey).subarray(0, 16)
  return {
    type: 'WECHATPAY2-SM2-WITH-SM3',
    signType: 'SM2',
    serial: keys.serial,
    sign: (message) => sm2Sign(ours, message).toString('base64'),
    platform: new Map(
      platform.map(([serial, pem]) => {
        const theirs = readSm2PublicKey(pem)
        const verify = (message: Uint8Array, signature: Uint8Array) =>
          sm2Verify(theirs, message, signature)
        return [serial, { verify, seal: (plain: Uint8Array) => sm2Encrypt(theirs, plain, 'asn1') }]
      }),
    ),
    // wechatpay-java calls it AEAD_SM4_GCM, other clients AEAD_SM4_128_GCM.
    open: opener(key, ['AEAD_SM4_GCM', 'AEAD_SM4_128_GCM'], sm4GcmOpen),
  }
}

function opener(key: Buffer, algorithms: readonly string[], open: typeof aesGcmOpen) {
  return ({ algorithm, nonce, associated, text }: Sealed): Buffer | undefined => {
    const sealed = readBase64(text)
    if (!algorithms.includes(algorithm) || sealed === undefined) return undefined
    return open({ key, nonce: Buffer.from(nonce), associated: Buffer.from(associated) }, sealed)
  }
}

/** Base64 in its one spelling; Node's own reader skips whatever it does not know. */
function readBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Lines, each with a line feed behind it, and the body likewise. */
export function signedMessage(lines: readonly string[], body: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(lines.map((line) => `${line}\n`).join('')),
    body,
    Buffer.from('\n'),
  ])
}

export interface ToSign {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: Uint8Array
  readonly mchId: string
  readonly nonce: string
  /** Wall time. */
  readonly wall: Instant
}

/** The value of `Authorization` for a request. */
export function authorization(keys: Keys, request: ToSign): string {
  const timestamp = String(Math.floor(request.wall / 1000))
  const lines = [request.method, request.path, timestamp, request.nonce]
  const signature = keys.sign(signedMessage(lines, request.body))
  const parts = {
    mchid: request.mchId,
    nonce_str: request.nonce,
    signature,
    timestamp,
    serial_no: keys.serial,
  }
  const written = Object.entries(parts).map(([name, value]) => `${name}="${value}"`)
  return `${keys.type} ${written.join(',')}`
}

/** How far a signature's time may be from ours, either way. */
export const WINDOW_MS = 5 * 60_000

export type Verdict = 'good' | 'forged' | 'stale'

/** Judges a reply or a notice by its headers (names in lower case) and its bytes. */
export function judge(
  keys: Keys,
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  wall: Instant,
): Verdict {
  const timestamp = headers['wechatpay-timestamp'] ?? ''
  const nonce = headers['wechatpay-nonce'] ?? ''
  const signature = readBase64(headers['wechatpay-signature'] ?? '')
  const type = headers['wechatpay-signature-type'] ?? keys.type
  const key = keys.platform.get(headers['wechatpay-serial'] ?? '')
  if (key === undefined || type !== keys.type || nonce === '') return 'forged'
  if (!/^\d{10}$/.test(timestamp) || signature === undefined) return 'forged'
  if (!key.verify(signedMessage([timestamp, nonce], body), signature)) return 'forged'
  return Math.abs(wall - Number(timestamp) * 1000) > WINDOW_MS ? 'stale' : 'good'
}
