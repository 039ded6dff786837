/** Routes of events and deliveries, of telling again, and of samples. */
import { present, type Route, route } from '#base'
import {
  DeliveriesPage,
  DeliveriesQuery,
  DeliveryParams,
  DeliveryWithAttempts,
  EndpointParams,
  EventParams,
  EventPart,
  EventsPage,
  EventsQuery,
  ReplayBody,
  ReplayReply,
  ResendReply,
  TriggerBody,
  TriggerReply,
} from './contract.ts'
import { ownerOf } from './endpoints.ts'
import { findDelivery, findEvent, listAttempts, listDeliveries, listEvents } from './event-store.ts'
import { byOf, nextOf, PAGE } from './http-endpoints.ts'
import { attemptJson, deliveryJson, eventJson, placeOf, placeOrNone, timesOf } from './json.ts'
import { webhookProblem } from './refusals.ts'
import type { Webhooks } from './webhooks.ts'

const tags = ['events']
const reads = { permission: 'events.read', merchants: true } as const
const readsDeliveries = { permission: 'webhooks.read', merchants: true } as const
const replays = { permission: 'events.replay', merchants: true } as const

export function eventRoutes(webhooks: Webhooks): Route[] {
  return [
    eventsRoute(webhooks),
    eventRoute(webhooks),
    resendRoute(webhooks),
    replayRoute(webhooks),
    deliveriesRoute(webhooks),
    deliveryRoute(webhooks),
    triggerRoute(webhooks),
  ]
}

function eventsRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/events',
    name: 'listEvents',
    summary: 'Events as they were told, the latest first.',
    tags,
    policy: reads,
    query: EventsQuery,
    replies: { 200: EventsPage },
    handle: async ({ query, caller }) => {
      const { limit = PAGE, after, type: pattern, since, until } = query
      const times = timesOf({ since, until }, '/query')
      if ('problem' in times) return times
      const page = { ...times, after: placeOrNone(after), pattern, limit }
      const rows = await listEvents(context.world.db.forOrg(caller.orgId), ownerOf(caller), page)
      const data = rows.map(eventJson)
      return { status: 200, body: { data, next: nextOf(data, limit) } }
    },
  })
}

function eventRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/events/{id}',
    name: 'readEvent',
    summary: 'An event as it was told.',
    tags,
    policy: reads,
    params: EventParams,
    replies: { 200: EventPart },
    handle: async ({ params, caller }) => {
      const found = await findEvent(
        context.world.db.forOrg(caller.orgId),
        placeOf(params.id),
        ownerOf(caller),
      )
      if (found === undefined) return { problem: webhookProblem('event_not_found') }
      return { status: 200, body: eventJson(found) }
    },
  })
}

function resendRoute({ replays: again }: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/events/{id}/resend',
    name: 'resendEvent',
    summary: 'Sends an event again to every endpoint and listener that wants its type.',
    tags,
    policy: replays,
    params: EventParams,
    replies: { 200: ResendReply },
    idempotency: { kind: 'passed' },
    handle: async (call) => {
      const keyed = present(call.keyed, 'a key')
      const done = await again.resend(placeOf(call.params.id), keyed, byOf(call))
      return 'problem' in done ? done : { status: 200, body: done }
    },
  })
}

function replayRoute({ replays: again }: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/endpoints/{id}/replays',
    name: 'replayEvents',
    summary: 'Sends one event, or a range of them, to an endpoint again, in order, with their ids.',
    tags,
    policy: replays,
    params: EndpointParams,
    body: ReplayBody,
    replies: { 200: ReplayReply },
    idempotency: { kind: 'passed' },
    handle: async (call) => {
      const { event, since, until, events: patterns, failed_only: failedOnly = false } = call.body
      const times = timesOf({ since, until }, '')
      if ('problem' in times) return times
      const request = {
        ...{ ...times, failedOnly },
        ...(event !== undefined && { event: placeOf(event) }),
        ...(patterns !== undefined && { patterns }),
      }
      const endpoint = placeOf(call.params.id).id
      const done = await again.replay(endpoint, request, present(call.keyed, 'a key'), byOf(call))
      return 'problem' in done ? done : { status: 200, body: done }
    },
  })
}

function deliveriesRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/webhooks/deliveries',
    name: 'listWebhookDeliveries',
    summary: 'Deliveries, the latest first; those of the state dead are the dead letters.',
    tags,
    policy: readsDeliveries,
    query: DeliveriesQuery,
    replies: { 200: DeliveriesPage },
    handle: async ({ query, caller }) => {
      const { limit = PAGE, after, endpoint, event, state } = query
      const page = {
        ...{ limit, state, after: placeOrNone(after), event: placeOrNone(event) },
        endpoint: placeOrNone(endpoint)?.id,
      }
      const rows = await listDeliveries(
        context.world.db.forOrg(caller.orgId),
        ownerOf(caller),
        page,
      )
      const data = rows.map(deliveryJson)
      return { status: 200, body: { data, next: nextOf(data, limit) } }
    },
  })
}

function deliveryRoute({ context }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/webhooks/deliveries/{id}',
    name: 'readWebhookDelivery',
    summary: 'A delivery with its attempts: what was answered, how fast, and what went wrong.',
    tags,
    policy: readsDeliveries,
    params: DeliveryParams,
    replies: { 200: DeliveryWithAttempts },
    handle: async ({ params, caller }) => {
      const place = placeOf(params.id)
      const found = await findDelivery(
        context.world.db.forOrg(caller.orgId),
        place,
        ownerOf(caller),
      )
      if (found === undefined) return { problem: webhookProblem('delivery_not_found') }
      const attempts = await listAttempts(context.world.db.forOrg(caller.orgId), place)
      const body = { delivery: deliveryJson(found), attempts: attempts.map(attemptJson) }
      return { status: 200, body }
    },
  })
}

function triggerRoute({ trigger }: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/trigger',
    name: 'triggerEvent',
    summary: 'Makes a sample of a type and sends it like any event. In the sandbox only.',
    tags,
    policy: { permission: 'sandbox.use', merchants: true },
    body: TriggerBody,
    replies: { 200: TriggerReply },
    handle: async (call) => {
      const { type, set = {} } = call.body
      const done = await trigger.trigger(type, set, byOf(call))
      if ('problem' in done) return done
      return { status: 200, body: { event: eventJson(done), deliveries: done.deliveries } }
    },
  })
}
