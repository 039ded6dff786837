/** A decision as it is stored with its attempt: amounts as text, since JSON has no bigint. */
import type { Candidate, RouteDecision } from './decision.ts'

/** `cost` as text. */
export type RouteJson = Omit<RouteDecision, 'candidates'> & {
  readonly candidates: readonly (Omit<Candidate, 'cost'> & { readonly cost: string })[]
}

/** What JSON can hold of a decision. */
export function routeJson(decision: RouteDecision): RouteJson {
  const candidates = decision.candidates.map((each) => ({ ...each, cost: each.cost.toString() }))
  return { ...decision, candidates }
}

/** A stored decision read back; `undefined` for anything that is none. */
export function readRoute(stored: unknown): RouteDecision | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const route = stored as Partial<RouteJson>
  const whole =
    Array.isArray(route.candidates) && route.asked !== undefined && typeof route.rules === 'string'
  if (!whole) return undefined
  const { candidates, ...rest } = stored as RouteJson
  return { ...rest, candidates: candidates.map((each) => ({ ...each, cost: BigInt(each.cost) })) }
}
