import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { TEST_START, testWorld } from '../../testing/world.ts'
import { wallClock } from './clock.ts'
import { createDb } from './db.ts'
import type { OutboxEvent } from './effect.ts'
import { createLog } from './log.ts'
import {
  type DeliveredEvent,
  insertOutboxSql,
  listParked,
  outboxColumns,
  replayParked,
} from './outbox.ts'
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts'
import { seededRng } from './rng.ts'

let database: TestDatabase
let relays: OutboxRelay[] = []

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

beforeEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()))
  relays = []
  await database.db.query('truncate base.outbox, base.outbox_cursor, base.outbox_held')
})

const event = (aggregate: string, payload: unknown, kind = 'test.happened'): OutboxEvent => ({
  kind,
  aggregate,
  payload,
})

/** Writes one batch of a book, as its writer does. */
const write = (book: number, seq: number, ...events: OutboxEvent[]) =>
  database.db.query(insertOutboxSql, [
    book,
    new Date(TEST_START),
    ...outboxColumns(BigInt(seq), events),
  ])

/** A relay on a standing clock with one subscriber that keeps a diary of what it took. */
function relaying(
  take: (event: DeliveredEvent) => Promise<void> | void = () => undefined,
  more: Partial<OutboxRelayOptions> & { kinds?: string[]; seed?: number } = {},
) {
  const { kinds, seed = 1, ...options } = more
  const world = testWorld({ db: database.db, seed })
  const taken: string[] = []
  const deliver = async (each: DeliveredEvent) => {
    await take(each)
    taken.push(`${each.book}/${each.aggregate} ${each.payload}`)
  }
  const subscriber = { name: 'reader', ...(kinds && { kinds }), deliver }
  const relay = createOutboxRelay({ ...world, subscribers: [subscriber], ...options })
  relays.push(relay)
  return { relay, clock: world.clock, taken }
}

const count = async (table: string) =>
  (await database.db.query(`select 1 from base.${table}`)).length

describe('delivering', () => {
  it('gives every event once, in the order of book, seq and n, with all it carries', async () => {
    const seen: DeliveredEvent[] = []
    await write(2, 1, event('x', { amount: '5' }))
    await write(1, 1, event('a', 1), event('b', 2))
    await write(1, 3, { ...event('a', null), orgId: 7 })
    const { relay, taken } = relaying((each) => void seen.push(each))
    expect(await relay.pump()).toBe(4)
    expect(await relay.pump()).toBe(0)
    expect(taken).toEqual(['1/a 1', '1/b 2', '1/a null', '2/x [object Object]'])
    expect(seen.at(-1)).toEqual({
      book: 2,
      seq: 1n,
      n: 0,
      orgId: 0,
      kind: 'test.happened',
      aggregate: 'x',
      payload: { amount: '5' },
      at: TEST_START,
    })
    expect(seen[2]).toMatchObject({ seq: 3n, n: 0, orgId: 7, payload: null })
  })

  it('goes on where it stopped, also as another relay', async () => {
    await write(1, 1, event('a', 1))
    await relaying().relay.pump()
    await write(1, 2, event('a', 2))
    const { relay, taken } = relaying()
    await relay.pump()
    expect(taken).toEqual(['1/a 2'])
  })

  it('gives each subscriber its kinds, and starts a new one at the beginning', async () => {
    await write(1, 1, event('a', 1, 'test.one'), event('a', 2, 'test.two'))
    const one = relaying(undefined, { kinds: ['test.one'] })
    await one.relay.pump()
    expect(one.taken).toEqual(['1/a 1'])
    expect(await one.relay.pump()).toBe(0)

    const seen: string[] = []
    const late = {
      name: 'late',
      deliver: async (each: DeliveredEvent) => void seen.push(each.kind),
    }
    await relaying(undefined, { subscribers: [late] }).relay.pump()
    expect(seen).toEqual(['test.one', 'test.two'])
  })

  it('keeps to the books it owns', async () => {
    for (const book of [1, 2, 3]) await write(book, 1, event('a', book))
    const { relay, taken } = relaying(undefined, { books: () => [2] })
    await relay.pump()
    expect(taken).toEqual(['2/a 2'])
  })

  it('reads long histories in chunks', async () => {
    for (let seq = 1; seq <= 25; seq += 1) await write(1, seq, event('a', seq), event('b', seq))
    const { relay, taken } = relaying(undefined, { chunk: 7 })
    expect(await relay.pump()).toBe(50)
    expect(taken.filter((line) => line.startsWith('1/b'))).toEqual(
      Array.from({ length: 25 }, (_, i) => `1/b ${i + 1}`),
    )
  })
})

describe('failing', () => {
  /** Refuses the event `a 1` until it is told to take it. */
  function stubborn(more: Partial<OutboxRelayOptions> = {}) {
    let tries = 0
    let refuses = true
    const made = relaying((each) => {
      if (each.aggregate !== 'a' || each.payload !== 1) return
      tries += 1
      if (refuses) throw new Error(`no, the ${tries}. time`)
    }, more)
    return {
      ...made,
      tries: () => tries,
      relent: () => {
        refuses = false
      },
    }
  }

  const three = () => write(1, 1, event('a', 1), event('b', 1), event('a', 2), event('b', 2))

  it('holds back the later events of the aggregate, and no others', async () => {
    await three()
    const { relay, clock, taken, relent } = stubborn()
    await relay.pump()
    await write(1, 2, event('a', 3), event('b', 3))
    await relay.pump()
    expect(taken).toEqual(['1/b 1', '1/b 2', '1/b 3'])
    const retryAt = (await relay.nextRetryAt())!
    expect(retryAt - TEST_START).toBeGreaterThanOrEqual(800)
    expect(retryAt - TEST_START).toBeLessThanOrEqual(1_200)
    relent()
    expect(await relay.pump()).toBe(0)
    await clock.advanceTo(retryAt)
    await relay.pump()
    await write(1, 3, event('a', 4))
    await relay.pump()
    expect(taken.slice(3)).toEqual(['1/a 1', '1/a 2', '1/a 3', '1/a 4'])
    expect(await count('outbox_held')).toBe(0)
  })

  it('parks it after five tries, with its error, and those behind it until it is replayed', async () => {
    await three()
    const { relay, clock, taken, tries, relent } = stubborn()
    await relay.pump()
    for (let at = await relay.nextRetryAt(); at !== undefined; at = await relay.nextRetryAt()) {
      await clock.advanceTo(at)
      await relay.pump()
    }
    expect(tries()).toBe(5)
    await write(1, 2, event('a', 3), event('b', 3))
    await clock.advance(86_400_000)
    await relay.pump()
    expect(taken).toEqual(['1/b 1', '1/b 2', '1/b 3'])
    const parked = await listParked(database.db, { book: 1, subscriber: 'reader' })
    expect(parked).toMatchObject([
      {
        book: 1,
        subscriber: 'reader',
        seq: 1n,
        n: 0,
        kind: 'test.happened',
        aggregate: 'a',
        tries: 5,
        waiting: 2,
        payload: 1,
        at: TEST_START,
      },
    ])
    expect(parked[0]!.lastError).toContain('no, the 5. time')
    expect(parked[0]!.parkedAt).toBeGreaterThan(TEST_START + 12_000)
    expect(await listParked(database.db, { book: 2 })).toEqual([])

    relent()
    const of = { book: 1, subscriber: 'reader', at: clock.now() }
    expect(await replayParked(database.db, { ...of, aggregate: 'b' })).toBe(0)
    expect(await replayParked(database.db, { ...of, aggregate: 'a' })).toBe(1)
    await relay.pump()
    expect(taken.slice(3)).toEqual(['1/a 1', '1/a 2', '1/a 3'])
    expect(await listParked(database.db)).toEqual([])
  })

  it('parks it again when the replay fails too', async () => {
    await three()
    const { relay, clock, tries } = stubborn({ triesMax: 1 })
    await relay.pump()
    expect(tries()).toBe(1)
    await replayParked(database.db, { book: 1, subscriber: 'reader', at: clock.now() })
    await relay.pump()
    expect(tries()).toBe(2)
    expect(await listParked(database.db)).toHaveLength(1)
  })

  it('parks an event whose retries bring the process down', async () => {
    await three()
    const { relay, clock } = stubborn()
    await relay.pump()
    // Five tries were noted and none of them came back.
    await database.db.query('update base.outbox_held set tries = 5 where tries > 0')
    await clock.advance(10_000)
    await relay.pump()
    expect(await listParked(database.db)).toMatchObject([
      { lastError: 'Tried 5 times, and the last of them did not come to an end.' },
    ])
  })

  it('of one subscriber is nothing to the others', async () => {
    await three()
    const seen: string[] = []
    const { relay } = relaying(undefined, {
      subscribers: [
        { name: 'broken', deliver: () => Promise.reject(new Error('always')) },
        {
          name: 'sound',
          deliver: async (each) => void seen.push(`${each.aggregate} ${each.payload}`),
        },
      ],
    })
    await relay.pump()
    expect(seen).toEqual(['a 1', 'b 1', 'a 2', 'b 2'])
  })
})

/** Whether each aggregate's events came first in their order, none left out. Repeats may follow. */
function firstSeen(taken: string[]): Map<string, number[]> {
  const seen = new Map<string, number[]>()
  for (const line of taken) {
    const [aggregate, payload] = line.split(' ') as [string, string]
    const before = seen.get(aggregate) ?? []
    if (!before.includes(Number(payload))) seen.set(aggregate, [...before, Number(payload)])
  }
  return seen
}

describe('crashes', () => {
  it('at any statement or delivery lose nothing and reorder no aggregate', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(fc.nat(25), { maxLength: 6 }),
        fc.nat(1_000),
        async (batches, crashes, seed) => {
          await database.db.query('truncate base.outbox, base.outbox_cursor, base.outbox_held')
          const numbers = new Map<string, number>()
          for (const [seq, aggregates] of batches.entries()) {
            const events = aggregates.map((aggregate) => {
              const number = (numbers.get(aggregate) ?? 0) + 1
              numbers.set(aggregate, number)
              return event(aggregate, number)
            })
            if (events.length > 0) await write(1, seq, ...events)
          }
          const taken: string[] = []
          const rng = seededRng(seed)
          let clockAt = TEST_START
          // Each life of the relay ends after so many statements and deliveries; the last one lives.
          for (const steps of [...crashes, Number.POSITIVE_INFINITY]) {
            let left = steps
            const step = () => {
              left -= 1
              if (left < 0) throw new Error('crash')
            }
            const life = relaying(
              (each) => {
                step()
                if (left !== Number.POSITIVE_INFINITY && rng.below(4) === 0) throw new Error('no')
                taken.push(`${each.aggregate} ${each.payload}`)
                if (left !== Number.POSITIVE_INFINITY && rng.below(4) === 0)
                  throw new Error('late no')
              },
              { db: stepping(step), seed, chunk: 3, triesMax: 1_000 },
            )
            await life.clock.advanceTo(clockAt)
            await life.relay.pump().catch(() => undefined)
            for (let i = 0; steps === Number.POSITIVE_INFINITY && i < 100; i += 1) {
              const at = await life.relay.nextRetryAt()
              if (at === undefined) break
              if (at > life.clock.now()) await life.clock.advanceTo(at)
              await life.relay.pump()
            }
            clockAt = life.clock.now() + 500
            await life.relay.stop()
          }
          const expected = new Map(
            [...numbers].map(([aggregate, last]) => [
              aggregate,
              Array.from({ length: last }, (_, i) => i + 1),
            ]),
          )
          expect(new Map([...firstSeen(taken)].sort())).toEqual(new Map([...expected].sort()))
          expect(await count('outbox_held')).toBe(0)
        },
      ),
      { numRuns: 30 },
    )
  })

  /** The database, where every statement outside and inside a tx may be the last. */
  function stepping(step: () => void): typeof database.db {
    const { db } = database
    return {
      ...db,
      query: async (sql, params) => {
        step()
        return db.query(sql, params)
      },
      tx: (work) =>
        db.tx((tx) =>
          work({
            query: async (sql, params) => {
              step()
              return tx.query(sql, params)
            },
          }),
        ),
    }
  }
})

describe('two relays at once', () => {
  it('share the work, lose nothing and reorder nothing', async () => {
    const BOOKS = 3
    const EVENTS = 40
    const taken: string[] = []
    const rng = seededRng(5)
    const running = [1, 2, 3].map((seed) =>
      relaying(
        async (each) => {
          if (rng.below(10) === 0) throw new Error('no')
          await new Promise((resolve) => setImmediate(resolve))
          taken.push(`${each.book}/${each.aggregate} ${each.payload}`)
        },
        {
          seed,
          clock: wallClock(),
          pollMs: 5,
          chunk: 4,
          triesMax: 1_000,
          backoff: { firstMs: 2, mostMs: 4 },
        },
      ),
    )
    const runs = running.map(({ relay }) => relay.run())
    for (let i = 1; i <= EVENTS; i += 1) {
      for (let book = 1; book <= BOOKS; book += 1)
        await write(book, i, event('a', i), event('b', i))
    }
    const isDone = async () => {
      const [row] = await database.db.query<{ behind: bigint }>(
        `select count(*) as behind from generate_series(1, $1::int) b
         where not exists (select from base.outbox_cursor c where c.book_id = b and c.seq = $2)
            or exists (select from base.outbox_held h where h.book_id = b)`,
        [BOOKS, EVENTS],
      )
      return row!.behind === 0n
    }
    while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 5))
    await Promise.all(running.map(({ relay }) => relay.stop()))
    await Promise.all(runs)
    const all = Array.from({ length: EVENTS }, (_, i) => i + 1)
    const seen = firstSeen(taken)
    expect(seen.size).toBe(BOOKS * 2)
    for (const numbers of seen.values()) expect(numbers).toEqual(all)
    // Nobody crashed, so nothing was delivered twice.
    expect(taken).toHaveLength(BOOKS * 2 * EVENTS)
  })

  it('do not both work on a stream, and the one that lost its lock stops', async () => {
    await write(1, 1, event('a', 1), event('a', 2))
    let lost = () => {}
    const lockIsLost = new Promise<void>((resolve) => {
      lost = resolve
    })
    const log = createLog({
      level: 'warn',
      write: (line) => line.includes('connection lost') && lost(),
    })
    const db = createDb({ url: database.url, log })
    const other = relaying()
    const { relay, taken } = relaying(
      async (each) => {
        expect(await other.relay.pump()).toBe(0)
        if (each.payload !== 1) return
        const killed = await database.db.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenon outbox relay' and datname = current_database() and pid in (select pid from pg_locks where locktype = 'advisory')",
        )
        expect(killed).toHaveLength(1)
        while (await lockIsTaken()) await new Promise((resolve) => setImmediate(resolve))
        await lockIsLost
      },
      { db },
    )
    await relay.pump()
    // The first event was under way and counts; the second waited for whoever has the lock next.
    expect(taken[0]).toBe('1/a 1')
    expect(firstSeen([...taken, ...other.taken])).toEqual(new Map([['1/a', [1, 2]]]))
    await relay.stop()
    await db.close()
  })

  const lockIsTaken = async () => {
    const locks = await database.db.query(
      `select 1 from pg_locks where locktype = 'advisory'
       and database = (select oid from pg_database where datname = current_database())`,
    )
    return locks.length > 0
  }

  it('refuse to move a cursor that somebody else has moved', async () => {
    await write(1, 1, event('a', 1), event('a', 2))
    const { relay } = relaying(() =>
      database.db
        .query("insert into base.outbox_cursor values (1, 'reader', 1, 0) on conflict do nothing")
        .then(() => undefined),
    )
    await expect(relay.pump()).rejects.toThrow('another relay has moved the cursor')
    expect(await database.db.query('select seq, n from base.outbox_cursor')).toEqual([
      { seq: 1n, n: 0 },
    ])
  })
})

it('runs, sleeps, wakes when told and retries when the time has come', async () => {
  let refuses = true
  let came = () => {}
  const next = () =>
    new Promise<void>((resolve) => {
      came = resolve
    })
  const { relay, clock, taken } = relaying(
    (each) => {
      came()
      if (each.payload === 2 && refuses) throw new Error('no')
    },
    { pollMs: 60_000 },
  )
  const asleep = async () => {
    for (let still = 0; still < 20; still = clock.sleepers().length === 1 ? still + 1 : 0) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  let event1 = next()
  await write(1, 1, event('a', 1))
  const running = relay.run()
  await event1
  await asleep()
  event1 = next()
  await write(1, 2, event('a', 2))
  relay.wake()
  await event1
  await asleep()
  refuses = false
  event1 = next()
  await clock.advance(60_000)
  await event1
  await relay.stop()
  await running
  expect(taken).toEqual(['1/a 1', '1/a 2'])
})
