/**
 * The proof: our book against the bank's statement files, line by line, and balance by balance. What
 * does not match is named, with its amount, as an open item; the bank's pay-in file is also the third
 * way by which we learn of money that came in.
 *
 * The files tell the bank's book at the end of a business date. Compared on a later date, what moved
 * since is named as a difference: prove the last date first.
 */
import { applied, type Clock, type Db, type Uuid } from '#base'
import {
  type Desk,
  FILE_KINDS,
  type Instruction,
  listInbound,
  listInstructions,
  type Operation,
  type RecordedInbound,
  type StatementFile,
  type StatementRow,
} from '#channels'
import type { Ledger } from '#ledger'
import type { OpenItem } from './case.ts'
import * as reads from './case-store.ts'
import type { Clearing } from './clearing.ts'
import { newItem, type PoolAccounts } from './draft.ts'
import * as store from './store.ts'

export interface ProvedFile {
  readonly kind: StatementFile['kind']
  readonly date: string
  readonly rows: number
  /** Rows that agree with a row of ours, to the fen. */
  readonly matched: number
  /** Why the file could not be had; absent when it was read. */
  readonly problem?: string
}

export interface ProvedBalance {
  readonly subAccount: string
  /** Minor units. */
  readonly ours: bigint
  readonly bank: bigint
}

export interface Difference {
  readonly kind: OpenItem['kind']
  readonly amount: bigint
  readonly side: OpenItem['side']
  readonly reference: string
  readonly detail: string
}

export interface Proof {
  readonly dates: readonly string[]
  readonly files: readonly ProvedFile[]
  readonly balances: readonly ProvedBalance[]
  readonly pool: { readonly ours: bigint; readonly bank: bigint }
  /** Bank less ours on the pool, minor units. */
  readonly difference: bigint
  readonly differences: readonly Difference[]
  /** True when every row and every balance agrees and every file was read. */
  readonly equal: boolean
}

interface Sources {
  readonly db: Db
  readonly clock: Clock
  readonly ledger: Ledger
  readonly desk: Desk
  readonly clearing: Clearing
  readonly pool: PoolAccounts & { readonly orgId: number }
}

/** Proves a book against the bank's files of the business dates given, oldest first. */
export async function matchStatement(
  sources: Sources,
  book: number,
  dates: readonly string[],
): Promise<Proof> {
  const { db, desk } = sources
  const channel = desk.channel(book)
  const differences: Difference[] = []
  const files: ProvedFile[] = []
  const read: StatementFile[] = []
  for (const date of dates) {
    for (const kind of FILE_KINDS) {
      if (kind === 'balances' && date !== dates.at(-1)) continue
      const file = await channel.statement(kind, date)
      if ('problem' in file) {
        files.push({ kind, date, rows: 0, matched: 0, problem: file.says })
        const missing = file.problem === 'refused' ? 'statement_refused' : 'statement_missing'
        const reference = fileReference({ kind, date })
        differences.push({ kind: missing, amount: 0n, side: 'bank', reference, detail: file.says })
      } else read.push(file)
    }
  }
  await recordPayIns(sources, book, read)
  const inbound = await listInbound(db, { book, channel: channel.name })
  const instructions = await listInstructions(db, book)
  for (const file of read) {
    const found = file.kind === 'balances' ? [] : matchRows(file, { inbound, instructions })
    differences.push(...found)
    const wrong = new Set(found.map(({ reference }) => reference)).size
    files.push({
      kind: file.kind,
      date: file.date,
      rows: file.rows.length,
      matched: file.rows.length - wrong,
    })
  }
  differences.push(
    ...missingCalls(read, { dates, instructions, day: (at) => channel.businessDate(at) }),
  )
  const last = read.find((file) => file.kind === 'balances')
  const balances = last === undefined ? [] : await matchBalances(sources, book, last)
  for (const { subAccount, ours, bank } of balances) {
    if (ours === bank) continue
    differences.push({
      kind: 'balance_differs',
      amount: bank > ours ? bank - ours : ours - bank,
      side: bank > ours ? 'bank' : 'ours',
      reference: subAccount,
      detail: `sub-account ${subAccount}: ${ours} minor units in our book, ${bank} at the bank`,
    })
  }
  const ours = await posted(sources, book, sources.pool.cash)
  const bank = last?.total ?? (await channel.poolBalance())
  await nameDifferences(sources, book, differences)
  await closeFileItems(sources, book, read)
  return {
    dates,
    files,
    balances,
    pool: { ours, bank },
    difference: bank - ours,
    differences,
    equal: differences.length === 0 && bank === ours,
  }
}

/** What the file knows and we do not is recorded now, as a notice or the list would have. */
async function recordPayIns(
  { desk, db }: Sources,
  book: number,
  files: readonly StatementFile[],
): Promise<void> {
  const channel = desk.channel(book)
  const known = new Set(
    (await listInbound(db, { book, channel: channel.name })).map(({ flow }) => flow),
  )
  const { suspense } = channel.functionAccounts
  for (const file of files) {
    if (file.kind !== 'pay_ins') continue
    for (const row of file.rows) {
      if (known.has(row.flow)) continue
      const kind = row.to === suspense ? 'suspense' : 'credited'
      const { flow, to: subAccount, amount, memo } = row
      const inbound = {
        flow,
        subAccount,
        amount,
        currency: 'CNY',
        kind,
        memo,
        date: file.date,
      } as const
      await desk.recordInbound(book, inbound, 'file')
    }
  }
}

interface Ours {
  readonly inbound: readonly RecordedInbound[]
  readonly instructions: readonly Instruction[]
}

/** Which of our calls stand in which file. */
const OPERATIONS: Partial<Record<StatementFile['kind'], readonly Operation[]>> = {
  withdrawals: ['withdraw'],
  transfers: ['freeze', 'unfreeze', 'pay'],
}

/** What a file tells that our rows do not, and the other way round. Reads only. */
export function matchRows(file: StatementFile, ours: Ours): Difference[] {
  return file.kind === 'pay_ins' ? matchPayIns(file, ours) : matchCalls(file, ours)
}

function matchPayIns(file: StatementFile, { inbound }: Ours): Difference[] {
  const differences: Difference[] = []
  const byFlow = new Map(inbound.map((entry) => [entry.flow, entry]))
  for (const row of file.rows) {
    const entry = byFlow.get(row.flow)
    const where = `pay-in ${row.flow} to ${row.to}`
    if (entry === undefined || entry.state !== 'booked') {
      const detail = `${where}: ${row.amount} minor units at the bank, not booked by us`
      differences.push(difference('statement_flow_unknown', row.flow, row.amount, detail))
    } else if (entry.amount !== row.amount || entry.subAccount !== row.to) {
      const detail = `${where}: ${row.amount} minor units at the bank, ${entry.amount} in our book`
      differences.push(
        difference('statement_amount_differs', row.flow, row.amount - entry.amount, detail),
      )
    }
  }
  const told = new Set(file.rows.map(({ flow }) => flow))
  for (const { flow, amount, state, date } of inbound) {
    if (date !== file.date || state !== 'booked' || told.has(flow)) continue
    const detail = `pay-in ${flow}: ${amount} minor units in our book, not in the bank's file`
    differences.push(difference('statement_flow_missing', flow, -amount, detail))
  }
  return differences
}

/** Rows of one reference together are one call of ours: a payment has a row for each leg. */
function matchCalls(file: StatementFile, { instructions }: Ours): Difference[] {
  const differences: Difference[] = []
  const operations = OPERATIONS[file.kind] ?? []
  const byReference = new Map(instructions.map((each) => [each.reference, each]))
  const groups = new Map<string, StatementRow[]>()
  for (const row of file.rows) {
    const key = row.reference === '' ? `flow ${row.flow}` : row.reference
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  for (const [reference, rows] of groups) {
    const amount = rows.reduce((sum, row) => sum + row.amount, 0n)
    const call = byReference.get(reference)
    if (call === undefined || call.state !== 'succeeded' || !operations.includes(call.operation)) {
      const state = call === undefined ? 'unknown to us' : `${call.state} with us`
      const detail = `${reference}: ${amount} minor units at the bank, ${state}`
      differences.push(difference('statement_flow_unknown', reference, amount, detail))
    } else if (call.amount !== amount) {
      const detail = `${reference}: ${amount} minor units at the bank, ${call.amount} in our book`
      differences.push(
        difference('statement_amount_differs', reference, amount - call.amount, detail),
      )
    }
  }
  return differences
}

/**
 * Calls that succeeded with us and stand in no file. One is looked for only when all the dates on
 * which the bank may have acted are among the files read.
 */
function missingCalls(
  files: readonly StatementFile[],
  ours: {
    dates: readonly string[]
    instructions: readonly Instruction[]
    day: (at: number) => string
  },
): Difference[] {
  const differences: Difference[] = []
  for (const [kind, operations] of Object.entries(OPERATIONS)) {
    const ofKind = files.filter((file) => file.kind === kind)
    const whole = ours.dates.every((date) => ofKind.some((file) => file.date === date))
    if (!whole) continue
    const told = new Set(ofKind.flatMap(({ rows }) => rows.map(({ reference }) => reference)))
    for (const call of ours.instructions) {
      if (call.state !== 'succeeded' || !operations.includes(call.operation)) continue
      const days = [ours.day(call.sendBefore ?? call.movedAt), ours.day(call.movedAt)]
      if (!days.every((day) => ours.dates.includes(day)) || told.has(call.reference)) continue
      const { reference, amount } = call
      const detail = `${reference}: ${amount} minor units in our book, not in the bank's files`
      differences.push(difference('statement_flow_missing', reference, -amount, detail))
    }
  }
  return differences
}

function difference(
  kind: OpenItem['kind'],
  reference: string,
  more: bigint,
  detail: string,
): Difference {
  const side = more < 0n ? 'ours' : 'bank'
  return { kind, reference, amount: more < 0n ? -more : more, side, detail }
}

async function posted({ ledger }: Sources, book: number, account: Uuid): Promise<bigint> {
  const writer = ledger.writer(book)
  const balance = await writer.balance(account)
  if (balance === undefined) return 0n
  const net = balance.debitsPosted - balance.creditsPosted
  return writer.account(account)?.side === 'debit' ? net : -net
}

/** Our accounts gathered under the bank's sub-accounts, beside the bank's balances. */
async function matchBalances(
  sources: Sources,
  book: number,
  file: StatementFile,
): Promise<ProvedBalance[]> {
  const { functionAccounts } = sources.desk.channel(book)
  const ours = new Map<string, bigint>()
  const add = async (subAccount: string, account: Uuid) => {
    ours.set(subAccount, (ours.get(subAccount) ?? 0n) + (await posted(sources, book, account)))
  }
  const holdings = await reads.listHoldings(sources.db, book)
  // The bank has no part of what channels still owe.
  const coming = await sources.clearing.onItsWay(
    book,
    holdings.map(({ ledgerAccount }) => ledgerAccount),
  )
  for (const holding of holdings) {
    const { uncleared = 0n } = coming.get(holding.ledgerAccount) ?? {}
    const guaranteed = holding.purpose === 'guarantee'
    const subAccount = guaranteed ? functionAccounts.guarantee : holding.subAccount
    if (subAccount === '') continue
    await add(subAccount, holding.ledgerAccount)
    ours.set(subAccount, (ours.get(subAccount) ?? 0n) - uncleared)
  }
  await add(functionAccounts.suspense, sources.pool.suspense)
  await add(functionAccounts.transit, sources.pool.payouts)
  const bank = new Map<string, bigint>()
  for (const { to, amount } of file.rows) bank.set(to, (bank.get(to) ?? 0n) + amount)
  const names = [...new Set([...ours.keys(), ...bank.keys()])].sort()
  return names.map((subAccount) => ({
    subAccount,
    ours: ours.get(subAccount) ?? 0n,
    bank: bank.get(subAccount) ?? 0n,
  }))
}

/** A file that could be read after all settles what was said of it before. */
async function closeFileItems(
  { db, ledger }: Sources,
  book: number,
  files: readonly StatementFile[],
): Promise<void> {
  const read = new Set(files.map(fileReference))
  for (const { id, kind, reference } of await reads.listOpenItems(db, book)) {
    const aboutFile = kind === 'statement_missing' || kind === 'statement_refused'
    if (!aboutFile || !read.has(reference)) continue
    await ledger.writer(book).submit({
      roots: [`open_item:${id}`],
      effects: [applied(store.closeOpenItem, { id })],
    })
  }
}

const fileReference = ({ kind, date }: Pick<StatementFile, 'kind' | 'date'>) => `${kind}/${date}`

/** Differences become open items; one that is open already, or was closed, is opened by its next number. */
async function nameDifferences(
  { db, clock, ledger, pool }: Sources,
  book: number,
  differences: readonly Difference[],
): Promise<void> {
  const known = [...(await reads.listOpenItems(db, book, { all: true }))]
  for (const each of differences) {
    const { kind, reference } = each
    const same = known.filter((item) => item.kind === kind && item.reference === reference)
    if (same.some(({ state }) => state === 'open')) continue
    const item = newItem(each, clock.now(), same.length)
    known.push(item)
    await ledger.writer(book).submit({
      roots: [`open_item:${item.id}`],
      effects: [applied(store.insertOpenItem, { orgId: pool.orgId, item })],
    })
  }
}
