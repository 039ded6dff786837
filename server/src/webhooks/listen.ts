/**
 * Listening: an endpoint without an address, which a developer's terminal asks for its deliveries. It
 * lives on the wall clock, since whoever waits does, however the business clock stands.
 *
 * A listener's delivery ends with the first result, good or bad: nobody wants 75 hours of retries at
 * his terminal. `resend` and replays reach it like any endpoint.
 */
import { type Instant, type ParsedId, parsePublicId, publicId, type Uuid } from '#base'
import { NO_REPLAY, type WebhooksContext } from './context.ts'
import {
  type AttemptRow,
  type Delivery,
  offerDeliveries,
  offeredDelivery,
  recordAttempt,
} from './delivery-store.ts'
import { type Endpoint, insertEndpoint, notePoll, type Owner } from './endpoint-store.ts'
import { liveSecrets, sealSecret } from './secret.ts'
import { newSecret, signedHeaders } from './sign.ts'

/** A session that is not asked for so long ends. */
export const IDLE_MS = 5 * 60_000
/** How long a result may take before the delivery is offered again. */
const OFFER_MS = 60_000
const LOOK_EVERY_MS = 500
const OFFERED_AT_ONCE = 20

/** Listeners that asked since then are live. */
export const listenersLive = ({ wall }: Pick<WebhooksContext, 'wall'>): Instant =>
  wall.now() - IDLE_MS

export interface Listened {
  readonly delivery: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Listening {
  /** Opens a session. Its secret is shown once. `undefined` when there are too many. */
  open(
    owner: Owner,
    events: readonly string[],
  ): Promise<{ readonly session: Uuid; readonly secret: string } | undefined>
  /**
   * What waits for a session, at once or as soon as something does, within `waitMs`; `undefined` when
   * there is no such session.
   */
  poll(session: Uuid, owner: Owner, waitMs: number): Promise<Listened[] | undefined>
  /** How a delivery went; `false` when nobody waited for it any more. */
  result(
    session: Uuid,
    owner: Owner,
    result: Omit<AttemptRow, 'at'> & { readonly delivery: string },
  ): Promise<boolean>
  /** Ends the polls that wait. */
  stop(): void
}

export function createListening(context: WebhooksContext): Listening {
  const stopping = new AbortController()
  return {
    open: (owner, events) => open(context, owner, events),
    poll: (session, owner, waitMs) => poll(context, { session, owner, waitMs, stopping }),
    result: async (session, owner, { delivery, ...attempt }) => {
      const id = parsePublicId(delivery, 'whd')
      const { wall, world } = context
      const live = listenersLive(context)
      const found = await notePoll(world.db, session, owner, wall.now(), live)
      if (id === undefined || found === undefined) return false
      return record(context, session, id, { ...attempt, at: world.clock.now() })
    },
    stop: () => stopping.abort(),
  }
}

async function open(context: WebhooksContext, owner: Owner, events: readonly string[]) {
  const { rng, ids, clock, db } = context.world
  const id = ids.uuid()
  const { orgId, merchant = '' } = owner
  const secret = newSecret(rng)
  const at = context.wall.now()
  const opened = await insertEndpoint(db, {
    ...{ id, orgId, merchant, events, kind: 'listener', url: '', description: 'tenon listen' },
    secret: sealSecret(context, { id, orgId }, secret),
    polled: { at, live: listenersLive(context) },
    at: clock.now(),
  })
  return opened === undefined ? undefined : { session: id, secret }
}

interface Poll {
  readonly session: Uuid
  readonly owner: Owner
  readonly waitMs: number
  readonly stopping: AbortController
}

async function poll(
  context: WebhooksContext,
  { session, owner, waitMs, stopping }: Poll,
): Promise<Listened[] | undefined> {
  const { wall, world } = context
  const until = wall.now() + waitMs
  for (;;) {
    const now = wall.now()
    const endpoint = await notePoll(world.db, session, owner, now, listenersLive(context))
    if (endpoint === undefined) return undefined
    const offer = { now, until: now + OFFER_MS, limit: OFFERED_AT_ONCE }
    const offered = await offerDeliveries(world.db, session, offer)
    if (offered.length > 0) return offered.map((each) => listenedOf(context, endpoint, each))
    const left = until - wall.now()
    if (left <= 0 || stopping.signal.aborted) return []
    await wall.sleep(Math.min(left, LOOK_EVERY_MS), 'webhooks listener', stopping.signal)
  }
}

function listenedOf(context: WebhooksContext, endpoint: Endpoint, delivery: Delivery): Listened {
  const { book, id, event, body, replay } = delivery
  return {
    delivery: publicId('whd', book, id),
    headers: signedHeaders({
      ...{ id: publicId('evt', book, event), body, at: context.wall.now() },
      secrets: liveSecrets(context, endpoint),
      replay: replay !== NO_REPLAY,
    }),
    body,
  }
}

async function record(
  { world }: WebhooksContext,
  session: Uuid,
  { book, uuid }: ParsedId,
  attempt: AttemptRow,
): Promise<boolean> {
  const isGood = attempt.status !== null && attempt.status >= 200 && attempt.status < 300
  return world.db.tx(async (tx) => {
    const found = await offeredDelivery(tx, session, { book, id: uuid })
    if (found === undefined) return false
    return recordAttempt(tx, found, attempt, { state: isGood ? 'delivered' : 'dead' })
  })
}
