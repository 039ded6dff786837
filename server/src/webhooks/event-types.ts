/**
 * The events merchants are told: a contract of its own, mapped from what modules record.
 *
 * The easy mistake: letting a module's payload through as it is, and so making it public for ever. Each
 * type names its fields one by one; what a type's `data` does not name does not leave the house. A
 * change that takes a field away or changes its meaning is a new type or a new version.
 */
import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { type MoneyJson, moneySchema } from '#money'

/** What the mapping of an event may know besides its payload. */
export interface EventFacts {
  readonly aggregate: string
  /** The currency of the event's book. */
  readonly currency: string
}

/** One public type of event. */
export interface EventType {
  readonly type: string
  readonly version: number
  readonly title: { readonly en: string; readonly zh: string }
  /** The contract of `data`. */
  readonly data: TSchema
  /** The event it is made from, as modules record it. */
  readonly from: string
  /** `data` from the module's payload; checked against the contract. */
  read(payload: Readonly<Record<string, unknown>>, facts: EventFacts): unknown
  /** What `trigger` sends; `id` is the aggregate made for it. */
  sample(id: string): unknown
  /** The prefix of its aggregate's ids. */
  readonly prefix: string
}

interface EventTypeSpec<D extends TSchema> extends Omit<EventType, 'data' | 'read' | 'sample'> {
  readonly data: D
  read(payload: Readonly<Record<string, unknown>>, facts: EventFacts): Static<D>
  sample(id: string): Static<D>
}

const eventType = <D extends TSchema>(spec: EventTypeSpec<D>): EventType => spec

const data = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
const Money = Type.Unsafe<MoneyJson>(moneySchema)
const Id = Type.String({ minLength: 1, maxLength: 80 })

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const money = (minor: unknown, currency: string) => ({ amount: text(minor), currency }) as MoneyJson
const SAMPLE_AMOUNT = { amount: '680000000', currency: 'CNY' } as MoneyJson

const Payout = data({
  payout: Id,
  amount: Money,
  purpose: Type.String(),
  /** What it is for, such as a refund; null for a plain payout. */
  about: Type.Union([Id, Type.Null()]),
})

/** The state of a payout that became true, in the words of its module and in both languages. */
function payout(what: string, type: string, en: string, zh: string): EventType {
  return eventType({
    ...{ type: `payout.${type}`, version: 1, title: { en, zh }, prefix: 'pout' },
    data: Payout,
    from: `payments.payout_${what}`,
    read: (from, { currency }) => ({
      payout: text(from.payout),
      amount: money(from.amount, currency),
      purpose: text(from.purpose),
      about: text(from.about) === '' ? null : text(from.about),
    }),
    sample: (id) => ({ payout: id, amount: SAMPLE_AMOUNT, purpose: 'payout', about: null }),
  })
}

const RefundPart = data({ part: Id, amount: Money })

function refundPart(what: string, type: string, en: string, zh: string): EventType {
  return eventType({
    ...{ type: `refund.${type}`, version: 1, title: { en, zh }, prefix: 'refp' },
    data: RefundPart,
    from: `payments.refund_part_${what}`,
    read: (from, { currency }) => ({
      part: text(from.part),
      amount: money(from.amount, currency),
    }),
    sample: (id) => ({ part: id, amount: SAMPLE_AMOUNT }),
  })
}

const Case = data({ case: Id })

function custodyCase(what: string, en: string, zh: string): EventType {
  return eventType({
    ...{ type: `custody.case_${what}`, version: 1, title: { en, zh }, prefix: 'case' },
    data: Case,
    from: `custody.case_${what}`,
    read: (_, { aggregate }) => ({ case: aggregate }),
    sample: (id) => ({ case: id }),
  })
}

const Milestone = data({ case: Id, milestone: Type.String({ minLength: 1, maxLength: 80 }) })

function milestone(what: string, en: string, zh: string): EventType {
  return eventType({
    ...{ type: `custody.milestone_${what}`, version: 1, title: { en, zh }, prefix: 'case' },
    data: Milestone,
    from: `custody.milestone_${what}`,
    read: (from) => ({ case: text(from.case), milestone: text(from.milestone) }),
    sample: (id) => ({ case: id, milestone: 'transfer_registered' }),
  })
}

/** Every public type. */
export const EVENT_TYPES: readonly EventType[] = [
  eventType({
    ...{ type: 'payment.succeeded', version: 1, prefix: 'pay' },
    title: { en: 'A payment was paid', zh: '支付成功' },
    data: data({ payment: Id, amount: Money }),
    from: 'payments.payment_succeeded',
    read: (from, { currency }) => ({
      payment: text(from.payment),
      amount: money(from.amount, currency),
    }),
    sample: (id) => ({ payment: id, amount: SAMPLE_AMOUNT }),
  }),
  payout(
    'waiting_for_approval',
    'waiting_for_approval',
    'A payout waits for approval',
    '出款待审批',
  ),
  payout('waiting_for_cash', 'waiting_for_cash', 'A payout waits for cash', '出款等待头寸'),
  payout('processing', 'processing', 'A payout is on its way', '出款处理中'),
  payout('succeeded', 'succeeded', 'A payout was paid', '出款成功'),
  payout('failed', 'failed', 'A payout failed', '出款失败'),
  payout('cancelled', 'canceled', 'A payout was canceled', '出款已取消'),
  payout('returned', 'returned', 'A payout came back', '出款退汇'),
  eventType({
    ...{ type: 'refund.created', version: 1, prefix: 'ref' },
    title: { en: 'A refund was made', zh: '退款已受理' },
    data: data({ refund: Id, amount: Money, reason: Type.String() }),
    from: 'payments.refund_made',
    read: (from, { currency }) => ({
      refund: text(from.refund),
      amount: money(from.amount, currency),
      reason: text(from.reason),
    }),
    sample: (id) => ({ refund: id, amount: SAMPLE_AMOUNT, reason: 'the buyer withdrew' }),
  }),
  refundPart('succeeded', 'part_succeeded', 'A part of a refund was paid', '部分退款成功'),
  refundPart('given_up', 'part_given_up', 'A part of a refund was given up', '部分退款已放弃'),
  custodyCase('opened', 'A case was opened', '托管单已开立'),
  milestone('reached', 'A milestone was reached', '托管节点已达成'),
  milestone('lapsed', 'A milestone lapsed', '托管节点已失效'),
  custodyCase('completed', 'A case was completed', '托管单已完成'),
  custodyCase('returned', 'A case was returned', '托管单已退回'),
  eventType({
    ...{ type: 'webhook_endpoint.disabled', version: 1, prefix: 'whk' },
    title: { en: 'A webhook endpoint was disabled', zh: '回调地址已停用' },
    data: data({ endpoint: Id, because: Type.String() }),
    from: 'webhooks.endpoint_disabled',
    read: (from) => ({ endpoint: text(from.endpoint), because: text(from.because) }),
    sample: (id) => ({ endpoint: id, because: 'failing' }),
  }),
]

const BY_SOURCE = new Map(EVENT_TYPES.map((each) => [each.from, each]))
const BY_TYPE = new Map(EVENT_TYPES.map((each) => [each.type, each]))

/** The public type made from an event of ours; `undefined` for those that stay inside. */
export const publicTypeOf = (kind: string): EventType | undefined => BY_SOURCE.get(kind)

export const eventTypeNamed = (type: string): EventType | undefined => BY_TYPE.get(type)

/** The patterns a type is wanted by: `*`, `payout.*` and `payout.succeeded`. */
export function patternsOf(type: string): readonly string[] {
  return ['*', `${type.split('.')[0]}.*`, type]
}

/** Patterns that no public type answers to. */
export function unknownPatterns(patterns: readonly string[]): readonly string[] {
  const known = new Set(EVENT_TYPES.flatMap(({ type }) => patternsOf(type)))
  return patterns.filter((pattern) => !known.has(pattern))
}
