/** Routes of endpoints. */
import { type Call, present, publicId, type Route, route, type Uuid } from '#base'
import {
  ChangeEndpointBody,
  EndpointParams,
  EndpointPart,
  EndpointsPage,
  EndpointsQuery,
  EndpointWithSecret,
  EventTypesPage,
  MakeEndpointBody,
  RotateBody,
} from './contract.ts'
import {
  type Endpoint,
  type ListedEndpoint,
  listEndpoints,
  readEndpoint,
} from './endpoint-store.ts'
import { type By, isRefused, ownerOf, type Refused } from './endpoints.ts'
import { EVENT_TYPES } from './event-types.ts'
import { endpointJson, placeOf, placeOrNone } from './json.ts'
import { webhookProblem } from './refusals.ts'
import type { Webhooks } from './webhooks.ts'

const tags = ['webhooks']
export const PAGE = 50
const reads = { permission: 'webhooks.read', merchants: true } as const
const manages = { permission: 'webhooks.manage', merchants: true } as const
/** Where events go, and what they are trusted by. */
const entrusts = { ...manages, stepUp: true } as const
const HOUR_MS = 3_600_000
const KEEP_HOURS = 24

export const byOf = ({ caller, requestId }: Call<unknown, unknown, unknown>): By => ({
  caller,
  requestId,
})

export function endpointRoutes(webhooks: Webhooks): Route[] {
  return [
    typesRoute(),
    listRoute(webhooks),
    readRoute(webhooks),
    makeRoute(webhooks),
    changeRoute(webhooks),
    switchRoute(webhooks, 'enable'),
    switchRoute(webhooks, 'disable'),
    rotateRoute(webhooks),
  ]
}

function typesRoute(): Route {
  const body = {
    data: EVENT_TYPES.map(({ type, version, title, data, sample, prefix }) => ({
      ...{ type, version, title: { ...title }, data: JSON.parse(JSON.stringify(data)) as unknown },
      sample: sample(publicId(prefix, 1, `0199${'0'.repeat(28)}`)),
    })),
  }
  return route({
    method: 'GET',
    path: '/v1/webhooks/event-types',
    name: 'listEventTypes',
    summary: 'The types of events, with the contract of their data and a sample.',
    tags,
    policy: reads,
    replies: { 200: EventTypesPage },
    handle: () => ({ status: 200, body }),
  })
}

/** An endpoint after a change, with the counts that the change did not read. */
async function shownNow({ context }: Webhooks, endpoint: Endpoint): Promise<ListedEndpoint> {
  const { orgId, id } = endpoint
  return present(await readEndpoint(context.world.db, id, { orgId }), `endpoint ${id}`)
}

function listRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/webhooks/endpoints',
    name: 'listWebhookEndpoints',
    summary: 'Endpoints with their health, in the order they were made.',
    tags,
    policy: reads,
    query: EndpointsQuery,
    replies: { 200: EndpointsPage },
    handle: async ({ query, caller }) => {
      const { limit = PAGE, after } = query
      const page = { after: placeOrNone(after)?.id, limit }
      const rows = await listEndpoints(context.world.db.forOrg(caller.orgId), ownerOf(caller), page)
      const data = rows.map(endpointJson)
      return { status: 200, body: { data, next: nextOf(data, limit) } }
    },
  })
}

/** The id to go on after; null when the page was not full. */
export function nextOf(data: readonly { readonly id: string }[], limit: number): string | null {
  return data.length < limit ? null : (data.at(-1)?.id ?? null)
}

function readRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/webhooks/endpoints/{id}',
    name: 'readWebhookEndpoint',
    summary: 'An endpoint with its health.',
    tags,
    policy: reads,
    params: EndpointParams,
    replies: { 200: EndpointPart },
    handle: async ({ params, caller }) => {
      const found = await readEndpoint(
        context.world.db.forOrg(caller.orgId),
        idOf(params),
        ownerOf(caller),
      )
      if (found === undefined) return { problem: webhookProblem('endpoint_not_found') }
      return { status: 200, body: endpointJson(found) }
    },
  })
}

const idOf = ({ id }: { readonly id: string }): Uuid => placeOf(id).id

function makeRoute(webhooks: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/endpoints',
    name: 'makeWebhookEndpoint',
    summary: 'Makes an endpoint. Its secret is in this answer only.',
    tags,
    policy: entrusts,
    body: MakeEndpointBody,
    replies: { 201: EndpointWithSecret },
    idempotency: { kind: 'passed' },
    handle: async (call) => {
      const { url, events, description = '', merchant = '' } = call.body
      const request = { url, events, description, merchant }
      const made = await webhooks.endpoints.make(request, present(call.keyed, 'a key'), byOf(call))
      if (isRefused(made)) return made
      const endpoint = endpointJson(await shownNow(webhooks, made.endpoint))
      return { status: 201, body: { endpoint, secret: made.secret } }
    },
  })
}

function changeRoute(webhooks: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/endpoints/{id}/change',
    name: 'changeWebhookEndpoint',
    summary: 'Changes the URL, the events or the description of an endpoint.',
    tags,
    policy: entrusts,
    params: EndpointParams,
    body: ChangeEndpointBody,
    replies: { 200: EndpointPart },
    handle: async (call) =>
      shownOr(webhooks, await webhooks.endpoints.change(idOf(call.params), call.body, byOf(call))),
  })
}

async function shownOr(webhooks: Webhooks, outcome: Endpoint | Refused) {
  if (isRefused(outcome)) return outcome
  return { status: 200, body: endpointJson(await shownNow(webhooks, outcome)) } as const
}

function switchRoute(webhooks: Webhooks, to: 'enable' | 'disable'): Route {
  return route({
    method: 'POST',
    path: `/v1/webhooks/endpoints/{id}/${to}`,
    name: `${to}WebhookEndpoint`,
    summary:
      to === 'enable'
        ? 'Enables an endpoint again; what had waited is sent, in order.'
        : 'Disables an endpoint: nothing is sent, and nothing new is kept for it.',
    tags,
    policy: manages,
    params: EndpointParams,
    replies: { 200: EndpointPart },
    handle: async (call) =>
      shownOr(webhooks, await webhooks.endpoints[to](idOf(call.params), byOf(call))),
  })
}

function rotateRoute(webhooks: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/endpoints/{id}/rotate',
    name: 'rotateWebhookSecret',
    summary: 'A new secret, in this answer only; the old one signs beside it for a while.',
    tags,
    policy: entrusts,
    params: EndpointParams,
    body: RotateBody,
    replies: { 200: EndpointWithSecret },
    idempotency: { kind: 'passed' },
    handle: async (call) => {
      const keepMs = (call.body.keep_hours ?? KEEP_HOURS) * HOUR_MS
      const keyed = present(call.keyed, 'a key')
      const id = idOf(call.params)
      const rotated = await webhooks.endpoints.rotate(id, keepMs, keyed, byOf(call))
      if (isRefused(rotated)) return rotated
      const endpoint = endpointJson(await shownNow(webhooks, rotated.endpoint))
      return { status: 200, body: { endpoint, secret: rotated.secret } }
    },
  })
}
