/**
 * Every statement on `payments.attempt` but those of refunds. All moves are conditional on the state
 * they were decided on; `book_id` leads every condition. Their ids are named twice, `any($3)` as well:
 * a plan kept from when the table was small would else walk through the whole book for each row.
 */
import {
  columnOf,
  type Effect,
  type Instant,
  instantColumn,
  intColumn,
  jsonColumn,
  OID,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import type { AwaitedTransfer, Direction, InstructionState, PayerAction } from '#channels'
import type { Attempt } from './attempt.ts'

/** A uuid column as 32 hex digits: the form ids have everywhere else. */
export const hex = (column: string) => `replace(${column}::text, '-', '')`

/** uuid columns from 32 hex digits; NULL for `undefined`. */
export const uuidColumn = (values: readonly (Uuid | undefined)[]): Buffer =>
  columnOf(OID.uuid, values, (column, value) => column.uuid(partsOf(value)))

export const bigColumn = (values: readonly (bigint | undefined)[]): Buffer =>
  columnOf(OID.int8, values, (column, value) => column.big(value))

/** Instants with NULL for `undefined`. */
const instantOrNullColumn = (values: readonly (Instant | undefined)[]): Buffer =>
  columnOf(OID.timestamptz, values, (column, value) => column.instant(value))

function partsOf(id: Uuid) {
  const word = (at: number) => Number.parseInt(id.slice(at, at + 8), 16) | 0
  return { a: word(0), b: word(8), c: word(16), d: word(24) }
}

/** Writes an attempt, `intended` or, with `sendBefore`, `sending`. Does not move when it exists. */
export const insertAttempt: Effect<Attempt> = {
  name: 'payments.intend_attempt',
  sql: `insert into payments.attempt (book_id, org_id, id, direction, owner, number, channel, method,
      bank, account_type, reference, amount, currency, state, made_at, valid_until, send_before,
      route, moved_at)
    select $1, u.*, $2 from unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::int[],
      $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int8[], $14::text[],
      $15::text[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::jsonb[]) as u
    on conflict do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.direction)),
    textColumn(rows.map((row) => row.owner)),
    intColumn(rows.map((row) => row.number)),
    textColumn(rows.map((row) => row.channel)),
    textColumn(rows.map((row) => row.method)),
    textColumn(rows.map((row) => row.bank)),
    textColumn(rows.map((row) => row.accountType)),
    textColumn(rows.map((row) => row.reference)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.currency)),
    textColumn(rows.map((row) => row.state)),
    instantColumn(rows.map((row) => row.at)),
    instantColumn(rows.map((row) => row.validUntil)),
    instantOrNullColumn(rows.map((row) => row.sendBefore)),
    jsonColumn(rows.map((row) => row.route)),
  ],
  key: (row) => row.id,
}

export const markSending: Effect<{ readonly id: Uuid; readonly sendBefore: Instant }> = {
  name: 'payments.mark_sending',
  sql: `update payments.attempt a set state = 'sending', send_before = u.send_before, moved_at = $2
    from unnest($3::uuid[], $4::timestamptz[]) as u (id, send_before)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and a.state = 'intended' and a.valid_until > $2
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    instantColumn(rows.map((row) => row.sendBefore)),
  ],
  key: (row) => row.id,
}

export interface AttemptMove {
  readonly id: Uuid
  readonly from: InstructionState
  readonly to: InstructionState
  /** 1 when it came back unsent. */
  readonly unsent: 0 | 1
  readonly code: string
  readonly message: string
  /** Empty texts leave what stands. */
  readonly channelReference: string
  readonly bank: string
  readonly accountType: string
  readonly payerAction: PayerAction | undefined
  readonly bookedTo: Attempt['bookedTo']
}

export const moveAttempt: Effect<AttemptMove> = {
  name: 'payments.move_attempt',
  sql: `update payments.attempt a
    set state = u.to_state, sends = a.sends + u.unsent, code = u.code, message = u.message,
      channel_reference = coalesce(nullif(u.channel_reference, ''), a.channel_reference),
      bank = coalesce(nullif(u.bank, ''), a.bank),
      account_type = coalesce(nullif(u.account_type, ''), a.account_type),
      payer_action = coalesce(nullif(u.payer_action, 'null'::jsonb), a.payer_action),
      booked_to = u.booked_to, moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::jsonb[], $13::text[])
      as u (id, from_state, to_state, unsent, code, message, channel_reference, bank, account_type,
        payer_action, booked_to)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and a.state = u.from_state
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
    intColumn(rows.map((row) => row.unsent)),
    textColumn(rows.map((row) => row.code)),
    textColumn(rows.map((row) => row.message.slice(0, 300))),
    textColumn(rows.map((row) => row.channelReference)),
    textColumn(rows.map((row) => row.bank)),
    textColumn(rows.map((row) => row.accountType)),
    jsonColumn(rows.map((row) => row.payerAction)),
    textColumn(rows.map((row) => row.bookedTo)),
  ],
  key: (row) => row.id,
}

/** Notes where the money of a final attempt was booked that was said to have failed. Once. */
export const bookLate: Effect<{
  readonly id: Uuid
  readonly to: 'destination' | 'suspense'
  readonly channelReference: string
}> = {
  name: 'payments.book_late',
  sql: `update payments.attempt a set booked_to = u.booked_to,
      channel_reference = coalesce(nullif(u.channel_reference, ''), a.channel_reference),
      moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[]) as u (id, booked_to, channel_reference)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and a.state = 'failed' and a.booked_to = ''
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.to)),
    textColumn(rows.map((row) => row.channelReference)),
  ],
  key: (row) => row.id,
}

/** Takes money out of suspense to where it was meant to go; not once a refund has begun. */
export const attachBooked: Effect<{ readonly id: Uuid }> = {
  name: 'payments.attach_booked',
  sql: `update payments.attempt a set booked_to = 'destination', moved_at = $2
    from unnest($3::uuid[]) as u (id)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and a.booked_to = 'suspense' and a.refunding = 0
      and a.refunded = 0
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.id))],
  key: (row) => row.id,
}

export const countNotFound: Effect<{ readonly id: Uuid; readonly before: number }> = {
  name: 'payments.count_not_found',
  sql: `update payments.attempt a set not_found = a.not_found + 1, not_found_at = $2
    from unnest($3::uuid[], $4::int[]) as u (id, before)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and a.state = 'unknown' and a.not_found = u.before
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    intColumn(rows.map((row) => row.before)),
  ],
  key: (row) => row.id,
}

/** Once per attempt, while it is not final. */
export const markOverdue: Effect<{ readonly id: Uuid }> = {
  name: 'payments.mark_overdue',
  sql: `update payments.attempt a set overdue = true
    from unnest($3::uuid[]) as u (id)
    where a.book_id = $1 and a.id = any($3::uuid[]) and a.id = u.id and not a.overdue
      and a.state not in ('succeeded', 'failed') and $2::timestamptz is not null
    returning ${hex('a.id')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.id))],
  key: (row) => row.id,
}

interface AttemptRow {
  book_id: number
  org_id: number
  id: Uuid
  direction: Direction
  owner: string
  number: number
  channel: string
  method: Attempt['method']
  bank: string
  account_type: Attempt['accountType']
  reference: string
  amount: bigint
  currency: string
  state: InstructionState
  sends: number
  made_at: Date
  valid_until: Date
  send_before: Date | null
  not_found: number
  not_found_at: Date | null
  overdue: boolean
  code: string
  message: string
  channel_reference: string
  payer_action: PayerAction | null
  route: unknown
  booked_to: Attempt['bookedTo']
  refunding: bigint
  refunded: bigint
  refunds: number
  moved_at: Date
}

function attemptOf(row: AttemptRow): Attempt {
  return {
    book: row.book_id,
    orgId: row.org_id,
    id: row.id,
    direction: row.direction,
    owner: row.owner,
    number: row.number,
    channel: row.channel,
    method: row.method,
    bank: row.bank,
    accountType: row.account_type,
    reference: row.reference,
    amount: row.amount,
    currency: row.currency,
    state: row.state,
    sends: row.sends,
    at: row.made_at.getTime(),
    validUntil: row.valid_until.getTime(),
    ...(row.send_before === null ? {} : { sendBefore: row.send_before.getTime() }),
    notFound: row.not_found,
    ...(row.not_found_at === null ? {} : { notFoundAt: row.not_found_at.getTime() }),
    overdue: row.overdue,
    code: row.code,
    message: row.message,
    channelReference: row.channel_reference,
    ...(row.payer_action === null ? {} : { payerAction: row.payer_action }),
    route: row.route,
    bookedTo: row.booked_to,
    refunding: row.refunding,
    refunded: row.refunded,
    refunds: row.refunds,
    movedAt: row.moved_at.getTime(),
  }
}

export async function findAttempt(
  tx: Tx,
  book: number,
  by: { readonly id: Uuid } | { readonly reference: string },
): Promise<Attempt | undefined> {
  const [column, value] = 'id' in by ? ['id', by.id] : ['reference', by.reference]
  const rows = await tx.query<AttemptRow>(
    `select * from payments.attempt where book_id = $1 and ${column} = $2`,
    [book, value],
  )
  return rows[0] === undefined ? undefined : attemptOf(rows[0])
}

/** All attempts for one pay-in, payout or refund (its public id), oldest first. */
export async function listAttempts(tx: Tx, book: number, owner: string): Promise<Attempt[]> {
  const rows = await tx.query<AttemptRow>(
    'select * from payments.attempt where book_id = $1 and owner = $2 order by number',
    [book, owner],
  )
  return rows.map(attemptOf)
}

/** Bank transfers that payers were asked for since an instant, paid and expired ones too. */
export async function transfersAwaited(
  tx: Tx,
  of: {
    readonly book: number
    readonly channel: string
    readonly since: Instant
    /** The line in question: what it has paid itself does not count as received. */
    readonly flow: string
  },
): Promise<AwaitedTransfer[]> {
  const rows = await tx.query<Omit<AwaitedTransfer, 'expiresAt'> & { until: Date }>(
    `select reference, amount, currency, valid_until as until,
       case when booked_to = '' or channel_reference = $4 then 0 else amount end::int8
         as received
     from payments.attempt where book_id = $1 and channel = $2 and method = 'bank_transfer'
       and made_at > $3`,
    [of.book, of.channel, new Date(of.since), of.flow],
  )
  return rows.map(({ until, ...row }) => ({ ...row, expiresAt: until.getTime() }))
}
