/**
 * The one suite every adapter of a payment channel passes against the simulator of its rail.
 *
 * The judge is the rail's own book (`rail.admin.movements()`), never the adapter's word. The one thing
 * to get wrong is to skip: what a rail does not have is said by its capability or by its traits, and
 * then the suite checks that the adapter refuses it.
 *
 * Use: a file `adapters/<rail>/conformance.test.ts` that calls `describeChannel(name, subject)`.
 */
import { describe } from 'vitest'
import type { Rail, RailSettlement } from '../../simulators/channel/contract.ts'
import type { SimulatedClock } from '../src/base/clock.ts'
import type { Instant, Net, NetReply, NetRequest, Rng } from '../src/base/index.ts'
import type {
  CallbackRequest,
  CollectMethod,
  CollectOrder,
  Direction,
  PayerAction,
  PaymentChannel,
  PayOrder,
  Result,
} from '../src/channels/index.ts'
import { callbackCases } from './conformance/callbacks.ts'
import { declarationCases } from './conformance/declarations.ts'
import { fileCases } from './conformance/files.ts'
import { orderCases } from './conformance/orders.ts'
import { refundCases } from './conformance/refunds.ts'
import { returnCases } from './conformance/returns.ts'
import { unsentCases } from './conformance/unsent.ts'

/** What the suite hands to a subject; build the adapter and its rail with these and nothing else. */
export interface ConformanceWorld {
  /** The real network, with a tap: the suite counts calls and bends replies. */
  readonly net: Net
  readonly rng: Rng
  /** Business time; the suite moves it together with the rail's. */
  readonly clock: SimulatedClock
  /** Wall time, for signatures; the suite shifts it. */
  readonly wall: { now(): Instant }
  /** Give it to the rail: the suite listens there, and answers as the adapter says. */
  readonly callbackUrl: string
  /** Hand the rail's `onSettlement` through. */
  readonly onSettlement: (settlement: RailSettlement) => Promise<void>
}

/** An adapter and its rail, started afresh for one test. */
export interface ChannelUnderTest {
  readonly channel: PaymentChannel
  /** The adapter as another merchant of the same rail would set it up, with the same keys. */
  readonly otherMerchant: PaymentChannel
  readonly rail: Rail
  /**
   * What the payer's own software does with an action before the payer can pay: scans the code,
   * posts the form. Nothing when absent.
   */
  open?(reference: string, action: PayerAction | undefined): Promise<void>
  /** Closes the rail and whatever else `start` opened. */
  close(): Promise<void>
}

/** Facts no capability tells, stated so that nothing is skipped in silence. */
export interface ChannelTraits {
  /** Directions the rail sends outcomes of by itself; for the others the suite checks that it sends none. */
  readonly notices: readonly Direction[]
  /** Directions whose notices do not name the order's own amount; none of them may then claim one. */
  readonly amountless?: readonly Direction[]
  /** Whether a notice carries a signed time; if so an old one must be refused `stale`. */
  readonly signsTime: boolean
  /** Whether there is a file per business day; if not, asking for one must be refused. */
  readonly files: boolean
  /** Methods whose order the payer carries to the rail: `collect` sends nothing. */
  readonly carriedByPayer: readonly CollectMethod[]
  /** What the rail takes as our number of an order: its characters and length. */
  readonly reference: RegExp
  /** Payouts that come back are told by `payout_returned` callbacks, by `listReturns`, or not at all. */
  readonly returns: readonly ('callback' | 'list')[]
}

/** A table of `status.ts`: every listed code has a result, every other one is unknown. */
export interface StatusTable {
  readonly name: string
  readonly listed: readonly string[]
  resultOf(code: string): Result | 'not_found'
}

type Generated = 'reference' | 'at' | 'amount' | 'currency'

export interface ConformanceSubject {
  start(world: ConformanceWorld): Promise<ChannelUnderTest>
  /**
   * A channel set up as in `start`, for what needs no rail. Give the test rig's short
   * `timing.timeoutMs` (≤ 500) in both: lost replies are waited for in real time.
   */
  readonly traits: ChannelTraits
  readonly statuses: readonly StatusTable[]
  /** The rest of an order to collect; absent when the rail does not. */
  readonly collect?: (method: CollectMethod) => Omit<CollectOrder, Generated | 'method'>
  /** The rest of a payout; absent when the rail does not. */
  readonly pay?: () => Omit<PayOrder, Generated>
  /** Minor units of one order, off the magic amounts; 1,234,500 when absent. */
  readonly amount?: bigint
  /** When the suite begins; a working day at 10:00 in Shanghai when absent. */
  readonly startsAt?: Instant
}

/** A tap on the network between adapter and rail. */
export interface Tap {
  readonly calls: readonly NetRequest[]
  /** Changes what the adapter gets to read; `undefined` leaves the replies alone. */
  bend: ((request: NetRequest, reply: NetReply) => NetReply) | undefined
}

/** A callback as the suite's listener received it. */
export interface ReceivedCallback {
  readonly request: CallbackRequest
  readonly at: Instant
}

/** Declares the whole suite for one adapter. Call it at the top level of a test file. */
export function describeChannel(name: string, subject: ConformanceSubject): void {
  describe(`${name} conforms`, () => {
    declarationCases(subject)
    orderCases(subject)
    refundCases(subject)
    returnCases(subject)
    callbackCases(subject)
    fileCases(subject)
  })
}

/**
 * The suite for a channel that sends nothing. Its rail is one that knows no request, so that whatever
 * is sent all the same is seen.
 */
export function describeUnsentChannel(name: string, subject: ConformanceSubject): void {
  describe(`${name} conforms`, () => {
    declarationCases(subject)
    unsentCases(subject)
  })
}
