/**
 * Every account's counters as the transfers make them, one row after the other, in typed arrays so
 * that a million accounts fit. An account row may lag behind the newest transfer: what it must hold is
 * kept apart at the moment the replay passes the transfer up to which the row is complete.
 */
import { CHARTS } from '../charts.ts'
import { type AccountRow, NOTHING, type StoredTransfer, type WrongRow, wrong } from './wrong-row.ts'

/** Types as stored: what posts, and what takes back a hold. */
export const TYPE = { post: 0, hold: 1, release: 2, void: 3, expire: 4, reverse: 5 } as const

const COUNTERS = ['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'] as const
const DEBITS = 0
const CREDITS = 1
const DEBITS_PENDING = 2
const CREDITS_PENDING = 3

export class Balances {
  private counters: BigInt64Array[]
  private last: Float64Array
  /** What the rows must hold; −1 in `kept` until the replay has passed it. */
  private keptCounters: BigInt64Array[]
  private kept: Float64Array
  private asOf: Float64Array
  private debitSide: Uint8Array
  private limit: (bigint | null)[] = []
  private readonly chart: string
  count = 0

  constructor(chart: string) {
    this.chart = chart
    this.counters = COUNTERS.map(() => new BigInt64Array(1024))
    this.keptCounters = COUNTERS.map(() => new BigInt64Array(1024))
    this.last = new Float64Array(1024)
    this.kept = new Float64Array(1024)
    this.asOf = new Float64Array(1024)
    this.debitSide = new Uint8Array(1024)
  }

  /** Makes an account known; its row must be complete up to `checkpoint` at least. */
  add(row: AccountRow, checkpoint: number): WrongRow | undefined {
    if (row.number !== this.count + 1) {
      return wrong('ledger.account', this.count + 1, ['number', this.count + 1, NOTHING])
    }
    const at = this.count
    this.grow(at)
    this.asOf[at] = Math.max(Number(row.as_of_id), checkpoint)
    this.kept[at] = -1
    this.debitSide[at] = row.side === 'debit' ? 1 : 0
    // A limit that was changed says nothing about the past; one that is the chart's was always so.
    const own = CHARTS[this.chart]?.find(({ code }) => code === row.code)?.creditLimit
    this.limit.push(own === row.credit_limit ? row.credit_limit : null)
    this.count += 1
    return undefined
  }

  has(account: number): boolean {
    return account >= 1 && account <= this.count
  }

  /** Applies a row and holds its after-balances and pointers to the replay. */
  apply(
    row: StoredTransfer,
    hold: { debit: number; credit: number } | undefined,
  ): WrongRow | undefined {
    for (const [side, account] of [
      ['debit', row.debit],
      ['credit', row.credit],
    ] as const) {
      if (!this.has(account)) return at(row, [side, 'an account of the book', account])
    }
    if (row.debit === row.credit) return at(row, ['credit', 'another account', row.credit])
    this.move(row, hold)
    const misled = this.checkEnds(row)
    if (misled !== undefined) return misled
    this.last[row.debit - 1] = row.id
    this.last[row.credit - 1] = row.id
    return this.checkRoom(row)
  }

  private move(row: StoredTransfer, hold: { debit: number; credit: number } | undefined): void {
    this.keep(row.debit, row.id)
    this.keep(row.credit, row.id)
    const { type, amount } = row
    if (type === TYPE.post || type === TYPE.reverse || type === TYPE.release) {
      this.counters[DEBITS]![row.debit - 1]! += amount
      this.counters[CREDITS]![row.credit - 1]! += amount
    }
    if (type === TYPE.hold) {
      this.counters[DEBITS_PENDING]![row.debit - 1]! += amount
      this.counters[CREDITS_PENDING]![row.credit - 1]! += amount
    }
    if (hold === undefined) return
    this.keep(hold.debit, row.id)
    this.keep(hold.credit, row.id)
    this.counters[DEBITS_PENDING]![hold.debit - 1]! -= amount
    this.counters[CREDITS_PENDING]![hold.credit - 1]! -= amount
  }

  /** Keeps what the account's row must hold, before a transfer it does not contain yet. */
  private keep(account: number, id: number): void {
    const index = account - 1
    if (this.kept[index] !== -1 || id <= this.asOf[index]!) return
    for (const [counter, kept] of this.keptCounters.entries()) {
      kept[index] = this.counters[counter]![index]!
    }
    this.kept[index] = this.last[index]!
  }

  private net(account: number): bigint {
    return this.counters[DEBITS]![account - 1]! - this.counters[CREDITS]![account - 1]!
  }

  /** Compares both entries of a row; says which column is the odd one out. */
  private checkEnds(row: StoredTransfer): WrongRow | undefined {
    const ends = [
      { side: 'debit', account: row.debit, prev: row.debitPrev, after: row.debitAfter },
      { side: 'credit', account: row.credit, prev: row.creditPrev, after: row.creditAfter },
    ] as const
    const broken = ends.map((end) => ({
      ...end,
      lastEntry: this.last[end.account - 1]!,
      net: this.net(end.account),
    }))
    const posts = row.type !== TYPE.hold && row.type !== TYPE.void && row.type !== TYPE.expire
    const [debit, credit] = broken
    if (debit === undefined || credit === undefined) return undefined
    const pointersRight = debit.prev === debit.lastEntry && credit.prev === credit.lastEntry
    // Both balances off by the same sum in the directions of the entry: the amount was changed.
    const off = debit.after - debit.net
    if (posts && pointersRight && off !== 0n && credit.net - credit.after === off) {
      const amount = row.amount + off
      if (amount === 0n) return at(row, ['type', 'one that posts nothing', row.type])
      return at(row, ['amount', amount, row.amount])
    }
    for (const end of broken) {
      const { side, account, prev, after, lastEntry, net } = end
      if (prev !== lastEntry && after !== net) {
        return at(row, [side, `the account whose newest entry was ${prev}`, account])
      }
      if (prev !== lastEntry) return at(row, [`${side}_prev`, lastEntry, prev])
      if (after !== net) return at(row, [`${side}_after`, net, after])
    }
    return undefined
  }

  /** No account may have been below its limit after any row. */
  private checkRoom(row: StoredTransfer): WrongRow | undefined {
    for (const [side, account] of [
      ['debit', row.debit],
      ['credit', row.credit],
    ] as const) {
      const index = account - 1
      const limit = this.limit[index]
      if (limit === null || limit === undefined) continue
      const debitSide = this.debitSide[index] === 1
      const pending = this.counters[debitSide ? CREDITS_PENDING : DEBITS_PENDING]![index]!
      const posted = debitSide ? this.net(account) : -this.net(account)
      if (posted - pending < -limit) {
        return at(row, [side, `account ${account} at or above ${-limit}`, posted - pending])
      }
    }
    return undefined
  }

  /** Holds an account row to the replay. */
  check(row: AccountRow): WrongRow | undefined {
    const index = row.number - 1
    const passed = this.kept[index] !== -1
    const source = passed ? this.keptCounters : this.counters
    for (const [counter, name] of COUNTERS.entries()) {
      const expected = source[counter]![index]!
      if (row[name] !== expected)
        return wrong('ledger.account', row.number, [name, expected, row[name]])
    }
    const expected = passed ? this.kept[index]! : this.last[index]!
    if (Number(row.last_entry) === expected) return undefined
    return wrong('ledger.account', row.number, ['last_entry', expected, row.last_entry])
  }

  private grow(at: number): void {
    if (at < this.last.length) return
    const size = this.last.length * 2
    const larger = (from: BigInt64Array) => {
      const to = new BigInt64Array(size)
      to.set(from)
      return to
    }
    const wider = (from: Float64Array) => {
      const to = new Float64Array(size)
      to.set(from)
      return to
    }
    this.counters = this.counters.map(larger)
    this.keptCounters = this.keptCounters.map(larger)
    this.last = wider(this.last)
    this.kept = wider(this.kept)
    this.asOf = wider(this.asOf)
    const sides = new Uint8Array(size)
    sides.set(this.debitSide)
    this.debitSide = sides
  }
}

function at(row: StoredTransfer, what: readonly [string, unknown, unknown]): WrongRow {
  return wrong('ledger.transfer', row.id, what)
}
