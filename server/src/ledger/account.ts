import type { Uuid } from '#base'

/** The side on which an account grows: debit for what we have, credit for what we owe or earn. */
export type Side = 'debit' | 'credit'

/** `frozen` lets money in and none out (a court order); `closed` lets nothing move. */
export type AccountState = 'open' | 'frozen' | 'closed'

export interface AccountOpening {
  readonly id: Uuid
  /** A code of the book's chart template; it gives side and limit. */
  readonly code: string
  readonly name: string
  /** Public id of whom the balance belongs to or is owed by, for example `party_3_…`. */
  readonly holder?: string
  /** Overrides the chart: how far below zero it may fall, minor units; `null` without limit. */
  readonly creditLimit?: bigint | null
}

export interface Account {
  readonly id: Uuid
  readonly book: number
  /** The account's number inside its book, given by the writer. */
  readonly number: number
  readonly code: string
  readonly name: string
  readonly holder?: string
  readonly side: Side
  readonly creditLimit: bigint | null
  readonly state: AccountState
}

/** What an account holds, in minor units. */
export interface Balance {
  readonly debitsPosted: bigint
  readonly creditsPosted: bigint
  /** Reserved by open holds, leaving this account. */
  readonly debitsPending: bigint
  /** Promised by open holds, not here yet. */
  readonly creditsPending: bigint
}

/** Posted balance counted on the account's normal side, minor units; negative when overdrawn. */
export function posted(balance: Balance, side: Side): bigint {
  const net = balance.debitsPosted - balance.creditsPosted
  return side === 'debit' ? net : -net
}

/** What may still leave the account: posted less what holds reserve, without its credit limit. */
export function available(balance: Balance, side: Side): bigint {
  return posted(balance, side) - (side === 'debit' ? balance.creditsPending : balance.debitsPending)
}
