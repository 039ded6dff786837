import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AttemptFact } from '#quality'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import { openRouting, type Routing, RulesRefused } from './routing.ts'
import { CHANNELS, channel, classify, fact, POLICY, request, rule } from './testing/ground.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const rules = { policy: POLICY, rules: [] }
const lacking = {
  direction: 'pay',
  channel: 'netsunion',
  bank: 'SPDB',
  accountType: 'corporate',
} as const

let database: TestDatabase
let world: TestWorld

beforeEach(async () => {
  database = await testDatabase()
  world = testWorld({ db: database.db, seed: 3 })
})

afterEach(() => database.drop())

function open(of: Partial<Parameters<typeof openRouting>[0]> = {}): Promise<Routing> {
  return openRouting({
    world,
    capabilities: CHANNELS,
    reaches: () => true,
    classify,
    rules,
    ...of,
  })
}

const now = () => ({ madeAt: world.clock.now(), at: world.clock.now() })

describe('a bank whose corporate payouts one channel may not make', () => {
  let permitted: boolean
  let orders: number

  beforeEach(() => {
    permitted = false
    orders = 0
  })

  /** Pays one order out, over as many channels as it takes; tells which was first and how it went. */
  async function pay(routing: Routing, bank: string, accountType: 'personal' | 'corporate') {
    orders += 1
    await world.clock.advance(MINUTE)
    const order = `pout_1_${orders}`
    const tried: string[] = []
    let first: { readonly channel: string; readonly ok: boolean; readonly why: string } | undefined
    for (;;) {
      const asked = request({ bank, accountType, tried, at: world.clock.now() })
      const { channel: name, candidates } = routing.decide(asked)
      if (name === undefined) throw new Error('no channel is left')
      const lacks = name === 'netsunion' && bank === 'SPDB' && accountType === 'corporate'
      const ok = permitted || !lacks
      const { why } = candidates.find((each) => each.channel === name)!
      first ??= { channel: name, ok, why }
      const number = tried.length + 1
      await routing.observe(
        fact({
          ...now(),
          ...{ order, number, bank, accountType, channel: name },
          ...(ok ? { result: 'succeeded', code: '' } : { result: 'failed', code: 'NO_PERMISSION' }),
        }),
      )
      if (ok) return first
      tried.push(name)
    }
  }

  /** A working day of payouts, one in ten to a company at the bank; first attempts that succeeded. */
  async function day(routing: Routing) {
    const firsts = []
    for (let n = 0; n < 100; n += 1) {
      const corporate = n % 10 === 4
      firsts.push(
        await pay(routing, corporate ? 'SPDB' : 'ICBC', corporate ? 'corporate' : 'personal'),
      )
    }
    return firsts
  }

  const failed = (firsts: readonly { readonly ok: boolean }[]) =>
    firsts.filter(({ ok }) => !ok).length

  test('is learnt at the first refusal, routed around, and tried once again after a week', async () => {
    const routing = await open()
    const before = await day(routing)
    // Without learning ten of a hundred first attempts would fail; the first one teaches it.
    expect(failed(before)).toBe(1)
    expect(before.findIndex(({ ok }) => !ok)).toBe(4)
    expect(routing.learnt()).toMatchObject([{ ...lacking, refusals: 1 }])
    const learntAt = routing.learnt()[0]!.learntAt!
    expect(routing.learnt()[0]!.expiresAt).toBe(learntAt + 7 * DAY)
    expect(routing.learnt()[0]!.evidence).toMatchObject([{ code: 'NO_PERMISSION' }])

    const around = await day(routing)
    expect(failed(around)).toBe(0)
    expect(around.filter(({ channel: name }) => name === 'unionpay')).toHaveLength(10)
    // Other banks, and persons at this one, stay with the cheapest.
    expect(around.filter(({ channel: name }) => name === 'netsunion')).toHaveLength(90)
    expect((await pay(routing, 'SPDB', 'personal')).channel).toBe('netsunion')

    await world.clock.advanceTo(learntAt + 7 * DAY)
    const again = await day(routing)
    expect(failed(again)).toBe(1)
    expect(again.filter(({ why }) => why === 'probed')).toHaveLength(1)
    expect(routing.learnt()).toMatchObject([{ ...lacking, refusals: 2 }])

    permitted = true
    await world.clock.advanceTo(routing.learnt()[0]!.expiresAt!)
    const granted = await day(routing)
    expect(failed(granted)).toBe(0)
    expect(granted.every(({ channel: name }) => name === 'netsunion')).toBe(true)
    expect(routing.learnt()).toEqual([])
  })

  test('of several decisions at once after the expiry one alone tries', async () => {
    const routing = await open()
    await pay(routing, 'SPDB', 'corporate')
    await world.clock.advance(8 * DAY)
    const asked = request({ ...lacking, at: world.clock.now() })
    const chosen = [1, 2, 3].map(() => routing.decide(asked).channel)
    expect(chosen).toEqual(['netsunion', 'unionpay', 'unionpay'])
  })

  test('can need more than one refusal', async () => {
    const routing = await open({
      rules: { rules: [], policy: { ...POLICY, permission: { refusals: 3, days: 7 } } },
    })
    expect(failed(await day(routing))).toBe(3)
  })

  test('is known after a restart, and to other servers, and forgotten at a word', async () => {
    const routing = await open()
    const neighbour = await open()
    await pay(routing, 'SPDB', 'corporate')
    const asked = request({ ...lacking, at: world.clock.now() })
    expect(neighbour.decide(asked).channel).toBe('netsunion')
    await neighbour.refresh()
    expect(neighbour.decide(asked).channel).toBe('unionpay')
    const restarted = await open()
    expect(restarted.decide(asked).candidates[0]!.why).toBe('learnt_no_permission')
    expect(await restarted.forget(lacking)).toBe(true)
    expect(restarted.decide(asked).channel).toBe('netsunion')
    await neighbour.refresh()
    expect(neighbour.decide(asked).channel).toBe('netsunion')
    expect(await restarted.forget(lacking)).toBe(false)
  })
})

describe('facts', () => {
  const trouble = (of: Partial<AttemptFact> = {}) =>
    fact({ ...now(), result: 'failed', code: 'CHANNEL', ...of })

  test('come by the outbox and count once, however often they come', async () => {
    const routing = await open()
    expect(routing.subscriber).toMatchObject({ name: 'routing', kinds: ['payments.attempt_ended'] })
    const payload = trouble()
    const event = { book: 1, seq: 1n, n: 0, orgId: 1, aggregate: 'x', at: payload.at }
    for (let n = 0; n < 6; n += 1) {
      await routing.subscriber.deliver({ ...event, kind: 'payments.attempt_ended', payload })
    }
    const own = routing.health().find(({ bank }) => bank === 'ICBC')
    expect(own).toMatchObject({ good: 0, bad: 1, breaker: { state: 'closed' } })
  })

  test('rebuild the same health after a restart', async () => {
    const routing = await open({ batch: 10 })
    for (let n = 0; n < 37; n += 1) {
      await world.clock.advance(MINUTE)
      await routing.observe(n % 7 === 3 ? trouble() : fact(now()))
    }
    // The payer's bank is known only when he has paid.
    const overdue = trouble({ bank: '', result: 'overdue' })
    await routing.observe(overdue)
    await world.clock.advance(MINUTE)
    const paid = { result: 'succeeded', code: '', at: world.clock.now() } as const
    await routing.observe({ ...overdue, ...paid, bank: 'CCB' })
    await routing.refresh()
    for (let n = 0; n < 5; n += 1) await routing.observe(trouble({ bank: 'ABC' }))
    await routing.flush()
    const sorted = (rows: ReturnType<Routing['health']>) =>
      rows
        .filter(({ good, bad }) => good + bad > 0)
        .map((row) => JSON.stringify(row))
        .sort()
    expect(sorted((await open()).health())).toEqual(sorted(routing.health()))
    expect(routing.health().find(({ bank }) => bank === 'ABC')?.breaker.state).toBe('open')
  })

  test('successes wait for their batch; failures are written at once', async () => {
    const routing = await open({ batch: 3 })
    const stored = async () => (await database.db.query('select 1 from routing.observation')).length
    await routing.observe(fact(now()))
    expect(await stored()).toBe(0)
    await routing.observe(trouble())
    expect(await stored()).toBe(2)
    for (let n = 0; n < 3; n += 1) await routing.observe(fact(now()))
    expect(await stored()).toBe(5)
    await world.clock.advance(DAY)
    await routing.flush()
    expect(await stored()).toBe(0)
  })

  test('what could not be written is written at the next delivery', async () => {
    let away = true
    const db = {
      ...database.db,
      query: (sql: string, params?: readonly unknown[]) =>
        away && sql.includes('insert into routing.learnt')
          ? Promise.reject(new Error('the database is away'))
          : database.db.query(sql, params),
    } as typeof database.db
    const routing = await open({ world: { ...world, db } })
    const refusal = fact({ ...now(), ...lacking, result: 'failed', code: 'NO_PERMISSION' })
    await expect(routing.observe(refusal)).rejects.toThrow('away')
    away = false
    await routing.observe(refusal)
    expect((await open()).learnt()).toMatchObject([{ ...lacking, refusals: 1 }])
  })

  /** A database that runs `before` ahead of every statement with `words`. */
  const watched = (words: string, before: () => Promise<unknown>) =>
    ({
      ...database.db,
      query: async (sql: string, params?: readonly unknown[]) => {
        const rows = await database.db.query(sql, params)
        if (sql.includes(words)) await before()
        return rows
      },
    }) as typeof database.db

  test('of another server are taken in, also after a reading that failed', async () => {
    let away = false
    const db = watched('from routing.observation', () =>
      away ? Promise.reject(new Error('the database is away')) : Promise.resolve(),
    )
    const routing = await open({ world: { ...world, db } })
    await (await open()).observe(trouble())
    await world.clock.advance(10 * MINUTE)
    away = true
    await expect(routing.refresh()).rejects.toThrow('away')
    away = false
    await routing.refresh()
    expect(routing.health().find(({ bank }) => bank === 'ICBC')).toMatchObject({ bad: 1 })
  })

  test('that teach something while lessons are read stay learnt', async () => {
    let refuse = (): Promise<unknown> => Promise.resolve()
    const db = watched('from routing.learnt_permission order', () => refuse())
    const routing = await open({ world: { ...world, db } })
    refuse = () =>
      routing.observe(fact({ ...now(), ...lacking, result: 'failed', code: 'NO_PERMISSION' }))
    await routing.refresh()
    expect(routing.learnt()).toMatchObject([{ ...lacking, refusals: 1 }])
  })

  test('a channel in trouble is passed by and comes back by itself', async () => {
    const routing = await open()
    for (let n = 0; n < 5; n += 1) await routing.observe(trouble())
    const decide = () => routing.decide(request({ at: world.clock.now() }))
    expect(decide().channel).toBe('unionpay')
    for (let probe = 0; probe < 2; probe += 1) {
      await world.clock.advance(MINUTE)
      expect(decide()).toMatchObject({ channel: 'netsunion', explored: true })
      expect(decide().channel).toBe('unionpay')
      await routing.observe(fact(now()))
    }
    const rows = routing.health().filter(({ channel: name }) => name === 'netsunion')
    expect(rows.map(({ breaker }) => breaker.state)).toEqual(['closed', 'closed', 'closed'])
  })
})

describe('versions of the rules', () => {
  const draft = { policy: POLICY, rules: [rule('a', 'true', { only: ['bank-direct'] })] }

  test('a draft does nothing until it is put in force, here and elsewhere', async () => {
    const routing = await open()
    const neighbour = await open()
    const kept = await routing.keep(draft, 'all by the bank')
    if ('problems' in kept) throw new Error('refused')
    expect(await routing.keep(draft, 'again')).toEqual(kept)
    expect(routing.decide(request()).channel).toBe('netsunion')
    expect(await routing.activate(kept.version, 'operator')).toBeUndefined()
    const decision = routing.decide(request())
    expect(decision).toMatchObject({ channel: 'bank-direct', rules: kept.version, applied: ['a'] })
    expect(neighbour.decide(request()).channel).toBe('netsunion')
    await neighbour.refresh()
    expect(neighbour.decide(request())).toEqual(decision)
    // What is in force already is not read and checked again.
    const inForce = neighbour.activeRules()
    await neighbour.refresh()
    expect(neighbour.activeRules()).toBe(inForce)
    expect((await open()).activeRules().version).toBe(kept.version)
    expect(await routing.versions()).toMatchObject([
      { version: kept.version, note: 'all by the bank', activatedAt: world.clock.now() },
    ])
  })

  test('wrong ones are neither kept nor put in force', async () => {
    const routing = await open()
    const wrong = { ...draft, rules: [rule('a', 'amuont > 1', { only: ['bank-direct'] })] }
    expect(routing.check(wrong)).toMatchObject([{ code: 'unknown_variable' }])
    expect(routing.check(draft)).toEqual([])
    expect(await routing.keep(wrong, '')).toMatchObject({
      problems: [{ pointer: '/rules/0/when' }],
    })
    expect(await routing.versions()).toEqual([])
    expect(await routing.activate('0'.repeat(64), 'operator')).toMatchObject({
      problems: [{ code: 'unknown_version' }],
    })
  })

  test('a version that names a channel this server lacks is not taken over', async () => {
    const routing = await open()
    const kept = await routing.keep(draft, '')
    if ('problems' in kept) throw new Error('refused')
    await routing.activate(kept.version, 'operator')
    const smaller = await open({ capabilities: [channel('netsunion')] })
    expect(smaller.decide(request()).channel).toBe('netsunion')
    await expect(open({ capabilities: [channel('netsunion')], rules: draft })).rejects.toThrow(
      RulesRefused,
    )
  })
})
