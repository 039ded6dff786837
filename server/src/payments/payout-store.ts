/** Every statement on payouts, what payees had in a day, and payouts that came back. */
import {
  type Effect,
  type Instant,
  instantColumn,
  intColumn,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import type { AccountType } from '#channels'
import { bigColumn, hex, uuidColumn } from './attempt-store.ts'
import type { PayoutPurpose, PayoutState } from './payout-states.ts'

export interface Payout {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly source: Uuid
  readonly amount: bigint
  readonly purpose: PayoutPurpose
  /** Public id of what it is for; empty for a plain payout. */
  readonly about: string
  /** Sealed; see `payeePlace`. */
  readonly payeeName: string
  readonly payeeAccount: string
  readonly payeeIndex: string
  readonly bank: string
  readonly accountType: AccountType
  readonly cnaps: string
  readonly memo: string
  readonly state: PayoutState
  readonly attempts: number
  readonly tried: readonly string[]
  readonly holdTry: number
  readonly validUntil: Instant
  readonly requestedBy: string
  readonly approvedBy: string
  readonly requestHash: string
  readonly code: string
  readonly message: string
  readonly madeAt: Instant
  readonly movedAt: Instant
}

/** Does not move when the payout exists. */
export const insertPayout: Effect<Payout> = {
  name: 'payments.make_payout',
  sql: `insert into payments.payout (book_id, org_id, id, source, amount, purpose, about, payee_name,
      payee_account, payee_index, bank, account_type, cnaps, memo, state, attempts, hold_try,
      valid_until, requested_by, request_hash, code, message, approved_by, made_at, moved_at)
    select $1, u.*, $2, $2 from unnest($3::int[], $4::uuid[], $5::uuid[], $6::int8[], $7::text[],
      $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
      $15::text[], $16::text[], $17::int[], $18::int[], $19::timestamptz[], $20::text[],
      $21::text[], $22::text[], $23::text[], $24::text[]) as u
    on conflict (book_id, id) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    uuidColumn(rows.map((row) => row.source)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.purpose)),
    textColumn(rows.map((row) => row.about)),
    textColumn(rows.map((row) => row.payeeName)),
    textColumn(rows.map((row) => row.payeeAccount)),
    textColumn(rows.map((row) => row.payeeIndex)),
    textColumn(rows.map((row) => row.bank)),
    textColumn(rows.map((row) => row.accountType)),
    textColumn(rows.map((row) => row.cnaps)),
    textColumn(rows.map((row) => row.memo)),
    textColumn(rows.map((row) => row.state)),
    intColumn(rows.map((row) => row.attempts)),
    intColumn(rows.map((row) => row.holdTry)),
    instantColumn(rows.map((row) => row.validUntil)),
    textColumn(rows.map((row) => row.requestedBy)),
    textColumn(rows.map((row) => row.requestHash)),
    textColumn(rows.map((row) => row.code)),
    textColumn(rows.map((row) => row.message)),
    textColumn(rows.map((row) => row.approvedBy)),
  ],
  key: (row) => row.id,
}

export interface PayoutMove {
  readonly id: Uuid
  readonly from: PayoutState
  readonly to: PayoutState
  /** The attempt and the try to reserve it was decided on. */
  readonly attempts: number
  readonly holdTry: number
  /** 1 when it begins another attempt, or has tried to reserve again. */
  readonly addAttempt: 0 | 1
  readonly addHoldTry: 0 | 1
  /** A channel that has refused it for sure; empty for none. */
  readonly tried: string
  /** Who has approved it; empty leaves what stands. */
  readonly approvedBy: string
  readonly code: string
  readonly message: string
}

/** Also within one state: another attempt, another try to reserve. */
export const movePayout: Effect<PayoutMove> = {
  name: 'payments.move_payout',
  sql: `update payments.payout p
    set state = u.to_state, attempts = p.attempts + u.add_attempt, hold_try = p.hold_try + u.add_try,
      tried = case when u.tried = '' then p.tried else p.tried || u.tried end,
      approved_by = coalesce(nullif(u.approved_by, ''), p.approved_by),
      code = u.code, message = u.message, moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[], $9::int[],
      $10::text[], $11::text[], $12::text[], $13::text[])
      as u (id, from_state, to_state, attempts, hold_try, add_attempt, add_try, tried, approved_by,
        code, message)
    where p.book_id = $1 and p.id = u.id and p.state = u.from_state and p.attempts = u.attempts
      and p.hold_try = u.hold_try
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
    intColumn(rows.map((row) => row.attempts)),
    intColumn(rows.map((row) => row.holdTry)),
    intColumn(rows.map((row) => row.addAttempt)),
    intColumn(rows.map((row) => row.addHoldTry)),
    textColumn(rows.map((row) => row.tried)),
    textColumn(rows.map((row) => row.approvedBy)),
    textColumn(rows.map((row) => row.code)),
    textColumn(rows.map((row) => row.message.slice(0, 300))),
  ],
  key: (row) => row.id,
}

export interface PayeeDay {
  readonly orgId: number
  readonly payee: string
  readonly channel: string
  /** Shanghai's, `yyyymmdd`. */
  readonly day: string
  readonly amount: bigint
  /** The channel's limits per payee and day; the largest number where it has none. */
  readonly most: bigint
  readonly countMost: number
}

const payeeDayKey = (row: Pick<PayeeDay, 'payee' | 'channel' | 'day'>) =>
  `${row.payee} ${row.channel} ${row.day}`

/** Counts a payout against the day's limits; does not move when it would go over. */
export const usePayeeDay: Effect<PayeeDay> = {
  name: 'payments.use_payee_day',
  sql: `with asked as (
      select * from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::int8[],
        $9::int[]) as u (org_id, payee, channel, day, amount, most, count_most)
      where $2::timestamptz is not null
    ), counted as (
      update payments.payee_day d set used = d.used + u.amount, count = d.count + 1 from asked u
      where d.book_id = $1 and d.payee = u.payee and d.channel = u.channel
        and d.business_date = u.day and d.used + u.amount <= u.most and d.count < u.count_most
      returning d.payee, d.channel, d.business_date
    ), begun as (
      insert into payments.payee_day (book_id, org_id, payee, channel, business_date, used, count)
      select $1, u.org_id, u.payee, u.channel, u.day, u.amount, 1 from asked u
      where u.amount <= u.most and u.count_most >= 1
      on conflict (book_id, payee, channel, business_date) do nothing
      returning payee, channel, business_date
    )
    select payee || ' ' || channel || ' ' || business_date as moved
    from (select * from counted union all select * from begun) as used`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.payee)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.day)),
    bigColumn(rows.map((row) => row.amount)),
    bigColumn(rows.map((row) => row.most)),
    intColumn(rows.map((row) => row.countMost)),
  ],
  key: payeeDayKey,
}

/** Gives back what a payout that has failed for sure had used. */
export const giveBackPayeeDay: Effect<Omit<PayeeDay, 'orgId' | 'most' | 'countMost'>> = {
  name: 'payments.give_back_payee_day',
  sql: `update payments.payee_day d set used = d.used - u.amount, count = d.count - 1
    from unnest($3::text[], $4::text[], $5::text[], $6::int8[]) as u (payee, channel, day, amount)
    where d.book_id = $1 and d.payee = u.payee and d.channel = u.channel
      and d.business_date = u.day and d.used >= u.amount and $2::timestamptz is not null
    returning d.payee || ' ' || d.channel || ' ' || d.business_date as moved`,
  columns: (rows) => [
    textColumn(rows.map((row) => row.payee)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.day)),
    bigColumn(rows.map((row) => row.amount)),
  ],
  key: payeeDayKey,
}

/** What a payee has had today, minor units and count per channel. */
export async function readPayeeDay(
  tx: Tx,
  at: { readonly book: number; readonly payee: string; readonly day: string },
): Promise<ReadonlyMap<string, { readonly used: bigint; readonly count: number }>> {
  const rows = await tx.query<{ channel: string; used: bigint; count: number }>(
    `select channel, used, count from payments.payee_day
     where book_id = $1 and payee = $2 and business_date = $3`,
    [at.book, at.payee, at.day],
  )
  return new Map(rows.map((row) => [row.channel, row]))
}

const PAYOUT = `select book_id as book, org_id as "orgId", id, source, amount, purpose, about,
  payee_name as "payeeName", payee_account as "payeeAccount", payee_index as "payeeIndex", bank,
  account_type as "accountType", cnaps, memo, state, attempts, tried, hold_try as "holdTry",
  valid_until as "validUntil", requested_by as "requestedBy", approved_by as "approvedBy",
  request_hash as "requestHash", code, message, made_at as "madeAt", moved_at as "movedAt"
  from payments.payout`

type PayoutRow = Omit<Payout, 'validUntil' | 'madeAt' | 'movedAt'> & {
  readonly validUntil: Date
  readonly madeAt: Date
  readonly movedAt: Date
}

const payoutOf = (row: PayoutRow): Payout => ({
  ...row,
  validUntil: row.validUntil.getTime(),
  madeAt: row.madeAt.getTime(),
  movedAt: row.movedAt.getTime(),
})

export async function findPayout(tx: Tx, book: number, id: Uuid): Promise<Payout | undefined> {
  const [row] = await tx.query<PayoutRow>(`${PAYOUT} where book_id = $1 and id = $2`, [book, id])
  return row === undefined ? undefined : payoutOf(row)
}

/** Payouts of a book in a state, or for one thing, oldest first. */
export async function listPayouts(
  tx: Tx,
  of: { readonly book: number; readonly state?: PayoutState; readonly about?: string },
): Promise<Payout[]> {
  const rows = await tx.query<PayoutRow>(
    `${PAYOUT} where book_id = $1 and ($2::text is null or state = $2)
       and ($3::text is null or about = $3) order by made_at, id limit 1000`,
    [of.book, of.state ?? null, of.about ?? null],
  )
  return rows.map(payoutOf)
}

export interface PayoutReturn {
  readonly orgId: number
  readonly attempt: Uuid
  readonly payout: Uuid
  readonly channel: string
  readonly flow: string
  readonly amount: bigint
  readonly code: string
  readonly says: string
  readonly date: string
  readonly bookedTo: 'source' | 'suspense'
}

/** Does not move when the return is known, by attempt or by flow. */
export const insertReturn: Effect<PayoutReturn> = {
  name: 'payments.record_payout_return',
  sql: `insert into payments.payout_return (book_id, org_id, attempt, payout, channel, flow, amount,
      code, says, business_date, booked_to, recorded_at)
    select $1, u.*, $2 from unnest($3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
      $8::int8[], $9::text[], $10::text[], $11::text[], $12::text[]) as u
    on conflict do nothing
    returning ${hex('attempt')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.attempt)),
    uuidColumn(rows.map((row) => row.payout)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.flow)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.code)),
    textColumn(rows.map((row) => row.says.slice(0, 300))),
    textColumn(rows.map((row) => row.date)),
    textColumn(rows.map((row) => row.bookedTo)),
  ],
  key: (row) => row.attempt,
}

/** What had come back to suspense was given to whom it had been paid for. */
export const returnToSource: Effect<{ readonly attempt: Uuid }> = {
  name: 'payments.return_to_source',
  sql: `update payments.payout_return r set booked_to = 'source'
    from unnest($3::uuid[]) as u (attempt)
    where r.book_id = $1 and r.attempt = u.attempt and r.booked_to = 'suspense'
      and $2::timestamptz is not null
    returning ${hex('r.attempt')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.attempt))],
  key: (row) => row.attempt,
}

const RETURN = `select org_id as "orgId", attempt, payout, channel, flow, amount, code, says,
  business_date as date, booked_to as "bookedTo" from payments.payout_return`

export async function listReturnsOf(tx: Tx, book: number, payout: Uuid): Promise<PayoutReturn[]> {
  return tx.query<PayoutReturn>(
    `${RETURN} where book_id = $1 and payout = $2 order by recorded_at`,
    [book, payout],
  )
}

/** The return of an attempt, or under a flow number. */
export async function findReturn(
  tx: Tx,
  at: {
    readonly book: number
    readonly attempt: Uuid
    readonly channel: string
    readonly flow: string
  },
): Promise<PayoutReturn | undefined> {
  const [row] = await tx.query<PayoutReturn>(
    `${RETURN} where book_id = $1 and (attempt = $2 or (channel = $3 and flow = $4)) limit 1`,
    [at.book, at.attempt, at.channel, at.flow],
  )
  return row
}
