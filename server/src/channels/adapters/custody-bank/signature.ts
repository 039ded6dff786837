/**
 * Signatures of the bank's messages: RSA PKCS#1 v1.5 over SHA-256 of a few lines, each ended by a line
 * feed, and the body's bytes as they go over the wire. A body that is parsed and printed again no
 * longer verifies: bytes are checked first, fields after.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

/** How far a message's timestamp may be from wall time, either way. */
export const WINDOW_MS = 300_000

export interface SigningKey {
  readonly key: KeyObject
  readonly serial: string
}

/** A key's serial: the first 16 hex digits of SHA-256 over its SubjectPublicKeyInfo. */
function serialOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

/** Reads our private key, PEM. */
export function readPrivateKey(pem: string): SigningKey {
  const key = createPrivateKey(pem)
  return { key, serial: serialOf(createPublicKey(key)) }
}

/** Reads the bank's public key, PEM. */
export function readPublicKey(pem: string): SigningKey {
  const key = createPublicKey(pem)
  return { key, serial: serialOf(key) }
}

export function signedBytes(lines: readonly string[], body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), body])
}

export interface RequestToSign {
  readonly method: string
  readonly path: string
  readonly timestamp: string
  readonly nonce: string
  readonly clientId: string
  readonly body: Uint8Array
}

/** The headers of a request of ours. */
export function signRequest(key: SigningKey, request: RequestToSign): Record<string, string> {
  const { method, path, timestamp, nonce, clientId, body } = request
  const bytes = signedBytes([method, path, timestamp, nonce, clientId, key.serial], body)
  return {
    'x-client-id': clientId,
    'x-key-serial': key.serial,
    'x-timestamp': timestamp,
    'x-nonce': nonce,
    'x-signature': sign('sha256', bytes, key.key).toString('base64'),
  }
}

type Headers = Readonly<Record<string, string | undefined>>

interface Stamped {
  readonly timestamp: string
  readonly nonce: string
  readonly serial: string
  readonly signature: Buffer
}

/** The signature's headers, or nothing when one is missing, doubled or malformed. */
function stamped(headers: Headers, key: SigningKey): Stamped | undefined {
  const timestamp = headers['x-timestamp'] ?? ''
  const nonce = headers['x-nonce'] ?? ''
  const serial = headers['x-key-serial'] ?? ''
  const encoded = headers['x-signature'] ?? ''
  if (serial !== key.serial || !/^\d{13}$/.test(timestamp)) return undefined
  if (!/^[0-9A-Za-z]{16,64}$/.test(nonce)) return undefined
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  return { timestamp, nonce, serial, signature: Buffer.from(encoded, 'base64') }
}

export type Verdict = 'good' | 'forged' | 'stale'

/** Checks the reply to a request of ours; it must quote the request's nonce. */
export function checkReply(
  bank: SigningKey,
  reply: { status: number; headers: Headers; body: Uint8Array; requestNonce: string },
): Verdict {
  const s = stamped(reply.headers, bank)
  if (s === undefined) return 'forged'
  const lines = [String(reply.status), reply.requestNonce, s.timestamp, s.nonce, s.serial]
  return verify('sha256', signedBytes(lines, reply.body), bank.key, s.signature) ? 'good' : 'forged'
}

/** Checks a notice, which the bank signs as a request of its own. */
export function checkNotice(
  bank: SigningKey,
  notice: { method: string; path: string; headers: Headers; body: Uint8Array; wall: number },
): Verdict {
  const s = stamped(notice.headers, bank)
  const client = notice.headers['x-client-id'] ?? ''
  if (s === undefined || client !== 'custody-bank') return 'forged'
  const lines = [notice.method, notice.path, s.timestamp, s.nonce, client, s.serial]
  const good = verify('sha256', signedBytes(lines, notice.body), bank.key, s.signature)
  if (!good) return 'forged'
  return Math.abs(notice.wall - Number(s.timestamp)) > WINDOW_MS ? 'stale' : 'good'
}
