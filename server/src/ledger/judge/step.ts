/**
 * What the judge puts before the engine, the oracle and the model: steps, their results, and the
 * picture of the book afterwards. All three are candidates for being wrong; agreement is the proof.
 *
 * Everything that depends on where a book stands (numbers, account numbers) is absolute here; whoever
 * compares books that began at different places subtracts the place where the sequence began.
 */
import type { Instant, Uuid } from '#base'
import type { AccountOpening, AccountState, Balance } from '../account.ts'
import type { TransferResult } from '../command.ts'
import type { RefusalCode } from '../refusals.ts'
import type { TransferRequest, TransferType } from '../transfer.ts'

export type Step =
  | { readonly do: 'transfer'; readonly request: TransferRequest }
  /** Several transfers of one command: all are booked, or none. */
  | { readonly do: 'command'; readonly transfers: readonly TransferRequest[] }
  | { readonly do: 'change'; readonly account: Uuid; readonly state: AccountState }
  | { readonly do: 'close'; readonly before: Instant }
  | { readonly do: 'pin'; readonly hold: Uuid; readonly pinned: boolean }
  /** Moves the World's clock, also back. */
  | { readonly do: 'clock'; readonly to: Instant }

export type StepResult =
  | { readonly do: 'transfer'; readonly result: TransferResult }
  | {
      readonly do: 'command'
      readonly status: 'committed' | 'replayed'
      readonly transfers: readonly TransferResult[]
    }
  | {
      readonly do: 'command'
      readonly status: 'refused'
      readonly code: RefusalCode
      readonly transfer: number
    }
  | { readonly do: 'done' }

/** What is left of a hold and how it stands. */
export interface HoldPicture {
  readonly id: Uuid
  readonly remaining: bigint
  readonly state: 'open' | 'released' | 'voided' | 'expired'
  readonly pinned: boolean
}

/** Balances of the accounts asked for, in that order, and every hold of theirs by number. */
export interface Picture {
  readonly balances: readonly Balance[]
  readonly holds: readonly HoldPicture[]
}

/** One row of a book's transfers; `debit` and `credit` are account numbers. */
export interface TransferRow {
  readonly number: bigint
  readonly id: Uuid | undefined
  readonly leg: number
  readonly type: TransferType
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
  readonly debitAfter: bigint
  readonly creditAfter: bigint
  readonly debitPrev: bigint
  readonly creditPrev: bigint
  readonly subject: bigint | undefined
  readonly bookedAt: Instant
  readonly effectiveAt: Instant | undefined
  readonly purpose: string | undefined
}

/** What is held to the model: the engine, and the oracle. */
export interface Candidate {
  readonly name: 'engine' | 'oracle'
  open(accounts: readonly AccountOpening[], clock: Instant): Promise<void>
  /** Runs the steps: the oracle in order, the engine all at once; the clock stands at `clock`. */
  run(
    steps: readonly Step[],
    at: { clock: Instant; accounts: readonly Uuid[]; holds: readonly Uuid[] },
  ): Promise<{ results: StepResult[]; picture: Picture }>
  /** The same picture from elsewhere: what rests in the rows, and what is asked for one by one. */
  picture(accounts: readonly Uuid[], holds: readonly Uuid[]): Promise<Picture>
  /** The rows after a number, by number. */
  rows(after: bigint): Promise<TransferRow[]>
  /** The number of the newest transfer, and of the newest account. */
  end(): Promise<{ transfer: bigint; account: number }>
}

/** How types stand in `ledger.transfer.type`. */
export const TYPES: readonly TransferType[] = [
  'post',
  'hold',
  'release',
  'void',
  'expire',
  'reverse',
]
