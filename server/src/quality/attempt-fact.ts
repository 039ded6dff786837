/**
 * What success rates are counted from: one fact when an attempt ends, one when it is overdue, one when
 * a payout comes back. Facts arrive at least once; `attempt` tells repeats.
 */
import type { Instant } from '#base'
import type { Direction } from '#codes'

export interface AttemptFact {
  /** Public id of the attempt, `att_…`. */
  readonly attempt: string
  /** The order it was an attempt for, across its attempts: `pay_…`, `pout_…`, `ref_…`. */
  readonly order: string
  /** 1 for the first attempt of the order. */
  readonly number: number
  readonly direction: Direction
  readonly channel: string
  /** Empty where it does not apply or is not known. */
  readonly bank: string
  readonly accountType: '' | 'personal' | 'corporate'
  /** Minor units as text, and their currency. */
  readonly amount: { readonly amount: string; readonly currency: string }
  readonly madeAt: Instant
  readonly at: Instant
  /** `overdue`: not final when it should have been; a later fact replaces it. */
  readonly result: 'succeeded' | 'failed' | 'overdue' | 'returned'
  /** The channel's own code. */
  readonly code: string
}
