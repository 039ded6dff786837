/**
 * Which account rows lag behind memory, oldest first. Rewriting every touched balance in every batch
 * costs as much as the transfers themselves; written at most a second late it costs next to nothing.
 * The transfers since are the tail that a start replays.
 */
import { Column, OID } from '#base'
import type { Memory, Undo } from './memory.ts'

/** Under load a balance is written when it has been behind for this long. */
const LATE_MS = 900

export class DirtyAccounts {
  private queue: number[] = []
  private head = 0
  private flagged = new Uint8Array(1024)
  private since = new Float64Array(1024)
  private at = new Float64Array(1024)

  /** Notes an account first changed by the batch that begins with transfer `firstId`. */
  add(account: number, firstId: number, mono: number): void {
    if (account >= this.flagged.length) this.grow(account)
    if (this.flagged[account] === 1) return
    this.flagged[account] = 1
    this.since[account] = firstId
    this.at[account] = mono
    this.queue.push(account)
  }

  get size(): number {
    return this.queue.length - this.head
  }

  /**
   * Takes the accounts to be written now: all when idle, else the old ones. `behind` gets, for each,
   * the transfer from which on its row lacks changes.
   */
  take(mono: number, idle: boolean, behind: number[]): number[] {
    const taken: number[] = []
    while (this.head < this.queue.length) {
      const account = this.queue[this.head]!
      const age = mono - this.at[account]!
      if (!idle && age < LATE_MS) break
      this.head += 1
      this.flagged[account] = 0
      taken.push(account)
      behind.push(this.since[account]!)
    }
    if (this.head > 65_536 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head)
      this.head = 0
    }
    return taken
  }

  /**
   * Gives back what a failed batch took: they are the oldest again, as far behind as they were, also
   * those that a later batch has changed meanwhile. Were they to count from that later change, a
   * start would replay from too late.
   */
  putBack(accounts: readonly number[], behind: readonly number[]): void {
    const back = new Set(accounts.slice(0, behind.length))
    for (const [index, since] of behind.entries()) {
      const account = accounts[index]!
      this.flagged[account] = 1
      this.since[account] = since
    }
    const rest = this.queue.slice(this.head).filter((account) => !back.has(account))
    this.queue = [...back, ...rest]
    this.head = 0
  }

  /** The transfer up to which every account row is complete, given the last one decided. */
  completeUpTo(lastId: number): number {
    const oldest = this.queue[this.head]
    return oldest === undefined ? lastId : this.since[oldest]! - 1
  }

  private grow(account: number): void {
    const size = Math.max(this.flagged.length * 2, account + 1)
    const flagged = new Uint8Array(size)
    flagged.set(this.flagged)
    this.flagged = flagged
    const grown = (from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(size)
      larger.set(from)
      return larger
    }
    this.since = grown(this.since)
    this.at = grown(this.at)
  }
}

/** Account rows as they stand in memory when a batch is decided. */
export class AccountRows {
  private readonly number = new Column(OID.int4)
  private readonly counters = [0, 1, 2, 3].map(() => new Column(OID.int8))
  private readonly lastEntry = new Column(OID.int8)
  private readonly limit = new Column(OID.int8)
  private readonly state = new Column(OID.int2)
  private readonly all = [this.number, ...this.counters, this.lastEntry, this.limit, this.state]

  get count(): number {
    return this.number.count
  }

  reset(): void {
    for (const column of this.all) column.reset()
  }

  fill(memory: Memory, accounts: readonly number[]): void {
    for (const account of accounts) {
      this.number.int4(account + 1)
      for (const [index, column] of this.counters.entries()) {
        column.big(memory.counters[index]![account]!)
      }
      this.lastEntry.int8(memory.lastEntry[account]!)
      if (memory.limited(account)) this.limit.big(memory.limit[account]!)
      else this.limit.null()
      this.state.int2(memory.state[account]!)
    }
  }

  params(): Buffer[] {
    return this.all.map((column) => column.param())
  }
}

/** Marks every account that a batch changed. */
export function noteChanges(
  dirty: DirtyAccounts,
  undo: Undo,
  batch: { firstId: number; mono: number },
): void {
  for (let index = 0; index < undo.count; index += 1) {
    dirty.add(undo.accountAt(index), batch.firstId, batch.mono)
  }
}
