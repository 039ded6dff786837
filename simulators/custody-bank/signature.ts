/**
 * Signatures of requests, replies and notices: RSA (PKCS#1 v1.5) over SHA-256.
 *
 * The signed bytes are lines joined and ended by a line feed, then the body as it went over the wire.
 * The body is signed as bytes: parsing and printing it again would break the signature.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import type { CodeName } from './codes.ts'

/** How far X-Timestamp may be from wall time, either way. */
export const WINDOW_MS = 300_000

export interface KeyPair {
  privateKey: KeyObject
  publicKeyPem: string
  serial: string
}

export interface PublicKey {
  key: KeyObject
  serial: string
}

/** A key's serial: the first 16 hex digits of SHA-256 over its SubjectPublicKeyInfo. */
function serialOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

export function newPrivateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function readKeyPair(privateKeyPem: string): KeyPair {
  const privateKey = createPrivateKey(privateKeyPem)
  const publicKey = createPublicKey(privateKey)
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { privateKey, publicKeyPem, serial: serialOf(publicKey) }
}

export function readPublicKey(pem: string): PublicKey {
  const key = createPublicKey(pem)
  return { key, serial: serialOf(key) }
}

function signedBytes(lines: readonly string[], body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), body])
}

export interface Signed {
  'x-key-serial': string
  'x-timestamp': string
  'x-nonce': string
  'x-signature': string
}

function signWith(
  pair: KeyPair,
  wall: number,
  lines: (s: Signed) => string[],
  body: Uint8Array,
): Signed {
  const headers: Signed = {
    'x-key-serial': pair.serial,
    'x-timestamp': String(wall),
    'x-nonce': randomBytes(16).toString('hex'),
    'x-signature': '',
  }
  const bytes = signedBytes(lines(headers), body)
  return { ...headers, 'x-signature': sign('sha256', bytes, pair.privateKey).toString('base64') }
}

/** Headers of a reply; `requestNonce` ties it to the question, `-` when there was none. */
export function signReply(
  pair: KeyPair,
  wall: number,
  reply: { status: number; requestNonce: string; body: Uint8Array },
): Signed {
  const lines = (s: Signed) => [
    String(reply.status),
    reply.requestNonce,
    s['x-timestamp'],
    s['x-nonce'],
    s['x-key-serial'],
  ]
  return signWith(pair, wall, lines, reply.body)
}

/** Headers of a notice, signed as a request by the client `custody-bank`. */
export function signNotice(
  pair: KeyPair,
  wall: number,
  notice: { path: string; body: Uint8Array },
): Signed & { 'x-client-id': string } {
  const client = 'custody-bank'
  const lines = (s: Signed) => [
    'POST',
    notice.path,
    s['x-timestamp'],
    s['x-nonce'],
    client,
    s['x-key-serial'],
  ]
  return { 'x-client-id': client, ...signWith(pair, wall, lines, notice.body) }
}

export interface IncomingRequest {
  method: string
  /** Path with its query, as sent. */
  path: string
  headers: Record<string, string | string[] | undefined>
  body: Uint8Array
}

/** Checks requests against the platform's key; remembers nonces for as long as they could come again. */
export function createVerifier(
  platform: PublicKey,
  clientId: string,
  wall: () => number,
): (request: IncomingRequest) => CodeName | undefined {
  const seen = new Map<string, number>()
  return ({ method, path, headers, body }) => {
    const header = (name: string) => {
      const value = headers[name]
      return typeof value === 'string' ? value : ''
    }
    const [client, serial] = [header('x-client-id'), header('x-key-serial')]
    const [timestamp, nonce] = [header('x-timestamp'), header('x-nonce')]
    const signature = Buffer.from(header('x-signature'), 'base64')
    if (client !== clientId || serial !== platform.serial) return 'bad_signature'
    if (!/^\d{13}$/.test(timestamp) || !/^[0-9A-Za-z]{16,64}$/.test(nonce)) return 'bad_signature'
    const bytes = signedBytes([method, path, timestamp, nonce, client, serial], body)
    if (!verify('sha256', bytes, platform.key, signature)) return 'bad_signature'
    const now = wall()
    if (Math.abs(now - Number(timestamp)) > WINDOW_MS) return 'stale_request'
    for (const [old, at] of seen) {
      if (now - at <= 2 * WINDOW_MS) break
      seen.delete(old)
    }
    if (seen.has(nonce)) return 'replayed_nonce'
    seen.set(nonce, now)
    return undefined
  }
}
