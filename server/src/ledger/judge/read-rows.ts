/** The one reading of the ledger's rows that serves the engine's book and the oracle's. */
import type { Db, Uuid } from '#base'
import { type HoldPicture, type Picture, type TransferRow, TYPES } from './step.ts'

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

/** The transfers of a book after a number. */
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

interface BalanceRow {
  debits_posted: bigint
  credits_posted: bigint
  debits_pending: bigint
  credits_pending: bigint
}

/** Balances as they rest in the account rows, in the order asked for, and the holds. */
export async function readPicture(
  db: Db,
  book: number,
  { accounts, holds }: { accounts: readonly Uuid[]; holds: readonly Uuid[] },
): Promise<Picture> {
  const rows = await db.query<BalanceRow>(
    `select a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending
     from unnest($2::uuid[]) with ordinality x(id, n)
     join ledger.account a on a.book_id = $1 and a.id = x.id order by x.n`,
    [book, accounts],
  )
  const balances = rows.map((row) => ({
    debitsPosted: row.debits_posted,
    creditsPosted: row.credits_posted,
    debitsPending: row.debits_pending,
    creditsPending: row.credits_pending,
  }))
  return { balances, holds: await readHolds(db, book, holds) }
}

/** The holds under these ids, by number; none of what does not exist. */
export async function readHolds(
  db: Db,
  book: number,
  holds: readonly Uuid[],
): Promise<HoldPicture[]> {
  if (holds.length === 0) return []
  return await db.query<HoldPicture>(
    `select h.key as id, h.remaining, h.state, h.pinned from ledger.hold h
     where h.book_id = $1 and h.key = any ($2::uuid[]) order by h.id`,
    [book, holds],
  )
}

/** The number of the newest transfer of a book, and of its newest account. */
export async function readEnd(
  db: Db,
  book: number,
): Promise<{ transfer: bigint; account: number }> {
  const [row] = await db.query<{ transfer: bigint; account: number }>(
    `select h.last_id as transfer,
       coalesce((select max(number) from ledger.account where book_id = $1), 0) as account
     from ledger.head h where h.book_id = $1`,
    [book],
  )
  return row ?? { transfer: 0n, account: 0 }
}
