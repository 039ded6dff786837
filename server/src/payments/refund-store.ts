/** Every statement on refunds, their parts, and what a collection still has to give back. */
import {
  type Effect,
  type Instant,
  instantColumn,
  intColumn,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import type { Attempt } from './attempt.ts'
import { bigColumn, findAttempt, hex, uuidColumn } from './attempt-store.ts'
import type { RefundPartState, RefundRoute, RefundState } from './refund-states.ts'

const INSTANT_UNUSED = '$2::timestamptz is not null'

export interface Refund {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly amount: bigint
  readonly reason: string
  readonly state: RefundState
  /** Parts that have not ended. */
  readonly openParts: number
  /** Minor units that have reached the payer. */
  readonly succeeded: bigint
  readonly requestedBy: string
  readonly requestHash: string
  /** Sealed; empty when no verified payer is known. */
  readonly payerName: string
  readonly payerAccount: string
  readonly payerBank: string
  readonly payerAccountType: string
  /** Why the ledger refused it. */
  readonly code: string
  readonly madeAt: Instant
  readonly movedAt: Instant
}

/** Does not move when the refund exists. */
export const insertRefund: Effect<Refund> = {
  name: 'payments.make_refund',
  sql: `insert into payments.refund (book_id, org_id, id, amount, reason, state, open_parts,
      requested_by, request_hash, payer_name, payer_account, payer_bank, payer_account_type, code,
      made_at, moved_at)
    select $1, u.*, $2, $2 from unnest($3::int[], $4::uuid[], $5::int8[], $6::text[], $7::text[],
      $8::int[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
      $15::text[]) as u
    on conflict (book_id, id) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.reason)),
    textColumn(rows.map((row) => row.state)),
    intColumn(rows.map((row) => row.openParts)),
    textColumn(rows.map((row) => row.requestedBy)),
    textColumn(rows.map((row) => row.requestHash)),
    textColumn(rows.map((row) => row.payerName)),
    textColumn(rows.map((row) => row.payerAccount)),
    textColumn(rows.map((row) => row.payerBank)),
    textColumn(rows.map((row) => row.payerAccountType)),
    textColumn(rows.map((row) => row.code)),
  ],
  key: (row) => row.id,
}

export interface RefundPart {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly refund: Uuid
  readonly number: number
  /** The attempt that collected the money. */
  readonly collection: Uuid
  readonly channel: string
  /** The account the money lies in now. */
  readonly source: Uuid
  readonly amount: bigint
  readonly route: RefundRoute
  readonly state: RefundPartState
  readonly attempts: number
  /** Which hold reserves it; 0 for none. */
  readonly holdTry: number
  readonly sendAt: Instant
  readonly code: string
  readonly message: string
}

export const insertPart: Effect<RefundPart> = {
  name: 'payments.make_refund_part',
  sql: `insert into payments.refund_part (book_id, org_id, id, refund, number, collection, channel,
      source, amount, route, state, hold_try, send_at, made_at, moved_at)
    select $1, u.*, $2, $2 from unnest($3::int[], $4::uuid[], $5::uuid[], $6::int[], $7::uuid[],
      $8::text[], $9::uuid[], $10::int8[], $11::text[], $12::text[], $13::int[],
      $14::timestamptz[]) as u
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    uuidColumn(rows.map((row) => row.refund)),
    intColumn(rows.map((row) => row.number)),
    uuidColumn(rows.map((row) => row.collection)),
    textColumn(rows.map((row) => row.channel)),
    uuidColumn(rows.map((row) => row.source)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.route)),
    textColumn(rows.map((row) => row.state)),
    intColumn(rows.map((row) => row.holdTry)),
    instantColumn(rows.map((row) => row.sendAt)),
  ],
  key: (row) => row.id,
}

export interface PartMove {
  readonly id: Uuid
  readonly from: RefundPartState
  readonly to: RefundPartState
  readonly attempts: number
  readonly addAttempt: 0 | 1
  readonly route: RefundRoute
  readonly holdTry: number
  readonly sendAt: Instant
  readonly code: string
  readonly message: string
}

export const movePart: Effect<PartMove> = {
  name: 'payments.move_refund_part',
  sql: `update payments.refund_part p
    set state = u.to_state, attempts = p.attempts + u.add_attempt, route = u.route,
      hold_try = u.hold_try, send_at = u.send_at, code = u.code, message = u.message, moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::int[], $8::text[], $9::int[],
      $10::timestamptz[], $11::text[], $12::text[])
      as u (id, from_state, to_state, attempts, add_attempt, route, hold_try, send_at, code, message)
    where p.book_id = $1 and p.id = u.id and p.state = u.from_state and p.attempts = u.attempts
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
    intColumn(rows.map((row) => row.attempts)),
    intColumn(rows.map((row) => row.addAttempt)),
    textColumn(rows.map((row) => row.route)),
    intColumn(rows.map((row) => row.holdTry)),
    instantColumn(rows.map((row) => row.sendAt)),
    textColumn(rows.map((row) => row.code)),
    textColumn(rows.map((row) => row.message.slice(0, 300))),
  ],
  key: (row) => row.id,
}

/** Counts a part that has ended; the last one ends the refund. */
export const endPart: Effect<{ readonly refund: Uuid; readonly succeeded: bigint }> = {
  name: 'payments.end_refund_part',
  sql: `update payments.refund r
    set open_parts = r.open_parts - 1, succeeded = r.succeeded + u.succeeded,
      state = case when r.open_parts > 1 then r.state
        when r.succeeded + u.succeeded = r.amount then 'succeeded' else 'failed' end,
      moved_at = $2
    from unnest($3::uuid[], $4::int8[]) as u (refund, succeeded)
    where r.book_id = $1 and r.id = u.refund and r.state = 'processing' and r.open_parts > 0
    returning ${hex('r.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.refund)),
    bigColumn(rows.map((row) => row.succeeded)),
  ],
  key: (row) => row.refund,
}

export interface Reservation {
  readonly collection: Uuid
  readonly amount: bigint
  /** How many refunds it had when this was decided: two decisions never share one. */
  readonly refunds: number
}

/** A collection has no more refunds than this, whatever became of them. */
export const REFUNDS_MOST = 50

/** The one guard of Σ refunds ≤ received: reads and changes the collection's own row. */
export const reserveRefund: Effect<Reservation> = {
  name: 'payments.reserve_refund',
  sql: `update payments.attempt a set refunding = a.refunding + u.amount, refunds = a.refunds + 1
    from unnest($3::uuid[], $4::int8[], $5::int[]) as u (id, amount, refunds)
    where a.book_id = $1 and a.id = u.id and a.direction = 'collect' and a.booked_to <> ''
      and a.refunds = u.refunds and a.refunds < ${REFUNDS_MOST}
      and a.refunding + a.refunded + u.amount <= a.amount and ${INSTANT_UNUSED}
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.collection)),
    bigColumn(rows.map((row) => row.amount)),
    intColumn(rows.map((row) => row.refunds)),
  ],
  key: (row) => row.collection,
}

/** Ends a reservation: what has reached the payer stays taken, the rest can be refunded again. */
export const endReservation: Effect<{
  readonly collection: Uuid
  readonly amount: bigint
  readonly refunded: bigint
}> = {
  name: 'payments.end_refund_reservation',
  sql: `update payments.attempt a
    set refunding = a.refunding - u.amount, refunded = a.refunded + u.refunded
    from unnest($3::uuid[], $4::int8[], $5::int8[]) as u (id, amount, refunded)
    where a.book_id = $1 and a.id = u.id and a.refunding >= u.amount and ${INSTANT_UNUSED}
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.collection)),
    bigColumn(rows.map((row) => row.amount)),
    bigColumn(rows.map((row) => row.refunded)),
  ],
  key: (row) => row.collection,
}

/** A chargeback takes what room there is: it has happened, whatever is being refunded. */
export const chargeBack: Effect<{ readonly collection: Uuid; readonly amount: bigint }> = {
  name: 'payments.charge_back',
  sql: `update payments.attempt a
    set refunded = a.refunded + least(u.amount, a.amount - a.refunding - a.refunded)
    from unnest($3::uuid[], $4::int8[]) as u (id, amount)
    where a.book_id = $1 and a.id = u.id and a.direction = 'collect' and ${INSTANT_UNUSED}
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.collection)),
    bigColumn(rows.map((row) => row.amount)),
  ],
  key: (row) => row.collection,
}

const REFUND = `select book_id as book, org_id as "orgId", id, amount, reason, state,
  open_parts as "openParts", succeeded, requested_by as "requestedBy",
  request_hash as "requestHash", payer_name as "payerName", payer_account as "payerAccount",
  payer_bank as "payerBank", payer_account_type as "payerAccountType", code, made_at as "madeAt",
  moved_at as "movedAt" from payments.refund`

export async function findRefund(tx: Tx, book: number, id: Uuid): Promise<Refund | undefined> {
  const [row] = await tx.query<
    Omit<Refund, 'madeAt' | 'movedAt'> & { readonly madeAt: Date; readonly movedAt: Date }
  >(`${REFUND} where book_id = $1 and id = $2`, [book, id])
  if (row === undefined) return undefined
  return { ...row, madeAt: row.madeAt.getTime(), movedAt: row.movedAt.getTime() }
}

const PART = `select book_id as book, org_id as "orgId", id, refund, number, collection, channel,
  source, amount, route, state, attempts, hold_try as "holdTry", send_at as "sendAt", code, message
  from payments.refund_part`

type PartRow = Omit<RefundPart, 'sendAt'> & { readonly sendAt: Date }

const partOf = (row: PartRow): RefundPart => ({ ...row, sendAt: row.sendAt.getTime() })

export async function findPart(tx: Tx, book: number, id: Uuid): Promise<RefundPart | undefined> {
  const [row] = await tx.query<PartRow>(`${PART} where book_id = $1 and id = $2`, [book, id])
  return row === undefined ? undefined : partOf(row)
}

export async function listParts(tx: Tx, book: number, refund: Uuid): Promise<RefundPart[]> {
  const rows = await tx.query<PartRow>(
    `${PART} where book_id = $1 and refund = $2 order by number`,
    [book, refund],
  )
  return rows.map(partOf)
}

/** When the last refund of a collection was, or is to be, sent. */
export async function lastSendAt(
  tx: Tx,
  book: number,
  collection: Uuid,
): Promise<Instant | undefined> {
  const [row] = await tx.query<{ at: Date | null }>(
    `select max(send_at) as at from payments.refund_part
     where book_id = $1 and collection = $2 and route = 'original'`,
    [book, collection],
  )
  return row?.at?.getTime()
}

/** The attempts that brought in the money of pay-ins, and the account each pay-in was for. */
export async function collectionsOf(
  tx: Tx,
  book: number,
  payIns: readonly string[],
): Promise<Attempt[]> {
  const rows = await tx.query<{ id: Uuid }>(
    `select id from payments.attempt where book_id = $1 and owner = any($2)
       and direction = 'collect' and booked_to <> '' order by made_at, id`,
    [book, payIns],
  )
  const found = await Promise.all(rows.map(({ id }) => findAttempt(tx, book, { id })))
  return found.filter((each) => each !== undefined)
}

export async function destinationOf(tx: Tx, book: number, payIn: Uuid): Promise<Uuid | undefined> {
  const [row] = await tx.query<{ destination: Uuid }>(
    'select destination from payments.pay_in where book_id = $1 and id = $2',
    [book, payIn],
  )
  return row?.destination
}
