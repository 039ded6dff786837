/**
 * Every change of the tables of `custody`, as effects; `case-store.ts` reads them. A command on a case carries `moveCase`, which moves only
 * on the version the decision was made on; the other effects of the command follow it.
 */
import type { Effect, Instant, Uuid } from '#base'
import type { OpenItem, Step } from './case.ts'
import type { Scheme } from './scheme.ts'
import type { CaseState, MilestoneState, StepState } from './states.ts'

type ColumnType = 'int' | 'bigint' | 'text' | 'uuid' | 'jsonb' | 'timestamptz'

interface Columns<Row> {
  readonly [name: string]: readonly [ColumnType, (row: Row) => unknown]
}

const written = (type: ColumnType, value: unknown): unknown => {
  if (type === 'jsonb') return JSON.stringify(value)
  if (type === 'timestamptz' && typeof value === 'number') return new Date(value)
  return value ?? null
}

const arrays = <Row>(columns: Columns<Row>) => {
  const each = Object.values(columns)
  return {
    unnest: `unnest(${each.map(([type], i) => `$${i + 3}::${type}[]`).join(', ')})`,
    names: Object.keys(columns).join(', '),
    of: (rows: readonly Row[]) =>
      each.map(([type, value]) => rows.map((row) => written(type, value(row)))),
  }
}

/** An effect that inserts rows. `key` is an SQL expression over the row and the same in TypeScript. */
function insertion<Row>(
  name: string,
  table: string,
  more: { columns: Columns<Row>; key: readonly [string, (row: Row) => string]; extra?: string },
): Effect<Row> {
  const { unnest, names, of } = arrays(more.columns)
  // `$2`, the batch's instant, stands in every statement so that PostgreSQL knows its type.
  const [extraName, extraValue] =
    more.extra === undefined ? ['', ''] : [`, ${more.extra}`, ', $2::timestamptz']
  return {
    name,
    sql: `insert into ${table} (book_id, ${names}${extraName})
      select $1, u.*${extraValue} from ${unnest} as u (${names})
      where $2::timestamptz is not null returning ${more.key[0]} as moved`,
    columns: of,
    key: more.key[1],
  }
}

const hex = (column: string) => `replace(${column}::text, '-', '')`

export interface NewCase {
  readonly orgId: number
  readonly id: Uuid
  readonly deal: string
  readonly scheme: Scheme
  readonly schemeHash: string
  readonly amounts: Readonly<Record<string, bigint>>
}

export const insertPool = insertion<{ orgId: number; channel: string; poolNo: string }>(
  'custody.open_pool',
  'custody.pool',
  {
    columns: {
      org_id: ['int', (row) => row.orgId],
      channel: ['text', (row) => row.channel],
      pool_no: ['text', (row) => row.poolNo],
    },
    key: ['pool_no', (row) => row.poolNo],
    extra: 'opened_at',
  },
)

const amountsJson = (amounts: Readonly<Record<string, bigint>>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]))

export const insertCase: Effect<NewCase> = {
  name: 'custody.open_case',
  sql: `insert into custody.case (book_id, org_id, id, deal, scheme, scheme_hash, amounts, state, facts,
      version, opened_at, moved_at)
    select $1, u.org_id, u.id, u.deal, u.scheme, u.scheme_hash, u.amounts, 'opening', '{}', 1, $2, $2
    from unnest($3::int[], $4::uuid[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[])
      as u (org_id, id, deal, scheme, scheme_hash, amounts)
    on conflict (book_id, org_id, deal) do nothing
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    rows.map((row) => row.orgId),
    rows.map((row) => row.id),
    rows.map((row) => row.deal),
    rows.map((row) => JSON.stringify(row.scheme)),
    rows.map((row) => row.schemeHash),
    rows.map((row) => JSON.stringify(amountsJson(row.amounts))),
  ],
  key: (row) => row.id,
}

export interface CaseMoved {
  readonly id: Uuid
  readonly version: number
  readonly state: CaseState
  readonly facts: Readonly<Record<string, string>>
}

export const moveCase: Effect<CaseMoved> = {
  name: 'custody.move_case',
  sql: `update custody.case c
    set version = c.version + 1, state = u.state, facts = u.facts, moved_at = $2
    from unnest($3::uuid[], $4::int[], $5::text[], $6::jsonb[]) as u (id, version, state, facts)
    where c.book_id = $1 and c.id = u.id and c.version = u.version
    returning ${hex('c.id')} as moved`,
  columns: (rows) => [
    rows.map((row) => row.id),
    rows.map((row) => row.version),
    rows.map((row) => row.state),
    rows.map((row) => JSON.stringify(row.facts)),
  ],
  key: (row) => row.id,
}

export interface PartyRow {
  readonly orgId: number
  readonly caseId: Uuid
  readonly role: string
  readonly kind: 'person' | 'company'
  readonly member: string
  /** Sealed. */
  readonly name: string
  readonly idNumber: string
  readonly mobile: string
  readonly account: string
  readonly bank: string
}

export const insertParty = insertion<PartyRow>('custody.name_party', 'custody.party', {
  columns: {
    org_id: ['int', (row) => row.orgId],
    case_id: ['uuid', (row) => row.caseId],
    role: ['text', (row) => row.role],
    kind: ['text', (row) => row.kind],
    member: ['text', (row) => row.member],
    name: ['text', (row) => row.name],
    id_number: ['text', (row) => row.idNumber],
    mobile: ['text', (row) => row.mobile],
    account: ['text', (row) => row.account],
    bank: ['text', (row) => row.bank],
    sub_account: ['text', () => ''],
    pay_to: ['text', () => ''],
  },
  key: ['member', (row) => row.member],
})

export const openParty: Effect<{
  readonly caseId: Uuid
  readonly role: string
  readonly subAccount: string
  readonly payTo: string
}> = {
  name: 'custody.open_party',
  sql: `update custody.party p set sub_account = u.sub_account, pay_to = u.pay_to
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as u (case_id, role, sub_account, pay_to)
    where p.book_id = $1 and p.case_id = u.case_id and p.role = u.role and p.sub_account = ''
      and $2::timestamptz is not null
    returning ${hex('p.case_id')} || '/' || p.role as moved`,
  columns: (rows) => [
    rows.map((row) => row.caseId),
    rows.map((row) => row.role),
    rows.map((row) => row.subAccount),
    rows.map((row) => row.payTo),
  ],
  key: (row) => `${row.caseId}/${row.role}`,
}

export interface AccountRow {
  readonly orgId: number
  readonly caseId: Uuid
  readonly name: string
  readonly role: string
  readonly purpose: string
  readonly ledgerAccount: Uuid
}

export const insertAccount = insertion<AccountRow>('custody.open_account', 'custody.account', {
  columns: {
    org_id: ['int', (row) => row.orgId],
    case_id: ['uuid', (row) => row.caseId],
    name: ['text', (row) => row.name],
    role: ['text', (row) => row.role],
    purpose: ['text', (row) => row.purpose],
    ledger_account: ['uuid', (row) => row.ledgerAccount],
  },
  key: [hex('ledger_account'), (row) => row.ledgerAccount],
})

export interface MilestoneRow {
  readonly orgId: number
  readonly caseId: Uuid
  readonly position: number
  readonly name: string
}

export const insertMilestone = insertion<MilestoneRow>(
  'custody.plan_milestone',
  'custody.milestone',
  {
    columns: {
      org_id: ['int', (row) => row.orgId],
      case_id: ['uuid', (row) => row.caseId],
      position: ['int', (row) => row.position],
      name: ['text', (row) => row.name],
      state: ['text', () => 'waiting'],
    },
    key: [`${hex('case_id')} || '/' || name`, (row) => `${row.caseId}/${row.name}`],
  },
)

export interface MilestoneMoved {
  readonly caseId: Uuid
  readonly name: string
  readonly from: MilestoneState
  readonly to: MilestoneState
  readonly deadlineAt: Instant | undefined
  readonly endedAt: Instant | undefined
}

export const moveMilestone: Effect<MilestoneMoved> = {
  name: 'custody.move_milestone',
  sql: `update custody.milestone m
    set state = u.to_state, deadline_at = u.deadline_at, ended_at = u.ended_at
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
      as u (case_id, name, from_state, to_state, deadline_at, ended_at)
    where m.book_id = $1 and m.case_id = u.case_id and m.name = u.name and m.state = u.from_state
      and $2::timestamptz is not null
    returning ${hex('m.case_id')} || '/' || m.name as moved`,
  columns: (rows) => [
    rows.map((row) => row.caseId),
    rows.map((row) => row.name),
    rows.map((row) => row.from),
    rows.map((row) => row.to),
    rows.map((row) => written('timestamptz', row.deadlineAt)),
    rows.map((row) => written('timestamptz', row.endedAt)),
  ],
  key: (row) => `${row.caseId}/${row.name}`,
}

export interface StepRow {
  readonly orgId: number
  readonly caseId: Uuid
  readonly step: Step
  readonly endedAt: Instant | undefined
}

const legsJson = (step: Step) => step.legs.map(({ to, amount }) => ({ to, amount: String(amount) }))

export const insertStep = insertion<StepRow>('custody.plan_step', 'custody.step', {
  columns: {
    org_id: ['int', (row) => row.orgId],
    id: ['uuid', (row) => row.step.id],
    case_id: ['uuid', (row) => row.caseId],
    milestone: ['text', (row) => row.step.milestone],
    position: ['int', (row) => row.step.position],
    kind: ['text', (row) => row.step.kind],
    role: ['text', (row) => row.step.role],
    from_account: ['text', (row) => row.step.from],
    legs: ['jsonb', (row) => legsJson(row.step)],
    amount: ['bigint', (row) => row.step.amount],
    received: ['bigint', (row) => row.step.received],
    order_no: ['text', (row) => row.step.order],
    state: ['text', (row) => row.step.state],
    tries: ['int', (row) => row.step.tries],
    instruction: ['text', (row) => row.step.instruction],
    ended_at: ['timestamptz', (row) => row.endedAt],
  },
  key: [hex('id'), (row) => row.step.id],
})

export const moveStep: Effect<StepRow & { readonly from: StepState }> = {
  name: 'custody.move_step',
  sql: `update custody.step s
    set state = u.state, received = u.received, tries = u.tries, instruction = u.instruction,
      ended_at = u.ended_at
    from unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[],
      $9::timestamptz[]) as u (id, from_state, state, received, tries, instruction, ended_at)
    where s.book_id = $1 and s.id = u.id and s.state = u.from_state and $2::timestamptz is not null
    returning ${hex('s.id')} as moved`,
  columns: (rows) => [
    rows.map((row) => row.step.id),
    rows.map((row) => row.from),
    rows.map((row) => row.step.state),
    rows.map((row) => row.step.received),
    rows.map((row) => row.step.tries),
    rows.map((row) => row.step.instruction),
    rows.map((row) => written('timestamptz', row.endedAt)),
  ],
  key: (row) => row.step.id,
}

export const insertOpenItem = insertion<{ readonly orgId: number; readonly item: OpenItem }>(
  'custody.open_item',
  'custody.open_item',
  {
    columns: {
      org_id: ['int', (row) => row.orgId],
      id: ['uuid', (row) => row.item.id],
      kind: ['text', (row) => row.item.kind],
      amount: ['bigint', (row) => row.item.amount],
      side: ['text', (row) => row.item.side],
      reference: ['text', (row) => row.item.reference],
      case_ref: ['text', (row) => row.item.caseRef],
      step: ['text', (row) => row.item.step],
      detail: ['text', (row) => row.item.detail],
      owner: ['text', (row) => row.item.owner],
      deadline_at: ['timestamptz', (row) => row.item.deadlineAt],
      state: ['text', () => 'open'],
    },
    key: [hex('id'), (row) => row.item.id],
    extra: 'opened_at',
  },
)

export const closeOpenItem: Effect<{ readonly id: Uuid }> = {
  name: 'custody.close_item',
  sql: `update custody.open_item i set state = 'closed', closed_at = $2
    from unnest($3::uuid[]) as u (id)
    where i.book_id = $1 and i.id = u.id and i.state = 'open'
    returning ${hex('i.id')} as moved`,
  columns: (rows) => [rows.map((row) => row.id)],
  key: (row) => row.id,
}
