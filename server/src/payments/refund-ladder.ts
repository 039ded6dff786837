/**
 * The ladder of a refund: the way the money came, else a payout to the verified payer that a second
 * person approves, else a person by hand. A step down is never taken while the step above is not
 * certain: only a certain refusal, or terms known before sending, close a way.
 */

import type { Instant } from '#base'
import type { RefundTerms } from '#channels'
import type { Classification } from '#codes'

const DAY_MS = 86_400_000

/** Of the collection a refund is taken from. */
export interface RefundableCollection {
  readonly amount: bigint
  readonly refunding: bigint
  readonly refunded: bigint
  readonly refunds: number
  readonly at: Instant
}

export type RouteClosed = 'cannot_refund' | 'window_over' | 'too_many' | 'partial_not_allowed'

/** When the way back closes. */
export function closesAt(collection: { readonly at: Instant }, terms: RefundTerms): Instant {
  return collection.at + terms.windowDays * DAY_MS
}

/** What closes the way back for `amount`; `undefined` while it is open. */
export function routeClosed(
  collection: RefundableCollection,
  terms: RefundTerms | undefined,
  asked: { readonly amount: bigint; readonly now: Instant },
): RouteClosed | undefined {
  if (terms === undefined) return 'cannot_refund'
  if (asked.now >= closesAt(collection, terms)) return 'window_over'
  if (collection.refunds >= terms.countMost) return 'too_many'
  if (!terms.partial && asked.amount !== collection.amount) return 'partial_not_allowed'
  return undefined
}

/** When the next refund of a collection may be sent, after the last one was. */
export function sendAt(terms: RefundTerms | undefined, last: Instant | undefined, now: Instant) {
  if (terms === undefined || last === undefined) return now
  return Math.max(now, last + terms.gapMs)
}

/** Reasons of codes that say the channel has too little of our money. */
export const SHORT_REASONS: readonly string[] = [
  'balance',
  'insufficient_balance',
  'insufficient_funds',
  'balance_short',
  'merchant_balance',
  'merchant_insufficient_funds',
]

export type AfterRefusal = 'fund' | 'later' | 'step_down'

/** What follows a certain refusal of a refund. */
export function afterRefusal(said: Classification, attempts: number): AfterRefusal {
  if (SHORT_REASONS.includes(said.reason)) return 'fund'
  return said.retry === 'same_channel_later' && attempts < LATER_MOST ? 'later' : 'step_down'
}

/** Attempts before "later" means "not this way". */
const LATER_MOST = 5
