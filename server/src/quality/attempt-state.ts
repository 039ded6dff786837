/**
 * What is kept of an attempt, and how a fact moves it. Facts come at least once and, after a delay at
 * the relay, in any order, so the state after a set of facts does not depend on their order: the
 * stronger result stands (returned, succeeded, failed, overdue), of two equal ones the later.
 */
import type { Instant, Uuid } from '#base'
import type { Direction } from '#codes'
import { matureAt } from './maturity.ts'

export const RESULTS = ['overdue', 'failed', 'succeeded', 'returned'] as const

export type Result = (typeof RESULTS)[number]

/** `returned`: a payout came back within 7 days; `returned_late`: after them. Both had succeeded. */
export type Outcome = Result | 'returned_late'

/** A fact read: ids parsed, the amount put into its band. */
export interface ReadFact {
  readonly book: number
  readonly id: Uuid
  readonly order: Uuid
  readonly number: number
  readonly direction: Direction
  readonly channel: string
  readonly bank: string
  readonly accountType: string
  readonly band: string
  readonly madeAt: Instant
  readonly at: Instant
  readonly result: Result
  readonly code: string
}

/** The fact that stands, and what the others said of the attempt. */
export interface AttemptState extends ReadFact {
  readonly succeededAt?: Instant
  readonly wasOverdue: boolean
  readonly hadFailed: boolean
}

/** How an attempt counts: a cell of the counts, less its segment and time. */
export interface Ending {
  readonly direction: Direction
  readonly channel: string
  readonly code: string
  readonly outcome: Outcome
  readonly first: boolean
  readonly converted: boolean
  readonly lastChannel: string
  readonly lastCode: string
  readonly reclassified: boolean
}

const RETURN_COUNTS_MS = 7 * 86_400_000

/** The state after a fact; the same fact again changes nothing. */
export function applyFact(state: AttemptState | undefined, fact: ReadFact): AttemptState {
  const stronger = state === undefined || isStronger(fact, state)
  const { result, code, at } = stronger ? fact : state
  const succeededAt =
    fact.result === 'succeeded' ? later(state?.succeededAt, fact.at) : state?.succeededAt
  const { book, id, order, number, direction, channel, madeAt, band } = fact
  const [told, other] = stronger ? [fact, state] : [state, fact]
  return {
    ...{ book, id, order, number, direction, channel, madeAt, band, result, code, at },
    // The payer's bank is often known only once he has paid.
    bank: told.bank || (other?.bank ?? ''),
    accountType: told.accountType || (other?.accountType ?? ''),
    ...(succeededAt !== undefined && { succeededAt }),
    wasOverdue: state?.wasOverdue === true || fact.result === 'overdue',
    hadFailed: state?.hadFailed === true || fact.result === 'failed',
  }
}

function isStronger(fact: ReadFact, state: AttemptState): boolean {
  const rank = RESULTS.indexOf(fact.result) - RESULTS.indexOf(state.result)
  if (rank !== 0) return rank > 0
  if (fact.at !== state.at) return fact.at > state.at
  return fact.code > state.code
}

function later(a: Instant | undefined, b: Instant): Instant {
  return a === undefined || b > a ? b : a
}

/** How an attempt counts, given all attempts of its order that are known. */
export function endingOf(state: AttemptState, ofOrder: readonly AttemptState[]): Ending {
  const { direction, channel, code } = state
  const first = state.number === 1
  const converted = first && ofOrder.some(hasSucceeded)
  const last = ofOrder.reduce((a, b) => (b.number > a.number ? b : a), state)
  const elsewhere = first && !converted && last.number !== state.number
  return {
    ...{ direction, channel, code, outcome: outcomeOf(state), first, converted },
    lastChannel: elsewhere ? last.channel : '',
    lastCode: elsewhere ? last.code : '',
    reclassified: wasReclassified(state),
  }
}

const hasSucceeded = ({ result }: AttemptState) => result === 'succeeded' || result === 'returned'

function outcomeOf({ result, at, succeededAt, madeAt }: AttemptState): Outcome {
  if (result !== 'returned') return result
  return at - (succeededAt ?? madeAt) > RETURN_COUNTS_MS ? 'returned_late' : 'returned'
}

/** Whether it ended otherwise than it stood at its maturity. */
function wasReclassified(state: AttemptState): boolean {
  if (state.result === 'overdue') return false
  if (state.wasOverdue) return true
  const since = state.succeededAt
  return since !== undefined && state.hadFailed && since > matureAt(state.direction, state.madeAt)
}
