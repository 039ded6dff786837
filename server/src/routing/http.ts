/** Routes of routing: its rules, a decision tried out, and what it knows of channels. */
import type { Static } from 'typebox'
import {
  type Clock,
  type Instant,
  parseInstant,
  type Route,
  route,
  violated,
  writeInstant,
} from '#base'
import type { Currency } from '#money'
import {
  CheckBody,
  CheckPart,
  DecisionBody,
  DecisionPart,
  ForgetBody,
  Forgotten,
  HealthPage,
  LearntPage,
  RulesPage,
} from './contract.ts'
import type { RouteDecision, RouteRequest } from './decision.ts'
import { describe } from './describe.ts'
import { explain } from './explain.ts'
import { routingProblem } from './refusals.ts'
import type { Routing } from './routing.ts'
import type { Rule } from './rule.ts'

const tags = ['routing']
const read = { permission: 'routing.read' }

export interface RoutingRoutes {
  readonly routing: Routing
  readonly clock: Pick<Clock, 'now'>
}

/** The routes under `/v1/routing`. */
export function routingRoutes({ routing, clock }: RoutingRoutes): Route[] {
  return [
    rulesRoute(routing),
    checkRoute(routing),
    decisionRoute(routing, clock),
    healthRoute(routing),
    learntRoute(routing),
    forgetRoute(routing),
  ]
}

const instantOrNull = (at: Instant | undefined) => (at === undefined ? null : writeInstant(at))

function rulesRoute(routing: Routing): Route {
  return route({
    method: 'GET',
    path: '/v1/routing/rules',
    name: 'readRoutingRules',
    summary: 'The rules in force with their sentences, and the versions that were kept.',
    tags,
    policy: read,
    replies: { 200: RulesPage },
    handle: async () => {
      const { version, document } = routing.activeRules()
      const versions = await routing.versions()
      return {
        status: 200,
        body: {
          version,
          policy: { ...document.policy },
          rules: document.rules.map((each) => ({ ...each, says: describe(each) })),
          versions: versions.map((each) => ({
            version: each.version,
            note: each.note,
            made_at: writeInstant(each.madeAt),
            activated_at: instantOrNull(each.activatedAt),
          })),
        },
      }
    },
  })
}

function checkRoute(routing: Routing): Route {
  return route({
    method: 'POST',
    path: '/v1/routing/rules/check',
    name: 'checkRoutingRules',
    summary:
      'Everything that is wrong with a document of rules, or what each rule does. Keeps nothing.',
    tags,
    policy: read,
    body: CheckBody,
    replies: { 200: CheckPart },
    handle: ({ body }) => {
      const problems = [...routing.check(body.document)]
      const { rules } = body.document as { rules?: readonly Rule[] }
      const says = problems.length === 0 ? (rules ?? []).map(describe) : []
      return { status: 200, body: { problems, says } }
    },
  })
}

function decisionRoute(routing: Routing, clock: RoutingRoutes['clock']): Route {
  return route({
    method: 'POST',
    path: '/v1/routing/decisions',
    name: 'previewRouteDecision',
    summary:
      'Which channel would take a payment now, and why each other one would not. Sends nothing.',
    tags,
    policy: read,
    body: DecisionBody,
    replies: { 200: DecisionPart },
    handle: ({ body }) => {
      const at = body.at === undefined ? clock.now() : parseInstant(body.at)
      if (at === undefined) {
        const { code, detail } = routingProblem('instant_not_real')
        return { problem: violated([{ pointer: '/at', code, detail }]) }
      }
      const decision = routing.preview(requestOf(body, at))
      return { status: 200, body: decisionJson(decision, body.amount.currency) }
    },
  })
}

function requestOf(body: Static<typeof DecisionBody>, at: Instant): RouteRequest {
  return {
    direction: body.direction,
    amount: BigInt(body.amount.amount),
    currency: body.amount.currency,
    book: Number(body.book.slice('book_'.length)),
    bank: body.bank ?? '',
    ...(body.account_type !== undefined && { accountType: body.account_type }),
    ...(body.methods !== undefined && { methods: body.methods }),
    at,
    tried: body.tried ?? [],
    attributes: body.attributes ?? {},
    ...(body.sticky !== undefined && { sticky: body.sticky }),
  }
}

function decisionJson(decision: RouteDecision, currency: Currency): Static<typeof DecisionPart> {
  const [en, zh] = [explain(decision, 'en', currency), explain(decision, 'zh', currency)]
  return {
    channel: decision.channel ?? null,
    method: decision.method ?? null,
    says: { en: en.says, zh: zh.says },
    rules: decision.rules,
    applied: [...decision.applied],
    candidates: decision.candidates.map((each, index) => ({
      channel: each.channel,
      eligible: each.eligible,
      why: each.why,
      says: { en: en.candidates[index]!.says, zh: zh.candidates[index]!.says },
      cost: each.cost.toString(),
      success_ppm: each.successPpm,
    })),
  }
}

function healthRoute(routing: Routing): Route {
  return route({
    method: 'GET',
    path: '/v1/routing/health',
    name: 'listChannelHealth',
    summary: 'How channels do lately, counting only failures they caused, with their breakers.',
    tags,
    policy: { permission: 'channels.read' },
    replies: { 200: HealthPage },
    handle: () => ({
      status: 200,
      body: {
        data: routing.health().map(({ accountType, successPpm, breaker, ...row }) => ({
          direction: row.direction,
          channel: row.channel,
          bank: row.bank,
          account_type: accountType,
          good: row.good,
          bad: row.bad,
          success_ppm: successPpm,
          breaker: breaker.state,
          since: breaker.since === 0 ? null : writeInstant(breaker.since),
        })),
      },
    }),
  })
}

function learntRoute(routing: Routing): Route {
  return route({
    method: 'GET',
    path: '/v1/routing/learnt',
    name: 'listLearntPermissions',
    summary:
      'What channels refused for lack of permission, until when it is believed, and on what evidence.',
    tags,
    policy: read,
    replies: { 200: LearntPage },
    handle: () => ({
      status: 200,
      body: {
        data: routing.learnt().map((each) => ({
          direction: each.direction,
          channel: each.channel,
          bank: each.bank,
          account_type: each.accountType,
          refusals: each.refusals,
          learnt_at: instantOrNull(each.learntAt),
          expires_at: instantOrNull(each.expiresAt),
          evidence: each.evidence.map(({ at, ...rest }) => ({ ...rest, at: writeInstant(at) })),
        })),
      },
    }),
  })
}

function forgetRoute(routing: Routing): Route {
  return route({
    method: 'POST',
    path: '/v1/routing/learnt/forget',
    name: 'forgetLearntPermission',
    summary:
      'Forgets a lesson, for when the permission was granted: the channel is used again at once.',
    tags,
    policy: { permission: 'routing.propose' },
    body: ForgetBody,
    replies: { 200: Forgotten },
    handle: async ({ body }) => {
      const { account_type: accountType, ...rest } = body
      const forgotten = await routing.forget({ ...rest, accountType })
      if (!forgotten) return { problem: routingProblem('lesson_not_found') }
      return { status: 200, body: { forgotten: true as const } }
    },
  })
}
