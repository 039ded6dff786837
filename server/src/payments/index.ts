/** The door to payments: money collected, paid out and refunded over channels. */
export type {
  Attempt,
  AttemptDesk,
  AttemptMoved,
  AttemptOwner,
  CallbackTaken,
  Disagreement,
  NewAttempt,
  SendWindow,
  Sent,
} from './attempt.ts'
export { findAttempt, listAttempts } from './attempt-store.ts'
export type { PaymentsContext, PaymentsOptions } from './context.ts'
export { findException, listExceptions, type PaymentException } from './exception-store.ts'
export {
  EXCEPTION_KINDS,
  type ExceptionAction,
  type ExceptionKind,
  exceptionKind,
  type Raised,
  raise,
} from './exceptions.ts'
export { readRecordedAttempts } from './recorded-store.ts'
