/** Telling again: one event or a range of them, to one endpoint or to all that want it. */

import { recordChange } from '#audit'
import {
  type Caller,
  derivedUuid,
  type Instant,
  type Keyed,
  type Problem,
  publicId,
  type Uuid,
} from '#base'
import type { WebhooksContext } from './context.ts'
import { countChosen, insertReplay, lockAggregates, type ReplayChoice } from './delivery-store.ts'
import { findEndpoint } from './endpoint-store.ts'
import type { By } from './endpoints.ts'
import { findEvent } from './event-store.ts'
import { lanesOf, planLanes } from './lane.ts'
import { listenersLive } from './listen.ts'
import { webhookProblem } from './refusals.ts'

/** More than this many at once is refused. */
export const REPLAY_MAX = 10_000

export interface ReplayRequest {
  readonly event?: { readonly book: number; readonly id: Uuid }
  readonly since?: Instant
  readonly until?: Instant
  readonly patterns?: readonly string[]
  readonly failedOnly: boolean
}

type Outcome = { readonly deliveries: number } | { readonly problem: Problem }

export interface Replays {
  /** To one endpoint. The same keyed request replays once. */
  replay(endpoint: Uuid, request: ReplayRequest, keyed: Keyed, by: By): Promise<Outcome>
  /** One event to every endpoint and listener that wants its type. */
  resend(event: { book: number; id: Uuid }, keyed: Keyed, by: By): Promise<Outcome>
}

export function createReplays(context: WebhooksContext): Replays {
  return {
    replay: async (endpoint, request, keyed, by) => {
      const { caller } = by
      const found = await findEndpoint(context.world.db, endpoint, caller)
      if (found === undefined) return { problem: webhookProblem('endpoint_not_found') }
      if (found.state !== 'enabled') return { problem: webhookProblem('endpoint_disabled') }
      const { event, since } = request
      if ((event === undefined) === (since === undefined)) {
        return { problem: webhookProblem('replay_unclear') }
      }
      const unseen = event === undefined ? undefined : await unseenEvent(context, event, caller)
      if (unseen !== undefined) return unseen
      const choice = { ...request, endpoint, orgId: caller.orgId, merchant: caller.merchant }
      return again(context, choice, keyed, { by, object: publicId('whk', 0, endpoint) })
    },
    resend: async (event, keyed, by) => {
      const { caller } = by
      const unseen = await unseenEvent(context, event, caller)
      if (unseen !== undefined) return unseen
      const { orgId, merchant } = caller
      const choice = { event, endpoint: undefined, orgId, merchant, failedOnly: false }
      return again(context, choice, keyed, { by, object: publicId('evt', event.book, event.id) })
    },
  }
}

async function unseenEvent(
  { world: { db } }: WebhooksContext,
  event: { readonly book: number; readonly id: Uuid },
  caller: Caller,
): Promise<{ problem: Problem } | undefined> {
  const found = await findEvent(db, event, caller)
  return found === undefined ? { problem: webhookProblem('event_not_found') } : undefined
}

async function again(
  context: WebhooksContext,
  choice: ReplayChoice,
  keyed: Keyed,
  { by, object }: { readonly by: By; readonly object: string },
): Promise<Outcome> {
  const { db, clock } = context.world
  const now = clock.now()
  const live = listenersLive(context)
  if ((await countChosen(db, choice, { now, live, most: REPLAY_MAX })) > REPLAY_MAX) {
    return { problem: webhookProblem('replay_too_large', `Most are ${REPLAY_MAX}.`) }
  }
  const replay = derivedUuid('webhooks.replay', keyed.keyHash)
  const deliveries = await db.tx(async (tx) => {
    const made = await insertReplay(tx, replay, choice, { now, live })
    if (made.length === 0) return 0
    await lockAggregates(
      tx,
      made.map(({ aggregate }) => aggregate),
    )
    await planLanes(tx, lanesOf(made, { orgId: choice.orgId, replay: true }), now)
    const { caller, requestId } = by
    const { kind, id, person, from } = caller
    const after = { deliveries: made.length, failed_only: choice.failedOnly }
    await recordChange(tx, now, {
      entries: [
        {
          ...{ orgId: choice.orgId, actor: { kind, id, person }, from, requestId, object, after },
          action: 'webhooks.replay_events',
        },
      ],
    })
    return made.length
  })
  if (deliveries > 0) context.onPlanned()
  return { deliveries }
}
