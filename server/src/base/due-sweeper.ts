/**
 * Runs what is due. An attempt is marked in the table before it runs, so that a crash shows: the row
 * comes due again when its lease is over. Work therefore runs at least once; that its effect happens
 * once is up to the handler's command, which carries `doneDue` for this very attempt.
 *
 * A handler that returns without having its row done or postponed will be run again, and must not
 * sleep on the World's clock: the test clock stands still until the handler is through.
 */
import type { MovableClock } from './clock.ts'
import type { Db } from './db.ts'
import type { Log } from './log.ts'
import { present } from './must.ts'
import type { Clock, Instant, Rng } from './world.ts'

/** One attempt at a piece of due work. */
export interface DueWork {
  book: number
  orgId: number
  kind: string
  key: string
  /** The number of this attempt: what `doneDue` and `postponeDue` must name. */
  attempts: number
  /** How many attempts there were, with this one, since the work was planned or postponed. */
  tries: number
  dueAt: Instant
  payload: unknown
}

export interface DueHandler {
  run(work: DueWork): Promise<void>
  /** Tries before the work is dead and waits for a person. 12 when absent. */
  triesMax?: number
  /** How long one attempt may take before another may begin. 60 s when absent. */
  leaseMs?: number
  /** The wait after the first failure, doubled after each further one up to the most. 1 s, 1 h. */
  backoff?: { firstMs: number; mostMs: number }
}

export interface DueSweeperOptions {
  db: Db
  clock: Clock | MovableClock
  rng: Rng
  log: Log
  /** By kind. Work of another kind is left for a server that knows it. */
  handlers: Readonly<Record<string, DueHandler>>
  /** The books this server owns; all books when absent. */
  books?: () => readonly number[]
  /** Attempts that `run` keeps going at once. */
  concurrency?: number
  /** How often `run` looks for work that others planned without waking it. */
  pollMs?: number
}

export interface DueSweeper {
  /** Runs, one after another in due order, all that is due now. Returns how many attempts ran. */
  sweepNow(): Promise<number>
  /**
   * Moves the clock to `time`, stopping at each due time on the way and running what is due there.
   * Needs a clock that can be moved. Returns how many attempts ran.
   */
  sweepUntil(time: Instant): Promise<number>
  /** When the next work is due, `undefined` when there is none. */
  nextDueAt(): Promise<Instant | undefined>
  /** Sweeps until `stop`. Survives the loss of the database. */
  run(): Promise<void>
  /** Looks again at once: something was planned. */
  wake(): void
  /** Takes no more work and waits for the attempts that run. */
  stop(): Promise<void>
}

const TRIES_MAX = 12
const LEASE_MS = 60_000
const BACKOFF = { firstMs: 1_000, mostMs: 3_600_000 }

export function createDueSweeper(options: DueSweeperOptions): DueSweeper {
  const { clock, log, concurrency = 16, pollMs = 1_000 } = options
  const rows = dueRows(options)
  const running = new Set<Promise<void>>()
  let waking = new AbortController()
  let stopping = false
  let loop: Promise<void> | undefined

  const attempt = async (work: DueWork): Promise<void> => {
    const handler = present(options.handlers[work.kind], `no handler for ${work.kind}`)
    const triesMax = handler.triesMax ?? TRIES_MAX
    try {
      if (work.tries > triesMax) {
        return await rows.bury(work, `Tried ${triesMax} times, and none of them came to an end.`)
      }
      await handler.run(work)
    } catch (error) {
      await failed(work, handler, error)
    }
  }

  const failed = async (work: DueWork, handler: DueHandler, error: unknown): Promise<void> => {
    const { kind, book, tries } = work
    const about = { kind, book, due_key: work.key, tries, error }
    try {
      if (tries >= (handler.triesMax ?? TRIES_MAX)) {
        log.error(about, 'due work failed for the last time and is dead')
        await rows.bury(work, textOf(error))
      } else {
        log.warn(about, 'due work failed and will be tried again')
        const waitMs = backoffMs(tries, handler.backoff ?? BACKOFF, options.rng)
        await rows.retry(work, clock.now() + waitMs, textOf(error))
      }
    } catch (lost) {
      // The mark stands, so the work comes due again when its lease is over.
      log.error({ ...about, error: lost }, 'the failure of due work could not be noted')
    }
  }

  const sweepNow = async (): Promise<number> => {
    for (let count = 0; ; count += 1) {
      const [work] = await rows.take(clock.now(), 1)
      if (work === undefined) return count
      await attempt(work)
    }
  }

  const wake = () => waking.abort()

  const start = (work: DueWork): void => {
    const run: Promise<void> = attempt(work).finally(() => {
      running.delete(run)
      wake()
    })
    running.add(run)
  }

  const round = async (): Promise<void> => {
    waking = new AbortController()
    const free = concurrency - running.size
    try {
      const taken = free > 0 ? await rows.take(clock.now(), free) : []
      for (const work of taken) start(work)
      if (taken.length > 0 || stopping) return
      const next = free > 0 ? await rows.nextDueAt() : undefined
      const waitMs = next === undefined ? pollMs : Math.max(5, next - clock.now())
      await clock.sleep(Math.min(pollMs, waitMs), 'due sweeper', waking.signal)
    } catch (error) {
      log.error({ error }, 'due work cannot be read; trying again')
      await clock.sleep(pollMs, 'due sweeper', waking.signal)
    }
  }

  return {
    sweepNow,
    nextDueAt: rows.nextDueAt,
    sweepUntil: async (time) => {
      const movable = movableOf(clock)
      let count = 0
      for (;;) {
        const next = await rows.nextDueAt()
        if (next === undefined || next > time) break
        if (next > clock.now()) await movable.advanceTo(next)
        count += await sweepNow()
      }
      if (time > clock.now()) await movable.advanceTo(time)
      return count
    },
    run: () => {
      loop ??= (async () => {
        while (!stopping) await round()
        await Promise.all(running)
      })()
      return loop
    },
    wake,
    stop: async () => {
      stopping = true
      wake()
      await loop
    },
  }
}

/** The sweeper's statements. */
function dueRows({ db, handlers, books, clock }: DueSweeperOptions) {
  const kinds = Object.keys(handlers)
  const leases = kinds.map((kind) => handlers[kind]?.leaseMs ?? LEASE_MS)
  const owned = () => (books === undefined ? null : [...books()])

  /** Ends one attempt's row; nothing moves when a later attempt has begun. */
  const end = async (work: DueWork, set: string, params: unknown[]): Promise<void> => {
    const { book, kind, key, attempts } = work
    await db.query(
      `update base.due set ${set} where book_id = $1 and kind = $2 and key = $3 and attempts = $4`,
      [book, kind, key, attempts, ...params],
    )
  }

  return {
    take: async (now: Instant, most: number): Promise<DueWork[]> => {
      const taken = await db.query<DueWork & { due: Date }>(TAKE, [
        owned(),
        new Date(now),
        kinds,
        leases,
        most,
      ])
      return taken.map(({ due, ...work }) => ({ ...work, dueAt: due.getTime() })).sort(inDueOrder)
    },
    nextDueAt: async (): Promise<Instant | undefined> => {
      const [row] = await db.query<{ next: Date | null }>(NEXT, [owned(), kinds])
      return row?.next?.getTime()
    },
    retry: (work: DueWork, dueAt: Instant, error: string) =>
      end(work, 'due_at = $5, last_error = $6', [new Date(dueAt), error]),
    bury: (work: DueWork, error: string) =>
      end(work, 'dead_at = $5, last_error = $6', [new Date(clock.now()), error]),
  }
}

/** `$1` the books, or null: then all that have due work, found by hopping along the primary key. */
const BOOKS = `
  recursive hop (id) as (
    (select book_id from base.due where $1::int[] is null order by book_id limit 1)
    union all
    select (select book_id from base.due where book_id > hop.id order by book_id limit 1)
    from hop where hop.id is not null
  ),
  book (id) as (
    select id from hop where id is not null union all select distinct unnest($1::int[])
  )`

/**
 * Marks up to `$5` attempts that are due at `$2`. Rows another sweeper is marking are skipped, so no
 * attempt number is given out twice. The new due time is the end of the lease.
 */
const TAKE = `
  with ${BOOKS},
  picked as (
    select d.book_id, d.kind, d.key, d.due_at from book cross join lateral (
      select * from base.due d
      where d.book_id = book.id and d.dead_at is null and d.due_at <= $2 and d.kind = any ($3::text[])
      order by d.due_at, d.kind, d.key limit $5 for update skip locked
    ) d
    order by d.due_at, d.book_id, d.kind, d.key limit $5
  )
  update base.due d
  set attempts = d.attempts + 1, tries = d.tries + 1,
      due_at = $2 + lease.ms * interval '1 millisecond'
  from picked p join unnest($3::text[], $4::int[]) as lease (kind, ms) on lease.kind = p.kind
  where d.book_id = p.book_id and d.kind = p.kind and d.key = p.key
  returning d.book_id as book, d.org_id as "orgId", d.kind, d.key, d.attempts, d.tries,
            p.due_at as due, d.payload`

const NEXT = `
  with ${BOOKS}
  select min(first.due_at) as next from book cross join lateral (
    select d.due_at from base.due d
    where d.book_id = book.id and d.dead_at is null and d.kind = any ($2::text[])
    order by d.due_at limit 1
  ) first`

function inDueOrder(a: DueWork, b: DueWork): number {
  return (
    a.dueAt - b.dueAt ||
    a.book - b.book ||
    (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0) ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  )
}

/** Doubles with each try, and is spread by a fifth to either side so that retries do not march. */
export function backoffMs(
  tries: number,
  { firstMs, mostMs }: { firstMs: number; mostMs: number },
  rng: Rng,
): number {
  const plain = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 40))
  const spread = Math.floor(plain / 5)
  return plain - spread + rng.below(2 * spread + 1)
}

function textOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(
    0,
    2_000,
  )
}

function movableOf(clock: Clock | MovableClock): MovableClock {
  if ('advanceTo' in clock) return clock
  throw new Error('Only a test clock can be moved; this World runs on the wall clock.')
}
