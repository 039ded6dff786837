/**
 * Transfers: the only way a balance changes. A transfer moves an amount from one account's debit to
 * another's credit inside one book. It never changes afterwards; a correction is another transfer.
 */
import type { Instant, Uuid } from '#base'

export interface Leg {
  readonly debit: Uuid
  readonly credit: Uuid
  /** Minor units, at least 1. */
  readonly amount: bigint
}

export interface ReleasePart {
  /** Where this part goes; the hold's own credit account when absent. */
  readonly credit?: Uuid
  /** Minor units, at least 1. */
  readonly amount: bigint
}

interface Common {
  /** Chosen by the caller: the idempotency key. */
  readonly id: Uuid
  /** When it counts for the books; the booking time when absent. Never in the future. */
  readonly effectiveAt?: Instant
  /** A word of the caller's for the statement, at most 64 characters: `down_payment`. */
  readonly purpose?: string
}

/** Money that moves at once: one leg, or up to 1,000 that all move or none. */
export interface PostRequest extends Common {
  readonly type: 'post'
  readonly legs: readonly Leg[]
}

/** Reserves an amount of the debit account for the credit account. */
export interface HoldRequest extends Common, Leg {
  readonly type: 'hold'
  readonly expiresAt?: Instant
  /** Set while the hold backs an instruction that is not final: it does not expire. */
  readonly pinned?: boolean
}

/** Releases parts of a hold, each to an account; several releases of one hold may follow. */
export interface ReleaseRequest extends Common {
  readonly type: 'release'
  readonly hold: Uuid
  /** All that is left, to the hold's own credit account, when absent. */
  readonly parts?: readonly ReleasePart[]
}

/** Gives what is left of a hold back to its debit account. */
export interface VoidRequest extends Common {
  readonly type: 'void'
  readonly hold: Uuid
}

/** Gives back what is left of a hold whose time has come. Made by the sweeper. */
export interface ExpireRequest extends Common {
  readonly type: 'expire'
  readonly hold: Uuid
}

/** Undoes a posted transfer with all its legs by its mirror image. */
export interface ReverseRequest extends Common {
  readonly type: 'reverse'
  /** The id of the transfer to reverse. */
  readonly subject: Uuid
}

export type TransferRequest =
  | PostRequest
  | HoldRequest
  | ReleaseRequest
  | VoidRequest
  | ExpireRequest
  | ReverseRequest

export type TransferType = TransferRequest['type']

/** A single posted transfer, the commonest request. */
export function post(id: Uuid, debit: Uuid, credit: Uuid, amount: bigint): PostRequest {
  return { type: 'post', id, legs: [{ debit, credit, amount }] }
}
