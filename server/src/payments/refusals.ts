/** What payments refuse; each row says what to do. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['payment_not_found', 404, 'No such payment in this book.'],
  ['plan_not_found', 404, 'No such payment plan in this book.'],
  ['leg_not_found', 404, 'No such leg in this payment plan.'],
  ['exception_not_found', 404, 'No such exception in this book.'],
  ['channel_not_found', 404, 'No channel of this name is set up here.'],
  ['book_takes_no_payments', 422, 'Name an account of a book with the chart custody_pool.'],
  ['destination_not_found', 422, 'No such account in this book; open it first.'],
  ['destination_not_payable', 422, 'Name an account that owes money to somebody, not this one.'],
  ['destination_closed', 409, 'The account is closed for good; name another one.'],
  ['currency_differs', 422, "Send the amount in the currency of the destination's book."],
  ['amount_not_positive', 422, 'Send an amount of at least 1 minor unit.'],
  ['payer_missing', 422, 'Name the bank account to debit: collection needs a payer.'],
  [
    'payer_malformed',
    422,
    'Correct the payer: a name, an account and what else is named is checked.',
  ],
  ['no_channel', 422, 'No channel can take this payment now; the detail says why for each.'],
  ['key_reused', 422, 'This Idempotency-Key was used with another body; send a new key.'],
  ['payment_paid', 409, 'The payment is paid already.'],
  ['payment_closed', 409, 'The payment is closed; make a new one.'],
  ['attempts_too_many', 409, 'The payment has had as many attempts as it may; make a new one.'],
  ['payment_not_closed', 409, 'A channel would not close it: wait for its result, and try again.'],
  ['plan_over', 409, 'The payment plan is paid or closed; make a new one.'],
  ['plan_moved', 409, 'The payment plan has moved meanwhile; read it and decide again.'],
  ['plan_not_possible', 422, 'No split into legs keeps the limits; choose another bank or amount.'],
  ['leg_fixed', 409, 'A leg that is paid or being paid does not change.'],
  [
    'leg_out_of_range',
    422,
    'The amount of this leg leaves no split of the rest within the limits.',
  ],
  ['exception_resolved', 409, 'The exception is resolved already.'],
  [
    'action_not_allowed',
    422,
    'An exception of this kind takes other actions; its kind lists them.',
  ],
  ['action_not_possible', 409, 'What the exception is about has moved on; read it again.'],
  ['action_not_available', 409, 'No part of this installation carries the action out yet.'],
  ['still_not_known', 409, 'The channel was asked and the result is still open; try again later.'],
  ['account_missing', 422, 'Name the account of the book that the money is for.'],
  ['payee_missing', 422, 'Name the bank account to pay to: none has been verified.'],
  ['payee_is_not_payer', 422, 'Name the bank account the money came from; it goes to no other.'],
  ['entry_not_booked', 409, 'Its cash is reserved; decide when the reservation has ended.'],
  ['already_at_source', 409, 'The money is back at the account it was paid from; explain it.'],
  ['payout_not_found', 404, 'No such payout in this book.'],
  ['payout_not_waiting', 409, 'The payout does not wait any more; read what became of it.'],
  ['payout_expired', 409, 'The time the payout was good for is over; make a new one.'],
  ['source_not_payable', 422, 'Pay from an account that owes money to somebody, not this one.'],
  ['payee_malformed', 422, 'Correct the payee: a name and an account are checked.'],
  ['no_channel_for_payout', 409, 'No channel takes this payout now; try another bank or time.'],
  ['approver_is_requester', 409, 'Another person than the one who asked has to approve it.'],
  ['refund_not_found', 404, 'No such refund in this book.'],
  ['refund_exceeds_payments', 409, 'The payments have less left to give back; lower the amount.'],
  ['refund_of_unpaid', 409, 'One of the payments is unpaid; name paid ones of one book.'],
  ['stopped', 409, 'This is paused; send the request again, with its key, when it was resumed.'],
  ['refund_not_waiting', 409, 'No part of the refund waits for an approval; read it again.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type PaymentRefusalCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** Every code a reply of the routes of payments may carry, for the docs and `/errors`. */
export const PAYMENT_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** The problem of a row; `detail` adds to what it says. */
export function paymentProblem(code: PaymentRefusalCode, detail?: string): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: detail === undefined ? says : `${says} ${detail}` }
}
