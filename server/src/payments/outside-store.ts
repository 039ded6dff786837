/** Every statement on bank lines, their cursor, and money that moves without us. */
import { type Effect, intColumn, type Tx, textColumn, type Uuid } from '#base'
import type { BankLine } from '#channels'
import { bigColumn, hex, uuidColumn } from './attempt-store.ts'
import type { ExceptionAction, ExceptionKind } from './exceptions.ts'
import type { OutsideKind } from './outside-kinds.ts'
import type { LineKind, OutsideState } from './settlement-states.ts'

const INSTANT_UNUSED = '$2::timestamptz is not null'

/**
 * Ends the open exception about something that has come right. Always moves: a person may have ended
 * it before.
 */
export const settleException: Effect<{
  readonly kind: ExceptionKind
  readonly about: string
  readonly action: ExceptionAction
  readonly note: string
  readonly by: string
}> = {
  name: 'payments.settle_exception',
  sql: `with asked as (
      select * from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
        as u (kind, about, action, note, by)
    ), ended as (
      update payments.exception e
      set state = 'resolved', action = u.action, note = u.note, resolved_by = u.by, moved_at = $2
      from asked u
      where e.book_id = $1 and e.kind = u.kind and e.about = u.about and e.state = 'open'
    )
    select kind || ' ' || about as moved from asked`,
  columns: (rows) => [
    textColumn(rows.map((row) => row.kind)),
    textColumn(rows.map((row) => row.about)),
    textColumn(rows.map((row) => row.action)),
    textColumn(rows.map((row) => row.note)),
    textColumn(rows.map((row) => row.by)),
  ],
  key: (row) => `${row.kind} ${row.about}`,
}

export interface OutsideEntry {
  readonly orgId: number
  readonly id: Uuid
  readonly kind: OutsideKind
  readonly state: OutsideState
  /** The account it lies on until somebody answers for it. */
  readonly account: Uuid
  readonly amount: bigint
  readonly channel: string
  readonly flow: string
  readonly about: string
  readonly tries: number
  /** Tells whose bank account it came from; empty when the bank did not say. */
  readonly payerIndex: string
}

/** Does not move when the entry is known. */
export const insertOutside: Effect<OutsideEntry> = {
  name: 'payments.record_outside_entry',
  sql: `insert into payments.outside_entry (book_id, org_id, id, kind, state, account, amount, channel,
      flow, about, tries, payer_index, made_at, moved_at)
    select $1, u.*, $2, $2 from unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::uuid[],
      $8::int8[], $9::text[], $10::text[], $11::text[], $12::int[], $13::text[]) as u
    on conflict (book_id, id) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.kind)),
    textColumn(rows.map((row) => row.state)),
    uuidColumn(rows.map((row) => row.account)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.flow)),
    textColumn(rows.map((row) => row.about)),
    intColumn(rows.map((row) => row.tries)),
    textColumn(rows.map((row) => row.payerIndex)),
  ],
  key: (row) => row.id,
}

/** Moves an entry, or counts another try. */
export const moveOutside: Effect<{
  readonly id: Uuid
  readonly tries: number
  readonly from: OutsideState
  readonly to: OutsideState
}> = {
  name: 'payments.move_outside_entry',
  sql: `update payments.outside_entry o set state = u.to_state, tries = o.tries + 1, moved_at = $2
    from unnest($3::uuid[], $4::int[], $5::text[], $6::text[]) as u (id, tries, from_state, to_state)
    where o.book_id = $1 and o.id = u.id and o.state = u.from_state and o.tries = u.tries
    returning ${hex('o.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    intColumn(rows.map((row) => row.tries)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
  ],
  key: (row) => row.id,
}

const OUTSIDE = `select org_id as "orgId", id, kind, state, account, amount, channel, flow, about,
  tries, payer_index as "payerIndex" from payments.outside_entry`

export async function findOutside(
  tx: Tx,
  book: number,
  id: Uuid,
): Promise<OutsideEntry | undefined> {
  const [row] = await tx.query<OutsideEntry>(`${OUTSIDE} where book_id = $1 and id = $2`, [
    book,
    id,
  ])
  return row
}

/** The newest entry of a kind under a flow number of a channel. */
export async function findOutsideBy(
  tx: Tx,
  of: {
    readonly book: number
    readonly kind: OutsideKind
    readonly channel: string
    readonly flow: string
  },
): Promise<OutsideEntry | undefined> {
  const [row] = await tx.query<OutsideEntry>(
    `${OUTSIDE} where book_id = $1 and kind = $2 and channel = $3 and flow = $4
     order by made_at desc, id limit 1`,
    [of.book, of.kind, of.channel, of.flow],
  )
  return row
}

/** What moved without us in a book, oldest first. */
export async function listOutside(
  tx: Tx,
  of: { readonly book: number; readonly state?: OutsideState },
): Promise<OutsideEntry[]> {
  return tx.query<OutsideEntry>(
    `${OUTSIDE} where book_id = $1 and ($2::text is null or state = $2) order by made_at, id`,
    [of.book, of.state ?? null],
  )
}

export interface TakenLine {
  readonly orgId: number
  readonly channel: string
  readonly line: Pick<BankLine, 'flow' | 'side' | 'amount' | 'date' | 'memo' | 'reference'>
  readonly takenAs: LineKind
}

/** Does not move when the line was taken before. */
export const insertLine: Effect<TakenLine> = {
  name: 'payments.take_bank_line',
  sql: `insert into payments.bank_line (book_id, org_id, channel, flow, side, amount, business_date,
      memo, reference, taken_as, taken_at)
    select $1, u.*, $2 from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::int8[],
      $8::text[], $9::text[], $10::text[], $11::text[]) as u
    on conflict (book_id, channel, flow) do nothing
    returning channel || ' ' || flow as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.line.flow)),
    textColumn(rows.map((row) => row.line.side)),
    bigColumn(rows.map((row) => row.line.amount)),
    textColumn(rows.map((row) => row.line.date)),
    textColumn(rows.map((row) => row.line.memo)),
    textColumn(rows.map((row) => row.line.reference)),
    textColumn(rows.map((row) => row.takenAs)),
  ],
  key: (row) => `${row.channel} ${row.line.flow}`,
}

export interface KnownLine {
  readonly channel: string
  readonly flow: string
  readonly side: 'in' | 'out'
  readonly amount: bigint
  readonly memo: string
  readonly reference: string
  readonly takenAs: LineKind
}

const LINE = `select channel, flow, side, amount, memo, reference, taken_as as "takenAs"
  from payments.bank_line`

export async function findLine(
  tx: Tx,
  at: { readonly book: number; readonly channel: string; readonly flow: string },
): Promise<KnownLine | undefined> {
  const [row] = await tx.query<KnownLine>(
    `${LINE} where book_id = $1 and channel = $2 and flow = $3`,
    [at.book, at.channel, at.flow],
  )
  return row
}

/** Learns later what a line was. */
export const retakeLine: Effect<{
  readonly channel: string
  readonly flow: string
  readonly from: LineKind
  readonly to: LineKind
}> = {
  name: 'payments.retake_bank_line',
  sql: `update payments.bank_line l set taken_as = u.to_kind
    from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as u (channel, flow, from_kind, to_kind)
    where l.book_id = $1 and l.channel = u.channel and l.flow = u.flow
      and l.taken_as = u.from_kind and ${INSTANT_UNUSED}
    returning l.channel || ' ' || l.flow as moved`,
  columns: (rows) => [
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.flow)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
  ],
  key: (row) => `${row.channel} ${row.flow}`,
}

/** Moves the cursor on from where the lines were read; does not move from anywhere else. */
export const moveCursor: Effect<{
  readonly orgId: number
  readonly channel: string
  readonly from: string
  readonly to: string
}> = {
  name: 'payments.move_bank_cursor',
  sql: `with asked as (
      select * from unnest($3::int[], $4::text[], $5::text[], $6::text[])
        as u (org_id, channel, come, gone)
    ), moved as (
      update payments.bank_cursor c set cursor = u.gone, read_at = $2 from asked u
      where c.book_id = $1 and c.channel = u.channel and c.cursor = u.come
      returning c.channel
    ), begun as (
      insert into payments.bank_cursor (book_id, org_id, channel, cursor, read_at)
      select $1, u.org_id, u.channel, u.gone, $2 from asked u where u.come = ''
      on conflict (book_id, channel) do nothing
      returning channel
    )
    select channel as moved from (select * from moved union select * from begun) as both_ways`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
  ],
  key: (row) => row.channel,
}

export async function readCursor(tx: Tx, book: number, channel: string): Promise<string> {
  const [row] = await tx.query<{ cursor: string }>(
    'select cursor from payments.bank_cursor where book_id = $1 and channel = $2',
    [book, channel],
  )
  return row?.cursor ?? ''
}
