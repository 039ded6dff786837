/**
 * The bank's side of signature and encryption, by sm-crypto-v2 alone: SM2 over SM3 with the user id
 * (filled up with '0' to 16 characters) as signer's id, r and s behind one another; SM4-CBC with the
 * same 16 characters as first vector.
 */
import { sm2, sm4 } from 'sm-crypto-v2'

const PLACE = '__signature_sigdat__'
const SPKI = '3059301306072a8648ce3d020106082a811ccf5501822d034200'

export const idOf = (userId: string) => userId.padEnd(16, '0').slice(0, 16)

/** A key pair, hex: 32 bytes, and 65 beginning with 04. */
export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

export const newKeyPair = (): KeyPair => sm2.generateKeyPairHex()

const pem = (label: string, der: Buffer) =>
  `-----BEGIN ${label}-----\n${der
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END ${label}-----\n`

/** The public key as `PUBLIC KEY`. */
export function publicPem({ publicKey }: Pick<KeyPair, 'publicKey'>): string {
  return pem('PUBLIC KEY', Buffer.from(SPKI + publicKey, 'hex'))
}

/** The private key as `PRIVATE KEY` (PKCS 8). */
export function privatePem({ privateKey, publicKey }: KeyPair): string {
  const head = '308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420'
  return pem('PRIVATE KEY', Buffer.from(`${head}${privateKey}a144034200${publicKey}`, 'hex'))
}

/** The point of a `PUBLIC KEY` in PEM, hex. */
export function pointOf(publicKeyPem: string): string {
  const der = Buffer.from(publicKeyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return der.subarray(-65).toString('hex')
}

/** Puts the signature in its place. */
export function signText(key: KeyPair, userId: string, text: string): string {
  const { privateKey, publicKey } = key
  const options = { hash: true, publicKey, userId: idOf(userId) }
  const signature = sm2.doSignature(Buffer.from(text), privateKey, options)
  return text.replace(PLACE, Buffer.from(signature, 'hex').toString('base64'))
}

/** Whether the text is signed by the holder of the point. */
export function textIsSigned(point: string, userId: string, text: string): boolean {
  const found = [...text.matchAll(/"sigdat"\s*:\s*"([A-Za-z0-9+/]{86}==)"/g)]
  const encoded = found[0]?.[1]
  if (encoded === undefined || found.length !== 1) return false
  const signature = Buffer.from(encoded, 'base64').toString('hex')
  const options = { hash: true, userId: idOf(userId) }
  try {
    const signed = Buffer.from(text.replace(encoded, PLACE))
    return sm2.doVerifySignature(signed, signature, point, options)
  } catch {
    return false
  }
}

const sm4Options = (userId: string) =>
  ({ mode: 'cbc', iv: Buffer.from(idOf(userId)), output: 'array' }) as const

export function encryptText(keyHex: string, userId: string, text: string): string {
  const key = Buffer.from(keyHex, 'hex')
  return Buffer.from(sm4.encrypt(Buffer.from(text), key, sm4Options(userId))).toString('base64')
}

/** Throws when it was not encrypted with this key. */
export function decryptText(keyHex: string, userId: string, data: string): string {
  const cipher = Buffer.from(data, 'base64')
  const key = Buffer.from(keyHex, 'hex')
  return Buffer.from(sm4.decrypt(cipher, key, sm4Options(userId))).toString('utf8')
}
