/**
 * One book in memory: what the writer decides on. Balances live in typed arrays by account number,
 * open holds in a map. Every change goes through an `Undo`, so that a batch the database did not
 * take can be taken back, newest change first.
 *
 * Memory is never the truth: it is loaded from the database at takeover and thrown away when the
 * writer is fenced.
 */
import { type Instant, must, type Uuid } from '#base'
import type { Account, AccountState, Balance, Side } from '../account.ts'
import { UuidWords } from './uuid-words.ts'

export const DEBITS_POSTED = 0
export const CREDITS_POSTED = 1
export const DEBITS_PENDING = 2
export const CREDITS_PENDING = 3
export type Counter = 0 | 1 | 2 | 3

export const INT8_MAX = 9_223_372_036_854_775_807n

/** `creditLimit` of an account without limit, in the typed array. */
const NO_LIMIT = -1n

export type HoldState = 'open' | 'released' | 'voided' | 'expired'

/** A hold as the writer knows it; accounts by number. */
export interface HeldMoney {
  readonly id: number
  readonly key: Uuid
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
  remaining: bigint
  state: HoldState
  readonly expiresAt: Instant | undefined
  pinned: boolean
  /** False until the batch that opened it has committed: it must be inserted, not updated. */
  stored: boolean
}

export interface AccountRow {
  readonly id: Uuid
  readonly code: string
  readonly name: string
  readonly holder: string | undefined
  readonly side: Side
  readonly creditLimit: bigint | null
  readonly state: AccountState
}

/** The way back of one batch. */
export class Undo {
  count = 0
  private account = new Int32Array(4096)
  private counter = new Uint8Array(4096)
  private amount = new BigInt64Array(4096)
  private last = new Float64Array(4096)
  readonly rare: (() => void)[] = []

  push(account: number, counter: Counter, amount: bigint, last: number): void {
    if (this.count === this.account.length) this.grow()
    this.account[this.count] = account
    this.counter[this.count] = counter
    this.amount[this.count] = amount
    this.last[this.count] = last
    this.count += 1
  }

  /** Takes back every change after `mark`. Rare changes touch other fields, so their order with
   *  the counters does not matter. */
  rewind(memory: Memory, mark: UndoMark): void {
    while (this.count > mark.count) {
      this.count -= 1
      const at = this.count
      const account = this.account[at]!
      memory.counters[this.counter[at]!]![account]! -= this.amount[at]!
      memory.lastEntry[account] = this.last[at]!
    }
    while (this.rare.length > mark.rare) this.rare.pop()!()
  }

  /** The account of change number `index`. */
  accountAt(index: number): number {
    return this.account[index]!
  }

  mark(): UndoMark {
    return { count: this.count, rare: this.rare.length }
  }

  clear(): void {
    this.count = 0
    this.rare.length = 0
  }

  private grow(): void {
    const size = this.account.length * 2
    const grown = <T extends { set(from: T): void }>(larger: T, from: T): T => {
      larger.set(from)
      return larger
    }
    this.account = grown(new Int32Array(size), this.account)
    this.counter = grown(new Uint8Array(size), this.counter)
    this.amount = grown(new BigInt64Array(size), this.amount)
    this.last = grown(new Float64Array(size), this.last)
  }
}

export interface UndoMark {
  readonly count: number
  readonly rare: number
}

const STATES: readonly AccountState[] = ['open', 'frozen', 'closed']

export class Memory {
  private readonly ids: Uuid[] = []
  private readonly numbers = new Map<Uuid, number>()
  counters: [BigInt64Array, BigInt64Array, BigInt64Array, BigInt64Array]
  limit: BigInt64Array
  /** 1 when the account grows on the credit side. */
  creditSide: Uint8Array
  state: Uint8Array
  /** The account's newest transfer, 0 when it has none. */
  lastEntry: Float64Array
  private readonly code: string[] = []
  private readonly name: string[] = []
  private readonly holder: (string | undefined)[] = []
  readonly numbersByCode = new Map<string, number>()
  readonly holds = new Map<Uuid, HeldMoney>()
  /** First ids of transfers reversed since the book was loaded. */
  readonly reversed = new Set<number>()
  /**
   * Accounts whose rows lacked transfers when the book was loaded, and the first that each lacked,
   * oldest first: they must be written before the checkpoint may pass it.
   */
  readonly lagging = new Map<number, number>()
  nextId = 1
  closedBefore: Instant | undefined
  private readonly scratch = new UuidWords()

  constructor(capacity = 1024) {
    const array = () => new BigInt64Array(capacity)
    this.counters = [array(), array(), array(), array()]
    this.limit = array()
    this.creditSide = new Uint8Array(capacity)
    this.state = new Uint8Array(capacity)
    this.lastEntry = new Float64Array(capacity)
  }

  get accounts(): number {
    return this.ids.length
  }

  /** The account's index (its number − 1), or −1. */
  find(id: Uuid): number {
    return this.numbers.get(id) ?? -1
  }

  /** The id as words; valid until the next parse. */
  parse(id: Uuid): UuidWords {
    return this.scratch.parse(id)
  }

  /** The id of an account as words; valid until the next parse. */
  words(account: number): UuidWords {
    return this.scratch.parse(this.ids[account]!)
  }

  /** Adds an account that is not there yet, with zero balances; returns its index. */
  addAccount(row: AccountRow): number {
    const index = this.ids.length
    this.ids.push(row.id)
    this.numbers.set(row.id, index)
    if (index >= this.limit.length) this.grow()
    for (const counter of this.counters) counter[index] = 0n
    this.limit[index] = row.creditLimit ?? NO_LIMIT
    this.creditSide[index] = row.side === 'credit' ? 1 : 0
    this.state[index] = STATES.indexOf(row.state)
    this.lastEntry[index] = 0
    this.code[index] = row.code
    this.name[index] = row.name
    this.holder[index] = row.holder
    if (!this.numbersByCode.has(row.code)) this.numbersByCode.set(row.code, index)
    return index
  }

  /** Takes back the newest account. */
  dropAccount(index: number): void {
    must(index === this.ids.length - 1, 'accounts are taken back newest first')
    const code = this.code[index]!
    if (this.numbersByCode.get(code) === index) this.numbersByCode.delete(code)
    this.numbers.delete(this.ids.pop()!)
    this.code.length = index
    this.name.length = index
    this.holder.length = index
  }

  /** Moves a counter, noting the way back; `id` becomes the account's newest entry unless 0. */
  move(undo: Undo, account: number, counter: Counter, amount: bigint, id: number): void {
    undo.push(account, counter, amount, this.lastEntry[account]!)
    this.counters[counter]![account]! += amount
    if (id !== 0) this.lastEntry[account] = id
  }

  /** Debits less credits, posted. */
  net(account: number): bigint {
    return this.counters[DEBITS_POSTED][account]! - this.counters[CREDITS_POSTED][account]!
  }

  /** What may still leave an account with a limit; only asked of the side it falls on. */
  room(account: number): bigint {
    const [debits, credits, debitsPending, creditsPending] = this.counters
    const limit = this.limit[account]!
    return this.creditSide[account] === 1
      ? credits[account]! - debits[account]! - debitsPending[account]! + limit
      : debits[account]! - credits[account]! - creditsPending[account]! + limit
  }

  limited(account: number): boolean {
    return this.limit[account] !== NO_LIMIT
  }

  /** Whether nothing is posted or pending on it. */
  isEmpty(account: number): boolean {
    const [, , debitsPending, creditsPending] = this.counters
    return (
      this.net(account) === 0n && debitsPending[account] === 0n && creditsPending[account] === 0n
    )
  }

  stateOf(account: number): AccountState {
    return STATES[this.state[account]!]!
  }

  setState(undo: Undo, account: number, state: AccountState): void {
    const before = this.state[account]!
    undo.rare.push(() => {
      this.state[account] = before
    })
    this.state[account] = STATES.indexOf(state)
  }

  setLimit(undo: Undo, account: number, limit: bigint | null): void {
    const before = this.limit[account]!
    undo.rare.push(() => {
      this.limit[account] = before
    })
    this.limit[account] = limit ?? NO_LIMIT
  }

  idOf(account: number): Uuid {
    return this.ids[account]!
  }

  codeOf(account: number): string {
    return this.code[account]!
  }

  nameOf(account: number): string {
    return this.name[account]!
  }

  holderOf(account: number): string | undefined {
    return this.holder[account]
  }

  balance(account: number): Balance {
    return {
      debitsPosted: this.counters[DEBITS_POSTED][account]!,
      creditsPosted: this.counters[CREDITS_POSTED][account]!,
      debitsPending: this.counters[DEBITS_PENDING][account]!,
      creditsPending: this.counters[CREDITS_PENDING][account]!,
    }
  }

  account(book: number, account: number): Account {
    const holder = this.holder[account]
    const limit = this.limit[account]!
    return {
      id: this.idOf(account),
      book,
      number: account + 1,
      code: this.code[account]!,
      name: this.name[account]!,
      ...(holder === undefined ? {} : { holder }),
      side: this.creditSide[account] === 1 ? 'credit' : 'debit',
      creditLimit: limit === NO_LIMIT ? null : limit,
      state: this.stateOf(account),
    }
  }

  private grow(): void {
    const size = this.limit.length * 2
    const larger = (from: BigInt64Array): BigInt64Array => {
      const grown = new BigInt64Array(size)
      grown.set(from)
      return grown
    }
    const [a, b, c, d] = this.counters
    this.counters = [larger(a), larger(b), larger(c), larger(d)]
    this.limit = larger(this.limit)
    const bytes = (from: Uint8Array): Uint8Array => {
      const grown = new Uint8Array(size)
      grown.set(from)
      return grown
    }
    this.creditSide = bytes(this.creditSide)
    this.state = bytes(this.state)
    const last = new Float64Array(size)
    last.set(this.lastEntry)
    this.lastEntry = last
  }
}
