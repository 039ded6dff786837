/** The door to routing: which channel takes an attempt, and why. */
export type { RouteDecision, RouteRequest, Router } from './decision.ts'
export { describe } from './describe.ts'
export { type RoutingRoutes, routingRoutes } from './http.ts'
export { createMemoryRouter, type MemoryRouter } from './memory-router.ts'
export { ROUTING_PROBLEMS } from './refusals.ts'
export { type RecordedAttempt, type Replay, replay } from './replay.ts'
export { type RouteJson, routeJson } from './route-json.ts'
export {
  openRouting,
  type Routing,
  readNotedChannels,
} from './routing.ts'
export { parseRules, type Rule, type RuleDocument } from './rule.ts'
export { createRuleSet } from './rule-set.ts'
