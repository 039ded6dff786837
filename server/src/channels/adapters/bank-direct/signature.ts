/**
 * Signature and encryption of the bank's messages: SM2 over SM3 of the message's own text with
 * `__signature_sigdat__` where the signature will stand, then SM4-CBC of the signed text.
 *
 * The one thing to get wrong is to parse and print the message again before checking it: the text is
 * checked as it came. The user id, filled up with '0' to 16 characters, is both the signer's id of SM2
 * and the first vector of SM4; the signature is r and s behind one another, not DER.
 */
import {
  type Sm2PrivateKey,
  type Sm2PublicKey,
  sm2Sign,
  sm2Verify,
  sm4CbcDecrypt,
  sm4CbcEncrypt,
} from '#vault'
import { SIGNATURE_PLACE } from './spec.ts'

/** The user id as id of SM2 and vector of SM4: 16 characters. */
export function idOf(userId: string): string {
  return userId.padEnd(16, '0').slice(0, 16)
}

/** r and s, 32 bytes each, of a DER signature. */
export function rawOfDer(der: Uint8Array): Buffer {
  const bytes = Buffer.from(der)
  const length = bytes[3]!
  const r = bytes.subarray(4, 4 + length)
  const s = bytes.subarray(4 + length + 2)
  const in32 = (part: Buffer) => {
    const short = part.length > 32 ? part.subarray(part.length - 32) : part
    return Buffer.concat([Buffer.alloc(32 - short.length), short])
  }
  return Buffer.concat([in32(r), in32(s)])
}

/** DER of r and s, 64 bytes. */
export function derOfRaw(raw: Uint8Array): Buffer {
  const integer = (part: Uint8Array) => {
    let bytes = Buffer.from(part)
    while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 0x80) bytes = bytes.subarray(1)
    if (bytes[0]! >= 0x80) bytes = Buffer.concat([Buffer.from([0]), bytes])
    return Buffer.concat([Buffer.from([2, bytes.length]), bytes])
  }
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32, 64))])
  return Buffer.concat([Buffer.from([0x30, both.length]), both])
}

/** The text with its signature in place of the one `__signature_sigdat__`. */
export function signText(key: Sm2PrivateKey, userId: string, text: string): string {
  const der = sm2Sign(key, Buffer.from(text), idOf(userId))
  return text.replace(SIGNATURE_PLACE, rawOfDer(der).toString('base64'))
}

/** `"sigdat":"…"` as printed by either side; inside a text its quotes would carry backslashes. */
const SIGNATURE = /"sigdat"\s*:\s*"([A-Za-z0-9+/]{86}==)"/g

/** Whether the text carries exactly one signature and it is the key holder's. Never throws. */
export function textIsSigned(key: Sm2PublicKey, userId: string, text: string): boolean {
  const found = [...text.matchAll(SIGNATURE)]
  const [match] = found
  if (found.length !== 1 || match === undefined || text.includes(SIGNATURE_PLACE)) return false
  const encoded = match[1]!
  const raw = Buffer.from(encoded, 'base64')
  if (raw.toString('base64') !== encoded) return false
  const start = match.index + match[0].length - 1 - encoded.length
  const signed = text.slice(0, start) + SIGNATURE_PLACE + text.slice(start + encoded.length)
  return sm2Verify(key, Buffer.from(signed), derOfRaw(raw), idOf(userId))
}

/** The text as it travels: SM4-CBC, base64. `key` has 16 bytes. */
export function encryptText(key: Uint8Array, userId: string, text: string): string {
  return sm4CbcEncrypt(key, Buffer.from(idOf(userId)), Buffer.from(text)).toString('base64')
}

/** The text of what travelled, or nothing when it was not encrypted for us. Never throws. */
export function decryptText(key: Uint8Array, userId: string, data: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return undefined
  const cipher = Buffer.from(data, 'base64')
  const plain = sm4CbcDecrypt(key, Buffer.from(idOf(userId)), cipher)
  return plain === undefined ? undefined : textOf(plain)
}

/** UTF-8 text, or nothing when the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : undefined
}
