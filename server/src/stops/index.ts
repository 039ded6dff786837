/** The door to stops: what is paused or frozen, and what two persons may let go. */
export type { By, StopsLedger } from './context.ts'
export type { FreezeView, NewFreeze } from './freezes.ts'
export { stopRoutes } from './http.ts'
export type { NewPause } from './pauses.ts'
export { STOPS_PROBLEMS } from './refusals.ts'
export type { Movement, PauseScope, Stopped } from './scope.ts'
export { createStops, type StopGate, type Stops, type StopsOptions } from './stops.ts'
export type { Pause } from './store.ts'
