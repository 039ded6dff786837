/**
 * A rail for the tests of payments: the far side with a book of its own, behind the port, on the
 * tests' clock. It takes an order number once, moves money once, and can be told to lose requests,
 * replies and itself. What it has moved is the judge of what the platform says.
 */

import type { Clock } from '../src/base/world.ts'
import type {
  Callback,
  CallbackRequest,
  Capability,
  ChannelFile,
  Direction,
  PaymentAnswer,
  PaymentChannel,
  PaymentOutcome,
  PaymentTiming,
} from '../src/channels/index.ts'
import { bookOfPaymentReference, paymentReference } from '../src/channels/index.ts'

export type RailState = 'waiting' | 'processing' | 'succeeded' | 'failed' | 'closed'

export interface TestOrder {
  readonly kind: Direction
  readonly reference: string
  readonly number: string
  readonly amount: bigint
  readonly currency: string
  readonly original?: string
  readonly account?: string
  state: RailState
  code: string
  /** Questions before this instant are told that it is not known. */
  hiddenUntil: number
}

export type TestFault =
  /** Never arrives; nobody knows. */
  | 'lost_request'
  /** Acts and never answers. */
  | 'lost_reply'
  /** Nothing leaves the machine. */
  | 'refused_connection'
  /** Refuses for sure, with `failCode`. */
  | 'fails'
  /** Acts, and whoever sent never wakes again. */
  | 'hangs'
  /** Throws: an adapter with a bug. */
  | 'throws'

export interface TestRail {
  readonly channel: PaymentChannel
  readonly orders: Map<string, TestOrder>
  /** Money moved, by order: at most one entry each. */
  readonly movements: {
    readonly reference: string
    readonly kind: Direction
    readonly amount: bigint
  }[]
  /** How often an order arrived, refused repeats included. */
  readonly arrivals: Map<string, number>
  /** Struck once each, in order, at the next sends. */
  readonly faults: TestFault[]
  failCode: string
  /** Orders stay hidden from questions for so long. */
  hiddenMs: number
  /** Whether `pay` and `refund` succeed at once or wait for `finish`. */
  instant: boolean
  /** Whether it closes orders when asked. */
  closes: boolean
  /** Balance that refunds and payouts are taken from; without limit when absent. */
  balance: bigint | undefined
  file: ChannelFile | undefined
  /** Runs inside the next send, before it is taken. */
  beforeSend: (() => Promise<void>) | undefined
  /** The payer pays an order, or a payout or refund ends well. */
  finish(reference: string): void
  fail(reference: string, code: string): void
  /** The callback of an order as it stands, or with other words in it. */
  callback(reference: string, other?: Partial<PaymentOutcome>): CallbackRequest
  /** Any callback, signed. */
  signed(callback: Callback): CallbackRequest
}

const TIMING: PaymentTiming = {
  sendWithinMs: 5_000,
  timeoutMs: 10_000,
  notFoundAfterMs: 60_000,
  askAfterMs: [5_000, 15_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000],
}

export interface TestRailOptions {
  readonly name?: string
  readonly clock: Clock
  readonly capability?: Partial<Capability>
  readonly timing?: Partial<PaymentTiming>
}

/** Opens a rail; `name` is its channel's. */
export function testRail(options: TestRailOptions): TestRail {
  const { name = 'rail', clock } = options
  const orders = new Map<string, TestOrder>()
  const movements: TestRail['movements'] = []
  const arrivals = new Map<string, number>()
  const signed = new Map<string, Callback>()
  let numbers = 0

  const move = (order: TestOrder, to: RailState): void => {
    order.state = to
    if (to !== 'succeeded') return
    const { reference, kind, amount } = order
    movements.push({ reference, kind, amount })
    if (rail.balance !== undefined && kind !== 'collect') rail.balance -= amount
    if (rail.balance !== undefined && kind === 'collect') rail.balance += amount
  }

  const outcomeOf = (order: TestOrder): PaymentOutcome => {
    const { state, code, number, amount, currency, kind, reference } = order
    const result = state === 'succeeded' ? 'succeeded' : isOver(state) ? 'failed' : 'accepted'
    return {
      result,
      code: code || (result === 'succeeded' ? 'OK' : 'WAIT'),
      message: `${kind} ${state}`,
      bankReference: number,
      amount,
      currency,
      ...(state === 'waiting'
        ? { payerAction: { kind: 'qr_code' as const, value: `rail://${reference}` } }
        : {}),
    }
  }

  const take = async (
    kind: Direction,
    order: { reference: string; amount: bigint; currency: string },
    more: { original?: string; account?: string; sendBeforeMono: number },
  ) => {
    const before = rail.beforeSend
    rail.beforeSend = undefined
    await before?.()
    const fault = rail.faults.shift()
    if (fault === 'refused_connection' || clock.mono() >= more.sendBeforeMono) {
      return { result: 'not_sent' as const, message: 'the connection was refused' }
    }
    if (fault === 'throws') throw new Error('an adapter broke')
    const lost = { result: 'unknown' as const, code: 'TIMEOUT', message: 'no answer' }
    if (fault === 'lost_request') return lost
    const { reference, amount, currency } = order
    arrivals.set(reference, (arrivals.get(reference) ?? 0) + 1)
    const known = orders.get(reference)
    if (known !== undefined) return outcomeOf(known)
    numbers += 1
    const taken: TestOrder = {
      kind,
      reference,
      number: `${name}-${numbers}`,
      amount,
      currency,
      ...(more.original === undefined ? {} : { original: more.original }),
      ...(more.account === undefined ? {} : { account: more.account }),
      state: kind === 'collect' ? 'waiting' : 'processing',
      code: '',
      hiddenUntil: clock.now() + rail.hiddenMs,
    }
    if (kind === 'refund' && refundable(taken) < amount) return refusal('REFUND_TOO_LARGE')
    if (kind !== 'collect' && rail.balance !== undefined && rail.balance < amount) {
      return refusal('NOTENOUGH')
    }
    orders.set(reference, taken)
    if (fault === 'fails') {
      taken.state = 'failed'
      taken.code = rail.failCode
    } else if (kind !== 'collect' && rail.instant) move(taken, 'succeeded')
    if (fault === 'hangs') await new Promise(() => undefined)
    return fault === 'lost_reply' ? lost : outcomeOf(taken)
  }

  const refundable = (refund: TestOrder): bigint => {
    const paid = orders.get(refund.original ?? '')
    if (paid?.state !== 'succeeded') return 0n
    const others = [...orders.values()].filter(
      ({ kind, original, state }) =>
        kind === 'refund' && original === refund.original && !isOver(state),
    )
    return others.reduce((left, { amount }) => left - amount, paid.amount)
  }

  const rail: TestRail = {
    orders,
    movements,
    arrivals,
    faults: [],
    failCode: 'REFUSED',
    hiddenMs: 0,
    instant: true,
    closes: true,
    balance: undefined,
    file: undefined,
    beforeSend: undefined,
    finish: (reference) => {
      const order = orderOf(orders, reference)
      if (order.state === 'succeeded') return
      move(order, 'succeeded')
    },
    fail: (reference, code) => {
      const order = orderOf(orders, reference)
      order.state = 'failed'
      order.code = code
    },
    callback: (reference, other = {}) => {
      const order = orderOf(orders, reference)
      const outcome = { ...outcomeOf(order), ...other }
      const id = `${reference}/${outcome.result}`
      return rail.signed({ kind: 'outcome', id, direction: order.kind, reference, outcome })
    },
    signed: (callback) => {
      const body = Buffer.from(`callback ${signed.size + 1} ${callback.id}`)
      signed.set(body.toString(), callback)
      return { method: 'POST', path: `/v1/channels/${name}/callbacks`, headers: {}, body }
    },
    channel: {
      name,
      capability: { ...CAPABILITY, channel: name, ...options.capability },
      timing: { ...TIMING, ...options.timing },
      reference: paymentReference,
      bookOf: bookOfPaymentReference,
      collect: (order, at) => take('collect', order, at),
      pay: (order, at) =>
        take('pay', order, { ...at, account: order.payee.account.reveal('test rail') }),
      refund: (order, at) => take('refund', order, { ...at, original: order.original.reference }),
      query: async ({ reference }): Promise<PaymentAnswer> => {
        const order = orders.get(reference)
        if (order === undefined || clock.now() < order.hiddenUntil) {
          return { result: 'not_found', code: 'NOT_FOUND', message: 'no such order' }
        }
        return outcomeOf(order)
      },
      close: async ({ reference }) => {
        const order = orders.get(reference)
        if (!rail.closes || order?.state !== 'waiting') {
          return { result: 'failed', code: 'NOT_CLOSED', message: 'it cannot be closed' }
        }
        move(order, 'closed')
        return { result: 'accepted', code: 'CLOSED', message: 'closed' }
      },
      parseCallback: ({ body }) => {
        const callback = signed.get(Buffer.from(body).toString())
        return callback ?? { refused: 'forged', says: 'the signature is not the rail’s' }
      },
      answerCallback: (taken) => ({
        status: taken ? 200 : 500,
        contentType: 'text/plain',
        body: taken ? 'success' : 'fail',
      }),
      downloadFile: async () => rail.file ?? { problem: 'not_ready', says: 'no file yet' },
      businessDate: (at) =>
        new Date(at + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', ''),
    },
  }
  return rail
}

const isOver = (state: RailState) => state === 'failed' || state === 'closed'

const refusal = (code: string): PaymentOutcome => ({ result: 'failed', code, message: 'refused' })

function orderOf(orders: ReadonlyMap<string, TestOrder>, reference: string): TestOrder {
  const order = orders.get(reference)
  if (order === undefined) throw new Error(`the rail knows no order ${reference}`)
  return order
}

const CAPABILITY: Capability = {
  channel: 'rail',
  title: { zh: '测试通道', en: 'Test rail' },
  currency: 'CNY',
  directions: ['collect', 'pay', 'refund'],
  methods: ['wechat_native', 'alipay_qr', 'collection'],
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [],
  openHours: [],
  maintenance: [],
  refund: { windowDays: 365, countMost: 50, partial: true, gapMs: 0 },
  holdDays: 0,
  settlement: { days: 1, kind: 'net' },
  fees: [{ ppm: 6_000, fixed: 0n }],
}
