/**
 * Encryption by a shared key: AES-256-GCM, SM4-GCM and SM4-CBC. Nonces and vectors come from the
 * caller; a GCM nonce used twice under one key gives the key stream and the authentication key away.
 */
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import { sm4 } from 'sm-crypto-v2'

const TAG_BYTES = 16
const NONCE_BYTES = 12

export interface GcmBox {
  /** 32 bytes for AES-256, 16 for SM4. */
  readonly key: Uint8Array
  /** 12 bytes, never twice under one key. */
  readonly nonce: Uint8Array
  /** What is bound to the text without being hidden. */
  readonly associated: Uint8Array
}

/** AES-256-GCM; the answer is the ciphertext with its 16 bytes of tag behind it. */
export function aesGcmSeal({ key, nonce, associated }: GcmBox, plain: Uint8Array): Buffer {
  mustHold(nonce, NONCE_BYTES, 'nonce')
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** What was sealed, or `undefined` when text, key, nonce or associated data differ. Never throws. */
export function aesGcmOpen(box: GcmBox, sealed: Uint8Array): Buffer | undefined {
  const { key, nonce, associated } = box
  if (key.length !== 32 || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) {
    return undefined
  }
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch {
    return undefined
  }
}

/** SM4-GCM (RFC 8998); the answer is the ciphertext with its 16 bytes of tag behind it. */
export function sm4GcmSeal({ key, nonce, associated }: GcmBox, plain: Uint8Array): Buffer {
  mustHold(key, 16, 'key')
  mustHold(nonce, NONCE_BYTES, 'nonce')
  const sealed: unknown = sm4.encrypt(plain, key, {
    mode: 'gcm',
    iv: nonce,
    associatedData: associated,
    output: 'array',
    outputTag: true,
  })
  const { output, tag } = sealed as { output: Uint8Array; tag: Uint8Array }
  return Buffer.concat([output, tag])
}

/** What was sealed, or `undefined` when text, key, nonce or associated data differ. Never throws. */
export function sm4GcmOpen(box: GcmBox, sealed: Uint8Array): Buffer | undefined {
  const { key, nonce, associated } = box
  if (key.length !== 16 || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) {
    return undefined
  }
  try {
    const plain = sm4.decrypt(sealed.subarray(0, sealed.length - TAG_BYTES), key, {
      mode: 'gcm',
      iv: nonce,
      associatedData: associated,
      tag: sealed.subarray(sealed.length - TAG_BYTES),
      output: 'array',
    })
    return Buffer.from(plain)
  } catch {
    return undefined
  }
}

/** SM4-CBC with PKCS 7 padding. `key` and `iv` have 16 bytes. */
export function sm4CbcEncrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('sm4-cbc', key, iv)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

/**
 * What was encrypted, or `undefined` when it cannot be. Never throws. CBC proves nothing about who
 * wrote the text: check a signature over it first.
 */
export function sm4CbcDecrypt(
  key: Uint8Array,
  iv: Uint8Array,
  cipher: Uint8Array,
): Buffer | undefined {
  if (key.length !== 16 || iv.length !== 16) return undefined
  const decipher = createDecipheriv('sm4-cbc', key, iv)
  try {
    return Buffer.concat([decipher.update(cipher), decipher.final()])
  } catch {
    return undefined
  }
}

function mustHold(bytes: Uint8Array, count: number, name: string): void {
  if (bytes.length !== count) throw new Error(`the ${name} has ${bytes.length} bytes, not ${count}`)
}

/** Whether two byte strings are equal, in a time that tells nothing about where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
