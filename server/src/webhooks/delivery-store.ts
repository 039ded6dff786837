/** The rows of events, deliveries and attempts, as sending reads and writes them. */
import type { Instant, Tx, Uuid } from '#base'
import { type Lane, NO_REPLAY } from './context.ts'

export interface StoredEvent {
  readonly book: number
  readonly id: Uuid
  readonly seq: bigint
  readonly n: number
  readonly orgId: number
  /** The merchant whose event it is; empty when it is the organisation's. */
  readonly merchant: string
  readonly type: string
  readonly aggregate: string
  readonly body: string
  readonly at: Instant
}

/** An endpoint that a delivery was made for. */
export interface Addressed {
  readonly endpoint: Uuid
  readonly epoch: number
  readonly kind: 'url' | 'listener'
  readonly book: number
  readonly aggregate: string
}

/** Locks stand for many aggregates each: a replay of thousands takes no more of them than this. */
const LOCKS = 1_024
/** Tells our advisory locks from others. */
const LOCK_CLASS = 1_463_898_731

/**
 * Deliveries made and ended on an aggregate's events wait for each other until their tx ends: who makes
 * one and who finds no more must not miss each other. Taken before due work is planned or ended.
 */
export async function lockAggregates(tx: Tx, aggregates: readonly string[]): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(${LOCK_CLASS}, lock) from (
       select distinct hashtext(aggregate) & ${LOCKS - 1} as lock from unnest($1::text[]) aggregate
       order by 1) locks`,
    [[...new Set(aggregates)]],
  )
}

/** The id of a delivery follows from what it delivers, so that a repeat makes the same. */
const DELIVERY_ID = (event: string, endpoint: string, replay: string) =>
  `substring(encode(sha256(convert_to(${event}::text || ' ' || ${endpoint}::text || ' ' ||
    ${replay}::text, 'UTF8')), 'hex') for 32)::uuid`

/** A listener that stopped asking gets nothing more. */
const WANTS = `
  p.org_id = e.org_id and (p.merchant = '' or p.merchant = e.merchant)
  and (p.state = 'enabled' or p.disabled_because = 'failing')
  and (p.kind = 'url' or p.polled_at > $2)`

/**
 * Keeps an event as it is told; done again it changes nothing. Returns whether any endpoint may want
 * it: most organisations have none, and then there is nothing more to do.
 */
export async function keepEvent(
  tx: Tx,
  event: StoredEvent,
  patterns: readonly string[],
): Promise<boolean> {
  const [row] = await tx.query<{ wanted: boolean }>(
    `with kept as (
       insert into webhooks.event (book_id, id, seq, n, org_id, merchant, type, aggregate, body, at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
     )
     select exists (
       select from webhooks.endpoint p where p.org_id = $5 and p.events && $11::text[]) as wanted`,
    [
      ...[event.book, event.id, event.seq, event.n, event.orgId, event.merchant, event.type],
      ...[event.aggregate, event.body, new Date(event.at), [...patterns]],
    ],
  )
  return row?.wanted === true
}

/**
 * Makes a delivery of a kept event for each endpoint that wants it, in one statement. Done again it
 * makes nothing. `patterns` are those the type is wanted by; `at` is business time, `live` the time of
 * the wall clock since when a listener must have asked.
 */
export async function makeDeliveries(
  tx: Tx,
  event: Pick<StoredEvent, 'book' | 'id'>,
  { patterns, at, live }: { patterns: readonly string[]; at: Instant; live: Instant },
): Promise<Addressed[]> {
  return tx.query<Addressed>(
    `insert into webhooks.delivery as d (book_id, id, org_id, endpoint, event, replay, aggregate, seq,
       n, state, next_at, created_at)
     select e.book_id, ${DELIVERY_ID('e.id', 'p.id', `'${NO_REPLAY}'`)}, e.org_id, p.id, e.id,
       '${NO_REPLAY}', e.aggregate, e.seq, e.n, 'waiting', $1, $1
     from webhooks.event e join webhooks.endpoint p on ${WANTS} and p.events && $5::text[]
     where e.book_id = $3 and e.id = $4
     on conflict do nothing
     returning d.endpoint, d.book_id as book, d.aggregate,
       (select epoch from webhooks.endpoint p where p.id = d.endpoint) as epoch,
       (select kind from webhooks.endpoint p where p.id = d.endpoint) as kind`,
    [new Date(at), new Date(live), event.book, event.id, [...patterns]],
  )
}

/** A delivery with what it delivers. */
export interface Delivery {
  readonly book: number
  readonly id: Uuid
  readonly orgId: number
  readonly endpoint: Uuid
  readonly event: Uuid
  readonly replay: Uuid
  readonly aggregate: string
  readonly attempts: number
  readonly nextAt: Date
  readonly body: string
}

const DELIVERY = `
  d.book_id as book, d.id, d.org_id as "orgId", d.endpoint, d.event, d.replay, d.aggregate,
  d.attempts, d.next_at as "nextAt", e.body`

const OF_LANE = `
  d.book_id = $1 and d.endpoint = $2 and d.aggregate = $3 and (d.replay <> '${NO_REPLAY}') = $4
  and d.state = 'waiting'`

/** The first delivery of a lane that has not got through. */
export async function firstOfLane(tx: Tx, lane: Lane): Promise<Delivery | undefined> {
  const [first] = await tx.query<Delivery>(
    `select ${DELIVERY} from webhooks.delivery d
     join webhooks.event e on e.book_id = d.book_id and e.id = d.event
     where ${OF_LANE} order by d.seq, d.n, d.created_at, d.id limit 1`,
    [lane.book, lane.endpoint, lane.aggregate, lane.replay],
  )
  return first
}

/** The lanes of an endpoint in which something waits. */
export async function waitingLanes(
  tx: Tx,
  endpoint: Uuid,
): Promise<{ book: number; aggregate: string; replay: boolean }[]> {
  return tx.query(
    `select distinct book_id as book, aggregate, replay <> '${NO_REPLAY}' as replay
     from webhooks.delivery where endpoint = $1 and state = 'waiting'`,
    [endpoint],
  )
}

/** What waits for an endpoint is due now, however long its retries had made it wait. */
export async function hastenDeliveries(tx: Tx, endpoint: Uuid, at: Instant): Promise<void> {
  await tx.query(
    `update webhooks.delivery set next_at = $2 where endpoint = $1 and state = 'waiting'`,
    [endpoint, new Date(at)],
  )
}

/** How an attempt went. */
export interface AttemptRow {
  readonly at: Instant
  readonly status: number | null
  readonly ms: number
  readonly reply: string
  readonly error: string
}

export type Ended =
  | { readonly state: 'delivered' | 'dead' }
  | { readonly state: 'waiting'; readonly nextAt: Instant }

/** Records an attempt on a delivery that still stands as `attempts` says; `false` when it has moved. */
export async function recordAttempt(
  tx: Tx,
  of: Pick<Delivery, 'book' | 'id' | 'attempts'>,
  attempt: AttemptRow,
  ended: Ended,
): Promise<boolean> {
  const nextAt = ended.state === 'waiting' ? new Date(ended.nextAt) : null
  const at = new Date(attempt.at)
  const rows = await tx.query(
    `with moved as (
       update webhooks.delivery set state = $4, attempts = attempts + 1, next_at = $5,
         offered_until = null, ended_at = case when $4 = 'waiting' then null else $6::timestamptz end
       where book_id = $1 and id = $2 and state = 'waiting' and attempts = $3
       returning book_id, id, attempts, org_id
     )
     insert into webhooks.attempt (book_id, delivery, number, org_id, at, status, ms, reply, error)
     select book_id, id, attempts, org_id, $6, $7, $8, $9, $10 from moved returning 1`,
    [
      ...[of.book, of.id, of.attempts, ended.state, nextAt, at, attempt.status, attempt.ms],
      ...[attempt.reply, attempt.error],
    ],
  )
  return rows.length === 1
}

/** Offers a listener what waits for it, until a time of the wall clock. */
export async function offerDeliveries(
  tx: Tx,
  endpoint: Uuid,
  { now, until, limit }: { now: Instant; until: Instant; limit: number },
): Promise<Delivery[]> {
  const rows = await tx.query<Delivery & { seq: bigint; n: number; createdAt: Date }>(
    `with picked as (
       select book_id, id from webhooks.delivery
       where endpoint = $1 and state = 'waiting' and (offered_until is null or offered_until <= $2)
       order by created_at, book_id, seq, n limit $4 for update skip locked
     )
     update webhooks.delivery d set offered_until = $3
     from picked p, webhooks.event e
     where d.book_id = p.book_id and d.id = p.id and e.book_id = d.book_id and e.id = d.event
     returning ${DELIVERY}, d.seq, d.n, d.created_at as "createdAt"`,
    [endpoint, new Date(now), new Date(until), limit],
  )
  const position = (a: (typeof rows)[number], b: (typeof rows)[number]) =>
    a.createdAt.getTime() - b.createdAt.getTime() ||
    a.book - b.book ||
    (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : a.n - b.n)
  return rows.sort(position)
}

/** A listener's delivery that waits for its result. */
export async function offeredDelivery(
  tx: Tx,
  endpoint: Uuid,
  of: { readonly book: number; readonly id: Uuid },
): Promise<Pick<Delivery, 'book' | 'id' | 'attempts'> | undefined> {
  const [found] = await tx.query<Delivery>(
    `select book_id as book, id, attempts from webhooks.delivery
     where book_id = $1 and id = $2 and endpoint = $3 and state = 'waiting'`,
    [of.book, of.id, endpoint],
  )
  return found
}

/** What a replay picks among the events of an organisation. */
export interface ReplayChoice {
  readonly orgId: number
  /** Merchants' endpoints get what is theirs; empty for the organisation's own. */
  readonly endpoint: Uuid | undefined
  readonly event?: { readonly book: number; readonly id: Uuid } | undefined
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
  readonly patterns?: readonly string[] | undefined
  readonly failedOnly: boolean
  readonly merchant?: string | undefined
}

const CHOSEN = `
  e.org_id = $3 and ($4::uuid is null or p.id = $4)
  and ($5::int is null or (e.book_id = $5 and e.id = $6::uuid))
  and ($7::timestamptz is null or e.at >= $7) and ($8::timestamptz is null or e.at < $8)
  and ($9::text[] is null
    or $9 && array['*', split_part(e.type, '.', 1) || '.*', e.type])
  and ($4::uuid is not null or p.events && array['*', split_part(e.type, '.', 1) || '.*', e.type])
  and ($11::text is null or p.merchant = $11)
  and (not $10::boolean or (
    exists (select from webhooks.delivery d where d.book_id = e.book_id and d.event = e.id
      and d.endpoint = p.id and d.state = 'dead')
    and not exists (select from webhooks.delivery d where d.book_id = e.book_id and d.event = e.id
      and d.endpoint = p.id and d.state = 'delivered')))`

const chosen = (choice: ReplayChoice, live: Instant, at: Instant): unknown[] => [
  ...[new Date(at), new Date(live), choice.orgId, choice.endpoint ?? null],
  ...[choice.event?.book ?? null, choice.event?.id ?? null],
  choice.since === undefined ? null : new Date(choice.since),
  choice.until === undefined ? null : new Date(choice.until),
  choice.patterns === undefined ? null : [...choice.patterns],
  ...[choice.failedOnly, choice.merchant ?? null],
]

/** Deliveries a choice would make, counted no further than `most` + 1. */
export async function countChosen(
  tx: Tx,
  choice: ReplayChoice,
  at: { now: Instant; live: Instant; most: number },
): Promise<number> {
  const [row] = await tx.query<{ n: bigint }>(
    `select count(*) as n from (select from webhooks.event e join webhooks.endpoint p on ${WANTS}
     where ${CHOSEN} and $1::timestamptz is not null limit $12) chosen`,
    [...chosen(choice, at.live, at.now), at.most + 1],
  )
  return Number(row?.n ?? 0n)
}

/** Makes a delivery of each chosen event under the replay's id. Done again it makes nothing. */
export async function insertReplay(
  tx: Tx,
  replay: Uuid,
  choice: ReplayChoice,
  at: { now: Instant; live: Instant },
): Promise<Addressed[]> {
  return tx.query<Addressed>(
    `insert into webhooks.delivery as d (book_id, id, org_id, endpoint, event, replay, aggregate, seq,
       n, state, next_at, created_at)
     select e.book_id, ${DELIVERY_ID('e.id', 'p.id', '$12::uuid')}, e.org_id, p.id, e.id, $12::uuid,
       e.aggregate, e.seq, e.n, 'waiting', $1, $1
     from webhooks.event e join webhooks.endpoint p on ${WANTS} where ${CHOSEN}
     on conflict do nothing
     returning d.endpoint, d.book_id as book, d.aggregate,
       (select epoch from webhooks.endpoint p where p.id = d.endpoint) as epoch,
       (select kind from webhooks.endpoint p where p.id = d.endpoint) as kind`,
    [...chosen(choice, at.live, at.now), replay],
  )
}

/** Takes away what ended before a time, and events nobody waits for any more. */
export async function pruneBefore(
  tx: Tx,
  until: {
    readonly attempts: Instant
    readonly deliveries: Instant
    /** On the wall clock: listeners that have not asked since then, with what waits for them. */
    readonly listeners: Instant
  },
): Promise<void> {
  const { attempts, deliveries, listeners } = until
  const gone = `select id from webhooks.endpoint where kind = 'listener' and polled_at < $1`
  await tx.query(`delete from webhooks.delivery where endpoint in (${gone})`, [new Date(listeners)])
  await tx.query(`delete from webhooks.endpoint where id in (${gone})`, [new Date(listeners)])
  await tx.query('delete from webhooks.attempt where at < $1', [new Date(attempts)])
  await tx.query('delete from webhooks.delivery where ended_at < $1', [new Date(deliveries)])
  await tx.query(
    `delete from webhooks.event e where e.at < $1 and not exists (
       select from webhooks.delivery d where d.book_id = e.book_id and d.event = e.id)`,
    [new Date(deliveries)],
  )
}
