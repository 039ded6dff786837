import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '#base'
import { createRateLimits, type Limit, type RateLimits } from './rate-limits.ts'
import { type KeyWorld, keyWorld } from './testing/key-world.ts'

let world: KeyWorld
beforeAll(async () => {
  world = await keyWorld()
})
afterAll(() => world.close())

let names = 0
const fresh = () => {
  names += 1
  return `name-${names}`
}

async function taken(limits: RateLimits, name: string, limit: Limit, times: number) {
  const results = await Promise.all(Array.from({ length: times }, () => limits.take(name, limit)))
  return results.filter((one) => one === undefined).length
}

describe('a limit', () => {
  test.each([1, 3, 10, 25, 100, 101])('of %d holds for two replicas together', async (requests) => {
    const limit = { requests, windowMs: 1_000 }
    const replicas = [world.db, world.db].map((db) => createRateLimits({ db, wall: world.wall }))
    const name = fresh()
    for (let window = 0; window < 3; window += 1) {
      const both = await Promise.all(
        replicas.map((limits) => taken(limits, name, limit, 2 * requests)),
      )
      // What one replica leased and had no use for is lost to the other: not more than one lease.
      const given = both[0]! + both[1]!
      expect(given).toBeLessThanOrEqual(requests)
      expect(given).toBeGreaterThanOrEqual(requests - Math.max(1, Math.floor(requests / 10)))
      world.wall.advance(1_000)
    }
  })

  test('is never passed in any interleaving of replicas and windows', async () => {
    const limit = { requests: 7, windowMs: 1_000 }
    const steps = fc.array(
      fc.record({
        replica: fc.nat({ max: 2 }),
        times: fc.integer({ min: 1, max: 6 }),
        move: fc.constantFrom(0, 0, 300, 1_000),
      }),
      { minLength: 1, maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const name = fresh()
        const replicas = [0, 1, 2].map(() => createRateLimits({ db: world.db, wall: world.wall }))
        const given = new Map<number, number>()
        for (const { replica, times, move } of plan) {
          world.wall.advance(move)
          const window = Math.floor(world.wall.now() / 1_000)
          const count = await taken(replicas[replica]!, name, limit, times)
          given.set(window, (given.get(window) ?? 0) + count)
        }
        for (const count of given.values()) expect(count).toBeLessThanOrEqual(limit.requests)
      }),
      { numRuns: 40 },
    )
  })

  test('costs some ten statements a window, not one a request', async () => {
    let statements = 0
    const db: Db = {
      ...world.db,
      query: (sql, params) => {
        statements += 1
        return world.db.query(sql, params)
      },
    }
    const limits = createRateLimits({ db, wall: world.wall })
    expect(await taken(limits, fresh(), { requests: 1_000, windowMs: 1_000 }, 1_000)).toBe(1_000)
    expect(statements).toBeLessThanOrEqual(12)
  })

  test('says when to come back', async () => {
    const limits = createRateLimits({ db: world.db, wall: world.wall })
    const limit = { requests: 2, windowMs: 60_000 }
    const name = fresh()
    world.wall.advance(60_000 - (world.wall.now() % 60_000) + 15_000)
    expect(await taken(limits, name, limit, 2)).toBe(2)
    expect(await limits.take(name, limit)).toEqual({ limit, retryAfterS: 45 })
    world.wall.advance(44_999)
    expect(await limits.take(name, limit)).toEqual({ limit, retryAfterS: 1 })
    world.wall.advance(1)
    expect(await limits.take(name, limit)).toBeUndefined()
  })

  test('of one name is not that of another', async () => {
    const limits = createRateLimits({ db: world.db, wall: world.wall })
    const limit = { requests: 1, windowMs: 1_000 }
    const [one, two] = [fresh(), fresh()]
    expect(await limits.take(one, limit)).toBeUndefined()
    expect(await limits.take(one, limit)).toBeDefined()
    expect(await limits.take(two, limit)).toBeUndefined()
  })

  test('a replica whose clock lags takes from the same window as the others', async () => {
    const limit = { requests: 20, windowMs: 1_000 }
    const name = fresh()
    const late = createRateLimits({ db: world.db, wall: { now: () => world.wall.now() - 1_000 } })
    const right = createRateLimits({ db: world.db, wall: world.wall })
    expect(await taken(right, name, limit, 12)).toBe(12)
    const given = await taken(late, name, limit, 30)
    expect(given).toBeGreaterThan(0)
    expect(given).toBeLessThanOrEqual(8)
    expect(given + 12 + (await taken(right, name, limit, 30))).toBeLessThanOrEqual(20)
  })

  test('whose statement fails lets nobody through unseen', async () => {
    const db: Db = { ...world.db, query: () => Promise.reject(new Error('cable pulled')) }
    const limits = createRateLimits({ db, wall: world.wall })
    const limit = { requests: 5, windowMs: 1_000 }
    await expect(limits.take(fresh(), limit)).rejects.toThrow('cable pulled')
  })
})
