/** All SQL of the success rates but the questions: facts as they arrive, and folding them into counts. */
import type { Instant, Tx } from '#base'
import type { Direction } from '#codes'
import type { AttemptState, Ending, Outcome, Result } from './attempt-state.ts'

/** A fact that has arrived and is not counted yet. */
export interface Arrival {
  readonly book: number
  readonly fact: unknown
}

/**
 * Keeps a fact under its position; a repeat changes nothing. The commit need not wait for the disk:
 * the relay's cursor is written later to the same log, so a cursor that survives a crash has this
 * fact before it.
 */
export async function keepArrival(
  tx: Tx,
  of: { book: number; seq: bigint; n: number; fact: unknown },
): Promise<void> {
  await tx.query(
    `insert into quality.arrival (book_id, seq, n, fact)
     select $1, $2, $3, $4 from (select set_config('synchronous_commit', 'off', true)) s
     on conflict do nothing`,
    [of.book, of.seq, of.n, JSON.stringify(of.fact)],
  )
}

/** Makes the caller the only one who folds until its tx ends. Returns the number of its fold. */
export async function lockFold(tx: Tx): Promise<bigint> {
  const [row] = await tx.query<{ folds: bigint }>('select folds from quality.fold for update')
  return row!.folds + 1n
}

/** Takes the oldest arrivals of each book out, at most `limit`. */
export async function takeArrivals(tx: Tx, limit: number): Promise<Arrival[]> {
  return tx.query<Arrival>(
    `with gone as (
       delete from quality.arrival a using (
         select book_id, seq, n from quality.arrival order by book_id, seq, n limit $1
       ) o where (a.book_id, a.seq, a.n) = (o.book_id, o.seq, o.n)
       returning a.book_id, a.seq, a.n, a.fact
     )
     select book_id as book, fact from gone order by book_id, seq, n`,
    [limit],
  )
}

export interface KnownAttempt {
  readonly state: AttemptState
  readonly ending: number
  readonly segment: number
}

/** All attempts of these orders that are known. */
export async function attemptsOfOrders(
  tx: Tx,
  orders: readonly { book: number; order: string }[],
): Promise<KnownAttempt[]> {
  const rows = await tx.query<{
    book: number
    id: string
    order: string
    number: number
    ending: number
    segment: number
    direction: Direction
    channel: string
    bank: string
    accountType: string
    band: string
    code: string
    outcome: Outcome
    madeAt: Date
    at: Date
    succeededAt: Date | null
    wasOverdue: boolean
    hadFailed: boolean
  }>(
    `select a.book_id as book, a.id, a.order_id as "order", a.number, a.ending, a.segment,
            e.direction, e.channel, s.bank, s.account_type as "accountType", s.band, e.code,
            e.outcome, a.made_at as "madeAt", a.at, a.succeeded_at as "succeededAt",
            a.was_overdue as "wasOverdue", a.had_failed as "hadFailed"
     from unnest($1::int[], $2::uuid[]) as o (book_id, order_id)
     join quality.attempt a on a.book_id = o.book_id and a.order_id = o.order_id
     join quality.ending e on e.id = a.ending
     join quality.segment s on s.id = a.segment`,
    [orders.map(({ book }) => book), orders.map(({ order }) => order)],
  )
  return rows.map(({ ending, segment, outcome, madeAt, at, succeededAt, ...row }) => ({
    ...{ ending, segment },
    state: {
      ...row,
      ...{ result: resultOf(outcome), madeAt: madeAt.getTime(), at: at.getTime() },
      ...(succeededAt !== null && { succeededAt: succeededAt.getTime() }),
    },
  }))
}

function resultOf(outcome: Outcome): Result {
  return outcome === 'returned_late' ? 'returned' : outcome
}

/** The numbers of these endings, made where they are new. Only who holds the lock may call it. */
export async function endingIds(tx: Tx, endings: readonly Ending[]): Promise<number[]> {
  const columns = [
    endings.map((one) => one.direction),
    endings.map((one) => one.channel),
    endings.map((one) => one.code),
    endings.map((one) => one.outcome),
    endings.map((one) => one.first),
    endings.map((one) => one.converted),
    endings.map((one) => one.lastChannel),
    endings.map((one) => one.lastCode),
    endings.map((one) => one.reclassified),
  ]
  const find = () => tx.query<{ id: number | null }>(FIND_ENDINGS, columns)
  const found = await find()
  if (found.every(({ id }) => id !== null)) return found.map(({ id }) => id!)
  await tx.query(ADD_ENDINGS, columns)
  return (await find()).map(({ id }) => id!)
}

const ENDINGS = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bool[],
  $7::text[], $8::text[], $9::bool[])`
const ENDING_COLUMNS =
  'direction, channel, code, outcome, first, converted, last_channel, last_code, reclassified'

const FIND_ENDINGS = `
  select e.id from ${ENDINGS} with ordinality as u (${ENDING_COLUMNS}, place)
  left join quality.ending e using (${ENDING_COLUMNS}) order by u.place`

const ADD_ENDINGS = `
  insert into quality.ending (${ENDING_COLUMNS})
  select * from ${ENDINGS} as u (${ENDING_COLUMNS})
  except select ${ENDING_COLUMNS} from quality.ending`

export interface Segment {
  readonly bank: string
  readonly accountType: string
  readonly band: string
}

/** The numbers of these segments, made where they are new. Only who holds the lock may call it. */
export async function segmentIds(tx: Tx, segments: readonly Segment[]): Promise<number[]> {
  const columns = [
    segments.map((one) => one.bank),
    segments.map((one) => one.accountType),
    segments.map((one) => one.band),
  ]
  const find = () => tx.query<{ id: number | null }>(FIND_SEGMENTS, columns)
  const found = await find()
  if (found.every(({ id }) => id !== null)) return found.map(({ id }) => id!)
  await tx.query(ADD_SEGMENTS, columns)
  return (await find()).map(({ id }) => id!)
}

const FIND_SEGMENTS = `
  select s.id from unnest($1::text[], $2::text[], $3::text[]) with ordinality
    as u (bank, account_type, band, place)
  left join quality.segment s using (bank, account_type, band) order by u.place`

const ADD_SEGMENTS = `
  insert into quality.segment (bank, account_type, band)
  select * from unnest($1::text[], $2::text[], $3::text[]) as u (bank, account_type, band)
  except select bank, account_type, band from quality.segment`

/** Writes attempts as they stand now. */
export async function putAttempts(tx: Tx, attempts: readonly KnownAttempt[]): Promise<void> {
  const states = attempts.map(({ state }) => state)
  await tx.query(
    `insert into quality.attempt as a (book_id, id, order_id, number, ending, segment, made_at, at,
       succeeded_at, was_overdue, had_failed)
     select * from unnest($1::int[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[],
       $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bool[], $11::bool[])
     on conflict (book_id, id) do update set
       ending = excluded.ending, segment = excluded.segment, at = excluded.at,
       succeeded_at = excluded.succeeded_at, was_overdue = excluded.was_overdue,
       had_failed = excluded.had_failed`,
    [
      states.map((one) => one.book),
      states.map((one) => one.id),
      states.map((one) => one.order),
      states.map((one) => one.number),
      attempts.map((one) => one.ending),
      attempts.map((one) => one.segment),
      states.map((one) => new Date(one.madeAt)),
      states.map((one) => new Date(one.at)),
      states.map((one) => (one.succeededAt === undefined ? null : new Date(one.succeededAt))),
      states.map((one) => one.wasOverdue),
      states.map((one) => one.hadFailed),
    ],
  )
}

/** What a fold adds to a cell of the counts, or takes out of it. */
export interface CellChange {
  readonly madeAt: Instant
  readonly day: number
  readonly hour: number
  readonly ending: number
  readonly segment: number
  readonly n: number
}

/** Moves the counts per day and per hour. */
export async function moveCounts(
  tx: Tx,
  changes: readonly CellChange[],
  fold: bigint,
): Promise<void> {
  await tx.query('update quality.fold set folds = $1 where one', [fold])
  if (changes.length === 0) return
  const endings = changes.map((one) => one.ending)
  const by = changes.map((one) => one.n)
  await tx.query(
    `insert into quality.day as d (day, ending, segment, n)
     select u.day, u.ending, u.segment, sum(u.n)
     from unnest($1::int[], $2::int[], $3::int[], $4::int[]) as u (day, ending, segment, n)
     group by 1, 2, 3 having sum(u.n) <> 0
     on conflict (day, ending, segment) do update set n = d.n + excluded.n`,
    [changes.map((one) => one.day), endings, changes.map((one) => one.segment), by],
  )
  await tx.query(
    `insert into quality.day_moved (day, fold) select distinct day, $2::int8 from unnest($1::int[]) as day
     on conflict (day) do update set fold = excluded.fold`,
    [changes.map((one) => one.day), fold],
  )
  await tx.query(
    `insert into quality.hour as h (hour, ending, n)
     select u.hour, u.ending, sum(u.n)
     from unnest($1::int[], $2::int[], $3::int[]) as u (hour, ending, n)
     group by 1, 2 having sum(u.n) <> 0
     on conflict (hour, ending) do update set n = h.n + excluded.n`,
    [changes.map((one) => one.hour), endings, by],
  )
}

/** Endings with numbers above `after`, in order; an ending never changes. */
export async function endingsAfter(
  tx: Tx,
  after: number,
): Promise<{ id: number; ending: Ending }[]> {
  const rows = await tx.query<{ id: number } & Ending>(
    `select id, direction, channel, code, outcome, first, converted,
            last_channel as "lastChannel", last_code as "lastCode", reclassified
     from quality.ending where id > $1 order by id`,
    [after],
  )
  return rows.map(({ id, ...ending }) => ({ id, ending }))
}

/** Segments with numbers above `after`, in order; a segment never changes. */
export async function segmentsAfter(tx: Tx, after: number): Promise<({ id: number } & Segment)[]> {
  return tx.query(
    `select id, bank, account_type as "accountType", band from quality.segment
     where id > $1 order by id`,
    [after],
  )
}

/** The days of a stretch that have counts, and the last fold that moved each. */
export async function daysMoved(
  tx: Tx,
  first: number,
  last: number,
): Promise<{ day: number; fold: bigint }[]> {
  return tx.query(
    'select day, fold from quality.day_moved where day >= $1 and day < $2 order by day',
    [first, last],
  )
}

/**
 * All counts of these days: per day, ending, segment and n as four bytes each, big-endian, one cell
 * after another. Ten thousand cells are a hundred kilobytes, and cost no parsing.
 */
export async function dayCells(
  tx: Tx,
  days: readonly number[],
): Promise<{ day: number; fold: bigint; cells: Buffer }[]> {
  return tx.query(
    `select m.day, m.fold, string_agg(
       int4send(d.ending) || int4send(d.segment) || int4send(d.n::int4), ''::bytea) as cells
     from quality.day_moved m join quality.day d on d.day = m.day and d.n <> 0
     where m.day = any ($1::int[]) group by m.day, m.fold`,
    [days],
  )
}
