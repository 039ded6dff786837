/** The facts success rates are counted from, and the event that carries them. */
import { type Instant, type OutboxEvent, publicId } from '#base'
import type { PaymentOutcome } from '#channels'
import type { AttemptFact } from '#quality'
import type { Attempt } from './attempt.ts'

export const ATTEMPT_ENDED = 'payments.attempt_ended'

/** The event that an attempt ended, is overdue, or (a payout) came back. */
export function attemptEnded(
  attempt: Attempt,
  at: Instant,
  result: AttemptFact['result'],
  outcome: Pick<PaymentOutcome, 'code' | 'bank' | 'accountType'>,
): OutboxEvent {
  const fact: AttemptFact = {
    attempt: publicId('att', attempt.book, attempt.id),
    order: attempt.owner,
    number: attempt.number,
    direction: attempt.direction,
    channel: attempt.channel,
    bank: outcome.bank ?? attempt.bank,
    accountType: outcome.accountType ?? attempt.accountType,
    amount: { amount: attempt.amount.toString(), currency: attempt.currency },
    madeAt: attempt.at,
    at,
    result,
    code: outcome.code,
  }
  return { kind: ATTEMPT_ENDED, aggregate: attempt.owner, payload: fact, orgId: attempt.orgId }
}
