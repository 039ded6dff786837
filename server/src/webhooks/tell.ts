/**
 * From our events to theirs: each public event becomes a body that is never made anew, and a delivery
 * for every endpoint that wants it. The same event delivered twice makes nothing more.
 */

import { Value } from 'typebox/value'
import { type DeliveredEvent, derivedUuid, publicId, type Subscriber, writeInstant } from '#base'
import type { WebhooksContext } from './context.ts'
import { keepEvent, lockAggregates, makeDeliveries, type StoredEvent } from './delivery-store.ts'
import { EVENT_TYPES, type EventType, patternsOf, publicTypeOf } from './event-types.ts'
import { lanesOf, planLanes } from './lane.ts'
import { listenersLive } from './listen.ts'

/** The version of what events look like from outside. */
export const API_VERSION = '2026-11-01'

/** Subscribes to every event that has a public type. */
export function webhooksSubscriber(context: WebhooksContext): Subscriber {
  return {
    name: 'webhooks',
    kinds: EVENT_TYPES.map(({ from }) => from),
    deliver: (event) => take(context, event),
  }
}

async function take(context: WebhooksContext, event: DeliveredEvent): Promise<void> {
  const type = publicTypeOf(event.kind)
  // The installation's own are nobody's.
  if (type === undefined || event.orgId === 0) return
  const { book, seq, n, orgId, aggregate, at } = event
  const payload = (event.payload ?? {}) as Readonly<Record<string, unknown>>
  const currency = await context.currencyOf(book)
  const data = type.read(payload, { aggregate, currency })
  if (!Value.Check(type.data, data)) {
    throw new Error(`An event of the kind ${event.kind} does not fit the contract of ${type.type}.`)
  }
  const id = derivedUuid('webhooks.event', `${book}/${seq}/${n}`)
  const merchant = typeof payload.merchant === 'string' ? payload.merchant : ''
  const body = await bodyOf(context, { type, id, book, orgId, at, data })
  await tell(context, { book, id, seq, n, orgId, merchant, aggregate, at, type: type.type, body })
}

/** The body as it is signed and sent, at every attempt and replay. */
export async function bodyOf(
  context: WebhooksContext,
  of: Pick<StoredEvent, 'book' | 'id' | 'orgId' | 'at'> & {
    readonly type: EventType
    readonly data: unknown
    readonly test?: true
  },
): Promise<string> {
  return JSON.stringify({
    id: publicId('evt', of.book, of.id),
    type: of.type.type,
    created: writeInstant(of.at),
    data: of.data,
    org: await context.orgName(of.orgId),
    api_version: API_VERSION,
    ...(of.test && { test: true }),
  })
}

/**
 * Keeps the event and makes its deliveries. Returns how many. A crash between the two is mended by the
 * outbox, which delivers the event again.
 */
export async function tell(context: WebhooksContext, event: StoredEvent): Promise<number> {
  const { db, clock } = context.world
  const at = clock.now()
  const patterns = patternsOf(event.type)
  if (!(await keepEvent(db, event, patterns))) return 0
  const made = await db.tx(async (tx) => {
    await lockAggregates(tx, [event.aggregate])
    const live = listenersLive(context)
    const deliveries = await makeDeliveries(tx, event, { patterns, at, live })
    await planLanes(tx, lanesOf(deliveries, { orgId: event.orgId, replay: false }), at)
    return deliveries
  })
  if (made.length > 0) context.onPlanned()
  return made.length
}
