/** Every statement on `payments.pay_in` and `payments.claim`; of `any($3)`: see `attempt-store.ts`. */
import {
  columnOf,
  type Effect,
  hexColumn,
  type Instant,
  instantColumn,
  intColumn,
  jsonColumn,
  OID,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import { bigColumn, hex, uuidColumn } from './attempt-store.ts'
import type { PayIn } from './pay-in.ts'
import type { LatePolicy, PayInState } from './states.ts'

const intOrNullColumn = (values: readonly (number | undefined)[]): Buffer =>
  columnOf(OID.int4, values, (column, value) => column.int4(value))

/** Does not move when it exists. */
export const insertPayIn: Effect<PayIn> = {
  name: 'payments.open_pay_in',
  sql: `insert into payments.pay_in (book_id, org_id, id, destination, amount, currency, state,
      subject, late, attributes, plan, leg, attempts, open_attempts, expires_at, request_hash,
      made_at, moved_at)
    select $1, u.org_id, u.id, u.destination, u.amount, u.currency, 'open', u.subject, u.late,
      u.attributes, u.plan, u.leg, u.attempts, u.attempts, u.expires_at, u.request_hash, $2, $2
    from unnest($3::int[], $4::uuid[], $5::uuid[], $6::int8[], $7::text[], $8::text[], $9::text[],
      $10::jsonb[], $11::uuid[], $12::int[], $13::int[], $14::timestamptz[], $15::bytea[])
      as u (org_id, id, destination, amount, currency, subject, late, attributes, plan, leg,
        attempts, expires_at, request_hash)
    on conflict (book_id, id) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    uuidColumn(rows.map((row) => row.destination)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.currency)),
    textColumn(rows.map((row) => row.subject)),
    textColumn(rows.map((row) => row.late)),
    jsonColumn(rows.map((row) => row.attributes)),
    uuidColumn(rows.map((row) => row.plan)),
    intOrNullColumn(rows.map((row) => row.leg)),
    intColumn(rows.map((row) => row.attempts)),
    instantColumn(rows.map((row) => row.expiresAt)),
    hexColumn(rows.map((row) => row.requestHash)),
  ],
  key: (row) => row.id,
}

/** One more attempt, decided on how many there were. */
export const addAttempt: Effect<{ readonly id: Uuid; readonly before: number }> = {
  name: 'payments.add_attempt',
  sql: `update payments.pay_in p
    set attempts = p.attempts + 1, open_attempts = p.open_attempts + 1, moved_at = $2
    from unnest($3::uuid[], $4::int[]) as u (id, before)
    where p.book_id = $1 and p.id = any($3::uuid[]) and p.id = u.id and p.state = 'open' and p.attempts = u.before
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    intColumn(rows.map((row) => row.before)),
  ],
  key: (row) => row.id,
}

/** An attempt is final and did not pay it. */
export const endAttempt: Effect<{ readonly id: Uuid }> = {
  name: 'payments.end_attempt',
  sql: `update payments.pay_in p set open_attempts = p.open_attempts - 1
    from unnest($3::uuid[]) as u (id)
    where p.book_id = $1 and p.id = any($3::uuid[]) and p.id = u.id and p.open_attempts > 0 and $2::timestamptz is not null
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.id))],
  key: (row) => row.id,
}

export interface Paid {
  readonly id: Uuid
  readonly from: PayInState
  readonly by: Uuid
  /** How many attempts there were when it was decided. */
  readonly attempts: number
  /** 1 when the attempt that paid was open until now. */
  readonly ended: 0 | 1
}

/** The first money for it. A pay-in is paid once. */
export const payPayIn: Effect<Paid> = {
  name: 'payments.pay_pay_in',
  sql: `update payments.pay_in p
    set state = 'succeeded', paid_by = u.by, open_attempts = p.open_attempts - u.ended, moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::int[])
      as u (id, from_state, by, attempts, ended)
    where p.book_id = $1 and p.id = any($3::uuid[]) and p.id = u.id and p.state = u.from_state and p.state <> 'succeeded'
      and p.attempts = u.attempts
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.from)),
    uuidColumn(rows.map((row) => row.by)),
    intColumn(rows.map((row) => row.attempts)),
    intColumn(rows.map((row) => row.ended)),
  ],
  key: (row) => row.id,
}

/** Never while an attempt is not final. */
export const closePayIn: Effect<{ readonly id: Uuid }> = {
  name: 'payments.close_pay_in',
  sql: `update payments.pay_in p set state = 'closed', moved_at = $2
    from unnest($3::uuid[]) as u (id)
    where p.book_id = $1 and p.id = any($3::uuid[]) and p.id = u.id and p.state = 'open' and p.open_attempts = 0
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.id))],
  key: (row) => row.id,
}

interface PayInRow {
  book_id: number
  org_id: number
  id: Uuid
  destination: Uuid
  amount: bigint
  currency: string
  state: PayInState
  subject: string
  late: LatePolicy
  attributes: Record<string, string>
  plan: Uuid | null
  leg: number | null
  attempts: number
  open_attempts: number
  paid_by: Uuid | null
  expires_at: Date
  request_hash: Buffer
  made_at: Date
  moved_at: Date
}

export async function findPayIn(tx: Tx, book: number, id: Uuid): Promise<PayIn | undefined> {
  const [row] = await tx.query<PayInRow>(
    'select * from payments.pay_in where book_id = $1 and id = $2',
    [book, id],
  )
  if (row === undefined) return undefined
  return {
    book: row.book_id,
    orgId: row.org_id,
    id: row.id,
    destination: row.destination,
    amount: row.amount,
    currency: row.currency,
    state: row.state,
    subject: row.subject,
    late: row.late,
    attributes: row.attributes,
    ...(row.plan === null ? {} : { plan: row.plan }),
    ...(row.leg === null ? {} : { leg: row.leg }),
    attempts: row.attempts,
    openAttempts: row.open_attempts,
    ...(row.paid_by === null ? {} : { paidBy: row.paid_by }),
    expiresAt: row.expires_at.getTime(),
    requestHash: row.request_hash.toString('hex'),
    madeAt: row.made_at.getTime(),
    movedAt: row.moved_at.getTime(),
  }
}

export interface Claim {
  readonly keyHash: string
  readonly orgId: number
  readonly requestHash: string
  readonly book: number
  readonly destination: Uuid
  readonly at: Instant
}

/**
 * Claims a key for a book and a destination; answers the claim that stands, this one or an earlier. One
 * statement, and no writer: claims are rows of book 0, which holds no money.
 */
export async function claimKey(tx: Tx, claim: Claim): Promise<Omit<Claim, 'orgId' | 'at'>> {
  const { keyHash, orgId, requestHash, book, destination, at } = claim
  const [row] = await tx.query<{ request: Buffer; book: number; destination: Uuid }>(
    `insert into payments.claim (book_id, key_hash, org_id, request_hash, chosen_book, destination,
       made_at)
     values (0, $1, $2, $3, $4, $5, $6)
     on conflict (book_id, key_hash) do update set org_id = claim.org_id
     returning request_hash as request, chosen_book as book, destination`,
    [
      Buffer.from(keyHash, 'hex'),
      orgId,
      Buffer.from(requestHash, 'hex'),
      book,
      destination,
      new Date(at),
    ],
  )
  return {
    keyHash,
    requestHash: row!.request.toString('hex'),
    book: row!.book,
    destination: row!.destination,
  }
}
