/**
 * What all routes of the ledger share: what they are built on, how faults are answered.
 */
import { type Faults, HttpProblem, type Instant, type Problem, type Uuid, violated } from '#base'
import type { Balance } from './account.ts'
import type { Book } from './book.ts'
import { type Command, NotOwner, QueueFull, RefusedByData, StorageFull } from './command.ts'
import type { BookWriter, Ledger, Proof, StatementLine, TrialBalanceRow } from './ledger.ts'
import type { RefusalCode } from './refusals.ts'
import { routeProblem } from './route-refusals.ts'
import type { Leg, TransferType } from './transfer.ts'
import type { Reading } from './wire.ts'

/** The reads that routes need beside those of the writer: what is committed, of any book. */
export interface LedgerReads extends BookReads {
  /** The same, as one organisation reads them: nothing of another's is there. */
  forOrg(orgId: number): BookReads
}

export interface BookReads {
  /** Books by number, those after `after`. */
  books(after: number, limit: number): Promise<Book[]>
  /** Newest first; lines with a number below `before`. */
  statement(
    book: number,
    account: Uuid,
    page: { before?: bigint; limit: number },
  ): Promise<StatementLine[]>
  /** All accounts by number, as they stand now or stood when `at` was booked. */
  trialBalance(book: number, at?: Instant): Promise<TrialBalanceRow[]>
  /** What the account held after everything booked up to `at`. */
  balanceAt(book: number, account: Uuid, at: Instant): Promise<Balance>
  proofs(book: number): Promise<Proof[]>
  transfer(book: number, id: Uuid): Promise<TransferRecord | undefined>
}

/** A transfer as it was booked or refused. */
export interface TransferRecord {
  readonly type: TransferType
  readonly legs: readonly Leg[]
  /** Absent when it was refused. */
  readonly booked?: { readonly number: bigint; readonly at: Instant; readonly effectiveAt: Instant }
  /** Why it was refused. */
  readonly refused?: RefusalCode
  /** Of a release, a void or an expiry. */
  readonly hold?: Uuid
  /** Of a reversal. */
  readonly subject?: Uuid
  readonly purpose?: string
}

export interface LedgerRoutes {
  readonly ledger: Ledger
  readonly reads: LedgerReads
}

/** What the ledger throws, as the edge answers it. */
export function ledgerFaults(ledger: Pick<Ledger, 'book'>): Faults {
  return async (error) => {
    if (error instanceof QueueFull) return { problem: routeProblem('queue_full') }
    if (error instanceof RefusedByData) return { problem: routeProblem('data_refused') }
    if (error instanceof StorageFull) return { problem: routeProblem('storage_full') }
    if (!(error instanceof NotOwner)) return undefined
    if (error.ownerUrl !== undefined) return { forwardTo: error.ownerUrl }
    const known = await ledger.book(error.book)
    return known === undefined
      ? { problem: routeProblem('book_not_found') }
      : { forwardTo: undefined }
  }
}

/**
 * Runs a command that moves no money. The writer has the last word: `stale` names the problem for
 * each effect it may find in the way. Any other means that the request must be decided again.
 */
export async function submitPlain(
  writer: BookWriter,
  command: Command,
  stale: Readonly<Record<string, Problem>> = {},
): Promise<{ problem: Problem } | undefined> {
  const result = await writer.submit(command)
  if (result.status !== 'stale') return undefined
  const problem = stale[result.effect]
  if (problem === undefined) throw new HttpProblem(routeProblem('moved_meanwhile'))
  return { problem }
}

/** The problem of a request whose fields were read with faults. */
export function faultsOf(reading: Reading): { problem: Problem } | undefined {
  return reading.violations.length === 0 ? undefined : { problem: violated(reading.violations) }
}
