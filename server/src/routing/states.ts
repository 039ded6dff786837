/** States of a breaker as data; the diagram in the README is these rows. */

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const

export type BreakerState = (typeof BREAKER_STATES)[number]

/** From, what happened, to. */
export const BREAKER_MOVES = [
  ['closed', 'tripped', 'open'],
  ['open', 'waited', 'half_open'],
  ['half_open', 'failed_again', 'open'],
  ['half_open', 'recovered', 'closed'],
] as const satisfies readonly (readonly [BreakerState, string, BreakerState])[]

export type BreakerEvent = (typeof BREAKER_MOVES)[number][1]

/** Where an event leads; the same state when no row has it. */
export function nextState(state: BreakerState, event: BreakerEvent): BreakerState {
  return BREAKER_MOVES.find(([from, on]) => from === state && on === event)?.[2] ?? state
}
