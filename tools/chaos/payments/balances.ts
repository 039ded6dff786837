/**
 * Our balances against the rails': what a channel owes us is what it holds for us, and our cash is what
 * the bank and the rails we pay from hold. A difference is only what an open item names.
 */
import type { Uuid } from '../../../server/src/base/index.ts'
import { bookId } from '../../../server/src/ledger/index.ts'
import { transitId } from '../../../server/src/payments/index.ts'
import type { RailName } from '../../rails/names.ts'
import type { Finding, Held } from './judge.ts'
import { FUNDED_RAILS, type Stage } from './stage.ts'

export async function judgeBalances(held: Held): Promise<Finding[]> {
  const { stage } = held
  const { books } = stage
  const findings: string[] = []
  const payoutsAtUnionpay = prefund(stage)
  for (const name of Object.keys(FUNDED_RAILS) as RailName[]) {
    const there = stage.admin(name).balance() - (name === 'unionpay' ? payoutsAtUnionpay : 0n)
    const ours = await debit(stage, books.pool, transitId(books.pool, name))
    const named = await namedItems(stage, name)
    if (ours - named !== there) {
      const days = await settlements(stage, name)
      findings.push(`transit of ${name}: ours ${ours}, named ${named}, there ${there}; ${days}`)
    }
  }
  const offline = await debit(stage, books.pool, transitId(books.pool, 'offline-transfer'))
  if (offline !== 0n)
    findings.push(`transit of offline transfers: ${offline}, nothing is on its way`)

  const cash = stage.platform().ledger.writer(books.pool).accountByCode('1012.02')!.id
  const ours = await debit(stage, books.pool, cash)
  const bank = stage.admin('bank-direct').balance()
  const there = bank + stage.admin('netsunion').balance() + payoutsAtUnionpay
  const waiting = await waitingOutside(stage)
  if (ours - waiting !== there) {
    findings.push(`cash: ours ${ours}, waiting to be booked ${waiting}, there ${there}`)
  }
  const owed = await debit(stage, books.pool, transitId(books.pool, bookId(books.own)))
  const owes = await debit(stage, books.own, transitId(books.own, bookId(books.pool)))
  if (owed + owes !== 0n) findings.push(`between pool and own book: ${owed} and ${owes}`)
  return findings.map((says) => ({ kind: 'unmatched', says }))
}

/** Debits less credits of an account. */
async function debit(stage: Stage, book: number, id: Uuid): Promise<bigint> {
  const balance = await stage.platform().ledger.writer(book).balance(id)
  return balance === undefined ? 0n : balance.debitsPosted - balance.creditsPosted
}

/** What UnionPay holds for payouts; the rest of its balance is collected money. */
function prefund(stage: Stage): bigint {
  return stage
    .admin('unionpay')
    .movements()
    .filter(({ kind, reference }) =>
      kind === 'funding' ? reference === 'opening balance' : PAID.has(kind),
    )
    .reduce((sum, { amount }) => sum + amount, 0n)
}

const PAID: ReadonlySet<string> = new Set(['pay', 'payout_returned'])

/**
 * What open items say of a difference: fees of rows that were not booked, and funding that was denied
 * and moved after all. The latter is an unknown debit of our cash; nobody has yet said that it came here.
 */
async function namedItems(stage: Stage, channel: string): Promise<bigint> {
  const denied = await deniedFunding(stage, channel)
  return channel === 'unionpay' ? -denied : (await unbookedFees(stage, channel)) - denied
}

async function unbookedFees({ db, books }: Stage, channel: string): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint | null }>(
    `select sum(fee)::int8 as sum from payments.settlement_row
     where book_id = $1 and channel = $2 and direction in ('collect', 'refund')
       and state in ('unknown', 'differs', 'repeated')`,
    [books.pool, channel],
  )
  return row?.sum ?? 0n
}

/** Each needs its open exception: without one it is a difference that nobody knows of. */
async function deniedFunding({ db, books }: Stage, channel: string): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint | null }>(
    `select sum(e.amount)::int8 as sum
     from payments.outside_entry e
     join payments.exception x on x.book_id = e.book_id and x.kind = e.kind and x.about = e.flow
       and x.state = 'open'
     join payments.attempt a on a.book_id = e.book_id and a.reference = e.flow and a.direction = 'pay'
     join payments.payout o on o.book_id = a.book_id and o.purpose = 'refund_funding'
       and a.owner = 'pout_' || o.book_id || '_' || replace(o.id::text, '-', '')
     join payments.refund_part p on p.book_id = o.book_id and p.channel = $2
       and o.about = 'refp_' || p.book_id || '_' || replace(p.id::text, '-', '')
     where e.book_id = $1 and e.kind = 'unknown_debit' and e.state in ('booked', 'waiting')`,
    [books.pool, channel],
  )
  return row?.sum ?? 0n
}

/** Money that has left the bank and waits to be booked, visibly. */
async function waitingOutside({ db, books }: Stage): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint | null }>(
    `select sum(amount)::int8 as sum from payments.outside_entry
     where book_id = $1 and state = 'waiting'`,
    [books.pool],
  )
  return row?.sum ?? 0n
}

/** The days of a channel as we settled them, and as it did. */
async function settlements({ db, books, rails }: Stage, channel: RailName): Promise<string> {
  const rows = await db.query<{ business_date: string; settled: bigint; state: string }>(
    `select business_date, settled, state from payments.settlement
     where book_id = $1 and channel = $2 order by business_date`,
    [books.pool, channel],
  )
  const ours = rows.map((row) => `${row.business_date} ${row.settled} ${row.state}`)
  const there = rails[channel].admin
    .movements()
    .filter(({ kind }) => kind === 'settlement')
    .map(({ reference, amount }) => `${reference} ${amount}`)
  const lines = await db.query<{ memo: string; taken_as: string; taken_at: Date }>(
    `select memo, taken_as, taken_at from payments.bank_line
     where book_id = $1 and memo <> '' order by taken_at`,
    [books.pool],
  )
  const taken = lines
    .filter(({ memo }) => there.some((each) => each.startsWith(memo)))
    .map((line) => `${line.memo} as ${line.taken_as} at ${line.taken_at.toISOString()}`)
  return `days [${ours}], settled there [${there}], lines [${taken}]`
}
