/**
 * A rail's book: orders, the money they moved, the balance. Everything that happens is an entry;
 * entries are applied in memory and, with a journal, appended to it and applied again at the next
 * start. Money moves at most once per order, and once more when it is returned or taken back: a
 * second time is an error of the simulator and throws.
 */

import { DAY_MS, shanghai, startOfDate } from './clock.ts'
import type { Instant, OrderKind, RailMovement, RailOrder } from './contract.ts'
import { type Journal, noJournal, openJournal } from './journal.ts'

/** How an order will end by itself. */
export interface Plan {
  readonly at: Instant
  readonly result: 'succeeded' | 'failed'
  /** The rail's own code, when it fails. */
  readonly code?: string
}

/** What a rail notes about an order beside the common facts: strings only, they go to the journal. */
export type Detail = Readonly<Record<string, string>>

export interface BookOrder extends RailOrder {
  state: RailOrder['state']
  code: string
  movedAt: Instant
  readonly detail: Detail
  /** What a request with the same reference must equal to get the same answer. */
  readonly fingerprint: string
  plan?: Plan | undefined
  /** Questions say "not found" until then; 0 when not hidden. */
  hiddenUntil: Instant
  /** Minor units kept by the rail of what the order moved. */
  fee: bigint
  /** Of a collection: refunds that have not failed, minor units, and how many. */
  refunded: bigint
  refunds: number
  /** Instant of its latest refund. */
  refundedAt: Instant
  /** Whether its money has moved, and whether it has come back. */
  moved: boolean
  back: boolean
  /** Whether the platform has taken the notice of its end, or none is owed. */
  told: boolean
}

export interface NewOrder {
  readonly kind: OrderKind
  readonly reference: string
  readonly amount: bigint
  readonly state: 'waiting' | 'processing'
  readonly fingerprint: string
  readonly detail?: Detail
  readonly original?: string
  readonly plan?: Plan
  readonly hiddenUntil?: Instant
}

type Entry =
  | {
      readonly t: 'made'
      readonly at: Instant
      readonly kind: OrderKind
      readonly ref: string
      readonly num: string
      readonly amt: string
      readonly state: 'waiting' | 'processing'
      readonly fp: string
      readonly detail: Detail
      readonly orig?: string
      readonly plan?: Plan
      readonly hidden?: Instant
    }
  | {
      readonly t: 'state'
      readonly at: Instant
      readonly kind: OrderKind
      readonly ref: string
      readonly state: RailOrder['state']
      readonly code: string
      readonly plan?: Plan
    }
  | {
      readonly t: 'money'
      readonly at: Instant
      readonly kind: RailMovement['kind']
      readonly ref: string
      readonly num: string
      readonly amt: string
      readonly fee: string
      /** The order it belongs to, where it belongs to one. */
      readonly of?: OrderKind
      readonly memo?: string
    }
  | { readonly t: 'told'; readonly kind: OrderKind; readonly ref: string }
  | { readonly t: 'closed'; readonly date: string }

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

export function openBook(options: BookOptions): RailBook {
  const orders = new Map<string, BookOrder>()
  const numbers = new Map<string, BookOrder>()
  const movements: RailMovement[] = []
  const days = new Map<string, RailMovement[]>()
  const closed = new Set<string>()
  let balance = 0n
  let reserved = 0n
  let sequence = 0

  const dateOf = (at: Instant): string => {
    let date = options.businessDate(at)
    while (closed.has(date)) date = shanghai(startOfDate(date)! + DAY_MS).slice(0, 8)
    return date
  }
  const keyOf = (kind: OrderKind, reference: string) => `${kind} ${reference}`
  const nextNumber = (at: Instant) => options.numberOf(at, sequence + 1)
  const mustFind = (kind: OrderKind, reference: string) => {
    const order = orders.get(keyOf(kind, reference))
    if (order === undefined) throw new Error(`the book has no ${kind} ${reference}`)
    return order
  }
  const isOpen = (state: RailOrder['state']) => state === 'waiting' || state === 'processing'

  const applyMade = (entry: Extract<Entry, { t: 'made' }>): BookOrder => {
    const key = keyOf(entry.kind, entry.ref)
    if (orders.has(key)) throw new Error(`the book has a ${key} already`)
    const order: BookOrder = {
      kind: entry.kind,
      reference: entry.ref,
      number: entry.num,
      amount: BigInt(entry.amt),
      state: entry.state,
      code: '',
      madeAt: entry.at,
      movedAt: entry.at,
      ...(entry.orig === undefined ? {} : { original: entry.orig }),
      detail: entry.detail,
      fingerprint: entry.fp,
      plan: entry.plan,
      hiddenUntil: entry.hidden ?? 0,
      fee: 0n,
      refunded: 0n,
      refunds: 0,
      refundedAt: 0,
      moved: false,
      back: false,
      told: false,
    }
    sequence += 1
    orders.set(key, order)
    numbers.set(order.number, order)
    if (order.kind !== 'collect') reserved += order.amount
    if (order.kind === 'refund' && order.original !== undefined) {
      const original = mustFind('collect', order.original)
      original.refunded += order.amount
      original.refunds += 1
      original.refundedAt = entry.at
    }
    return order
  }
  const applyState = (entry: Extract<Entry, { t: 'state' }>) => {
    const order = mustFind(entry.kind, entry.ref)
    const [was, is] = [isOpen(order.state), isOpen(entry.state)]
    const gaveUp = (state: RailOrder['state']) => state === 'failed' || state === 'closed'
    if (order.kind !== 'collect' && was && !is) reserved -= order.amount
    if (order.kind === 'refund' && order.original !== undefined) {
      const original = mustFind('collect', order.original)
      const sign = Number(gaveUp(order.state)) - Number(gaveUp(entry.state))
      original.refunded += BigInt(sign) * order.amount
      original.refunds += sign
    }
    order.state = entry.state
    order.code = entry.code
    order.movedAt = entry.at
    order.plan = entry.plan
  }
  const applyMoney = (entry: Extract<Entry, { t: 'money' }>): RailMovement => {
    const amount = BigInt(entry.amt)
    const fee = BigInt(entry.fee)
    const { at, kind, ref: reference, num: number } = entry
    if (entry.of === undefined) sequence += 1
    else {
      const order = mustFind(entry.of, reference)
      if (kind === entry.of) {
        if (order.moved) throw new Error(`${kind} ${reference} would move its money twice`)
        order.moved = true
        order.fee = fee
      } else {
        if (order.back || !order.moved) throw new Error(`${kind} ${reference} cannot come back`)
        order.back = true
        sequence += 1
      }
    }
    const movement: RailMovement = { at, kind, reference, number, amount, fee }
    movements.push(movement)
    const date = dateOf(at)
    const day = days.get(date)
    if (day === undefined) days.set(date, [movement])
    else day.push(movement)
    options.onDate?.(date)
    balance += options.settles === 'net' ? amount - fee : amount
    return movement
  }
  const applyAny = (entry: Entry) => {
    switch (entry.t) {
      case 'made':
        return void applyMade(entry)
      case 'state':
        return applyState(entry)
      case 'money':
        return void applyMoney(entry)
      case 'told':
        mustFind(entry.kind, entry.ref).told = true
        return
      case 'closed':
        return void closed.add(entry.date)
    }
  }

  let journal: Journal = noJournal
  if (options.journal !== undefined) {
    const opened = openJournal(options.journal)
    for (const entry of opened.entries) applyAny(entry as Entry)
    journal = opened.journal
  }

  const book: RailBook = {
    find: (kind, reference) => orders.get(keyOf(kind, reference)),
    byNumber: (number) => numbers.get(number),
    make(order, at) {
      const entry: Entry = {
        t: 'made',
        at,
        kind: order.kind,
        ref: order.reference,
        num: nextNumber(at),
        amt: String(order.amount),
        state: order.state,
        fp: order.fingerprint,
        detail: order.detail ?? {},
        ...(order.original === undefined ? {} : { orig: order.original }),
        ...(order.plan === undefined ? {} : { plan: order.plan }),
        ...(order.hiddenUntil === undefined ? {} : { hidden: order.hiddenUntil }),
      }
      const made = applyMade(entry)
      journal.append(entry)
      return made
    },
    setState(order, state, code, at, plan) {
      const { kind, reference: ref } = order
      const entry: Entry = { t: 'state', at, kind, ref, state, code, ...(plan && { plan }) }
      applyState(entry)
      journal.append(entry)
    },
    moveMoney(order, fee, at) {
      const amount = order.kind === 'collect' ? order.amount : -order.amount
      const entry: Entry = {
        t: 'money',
        at,
        kind: order.kind,
        ref: order.reference,
        num: order.number,
        amt: String(amount),
        fee: String(fee),
        of: order.kind,
      }
      applyMoney(entry)
      journal.append(entry)
    },
    moveBack(order, kind, at) {
      const amount = kind === 'chargeback' ? -order.amount : order.amount
      const entry: Entry = {
        t: 'money',
        at,
        kind,
        ref: order.reference,
        num: nextNumber(at),
        amt: String(amount),
        fee: '0',
        of: order.kind,
      }
      const movement = applyMoney(entry)
      journal.append(entry)
      return movement
    },
    returnPayout(order, at) {
      const movement = book.moveBack(order, 'payout_returned', at)
      book.setState(order, 'returned', order.code, at)
      return movement
    },
    moveOther(kind, amount, memo, at) {
      const entry: Entry = {
        t: 'money',
        at,
        kind,
        ref: memo,
        num: nextNumber(at),
        amt: String(amount),
        fee: '0',
      }
      const movement = applyMoney(entry)
      journal.append(entry)
      return movement
    },
    markTold(order) {
      if (order.told) return
      order.told = true
      journal.append({ t: 'told', kind: order.kind, ref: order.reference } satisfies Entry)
    },
    closeDay(date) {
      closed.add(date)
      journal.append({ t: 'closed', date } satisfies Entry)
    },
    dateOf,
    isDayClosed: (date) => closed.has(date),
    orders: () => [...orders.values()],
    movements: () => movements,
    movementsOn: (date) => days.get(date) ?? NOTHING,
    balance: () => balance,
    available: () => balance - reserved,
    flush: () => journal.flush(),
    close: () => journal.close(),
  }
  return book
}
