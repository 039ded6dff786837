/**
 * A rail for tests of payouts, refunds and settlements, behind the port, with a book of its own: what
 * moved there is what it says moved, whatever anybody was told. It can lose requests and replies and
 * refuse for sure; nothing in it knows what a test expects.
 */
import { createHash } from 'node:crypto'
import type { Clock, Instant } from '#base'
import type {
  BankLine,
  Capability,
  ChannelFile,
  ChannelFileRow,
  CollectOrder,
  Direction,
  PaymentAnswer,
  PaymentChannel,
  PaymentOutcome,
  PayOrder,
  RefundOrder,
} from '#channels'
import { bookOfPaymentReference, paymentReference } from '#channels'

export type RailDoes =
  /** Acts and answers. */
  | 'acts'
  /** Never gets it. */
  | 'lost_request'
  /** Acts, and nobody hears of it. */
  | 'lost_reply'
  /** Takes it, and has not acted yet. */
  | 'accepts'
  /** A certain refusal with this code. */
  | { readonly refuses: string }

export interface RailOrder {
  readonly direction: Direction
  readonly reference: string
  readonly amount: bigint
  readonly at: Instant
  readonly original?: string
  /** How often it came in; more than once is somebody sending twice. */
  asked: number
  state: 'waiting' | 'succeeded' | 'failed'
  code: string
  doneAt: Instant
}

export interface OutflowRail extends PaymentChannel {
  /** What it does with the orders that come next; `acts` when the list is empty. */
  readonly next: RailDoes[]
  readonly orders: Map<string, RailOrder>
  /** What it sent to or took from our bank: settlements. */
  readonly sent: { date: string; amount: bigint; memo: string }[]
  /** Our money put at its disposal. */
  balance: bigint
  /** Collections of the running day, which refunds are taken from first. */
  unsettled: bigint
  /** An order that was taken acts now. */
  finish(reference: string, result?: 'succeeded' | { readonly refuses: string }): void
  /** Ends the day: its file is ready, and the settlement on its way. */
  closeDay(date: string): ChannelFile
  /** Sums of what it moved, by direction. */
  moved(direction: Direction): bigint
}

const SHANGHAI_MS = 8 * 3_600_000
const dayOf = (at: Instant) =>
  new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '')

export function outflowRail(
  clock: Clock,
  name: string,
  more: Partial<Capability> & { readonly feePpm?: bigint } = {},
): OutflowRail {
  const { feePpm = 6_000n, ...capability } = more
  const orders = new Map<string, RailOrder>()
  const files = new Map<string, ChannelFile>()
  const next: RailDoes[] = []
  const sent: OutflowRail['sent'] = []
  const money = { balance: 0n, unsettled: 0n }
  const feeOf = (amount: bigint) => (amount * feePpm + 500_000n) / 1_000_000n

  const act = (order: RailOrder): boolean => {
    if (order.direction === 'refund') {
      if (money.unsettled + money.balance < order.amount) {
        order.state = 'failed'
        order.code = 'NOT_ENOUGH'
        return false
      }
      const fromDay = order.amount < money.unsettled ? order.amount : money.unsettled
      const fromPositive = fromDay > 0n ? fromDay : 0n
      money.unsettled -= fromPositive
      money.balance -= order.amount - fromPositive
    }
    if (order.direction === 'collect') money.unsettled += order.amount - feeOf(order.amount)
    order.state = 'succeeded'
    order.code = 'OK'
    order.doneAt = clock.now()
    return true
  }

  const outcomeOf = (order: RailOrder): PaymentOutcome => ({
    result: order.state === 'waiting' ? 'accepted' : order.state,
    code: order.code,
    message: '',
    amount: order.amount,
    currency: 'CNY',
    bankReference: `n-${order.reference}`,
  })

  const take = async (
    direction: Direction,
    order: CollectOrder | PayOrder | RefundOrder,
  ): Promise<PaymentOutcome> => {
    const does = next.shift() ?? 'acts'
    const lost: PaymentOutcome = { result: 'unknown', code: 'TIMEOUT', message: 'no answer' }
    if (does === 'lost_request') return lost
    const before = orders.get(order.reference)
    if (before !== undefined) {
      before.asked += 1
      return outcomeOf(before)
    }
    const made: RailOrder = {
      direction,
      reference: order.reference,
      amount: order.amount,
      at: clock.now(),
      ...('original' in order ? { original: order.original.reference } : {}),
      asked: 1,
      state: 'waiting',
      code: 'PROCESSING',
      doneAt: 0,
    }
    orders.set(order.reference, made)
    if (typeof does === 'object') Object.assign(made, { state: 'failed', code: does.refuses })
    else if (does !== 'accepts') act(made)
    return does === 'lost_reply' ? lost : outcomeOf(made)
  }

  return {
    name,
    capability: { ...CAPABILITY, channel: name, ...capability },
    timing: {
      sendWithinMs: 2_000,
      timeoutMs: 10_000,
      notFoundAfterMs: 60_000,
      askAfterMs: [5_000, 15_000, 60_000, 300_000],
    },
    next,
    orders,
    sent,
    get balance() {
      return money.balance
    },
    set balance(value) {
      money.balance = value
    },
    get unsettled() {
      return money.unsettled
    },
    set unsettled(value) {
      money.unsettled = value
    },
    finish: (reference, result = 'succeeded') => {
      const order = orders.get(reference)!
      if (typeof result === 'object')
        Object.assign(order, { state: 'failed', code: result.refuses })
      else act(order)
    },
    closeDay: (date) => {
      const rows: ChannelFileRow[] = [...orders.values()]
        .filter((order) => order.state === 'succeeded' && dayOf(order.doneAt) === date)
        .map((order, index) => ({
          row: index + 1,
          direction: order.direction,
          reference: order.reference,
          channelReference: `n-${order.reference}`,
          amount: order.amount,
          fee: order.direction === 'collect' ? feeOf(order.amount) : 0n,
          result: 'succeeded',
        }))
      const settled = money.unsettled
      money.unsettled = 0n
      const settlementReference = `${name} ${date}`
      const hash = createHash('sha256').update(JSON.stringify(rows, digits)).digest('hex')
      const file = { date, currency: 'CNY', rows, hash, settled, settlementReference }
      files.set(date, file)
      if (settled !== 0n) sent.push({ date, amount: settled, memo: settlementReference })
      return file
    },
    moved: (direction) =>
      [...orders.values()]
        .filter((order) => order.direction === direction && order.state === 'succeeded')
        .reduce((sum, order) => sum + order.amount, 0n),
    reference: paymentReference,
    bookOf: bookOfPaymentReference,
    collect: (order) => take('collect', order),
    pay: (order) => take('pay', order),
    refund: (order) => take('refund', order),
    query: async ({ reference }): Promise<PaymentAnswer> => {
      const order = orders.get(reference)
      return order === undefined
        ? { result: 'not_found', code: 'NONE', message: 'no such order' }
        : outcomeOf(order)
    },
    parseCallback: () => ({ refused: 'unknown_event', says: 'it sends no callbacks' }),
    answerCallback: () => ({ status: 200, contentType: 'text/plain', body: 'ok' }),
    downloadFile: async (date) =>
      files.get(date) ?? { problem: 'not_ready', says: 'the day is not closed' },
    businessDate: dayOf,
  }
}

const digits = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)

const CAPABILITY: Capability = {
  channel: '',
  title: { zh: '测试渠道', en: 'Test rail' },
  currency: 'CNY',
  directions: ['collect', 'pay', 'refund'],
  methods: ['collection'],
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [],
  openHours: [],
  maintenance: [],
  refund: { windowDays: 365, countMost: 50, partial: true, gapMs: 60_000 },
  holdDays: 0,
  settlement: { days: 1, kind: 'net' },
  fees: [],
}

/** A line of the bank's statement. */
export function bankLine(
  more: Partial<BankLine> & Pick<BankLine, 'flow' | 'side' | 'amount'>,
): BankLine {
  return {
    currency: 'CNY',
    date: '20260302',
    memo: '',
    reference: '',
    kind: 'plain',
    ...more,
  }
}
