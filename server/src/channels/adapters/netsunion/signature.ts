/**
 * Signature and digital envelope, in two suites: RSA with AES-256 and SM2 with SM4.
 *
 * The signature is over the bytes of the XML and stands behind them as `{S:…}`; it is split off before
 * anything is parsed. The envelope is the text `01|` and a key made for one message, encrypted for the
 * other side; the sensitive elements are CBC under that key, their first 16 bytes the vector. CBC
 * proves nothing by itself: the signature over the whole message does.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Rng } from '#base'
import {
  readRsaPrivateKey,
  readRsaPublicKey,
  readSm2PrivateKey,
  readSm2PublicKey,
  rsaOaepDecrypt,
  rsaOaepEncrypt,
  rsaSign,
  rsaVerify,
  sm2Decrypt,
  sm2Encrypt,
  sm2Sign,
  sm2Verify,
  sm4CbcDecrypt,
  sm4CbcEncrypt,
} from '#vault'

export const SUITES = ['rsa', 'sm'] as const

export type SuiteName = (typeof SUITES)[number]

/** Both sides' keys in one suite, ready for use. */
export interface Suite {
  sign(bytes: Uint8Array): Buffer
  verify(bytes: Uint8Array, signature: Uint8Array): boolean
  /** Encrypts for the clearing house. */
  seal(plain: Uint8Array): Buffer
  /** Opens what was encrypted for us. */
  unseal(cipher: Uint8Array): Buffer | undefined
  /** Characters of the key of a message: 32 for AES-256, 16 for SM4. */
  readonly keyLength: 32 | 16
  encrypt(key: Uint8Array, vector: Uint8Array, plain: Uint8Array): Buffer
  decrypt(key: Uint8Array, vector: Uint8Array, cipher: Uint8Array): Buffer | undefined
}

/** Reads both PEM keys and builds the suite. Throws a sentence when a key is not of its kind. */
export function openSuite(name: SuiteName, privateKeyPem: string, platformPem: string): Suite {
  if (name === 'rsa') {
    const own = readRsaPrivateKey(privateKeyPem)
    const platform = readRsaPublicKey(platformPem)
    return {
      sign: (bytes) => rsaSign(own, bytes),
      verify: (bytes, signature) => rsaVerify(platform, bytes, signature),
      seal: (plain) => rsaOaepEncrypt(platform, plain),
      unseal: (cipher) => rsaOaepDecrypt(own, cipher),
      keyLength: 32,
      encrypt: aesCbcEncrypt,
      decrypt: aesCbcDecrypt,
    }
  }
  const own = readSm2PrivateKey(privateKeyPem)
  const platform = readSm2PublicKey(platformPem)
  return {
    sign: (bytes) => sm2Sign(own, bytes),
    verify: (bytes, signature) => sm2Verify(platform, bytes, signature),
    seal: (plain) => sm2Encrypt(platform, plain, 'asn1'),
    unseal: (cipher) => sm2Decrypt(own, cipher, 'asn1'),
    keyLength: 16,
    encrypt: sm4CbcEncrypt,
    decrypt: sm4CbcDecrypt,
  }
}

function aesCbcEncrypt(key: Uint8Array, vector: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, vector)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

function aesCbcDecrypt(
  key: Uint8Array,
  vector: Uint8Array,
  cipher: Uint8Array,
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-cbc', key, vector)
  try {
    return Buffer.concat([decipher.update(cipher), decipher.final()])
  } catch {
    return undefined
  }
}

/** An envelope we make: its text for `DgtlEnvlp`, and what hides an element under its key. */
export interface SealedEnvelope {
  readonly text: string
  hide(plain: string): string
}

/** A key for one message. Its characters are letters and digits, as the envelope is text. */
export function makeEnvelope(suite: Suite, rng: Rng): SealedEnvelope {
  const key = Buffer.from(rng.bytes(suite.keyLength / 2)).toString('hex')
  return {
    text: suite.seal(Buffer.from(`01|${key}`)).toString('base64'),
    hide: (plain) => {
      const vector = rng.bytes(16)
      const cipher = suite.encrypt(Buffer.from(key), vector, Buffer.from(plain))
      return Buffer.concat([vector, cipher]).toString('base64')
    },
  }
}

/** What reads elements under an envelope's key; nothing when the envelope is not for us. */
export function openEnvelope(
  suite: Suite,
  text: string,
): ((hidden: string) => string | undefined) | undefined {
  const plain = suite.unseal(Buffer.from(text, 'base64'))?.toString('latin1')
  const key = plain === undefined ? undefined : /^01\|([0-9A-Za-z]+)$/.exec(plain)?.[1]
  if (key?.length !== suite.keyLength) return undefined
  return (hidden) => {
    const bytes = Buffer.from(hidden, 'base64')
    if (bytes.length < 32) return undefined
    return suite.decrypt(Buffer.from(key), bytes.subarray(0, 16), bytes.subarray(16))?.toString()
  }
}

/** The message as it travels: its XML with the signature behind it. */
export function signMessage(suite: Suite, xml: string): string {
  return `${xml}{S:${suite.sign(Buffer.from(xml)).toString('base64')}}`
}

/** The XML of a message that is signed by the clearing house; nothing otherwise. Never throws. */
export function signedXml(suite: Suite, bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  // Bytes that are no UTF-8 would be replaced in silence, and the signature be checked over others.
  if (!Buffer.from(text).equals(bytes)) return undefined
  const match = /\{S:([A-Za-z0-9+/]+={0,2})\}$/.exec(text)
  if (match === null) return undefined
  const encoded = match[1]!
  const signature = Buffer.from(encoded, 'base64')
  if (signature.toString('base64') !== encoded) return undefined
  const xml = text.slice(0, match.index)
  return suite.verify(Buffer.from(xml), signature) ? xml : undefined
}
