/**
 * The judge: what lies in the database against what the callers were told. It shares no code with
 * the ledger; it reads the rows in order and works every balance out again.
 */
import type pg from 'pg'
import type { Balance } from '../../server/src/ledger/index.ts'
import type { Entry } from './journal.ts'
import { CHAOS_BOOK } from './messages.ts'

export interface Verdict {
  /** Accepted for the caller, and not in the ledger with that content under that number. */
  lost: number
  /** In the ledger twice, or though the caller was told otherwise, or never asked for. */
  doubled: number
  /** Accounts whose balance, limit or holds do not follow from the transfers. */
  wrongBalances: number
  /** Commands of which only the money or only the row effect is there. */
  torn: number
  /** Requests refused for their data or a moved row, though nothing is wrong with either. */
  wrongAnswers: number
  /** The first few findings, in words. */
  readonly findings: string[]
}

const FINDINGS_SHOWN = 10

export function newVerdict(): Verdict {
  return { lost: 0, doubled: 0, wrongBalances: 0, torn: 0, wrongAnswers: 0, findings: [] }
}

function find(verdict: Verdict, count: Exclude<keyof Verdict, 'findings'>, what: string) {
  verdict[count] += 1
  if (verdict.findings.length < FINDINGS_SHOWN) verdict.findings.push(`${count}: ${what}`)
}

interface Row {
  id: bigint
  key: string | null
  leg: number
  type: number
  debit: number
  credit: number
  amount: bigint
  debit_after: bigint
  credit_after: bigint
  subject_id: bigint | null
}

interface AccountRow {
  number: number
  id: string
  side: 'debit' | 'credit'
  credit_limit: bigint | null
  debits_posted: bigint
  credits_posted: bigint
  debits_pending: bigint
  credits_pending: bigint
  as_of_id: bigint
}

interface HoldRow {
  id: bigint
  debit: number
  credit: number
  remaining: bigint
}

const TYPES = ['post', 'hold', 'release', 'void', 'expire', 'reverse'] as const

export interface JudgeOptions {
  /** A connection past the proxies, with int8 read as bigint. */
  readonly client: pg.Client
  /** Every request of the run. One without an ending may be booked or not. */
  readonly entries: readonly Entry[]
  /** Ids booked before the load began. */
  readonly known: ReadonlySet<string>
  /** What the owner holds in memory, by account id. */
  readonly inMemory: ReadonlyMap<string, Balance>
}

/** Reads the whole book and judges it. The load must be at rest. */
export async function judge(options: JudgeOptions): Promise<Verdict> {
  const { client } = options
  const verdict = newVerdict()
  const all = async <T extends object>(sql: string): Promise<T[]> => {
    return (await client.query(sql, [CHAOS_BOOK])).rows as T[]
  }
  const rows = await all<Row>(
    `select id, key::text, leg, type, debit, credit, amount, debit_after, credit_after, subject_id
     from ledger.transfer where book_id = $1 order by id`,
  )
  const accounts = await all<AccountRow>(
    `select number, id::text, side, credit_limit, debits_posted, credits_posted, debits_pending,
       credits_pending, as_of_id from ledger.account where book_id = $1 order by number`,
  )
  const holds = await all<HoldRow>(
    'select id, debit, credit, remaining from ledger.hold where book_id = $1',
  )
  const marks = await all<{ id: string }>('select id from chaos.mark where book_id = $1')
  const book = { rows, accounts, byKey: byKey(rows, verdict) }
  judgeRequests(options, book, verdict)
  judgeEffects(options, book, new Set(marks.map(({ id }) => id)), verdict)
  judgeBalances(options, book, holds, verdict)
  return verdict
}

interface BookRead {
  readonly rows: readonly Row[]
  readonly accounts: readonly AccountRow[]
  /** Legs of every transfer, by its id. */
  readonly byKey: ReadonlyMap<string, readonly Row[]>
}

const hex = (uuid: string) => uuid.replaceAll('-', '')

function byKey(rows: readonly Row[], verdict: Verdict): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  let legs: Row[] = []
  let last: Row | undefined
  for (const row of rows) {
    if (last !== undefined && row.id !== last.id + 1n) {
      find(verdict, 'lost', `the numbers jump from ${last.id} to ${row.id}`)
    }
    last = row
    if (row.key === null) {
      legs.push(row)
      continue
    }
    legs = [row]
    const key = hex(row.key)
    if (found.has(key)) find(verdict, 'doubled', `${key} is booked twice, the second as ${row.id}`)
    else found.set(key, legs)
  }
  return found
}

function judgeRequests({ entries, known }: JudgeOptions, book: BookRead, verdict: Verdict): void {
  const idOf = new Map(book.accounts.map(({ number, id }) => [number, hex(id)]))
  const asked = new Set<string>()
  for (const { work, ending, contradictions } of entries) {
    const { id } = work.request
    asked.add(id)
    const legs = book.byKey.get(id)
    for (const other of contradictions) {
      find(verdict, 'doubled', `${id} was answered ${ending?.kind} and ${other.kind}`)
    }
    const mark = work.kind === 'command' ? work.mark : 'moves'
    const expected = { data: 'poison', stale: 'stale' }
    if ((ending?.kind === 'data' || ending?.kind === 'stale') && mark !== expected[ending.kind]) {
      find(verdict, 'wrongAnswers', `${work.request.type} ${id} was answered ${ending.kind}`)
    }
    if (ending?.kind === 'accepted') {
      const why = differs(work.request, legs, ending.number, { book, idOf })
      if (why !== undefined) find(verdict, 'lost', `${id} was accepted and ${why}`)
    } else if (ending !== undefined && legs !== undefined) {
      find(verdict, 'doubled', `${id} was answered ${ending.kind} and is booked`)
    }
  }
  for (const key of book.byKey.keys()) {
    if (!asked.has(key) && !known.has(key)) find(verdict, 'doubled', `nobody asked for ${key}`)
  }
}

/** How the booked legs differ from what was asked for; `undefined` when they do not. */
function differs(
  request: Entry['work']['request'],
  legs: readonly Row[] | undefined,
  number: bigint,
  { book, idOf }: { book: BookRead; idOf: ReadonlyMap<number, string> },
): string | undefined {
  const first = legs?.[0]
  if (legs === undefined || first === undefined) return 'is not booked'
  if (first.id !== number) return `is booked as ${first.id} instead of ${number}`
  if (TYPES[first.type] !== request.type) return `is booked as ${TYPES[first.type]}`
  const booked = legs.map((leg) => `${idOf.get(leg.debit)} ${idOf.get(leg.credit)} ${leg.amount}`)
  const expected: string[] = []
  if (request.type === 'post') {
    for (const leg of request.legs) expected.push(`${leg.debit} ${leg.credit} ${leg.amount}`)
  } else if (request.type === 'hold') {
    expected.push(`${request.debit} ${request.credit} ${request.amount}`)
  } else if (request.type === 'reverse') {
    const subject = book.byKey.get(request.subject)
    if (subject === undefined) return 'its subject is not booked'
    if (first.subject_id !== subject[0]!.id) return `is booked on transfer ${first.subject_id}`
    for (const { debit, credit, amount } of [...subject].reverse()) {
      expected.push(`${idOf.get(credit)} ${idOf.get(debit)} ${amount}`)
    }
  } else if (request.type === 'release' || request.type === 'void') {
    const hold = book.byKey.get(request.hold)?.[0]
    if (hold === undefined) return 'its hold is not booked'
    if (first.subject_id !== hold.id) return `is booked on hold ${first.subject_id}`
    // Without parts the amount is what was left; the replay below judges that.
    if (request.type === 'void' || request.parts === undefined) return undefined
    for (const { credit, amount } of request.parts) {
      expected.push(`${idOf.get(hold.debit)} ${credit ?? idOf.get(hold.credit)} ${amount}`)
    }
  }
  return booked.join() === expected.join()
    ? undefined
    : `is booked with other legs: ${booked.join()}`
}

/** The money and the row effect of a command are both there or both not. */
function judgeEffects(
  { entries }: JudgeOptions,
  book: BookRead,
  marks: ReadonlySet<string>,
  verdict: Verdict,
): void {
  for (const { work } of entries) {
    if (work.kind !== 'command') continue
    const { id } = work.request
    if (book.byKey.has(id) !== marks.has(id)) {
      find(verdict, 'torn', `${id}: money ${book.byKey.has(id)}, effect ${marks.has(id)}`)
    }
  }
}

/** debitsPosted, creditsPosted, debitsPending, creditsPending. */
type Counters = [bigint, bigint, bigint, bigint]

interface Replayed {
  readonly account: AccountRow
  readonly counters: Counters
  /** The counters as of the account row's own point. */
  stored: Counters
}

function judgeBalances(
  { inMemory }: JudgeOptions,
  { rows, accounts }: BookRead,
  holds: readonly HoldRow[],
  verdict: Verdict,
): void {
  const wrong = new Set<number>()
  const blame = (number: number, what: string) => {
    if (wrong.has(number)) return
    wrong.add(number)
    find(verdict, 'wrongBalances', `account ${number}: ${what}`)
  }
  const replayed = new Map<number, Replayed>(
    accounts.map((account) => {
      return [account.number, { account, counters: [0n, 0n, 0n, 0n], stored: [0n, 0n, 0n, 0n] }]
    }),
  )
  const remaining = replay(rows, replayed, blame)
  for (const { account, counters, stored } of replayed.values()) {
    const row = [
      account.debits_posted,
      account.credits_posted,
      account.debits_pending,
      account.credits_pending,
    ]
    if (row.join() !== stored.join()) {
      blame(account.number, `holds ${row} as of ${account.as_of_id}, the transfers make ${stored}`)
    }
    const held = inMemory.get(hex(account.id))
    const memory = held && [
      held.debitsPosted,
      held.creditsPosted,
      held.debitsPending,
      held.creditsPending,
    ]
    if (memory?.join() !== counters.join()) {
      blame(account.number, `is ${memory} for its owner, the transfers make ${counters}`)
    }
  }
  for (const hold of holds) {
    const left = remaining.get(hold.id)
    if (left !== hold.remaining) {
      blame(hold.debit, `hold ${hold.id} keeps ${hold.remaining}, the transfers leave ${left}`)
    }
  }
}

/** Goes through the rows in order; returns what each hold keeps. */
function replay(
  rows: readonly Row[],
  accounts: ReadonlyMap<number, Replayed>,
  blame: (number: number, what: string) => void,
): Map<bigint, bigint> {
  const holds = new Map<bigint, { row: Row; left: bigint }>()
  for (const row of rows) {
    const debit = accounts.get(row.debit)!
    const credit = accounts.get(row.credit)!
    const type = TYPES[row.type]!
    const touched = new Set([debit, credit])
    if (type === 'hold') {
      holds.set(row.id, { row, left: row.amount })
      debit.counters[2] += row.amount
      credit.counters[3] += row.amount
    } else if (type !== 'post' && type !== 'reverse') {
      const hold = holds.get(row.subject_id ?? 0n)
      if (hold === undefined) {
        blame(row.debit, `row ${row.id} ends hold ${row.subject_id}, which there is not`)
        continue
      }
      hold.left -= row.amount
      const promised = accounts.get(hold.row.credit)!
      accounts.get(hold.row.debit)!.counters[2] -= row.amount
      promised.counters[3] -= row.amount
      touched.add(promised)
      if (hold.left < 0n) {
        const before = hold.left + row.amount
        blame(
          row.debit,
          `${type} ${row.id} takes ${row.amount} of hold ${hold.row.id}, which kept ${before}`,
        )
      }
    }
    if (type === 'post' || type === 'reverse' || type === 'release') {
      debit.counters[0] += row.amount
      credit.counters[1] += row.amount
    }
    if (net(debit) !== row.debit_after)
      blame(row.debit, `row ${row.id} says ${row.debit_after} after it`)
    if (net(credit) !== row.credit_after) {
      blame(row.credit, `row ${row.id} says ${row.credit_after} after it`)
    }
    if (room(debit) < 0n) blame(row.debit, `falls through its limit at row ${row.id}`)
    for (const one of touched) {
      if (row.id <= one.account.as_of_id) one.stored = [...one.counters]
    }
  }
  return new Map([...holds].map(([id, { left }]) => [id, left]))
}

const net = ({ counters }: Replayed) => counters[0] - counters[1]

/** What may still leave an account that grows on the credit side; others have no limit here. */
function room({ account, counters }: Replayed): bigint {
  if (account.side === 'debit' || account.credit_limit === null) return 0n
  return counters[1] - counters[0] - counters[2] + account.credit_limit
}
