import type { Db, Uuid } from '#base'
import { type TransferRow, TYPES } from './step.ts'

interface StoredRow {
  id: bigint
  key: Uuid | null
  leg: number
  type: number
  debit: number
  credit: number
  amount: bigint
  debit_after: bigint
  credit_after: bigint
  debit_prev: bigint
  credit_prev: bigint
  subject_id: bigint | null
  booked_at: Date
  effective_at: Date | null
  purpose: string | null
}

/** The rows of a book after a number: the one reading that serves the engine and the oracle. */
export async function readRows(db: Db, book: number, after: bigint): Promise<TransferRow[]> {
  const rows = await db.query<StoredRow>(
    'select * from ledger.transfer where book_id = $1 and id > $2 order by id',
    [book, after],
  )
  return rows.map((row) => ({
    number: row.id,
    id: row.key ?? undefined,
    leg: row.leg,
    type: TYPES[row.type]!,
    debit: row.debit,
    credit: row.credit,
    amount: row.amount,
    debitAfter: row.debit_after,
    creditAfter: row.credit_after,
    debitPrev: row.debit_prev,
    creditPrev: row.credit_prev,
    subject: row.subject_id ?? undefined,
    bookedAt: row.booked_at.getTime(),
    effectiveAt: row.effective_at?.getTime(),
    purpose: row.purpose ?? undefined,
  }))
}
