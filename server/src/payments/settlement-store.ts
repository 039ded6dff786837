/** Every statement on settlements and the rows of channels' files. */
import { type Effect, intColumn, type Tx, textColumn, type Uuid } from '#base'
import type { ChannelFileRow, Direction, InstructionState } from '#channels'
import { bigColumn } from './attempt-store.ts'
import type { KnownLine } from './outside-store.ts'
import type { LineKind, SettlementRowState, SettlementState } from './settlement-states.ts'

export interface Settlement {
  readonly orgId: number
  readonly channel: string
  /** Business date, `yyyymmdd`. */
  readonly date: string
  /** The text the settling transfer carries. */
  readonly reference: string
  /** Minor units; negative when more was refunded than came in. */
  readonly settled: bigint
  readonly fee: bigint
  readonly fromBalance: bigint
  readonly rows: number
  readonly fileHash: string
  readonly state: SettlementState
  readonly flow: string
  readonly difference: bigint
}

const settlementKey = (row: { readonly channel: string; readonly date: string }) =>
  `${row.channel} ${row.date}`

/** Does not move when the day is known. */
export const insertSettlement: Effect<Settlement> = {
  name: 'payments.expect_settlement',
  sql: `insert into payments.settlement (book_id, org_id, channel, business_date, reference, settled,
      fee, from_balance, rows, file_hash, state, flow, difference, made_at, moved_at)
    select $1, u.*, $2, $2 from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::int8[],
      $8::int8[], $9::int8[], $10::int[], $11::text[], $12::text[], $13::text[], $14::int8[]) as u
    on conflict do nothing
    returning channel || ' ' || business_date as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.date)),
    textColumn(rows.map((row) => row.reference)),
    bigColumn(rows.map((row) => row.settled)),
    bigColumn(rows.map((row) => row.fee)),
    bigColumn(rows.map((row) => row.fromBalance)),
    intColumn(rows.map((row) => row.rows)),
    textColumn(rows.map((row) => row.fileHash)),
    textColumn(rows.map((row) => row.state)),
    textColumn(rows.map((row) => row.flow)),
    bigColumn(rows.map((row) => row.difference)),
  ],
  key: settlementKey,
}

/** The bank line of a day has come. Once. */
export const endSettlement: Effect<{
  readonly channel: string
  readonly date: string
  readonly to: 'settled' | 'differs'
  readonly flow: string
  readonly difference: bigint
}> = {
  name: 'payments.end_settlement',
  sql: `update payments.settlement s
    set state = u.to_state, flow = u.flow, difference = u.difference, moved_at = $2
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::int8[])
      as u (channel, day, to_state, flow, difference)
    where s.book_id = $1 and s.channel = u.channel and s.business_date = u.day
      and s.state = 'expected'
    returning s.channel || ' ' || s.business_date as moved`,
  columns: (rows) => [
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.date)),
    textColumn(rows.map((row) => row.to)),
    textColumn(rows.map((row) => row.flow)),
    bigColumn(rows.map((row) => row.difference)),
  ],
  key: settlementKey,
}

export interface SettlementRow {
  readonly orgId: number
  readonly channel: string
  readonly date: string
  readonly row: ChannelFileRow
  readonly state: SettlementRowState
}

/** Does not move when the order was settled by another row. */
export const insertSettlementRow: Effect<SettlementRow> = {
  name: 'payments.note_settlement_row',
  sql: `insert into payments.settlement_row (book_id, org_id, channel, business_date, row, direction,
      reference, amount, fee, state)
    select $1, u.* from unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[],
      $9::int8[], $10::int8[], $11::text[]) as u where $2::timestamptz is not null
    on conflict do nothing
    returning channel || ' ' || business_date || ' ' || row as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.date)),
    intColumn(rows.map(({ row }) => row.row)),
    textColumn(rows.map(({ row }) => row.direction)),
    textColumn(rows.map(({ row }) => row.reference)),
    bigColumn(rows.map(({ row }) => row.amount)),
    bigColumn(rows.map(({ row }) => row.fee)),
    textColumn(rows.map((row) => row.state)),
  ],
  key: (row) => `${settlementKey(row)} ${row.row.row}`,
}

const SETTLEMENT = `select org_id as "orgId", channel, business_date as date, reference, settled, fee,
  from_balance as "fromBalance", rows, file_hash as "fileHash", state, flow, difference
  from payments.settlement`

export async function findSettlement(
  tx: Tx,
  at: { readonly book: number; readonly channel: string; readonly date: string },
): Promise<Settlement | undefined> {
  const [row] = await tx.query<Settlement>(
    `${SETTLEMENT} where book_id = $1 and channel = $2 and business_date = $3`,
    [at.book, at.channel, at.date],
  )
  return row
}

/** The day a bank line's text is about, while its money is expected. */
export async function expectedBy(
  tx: Tx,
  book: number,
  memo: string,
): Promise<Settlement | undefined> {
  const [row] = await tx.query<Settlement>(
    `${SETTLEMENT} where book_id = $1 and state = 'expected' and position(reference in $2) > 0
     order by length(reference) desc limit 1`,
    [book, memo],
  )
  return row
}

/** A day whose money is expected, and a line that carries its text but was taken for something else. */
export interface EarlyLine {
  readonly settlement: Settlement
  readonly line: Pick<KnownLine, 'channel' | 'flow' | 'amount' | 'takenAs'>
}

export async function earlyLines(tx: Tx, book: number): Promise<EarlyLine[]> {
  const rows = await tx.query<
    Settlement & { line: string; bank: string; came: bigint; as: LineKind }
  >(
    `select s.*, l.flow as line, l.channel as bank, l.amount as came, l.taken_as as "as"
     from (${SETTLEMENT} where book_id = $1 and state = 'expected') s
     join payments.bank_line l on l.book_id = $1 and position(s.reference in l.memo) > 0
       and l.taken_as = case when s.settled > 0 then 'unknown_credit' else 'unknown_debit' end
     order by l.taken_at, l.flow`,
    [book],
  )
  return rows.map(({ line: flow, bank, came, as: takenAs, ...settlement }) => ({
    settlement,
    line: { channel: bank, flow, amount: came, takenAs },
  }))
}

/** The days of a channel in a book, oldest first. */
export async function listSettlements(
  tx: Tx,
  book: number,
  channel: string,
): Promise<Settlement[]> {
  return tx.query<Settlement>(
    `${SETTLEMENT} where book_id = $1 and channel = $2 order by business_date`,
    [book, channel],
  )
}

/** What a file row is compared with. */
export interface Listed {
  readonly id: Uuid
  readonly reference: string
  readonly direction: Direction
  readonly channel: string
  readonly amount: bigint
  readonly state: InstructionState
  /** Whether an earlier row has settled it. */
  readonly matched: boolean
}

export async function attemptsListed(
  tx: Tx,
  book: number,
  references: readonly string[],
): Promise<ReadonlyMap<string, Listed>> {
  const rows = await tx.query<Listed>(
    `select a.id, a.reference, a.direction, a.channel, a.amount, a.state,
       exists (select from payments.settlement_row r
         where r.book_id = a.book_id and r.channel = a.channel and r.direction = a.direction
           and r.reference = a.reference and r.state = 'matched') as matched
     from payments.attempt a where a.book_id = $1 and a.reference = any($2)`,
    [book, references],
  )
  return new Map(rows.map((row) => [row.reference, row]))
}
