/**
 * A book's rows in order, a chunk at a time: memory does not grow with the book. All reads of one
 * verification run in one tx that sees one moment, so a book may be written meanwhile.
 */
import type { Tx, Uuid } from '#base'
import type {
  AccountRow,
  HeadRow,
  HoldRow,
  RefusedRow,
  SealRow,
  StoredTransfer,
} from './wrong-row.ts'

const CHUNK = 10_000

/** Rows of a query that is asked again after the last row it gave. */
export class Stream<Row> {
  private readonly next: (last: Row | undefined) => Promise<Row[]>
  private chunk: Row[] = []
  private at = 0
  private last: Row | undefined
  private ended = false

  constructor(next: (last: Row | undefined) => Promise<Row[]>) {
    this.next = next
  }

  /** The row that `take` would give; `undefined` at the end. */
  async peek(): Promise<Row | undefined> {
    if (this.at === this.chunk.length && !this.ended) {
      this.chunk = await this.next(this.last)
      this.at = 0
      this.last = this.chunk.at(-1) ?? this.last
      this.ended = this.chunk.length < CHUNK
    }
    return this.chunk[this.at]
  }

  async take(): Promise<Row | undefined> {
    const row = await this.peek()
    if (row !== undefined) this.at += 1
    return row
  }

  /** The rows read and not taken yet, for questions asked once for all of them. */
  ahead(): readonly Row[] {
    return this.at === 0 ? this.chunk : this.chunk.slice(this.at)
  }

  /** Whether the next row begins a chunk that was just read. */
  get begins(): boolean {
    return this.at === 0 && this.chunk.length > 0
  }
}

export function seals(tx: Tx, book: number): Stream<SealRow> {
  return new Stream((last) =>
    tx.query<SealRow>(
      `select seq, first_id, last_id, at, rows_hash, hash from ledger.seal
       where book_id = $1 and seq > $2 order by seq limit ${CHUNK}`,
      [book, last?.seq ?? -1n],
    ),
  )
}

interface TransferColumns {
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

export function transfers(tx: Tx, book: number): Stream<StoredTransfer> {
  return new Stream(async (last) => {
    const rows = await tx.query<TransferColumns>(
      `select id, key, leg, type, debit, credit, amount, debit_after, credit_after, debit_prev,
         credit_prev, subject_id, booked_at, effective_at, purpose
       from ledger.transfer where book_id = $1 and id > $2 order by id limit ${CHUNK}`,
      [book, last?.id ?? -1],
    )
    return rows.map(storedTransfer)
  })
}

function storedTransfer(row: TransferColumns): StoredTransfer {
  return {
    id: Number(row.id),
    key: row.key ?? undefined,
    leg: row.leg,
    type: row.type,
    debit: row.debit,
    credit: row.credit,
    amount: row.amount,
    debitAfter: row.debit_after,
    creditAfter: row.credit_after,
    debitPrev: Number(row.debit_prev),
    creditPrev: Number(row.credit_prev),
    subject: row.subject_id === null ? undefined : Number(row.subject_id),
    bookedAt: row.booked_at.getTime(),
    effectiveAt: row.effective_at?.getTime(),
    purpose: row.purpose ?? undefined,
  }
}

export function refusals(tx: Tx, book: number): Stream<RefusedRow> {
  return new Stream((last) =>
    tx.query<RefusedRow>(
      `select key, seq, position, code, request::text as request from ledger.refused
       where book_id = $1 and (seq, position) > ($2, $3) order by seq, position limit ${CHUNK}`,
      [book, last?.seq ?? -1n, last?.position ?? -1],
    ),
  )
}

export function accounts(tx: Tx, book: number): Stream<AccountRow> {
  return new Stream((last) =>
    tx.query<AccountRow>(
      `select number, side, credit_limit, code, debits_posted, credits_posted, debits_pending,
         credits_pending, as_of_id, last_entry
       from ledger.account where book_id = $1 and number > $2 order by number limit ${CHUNK}`,
      [book, last?.number ?? 0],
    ),
  )
}

const HOLD = 'id, key, debit, credit, amount, remaining, state'

export function holds(tx: Tx, book: number): Stream<HoldRow> {
  return new Stream((last) =>
    tx.query<HoldRow>(
      `select ${HOLD} from ledger.hold where book_id = $1 and id > $2 order by id limit ${CHUNK}`,
      [book, last?.id ?? -1n],
    ),
  )
}

/** The holds opened by any of these transfers or ended by them. */
export function holdsOf(tx: Tx, book: number, ids: readonly number[]): Promise<HoldRow[]> {
  return tx.query<HoldRow>(
    `select ${HOLD} from ledger.hold where book_id = $1 and id = any ($2::int8[])`,
    [book, ids],
  )
}

export interface ReversedLeg {
  /** First leg of the transfer that was reversed. */
  subject: bigint
  /** First leg of the reversal that `ledger.reversal` notes, if any. */
  reversal: bigint | null
  id: bigint
  leg: number
  type: number
  debit: number
  credit: number
  amount: bigint
}

/** All legs of the transfers that begin at these numbers. */
export function reversedLegs(
  tx: Tx,
  book: number,
  subjects: readonly number[],
): Promise<ReversedLeg[]> {
  return tx.query<ReversedLeg>(
    `select s.subject, r.reversal_id as reversal, t.id, t.leg, t.type, t.debit, t.credit, t.amount
     from unnest($2::int8[]) s (subject)
     left join ledger.reversal r on r.book_id = $1 and r.subject_id = s.subject
     cross join lateral (
       select x.* from ledger.transfer x
       where x.book_id = $1 and x.id >= s.subject and x.id < s.subject + 1000
         and x.id - x.leg = s.subject
     ) t
     order by s.subject, t.id`,
    [book, subjects],
  )
}

export async function head(tx: Tx, book: number): Promise<HeadRow | undefined> {
  const [row] = await tx.query<HeadRow>(
    'select seq, last_id, checkpoint_id, chain from ledger.head where book_id = $1',
    [book],
  )
  return row
}

export async function chartOf(tx: Tx, book: number): Promise<string | undefined> {
  const [row] = await tx.query<{ chart: string }>(
    'select chart from ledger.book where book_id = $1',
    [book],
  )
  return row?.chart
}

export async function reversalCount(tx: Tx, book: number): Promise<bigint> {
  const [row] = await tx.query<{ count: bigint }>(
    'select count(*) as count from ledger.reversal where book_id = $1',
    [book],
  )
  return row?.count ?? 0n
}

/** A reversal that no transfer made. */
export async function strayReversal(tx: Tx, book: number): Promise<bigint | undefined> {
  const [row] = await tx.query<{ subject_id: bigint }>(
    `select r.subject_id from ledger.reversal r where r.book_id = $1 and not exists (
       select from ledger.transfer t
       where t.book_id = $1 and t.id = r.reversal_id and t.type = 5 and t.leg = 0
         and t.subject_id = r.subject_id)
     order by r.subject_id limit 1`,
    [book],
  )
  return row?.subject_id
}

/** A hold that no transfer opened. */
export async function strayHold(tx: Tx, book: number): Promise<bigint | undefined> {
  const [row] = await tx.query<{ id: bigint }>(
    `select h.id from ledger.hold h where h.book_id = $1 and not exists (
       select from ledger.transfer t where t.book_id = $1 and t.id = h.id and t.type = 1)
     order by h.id limit 1`,
    [book],
  )
  return row?.id
}

/** The numbers of all books. */
export async function bookNumbers(db: Tx): Promise<number[]> {
  const rows = await db.query<{ book_id: number }>(
    'select book_id from ledger.book order by book_id',
  )
  return rows.map((row) => row.book_id)
}
