/**
 * The ground a rail stands on: clock, book, faults, notices, admin and HTTP shell put together. A rail
 * adds its messages, signatures, codes and rules.
 *
 * The one thing to get wrong: an order ends only through `succeed`, `fail` and `close` here (or by
 * the plan it was taken with). They keep to one movement per order, apply faults and tell the
 * platform; a rail that moved the book by itself would do none of that.
 */
import { type AskedOrder, actUnderFaults } from './act.ts'
import { createAdmin, railAdmin } from './admin.ts'
import { openBook, type RailBook } from './book.ts'
import { createRailClock, type RailClock, shanghai } from './clock.ts'
import type { Instant, OrderKind, Rail, RailOptions } from './contract.ts'
import { createDays } from './days.ts'
import type { BookOrder, NewOrder } from './entry.ts'
import { createFaults, type Faults } from './faults.ts'
import { type Handle, openShell, type RailReply, type Shell } from './http.ts'
import { type MagicEffect, magicEffect } from './magic.ts'
import { createNotices, type Notices, type PrintNotice } from './notices.ts'
import { createOrders } from './orders.ts'

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
  /** When the payee's bank sends a payout that succeeded back by itself; never when absent. */
  readonly returnsAt?: (order: BookOrder) => Instant | undefined
  /**
   * The day that closes with a day on which money moved, though nothing may happen on it: the last of
   * the month whose fees are billed.
   */
  readonly billedOn?: (date: string) => string
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
  /** Enters a new order in the book and sees to its end. */
  takeOrder(order: TakeOrder): BookOrder
  /** Moves the order's money and tells. Throws when the order had ended otherwise. */
  succeed(order: BookOrder): void
  fail(order: BookOrder, code: string): void
  close(order: BookOrder): void
  /** Brings a payout's money back and tells. Throws when it had not succeeded. */
  returnPayout(order: BookOrder): void
  /**
   * Acts on a request that makes an order, or does what a fault or magic amount makes of it.
   * `unknownCode` spoils a good reply with a code nobody has seen, signed rightly.
   */
  act(
    order: AskedOrder,
    perform: () => RailReply,
    unknownCode: (reply: RailReply) => RailReply,
  ): RailReply
  /** The order, unless there is none or it hides from questions. */
  visible(kind: OrderKind, reference: string): BookOrder | undefined
  /** What the amount makes happen, while magic amounts are on. */
  magic(amount: bigint): MagicEffect | undefined
  /** Sends a business day's settlement and marks its file ready. */
  closeDay(date: string): Promise<void>
  /** Whether a day's file is ready: it was closed, or its time is over and nothing happened on it. */
  isDayClosed(date: string): boolean
  /** Refuses every connection for `ms` of the rail's clock, or longer when it is down for longer already. */
  goDown(ms: number): void
  /** Takes up what the journal left open, and listens. */
  listen(handle: Handle): Promise<Rail>
}

const numbered = (at: Instant, sequence: number) => shanghai(at) + String(sequence).padStart(7, '0')

/** Puts a rail's ground together; nothing is served before `listen`. */
export function createRailGround(options: RailOptions, definition: RailDefinition): RailGround {
  const onError = options.onError ?? ((error) => console.error(error))
  const clock = createRailClock(onError)
  const faults = createFaults()
  const magic = (amount: bigint) => (options.magic === false ? undefined : magicEffect(amount))
  const days = createDays(clock, () => book, definition, options.onSettlement)
  const book: RailBook = openBook({
    journal: options.journal,
    numberOf: definition.numberOf ?? numbered,
    businessDate: definition.businessDate ?? ((at) => shanghai(at).slice(0, 8)),
    settles: definition.settles,
    onDate: days.closeLater,
  })
  const notices = createNotices({
    callbackUrl: options.callbackUrl,
    retrySeconds: definition.retrySeconds,
    print: definition.print,
    isTaken: definition.isTaken ?? ((status) => status >= 200 && status < 300),
    magic,
    book,
    clock,
    faults,
  })
  const { payAfterMs } = options
  const { resume, ...orders } = createOrders({
    ...{ clock, book, faults, notices, definition, magic, payAfterMs },
  })
  let shell: Shell | undefined
  let downUntil = 0
  const goDown = (ms: number) => {
    downUntil = Math.max(downUntil, clock.now() + ms)
    shell?.shut()
    clock.add(downUntil, () => (clock.now() < downUntil ? undefined : shell?.open()))
  }

  const ground: RailGround = {
    ...{ clock, book, faults, notices, options, magic, goDown },
    ...orders,
    closeDay: days.closeDay,
    isDayClosed: days.isDayClosed,
    act: (order, perform, unknownCode) =>
      actUnderFaults({ faults, magic, goDown }, order, perform, unknownCode),
    visible(kind, reference) {
      const order = book.find(kind, reference)
      return order === undefined || order.hiddenUntil > clock.now() ? undefined : order
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
