/**
 * Making, rotating and ending API keys. Each is one tx that ends in the audit log; who asked and under
 * which approval stands there.
 *
 * The secret is in the answer of making and rotating and nowhere else: not in the audit log, not in an
 * event, and no Idempotency-Key keeps it. Whoever lost the answer rotates again.
 */
import { createHash, createPublicKey } from 'node:crypto'
import { type AuditActor, type AuditEntry, recordChange } from '#audit'
import {
  type Clock,
  type Db,
  HttpProblem,
  type Ids,
  type Instant,
  type OutboxEvent,
  type Problem,
  publicId,
  type Rng,
  type Tx,
  type Uuid,
  writeInstant,
} from '#base'
import { readVerificationKey, type SignatureAlgorithm } from '#vault'
import { isLive, type Key, type KeyMode, type KeyRole, newSecret } from './key.ts'
import { type KeyProblemCode, keyProblem } from './key-refusals.ts'
import type { KeyRing } from './key-ring.ts'
import {
  expireKeys,
  findKey,
  hasMerchant,
  insertKey,
  listKeys,
  replaceKey,
  revokeKey,
} from './key-store.ts'
import { type Permission, permissionsOf } from './permissions.ts'
import type { Wall } from './session.ts'

/** What a new key is to be. */
export interface KeyDraft {
  /** Chosen by whoever must not make it twice; a fresh one, when absent. */
  readonly id?: Uuid
  readonly orgId: number
  readonly merchantId?: Uuid
  readonly name: string
  readonly role: KeyRole
  /** All of the role, when absent. */
  readonly permissions?: readonly Permission[]
  /** Whether it gets a secret. */
  readonly secret: boolean
  readonly algorithm?: SignatureAlgorithm
  /** PEM. */
  readonly publicKey?: string
  readonly requiresSignature: boolean
  /** A year from now, when absent. */
  readonly expiresAt?: Instant
}

/** Who changes a key. */
export interface KeyChange {
  readonly actor: AuditActor
  /** The address; '' for the platform itself. */
  readonly from: string
  /** `areq_…`, where it was done under one. */
  readonly approval?: string
  readonly requestId?: string
  /** What belongs into the same tx: notes that an approval was used, and throws when it was before. */
  mark?(tx: Tx): Promise<void>
  /** Events beside the key's own. */
  readonly events?: readonly OutboxEvent[]
}

/** Which keys somebody may see and touch. */
export interface KeyReach {
  readonly orgId: number
  readonly merchantId?: Uuid
}

export interface MadeKey {
  readonly key: Key
  /** Shown this once. */
  readonly secret?: string
}

export type KeyRefusal = { readonly refused: Problem }

export interface Keys {
  make(draft: KeyDraft, by: KeyChange): Promise<MadeKey | KeyRefusal>
  /**
   * A second key like the first, with a new secret and, where given, a new public key. The first
   * still opens for `graceMs`, at most seven days.
   */
  rotate(
    of: KeyReach & { readonly id: Uuid; readonly publicKey?: string; readonly graceMs?: number },
    by: KeyChange,
  ): Promise<MadeKey | KeyRefusal>
  /** Ends a key at once here, and within a second on other replicas. */
  revoke(of: KeyReach & { readonly id: Uuid }, by: KeyChange): Promise<Key | KeyRefusal>
  find(of: KeyReach & { readonly id: Uuid }): Promise<Key | undefined>
  list(of: KeyReach, limit: number): Promise<Key[]>
}

export interface KeysOptions {
  readonly db: Db
  readonly rng: Rng
  readonly ids: Ids
  /** Business time: when the audit log says something happened. */
  readonly clock: Pick<Clock, 'now'>
  /** The time of expiry. */
  readonly wall: Wall
  readonly mode: KeyMode
  /** Forgets what it believed after each change. */
  readonly ring: KeyRing
}

const DAY_MS = 86_400_000
const USUAL_LIFE_MS = 365 * DAY_MS
const LONGEST_LIFE_MS = 2 * USUAL_LIFE_MS
const USUAL_GRACE_MS = DAY_MS
export const LONGEST_GRACE_MS = 7 * DAY_MS

/** Opens the keys of one database. */
export function createKeys(options: KeysOptions): Keys {
  const { db, ring, wall } = options
  const change = async <T>(work: (tx: Tx, now: Instant) => Promise<T>): Promise<T | KeyRefusal> => {
    try {
      return await db.tx((tx) => work(tx, wall.now()))
    } catch (error) {
      // A refusal inside a tx is thrown, so that nothing of it stays.
      if (error instanceof HttpProblem) return { refused: error.problem }
      throw error
    } finally {
      ring.forget()
    }
  }
  return {
    make: (draft, by) => change((tx, now) => makeKey(tx, { draft, by, now, options })),
    rotate: (of, by) => change((tx, now) => rotateKey(tx, { of, by, now, options })),
    revoke: (of, by) => change((tx, now) => endKey(tx, { of, by, now, options })),
    find: (of) => within(db, of),
    list: (of, limit) => listKeys(db, { ...of, limit }),
  }
}

interface Making {
  readonly draft: KeyDraft
  readonly by: KeyChange
  readonly now: Instant
  readonly options: KeysOptions
}

async function makeKey(tx: Tx, { draft, by, now, options }: Making): Promise<MadeKey> {
  checkDraft(draft, now)
  const { orgId, merchantId } = draft
  if (merchantId !== undefined && !(await hasMerchant(tx, orgId, merchantId))) {
    throw refusal('merchant_not_found')
  }
  const { key, secret } = drawn(draft, { by, now, options })
  await addKey(tx, key, now)
  await by.mark?.(tx)
  await record(tx, options.clock.now(), {
    by,
    action: 'identity.create_key',
    key,
    after: keyJson(key),
  })
  return { key, ...(secret !== undefined && { secret }) }
}

async function rotateKey(
  tx: Tx,
  { of, by, now, options }: Omit<Making, 'draft'> & { readonly of: Parameters<Keys['rotate']>[0] },
): Promise<MadeKey> {
  const old = await found(tx, of)
  if (!isLive(old, now) || old.replacedBy !== undefined) throw refusal('key_not_live')
  const { merchantId, algorithm, publicKey = of.publicKey } = old
  const draft: KeyDraft = {
    ...{ orgId: old.orgId, name: old.name, role: old.role, permissions: old.permissions },
    ...{ secret: old.handle !== undefined, requiresSignature: old.requiresSignature },
    ...(merchantId !== undefined && { merchantId }),
    ...(algorithm !== undefined && { algorithm }),
    ...(publicKey !== undefined && { publicKey: of.publicKey ?? publicKey }),
  }
  checkDraft(draft, now)
  const { key, secret } = drawn(draft, { by, now, options })
  await addKey(tx, key, now)
  const endsAt = now + Math.min(of.graceMs ?? USUAL_GRACE_MS, LONGEST_GRACE_MS)
  if (!(await replaceKey(tx, { id: old.id, by: key.id, endsAt, now }))) {
    throw refusal('key_not_live')
  }
  const before = keyJson(old)
  await record(tx, options.clock.now(), {
    by,
    action: 'identity.rotate_key',
    key,
    before,
    after: keyJson(key),
  })
  return { key, ...(secret !== undefined && { secret }) }
}

async function endKey(
  tx: Tx,
  {
    of,
    by,
    now,
    options,
  }: Omit<Making, 'draft'> & { readonly of: KeyReach & { readonly id: Uuid } },
): Promise<Key> {
  const key = await found(tx, of)
  if (!(await revokeKey(tx, key.id, now))) throw refusal('key_not_live')
  const ended: Key = { ...key, state: 'revoked', endedAt: now }
  const [before, after] = [keyJson(key), keyJson(ended)]
  await record(tx, options.clock.now(), { by, action: 'identity.revoke_key', key, before, after })
  return ended
}

/** A key as far as somebody reaches: one of another organisation or merchant is none. */
async function within(tx: Tx, of: KeyReach & { readonly id: Uuid }): Promise<Key | undefined> {
  const key = await findKey(tx, { id: of.id })
  const reached =
    key?.orgId === of.orgId && (of.merchantId === undefined || key.merchantId === of.merchantId)
  return reached ? key : undefined
}

async function found(tx: Tx, of: KeyReach & { readonly id: Uuid }): Promise<Key> {
  const key = await within(tx, of)
  if (key === undefined) throw refusal('key_not_found')
  return key
}

function checkDraft(draft: KeyDraft, now: Instant): void {
  const { role, merchantId, permissions = [], algorithm, publicKey, expiresAt } = draft
  if ((role === 'merchant') !== (merchantId !== undefined)) throw refusal('key_role_wrong')
  const ofRole = permissionsOf([role])
  const foreign = permissions.find((one) => !ofRole.has(one))
  if (foreign !== undefined) throw refusal('key_permission_wrong', { role, permission: foreign })
  if ((algorithm === undefined) !== (publicKey === undefined)) throw refusal('key_proves_nothing')
  if (!draft.secret && publicKey === undefined) throw refusal('key_proves_nothing')
  if (draft.requiresSignature && publicKey === undefined) throw refusal('key_cannot_sign')
  if (expiresAt !== undefined && (expiresAt <= now || expiresAt > now + LONGEST_LIFE_MS)) {
    throw refusal('key_expires_wrong')
  }
  if (algorithm === undefined || publicKey === undefined) return
  try {
    readVerificationKey(algorithm, publicKey)
  } catch (error) {
    throw refusal('key_public_wrong', { why: (error as Error).message })
  }
}

function drawn(
  draft: KeyDraft,
  { by, now, options }: Omit<Making, 'draft'>,
): { readonly key: Key; readonly secret: string | undefined } {
  const made = draft.secret ? newSecret(options.rng, options.mode) : undefined
  const { merchantId, algorithm, publicKey, requiresSignature } = draft
  const key: Key = {
    ...{
      id: draft.id ?? options.ids.uuid(),
      orgId: draft.orgId,
      name: draft.name,
      state: 'live' as const,
    },
    ...(merchantId !== undefined && { merchantId }),
    ...{ role: draft.role, requiresSignature },
    permissions: [...new Set(draft.permissions ?? permissionsOf([draft.role]))].sort(),
    ...(made !== undefined && { handle: made.handle, secretHash: made.hash }),
    ...(algorithm !== undefined && { algorithm }),
    ...(publicKey !== undefined && { publicKey }),
    ...{ madeBy: by.actor.id, madeByPerson: by.actor.person },
    ...{ madeAt: now, expiresAt: draft.expiresAt ?? now + USUAL_LIFE_MS },
  }
  return { key, secret: made?.secret }
}

async function addKey(tx: Tx, key: Key, now: Instant): Promise<void> {
  await expireKeys(tx, { ...reachOf(key), now })
  if (!(await insertKey(tx, key))) throw refusal('keys_full')
}

function reachOf({ orgId, merchantId }: Key): KeyReach {
  return { orgId, ...(merchantId !== undefined && { merchantId }) }
}

async function record(
  tx: Tx,
  at: Instant,
  of: Pick<AuditEntry, 'action' | 'before' | 'after'> & { by: KeyChange; key: Key },
): Promise<void> {
  const { by, key, ...rest } = of
  const { mark: _, events = [], ...who } = by
  const object = publicId('key', 0, key.id)
  const entry: AuditEntry = { ...rest, ...who, orgId: key.orgId, object }
  const event = {
    ...{ kind: EVENTS[of.action]!, aggregate: object, orgId: key.orgId },
    payload: { key: object, name: key.name },
  }
  await recordChange(tx, at, { entries: [entry], events: [event, ...events] })
}

const EVENTS: Readonly<Record<string, string>> = {
  'identity.create_key': 'identity.key_created',
  'identity.rotate_key': 'identity.key_rotated',
  'identity.revoke_key': 'identity.key_revoked',
}

function refusal(code: KeyProblemCode, words: Readonly<Record<string, string>> = {}): HttpProblem {
  return new HttpProblem(keyProblem(code, words))
}

/** A key as it may be shown: nothing in it opens anything. */
export function keyJson(key: Key) {
  const { merchantId, algorithm, handle, endedAt, replacedBy } = key
  return {
    ...{ id: publicId('key', 0, key.id), name: key.name, state: key.state, role: key.role },
    merchant: merchantId === undefined ? null : publicId('mch', 0, merchantId),
    ...{ permissions: [...key.permissions], requires_signature: key.requiresSignature },
    /** The characters a secret begins with, after `tk_test_` or `tk_live_`. */
    secret_begins: handle ?? null,
    algorithm: algorithm ?? null,
    public_key_sha256: key.publicKey === undefined ? null : fingerprint(key.publicKey),
    ...{ made_by: key.madeBy, made_at: writeInstant(key.madeAt) },
    expires_at: writeInstant(key.expiresAt),
    ended_at: endedAt === undefined ? null : writeInstant(endedAt),
    replaced_by: replacedBy === undefined ? null : publicId('key', 0, replacedBy),
  }
}

/** SHA-256 of the key itself (SubjectPublicKeyInfo), by which its holder knows it. */
function fingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex')
}
