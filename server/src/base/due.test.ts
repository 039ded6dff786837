import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects, StaleEffect } from '../../testing/effects.ts'
import { TEST_START, testWorld } from '../../testing/world.ts'
import { wallClock } from './clock.ts'
import {
  doneDue,
  ensureDue,
  forgetDue,
  listDead,
  type PlannedDue,
  planDue,
  postponeDue,
  reviveDead,
} from './due.ts'
import {
  backoffMs,
  createDueSweeper,
  type DueHandler,
  type DueSweeperOptions,
  type DueWork,
} from './due-sweeper.ts'
import { applied, type EffectRow } from './effect.ts'
import { seededRng } from './rng.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

beforeEach(() => database.db.query('truncate base.due'))

const SECOND = 1_000
const at = (book: number, now = TEST_START) => ({ book, now })
const plan = (book: number, key: string, afterMs: number, more: Partial<PlannedDue> = {}) =>
  applyEffects(database.db, at(book), [
    applied(planDue, {
      orgId: 9,
      kind: 'test.work',
      key,
      dueAt: TEST_START + afterMs,
      payload: { key },
      ...more,
    }),
  ])
const apply = (book: number, ...rows: EffectRow[]) => applyEffects(database.db, at(book), rows)
const all = () =>
  database.db.query<{
    key: string
    attempts: number
    tries: number
    due_at: Date
    dead_at: unknown
  }>('select * from base.due order by book_id, kind, key')

/** A sweeper on a standing clock whose handler keeps a diary and then does what `act` says. */
function sweeping(
  act: (work: DueWork) => Promise<void> | void,
  more: Partial<DueSweeperOptions> & { handler?: Partial<DueHandler>; seed?: number } = {},
) {
  const { handler, seed = 1, ...options } = more
  const world = testWorld({ db: database.db, seed })
  const diary: string[] = []
  const run = async (work: DueWork) => {
    const after = (world.clock.now() - TEST_START) / SECOND
    diary.push(`${after} ${work.book}/${work.key} #${work.attempts}`)
    await act(work)
  }
  const sweeper = createDueSweeper({
    ...world,
    handlers: { 'test.work': { run, ...handler } },
    ...options,
  })
  return { sweeper, clock: world.clock, diary }
}

const done = ({ book, kind, key, attempts }: DueWork) =>
  apply(book, applied(doneDue, { kind, key, attempts }))

describe('effects', () => {
  const work = { kind: 'test.work', key: 'a' }

  it('plan once: a key that is planned, or dead, does not move', async () => {
    await plan(1, 'a', 0)
    await expect(plan(1, 'a', 5)).rejects.toThrow(StaleEffect)
    await plan(2, 'a', 0)
    await plan(1, 'a', 0, { kind: 'test.other' })
    expect(await all()).toHaveLength(3)
  })

  it.each([
    ['done', 1, applied(doneDue, { ...work, attempts: 1 }), 'moves'],
    ['done by an earlier attempt', 1, applied(doneDue, { ...work, attempts: 0 }), 'stale'],
    ['done by a later attempt', 1, applied(doneDue, { ...work, attempts: 2 }), 'stale'],
    ['done in another book', 2, applied(doneDue, { ...work, attempts: 1 }), 'stale'],
    ['done, another key', 1, applied(doneDue, { ...work, key: 'b', attempts: 1 }), 'stale'],
    ['postponed', 1, applied(postponeDue, { ...work, attempts: 1, dueAt: TEST_START }), 'moves'],
    ['postponed early', 1, applied(postponeDue, { ...work, attempts: 0, dueAt: 0 }), 'stale'],
  ])('%s', async (_name, book, row, expected) => {
    await plan(1, 'a', 0)
    await sweeping(() => undefined).sweeper.sweepNow()
    const outcome = await apply(book, row).then(
      () => 'moves',
      (error: Error) => (error instanceof StaleEffect ? 'stale' : error.message),
    )
    expect(outcome).toBe(expected)
  })

  it('ensure: what is planned keeps its time, what is not is planned', async () => {
    await plan(1, 'a', 5 * SECOND)
    const ensured = ['a', 'b', 'b'].map((key) =>
      applied(ensureDue, { orgId: 9, kind: 'test.work', key, dueAt: TEST_START, payload: null }),
    )
    await apply(1, ...ensured)
    expect((await all()).map(({ key, due_at }) => [key, due_at.getTime() - TEST_START])).toEqual([
      ['a', 5 * SECOND],
      ['b', 0],
    ])
  })

  it('forget: exactly the work named goes, there or not, in its own book', async () => {
    await plan(1, 'a', 0)
    await plan(1, 'b', 0, { kind: 'test.other' })
    await plan(1, 'a', 0, { kind: 'test.other' })
    await plan(2, 'a', 0)
    const forgotten = [work, { kind: 'test.other', key: 'b' }, { kind: 'test.work', key: 'none' }]
    await apply(1, ...forgotten.map((row) => applied(forgetDue, row)))
    const left = await database.db.query('select book_id, kind, key from base.due order by book_id')
    expect(left).toEqual([
      { book_id: 1, kind: 'test.other', key: 'a' },
      { book_id: 2, kind: 'test.work', key: 'a' },
    ])
  })

  it('work on many rows in one statement', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`)
    await apply(
      1,
      ...keys.map((key) =>
        applied(planDue, { orgId: 1, kind: 'test.work', key, dueAt: TEST_START, payload: key }),
      ),
    )
    const seen: DueWork[] = []
    await sweeping((each) => void seen.push(each)).sweeper.sweepNow()
    expect(seen.map(({ payload }) => payload).sort()).toEqual([...keys].sort())
    await apply(1, ...seen.map((each) => applied(doneDue, each)))
    expect(await all()).toEqual([])
  })
})

describe('sweeping', () => {
  it('runs what is due, in due order over all books, and stops the clock at each', async () => {
    await plan(2, 'b', 20 * SECOND)
    await plan(1, 'c', 30 * SECOND)
    await plan(3, 'a', 10 * SECOND)
    await plan(1, 'same', 20 * SECOND)
    await plan(1, 'later', 41 * SECOND)
    const { sweeper, clock, diary } = sweeping(done)
    expect(await sweeper.sweepNow()).toBe(0)
    expect(await sweeper.nextDueAt()).toBe(TEST_START + 10 * SECOND)
    expect(await sweeper.sweepUntil(TEST_START + 40 * SECOND)).toBe(4)
    expect(diary).toEqual(['10 3/a #1', '20 1/same #1', '20 2/b #1', '30 1/c #1'])
    expect(clock.now()).toBe(TEST_START + 40 * SECOND)
    expect((await all()).map(({ key }) => key)).toEqual(['later'])
  })

  it('works off a backlog in due order over all books', async () => {
    for (const [book, key, after] of [
      [1, 'd', 40],
      [1, 'b', 20],
      [2, 'a', 10],
      [2, 'c', 30],
    ] as const) {
      await plan(book, key, after * SECOND)
    }
    const { sweeper, clock, diary } = sweeping(done)
    await clock.advance(60 * SECOND)
    await sweeper.sweepNow()
    expect(diary).toEqual(['60 2/a #1', '60 1/b #1', '60 2/c #1', '60 1/d #1'])
  })

  it('runs work that a handler plans on the way', async () => {
    await plan(1, 'day 1', 10 * SECOND)
    const { sweeper, diary } = sweeping(async (work) => {
      const next = Number(work.key.slice(4)) + 1
      const dueAt = work.dueAt + 10 * SECOND
      const planned = { orgId: 9, kind: work.kind, key: `day ${next}`, dueAt, payload: {} }
      await apply(work.book, applied(doneDue, work), applied(planDue, planned))
    })
    await sweeper.sweepUntil(TEST_START + 35 * SECOND)
    expect(diary).toEqual(['10 1/day 1 #1', '20 1/day 2 #1', '30 1/day 3 #1'])
  })

  it('keeps to the books it owns and the kinds it knows', async () => {
    for (const book of [1, 2, 3]) await plan(book, 'a', 0)
    await plan(2, 'a', 0, { kind: 'test.unknown' })
    const { sweeper, diary } = sweeping(done, { books: () => [2, 3] })
    expect(await sweeper.sweepNow()).toBe(2)
    expect(diary).toEqual(['0 2/a #1', '0 3/a #1'])
    expect(await sweeping(done, { books: () => [] }).sweeper.sweepNow()).toBe(0)
    expect(await all()).toHaveLength(2)
  })

  it('tells the handler what was planned', async () => {
    await plan(4, 'a', 0, { payload: { amount: '5' } })
    const seen: DueWork[] = []
    await sweeping((work) => void seen.push(work)).sweeper.sweepNow()
    expect(seen).toEqual([
      {
        book: 4,
        orgId: 9,
        kind: 'test.work',
        key: 'a',
        attempts: 1,
        tries: 1,
        dueAt: TEST_START,
        payload: { amount: '5' },
      },
    ])
  })

  it('needs a clock that can be moved to move it', async () => {
    const { sweeper } = sweeping(done, { clock: wallClock() })
    await expect(sweeper.sweepUntil(0)).rejects.toThrow('Only a test clock can be moved')
  })
})

describe('failing', () => {
  it('tries again, later each time, until it works', async () => {
    await plan(1, 'a', 0)
    const { sweeper, diary } = sweeping((work) => {
      if (work.tries < 4) throw new Error('bank is closed')
      return done(work)
    })
    await sweeper.sweepUntil(TEST_START + 60 * SECOND)
    const times = diary.map((line) => Number(line.split(' ')[0]))
    const waits = times.slice(1).map((time, i) => time - times[i]!)
    for (const [i, plain] of [1, 2, 4].entries()) {
      expect(Math.abs(waits[i]! - plain)).toBeLessThanOrEqual(plain / 5)
    }
    expect(diary.map((line) => line.split(' ')[2])).toEqual(['#1', '#2', '#3', '#4'])
    expect(await all()).toEqual([])
  })

  it('is dead after its tries, visible, and can be revived', async () => {
    await plan(1, 'a', 0)
    let closed = true
    const { sweeper, clock, diary } = sweeping(
      (work) => {
        if (closed) throw new Error(`closed at #${work.attempts}`)
        return done(work)
      },
      { handler: { triesMax: 3 } },
    )
    await sweeper.sweepUntil(TEST_START + 3_600 * SECOND)
    expect(diary).toHaveLength(3)
    expect(await listDead(database.db, { book: 1 })).toMatchObject([
      {
        book: 1,
        orgId: 9,
        kind: 'test.work',
        key: 'a',
        attempts: 3,
        lastError: 'Error: closed at #3',
      },
    ])
    expect(await listDead(database.db, { book: 2 })).toEqual([])
    expect(await sweeper.nextDueAt()).toBeUndefined()

    closed = false
    const which = { book: 1, kind: 'test.work', key: 'a', at: clock.now() }
    expect(await reviveDead(database.db, which)).toBe(true)
    expect(await reviveDead(database.db, which)).toBe(false)
    await sweeper.sweepNow()
    expect(diary.at(-1)).toContain('#4')
    expect(await all()).toEqual([])
  })

  it('comes again when its lease is over, and dies when no attempt ever ends', async () => {
    await plan(1, 'a', 0)
    const { sweeper, diary } = sweeping(() => undefined, {
      handler: { leaseMs: 10 * SECOND, triesMax: 3 },
    })
    await sweeper.sweepUntil(TEST_START + 100 * SECOND)
    expect(diary).toEqual(['0 1/a #1', '10 1/a #2', '20 1/a #3'])
    expect(await listDead(database.db)).toMatchObject([
      { lastError: 'Tried 3 times, and none of them came to an end.' },
    ])
  })

  it('has fresh patience after it was postponed, and attempt numbers never come back', async () => {
    await plan(1, 'a', 0)
    const { sweeper, diary } = sweeping(
      (work) => {
        if (work.attempts === 6) return done(work)
        if (work.tries < 2) throw new Error('busy')
        const dueAt = work.dueAt + 60 * SECOND
        return apply(work.book, applied(postponeDue, { ...work, dueAt }))
      },
      { handler: { triesMax: 2 } },
    )
    await sweeper.sweepUntil(TEST_START + 1_000 * SECOND)
    expect(diary.map((line) => line.split(' ')[2])).toEqual(['#1', '#2', '#3', '#4', '#5', '#6'])
    expect(await all()).toEqual([])
  })

  it('does not let an earlier attempt speak for a later one', async () => {
    await plan(1, 'a', 0)
    const { sweeper, clock } = sweeping(async (work) => {
      if (work.attempts > 1) return
      // The first attempt outlives its lease; a second sweeper begins the next.
      await clock.advance(60 * SECOND)
      await second.sweeper.sweepNow()
      await expect(done(work)).rejects.toThrow(StaleEffect)
      throw new Error('too late')
    })
    const second = sweeping(() => undefined)
    await second.clock.advance(60 * SECOND)
    await sweeper.sweepNow()
    const [row] = await all()
    // The failure of attempt 1 did not touch what attempt 2 has marked.
    expect(row).toMatchObject({ attempts: 2, due_at: new Date(TEST_START + 120 * SECOND) })
  })
})

it('waits longer each time, within a fifth, and not past the most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(1_000_000), (tries, seed) => {
      const plain = Math.min(60_000, 1_000 * 2 ** (tries - 1))
      const waitMs = backoffMs(tries, { firstMs: 1_000, mostMs: 60_000 }, seededRng(seed))
      return Number.isInteger(waitMs) && Math.abs(waitMs - plain) <= plain / 5
    }),
  )
})

it('is run once in all when several sweepers share it and nothing fails', async () => {
  const KEYS = 80
  for (let i = 0; i < KEYS; i += 1) await plan(i % 4, `k${i}`, 0)
  const sweepers = [1, 2, 3, 4].map((seed) => sweeping(done, { seed }))
  const counts = await Promise.all(sweepers.map(({ sweeper }) => sweeper.sweepNow()))
  expect(counts.reduce((sum, each) => sum + each, 0)).toBe(KEYS)
  const ran = sweepers.flatMap(({ diary }) => diary)
  expect(ran.filter((line) => !line.endsWith('#1'))).toEqual([])
})

describe('crashes', () => {
  // Where an attempt breaks off: before its command, in the middle of its tx, after its COMMIT.
  const points = ['none', 'before', 'inside', 'after'] as const

  it('happen at any point, and still each effect happens exactly once', async () => {
    await database.db.query(
      'create table if not exists happened (book int, key text, attempts int)',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...points), { maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat(1_000),
        async (plans, seed) => {
          await database.db.query('truncate base.due, happened')
          for (const [i] of plans.entries()) await plan(i % 3, `k${i}`, i * SECOND)
          const { sweeper } = sweeping(
            async (work) => {
              const point = plans[Number(work.key.slice(1))]![work.attempts - 1] ?? 'none'
              if (point === 'before') throw new Error('crash before')
              await database.db.tx(async (tx) => {
                await tx.query('insert into happened values ($1, $2, $3)', [
                  work.book,
                  work.key,
                  work.attempts,
                ])
                const moved = await tx.query(doneDue.sql, [
                  work.book,
                  new Date(),
                  ...doneDue.columns([work]),
                ])
                if (moved.length === 0) throw new StaleEffect('stale')
                if (point === 'inside') throw new Error('crash inside')
              })
              if (point === 'after') throw new Error('crash after')
            },
            { seed },
          )
          await sweeper.sweepUntil(TEST_START + 24 * 3_600 * SECOND)
          const happened = await database.db.query<{ key: string }>(
            'select key from happened order by key',
          )
          expect(happened.map(({ key }) => key)).toEqual(plans.map((_, i) => `k${i}`).sort())
          expect(await all()).toEqual([])
        },
      ),
      { numRuns: 25 },
    )
  })

  it('leave nothing lost and no attempt run twice with two sweepers at once', async () => {
    const KEYS = 60
    for (let i = 0; i < KEYS; i += 1) await plan(i % 4, `k${i}`, 0)
    const rng = seededRng(11)
    const seen: string[] = []
    const finished: string[] = []
    const sweepers = [1, 2, 3].map((seed) =>
      sweeping(
        async (work) => {
          seen.push(`${work.book}/${work.key} #${work.attempts}`)
          if (rng.below(3) === 0) throw new Error('crash')
          await done(work)
          finished.push(work.key)
          if (rng.below(3) === 0) throw new Error('crash after')
        },
        { seed, clock: wallClock(), pollMs: 20, handler: { backoff: { firstMs: 5, mostMs: 10 } } },
      ),
    )
    // Each starts from "now" of the machine, which is past every planned time.
    const runs = sweepers.map(({ sweeper }) => sweeper.run())
    while ((await all()).some(({ dead_at }) => dead_at === null)) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await Promise.all(sweepers.map(({ sweeper }) => sweeper.stop()))
    await Promise.all(runs)
    expect(new Set(seen).size).toBe(seen.length)
    expect([...finished].sort()).toEqual(Array.from({ length: KEYS }, (_, i) => `k${i}`).sort())
  })
})

describe('running', () => {
  it('sleeps until the next due time, and wakes when told', async () => {
    const ran: string[] = []
    let each = () => {}
    const { sweeper, clock } = sweeping(
      async (work) => {
        await done(work)
        ran.push(work.key)
        each()
      },
      { pollMs: 3_600 * SECOND },
    )
    const next = () =>
      new Promise<void>((resolve) => {
        each = resolve
      })
    await plan(1, 'a', 10 * SECOND)
    const running = sweeper.run()
    const asleep = async () => {
      while (clock.sleepers().length === 0) await new Promise((resolve) => setImmediate(resolve))
      return clock.sleepers()
    }
    expect(await asleep()).toEqual([{ tag: 'due sweeper', at: TEST_START + 10 * SECOND }])
    let came = next()
    await clock.advance(10 * SECOND)
    await came
    await plan(1, 'b', 0)
    came = next()
    sweeper.wake()
    await came
    expect(ran).toEqual(['a', 'b'])
    await sweeper.stop()
    await running
  })

  it('waits for the attempts under way when it stops, and takes no more', async () => {
    for (let i = 0; i < 5; i += 1) await plan(1, `k${i}`, 0)
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let started = () => {}
    const first = new Promise<void>((resolve) => {
      started = resolve
    })
    let ended = 0
    const { sweeper } = sweeping(
      async (work) => {
        started()
        await gate
        await done(work)
        ended += 1
      },
      { concurrency: 2 },
    )
    const running = sweeper.run()
    await first
    const stopped = sweeper.stop().then(() => ended)
    release()
    const count = await stopped
    await running
    expect(count).toBeGreaterThan(0)
    expect(await all()).toHaveLength(5 - count)
  })

  it('goes on after the database was away', async () => {
    await plan(1, 'a', 0)
    let failures = 2
    const flaky = {
      ...database.db,
      query: (...args: Parameters<typeof database.db.query>) => {
        failures -= 1
        return failures >= 0 ? Promise.reject(new Error('gone')) : database.db.query(...args)
      },
    } as typeof database.db
    let came = () => {}
    const ran = new Promise<void>((resolve) => {
      came = resolve
    })
    const { sweeper } = sweeping(
      async (work) => {
        await done(work)
        came()
      },
      { db: flaky, clock: wallClock(), pollMs: 5 },
    )
    const running = sweeper.run()
    await ran
    await sweeper.stop()
    await running
    expect(await all()).toEqual([])
  })
})
