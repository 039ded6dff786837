/**
 * Delivers the outbox to its subscribers: at least once, and in order within an aggregate.
 *
 * Each pair of book and subscriber is a stream with a cursor. An event that fails moves aside into
 * `base.outbox_held`, and the later ones of its aggregate line up behind it there, so that the cursor
 * goes on and other aggregates flow. After five tries it is parked until a person replays it.
 *
 * One relay at a time works on a stream: it holds an advisory lock on a connection of its own, and
 * moves the cursor only from where it found it. A relay that has lost its lock stops at the next
 * event; the one under way may then be delivered by both, as "at least once" allows.
 */
import type { Db, Tx } from './db.ts'
import { backoffMs } from './due-sweeper.ts'
import type { Log } from './log.ts'
import { present } from './must.ts'
import type { DeliveredEvent, Subscriber } from './outbox.ts'
import { nameOf, type Stream, streamLocks } from './outbox-lock.ts'
import type { Clock, Instant, Rng } from './world.ts'

export interface OutboxRelayOptions {
  db: Db
  clock: Clock
  rng: Rng
  log: Log
  subscribers: readonly Subscriber[]
  /** The books this server owns; all books when absent. */
  books?: () => readonly number[]
  /** Tries before an event is parked. */
  triesMax?: number
  backoff?: { firstMs: number; mostMs: number }
  /** Most events read, and delivered before the cursor moves. */
  chunk?: number
  /** Streams that `run` works on at once. */
  concurrency?: number
  pollMs?: number
}

export interface OutboxRelay {
  /** Delivers all that can be delivered now, stream after stream. Returns how many went through. */
  pump(): Promise<number>
  /** When the next failed event may be tried again, `undefined` when none waits. */
  nextRetryAt(): Promise<Instant | undefined>
  /** Delivers until `stop`. Survives the loss of the database. */
  run(): Promise<void>
  /** Looks again at once: something was written. */
  wake(): void
  /** Stops after the events under way and ends the relay's own connection. */
  stop(): Promise<void>
}

interface Position {
  seq: bigint
  n: number
}

interface Held extends Position {
  aggregate: string
  tries: number
  error: string | null
}

const BEFORE_ALL: Position = { seq: -1n, n: -1 }

export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { db, clock, log, concurrency = 8, pollMs = 1_000 } = options
  const locks = streamLocks(db)
  const active = new Map<string, Promise<void>>()
  let waking = new AbortController()
  let stopping = false
  let loop: Promise<void> | undefined
  const wake = () => waking.abort()

  const work = async (stream: Stream): Promise<number> => {
    const held = await locks.take(stream)
    if (held === undefined) return 0
    try {
      const mayGoOn = () => !stopping && held.stands()
      const retried = await deliverHeld(options, stream, mayGoOn)
      return retried + (await deliverNew(options, stream, mayGoOn))
    } finally {
      await held.release()
    }
  }

  const start = (stream: Stream): void => {
    const name = nameOf(stream)
    const done = work(stream)
      .catch((error: unknown) => {
        log.error({ ...stream, error }, 'events could not be delivered; trying again')
        return 0
      })
      .then((count) => {
        active.delete(name)
        if (count > 0) wake()
      })
    active.set(name, done)
  }

  const round = async (): Promise<void> => {
    waking = new AbortController()
    try {
      const streams = await streamsWithWork(options)
      const idle = streams.filter((stream) => !active.has(nameOf(stream)))
      for (const stream of idle.slice(0, Math.max(0, concurrency - active.size))) start(stream)
    } catch (error) {
      log.error({ error }, 'the outbox cannot be read; trying again')
    }
    if (!stopping) await clock.sleep(pollMs, 'outbox relay', waking.signal)
  }

  return {
    pump: async () => {
      let total = 0
      for (;;) {
        let delivered = 0
        for (const stream of await streamsWithWork(options)) delivered += await work(stream)
        if (delivered === 0) return total
        total += delivered
      }
    },
    nextRetryAt: () => nextRetryAt(options),
    run: () => {
      loop ??= (async () => {
        while (!stopping) await round()
        await Promise.all(active.values())
      })()
      return loop
    },
    wake,
    stop: async () => {
      stopping = true
      wake()
      await loop
      await locks.end()
    },
  }
}

/** Events that failed before, and those behind them, as far as their time has come. */
async function deliverHeld(
  options: OutboxRelayOptions,
  stream: Stream,
  mayGoOn: () => boolean,
): Promise<number> {
  const { db, clock, triesMax = TRIES_MAX } = options
  let count = 0
  for (;;) {
    const heads = await db.query<EventRow & { tries: number }>(HELD_HEADS, [
      stream.book,
      stream.subscriber,
      new Date(clock.now()),
      options.chunk ?? CHUNK,
    ])
    if (heads.length === 0) return count
    for (const head of heads) {
      if (!mayGoOn()) return count
      // The try is noted first: an event that brings the process down gets parked like any other.
      const tries = head.tries + 1
      await db.query(NOTE_TRY, [...keyOf(stream, head), tries, whenNext(options, tries)])
      const error =
        tries > triesMax
          ? `Tried ${triesMax} times, and the last of them did not come to an end.`
          : await failureOf(options, stream, eventOf(stream.book, head))
      if (error === undefined) {
        await db.query(LET_GO, [...keyOf(stream, head), tries])
        count += 1
      } else {
        const parkedAt = tries >= triesMax ? new Date(clock.now()) : null
        await db.query(NOTE_FAILURE, [...keyOf(stream, head), tries, error, parkedAt])
        if (parkedAt !== null) saysParked(options, stream, head.aggregate)
      }
    }
  }
}

/** Events after the cursor, chunk by chunk. */
async function deliverNew(
  options: OutboxRelayOptions,
  stream: Stream,
  mayGoOn: () => boolean,
): Promise<number> {
  const { db } = options
  const subscriber = subscriberOf(options, stream)
  let count = 0
  for (;;) {
    const from = await cursorOf(db, stream)
    const rows = await db.query<EventRow>(AFTER_CURSOR, [
      stream.book,
      from.seq,
      from.n,
      options.chunk ?? CHUNK,
    ])
    if (rows.length === 0) return count
    const lined = await linedUp(db, stream, rows)
    const held: Held[] = []
    let reached = from
    for (const row of rows) {
      if (!mayGoOn()) break
      if (subscriber.kinds === undefined || subscriber.kinds.includes(row.kind)) {
        const behind = lined.has(row.aggregate)
        const error = behind
          ? undefined
          : await failureOf(options, stream, eventOf(stream.book, row))
        if (behind || error !== undefined) {
          lined.add(row.aggregate)
          held.push({ ...row, tries: behind ? 0 : 1, error: error ?? null })
        } else {
          count += 1
        }
      }
      reached = row
    }
    await moveOn(options, stream, { from, to: reached, held })
    if (reached !== rows.at(-1)) return count
  }
}

/** Moves the cursor and sets the held events aside in one tx: no event is in neither place. */
async function moveOn(
  options: OutboxRelayOptions,
  stream: Stream,
  { from, to, held }: { from: Position; to: Position; held: Held[] },
): Promise<void> {
  if (to === from) return
  const { book, subscriber } = stream
  const triesMax = options.triesMax ?? TRIES_MAX
  const now = new Date(options.clock.now())
  await options.db.tx(async (tx) => {
    const moved = await tx.query(MOVE_CURSOR, [book, subscriber, to.seq, to.n, from.seq, from.n])
    if (moved.length === 0) throw new Error('another relay has moved the cursor')
    if (held.length === 0) return
    const next = held.map(({ tries }) => (tries === 0 ? now : whenNext(options, tries)))
    await tx.query(HOLD, [
      book,
      subscriber,
      held.map((event) => event.seq),
      held.map((event) => event.n),
      held.map((event) => event.aggregate),
      held.map((event) => event.tries),
      next,
      held.map((event) => event.error),
      held.map((event) => (event.tries >= triesMax ? now : null)),
    ])
  })
  for (const event of held)
    if (event.tries >= triesMax) saysParked(options, stream, event.aggregate)
}

/** What went wrong at the subscriber, `undefined` when nothing did. */
async function failureOf(
  options: OutboxRelayOptions,
  stream: Stream,
  event: DeliveredEvent,
): Promise<string | undefined> {
  try {
    await subscriberOf(options, stream).deliver(event)
    return undefined
  } catch (error) {
    const { kind, aggregate } = event
    options.log.warn({ ...stream, kind, aggregate, error }, 'an event could not be delivered')
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return text.slice(0, 4_000)
  }
}

function saysParked({ log }: OutboxRelayOptions, stream: Stream, aggregate: string): void {
  log.error({ ...stream, aggregate }, 'an event is parked, with the later ones of its aggregate')
}

function whenNext({ clock, rng, backoff }: OutboxRelayOptions, tries: number): Date {
  return new Date(clock.now() + backoffMs(tries, backoff ?? BACKOFF, rng))
}

function subscriberOf({ subscribers }: OutboxRelayOptions, { subscriber }: Stream): Subscriber {
  return present(
    subscribers.find(({ name }) => name === subscriber),
    `no subscriber ${subscriber}`,
  )
}

async function streamsWithWork(options: OutboxRelayOptions): Promise<Stream[]> {
  const { db, clock, subscribers, books } = options
  return db.query<Stream>(STREAMS, [
    books === undefined ? null : [...books()],
    subscribers.map(({ name }) => name),
    new Date(clock.now()),
  ])
}

async function nextRetryAt(options: OutboxRelayOptions): Promise<Instant | undefined> {
  const { db, subscribers, books } = options
  const [row] = await db.query<{ next: Date | null }>(NEXT_RETRY, [
    books === undefined ? null : [...books()],
    subscribers.map(({ name }) => name),
  ])
  return row?.next?.getTime()
}

async function cursorOf(tx: Tx, { book, subscriber }: Stream): Promise<Position> {
  const [row] = await tx.query<{ seq: bigint; n: number }>(
    'select seq, n from base.outbox_cursor where book_id = $1 and subscriber = $2',
    [book, subscriber],
  )
  return row ?? BEFORE_ALL
}

/** Of the aggregates in these rows, those that have events held. */
async function linedUp(tx: Tx, stream: Stream, rows: EventRow[]): Promise<Set<string>> {
  const found = await tx.query<{ aggregate: string }>(
    `select distinct aggregate from base.outbox_held
     where book_id = $1 and subscriber = $2 and aggregate = any ($3::text[])`,
    [stream.book, stream.subscriber, [...new Set(rows.map((row) => row.aggregate))]],
  )
  return new Set(found.map(({ aggregate }) => aggregate))
}

const keyOf = ({ book, subscriber }: Stream, { seq, n }: Position) => [book, subscriber, seq, n]

interface EventRow extends Position {
  orgId: number
  kind: string
  aggregate: string
  payload: unknown
  at: Date
}

function eventOf(book: number, row: EventRow): DeliveredEvent {
  const { seq, n, orgId, kind, aggregate, payload, at } = row
  return { book, seq, n, orgId, kind, aggregate, payload, at: at.getTime() }
}

const TRIES_MAX = 5
const BACKOFF = { firstMs: 1_000, mostMs: 600_000 }
const CHUNK = 200

const EVENT = `o.seq, o.n, o.org_id as "orgId", o.kind, o.aggregate, o.payload, o.at`

const AFTER_CURSOR = `
  select ${EVENT} from base.outbox o
  where o.book_id = $1 and (o.seq, o.n) > ($2::int8, $3::int) order by o.seq, o.n limit $4`

/** The first held event of each aggregate, unless it is parked. */
const HEADS = `
  select h.* from base.outbox_held h
  where h.parked_at is null and not exists (
    select from base.outbox_held e
    where e.book_id = h.book_id and e.subscriber = h.subscriber and e.aggregate = h.aggregate
      and (e.seq, e.n) < (h.seq, h.n))`

const HELD_HEADS = `
  select ${EVENT}, h.tries from (${HEADS}) h join base.outbox o using (book_id, seq, n)
  where h.book_id = $1 and h.subscriber = $2 and h.next_at <= $3 order by h.seq, h.n limit $4`

const NEXT_RETRY = `
  select min(h.next_at) as next from (${HEADS}) h
  where ($1::int[] is null or h.book_id = any ($1)) and h.subscriber = any ($2::text[])`

const STREAMS = `
  with recursive hop (id) as (
    (select book_id from base.outbox where $1::int[] is null order by book_id limit 1)
    union all
    select (select book_id from base.outbox where book_id > hop.id order by book_id limit 1)
    from hop where hop.id is not null
  ),
  book (id) as (
    select id from hop where id is not null union all select distinct unnest($1::int[])
  )
  select book.id as book, s.name as subscriber
  from book cross join unnest($2::text[]) with ordinality as s (name, place)
  left join base.outbox_cursor c on c.book_id = book.id and c.subscriber = s.name
  where exists (
      select from base.outbox o where o.book_id = book.id
      and (o.seq, o.n) > (coalesce(c.seq, -1), coalesce(c.n, -1)))
    or exists (
      select from (${HEADS}) h
      where h.book_id = book.id and h.subscriber = s.name and h.next_at <= $3::timestamptz)
  order by book.id, s.place`

const MOVE_CURSOR = `
  insert into base.outbox_cursor as c (book_id, subscriber, seq, n) values ($1, $2, $3, $4)
  on conflict (book_id, subscriber) do update set seq = excluded.seq, n = excluded.n
  where (c.seq, c.n) = ($5::int8, $6::int) returning 1`

const HOLD = `
  insert into base.outbox_held
    (book_id, subscriber, seq, n, aggregate, tries, next_at, last_error, parked_at)
  select $1, $2, u.* from unnest($3::int8[], $4::int[], $5::text[], $6::int[], $7::timestamptz[],
                                 $8::text[], $9::timestamptz[]) u`

const THIS_ONE = 'book_id = $1 and subscriber = $2 and seq = $3 and n = $4'
const NOTE_TRY = `update base.outbox_held set tries = $5, next_at = $6 where ${THIS_ONE}`
const LET_GO = `delete from base.outbox_held where ${THIS_ONE} and tries = $5`
const NOTE_FAILURE = `
  update base.outbox_held set last_error = $6, parked_at = $7 where ${THIS_ONE} and tries = $5`
