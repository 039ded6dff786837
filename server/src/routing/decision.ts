/**
 * A routing decision: which channel takes an attempt, and for each channel why or why not. It is
 * stored with the attempt, so that "why this channel" is answered from the row.
 */
import type { Instant } from '#base'
import type { AccountType, CollectMethod, Direction } from '#channels'
import type { WhyCode } from './why.ts'

export interface RouteRequest {
  readonly direction: Direction
  /** Minor units. */
  readonly amount: bigint
  readonly currency: string
  /** The book the money comes into or leaves. */
  readonly book: number
  /** Short code; empty when it is not known. */
  readonly bank: string
  readonly accountType?: AccountType
  /** The ways the payer can pay; for `collect`. */
  readonly methods?: readonly CollectMethod[]
  readonly at: Instant
  /** Channels that have refused this order for sure. */
  readonly tried: readonly string[]
  /** Words of the caller's that rules may ask for, such as `scene` or `city`. */
  readonly attributes: Readonly<Record<string, string>>
  /** Already used today by this payer or payee, per channel, minor units; absent: nothing. */
  readonly usedToday?: Readonly<Record<string, bigint>>
  /** How often this payer or payee used each channel today; absent: never. */
  readonly countToday?: Readonly<Record<string, number>>
  /** What a volume split sticks to, such as the id of the case or merchant; absent: the dice. */
  readonly sticky?: string
}

export interface Candidate {
  readonly channel: string
  readonly eligible: boolean
  /** A code of the table in `why.ts`. */
  readonly why: WhyCode
  /** What the attempt would cost, minor units. */
  readonly cost: bigint
  /** Expected success without failures of the user's cause, parts per million. */
  readonly successPpm: number
}

export interface RouteDecision {
  /** Absent when no channel can take it. */
  readonly channel?: string
  readonly method?: CollectMethod
  readonly candidates: readonly Candidate[]
  /** Chosen to learn about a channel rather than because it is best. */
  readonly explored: boolean
  /** Version of the rules, and the ids of those that applied. */
  readonly rules: string
  readonly applied: readonly string[]
  /** What it was decided on beside the attempt's own fields: replay asks the same again. */
  readonly asked: Pick<
    RouteRequest,
    'methods' | 'tried' | 'attributes' | 'countToday' | 'sticky'
  > & {
    /** Minor units as text, since this is stored as JSON. */
    readonly usedToday?: Readonly<Record<string, string>>
  }
}

export interface Router {
  /** Pure apart from the dice; in memory; well under a millisecond. */
  decide(request: RouteRequest): RouteDecision
}
