/** The contracts of payouts and refunds on the wire. */
import { type Static, type TProperties, Type } from 'typebox'
import { type MoneyJson, moneySchema } from '#money'
import { PayeePart } from './contract.ts'
import { PAYOUT_PURPOSES, PAYOUT_STATES } from './payout-states.ts'
import { REFUND_PART_STATES, REFUND_ROUTES, REFUND_STATES } from './refund-states.ts'

const closed = { additionalProperties: false }
const Part = <P extends TProperties>(id: string, properties: P) =>
  Type.Object(properties, { ...closed, $id: id })

const id = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_[1-9][0-9]{0,8}_[0-9a-f]{32}$`,
    description: `the id of ${what}, such as ${prefix}_7_019a2b3c4d5e7f708192a3b4c5d6e7f8`,
  })

export const PayoutId = id('pout', 'a payout')
export const RefundId = id('ref', 'a refund')
const AccountId = id('acc', 'an account')
const PaymentId = id('pay', 'a payment')

const MoneyPart = Type.Unsafe<MoneyJson>({ ...moneySchema, $id: 'Money' })

const words = (what: string, most: number) =>
  Type.String({
    minLength: 1,
    maxLength: most,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: `${what} without control characters, at most ${most}`,
  })

const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values] })

/** Who asks or agrees. */
const Person = words('the id of a person', 80)

export const NewPayoutBody = Part('NewPayout', {
  /** The account whose owner's money leaves. */
  source: AccountId,
  amount: MoneyPart,
  payee: PayeePart,
  memo: words('a line for the payee', 100),
  requested_by: Person,
  /** A second person has to approve it first. */
  approval: Type.Optional(Type.Boolean()),
  /** Nothing is sent after so long; 1440 when absent. */
  expires_in_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 43_200 })),
})

export type NewPayoutJson = Static<typeof NewPayoutBody>

export const ByBody = Part('ByPerson', { by: Person })

export const ReturnPart = Part('PayoutReturn', {
  amount: MoneyPart,
  channel: Type.String(),
  flow: Type.String(),
  code: Type.String(),
  says: Type.String(),
  date: Type.String(),
  booked_to: oneOf(['source', 'suspense'] as const),
})

export const PayoutPart = Part('Payout', {
  id: PayoutId,
  source: AccountId,
  amount: MoneyPart,
  status: oneOf(PAYOUT_STATES),
  purpose: oneOf(PAYOUT_PURPOSES),
  /** What it is for, such as a part of a refund. */
  about: Type.Optional(Type.String()),
  memo: Type.String(),
  /** Why it waits or has failed. */
  code: Type.Optional(Type.String()),
  attempts: Type.Array(
    Part('PayoutAttempt', {
      number: Type.Integer(),
      channel: Type.String(),
      status: Type.String(),
      reference: Type.String(),
      channel_code: Type.Optional(Type.String()),
    }),
  ),
  /** It came back afterwards; the payout itself stays as it was. */
  returns: Type.Array(ReturnPart),
  requested_by: Type.String(),
  approved_by: Type.Optional(Type.String()),
  valid_until: Type.String(),
  created_at: Type.String(),
})

export type PayoutJson = Static<typeof PayoutPart>

export const NewRefundBody = Part('NewRefund', {
  /** Payments of one book to take it from. */
  payments: Type.Array(PaymentId, { minItems: 1, maxItems: 50 }),
  amount: MoneyPart,
  reason: words('a reason', 80),
  requested_by: Person,
  /** The account the money lies in now; where each payment was booked to when absent. */
  source: Type.Optional(AccountId),
  /** The verified payer, for when the way back is closed. */
  payer: Type.Optional(PayeePart),
})

export type NewRefundJson = Static<typeof NewRefundBody>

export const RefundPartOut = Part('Refund', {
  id: RefundId,
  amount: MoneyPart,
  succeeded: MoneyPart,
  status: oneOf(REFUND_STATES),
  reason: Type.String(),
  requested_by: Type.String(),
  parts: Type.Array(
    Part('RefundPart', {
      number: Type.Integer(),
      amount: MoneyPart,
      route: oneOf(REFUND_ROUTES),
      status: oneOf(REFUND_PART_STATES),
      channel: Type.String(),
      code: Type.Optional(Type.String()),
    }),
  ),
  created_at: Type.String(),
})

export type RefundJson = Static<typeof RefundPartOut>
