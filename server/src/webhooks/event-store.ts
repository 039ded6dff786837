/** Events, deliveries and attempts as their owners read them, page by page. */
import type { Instant, Tx, Uuid } from '#base'
import type { Owner } from './endpoint-store.ts'
import type { DeliveryState } from './states.ts'

export interface Place {
  readonly book: number
  readonly id: Uuid
}

export interface EventRow extends Place {
  readonly type: string
  readonly body: string
}

const EVENT = 'e.book_id as book, e.id, e.type, e.body'
const EVENT_OWNED = 'e.org_id = $1 and ($2::text is null or e.merchant = $2)'

export async function findEvent(
  tx: Tx,
  { book, id }: Place,
  { orgId, merchant }: Owner,
): Promise<EventRow | undefined> {
  const [found] = await tx.query<EventRow>(
    `select ${EVENT} from webhooks.event e
     where ${EVENT_OWNED} and e.book_id = $3 and e.id = $4`,
    [orgId, merchant ?? null, book, id],
  )
  return found
}

export interface EventsPage {
  readonly after?: Place | undefined
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
  readonly pattern?: string | undefined
  readonly limit: number
}

const dateOrNull = (at: Instant | undefined) => (at === undefined ? null : new Date(at))

/** Events, the latest first. */
export async function listEvents(
  tx: Tx,
  { orgId, merchant }: Owner,
  { after, since, until, pattern, limit }: EventsPage,
): Promise<EventRow[]> {
  return tx.query<EventRow>(
    `select ${EVENT} from webhooks.event e
     where ${EVENT_OWNED}
       and ($3::int is null or (e.at, e.id) <
         (select x.at, x.id from webhooks.event x where x.book_id = $3 and x.id = $4::uuid))
       and ($5::timestamptz is null or e.at >= $5) and ($6::timestamptz is null or e.at < $6)
       and ($7::text is null or $7 = any (array['*', split_part(e.type, '.', 1) || '.*', e.type]))
     order by e.at desc, e.id desc limit $8`,
    [
      ...[orgId, merchant ?? null, after?.book ?? null, after?.id ?? null],
      ...[dateOrNull(since), dateOrNull(until), pattern ?? null, limit],
    ],
  )
}

export interface DeliveryRow extends Place {
  readonly endpoint: Uuid
  readonly event: Uuid
  readonly type: string
  readonly state: DeliveryState
  readonly replay: Uuid
  readonly attempts: number
  readonly nextAt: Date | null
  readonly createdAt: Date
}

const DELIVERY = `
  d.book_id as book, d.id, d.endpoint, d.event, e.type, d.state, d.replay, d.attempts,
  d.next_at as "nextAt", d.created_at as "createdAt"`

/** A merchant sees the deliveries to his own endpoints. */
const DELIVERIES = `
  from webhooks.delivery d
  join webhooks.event e on e.book_id = d.book_id and e.id = d.event
  join webhooks.endpoint p on p.id = d.endpoint
  where d.org_id = $1 and ($2::text is null or p.merchant = $2)`

export interface DeliveriesPage {
  readonly after?: Place | undefined
  readonly endpoint?: Uuid | undefined
  readonly event?: Place | undefined
  readonly state?: DeliveryState | undefined
  readonly limit: number
}

/** Deliveries, the latest first. */
export async function listDeliveries(
  tx: Tx,
  { orgId, merchant }: Owner,
  { after, endpoint, event, state, limit }: DeliveriesPage,
): Promise<DeliveryRow[]> {
  return tx.query<DeliveryRow>(
    `select ${DELIVERY} ${DELIVERIES}
       and ($3::int is null or (d.created_at, d.id) <
         (select x.created_at, x.id from webhooks.delivery x where x.book_id = $3 and x.id = $4::uuid))
       and ($5::uuid is null or d.endpoint = $5)
       and ($6::int is null or (d.book_id = $6 and d.event = $7::uuid))
       and ($8::text is null or d.state = $8)
     order by d.created_at desc, d.id desc limit $9`,
    [
      ...[orgId, merchant ?? null, after?.book ?? null, after?.id ?? null, endpoint ?? null],
      ...[event?.book ?? null, event?.id ?? null, state ?? null, limit],
    ],
  )
}

export async function findDelivery(
  tx: Tx,
  { book, id }: Place,
  { orgId, merchant }: Owner,
): Promise<DeliveryRow | undefined> {
  const [found] = await tx.query<DeliveryRow>(
    `select ${DELIVERY} ${DELIVERIES} and d.book_id = $3 and d.id = $4`,
    [orgId, merchant ?? null, book, id],
  )
  return found
}

export interface AttemptRead {
  readonly number: number
  readonly at: Date
  readonly status: number | null
  readonly ms: number
  readonly reply: string
  readonly error: string
}

/** The attempts on a delivery, the first one first. */
export async function listAttempts(tx: Tx, { book, id }: Place): Promise<AttemptRead[]> {
  return tx.query<AttemptRead>(
    `select number, at, status, ms, reply, error from webhooks.attempt
     where book_id = $1 and delivery = $2 order by number`,
    [book, id],
  )
}
