import type { Instant, Uuid } from '#base'

/** The first row that is not what the book's history says it must be. */
export interface WrongRow {
  readonly table:
    | 'ledger.seal'
    | 'ledger.transfer'
    | 'ledger.refused'
    | 'ledger.reversal'
    | 'ledger.hold'
    | 'ledger.account'
    | 'ledger.head'
  /** Seal: seq. Transfer, hold: id. Account: number. Refused: `seq/position`. Reversal: subject. */
  readonly number: string
  readonly field: string
  readonly expected: string
  readonly found: string
}

/** Names a wrong row; `expected` and `found` are written out for people. */
export function wrong(
  table: WrongRow['table'],
  number: number | bigint | string,
  [field, expected, found]: readonly [field: string, expected: unknown, found: unknown],
): WrongRow {
  return { table, number: String(number), field, expected: told(expected), found: told(found) }
}

/** What stands where a row is missing, or where none should be. */
export const NOTHING = 'nothing'

function told(value: unknown): string {
  if (value === null || value === undefined) return NOTHING
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return value instanceof Date ? value.toISOString() : String(value)
}

export interface SealRow {
  seq: bigint
  first_id: bigint
  last_id: bigint
  at: Date
  rows_hash: Buffer
  hash: Buffer
}

export interface StoredTransfer {
  readonly id: number
  readonly key: Uuid | undefined
  readonly leg: number
  readonly type: number
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
  readonly debitAfter: bigint
  readonly creditAfter: bigint
  readonly debitPrev: number
  readonly creditPrev: number
  readonly subject: number | undefined
  readonly bookedAt: Instant
  readonly effectiveAt: Instant | undefined
  readonly purpose: string | undefined
}

export interface RefusedRow {
  key: Uuid
  seq: bigint
  position: number
  code: string
  request: string
}

export interface AccountRow {
  number: number
  side: 'debit' | 'credit'
  credit_limit: bigint | null
  code: string
  debits_posted: bigint
  credits_posted: bigint
  debits_pending: bigint
  credits_pending: bigint
  as_of_id: bigint
  last_entry: bigint
}

export interface HoldRow {
  id: bigint
  key: Uuid
  debit: number
  credit: number
  amount: bigint
  remaining: bigint
  state: 'open' | 'released' | 'voided' | 'expired'
}

export interface HeadRow {
  seq: bigint
  last_id: bigint
  checkpoint_id: bigint
  chain: Buffer
}
