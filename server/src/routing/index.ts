/** The door to routing: which channel takes an attempt, and why. */
export type { Candidate, RouteDecision, RouteRequest, Router } from './decision.ts'
