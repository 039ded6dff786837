/**
 * A rail's book: orders, the money they moved, the balance. Everything that happens is an entry;
 * entries are applied in memory and, with a journal, appended to it and applied again at the next
 * start. Money moves at most once per order, and once more when it is returned or taken back: a
 * second time is an error of the simulator and throws.
 */

import { DAY_MS, shanghai, startOfDate } from './clock.ts'
import type { Instant, OrderKind, RailMovement, RailOrder } from './contract.ts'
import {
  type BookOrder,
  type Entry,
  type MadeEntry,
  type MoneyEntry,
  type NewOrder,
  orderOf,
  type Plan,
  type StateEntry,
} from './entry.ts'
import { type Journal, noJournal, openJournal } from './journal.ts'

export interface BookOptions {
  readonly journal?: string | undefined
  /** Makes the rail's numbers; `sequence` counts them from 1 and never repeats. */
  readonly numberOf: (at: Instant, sequence: number) => string
  /** `yyyymmdd`; what happens on a day already closed counts for the next that is open. */
  readonly businessDate: (at: Instant) => string
  /** `net`: fees are kept back from the balance. `gross`: they are billed apart. */
  readonly settles: 'net' | 'gross'
  /** Called with the business date of every movement. */
  readonly onDate?: (date: string) => void
}

export interface RailBook {
  find(kind: OrderKind, reference: string): BookOrder | undefined
  /** The order with this number of the rail's. */
  byNumber(number: string): BookOrder | undefined
  make(order: NewOrder, at: Instant): BookOrder
  /** Moves an order's state; `plan` replaces its earlier one. */
  setState(
    order: BookOrder,
    state: RailOrder['state'],
    code: string,
    at: Instant,
    plan?: Plan,
  ): void
  /** Moves the order's money: in for a collection, out for a payout or refund. Throws the second time. */
  moveMoney(order: BookOrder, fee: bigint, at: Instant): void
  /** Money of an order that comes back: a returned payout, a collection charged back. */
  moveBack(order: BookOrder, kind: 'payout_returned' | 'chargeback', at: Instant): RailMovement
  /** A payout that had succeeded comes back. */
  returnPayout(order: BookOrder, at: Instant): RailMovement
  /** Money that belongs to no order; `amount` is positive when the balance grows. */
  moveOther(
    kind: 'settlement' | 'fee' | 'funding' | 'share' | 'share_returned',
    amount: bigint,
    memo: string,
    at: Instant,
  ): RailMovement
  markTold(order: BookOrder): void
  closeDay(date: string): void
  /** The business date of something that happens now, `yyyymmdd`. */
  dateOf(at: Instant): string
  isDayClosed(date: string): boolean
  orders(): readonly BookOrder[]
  movements(): readonly RailMovement[]
  /** Movements of a business day, in order. */
  movementsOn(date: string): readonly RailMovement[]
  balance(): bigint
  /** The balance less payouts and refunds on their way. */
  available(): bigint
  flush(): void
  close(): void
}

const NOTHING: readonly RailMovement[] = []

/** Opens the book, with all its journal tells. */
export function openBook(options: BookOptions): RailBook {
  return new Book(options)
}

const keyOf = (kind: OrderKind, reference: string) => `${kind} ${reference}`
const isOpen = (state: RailOrder['state']) => state === 'waiting' || state === 'processing'
const gaveUp = (state: RailOrder['state']) => state === 'failed' || state === 'closed'

class Book implements RailBook {
  readonly #options: BookOptions
  readonly #journal: Journal
  readonly #orders = new Map<string, BookOrder>()
  readonly #numbers = new Map<string, BookOrder>()
  readonly #movements: RailMovement[] = []
  readonly #days = new Map<string, RailMovement[]>()
  readonly #closed = new Set<string>()
  #balance = 0n
  #reserved = 0n
  #sequence = 0

  constructor(options: BookOptions) {
    this.#options = options
    if (options.journal === undefined) {
      this.#journal = noJournal
      return
    }
    const { entries, journal } = openJournal(options.journal)
    for (const entry of entries) this.#apply(entry as Entry)
    this.#journal = journal
  }

  find(kind: OrderKind, reference: string): BookOrder | undefined {
    return this.#orders.get(keyOf(kind, reference))
  }

  byNumber(number: string): BookOrder | undefined {
    return this.#numbers.get(number)
  }

  make(order: NewOrder, at: Instant): BookOrder {
    const entry: MadeEntry = {
      t: 'made',
      at,
      kind: order.kind,
      ref: order.reference,
      num: this.#nextNumber(at),
      amt: String(order.amount),
      state: order.state,
      fp: order.fingerprint,
      detail: order.detail ?? {},
      ...(order.original === undefined ? {} : { orig: order.original }),
      ...(order.plan === undefined ? {} : { plan: order.plan }),
      ...(order.hiddenUntil === undefined ? {} : { hidden: order.hiddenUntil }),
    }
    const made = this.#applyMade(entry)
    this.#journal.append(entry)
    return made
  }

  setState(
    order: BookOrder,
    state: RailOrder['state'],
    code: string,
    at: Instant,
    plan?: Plan,
  ): void {
    const { kind, reference: ref } = order
    const entry: StateEntry = { t: 'state', at, kind, ref, state, code, ...(plan && { plan }) }
    this.#applyState(entry)
    this.#journal.append(entry)
  }

  moveMoney(order: BookOrder, fee: bigint, at: Instant): void {
    const amount = order.kind === 'collect' ? order.amount : -order.amount
    const { kind, reference, number } = order
    this.#move({ at, kind, reference, number, amount, fee }, kind)
  }

  moveBack(order: BookOrder, kind: 'payout_returned' | 'chargeback', at: Instant): RailMovement {
    const amount = kind === 'chargeback' ? -order.amount : order.amount
    const number = this.#nextNumber(at)
    return this.#move({ at, kind, reference: order.reference, number, amount, fee: 0n }, order.kind)
  }

  returnPayout(order: BookOrder, at: Instant): RailMovement {
    const movement = this.moveBack(order, 'payout_returned', at)
    this.setState(order, 'returned', order.code, at)
    return movement
  }

  moveOther(
    kind: 'settlement' | 'fee' | 'funding' | 'share' | 'share_returned',
    amount: bigint,
    memo: string,
    at: Instant,
  ): RailMovement {
    const number = this.#nextNumber(at)
    return this.#move({ at, kind, reference: memo, number, amount, fee: 0n })
  }

  markTold(order: BookOrder): void {
    if (order.told) return
    order.told = true
    this.#journal.append({ t: 'told', kind: order.kind, ref: order.reference } satisfies Entry)
  }

  closeDay(date: string): void {
    this.#closed.add(date)
    this.#journal.append({ t: 'closed', date } satisfies Entry)
  }

  dateOf(at: Instant): string {
    let date = this.#options.businessDate(at)
    while (this.#closed.has(date)) date = shanghai(startOfDate(date)! + DAY_MS).slice(0, 8)
    return date
  }

  isDayClosed(date: string): boolean {
    return this.#closed.has(date)
  }

  orders(): readonly BookOrder[] {
    return [...this.#orders.values()]
  }

  movements(): readonly RailMovement[] {
    return this.#movements
  }

  movementsOn(date: string): readonly RailMovement[] {
    return this.#days.get(date) ?? NOTHING
  }

  balance(): bigint {
    return this.#balance
  }

  available(): bigint {
    return this.#balance - this.#reserved
  }

  flush(): void {
    this.#journal.flush()
  }

  close(): void {
    this.#journal.close()
  }

  #nextNumber(at: Instant): string {
    return this.#options.numberOf(at, this.#sequence + 1)
  }

  #mustFind(kind: OrderKind, reference: string): BookOrder {
    const order = this.find(kind, reference)
    if (order === undefined) throw new Error(`the book has no ${kind} ${reference}`)
    return order
  }

  #move(movement: RailMovement, of?: OrderKind): RailMovement {
    const entry: MoneyEntry = {
      t: 'money',
      at: movement.at,
      kind: movement.kind,
      ref: movement.reference,
      num: movement.number,
      amt: String(movement.amount),
      fee: String(movement.fee),
      ...(of === undefined ? {} : { of }),
    }
    this.#applyMoney(movement, of)
    this.#journal.append(entry)
    return movement
  }

  #apply(entry: Entry): void {
    switch (entry.t) {
      case 'made':
        this.#applyMade(entry)
        return
      case 'state':
        this.#applyState(entry)
        return
      case 'money': {
        const { at, kind, ref: reference, num: number, of } = entry
        const [amount, fee] = [BigInt(entry.amt), BigInt(entry.fee)]
        this.#applyMoney({ at, kind, reference, number, amount, fee }, of)
        return
      }
      case 'told':
        this.#mustFind(entry.kind, entry.ref).told = true
        return
      case 'closed':
        this.#closed.add(entry.date)
        return
    }
  }

  #applyMade(entry: MadeEntry): BookOrder {
    const key = keyOf(entry.kind, entry.ref)
    if (this.#orders.has(key)) throw new Error(`the book has a ${key} already`)
    const order = orderOf(entry)
    this.#sequence += 1
    this.#orders.set(key, order)
    this.#numbers.set(order.number, order)
    if (order.kind !== 'collect') this.#reserved += order.amount
    if (order.kind === 'refund' && order.original !== undefined) {
      const original = this.#mustFind('collect', order.original)
      original.refunded += order.amount
      original.refunds += 1
      original.refundedAt = entry.at
    }
    return order
  }

  #applyState(entry: StateEntry): void {
    const order = this.#mustFind(entry.kind, entry.ref)
    if (order.kind !== 'collect' && isOpen(order.state) && !isOpen(entry.state)) {
      this.#reserved -= order.amount
    }
    if (order.kind === 'refund' && order.original !== undefined) {
      const original = this.#mustFind('collect', order.original)
      const sign = Number(gaveUp(order.state)) - Number(gaveUp(entry.state))
      original.refunded += BigInt(sign) * order.amount
      original.refunds += sign
    }
    order.state = entry.state
    order.code = entry.code
    order.movedAt = entry.at
    order.plan = entry.plan
    // What it came to now has not been told, whatever was told before.
    order.told = false
  }

  #applyMoney(movement: RailMovement, of: OrderKind | undefined): void {
    const { kind, reference, at, amount, fee } = movement
    const date = this.dateOf(at)
    if (of !== undefined) {
      const order = this.#mustFind(of, reference)
      if (kind === of) {
        if (order.moved) throw new Error(`${kind} ${reference} would move its money twice`)
        order.moved = true
        order.movedOn = date
        order.fee = fee
      } else {
        if (order.back || !order.moved) throw new Error(`${kind} ${reference} cannot come back`)
        order.back = true
      }
    }
    // An order's own movement goes by the order's number.
    if (kind !== of) this.#sequence += 1
    this.#movements.push(movement)
    const day = this.#days.get(date)
    if (day === undefined) this.#days.set(date, [movement])
    else day.push(movement)
    this.#balance += this.#options.settles === 'net' ? amount - fee : amount
    this.#options.onDate?.(date)
  }
}
