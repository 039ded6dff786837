/** What the chaos run and its ledger hosts say to each other, over Node's channel between processes. */
import type { Uuid } from '../../server/src/base/index.ts'
import type { Balance, TransferRequest, TransferResult } from '../../server/src/ledger/index.ts'

/** What the row effect of a command will do: move, find its row moved already, or break a rule. */
export type Mark = 'moves' | 'stale' | 'poison'

export type Work =
  | { readonly kind: 'transfer'; readonly request: TransferRequest }
  /** The transfer as a command with an effect on `chaos.mark`. */
  | { readonly kind: 'command'; readonly request: TransferRequest; readonly mark: Mark }

export type ToHost =
  | { readonly kind: 'work'; readonly n: number; readonly work: Work }
  /** Whether it writes the book now. */
  | { readonly kind: 'owns' }
  | { readonly kind: 'balances'; readonly accounts: readonly Uuid[] }

export type FromHost =
  | { readonly kind: 'started' }
  | { readonly kind: 'answer'; readonly n: number; readonly answer: Answer }
  | { readonly kind: 'owns'; readonly yes: boolean }
  | { readonly kind: 'balances'; readonly balances: readonly (Balance | undefined)[] }

export type Answer =
  | { readonly outcome: 'result'; readonly result: TransferResult }
  /** A row had moved: nothing was written. */
  | { readonly outcome: 'stale' }
  /** The database refused the command's data: nothing was written. */
  | { readonly outcome: 'data'; readonly sqlState: string }
  /** Not taken (queue full, not the owner): nothing was written. */
  | { readonly outcome: 'not_taken'; readonly why: string }
  /** Anything else: it may have been written or not. */
  | { readonly outcome: 'unknown'; readonly why: string }

export const CHAOS_BOOK = 1

export const CHAOS_TABLES = `
  create schema chaos;
  create table chaos.mark (
    book_id int not null,
    id text not null,
    amount bigint not null check (amount > 0),
    at timestamptz,
    primary key (book_id, id)
  );
  insert into chaos.mark values (${CHAOS_BOOK}, 'taken', 1);`
