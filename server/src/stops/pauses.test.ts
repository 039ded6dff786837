import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import type { Movement, PauseScope } from './scope.ts'
import { createStops, type Stops } from './stops.ts'
import { approve, BY, NO_LEDGER } from './testing/stops.ts'

const PAY: Movement = { orgId: 1, direction: 'pay', book: 7, channel: 'icbc', merchant: 'mch_0_a' }

let database: TestDatabase
let world: TestWorld
let wall: TestWorld['clock']
let here: Stops
let there: Stops

const replica = (): Stops =>
  createStops({ db: database.db, clock: world.clock, wall, log: world.log, ledger: NO_LEDGER })

beforeEach(async () => {
  database = await testDatabase()
  world = testWorld({ db: database.db })
  wall = testWorld({ seed: 2 }).clock
  here = replica()
  there = replica()
  await Promise.all([here.start(), there.start()])
})

afterEach(async () => {
  await Promise.all([here.stop(), there.stop()])
  await database.drop()
})

const pause = (scope: PauseScope = {}, more: { id?: string; orgId?: number } = {}) =>
  here.pause({ id: world.ids.uuid(), orgId: 1, scope, reason: 'a wrong rate', ...more }, BY)

/** Lets the machinery's time pass, and what it woke come to its end. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await wall.advance(Math.min(left, 100))
    await Promise.all([here.settled(), there.settled()])
  }
}

describe('a pause', () => {
  it('counts at once where it was made, and is told to the other replica', async () => {
    expect(here.gate.any()).toBe(false)
    expect(here.gate.stoppedBy(PAY)).toBeUndefined()
    const made = await pause({ channel: 'icbc' })
    const stopped = {
      pause: `stop_0_${made.id}`,
      by: BY.actor.id,
      why: 'a wrong rate',
      since: world.clock.now(),
    }
    expect(here.gate.stoppedBy(PAY)).toEqual(stopped)
    expect(here.gate.stoppedBy({ ...PAY, channel: 'ccb' })).toBeUndefined()
    // The machinery's clock stands still: only what is told can have done it.
    await vi.waitFor(() => expect(there.gate.stoppedBy(PAY)).toEqual(stopped), { interval: 5 })
  })

  it('is found within a second by a replica that was not told', async () => {
    await database.db.query(
      `insert into stops.pause (org_id, id, reason, state, paused_by, paused_at)
       values (1, gen_random_uuid(), 'by hand', 'paused', 'operator', now())`,
    )
    expect(there.gate.stoppedBy(PAY)).toBeUndefined()
    await pass(900)
    expect(there.gate.stoppedBy(PAY)).toMatchObject({ why: 'by hand' })
    expect(here.gate.stoppedBy(PAY)).toMatchObject({ why: 'by hand' })
  })

  it('is found within a second after the connection it would have been told on is lost', async () => {
    await database.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'tenon stops'`,
    )
    await database.db.query(
      `insert into stops.pause (org_id, id, reason, state, paused_by, paused_at)
       values (1, gen_random_uuid(), 'by hand', 'paused', 'operator', now())`,
    )
    await pass(1_000)
    await pass(500)
    expect(there.gate.stoppedBy(PAY)).toMatchObject({ why: 'by hand' })
    await pause({ channel: 'ccb' })
    await vi.waitFor(() => expect(there.gate.any()).toBe(true), { interval: 5 })
  })

  it('stops nothing of another organisation', async () => {
    await pause({}, { orgId: 2 })
    expect(here.gate.any()).toBe(true)
    expect(here.gate.stoppedBy(PAY)).toBeUndefined()
    expect(await here.pauses({ orgId: 1, all: true, limit: 10 })).toEqual([])
    expect(await here.pauses({ orgId: 2, all: false, limit: 10 })).toHaveLength(1)
  })

  it('asked for twice under one id is one', async () => {
    const id = world.ids.uuid()
    const [one, other] = await Promise.all([pause({}, { id }), pause({}, { id })])
    expect(other).toEqual(one)
    expect(await here.pauses({ orgId: 1, all: true, limit: 10 })).toHaveLength(1)
    const noted = await database.db.query(
      `select action, object, actor_id from audit.entry where action = 'stops.pause'`,
    )
    expect(noted).toEqual([
      { action: 'stops.pause', object: `stop_0_${id}`, actor_id: BY.actor.id },
    ])
  })
})

describe('when the stops cannot be read', () => {
  const forbid = () => database.db.query('alter table stops.pause rename to pause_away')
  const allow = () => database.db.query('alter table stops.pause_away rename to pause')

  it('everything is stopped after three seconds, and goes on when they can', async () => {
    await forbid()
    await pass(2_900)
    expect(here.gate.any()).toBe(false)
    expect(here.isBlind()).toBe(false)
    await pass(700)
    expect(here.isBlind()).toBe(true)
    expect(here.gate.any()).toBe(true)
    expect(here.gate.stoppedBy(PAY)).toMatchObject({ by: 'platform', pause: '' })
    await allow()
    await pass(1_000)
    expect(here.gate.any()).toBe(false)
    expect(here.gate.stoppedBy(PAY)).toBeUndefined()
  })

  it('nothing is sent before the first look', async () => {
    await forbid()
    const late = replica()
    expect(late.gate.any()).toBe(true)
    await late.start()
    expect(late.gate.stoppedBy(PAY)).toMatchObject({ by: 'platform' })
    await allow()
    await late.refresh()
    expect(late.gate.stoppedBy(PAY)).toBeUndefined()
    await late.stop()
  })
})

describe('to resume', () => {
  const action = () => here.actions.find((each) => each.action === 'stops.resume')!

  it('takes an approval, once, and counts on both replicas', async () => {
    const made = await pause({ direction: 'pay' })
    const content = { pause: `stop_0_${made.id}` }
    expect(await action().preview(1, content)).toEqual({
      lines: [
        {
          what: { en: 'What may be sent: payouts', zh: '恢复发送:付款' },
          before: 'paused',
          after: 'resumed',
        },
      ],
    })
    const given = await approve(world, here.actions, { action: 'stops.resume', content })
    const done = { done: content }
    expect(await action().execute(1, content, given)).toEqual(done)
    expect(here.gate.stoppedBy(PAY)).toBeUndefined()
    await vi.waitFor(() => expect(there.gate.stoppedBy(PAY)).toBeUndefined(), { interval: 5 })
    expect(await action().execute(1, content, given)).toEqual(done)
    const [ended] = await here.pauses({ orgId: 1, all: true, limit: 10 })
    expect(ended).toMatchObject({ state: 'resumed', approval: given.id })
    expect(await here.pauses({ orgId: 1, all: false, limit: 10 })).toEqual([])
  })

  it('is refused without one, and the pause stands', async () => {
    const made = await pause()
    const content = { pause: `stop_0_${made.id}` }
    const never = {
      id: `areq_0_${world.ids.uuid()}`,
      hash: '0'.repeat(64),
      maker: 'usr_0_a',
      checkers: ['usr_0_b'],
    }
    await expect(action().execute(1, content, never)).rejects.toThrow('may not end')
    expect(here.gate.stoppedBy(PAY)).toBeDefined()
  })

  it('is refused by another approval, for another organisation, or for what is none', async () => {
    const made = await pause()
    const content = { pause: `stop_0_${made.id}` }
    const given = await approve(world, here.actions, { action: 'stops.resume', content })
    expect(await action().execute(2, content, given)).toMatchObject({ refused: 'pause_not_found' })
    expect(await action().preview(2, content)).toMatchObject({ refused: 'pause_not_found' })
    const second = await approve(world, here.actions, { action: 'stops.resume', content })
    await action().execute(1, content, given)
    expect(await action().execute(1, content, second)).toMatchObject({ refused: 'pause_over' })
    expect(await action().preview(1, content)).toMatchObject({ refused: 'pause_over' })
  })
})
