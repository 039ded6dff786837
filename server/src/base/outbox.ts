/**
 * The outbox: facts for other modules, written by the book writer in the tx that made them true and
 * delivered by the relay (`outbox-relay.ts`). An event's position is (book, seq, n), where seq is the
 * batch's; because a book's batches commit in the order of their seq, whoever has read up to a
 * position misses nothing that commits later.
 */
import { intColumn, jsonColumn, textColumn } from './column.ts'
import type { Tx } from './db.ts'
import type { OutboxEvent } from './effect.ts'
import type { Instant } from './world.ts'

/** One statement for all events of a batch: `$1` book, `$2` instant, then `outboxColumns`. */
export const insertOutboxSql = `
  insert into base.outbox (book_id, seq, n, org_id, kind, aggregate, payload, at)
  select $1, $3::int8, u.n, u.org_id, u.kind, u.aggregate, u.payload, $2
  from unnest($4::int[], $5::int[], $6::text[], $7::text[], $8::jsonb[])
    as u (n, org_id, kind, aggregate, payload)`

/** The parameters after `$2` for the batch `seq`; events are numbered in the order given. */
export function outboxColumns(seq: bigint, events: readonly OutboxEvent[]): unknown[] {
  return [
    seq,
    intColumn(events.map((_, n) => n)),
    intColumn(events.map((event) => event.orgId ?? 0)),
    textColumn(events.map((event) => event.kind)),
    textColumn(events.map((event) => event.aggregate)),
    jsonColumn(events.map((event) => event.payload)),
  ]
}

/** An event as a subscriber gets it. The position is the same at every delivery: it tells repeats. */
export interface DeliveredEvent {
  book: number
  seq: bigint
  n: number
  orgId: number
  kind: string
  aggregate: string
  payload: unknown
  at: Instant
}

export interface Subscriber {
  /** Kept in the table with what was read; never changed once it is in use. */
  readonly name: string
  /** The kinds it wants; all when absent. */
  readonly kinds?: readonly string[]
  /** Takes one event. It may see an event again, never one before an earlier one of its aggregate. */
  deliver(event: DeliveredEvent): Promise<void>
}

export interface ParkedEvent extends DeliveredEvent {
  subscriber: string
  tries: number
  lastError: string
  parkedAt: Instant
  /** Later events of the aggregate that wait behind this one. */
  waiting: number
}

/** Events a subscriber failed to take too often, the longest parked first. */
export async function listParked(
  tx: Tx,
  of: { book?: number; subscriber?: string; limit?: number } = {},
): Promise<ParkedEvent[]> {
  const rows = await tx.query<
    Omit<ParkedEvent, 'at' | 'parkedAt' | 'waiting'> & { at: Date; parkedAt: Date; waiting: bigint }
  >(
    `select h.book_id as book, h.subscriber, h.seq, h.n, o.org_id as "orgId", o.kind, o.aggregate,
            o.payload, o.at, h.tries, coalesce(h.last_error, '') as "lastError",
            h.parked_at as "parkedAt",
            (select count(*) from base.outbox_held l
             where l.book_id = h.book_id and l.subscriber = h.subscriber
               and l.aggregate = h.aggregate and (l.seq, l.n) > (h.seq, h.n)) as waiting
     from base.outbox_held h join base.outbox o using (book_id, seq, n)
     where h.parked_at is not null and ($1::int is null or h.book_id = $1)
       and ($2::text is null or h.subscriber = $2)
     order by h.parked_at, h.book_id, h.seq, h.n limit $3`,
    [of.book ?? null, of.subscriber ?? null, of.limit ?? 100],
  )
  return rows.map((row) => ({
    ...row,
    at: row.at.getTime(),
    parkedAt: row.parkedAt.getTime(),
    waiting: Number(row.waiting),
  }))
}

/**
 * Lets the relay try parked events again from `at` on; those behind follow in order. Returns how many
 * were let go.
 */
export async function replayParked(
  tx: Tx,
  of: { book: number; subscriber: string; aggregate?: string; at: Instant },
): Promise<number> {
  const rows = await tx.query(
    `update base.outbox_held set parked_at = null, tries = 0, next_at = $4
     where book_id = $1 and subscriber = $2 and ($3::text is null or aggregate = $3)
       and parked_at is not null returning 1`,
    [of.book, of.subscriber, of.aggregate ?? null, new Date(of.at)],
  )
  return rows.length
}
