import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '#base'
import { createNonces } from './nonce.ts'
import { type KeyWorld, keyWorld } from './testing/key-world.ts'

let world: KeyWorld
beforeAll(async () => {
  world = await keyWorld()
})
afterAll(() => world.close())

const SPAN_S = 600
const seconds = () => Math.floor(world.wall.now() / 1000)

/** A store that counts its statements. */
function counted() {
  const seen = { statements: 0 }
  const db: Db = {
    ...world.db,
    query: (sql, params) => {
      seen.statements += 1
      return world.db.query(sql, params)
    },
  }
  return { seen, nonces: createNonces({ db, wall: world.wall, log: world.world.log }) }
}

async function held(): Promise<number[]> {
  const counts: number[] = []
  for (let slot = 0; slot < 4; slot += 1) {
    const [row] = await world.db.query<{ n: bigint }>(
      `select count(*) as n from identity.nonce_${slot}`,
    )
    counts.push(Number(row!.n))
  }
  return counts
}

describe('nonces', () => {
  test('that come together travel in few statements, and each counts once', async () => {
    const { nonces, seen } = counted()
    const other = counted()
    const names = Array.from({ length: 500 }, (_, n) => `nonce-${n % 250}`)
    const uses = names.flatMap((name) => [
      nonces.use('key', name, seconds()),
      other.nonces.use('key', name, seconds()),
    ])
    const fresh = (await Promise.all(uses)).filter((one) => one)
    expect(fresh).toHaveLength(250)
    expect(seen.statements + other.seen.statements).toBeLessThan(20)
  })

  test('of two keys are two', async () => {
    const { nonces } = counted()
    expect(await nonces.use('key a', 'the same', seconds())).toBe(true)
    expect(await nonces.use('key b', 'the same', seconds())).toBe(true)
    expect(await nonces.use('key a', 'the same', seconds())).toBe(false)
  })

  test('are held as long as their request is taken, and then dropped whole', async () => {
    // The beginning of a span, so that the arithmetic below is plain.
    world.wall.advance((SPAN_S - (seconds() % SPAN_S)) * 1000)
    for (let n = 0; n < 5; n += 1) {
      const { nonces } = counted()
      await nonces.prune()
      world.wall.advance(SPAN_S * 1000)
    }
    expect(await held()).toEqual([0, 0, 0, 0])
    const created = seconds()
    const { nonces } = counted()
    await nonces.use('key', 'kept', created)
    for (const step of [299, 1, 299]) {
      world.wall.advance(step * 1000)
      expect(await nonces.use('key', 'kept', created)).toBe(false)
    }
    // A clock five minutes behind ours could hold it for good until here; from here on nobody does.
    for (let n = 0; n < 3; n += 1) {
      world.wall.advance(SPAN_S * 1000)
      await nonces.prune()
    }
    expect(await held()).toEqual([0, 0, 0, 0])
  })

  test('whose statement failed are told so, and the next ones are taken', async () => {
    let broken = true
    const db: Db = {
      ...world.db,
      query: (sql, params) =>
        broken && sql.includes('insert')
          ? Promise.reject(new Error('cable pulled'))
          : world.db.query(sql, params),
    }
    const nonces = createNonces({ db, wall: world.wall, log: world.world.log })
    const both = await Promise.allSettled([
      nonces.use('key', 'one of a broken batch', seconds()),
      nonces.use('key', 'another of it', seconds()),
    ])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    broken = false
    expect(await nonces.use('key', 'one of a broken batch', seconds())).toBe(true)
  })

  test('wait for no disk: their tables write no log', async () => {
    const rows = await world.db.query<{ persistence: string }>(
      `select distinct c.relpersistence as persistence from pg_inherits i
       join pg_class c on c.oid = i.inhrelid where i.inhparent = 'identity.nonce'::regclass`,
    )
    expect(rows).toEqual([{ persistence: 'u' }])
  })
})
