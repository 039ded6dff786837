/** The ledger's door: books, accounts, transfers, holds, and the writer every command passes. */

export {
  type Account,
  type AccountOpening,
  type AccountState,
  available,
  type Balance,
  posted,
  type Side,
} from './account.ts'
export { type Book, bookId, parseBookId } from './book.ts'
export { CHARTS, type ChartRow } from './charts.ts'
export {
  type AccountChange,
  type Command,
  type CommandResult,
  NotOwner,
  QueueFull,
  RefusedByData,
  type RefusedOutcome,
  type TransferResult,
} from './command.ts'
export { EXPIRE_HOLD, expireHolds } from './expire-holds.ts'
export { ledgerRoutes } from './http.ts'
export type {
  BookWriter,
  Hold,
  Ledger,
  NewBook,
  Proof,
  StatementLine,
  TrialBalanceRow,
} from './ledger.ts'
export { type LedgerOptions, openLedger, ServerLedger } from './open-ledger.ts'
export { createReads } from './reads.ts'
export { REFUSALS, type Refusal, type RefusalCode, refusal } from './refusals.ts'
export { LEDGER_PROBLEMS } from './route-refusals.ts'
export {
  type LedgerReads,
  type LedgerRoutes,
  ledgerFaults,
  type TransferRecord,
} from './routes.ts'
export {
  type HoldRequest,
  type Leg,
  type PostRequest,
  post,
  type ReleasePart,
  type ReleaseRequest,
  type ReverseRequest,
  type TransferRequest,
  type TransferType,
  type VoidRequest,
} from './transfer.ts'
export {
  bookNumbers,
  UnknownBookProblem,
  type VerifyOptions,
  type VerifyReport,
  verifyBook,
  type WrongRow,
} from './verify.ts'
/** What sealing a partition builds; a bench builds it within the time it measures. */
export { historyIndexes } from './writer/store.ts'
export type { CommittedBatch } from './writer/writer.ts'
