/**
 * API keys: what a program proves itself with. A secret, a public key, or both.
 *
 * A secret reads `tk_test_` or `tk_live_`, then 16 hex digits by which it is found, then 48 that
 * nobody can guess (192 bits). Only SHA-256 of the whole is stored: with that much chance in it a
 * plain hash cannot be searched.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Instant, Rng, Uuid } from '#base'
import type { SignatureAlgorithm } from '#vault'
import type { Permission } from './permissions.ts'

export const KEY_STATES = ['live', 'revoked', 'expired'] as const
export type KeyState = (typeof KEY_STATES)[number]

/** What a key may be for: a merchant's own things, or the organisation's. */
export const KEY_ROLES = ['merchant', 'operator', 'engineer'] as const
export type KeyRole = (typeof KEY_ROLES)[number]

/** `test` keys open sandboxes only, `live` ones only what moves real money. */
export const KEY_MODES = ['test', 'live'] as const
export type KeyMode = (typeof KEY_MODES)[number]

export interface Key {
  readonly id: Uuid
  readonly orgId: number
  readonly merchantId?: Uuid
  readonly name: string
  readonly state: KeyState
  readonly role: KeyRole
  readonly permissions: readonly Permission[]
  readonly requiresSignature: boolean
  readonly handle?: string
  /** 32 bytes. */
  readonly secretHash?: Buffer
  readonly algorithm?: SignatureAlgorithm
  /** PEM. */
  readonly publicKey?: string
  /** Public ids of the maker and his person. */
  readonly madeBy: string
  readonly madeByPerson: string
  readonly madeAt: Instant
  readonly expiresAt: Instant
  readonly endedAt?: Instant
  readonly replacedBy?: Uuid
}

const SECRET = /^tk_(test|live)_([0-9a-f]{16})[0-9a-f]{48}$/
const SECRET_BYTES = 32

/** Makes a secret and what is stored of it. */
export function newSecret(
  rng: Rng,
  mode: KeyMode,
): { readonly secret: string; readonly handle: string; readonly hash: Buffer } {
  const hex = Buffer.from(rng.bytes(SECRET_BYTES)).toString('hex')
  const secret = `tk_${mode}_${hex}`
  return { secret, handle: hex.slice(0, 16), hash: secretHash(secret) }
}

/** The mode and handle of a secret; `undefined` for a text that is none. */
export function readSecret(
  text: string,
): { readonly mode: KeyMode; readonly handle: string } | undefined {
  const found = SECRET.exec(text)
  return found === null ? undefined : { mode: found[1] as KeyMode, handle: found[2]! }
}

export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}

/** Whether a secret is the key's; takes the same time wherever they differ. */
export function isSecretOf(key: Key, secret: string): boolean {
  return key.secretHash !== undefined && timingSafeEqual(key.secretHash, secretHash(secret))
}

/** Whether a key opens anything at this moment. */
export function isLive(key: Key, now: Instant): boolean {
  return key.state === 'live' && now < key.expiresAt
}
