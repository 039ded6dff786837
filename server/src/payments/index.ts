/** The door to payments: money collected, paid out and refunded over channels. */
export type {
  Attempt,
  AttemptDesk,
  AttemptMoved,
  AttemptOwner,
  CallbackTaken,
  NewAttempt,
  SendWindow,
  Sent,
} from './attempt.ts'
export { findAttempt, listAttempts } from './attempt-store.ts'
export {
  type Clearing,
  type ClearingOptions,
  createClearing,
  type EntryForAccount,
  type Recognised,
} from './clearing.ts'
export type { OnItsWay } from './clearing-store.ts'
export { type PaymentsContext, type PaymentsOptions, transitId } from './context.ts'
export { findException, listExceptions, type PaymentException } from './exception-store.ts'
export {
  EXCEPTION_KINDS,
  type ExceptionAction,
  type ExceptionKind,
  exceptionKind,
  type Raised,
  raise,
} from './exceptions.ts'
export { ATTEMPT_ENDED } from './facts.ts'
export { paymentRoutes } from './http.ts'
export { createOutflows, type OutflowOptions, type Outflows } from './outflows.ts'
export type { MatchTransfer } from './outside-lines.ts'
export { transfersOf } from './outside-transfers.ts'
export type { NewPayIn, PayIn, PayWith } from './pay-in.ts'
export type { Opened, Refused } from './pay-ins.ts'
export { type CreatePaymentsOptions, createPayments, type Payments } from './payments.ts'
export type { PayoutOrder } from './payout.ts'
export type { PayoutAnswer, Payouts } from './payouts.ts'
export { payoutRoutes } from './payouts-http.ts'
export type { Plan, PlanLeg } from './plan-store.ts'
export { planRoutes } from './plans-http.ts'
export { readingRoutes } from './readings-http.ts'
export { readRecordedAttempts } from './recorded-store.ts'
export type { RefundAnswer, RefundRequest } from './refunds.ts'
export { refundRoutes } from './refunds-http.ts'
export { PAYMENT_PROBLEMS, type PaymentRefusalCode } from './refusals.ts'
export type { MoneyPlaces } from './settlement-movement.ts'
