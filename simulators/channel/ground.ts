/**
 * The ground a rail stands on: clock, book, faults, notices, admin and HTTP shell put together. A rail
 * adds its messages, signatures, codes and rules.
 *
 * The one thing to get wrong: an order ends only through `succeed`, `fail` and `close` here (or by
 * the plan it was taken with). They keep to one movement per order, apply faults and tell the
 * platform; a rail that moved the book by itself would do none of that.
 */
import { createAdmin, railAdmin } from './admin.ts'
import { openBook, type RailBook } from './book.ts'
import { createRailClock, type RailClock, shanghai, startOfDate } from './clock.ts'
import type { Instant, OrderKind, Rail, RailOptions } from './contract.ts'
import type { BookOrder, NewOrder, Plan } from './entry.ts'
import { createFaults, type Faults, type Strike } from './faults.ts'
import { CUT, type Handle, openShell, type RailReply, type Shell } from './http.ts'
import { MAGIC_DELAY_MS, type MagicEffect, magicEffect } from './magic.ts'
import { createNotices, type Notices, type PrintNotice } from './notices.ts'

export interface RailDefinition {
  /** Waits before the second, third … sending of a notice; after the last the rail gives up. */
  readonly retrySeconds: readonly number[]
  /** `net`: fees are kept back from balance and settlement. `gross`: they are billed apart. */
  readonly settles: 'net' | 'gross'
  readonly print: PrintNotice
  /** Whether the platform's answer ends the retries; any 2xx when absent. */
  readonly isTaken?: (status: number, body: string) => boolean
  /** The rail's numbers; 14 digits of time and 7 of the sequence when absent. */
  readonly numberOf?: (at: Instant, sequence: number) => string
  /** `yyyymmdd`; Shanghai's date when absent. */
  readonly businessDate?: (at: Instant) => string
  /** When a business day closes by itself; only by the admin when absent. */
  readonly dayClosesAt?: (date: string) => Instant
  /** What the rail keeps of an order, minor units; negative when a refund gives a fee back. */
  readonly fee?: (order: BookOrder) => bigint
  readonly settlementMemo: (date: string) => string
  /** Called when an order's money has moved. */
  readonly onMoved?: (order: BookOrder) => void
  /** Called when a business day has closed and its settlement has gone. */
  readonly afterDay?: (date: string) => Promise<void>
}

export interface TakeOrder extends Omit<NewOrder, 'plan' | 'hiddenUntil'> {
  /** How it ends by itself, and how long after now. */
  readonly end?: {
    readonly result: 'succeeded' | 'failed'
    readonly code?: string
    readonly afterMs: number
  }
}

export interface RailGround {
  readonly clock: RailClock
  readonly book: RailBook
  readonly faults: Faults
  readonly notices: Notices
  readonly options: RailOptions
  readonly definition: RailDefinition
  /** Enters a new order in the book and sees to its end. */
  takeOrder(order: TakeOrder): BookOrder
  /** Moves the order's money and tells. Throws when the order had ended otherwise. */
  succeed(order: BookOrder): void
  fail(order: BookOrder, code: string): void
  close(order: BookOrder): void
  /**
   * Acts on a request that makes an order, or does what a fault or magic amount makes of it.
   * `unknownCode` spoils a good reply with a code nobody has seen, signed rightly.
   */
  act(
    order: { readonly kind: OrderKind; readonly reference: string; readonly amount: bigint },
    perform: () => RailReply,
    unknownCode: (reply: RailReply) => RailReply,
  ): RailReply
  /** The order, unless there is none or it hides from questions. */
  visible(kind: OrderKind, reference: string): BookOrder | undefined
  /** What the amount makes happen, while magic amounts are on. */
  magic(amount: bigint): MagicEffect | undefined
  /** Sends a business day's settlement and marks its file ready. */
  closeDay(date: string): Promise<void>
  /** Refuses every connection for `ms` of the rail's clock. */
  goDown(ms: number): void
  /** Takes up what the journal left open, and listens. */
  listen(handle: Handle): Promise<Rail>
}

const numbered = (at: Instant, sequence: number) => shanghai(at) + String(sequence).padStart(7, '0')

const SERVER_ERROR: RailReply = { status: 502, body: 'Bad Gateway' }

/** Kinds of movement that make up a settlement. */
const SETTLED: ReadonlySet<string> = new Set([
  'collect',
  'refund',
  'chargeback',
  'share',
  'share_returned',
])

export function createRailGround(options: RailOptions, definition: RailDefinition): RailGround {
  const onError = options.onError ?? ((error) => console.error(error))
  const clock = createRailClock(onError)
  const faults = createFaults()
  const closing = new Set<string>()
  const closeLater = (date: string) => {
    if (definition.dayClosesAt === undefined || closing.has(date)) return
    closing.add(date)
    clock.add(definition.dayClosesAt(date), () => ground.closeDay(date))
  }
  const book = openBook({
    journal: options.journal,
    numberOf: definition.numberOf ?? numbered,
    businessDate: definition.businessDate ?? ((at) => shanghai(at).slice(0, 8)),
    settles: definition.settles,
    onDate: (date) => closeLater(date),
  })
  const magicOn = options.magic !== false
  const notices = createNotices({
    callbackUrl: options.callbackUrl,
    retrySeconds: definition.retrySeconds,
    print: definition.print,
    isTaken: definition.isTaken ?? ((status) => status >= 200 && status < 300),
    magic: magicOn,
    book,
    clock,
    faults,
  })
  let shell: Shell | undefined

  const follow = (order: BookOrder, plan: Plan) => {
    clock.add(plan.at, () => {
      if (order.plan !== plan) return
      if (plan.result === 'succeeded') ground.succeed(order)
      else ground.fail(order, plan.code ?? '')
    })
  }
  /** Ends an order without money; a fault may make it succeed after all, later. */
  const giveUp = (order: BookOrder, state: 'failed' | 'closed', code: string) => {
    const now = clock.now()
    let late: Strike | undefined
    if (order.kind !== 'refund') late = faults.strike('end', order.kind, order.reference)
    const plan: Plan | undefined = late && { at: now + late.ms, result: 'succeeded' }
    book.setState(order, state, code, now, plan)
    if (plan !== undefined) follow(order, plan)
    notices.queue(order, state)
  }
  const mustBeOpen = (order: BookOrder, end: string) => {
    if (order.state === 'waiting' || order.state === 'processing') return
    throw new Error(`${order.kind} ${order.reference} is ${order.state} and cannot be ${end}`)
  }
  const resume = () => {
    for (const order of book.orders()) {
      if (order.plan !== undefined) follow(order, order.plan)
      if (order.told || order.state === 'waiting' || order.state === 'processing') continue
      notices.again(order, order.state)
    }
  }

  const ground: RailGround = {
    clock,
    book,
    faults,
    notices,
    options,
    definition,
    takeOrder({ end, ...order }) {
      const now = clock.now()
      const hidden = faults.strike('made', order.kind, order.reference)
      const slow = magicOn && magicEffect(order.amount) === 'timeout_then_success'
      const paysItself = order.state === 'waiting' && options.payAfterMs !== undefined
      let plan: Plan | undefined
      if (slow) plan = { at: now + MAGIC_DELAY_MS, result: 'succeeded' }
      else if (paysItself) plan = { at: now + options.payAfterMs!, result: 'succeeded' }
      else if (end !== undefined) {
        const { result, code, afterMs } = end
        plan = { at: now + afterMs, result, ...(code === undefined ? {} : { code }) }
      }
      const made = book.make(
        { ...order, ...(plan && { plan }), ...(hidden && { hiddenUntil: now + hidden.ms }) },
        now,
      )
      if (plan !== undefined) follow(made, plan)
      return made
    },
    succeed(order) {
      const lateSuccess = order.plan?.result === 'succeeded' && !order.moved
      if (!lateSuccess) mustBeOpen(order, 'succeeded')
      const now = clock.now()
      book.moveMoney(order, definition.fee?.(order) ?? 0n, now)
      book.setState(order, 'succeeded', '', now)
      notices.queue(order, 'succeeded')
      definition.onMoved?.(order)
    },
    fail(order, code) {
      mustBeOpen(order, 'failed')
      giveUp(order, 'failed', code)
    },
    close(order) {
      mustBeOpen(order, 'closed')
      giveUp(order, 'closed', '')
    },
    act({ kind, reference, amount }, perform, unknownCode) {
      const effect = ground.magic(amount)
      if (effect === 'timeout_never') return CUT
      const strike = faults.strike('request', kind, reference)
      switch (strike?.fault) {
        case 'lost_request':
          return CUT
        case 'server_error_before':
          return SERVER_ERROR
        case 'down':
          ground.goDown(strike.ms)
          return CUT
        default:
          break
      }
      const reply = perform()
      switch (strike?.fault) {
        case 'lost_reply':
          return CUT
        case 'server_error_after':
          return SERVER_ERROR
        case 'late_reply':
          return { ...reply, lateMs: strike.ms }
        case 'unknown_code':
          return unknownCode(reply)
        default:
          break
      }
      if (effect === 'timeout_then_success') return CUT
      return effect === 'unmapped_code' ? unknownCode(reply) : reply
    },
    visible(kind, reference) {
      const order = book.find(kind, reference)
      return order === undefined || order.hiddenUntil > clock.now() ? undefined : order
    },
    magic: (amount) => (magicOn ? magicEffect(amount) : undefined),
    async closeDay(date) {
      if (startOfDate(date) === undefined) throw new Error(`${date} is not a date yyyymmdd`)
      if (book.isDayClosed(date)) return
      const settled = book
        .movementsOn(date)
        .filter(({ kind }) => SETTLED.has(kind))
        .reduce(
          (sum, { amount, fee }) => sum + (definition.settles === 'net' ? amount - fee : amount),
          0n,
        )
      book.closeDay(date)
      const memo = definition.settlementMemo(date)
      if (settled !== 0n) book.moveOther('settlement', -settled, memo, clock.now())
      book.flush()
      if (settled !== 0n) await options.onSettlement?.({ date, amount: settled, memo })
      await definition.afterDay?.(date)
    },
    goDown(ms) {
      shell?.shut()
      clock.add(clock.now() + ms, () => shell?.open())
    },
    async listen(handle) {
      resume()
      const admin = railAdmin(ground)
      const opened = await openShell({
        port: options.port ?? 0,
        handle,
        admin: createAdmin(admin),
        flush: () => book.flush(),
        onError,
      })
      shell = opened
      return {
        url: `http://127.0.0.1:${opened.port}`,
        admin,
        async close() {
          await opened.close()
          await clock.stop()
          notices.close()
          book.close()
        },
      }
    },
  }
  return ground
}
