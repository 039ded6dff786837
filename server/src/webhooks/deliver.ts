/**
 * Sends deliveries, a lane's one after another: due work whose key is the lane, so that nobody sends a
 * later event of an aggregate while an earlier one has not got through.
 *
 * The intent is the delivery's row, committed with its event. A crash between sending and recording
 * leaves it waiting, and it is sent again with the same id: receivers tell repeats by `webhook-id`.
 */
import {
  type DueHandler,
  type DueWork,
  doneDue,
  type Instant,
  type NetReply,
  postponeDue,
  publicId,
  type Tx,
} from '#base'
import { DELIVER, type Lane, NO_REPLAY, type WebhooksContext } from './context.ts'
import {
  type AttemptRow,
  type Delivery,
  type Ended,
  firstOfLane,
  lockAggregates,
  recordAttempt,
} from './delivery-store.ts'
import { disabled } from './disable.ts'
import {
  disableEndpoint,
  type Endpoint,
  endpointOf,
  holdEndpoint,
  noteFailure,
  noteSuccess,
} from './endpoint-store.ts'
import { apply, laneOf, planLanes } from './lane.ts'
import { ATTEMPT_TIMEOUT_MS, waitAfter } from './schedule.ts'
import { liveSecrets } from './secret.ts'
import { signedHeaders } from './sign.ts'

/** Attempts at one endpoint at once, on one server: a slow receiver keeps no others waiting. */
const AT_ONCE_MAX = 8
/** How long a lane steps aside when so many are under way; longer where attempts take long. */
const BUSY_WAIT_MS = { least: 250, most: 30_000 }
const GONE = 410

/** The handler of due work of the kind `webhooks.deliver`. */
export function deliverHandler(context: WebhooksContext): DueHandler {
  const underWay = new Map<string, { count: number; lastMs: number }>()
  return {
    // Retries are the schedule's business; the sweeper's own patience is only for crashes.
    triesMax: 1_000_000,
    backoff: { firstMs: 1_000, mostMs: 60_000 },
    run: async (work) => {
      const lane = laneOf(work)
      const busy = underWay.get(lane.endpoint) ?? { count: 0, lastMs: 0 }
      if (busy.count >= AT_ONCE_MAX) return stepAside(context, work, busy.lastMs)
      busy.count += 1
      underWay.set(lane.endpoint, busy)
      try {
        busy.lastMs = await runLane(context, work, lane)
      } finally {
        busy.count -= 1
        if (busy.count === 0) underWay.delete(lane.endpoint)
      }
    },
  }
}

async function stepAside(context: WebhooksContext, work: DueWork, lastMs: number): Promise<void> {
  const { db, clock, rng } = context.world
  const at = clock.now()
  const waitMs = Math.min(BUSY_WAIT_MS.most, Math.max(BUSY_WAIT_MS.least, 2 * lastMs))
  const dueAt = at + waitMs + rng.below(waitMs)
  const row = { kind: DELIVER, key: work.key, attempts: work.attempts, dueAt }
  await apply(db, { effect: postponeDue, book: work.book, at }, [row])
}

/** Sends the first delivery of a lane, if one is due. Returns how long the attempt took. */
async function runLane(context: WebhooksContext, work: DueWork, lane: Lane): Promise<number> {
  const { db, clock } = context.world
  const endpoint = await endpointOf(db, lane.endpoint)
  const first = await firstOfLane(db, lane)
  const isDue = first !== undefined && first.nextAt.getTime() <= clock.now()
  if (endpoint?.state !== 'enabled' || endpoint.epoch !== lane.epoch || !isDue) {
    await settle(context, { work, lane })
    return 0
  }
  const sent = await send(context, endpoint, first)
  await settle(context, { work, lane, sent: { ...sent, first } })
  return sent.attempt.ms
}

interface Sent {
  readonly attempt: AttemptRow
  readonly gone: boolean
  readonly good: boolean
}

/** One attempt over the network; outside of any tx. */
async function send(
  context: WebhooksContext,
  endpoint: Endpoint,
  delivery: Delivery,
): Promise<Sent> {
  const { net, wall, world } = context
  const id = publicId('evt', delivery.book, delivery.event)
  const { body, replay } = delivery
  const at = wall.now()
  const secrets = liveSecrets(context, endpoint)
  const headers = signedHeaders({ id, body, at, secrets, replay: replay !== NO_REPLAY })
  const started = wall.mono()
  const timeoutMs = ATTEMPT_TIMEOUT_MS
  const reply = await net.call({ method: 'POST', url: endpoint.url, headers, body, timeoutMs })
  const ms = Math.max(0, wall.mono() - started)
  return { ...judged(reply), attempt: { at: world.clock.now(), ms, ...said(reply) } }
}

/** A 2xx is success, and nothing else is: redirects are not followed. */
export function judged(reply: NetReply): { readonly good: boolean; readonly gone: boolean } {
  const status = reply.kind === 'replied' ? reply.status : 0
  return { good: status >= 200 && status < 300, gone: status === GONE }
}

function said(reply: NetReply): Pick<AttemptRow, 'status' | 'reply' | 'error'> {
  if (reply.kind !== 'replied') return { status: null, reply: '', error: reply.why.slice(0, 500) }
  const { status } = reply
  const isRedirect = status >= 300 && status < 400
  const error = isRedirect ? 'Redirects are not followed; register the address it leads to.' : ''
  return { status, reply: printable(reply.body), error }
}

/** Text of whatever bytes came; PostgreSQL keeps no NUL. */
function printable(body: Uint8Array): string {
  return Buffer.from(body).toString('utf8').replaceAll('\0', '\uFFFD')
}

interface Settling {
  readonly work: DueWork
  readonly lane: Lane
  /** Absent when nothing was sent. */
  readonly sent?: Sent & { readonly first: Delivery }
}

/** Records what happened and moves the lane's due work on, in one tx. */
async function settle(context: WebhooksContext, { work, lane, sent }: Settling): Promise<void> {
  const { db, clock, log } = context.world
  const at = clock.now()
  const stopped = await db.tx(async (tx) => {
    await lockAggregates(tx, [lane.aggregate])
    const endpoint = await holdEndpoint(tx, lane.endpoint)
    const stop = sent === undefined ? undefined : await record(context, tx, sent)
    await moveLane(tx, { work, lane, endpoint: stop ?? endpoint, at })
    if (stop !== undefined) await disabled(tx, at, stop)
    return stop
  })
  if (stopped !== undefined) {
    const { id, orgId, disabledBecause } = stopped
    const about = { endpoint: publicId('whk', 0, id), orgId, because: disabledBecause }
    log.warn(about, 'a webhook endpoint was disabled')
  }
  context.onPlanned()
}

/** Writes the attempt and the endpoint's health. Returns the endpoint when this disabled it. */
async function record(
  { giveUp }: WebhooksContext,
  tx: Tx,
  { first, attempt, good, gone }: Sent & { readonly first: Delivery },
): Promise<Endpoint | undefined> {
  const { at } = attempt
  if (!(await recordAttempt(tx, first, attempt, endedBy(first, good, at)))) return undefined
  if (good) {
    await noteSuccess(tx, first.endpoint, at)
    return undefined
  }
  const isOver = await noteFailure(tx, first.endpoint, at, giveUp)
  if (gone) return disableEndpoint(tx, first.endpoint, 'gone', at)
  return isOver ? disableEndpoint(tx, first.endpoint, 'failing', at) : undefined
}

function endedBy({ attempts }: Delivery, good: boolean, at: Instant): Ended {
  if (good) return { state: 'delivered' }
  const wait = waitAfter(attempts + 1)
  return wait === undefined ? { state: 'dead' } : { state: 'waiting', nextAt: at + wait }
}

async function moveLane(
  tx: Tx,
  of: { work: DueWork; lane: Lane; endpoint: Endpoint | undefined; at: Instant },
): Promise<void> {
  const { work, lane, endpoint, at } = of
  const attempt = { kind: DELIVER, key: work.key, attempts: work.attempts }
  const next = endpoint?.state === 'enabled' ? await firstOfLane(tx, lane) : undefined
  if (next !== undefined && endpoint?.epoch === lane.epoch) {
    const dueAt = Math.max(at, next.nextAt.getTime())
    await apply(tx, { effect: postponeDue, book: lane.book, at }, [{ ...attempt, dueAt }])
    return
  }
  if (next !== undefined && endpoint !== undefined) {
    await planLanes(tx, [{ ...lane, epoch: endpoint.epoch }], at)
  }
  await apply(tx, { effect: doneDue, book: lane.book, at }, [attempt])
}
