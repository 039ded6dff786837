/** States of a request and how it moves. Checks in SQL and the diagram of the README follow from it. */

interface Move<State> {
  readonly from: State
  readonly on: string
  readonly to: State
}

export const REQUEST_STATES = [
  'requires_review',
  'approved',
  'rejected',
  'canceled',
  'expired',
  'executed',
  'failed',
] as const

export type RequestState = (typeof REQUEST_STATES)[number]

export const REQUEST_MOVES = [
  { from: 'requires_review', on: 'last_checker_approved', to: 'approved' },
  { from: 'requires_review', on: 'checker_rejected', to: 'rejected' },
  /** By its maker, or by an edit, which makes another request. */
  { from: 'requires_review', on: 'withdrawn', to: 'canceled' },
  { from: 'requires_review', on: 'time_over', to: 'expired' },
  /** The command that carries it out has committed. */
  { from: 'approved', on: 'carried_out', to: 'executed' },
  /** The module refused it for good. */
  { from: 'approved', on: 'refused', to: 'failed' },
] as const satisfies readonly Move<RequestState>[]

export const VERDICTS = ['approve', 'reject'] as const

export type Verdict = (typeof VERDICTS)[number]

/** What became of an approved request; whichever is written first stands. */
export const OUTCOMES = ['done', 'refused'] as const

export type Outcome = (typeof OUTCOMES)[number]
