/** SM3 (GB/T 32905) and HMAC over it. */
import { createHash, createHmac } from 'node:crypto'

/** 32 bytes. */
export function sm3(message: Uint8Array): Buffer {
  return createHash('sm3').update(message).digest()
}

/** HMAC-SM3, 32 bytes. */
export function hmacSm3(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sm3', key).update(message).digest()
}
