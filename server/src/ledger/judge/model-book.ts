/** The state of the model: maps, copied before each change, so that a refusal costs nothing. */
import type { Instant, Uuid } from '#base'
import type { AccountOpening, AccountState, Balance, Side } from '../account.ts'
import type { TransferResult } from '../command.ts'
import type { TransferRequest } from '../transfer.ts'
import type { HoldPicture, TransferRow } from './step.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface ModelAccount extends Mutable<Balance> {
  readonly id: Uuid
  readonly number: number
  readonly side: Side
  readonly creditLimit: bigint | null
  state: AccountState
  /** Number of the newest row that names the account, 0 for none. */
  last: bigint
}

export interface ModelHold extends Mutable<HoldPicture> {
  readonly number: bigint
  readonly debit: Uuid
  readonly credit: Uuid
  readonly expiresAt: Instant | undefined
}

/** An id that was used: what was asked under it first, and the answer it gets for ever. */
export interface Taken {
  readonly request: TransferRequest
  readonly result: TransferResult
}

export interface ModelBook {
  readonly accounts: Map<Uuid, ModelAccount>
  readonly holds: Map<Uuid, ModelHold>
  readonly taken: Map<Uuid, Taken>
  readonly rows: TransferRow[]
  /** Numbers of transfers that were reversed. */
  readonly reversed: Set<bigint>
  closedBefore: Instant | undefined
  /** When something was last written: time never runs back behind it. */
  sealedAt: Instant
  lastNumber: bigint
  lastAccount: number
}

export const LARGEST = 2n ** 63n - 1n

export function emptyBook(): ModelBook {
  return {
    accounts: new Map(),
    holds: new Map(),
    taken: new Map(),
    rows: [],
    reversed: new Set(),
    closedBefore: undefined,
    sealedAt: 0,
    lastNumber: 0n,
    lastAccount: 0,
  }
}

/** Opens an account whose side and limit the chart gave. */
export function open(
  book: ModelBook,
  account: AccountOpening & { side: Side; creditLimit: bigint | null },
): ModelBook {
  const next = copy(book)
  next.lastAccount += 1
  next.accounts.set(account.id, {
    id: account.id,
    number: next.lastAccount,
    side: account.side,
    creditLimit: account.creditLimit,
    state: 'open',
    debitsPosted: 0n,
    creditsPosted: 0n,
    debitsPending: 0n,
    creditsPending: 0n,
    last: 0n,
  })
  return next
}

/** The instant of a step: the World's clock, but never before what is written already. */
export function instant(book: ModelBook, clock: Instant): Instant {
  return Math.max(clock, book.sealedAt)
}

export function change(book: ModelBook, account: Uuid, state: AccountState, now: Instant) {
  const next = copy(book)
  const found = next.accounts.get(account)
  if (found !== undefined) found.state = state
  next.sealedAt = now
  return next
}

export function closeBefore(book: ModelBook, before: Instant, now: Instant): ModelBook {
  return { ...copy(book), closedBefore: before, sealedAt: now }
}

export function pin(book: ModelBook, hold: Uuid, pinned: boolean, now: Instant): ModelBook {
  const next = copy(book)
  const found = next.holds.get(hold)
  if (found !== undefined) found.pinned = pinned
  next.sealedAt = now
  return next
}

export function copy(book: ModelBook): ModelBook {
  return {
    ...book,
    accounts: new Map([...book.accounts].map(([id, account]) => [id, { ...account }])),
    holds: new Map([...book.holds].map(([id, hold]) => [id, { ...hold }])),
    taken: new Map(book.taken),
    rows: [...book.rows],
    reversed: new Set(book.reversed),
  }
}

export function accountNumbered(book: ModelBook, number: number): Uuid {
  for (const account of book.accounts.values()) if (account.number === number) return account.id
  throw new Error(`no account numbered ${number}`)
}

/** The account of an id that was found before. */
export function at(book: ModelBook, id: Uuid): ModelAccount {
  const account = book.accounts.get(id)
  if (account === undefined) throw new Error(`no account ${id}`)
  return account
}
