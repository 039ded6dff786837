/** What is read of the tables of `custody`; `store.ts` holds what changes them. */
import type { Tx, Uuid } from '#base'
import { type Case, caseId, type OpenItem, type Step } from './case.ts'
import type { Scheme } from './scheme.ts'
import type { CaseState, MilestoneState, OpenItemKind } from './states.ts'
import type { PartyRow } from './store.ts'

export interface Pool {
  readonly book: number
  readonly orgId: number
  readonly channel: string
  readonly poolNo: string
}

export async function listPools(tx: Tx): Promise<Pool[]> {
  return tx.query<Pool>(
    `select book_id as book, org_id as "orgId", channel, pool_no as "poolNo" from custody.pool
     order by book_id`,
  )
}

interface CaseRow {
  org_id: number
  deal: string
  scheme: Scheme
  amounts: Record<string, string>
  state: CaseState
  facts: Record<string, string>
  version: number
}

/** A case with all that belongs to it, as it stood at one moment. */
export async function loadCase(tx: Tx, book: number, id: Uuid): Promise<Case | undefined> {
  // The case row comes first: what is read after it may be newer, and then its version tells.
  const [row] = await tx.query<CaseRow>(
    'select * from custody.case where book_id = $1 and id = $2',
    [book, id],
  )
  if (row === undefined) return undefined
  const at = [book, id]
  const parties = await tx.query<Case['parties'][number]>(
    `select role, kind, member, sub_account as "subAccount", pay_to as "payTo" from custody.party
     where book_id = $1 and case_id = $2 order by role`,
    at,
  )
  const accounts = await tx.query<Case['accounts'][number]>(
    `select name, role, purpose, ledger_account as "ledgerAccount" from custody.account
     where book_id = $1 and case_id = $2 order by name`,
    at,
  )
  const amounts = Object.entries(row.amounts).map(([name, amount]) => [name, BigInt(amount)])
  return {
    book,
    orgId: row.org_id,
    id,
    deal: row.deal,
    scheme: row.scheme,
    amounts: Object.fromEntries(amounts) as Record<string, bigint>,
    state: row.state,
    facts: row.facts,
    version: row.version,
    parties,
    accounts,
    milestones: await loadMilestones(tx, at),
    steps: await loadSteps(tx, at),
    items: await listOpenItems(tx, book, { caseRef: caseId({ book, id }), all: true }),
  }
}

async function loadMilestones(tx: Tx, at: unknown[]): Promise<Case['milestones']> {
  const rows = await tx.query<{
    name: string
    state: MilestoneState
    deadline_at: Date | null
    ended_at: Date | null
  }>('select * from custody.milestone where book_id = $1 and case_id = $2 order by position', at)
  return rows.map(({ name, state, deadline_at, ended_at }) => ({
    name,
    state,
    ...(deadline_at === null ? {} : { deadlineAt: deadline_at.getTime() }),
    ...(ended_at === null ? {} : { endedAt: ended_at.getTime() }),
  }))
}

async function loadSteps(tx: Tx, at: unknown[]): Promise<Step[]> {
  type Raw = Omit<Step, 'legs'> & { legs: { to: string; amount: string }[] }
  const rows = await tx.query<Raw>(
    `select id, milestone, position, kind, role, from_account as "from", legs, amount, received,
       order_no as "order", state, tries, instruction
     from custody.step where book_id = $1 and case_id = $2 order by position`,
    at,
  )
  return rows.map((row) => ({
    ...row,
    legs: row.legs.map(({ to, amount }) => ({ to, amount: BigInt(amount) })),
  }))
}

/** Open items of a book, the oldest deadline first; with `all` the closed ones too. */
export async function listOpenItems(
  tx: Tx,
  book: number,
  only: { readonly caseRef?: string; readonly all?: boolean } = {},
): Promise<OpenItem[]> {
  const rows = await tx.query<
    Omit<OpenItem, 'deadlineAt'> & { deadline_at: Date; kind: OpenItemKind }
  >(
    `select id, kind, amount, side, reference, case_ref as "caseRef", step, detail, owner, state,
       deadline_at
     from custody.open_item
     where book_id = $1 and ($2::text is null or case_ref = $2) and ($3 or state = 'open')
     order by deadline_at, id`,
    [book, only.caseRef ?? null, only.all ?? false],
  )
  return rows.map(({ deadline_at, ...row }) => ({ ...row, deadlineAt: deadline_at.getTime() }))
}

/** The case and role of a sub-account. */
export async function findParty(
  tx: Tx,
  book: number,
  subAccount: string,
): Promise<{ readonly caseId: Uuid; readonly role: string } | undefined> {
  const rows = await tx.query<{ caseId: Uuid; role: string }>(
    `select case_id as "caseId", role from custody.party
     where book_id = $1 and sub_account = $2 and sub_account <> ''`,
    [book, subAccount],
  )
  return rows[0]
}

/** The sealed data of a party. */
export async function loadSealedParty(
  tx: Tx,
  at: { readonly book: number; readonly caseId: Uuid; readonly role: string },
): Promise<PartyRow | undefined> {
  const rows = await tx.query<PartyRow>(
    `select org_id as "orgId", case_id as "caseId", role, kind, member, name,
       id_number as "idNumber", mobile, account, bank
     from custody.party where book_id = $1 and case_id = $2 and role = $3`,
    [at.book, at.caseId, at.role],
  )
  return rows[0]
}

export async function findDeal(
  tx: Tx,
  at: { readonly book: number; readonly orgId: number; readonly deal: string },
): Promise<Uuid | undefined> {
  const rows = await tx.query<{ id: Uuid }>(
    'select id from custody.case where book_id = $1 and org_id = $2 and deal = $3',
    [at.book, at.orgId, at.deal],
  )
  return rows[0]?.id
}

/** Every account and party of a book's cases, for the proof. */
export async function listHoldings(
  tx: Tx,
  book: number,
): Promise<
  { ledgerAccount: Uuid; purpose: string; subAccount: string; caseId: Uuid; role: string }[]
> {
  return tx.query(
    `select a.ledger_account as "ledgerAccount", a.purpose, p.sub_account as "subAccount",
       a.case_id as "caseId", a.role
     from custody.account a
     join custody.party p on p.book_id = a.book_id and p.case_id = a.case_id and p.role = a.role
     where a.book_id = $1`,
    [book],
  )
}
