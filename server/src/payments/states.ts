/**
 * States of pay-ins, plans, legs and exceptions and how they move. Checks in SQL and the diagrams of
 * the README follow from these tables. Attempts move as instructions do (`INSTRUCTION_MOVES`).
 */

interface Move<State> {
  readonly from: State
  readonly on: string
  readonly to: State
}

export const PAY_IN_STATES = ['open', 'succeeded', 'closed'] as const

export type PayInState = (typeof PAY_IN_STATES)[number]

export const PAY_IN_MOVES = [
  { from: 'open', on: 'paid', to: 'succeeded' },
  /** By the caller or by time; never while an attempt is not final. */
  { from: 'open', on: 'closed', to: 'closed' },
  /** Money that came after closing, and is kept by the pay-in's policy or a person's decision. */
  { from: 'closed', on: 'attached', to: 'succeeded' },
] as const satisfies readonly Move<PayInState>[]

export const PLAN_STATES = ['open', 'succeeded', 'closed'] as const

export type PlanState = (typeof PLAN_STATES)[number]

export const PLAN_MOVES = [
  /** Its paid legs sum to the amount, exactly. */
  { from: 'open', on: 'paid_in_full', to: 'succeeded' },
  { from: 'open', on: 'closed', to: 'closed' },
] as const satisfies readonly Move<PlanState>[]

export const LEG_STATES = ['planned', 'confirming', 'paid', 'dropped'] as const

export type LegState = (typeof LEG_STATES)[number]

export const LEG_MOVES = [
  { from: 'planned', on: 'begun', to: 'confirming' },
  { from: 'confirming', on: 'paid', to: 'paid' },
  /** Its pay-in was closed unpaid: it can be paid again, or changed. */
  { from: 'confirming', on: 'closed', to: 'planned' },
  /** The other legs carry its amount now. */
  { from: 'planned', on: 'dropped', to: 'dropped' },
  { from: 'dropped', on: 'needed_again', to: 'planned' },
] as const satisfies readonly Move<LegState>[]

export const EXCEPTION_STATES = ['open', 'resolved'] as const

export type ExceptionState = (typeof EXCEPTION_STATES)[number]

export const BOOKED_TO = ['', 'destination', 'suspense'] as const

/** What becomes of money that comes after a pay-in was closed. */
export const LATE_POLICIES = ['refund', 'attach'] as const

export type LatePolicy = (typeof LATE_POLICIES)[number]
