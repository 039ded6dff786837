/** Every statement on `payments.plan` and `payments.plan_leg`. */
import {
  type Effect,
  hexColumn,
  type Instant,
  intColumn,
  jsonColumn,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import type { AccountType, CollectMethod } from '#channels'
import { bigColumn, hex, uuidColumn } from './attempt-store.ts'
import type { LegState, PlanState } from './states.ts'

/** An amount above the limits of one payment, to be paid in legs that sum to it. */
export interface Plan {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly destination: Uuid
  readonly amount: bigint
  readonly currency: string
  readonly state: PlanState
  readonly subject: string
  readonly bank: string
  readonly accountType: AccountType | ''
  readonly method: CollectMethod
  readonly attributes: Readonly<Record<string, string>>
  /** Most per leg that a refusal has taught. */
  readonly learntLimit?: bigint
  readonly paid: bigint
  readonly version: number
  readonly requestHash: string
  readonly madeAt: Instant
  readonly legs: readonly PlanLeg[]
}

export interface PlanLeg {
  readonly number: number
  readonly amount: bigint
  readonly state: LegState
  /** Shanghai's business date, `yyyymmdd`. */
  readonly payOn: string
  readonly payIn?: Uuid
  readonly tries: number
}

/** Does not move when it exists. */
export const insertPlan: Effect<Plan> = {
  name: 'payments.open_plan',
  sql: `insert into payments.plan (book_id, org_id, id, destination, amount, currency, state, subject,
      bank, account_type, method, attributes, version, request_hash, made_at, moved_at)
    select $1, u.org_id, u.id, u.destination, u.amount, u.currency, 'open', u.subject, u.bank,
      u.account_type, u.method, u.attributes, 1, u.request_hash, $2, $2
    from unnest($3::int[], $4::uuid[], $5::uuid[], $6::int8[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::jsonb[], $13::bytea[])
      as u (org_id, id, destination, amount, currency, subject, bank, account_type, method,
        attributes, request_hash)
    on conflict (book_id, id) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    uuidColumn(rows.map((row) => row.destination)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.currency)),
    textColumn(rows.map((row) => row.subject)),
    textColumn(rows.map((row) => row.bank)),
    textColumn(rows.map((row) => row.accountType)),
    textColumn(rows.map((row) => row.method)),
    jsonColumn(rows.map((row) => row.attributes)),
    hexColumn(rows.map((row) => row.requestHash)),
  ],
  key: (row) => row.id,
}

/** A change of the plan, decided on its version; may teach a limit. */
export const changePlan: Effect<{
  readonly id: Uuid
  readonly version: number
  readonly learntLimit?: bigint
}> = {
  name: 'payments.change_plan',
  sql: `update payments.plan p set version = p.version + 1, moved_at = $2,
      learnt_limit = coalesce(u.learnt_limit, p.learnt_limit)
    from unnest($3::uuid[], $4::int[], $5::int8[]) as u (id, version, learnt_limit)
    where p.book_id = $1 and p.id = u.id and p.state = 'open' and p.version = u.version
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    intColumn(rows.map((row) => row.version)),
    bigColumn(rows.map((row) => row.learntLimit)),
  ],
  key: (row) => row.id,
}

/** A leg of it was paid; the exact sum ends it. */
export const addPaid: Effect<{ readonly id: Uuid; readonly amount: bigint }> = {
  name: 'payments.add_paid',
  sql: `update payments.plan p set paid = p.paid + u.amount, version = p.version + 1, moved_at = $2,
      state = case when p.paid + u.amount = p.amount then 'succeeded' else p.state end
    from unnest($3::uuid[], $4::int8[]) as u (id, amount)
    where p.book_id = $1 and p.id = u.id and p.state = 'open' and p.paid + u.amount <= p.amount
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    bigColumn(rows.map((row) => row.amount)),
  ],
  key: (row) => row.id,
}

/** Ends an unpaid plan, decided on its version. */
export const closePlan: Effect<{ readonly id: Uuid; readonly version: number }> = {
  name: 'payments.close_plan',
  sql: `update payments.plan p set state = 'closed', version = p.version + 1, moved_at = $2
    from unnest($3::uuid[], $4::int[]) as u (id, version)
    where p.book_id = $1 and p.id = u.id and p.state = 'open' and p.version = u.version
    returning ${hex('p.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    intColumn(rows.map((row) => row.version)),
  ],
  key: (row) => row.id,
}

interface LegRow extends Pick<PlanLeg, 'number' | 'amount' | 'payOn'> {
  readonly orgId: number
  readonly plan: Uuid
  readonly state: 'planned' | 'dropped'
}

/** Writes a leg, or changes one that nobody is paying. */
export const setLeg: Effect<LegRow> = {
  name: 'payments.set_leg',
  sql: `insert into payments.plan_leg as l (book_id, org_id, plan, number, amount, pay_on, state,
      moved_at)
    select $1, u.*, $2 from unnest($3::int[], $4::uuid[], $5::int[], $6::int8[], $7::text[],
      $8::text[]) as u
    on conflict (book_id, plan, number) do update
      set amount = excluded.amount, pay_on = excluded.pay_on, state = excluded.state,
        moved_at = excluded.moved_at
      where l.state in ('planned', 'dropped')
    returning ${hex('l.plan')} || '/' || l.number as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.plan)),
    intColumn(rows.map((row) => row.number)),
    bigColumn(rows.map((row) => row.amount)),
    textColumn(rows.map((row) => row.payOn)),
    textColumn(rows.map((row) => row.state)),
  ],
  key: (row) => `${row.plan}/${row.number}`,
}

export interface LegMoved {
  readonly plan: Uuid
  readonly number: number
  readonly from: LegState
  readonly to: LegState
  /** The pay-in it moves for. */
  readonly payIn: Uuid
  /** When it is begun: the amount it was decided on. */
  readonly amount?: bigint
}

/** Moves a leg with its pay-in: begun, paid, or free again. */
export const moveLeg: Effect<LegMoved> = {
  name: 'payments.move_leg',
  sql: `update payments.plan_leg l
    set state = u.to_state, pay_in = case when u.to_state = 'planned' then null else u.pay_in end,
      tries = l.tries + case when u.to_state = 'confirming' then 1 else 0 end, moved_at = $2
    from unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::uuid[], $8::int8[])
      as u (plan, number, from_state, to_state, pay_in, amount)
    where l.book_id = $1 and l.plan = u.plan and l.number = u.number and l.state = u.from_state
      and (l.pay_in is null or l.pay_in = u.pay_in) and (u.amount is null or l.amount = u.amount)
    returning ${hex('l.plan')} || '/' || l.number as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.plan)),
    intColumn(rows.map((row) => row.number)),
    textColumn(rows.map((row) => row.from)),
    textColumn(rows.map((row) => row.to)),
    uuidColumn(rows.map((row) => row.payIn)),
    bigColumn(rows.map((row) => row.amount)),
  ],
  key: (row) => `${row.plan}/${row.number}`,
}

interface PlanRow {
  book: number
  orgId: number
  id: Uuid
  destination: Uuid
  amount: bigint
  currency: string
  state: PlanState
  subject: string
  bank: string
  accountType: AccountType | ''
  method: CollectMethod
  attributes: Record<string, string>
  learnt: bigint | null
  paid: bigint
  version: number
  hash: Buffer
  madeAt: Date
}

/** A plan with all its legs. */
export async function findPlan(tx: Tx, book: number, id: Uuid): Promise<Plan | undefined> {
  const [row] = await tx.query<PlanRow>(
    `select book_id as book, org_id as "orgId", id, destination, amount, currency, state, subject,
       bank, account_type as "accountType", method, attributes, learnt_limit as learnt, paid,
       version, request_hash as hash, made_at as "madeAt"
     from payments.plan where book_id = $1 and id = $2`,
    [book, id],
  )
  if (row === undefined) return undefined
  const legs = await tx.query<Omit<PlanLeg, 'payIn'> & { payIn: Uuid | null }>(
    `select number, amount, state, pay_on as "payOn", pay_in as "payIn", tries
     from payments.plan_leg where book_id = $1 and plan = $2 order by number`,
    [book, id],
  )
  const { learnt, hash, madeAt, ...plan } = row
  return {
    ...plan,
    ...(learnt === null ? {} : { learntLimit: learnt }),
    requestHash: hash.toString('hex'),
    madeAt: madeAt.getTime(),
    legs: legs.map(({ payIn, ...leg }) => ({ ...leg, ...(payIn === null ? {} : { payIn }) })),
  }
}
