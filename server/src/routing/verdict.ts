/**
 * What the end of an attempt says about its channel. The one rule: a channel is judged by what it
 * caused. A payer without funds, a bank that declines, our own mistakes and risk refusals say nothing
 * about the way the money was to go.
 */
import type { Classification } from '#codes'
import type { AttemptFact } from '#quality'

/** `permission`: refused because this kind of payment is not enabled there. */
export type Verdict = 'good' | 'bad' | 'permission' | 'none'

/** The verdict of a fact; `undefined` when it does not change an earlier one. */
export function verdictOf(
  fact: Pick<AttemptFact, 'result' | 'direction'>,
  { cause, reason, certainty }: Pick<Classification, 'cause' | 'reason' | 'certainty'>,
): Verdict | undefined {
  switch (fact.result) {
    case 'succeeded':
      return 'good'
    case 'returned':
      return undefined
    case 'failed':
      if (reason === 'permission' && certainty === 'failed') return 'permission'
      return cause === 'channel' ? 'bad' : 'none'
    case 'overdue':
      // A payer may take all the time there is; a payout that nobody answers for is the channel's.
      if (cause === undefined) return fact.direction === 'collect' ? 'none' : 'bad'
      return cause === 'channel' ? 'bad' : 'none'
  }
}
