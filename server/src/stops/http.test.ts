import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, createHttp, createMetrics, findAnswer, type Guard, type Http } from '#base'
import { openLedger, type ServerLedger } from '#ledger'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import { createStops, STOPS_PROBLEMS, type Stops, stopRoutes } from './index.ts'

const PARTY = 'party_1_0190a0b0c0d070e080900a0b0c0d0e0f'

let database: TestDatabase
let world: TestWorld
let ledger: ServerLedger
let stops: Stops
let http: Http
let url: string
let caller: Caller
let fresh: boolean

const someone = (...permissions: string[]): Caller => ({
  ...{ kind: 'user', id: 'usr_0_0190a0b0c0d070e080900a0b0c0d0e0f', person: 'anna', orgId: 1 },
  ...{ permissions: new Set(permissions), steppedUpAt: 1, signed: false, from: '192.0.2.7' },
})

beforeAll(async () => {
  database = await testDatabase()
  world = testWorld({ db: database.db })
  ledger = await openLedger({ world, partitionRows: 10_000 })
  for (const orgId of [1, 2]) {
    await ledger.createBook({ orgId, name: `Of ${orgId}`, currency: 'CNY', chart: 'custody_pool' })
  }
  const { db, clock, log, rng, net } = world
  stops = createStops({ db, clock, wall: testWorld().clock, log, ledger })
  await stops.start()
  const guard: Guard = {
    identify: async () => caller,
    admit: async () => undefined,
    orgOf: (book) => (book <= 1 ? 1 : 2),
    isFresh: () => fresh,
  }
  http = await createHttp({
    ...{ log, clock, rng, net, guard, metrics: createMetrics() },
    answers: { find: (book, keyHash) => findAnswer(db, book, keyHash) },
    refusals: STOPS_PROBLEMS,
    routes: stopRoutes(stops),
  })
  url = (await http.listen({ port: 0 })).url
})

afterAll(async () => {
  await http.close()
  await stops.stop()
  await ledger.close()
  await database.drop()
})

async function call(method: 'GET' | 'POST', path: string, body?: unknown, key?: string) {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': key ?? world.ids.uuid() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
}

const as = (who: Caller, isFresh = true) => {
  caller = who
  fresh = isFresh
}

describe('the routes of stops', () => {
  it('pause, say who, why and since when, and are told the same under the same key', async () => {
    as(someone('stops.pause', 'stops.read'))
    const asked = { channel: 'icbc', direction: 'pay', book: 'book_1', reason: 'a wrong rate' }
    const first = await call('POST', '/v1/stops/pauses', asked, 'k1')
    expect(first).toMatchObject({
      status: 201,
      body: {
        ...asked,
        status: 'paused',
        paused_by: caller.id,
        id: expect.stringMatching(/^stop_0_/),
      },
    })
    expect(await call('POST', '/v1/stops/pauses', asked, 'k1')).toEqual(first)
    const other = await call('POST', '/v1/stops/pauses', { ...asked, reason: 'x' }, 'k1')
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    const movement = { orgId: 1, direction: 'pay' as const, book: 1, channel: 'icbc' }
    expect(stops.gate.stoppedBy(movement)).toMatchObject({ why: 'a wrong rate' })
    const listed = await call('GET', '/v1/stops/pauses')
    expect(listed).toEqual({ status: 200, body: { data: [first.body] } })
  })

  it.each([
    ['nothing named', { reason: 'x' }, 'scope_unclear'],
    ['both', { reason: 'x', everything: true, direction: 'pay' }, 'scope_unclear'],
    ['no reason', { direction: 'pay' }, 'contract_violated'],
    ['no direction of that name', { direction: 'out', reason: 'x' }, 'contract_violated'],
    ['a field nobody knows', { direction: 'pay', reason: 'x', who: 'me' }, 'contract_violated'],
    ['a book of somebody else', { book: 'book_2', reason: 'x' }, 'object_not_found'],
  ])('refuse a pause of %s', async (_, body, code) => {
    as(someone('stops.pause'))
    expect((await call('POST', '/v1/stops/pauses', body)).body).toMatchObject({ code })
  })

  it.each([
    ['a pause', '/v1/stops/pauses', { everything: true, reason: 'x' }, 'accounts.freeze'],
    [
      'a freeze',
      '/v1/stops/freezes',
      { holder: PARTY, order_number: '9', authority: 'A', reason: 'x' },
      'stops.pause',
    ],
  ])(
    'refuse %s to who has another permission, or has not proved presence',
    async (_, path, body, wrong) => {
      as(someone(wrong))
      expect(await call('POST', path, body)).toMatchObject({ status: 403 })
      as(someone('stops.pause', 'accounts.freeze'), false)
      expect((await call('POST', path, body)).body).toMatchObject({ code: 'step_up_required' })
    },
  )

  it('freeze a party, and tell how far the order is in each book', async () => {
    as(someone('accounts.freeze', 'stops.read'))
    const asked = {
      holder: PARTY,
      order_number: '1',
      authority: '上海一中院',
      reason: 'enforcement',
    }
    const until = '2026-12-31T16:00:00.000Z'
    const made = await call('POST', '/v1/stops/freezes', { ...asked, until })
    expect(made).toMatchObject({ status: 201, body: { ...asked, until, ordered_by: caller.id } })
    await stops.settled()
    const path = `/v1/stops/freezes/${String(made.body.id)}`
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { status: 'in_force', books: [{ book: 'book_1', status: 'frozen', accounts: 0 }] },
    })
    const again = await call('POST', '/v1/stops/freezes', asked)
    expect(again).toMatchObject({ status: 409, body: { code: 'freeze_exists' } })
    as({ ...caller, orgId: 2 })
    expect((await call('GET', path)).status).toBe(404)
  })

  it.each([
    ['tomorrow', 'until_malformed'],
    ['2026-02-30T00:00:00Z', 'until_malformed'],
    ['2020-01-01T00:00:00Z', 'until_is_past'],
  ])('refuse a freeze until %s', async (until, code) => {
    as(someone('accounts.freeze'))
    const body = { holder: PARTY, order_number: '2', authority: 'A', reason: 'x', until }
    expect((await call('POST', '/v1/stops/freezes', body)).body).toMatchObject({ code })
  })
})
