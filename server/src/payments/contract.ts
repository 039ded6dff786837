/** The contracts of payments on the wire. Descriptions are written to follow "Send this instead:". */
import { type Static, type TProperties, Type } from 'typebox'
import { type MoneyJson, moneySchema } from '#money'
import {
  EXCEPTION_STATES,
  LATE_POLICIES,
  LEG_STATES,
  PAY_IN_STATES,
  PLAN_STATES,
} from './states.ts'

const closed = { additionalProperties: false }
const Part = <P extends TProperties>(id: string, properties: P) =>
  Type.Object(properties, { ...closed, $id: id })

const id = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_[1-9][0-9]{0,8}_[0-9a-f]{32}$`,
    description: `the id of ${what}, such as ${prefix}_7_019a2b3c4d5e7f708192a3b4c5d6e7f8`,
  })

export const PaymentId = id('pay', 'a payment')
export const PlanId = id('plan', 'a payment plan')
export const ExceptionId = id('exc', 'an exception')
const AccountId = id('acc', 'an account')
const BookId = Type.String({ pattern: '^book_[1-9][0-9]{0,8}$', description: 'the id of a book' })

const MoneyPart = Type.Unsafe<MoneyJson>({ ...moneySchema, $id: 'Money' })

const words = (what: string, most: number, more: { readonly 'x-personal'?: string } = {}) =>
  Type.String({
    ...more,
    minLength: 1,
    maxLength: most,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: `${what} without control characters, at most ${most}`,
  })

const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values] })

// The browser reads this file and may not reach into channels, so their words stand here once more; a
// test holds them to the tables.
export const Method = oneOf([
  ...(['wechat_native', 'wechat_h5', 'wechat_jsapi', 'alipay_qr'] as const),
  ...(['alipay_page', 'collection', 'bank_transfer'] as const),
])
/** Fields of people: masked in replies to whoever may not read personal data. */
const PERSON_NAME = words('a name', 100, { 'x-personal': 'name' })
const BANK_ACCOUNT = words('an account number', 40, { 'x-personal': 'card' })

export const AccountKind = oneOf(['personal', 'corporate'])
export const AttemptStatus = oneOf([
  'intended',
  'sending',
  'accepted',
  'unknown',
  'succeeded',
  'failed',
] as const)
const BankCode = Type.String({
  pattern: '^[A-Z]{2,12}$',
  description: "a bank's short code such as ICBC",
})

const payWith = {
  /** The ways open to the payer; one of them is taken. */
  methods: Type.Array(Method, { minItems: 1, maxItems: 7 }),
  bank: Type.Optional(BankCode),
  account_type: Type.Optional(AccountKind),
  /** Whom to debit, for `collection`. */
  payer: Type.Optional(
    Part('Payer', {
      name: PERSON_NAME,
      account: BANK_ACCOUNT,
      bank: BankCode,
      account_type: AccountKind,
      id_number: Type.Optional(words('an ID number', 20, { 'x-personal': 'id_number' })),
      mobile: Type.Optional(words('a mobile number', 20, { 'x-personal': 'phone' })),
    }),
  ),
  /** The payer's id at the channel, for `wechat_jsapi`. */
  payer_id: Type.Optional(words('an id', 128)),
  /** The payer's address on the network, for `wechat_h5`. */
  payer_ip: Type.Optional(words('an address', 45)),
}

export const NewPaymentBody = Part('NewPayment', {
  /** The account the money is for; or several of different books, of which one is taken. */
  destination: Type.Union([AccountId, Type.Array(AccountId, { minItems: 1, maxItems: 8 })]),
  amount: MoneyPart,
  subject: words('a line for the payer', 100),
  ...payWith,
  /** 30 when absent. */
  expires_in_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
  /** What becomes of money that comes after closing; `refund` when absent. */
  late: Type.Optional(oneOf(LATE_POLICIES)),
  /** Words that routing rules may ask for, such as scene or city. */
  attributes: Type.Optional(Type.Record(Type.String({ maxLength: 40 }), words('a word', 100))),
})

export const NewAttemptBody = Part('NewAttempt', payWith)

const Texts = Type.Object({ zh: Type.String(), en: Type.String() }, closed)

const CandidatePart = Part('Candidate', {
  channel: Type.String(),
  eligible: Type.Boolean(),
  /** Why it was chosen or not. */
  why: Type.String(),
  /** Minor units. */
  cost: Type.String(),
  success_ppm: Type.Integer(),
})

const AttemptPart = Part('Attempt', {
  id: id('att', 'an attempt'),
  number: Type.Integer(),
  channel: Type.String(),
  method: Type.Optional(Type.String()),
  status: AttemptStatus,
  /** What the payer has to do now. */
  payer_action: Type.Optional(Type.Object({ kind: Type.String(), value: Type.String() }, closed)),
  /** The channel's own number and code. */
  reference: Type.String(),
  channel_reference: Type.Optional(Type.String()),
  channel_code: Type.Optional(Type.String()),
  /** Of a failure: what the payer reads, its class, and who may try again how. */
  user_message: Type.Optional(Texts),
  class: Type.Optional(Type.String()),
  retry: Type.Optional(Type.String()),
  booked_to: Type.Optional(oneOf(['destination', 'suspense'])),
  created_at: Type.String(),
  /** Why this channel. */
  why: Type.Optional(
    Type.Object({ candidates: Type.Array(CandidatePart), rules: Type.String() }, closed),
  ),
})

export const PaymentPart = Part('Payment', {
  id: PaymentId,
  destination: AccountId,
  amount: MoneyPart,
  status: oneOf(PAY_IN_STATES),
  subject: Type.String(),
  late: oneOf(LATE_POLICIES),
  plan: Type.Optional(PlanId),
  leg: Type.Optional(Type.Integer()),
  attempts: Type.Array(AttemptPart),
  expires_at: Type.String(),
  created_at: Type.String(),
})

const LegPart = Part('PlanLeg', {
  number: Type.Integer(),
  amount: MoneyPart,
  status: oneOf(LEG_STATES),
  /** Shanghai's business date, `yyyymmdd`. */
  pay_on: Type.String(),
  payment: Type.Optional(PaymentId),
})

export const NewPlanBody = Part('NewPaymentPlan', {
  destination: AccountId,
  amount: MoneyPart,
  subject: words('a line for the payer', 100),
  bank: Type.Optional(BankCode),
  account_type: Type.Optional(AccountKind),
  method: Method,
  attributes: NewPaymentBody.properties.attributes,
})

export const PlanPart = Part('PaymentPlan', {
  id: PlanId,
  destination: AccountId,
  amount: MoneyPart,
  paid: MoneyPart,
  status: oneOf(PLAN_STATES),
  subject: Type.String(),
  method: Type.String(),
  legs: Type.Array(LegPart),
  created_at: Type.String(),
})

/** Changes the amount of a leg, or pays it. */
export const LegBody = Part('PaymentPlanLegChange', {
  amount: Type.Optional(MoneyPart),
  pay: Type.Optional(Part('PayLeg', { ...payWith, methods: Type.Optional(payWith.methods) })),
})

export const PayeePart = Part('Payee', {
  name: PERSON_NAME,
  account: BANK_ACCOUNT,
  bank: BankCode,
  account_type: AccountKind,
  /** 12 digits, where it is known. */
  cnaps: Type.Optional(Type.String({ pattern: '^[0-9]{12}$', description: '12 digits' })),
})

export type PayeeJson = Static<typeof PayeePart>

export const ExceptionPart = Part('Exception', {
  id: ExceptionId,
  kind: Type.String(),
  title: Texts,
  about: Type.String(),
  status: oneOf(EXCEPTION_STATES),
  owner: Type.String(),
  amount: Type.String({ description: 'minor units' }),
  evidence: Type.Record(Type.String(), Type.Unknown()),
  seen: Type.Integer(),
  /** What may be decided, while it is open. */
  actions: Type.Array(Part('ExceptionAction', { action: Type.String(), title: Texts })),
  opened_at: Type.String(),
  /** From when it was raised until it was resolved, or now. */
  age_seconds: Type.Integer(),
  deadline: Type.String(),
  /** Whether its deadline passed while it was open. */
  overdue: Type.Boolean(),
  action: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  resolved_by: Type.Optional(Type.String()),
})

export const ExceptionQuery = Type.Object(
  {
    book: BookId,
    status: Type.Optional(oneOf(EXCEPTION_STATES)),
    about: Type.Optional(words('what it is about', 80)),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  },
  closed,
)

export const ExceptionPage = Part('ExceptionPage', { data: Type.Array(ExceptionPart) })

export const ResolutionBody = Part('Resolution', {
  action: words('one of the actions of its kind', 40),
  note: words('why, in a sentence', 500),
  by: words('who decides', 80),
  /** The account of the book that takes the money (attach), or gives it (recover). */
  account: Type.Optional(AccountId),
  /** Whom to pay: the payer of money nobody knows, or of a refund whose way back is closed. */
  payee: Type.Optional(PayeePart),
})

export type NewPaymentJson = Static<typeof NewPaymentBody>
export type PayWithJson = Static<typeof NewAttemptBody>
export type PayLegJson = NonNullable<Static<typeof LegBody>['pay']>
export type PaymentJson = Static<typeof PaymentPart>
export type AttemptJson = Static<typeof AttemptPart>
export type ExceptionJson = Static<typeof ExceptionPart>
export type PlanJson = Static<typeof PlanPart>
