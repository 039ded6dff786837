/**
 * Passwords: which may be chosen, and how they are kept (argon2id, RFC 9106).
 *
 * The easy mistake: answering faster where there is nothing to check. `createHasher` is asked once
 * for every sign-in, against `decoy` where there is no password, so that time tells nothing.
 */
import { hash, verify } from '@node-rs/argon2'
import type { Rng } from '#base'
import { isCommonPassword } from './password-denylist.ts'

/** Keeps passwords and checks them. */
export interface Hasher {
  /** The password's argon2id in the PHC string form. */
  hash(password: string): Promise<string>
  /** Whether a password is the one that was hashed; the same work whichever it is. */
  verify(hashed: string, password: string): Promise<boolean>
  /** A hash no password is known for, to be verified against where there is none. */
  decoy(): Promise<string>
}

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane; argon2id is the library's default. */
export const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** What one hash costs: KiB of memory, passes, lanes. Lower than `COST` in tests alone. */
export interface Cost {
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
}
const SALT_BYTES = 16

/** Hashes with argon2id off the main loop. */
export function createHasher(rng: Rng, cost: Cost = COST): Hasher {
  const hashed = (password: string | Uint8Array) =>
    hash(password, { ...cost, salt: rng.bytes(SALT_BYTES) })
  const decoy = hashed(rng.bytes(32))
  return {
    hash: (password) => hashed(normalised(password)),
    verify: (stored, password) => verify(stored, normalised(password)),
    decoy: () => decoy,
  }
}

/** One password typed on two keyboards is one: NFKC (NIST SP 800-63B 5.1.1.2). */
function normalised(password: string): string {
  return password.normalize('NFKC')
}

export const PASSWORD_LEAST = 12
/** Enough for any sentence, and too little to make hashing it a burden. */
export const PASSWORD_MOST = 256

export type PasswordRefusal = 'password_too_short' | 'password_too_common' | 'password_names_user'

/** Why a password may not be chosen by this user; `undefined` when it may (PCI DSS 8.3.6). */
export function refusePassword(
  password: string,
  user: { readonly login: string; readonly name: string },
): PasswordRefusal | undefined {
  const plain = normalised(password)
  if ([...plain].length < PASSWORD_LEAST) return 'password_too_short'
  const folded = plain.toLowerCase()
  const names = [user.login, user.login.split('@')[0]!, user.name]
    .map((name) => normalised(name).toLowerCase())
    .filter((name) => [...name].length >= 4)
  if (names.some((name) => folded.includes(name))) return 'password_names_user'
  return isCommonPassword(folded) ? 'password_too_common' : undefined
}
