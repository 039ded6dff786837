/** Routes of stops: one person pauses or freezes; what ends either is asked for under approvals. */
import {
  type Caller,
  derivedUuid,
  type Instant,
  parseInstant,
  parsePublicId,
  present,
  type Route,
  route,
  writeInstant,
} from '#base'
import { bookId, parseBookId } from '#ledger'
import type { By } from './context.ts'
import {
  type FreezeJson,
  FreezeParams,
  FreezePart,
  NewFreezeBody,
  type NewFreezeJson,
  NewPauseBody,
  type NewPauseJson,
  type PauseJson,
  PausePage,
  PausePart,
  PauseQuery,
} from './contract.ts'
import type { FreezeInBook } from './freeze-store.ts'
import type { FreezeView } from './freezes.ts'
import { stopProblem } from './refusals.ts'
import type { PauseScope } from './scope.ts'
import type { Stops } from './stops.ts'
import { freezeId, type Pause, pauseId } from './store.ts'

const tags = ['stops']
/** Stops are configuration: their answers are kept in book 0. */
const idempotency = { kind: 'stored', book: () => 0 } as const

/** The routes under `/v1/stops`. */
export function stopRoutes(stops: Stops): Route[] {
  return [pauseRoute(stops), listRoute(stops), freezeRoute(stops), readRoute(stops)]
}

const byOf = (call: { readonly caller: Caller; readonly requestId: string }): By => {
  const { kind, id, person, from } = call.caller
  return { actor: { kind, id, person }, from, requestId: call.requestId }
}

function pauseRoute(stops: Stops): Route {
  return route({
    method: 'POST',
    path: '/v1/stops/pauses',
    name: 'createPause',
    summary: 'Stops what is sent, within a second; ended by two persons, as stops.resume.',
    tags,
    policy: { permission: 'stops.pause', stepUp: true },
    body: NewPauseBody,
    idempotency,
    replies: { 201: PausePart },
    handle: async (call) => {
      const { body } = call
      const scope = scopeOf(body)
      const named = Object.keys(scope).length > 0
      if (named === (body.everything === true)) return { problem: stopProblem('scope_unclear') }
      const { keyHash, answer } = present(call.keyed, 'the key of the request')
      const asked = {
        ...{ id: derivedUuid('stops.pause', keyHash), orgId: call.caller.orgId },
        ...{ scope, reason: body.reason },
      }
      const made = await stops.pause(asked, byOf(call), (each) => answer(201, pauseJson(each)))
      return { status: 201, body: pauseJson(made) }
    },
  })
}

function scopeOf({ channel, direction, book, merchant }: NewPauseJson): PauseScope {
  return {
    ...(channel !== undefined && { channel }),
    ...(direction !== undefined && { direction }),
    ...(book !== undefined && { book: present(parseBookId(book), 'the id of a book') }),
    ...(merchant !== undefined && { merchant }),
  }
}

function pauseJson(pause: Pause): PauseJson {
  const { id, scope, reason, state, pausedBy, pausedAt, approval, resumedAt } = pause
  const { book, ...rest } = scope
  return {
    id: pauseId(id),
    ...rest,
    ...(book !== undefined && { book: bookId(book) }),
    ...{ reason, status: state, paused_by: pausedBy, paused_at: writeInstant(pausedAt) },
    ...(approval !== undefined && { approval }),
    ...(resumedAt !== undefined && { resumed_at: writeInstant(resumedAt) }),
  }
}

function listRoute(stops: Stops): Route {
  return route({
    method: 'GET',
    path: '/v1/stops/pauses',
    name: 'listPauses',
    summary: 'What is paused, by whom and why, the newest first.',
    tags,
    policy: { permission: 'stops.read' },
    query: PauseQuery,
    replies: { 200: PausePage },
    handle: async ({ query, caller: { orgId } }) => {
      const { status, limit = 100 } = query
      const found = await stops.pauses({ orgId, all: status === 'all', limit })
      return { status: 200, body: { data: found.map(pauseJson) } }
    },
  })
}

function freezeRoute(stops: Stops): Route {
  return route({
    method: 'POST',
    path: '/v1/stops/freezes',
    name: 'createFreeze',
    summary: "Freezes a party's accounts in every book, as an order of an authority asks.",
    tags,
    policy: { permission: 'accounts.freeze', stepUp: true },
    body: NewFreezeBody,
    idempotency,
    replies: { 201: FreezePart },
    handle: async (call) => {
      const until = untilOf(call.body)
      if (until === 'malformed') return { problem: stopProblem('until_malformed') }
      const { keyHash, answer } = present(call.keyed, 'the key of the request')
      const { holder, order_number: orderNumber, authority, reason } = call.body
      const asked = {
        ...{ id: derivedUuid('stops.freeze', keyHash), orgId: call.caller.orgId },
        ...{ holder, orderNumber, authority, reason },
        ...(until !== undefined && { until }),
      }
      const made = await stops.freeze(asked, byOf(call), (view) => answer(201, freezeJson(view)))
      if ('refused' in made) return { problem: stopProblem(made.refused) }
      return { status: 201, body: freezeJson(made) }
    },
  })
}

function untilOf({ until }: NewFreezeJson): Instant | undefined | 'malformed' {
  return until === undefined ? undefined : (parseInstant(until) ?? 'malformed')
}

function readRoute(stops: Stops): Route {
  return route({
    method: 'GET',
    path: '/v1/stops/freezes/{id}',
    name: 'getFreeze',
    summary: 'An order, and which books have acknowledged it, or why not.',
    tags,
    policy: { permission: 'stops.read' },
    params: FreezeParams,
    replies: { 200: FreezePart },
    handle: async ({ params, caller: { orgId } }) => {
      const { uuid } = present(parsePublicId(params.id, 'frz'), 'the id of an order')
      const view = await stops.freezeView({ orgId, id: uuid })
      if (view === undefined) return { problem: stopProblem('freeze_not_found') }
      return { status: 200, body: freezeJson(view) }
    },
  })
}

function freezeJson({ freeze, status, books }: FreezeView): FreezeJson {
  const { id, holder, orderNumber, authority, reason, until, approval } = freeze
  return {
    ...{ id: freezeId(id), holder, order_number: orderNumber, authority, reason, status },
    ...(until !== undefined && { until: writeInstant(until) }),
    ...{ ordered_by: freeze.orderedBy, ordered_at: writeInstant(freeze.orderedAt) },
    ...(approval !== undefined && { approval }),
    books: books.map((each) => bookJson(each, status)),
  }
}

function bookJson({ book, state, accounts, why }: FreezeInBook, status: FreezeView['status']) {
  const waits = state === null || (state === 'frozen' && status === 'ending')
  return {
    ...{ book: bookId(book), status: state ?? ('pending' as const) },
    ...(accounts !== null && { accounts }),
    ...(waits && why !== '' && { why }),
  }
}
