/** The routes of routing over HTTP, each refusal met once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttp, createMetrics, type Http, operatorOnly } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { testWorld } from '../../testing/world.ts'
import { routingRoutes } from './http.ts'
import { ROUTING_PROBLEMS } from './refusals.ts'
import { openRouting, type Routing } from './routing.ts'
import { CHANNELS, classify, defaultRules, fact } from './testing/ground.ts'

let database: TestDatabase
let routing: Routing
let http: Http

beforeAll(async () => {
  database = await testDatabase()
  const world = testWorld({ db: database.db })
  const { log, clock, rng, net } = world
  routing = await openRouting({
    world,
    capabilities: CHANNELS,
    reaches: (_, book) => book < 9,
    classify,
    rules: defaultRules(),
  })
  http = await createHttp({
    ...{ log, clock, rng, net, metrics: createMetrics() },
    refusals: ROUTING_PROBLEMS,
    guard: operatorOnly(),
    routes: routingRoutes({ routing, clock }),
  })
})

afterAll(async () => {
  await http.close()
  await database.drop()
})

async function call(method: 'GET' | 'POST', path: string, payload?: object) {
  const reply = await http.app.inject({
    method,
    url: `/v1/routing${path}`,
    headers: { host: '127.0.0.1' },
    ...(payload !== undefined && { payload }),
  })
  return { status: reply.statusCode, body: reply.json() as Record<string, never> }
}

const payout = {
  direction: 'pay',
  amount: { amount: '600000000', currency: 'CNY' },
  book: 'book_7',
  bank: 'ICBC',
  account_type: 'corporate',
}

test('the rules in force are told with their sentences', async () => {
  const kept = await routing.keep({ ...defaultRules(), rules: [] }, 'none at all')
  const { status, body } = await call('GET', '/rules')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    version: routing.activeRules().version,
    policy: { permission: { refusals: 1, days: 7 } },
    versions: [{ ...kept, note: 'none at all', activated_at: null }],
  })
  const [first] = (body as unknown as { rules: { then: object; says: { en: string } }[] }).rules
  expect(first?.then).toEqual({ prefer: ['bank-direct'] })
  expect(first?.says.en).toBe(
    'When the direction is payout and the amount is over CNY 5,000,000.00, prefer bank-direct.',
  )
})

test('a draft is checked without being kept', async () => {
  const document = defaultRules()
  const good = await call('POST', '/rules/check', { document })
  expect(good.body).toMatchObject({ problems: [], says: [{}, {}] })
  const [rule] = document.rules
  const wrong = { ...document, rules: [{ ...rule, when: 'amuont > 5' }] }
  const { status, body } = await call('POST', '/rules/check', { document: wrong })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    problems: [{ pointer: '/rules/0/when', code: 'unknown_variable' }],
    says: [],
  })
})

test('a decision is tried out with its reasons', async () => {
  const { status, body } = await call('POST', '/decisions', payout)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    channel: 'bank-direct',
    method: null,
    applied: ['large-payouts-by-bank'],
    candidates: [
      { channel: 'netsunion', why: 'not_preferred', cost: '20', success_ppm: 990_000 },
      { channel: 'unionpay' },
      { channel: 'bank-direct', eligible: true, why: 'chosen_by_rule' },
      { channel: 'wechat-pay', eligible: false, why: 'wrong_direction' },
    ],
  })
  const other = await call('POST', '/decisions', { ...payout, book: 'book_9' })
  expect(other.body).toMatchObject({
    channel: null,
    candidates: [{ why: 'wrong_book' }, {}, {}, {}],
  })
  const night = await call('POST', '/decisions', { ...payout, at: '2026-02-30T09:00:00+08:00' })
  expect(night).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/at', code: 'instant_not_real' }] },
  })
  expect((await call('POST', '/decisions', { ...payout, direction: 'up' })).status).toBe(422)
})

test('health and lessons are told, and a lesson can be forgotten', async () => {
  const refused = { result: 'failed', code: 'NO_PERMISSION', accountType: 'corporate' } as const
  await routing.observe(fact({ ...refused, attempt: 'att_1_5' }))
  await routing.observe(fact({ result: 'failed', code: 'CHANNEL' }))
  expect((await call('GET', '/health')).body).toMatchObject({
    data: expect.arrayContaining([
      expect.objectContaining({ channel: 'netsunion', bank: 'ICBC', bad: 1, breaker: 'closed' }),
    ]),
  })
  const { body } = await call('GET', '/learnt')
  expect(body).toMatchObject({
    data: [
      {
        ...{ channel: 'netsunion', bank: 'ICBC', account_type: 'corporate', refusals: 1 },
        expires_at: '2026-03-09T02:00:00.000Z',
        evidence: [{ attempt: 'att_1_5', code: 'NO_PERMISSION' }],
      },
    ],
  })
  const lesson = {
    ...{ direction: 'pay', channel: 'netsunion', bank: 'ICBC', account_type: 'corporate' },
  }
  expect((await call('POST', '/learnt/forget', lesson)).body).toEqual({ forgotten: true })
  expect((await call('GET', '/learnt')).body).toEqual({ data: [] })
  expect(await call('POST', '/learnt/forget', lesson)).toMatchObject({
    status: 404,
    body: { code: 'lesson_not_found' },
  })
})
