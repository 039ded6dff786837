/** Versions, the inbox, and their routes, on a database of their own. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createHttp, createMetrics, type Http, operatorOnly } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { testWorld } from '../../testing/world.ts'
import { type CodeTable, openCodeTable } from './code-table.ts'
import { codeRoutes } from './http.ts'
import { CODE_PROBLEMS } from './refusals.ts'
import { noteUnmapped } from './store.ts'
import { codesOfCheckout } from './testing/index.ts'

const files = codesOfCheckout()
const key = { channel: 'wechat-pay', direction: 'collect', code: 'NEW_CODE' } as const
const user = {
  cause: 'user',
  reason: 'limit_exceeded',
  certainty: 'failed',
  retry: 'by_user',
} as const
let database: TestDatabase
let table: CodeTable
let http: Http

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

beforeEach(async () => {
  await database.db.query('truncate codes.inbox, codes.entry, codes.version')
  const world = testWorld({ db: database.db })
  table = await openCodeTable(world, files)
  const { log, clock, rng, net } = world
  http = await createHttp({
    ...{ log, clock, rng, net, metrics: createMetrics() },
    refusals: CODE_PROBLEMS,
    guard: operatorOnly(),
    routes: codeRoutes(table),
  })
})

const met = (count: number, at: number, sample = 'att_1_a') =>
  database.db.tx((tx) => noteUnmapped(tx, [{ ...key, count, at, sample }]))

it('a classified code is known to every server, and the past keeps its version', async () => {
  const other = await openCodeTable(testWorld({ db: database.db }), files)
  expect(table.current().classify(key).mapped).toBe(false)
  const made = await table.classifyLater({ ...key, ...user }, 'li')
  expect(made).toMatchObject({ version: 1, classification: { letter: 'L', mapped: true } })
  expect(other.current().classify(key).mapped).toBe(false)
  expect((await other.refresh()).classify(key).text.en).toContain('Over')
  expect(other.current().version).toBe(`${files.version}+1`)
  await table.classifyLater({ ...key, ...user, reason: 'cancelled' }, 'li')
  expect((await table.at(0)).classify(key).reason).toBe('unmapped')
  expect((await table.at(1)).classify(key).reason).toBe('limit_exceeded')
  expect((await table.at(2)).classify(key).reason).toBe('cancelled')
})

it('two classifications at once make two versions or say that they collided', async () => {
  const made = await Promise.all(
    ['A', 'B', 'C'].map((code) => table.classifyLater({ ...key, ...user, code }, 'li')),
  )
  const versions = made.flatMap((one) => ('version' in one ? [one.version] : []))
  expect(new Set(versions).size).toBe(versions.length)
  expect(versions.length).toBeGreaterThan(0)
  for (const one of made) {
    if (!('version' in one)) expect(one).toEqual({ refused: 'versions_collided' })
  }
})

it('no person may give an unknown outcome a retry', async () => {
  const wrong = { ...key, reason: 'processing', certainty: 'unknown', retry: 'by_user' } as const
  expect(await table.classifyLater(wrong, 'li')).toMatchObject({ faults: [{ column: 'retry' }] })
  expect((await table.refresh()).version).toBe(`${files.version}+0`)
  await expect(
    database.db.query(
      `with v as (insert into codes.version values (1, $1, 'x', '') returning version)
       insert into codes.entry select version, 'l', 'any', 'c', null, 'processing', 'unknown',
         'by_user', '文', 'text' from v`,
      [new Date(0)],
    ),
  ).rejects.toThrow('check')
})

it('the inbox counts, keeps the first and last time and the latest sample', async () => {
  await met(2, 2_000, 'att_1_b')
  await met(3, 1_000, 'att_1_c')
  expect(await table.inbox()).toEqual([
    { ...key, count: 5n, firstSeen: 1_000, lastSeen: 2_000, sample: 'att_1_b' },
  ])
  await table.classifyLater({ ...key, ...user }, 'li')
  expect(await table.inbox()).toEqual([])
  expect(await table.inbox({ all: true })).toMatchObject([{ classifiedIn: 1 }])
})

it('a second account at a rail shares its list, and its codes leave the inbox together', async () => {
  const lists = { 'wechat-pay-2': 'wechat-pay' }
  const both = await openCodeTable(testWorld({ db: database.db }), files, lists)
  const second = { ...key, channel: 'wechat-pay-2' }
  expect(both.current().classify({ ...second, code: 'PAYERROR' }).cause).toBe('bank')
  expect(table.current().classify({ ...second, code: 'PAYERROR' }).mapped).toBe(false)
  await database.db.tx((tx) =>
    noteUnmapped(tx, [
      { ...second, count: 1, at: 1_000, sample: 'att_1_d' },
      { ...key, count: 1, at: 1_000, sample: 'att_1_e' },
    ]),
  )
  await both.classifyLater({ ...second, ...user }, 'li')
  expect(both.current().classify(key).reason).toBe('limit_exceeded')
  expect(await both.inbox()).toEqual([])
})

const path = '/v1/codes/inbox/wechat-pay/collect/NEW_CODE/classification'
const post = (url: string, payload: object) => http.app.inject({ method: 'POST', url, payload })

it('a code goes from the inbox to a class over HTTP', async () => {
  await met(4, 1_000)
  const inbox = await http.app.inject({ method: 'GET', url: '/v1/codes/inbox' })
  expect(inbox.json()).toMatchObject({
    data: [{ ...key, count: '4', sample: 'att_1_a', classified_in: null }],
    version: `${files.version}+0`,
  })
  const made = await post(path, { ...user, note: 'seen in the new list' })
  expect(made.statusCode).toBe(201)
  expect(made.json()).toMatchObject({ version: 1, cause: 'user', letter: 'L' })
  const again = await post(path, user)
  expect([again.statusCode, again.json().code]).toEqual([409, 'code_is_classified'])
})

it.each([
  ['code_never_met', 404, path.replace('NEW_CODE', 'OTHER'), user],
  ['contract_violated', 422, path, { ...user, certainty: 'likely' }],
  ['contract_violated', 422, path, { ...user, reason: 'no_such_sentence' }],
  ['contract_violated', 422, path, { ...user, certainty: 'unknown' }],
] as const)('HTTP refuses: %s (%i)', async (code, status, url, body) => {
  await met(1, 1_000)
  const reply = await post(url, body)
  expect([reply.statusCode, reply.json().code]).toEqual([status, code])
  expect((await table.refresh()).version).toBe(`${files.version}+0`)
})

it('two persons at the same moment: one is told versions_collided', async () => {
  await met(1, 1_000)
  const client = await database.db.connect()
  await client.query('begin')
  await client.query(`insert into codes.version values (1, $1, 'wang', '')`, [new Date(0)])
  const reply = post(path, user)
  // The insert waits for the other's; it collides when that commits.
  await expect
    .poll(async () => {
      const [row] = await database.db.query<{ n: bigint }>(
        'select count(*) as n from pg_locks where not granted',
      )
      return row!.n > 0n
    })
    .toBe(true)
  await client.query('commit')
  await client.end()
  expect((await reply).json()).toMatchObject({ code: 'versions_collided', retryable: true })
})
