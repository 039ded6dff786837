/**
 * Keys as requests look them up: by handle or id, read again each second, so that one revoked on
 * another replica is refused a second later at the most; here at once.
 *
 * Reading a public key from PEM is dear beside a request (milliseconds for SM2), so what was read is
 * kept while its text stays the same.
 */
import type { Db, Instant, Uuid } from '#base'
import { readVerificationKey, type VerificationKey } from '#vault'
import { isLive, type Key } from './key.ts'
import { findKey } from './key-store.ts'
import { permissionsOf } from './permissions.ts'
import type { Wall } from './session.ts'

/** A key ready for use. */
export interface ReadyKey {
  readonly key: Key
  /** Those it was given, as far as its role still has them. */
  readonly permissions: ReadonlySet<string>
  /** Absent for keys without a public key. */
  readonly verification?: VerificationKey
}

export interface KeyRing {
  /** The live key of a secret's handle or of an id; `undefined` for any other. */
  find(by: { readonly handle: string } | { readonly id: Uuid }): Promise<ReadyKey | undefined>
  /** Believes nothing read so far. For whoever changed keys in this process. */
  forget(): void
}

/** How long what was read of a key may be believed. */
const BELIEVED_MS = 1_000
const MOST_KEPT = 10_000

interface Kept {
  readonly at: Instant
  readonly ready: Promise<ReadyKey | undefined>
}

/** Opens the ring. Unknown keys are not kept: asking for many of them fills nothing. */
export function createKeyRing({ db, wall }: { readonly db: Db; readonly wall: Wall }): KeyRing {
  const kept = new Map<string, Kept>()
  const parsed = new Map<string, VerificationKey>()

  const load = async (by: Parameters<KeyRing['find']>[0]): Promise<ReadyKey | undefined> => {
    const key = await findKey(db, by)
    if (key === undefined) return undefined
    const ofRole = permissionsOf([key.role])
    const permissions = new Set<string>(key.permissions.filter((one) => ofRole.has(one)))
    const { algorithm, publicKey } = key
    if (algorithm === undefined || publicKey === undefined) return { key, permissions }
    const name = `${algorithm} ${publicKey}`
    const verification = parsed.get(name) ?? readVerificationKey(algorithm, publicKey)
    if (parsed.size >= MOST_KEPT) parsed.clear()
    parsed.set(name, verification)
    return { key, permissions, verification }
  }

  return {
    find: async (by) => {
      const name = 'handle' in by ? by.handle : by.id
      const now = wall.now()
      let entry = kept.get(name)
      if (entry === undefined || Math.abs(now - entry.at) >= BELIEVED_MS) {
        entry = { at: now, ready: load(by) }
        if (kept.size >= MOST_KEPT) kept.clear()
        kept.set(name, entry)
        const read = entry
        const drop = () => {
          if (kept.get(name) === read) kept.delete(name)
        }
        entry.ready.then((found) => found ?? drop(), drop)
      }
      const ready = await entry.ready
      return ready !== undefined && isLive(ready.key, now) ? ready : undefined
    },
    forget: () => kept.clear(),
  }
}
