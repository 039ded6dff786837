/** The door to routing: which channel takes an attempt, and why. */
export type { Candidate, RouteDecision, RouteRequest, Router } from './decision.ts'
export { describe } from './describe.ts'
export { costOf } from './eligibility.ts'
export { explain } from './explain.ts'
export type { Cell, HealthRow } from './health.ts'
export { type RoutingRoutes, routingRoutes } from './http.ts'
export type { Learnt } from './learnt.ts'
export { createMemoryRouter, type MemoryRouter, type MemoryRouterOptions } from './memory-router.ts'
export { ROUTING_PROBLEMS } from './refusals.ts'
export { type RecordedAttempt, type Replay, type ReplayOptions, replay } from './replay.ts'
export { type RouteJson, readRoute, routeJson } from './route-json.ts'
export {
  openRouting,
  type Routing,
  type RoutingOptions,
  RulesRefused,
  readActiveRules,
  readNotedChannels,
} from './routing.ts'
export {
  parseRules,
  type Rule,
  type RuleDocument,
  type RuleProblem,
  RuleTextRefused,
} from './rule.ts'
export { createRuleSet, type RuleSet } from './rule-set.ts'
export { WHY, type WhyCode, whyText } from './why.ts'
