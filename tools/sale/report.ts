/** What a sale comes to: who paid and got what, our book summed, and the proof against the bank's files. */
import type { Instruction, RecordedInbound } from '../../server/src/channels/index.ts'
import type { Case, Custody, OpenItem, Proof } from '../../server/src/custody/index.ts'
import type { Ledger } from '../../server/src/ledger/index.ts'
import type { LegLine, RailOfSale } from './legs.ts'
import { type Pace, WEEKEND_DAYS } from './pace.ts'

export interface BookLine {
  readonly code: string
  readonly name: string
  /** All that was ever posted on either side, minor units. */
  readonly debits: bigint
  readonly credits: bigint
  /** On the account's own side. */
  readonly balance: bigint
}

export interface SaleReport {
  readonly case: Case
  readonly trialBalance: readonly BookLine[]
  readonly proof: Proof
  readonly items: readonly OpenItem[]
  readonly instructions: readonly Instruction[]
  /** What each role paid in and was paid out, minor units. */
  readonly totals: Readonly<Record<string, { readonly in: bigint; readonly out: bigint }>>
  /** The case came to its end: completed, or returned where it was meant to fail. */
  readonly finished: boolean
  /** Each leg of the tranches, where they were paid over rails. */
  readonly legs: readonly LegLine[]
  /** What each rail's own book says of its legs. */
  readonly rails: readonly RailOfSale[]
}

const DAY_MS = 86_400_000

/** A payout that came back was not paid. */
export function totals(view: Case, inbound: readonly RecordedInbound[]): SaleReport['totals'] {
  const each: Record<string, { in: bigint; out: bigint }> = {}
  for (const { role } of view.parties) each[role] = { in: 0n, out: 0n }
  for (const step of view.steps) {
    const total = each[step.role]!
    if (step.kind === 'collect') total.in += step.received
    if (step.kind === 'withdraw' && step.state === 'done') total.out += step.amount
  }
  for (const { kind, subAccount, amount } of inbound) {
    const role = view.parties.find((party) => party.subAccount === subAccount)?.role
    if (kind === 'returned' && role !== undefined) each[role]!.out -= amount
  }
  return each
}

/** The case's accounts and the pool's; those of other cases in one line for each code, so that it sums. */
export async function trialBalance(ledger: Ledger, book: number, view: Case): Promise<BookLine[]> {
  const writer = ledger.writer(book)
  const own = new Map(view.accounts.map(({ ledgerAccount, name }) => [ledgerAccount, name]))
  const lines = new Map<string, BookLine>()
  for (let after = 0; ; ) {
    const accounts = writer.accounts(after, 1_000)
    for (const { id, code, name, side } of accounts) {
      const balance = await writer.balance(id)
      if (balance === undefined) continue
      const { debitsPosted: debits, creditsPosted: credits } = balance
      const pools = POOL_CODES.includes(code)
      const title = own.get(id) ?? (pools ? name : 'other cases')
      const net = side === 'debit' ? debits - credits : credits - debits
      const line = { code, name: title, debits, credits, balance: net }
      const key = `${code} ${title}`
      lines.set(key, added(lines.get(key), line))
    }
    const last = accounts.at(-1)
    if (last === undefined) break
    after = last.number
  }
  return [...lines.values()].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
}

const POOL_CODES = ['1012.02', '1221.01', '2241.04', '2241.06']

function added(sum: BookLine | undefined, line: BookLine): BookLine {
  if (sum === undefined) return line
  return {
    ...line,
    debits: sum.debits + line.debits,
    credits: sum.credits + line.credits,
    balance: sum.balance + line.balance,
  }
}

const PROOF_TRIES = 3
const WAIT_FOR_FILE_MS = 600_000

export interface ProofAt {
  readonly custody: Custody
  readonly book: number
  readonly pace: Pace
}

/** Waits for the files to be made, where days can pass, and compares; a broken file is fetched again. */
export async function proveAll(at: ProofAt, began: number): Promise<Proof> {
  const { custody, book, pace } = at
  if (pace.movesDays) await pace.pass(WEEKEND_DAYS * DAY_MS)
  const channel = custody.desk.channel(book)
  const until = pace.movesDays ? pace.now() - DAY_MS : pace.now()
  const dates: string[] = []
  for (let at = began; at <= until; at += DAY_MS) dates.push(channel.businessDate(at))
  const last = channel.businessDate(until)
  if (!dates.includes(last)) dates.push(last)
  let proof = await custody.prove(book, dates)
  for (let tries = 1; tries < PROOF_TRIES && proof.files.some((file) => file.problem); tries += 1) {
    await pace.pass(WAIT_FOR_FILE_MS)
    proof = await custody.prove(book, dates)
  }
  return proof
}
