/**
 * The ledger as other modules see it: books, one writer per book, and reads. A read through the
 * writer sees every transfer answered before it was asked (it waits for the batch it would overtake).
 */
import type { Instant, StoredAnswer, Uuid } from '#base'
import type { Account, Balance } from './account.ts'
import type { Book } from './book.ts'
import type { Command, CommandResult, TransferResult } from './command.ts'
import type { TransferRequest, TransferType } from './transfer.ts'

export interface NewBook {
  readonly orgId: number
  readonly name: string
  readonly currency: string
  /** A name of CHARTS. */
  readonly chart: string
  /** The answer to keep in book 0 under the caller's key, made once the book has its number. */
  readonly answer?: (book: Book) => StoredAnswer
}

export interface Ledger {
  /** Opens a book with the single accounts of its chart, and begins to write it. */
  createBook(request: NewBook): Promise<Book>
  book(book: number): Promise<Book | undefined>
  /** Keyset paging by book number, oldest first. */
  books(after: number, limit: number): Promise<Book[]>
  /** The writer of a book this server owns. Throws `NotOwner`. */
  writer(book: number): BookWriter
  /** Gives up every book and ends the connections. */
  close(): Promise<void>
}

export interface BookWriter {
  readonly book: Book
  /** Runs one command. Rejects with QueueFull, NotOwner or RefusedByData; nothing is written then. */
  submit(command: Command): Promise<CommandResult>
  /** Books one transfer that belongs to no aggregate. */
  transfer(request: TransferRequest): Promise<TransferResult>
  /** An account is there once the batch that opens it has committed, however it is asked for. */
  account(id: Uuid): Account | undefined
  /** The account of a `single` chart code, or the only one of that code. */
  accountByCode(code: string): Account | undefined
  /** All accounts, by number; keyset paging. */
  accounts(after: number, limit: number): Account[]
  balance(account: Uuid): Promise<Balance | undefined>
  hold(id: Uuid): Promise<Hold | undefined>
}

export interface Hold {
  readonly id: Uuid
  readonly number: bigint
  readonly debit: Uuid
  readonly credit: Uuid
  readonly amount: bigint
  /** What is neither released, voided nor expired. */
  readonly remaining: bigint
  readonly state: 'open' | 'released' | 'voided' | 'expired'
  readonly expiresAt?: Instant
  readonly pinned: boolean
}

/** One line of an account's statement; newest first. */
export interface StatementLine {
  /** Number of the leg inside the book: the paging key. */
  readonly number: bigint
  /** Id of the transfer; legs of a linked transfer share it. */
  readonly id: Uuid
  readonly leg: number
  readonly type: TransferType
  readonly side: 'debit' | 'credit'
  /** The account on the other side. */
  readonly counterpart: Uuid
  readonly amount: bigint
  /** Posted balance on the account's normal side after this line. */
  readonly balanceAfter: bigint
  readonly bookedAt: Instant
  readonly effectiveAt: Instant
  readonly purpose?: string
}

export interface TrialBalanceRow {
  readonly account: Account
  readonly balance: Balance
}

/** A proof names what must be equal, both sides as sums, and whether they are. */
export interface Proof {
  readonly name: 'debits_equal_credits' | 'balances_equal_transfers' | 'pending_equals_open_holds'
  readonly left: bigint
  readonly right: bigint
  readonly holds: boolean
  /** What to look at when it does not hold. */
  readonly detail?: string
}
