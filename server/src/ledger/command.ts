/**
 * Commands: what the book writer takes. A command is a module's own state change and the transfers
 * it causes, committed together or not at all.
 */
import type { EffectRow, Instant, OutboxEvent, StoredAnswer, Uuid } from '#base'
import type { AccountOpening, AccountState } from './account.ts'
import type { RefusalCode } from './refusals.ts'
import type { TransferRequest } from './transfer.ts'

export interface Command {
  /**
   * Names of every aggregate whose columns the effects guard, such as `case:case_3_…`. Two commands
   * with a root in common are never in one batch, and are decided in arrival order.
   */
  readonly roots: readonly string[]
  /** Accounts opened by the command; its own transfers may use them. */
  readonly open?: readonly AccountOpening[]
  /** Accounts whose state or limit changes. */
  readonly change?: readonly AccountChange[]
  /** All are booked, or none. */
  readonly transfers?: readonly TransferRequest[]
  /** Holds that begin or cease to back an instruction that is not final. */
  readonly pin?: readonly { readonly hold: Uuid; readonly pinned: boolean }[]
  /** Closes the book for effective times before this instant; may only move forward. */
  readonly closeBefore?: Instant
  /** Applied when the money is accepted. */
  readonly effects?: readonly EffectRow[]
  readonly events?: readonly OutboxEvent[]
  readonly answer?: StoredAnswer
  /** Applied instead of `effects` and `events` when the money is refused. */
  readonly refused?: (code: RefusalCode, transfer: number) => RefusedOutcome
}

export interface RefusedOutcome {
  readonly effects?: readonly EffectRow[]
  readonly events?: readonly OutboxEvent[]
  readonly answer?: StoredAnswer
}

export interface AccountChange {
  readonly account: Uuid
  readonly state?: AccountState
  readonly creditLimit?: bigint | null
}

/** What one transfer of a command or a request came to. */
export type TransferResult =
  | {
      readonly status: 'accepted'
      /** True when this id was booked before and nothing was written now. */
      readonly replayed: boolean
      /** The number of its first leg inside the book; legs follow each other. */
      readonly number: bigint
      readonly bookedAt: Instant
    }
  | { readonly status: 'refused'; readonly replayed: boolean; readonly code: RefusalCode }

export type CommandResult =
  | {
      readonly status: 'committed'
      /** The batch it was committed in; with the book number the position of its events. */
      readonly seq: bigint
      readonly at: Instant
      readonly transfers: readonly TransferResult[]
    }
  /** Its transfers were booked before with the same content: the command has happened already. */
  | { readonly status: 'replayed'; readonly transfers: readonly TransferResult[] }
  /** The money was refused by transfer number `transfer`; the refusal's effects are committed. */
  | { readonly status: 'refused'; readonly code: RefusalCode; readonly transfer: number }
  /** A row had moved since the command was decided: nothing was written, decide again. */
  | { readonly status: 'stale'; readonly effect: string }

/** The queue of a book is full: answer 429 and try later. Nothing was written. */
export class QueueFull extends Error {
  override name = 'QueueFull'
}

/** This server does not write the book (now): forward to the owner, or answer 503 with Retry-After. */
export class NotOwner extends Error {
  override name = 'NotOwner'
  readonly book: number
  readonly ownerUrl: string | undefined
  constructor(book: number, ownerUrl?: string) {
    super(`book ${book} is not written by this server`)
    this.book = book
    this.ownerUrl = ownerUrl
  }
}

/** The database refused the command's data (SQLSTATE 22 or 23); nothing of it was written. */
export class RefusedByData extends Error {
  override name = 'RefusedByData'
  readonly sqlState: string
  constructor(sqlState: string, message: string) {
    super(message)
    this.sqlState = sqlState
  }
}

/** No room in the database: nothing was written, and reads go on. Answer 503 and try later. */
export class StorageFull extends Error {
  override name = 'StorageFull'
}
