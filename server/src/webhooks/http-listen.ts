/** Routes of listening; see `contract.ts` for how a listener goes about it. */
import { publicId, type Route, route } from '#base'
import {
  ListenBody,
  ListenedPage,
  ListenParams,
  ListenQuery,
  ListenReply,
  ResultBody,
  ResultReply,
} from './contract.ts'
import { ownerOf } from './endpoints.ts'
import { unknownPatterns } from './event-types.ts'
import { placeOf } from './json.ts'
import { IDLE_MS } from './listen.ts'
import { webhookProblem } from './refusals.ts'
import type { Webhooks } from './webhooks.ts'

const tags = ['webhooks']
const policy = { permission: 'webhooks.manage', merchants: true } as const
const WAIT_S = 25

export function listenRoutes(webhooks: Webhooks): Route[] {
  return [openRoute(webhooks), pollRoute(webhooks), resultRoute(webhooks)]
}

function openRoute({ listening }: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/listen',
    name: 'openListener',
    summary: 'Opens a session to which events are told while it is polled.',
    tags,
    policy,
    body: ListenBody,
    replies: { 201: ListenReply },
    handle: async ({ body, caller }) => {
      const { events = ['*'] } = body
      const unknown = unknownPatterns(events)
      if (unknown.length > 0) {
        const says = `Unknown: ${unknown.join(', ')}.`
        return { problem: webhookProblem('event_type_unknown', says) }
      }
      const opened = await listening.open(ownerOf(caller), events)
      if (opened === undefined) return { problem: webhookProblem('endpoints_too_many') }
      const { session, secret } = opened
      const id = publicId('whk', 0, session)
      return { status: 201, body: { session: id, secret, idle_seconds: IDLE_MS / 1000 } }
    },
  })
}

function pollRoute({ listening }: Webhooks): Route {
  return route({
    method: 'GET',
    path: '/v1/webhooks/listen/{session}',
    name: 'pollListener',
    summary: 'What waits for a session, as soon as something does; an empty list after the wait.',
    tags,
    policy,
    params: ListenParams,
    query: ListenQuery,
    replies: { 200: ListenedPage },
    handle: async ({ params, query, caller }) => {
      const waitMs = (query.wait ?? WAIT_S) * 1000
      const session = placeOf(params.session).id
      const items = await listening.poll(session, ownerOf(caller), waitMs)
      if (items === undefined) return { problem: webhookProblem('listener_not_found') }
      const data = items.map(({ headers, ...item }) => ({ ...item, headers: { ...headers } }))
      return { status: 200, body: { data } }
    },
  })
}

function resultRoute({ listening }: Webhooks): Route {
  return route({
    method: 'POST',
    path: '/v1/webhooks/listen/{session}/results',
    name: 'reportListened',
    summary: 'How a delivery to a session went.',
    tags,
    policy,
    params: ListenParams,
    body: ResultBody,
    replies: { 200: ResultReply },
    handle: async ({ params, body, caller }) => {
      const { reply = '', error = '', ...rest } = body
      const result = { ...rest, reply, error }
      const session = placeOf(params.session).id
      const taken = await listening.result(session, ownerOf(caller), result)
      return { status: 200, body: { taken } }
    },
  })
}
