import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHttp, createMetrics, findAnswer, type Http, operatorOnly } from '#base'
import { LEDGER_PROBLEMS, ledgerFaults } from '#ledger'
import { readingRoutes } from './readings-http.ts'
import { PAYMENT_PROBLEMS } from './refusals.ts'
import { type OutflowWorld, outflowWorld } from './testing/outflows.ts'

let on: OutflowWorld
let http: Http

beforeEach(async () => {
  on = await outflowWorld()
  const { world, ledger, database, context, flows } = on
  http = await createHttp({
    ...{ log: world.log, clock: world.clock, rng: world.rng, net: world.net },
    metrics: createMetrics(),
    answers: { find: (book, keyHash) => findAnswer(database.db, book, keyHash) },
    faults: [ledgerFaults(ledger)],
    guard: operatorOnly(),
    refusals: [...LEDGER_PROBLEMS, ...PAYMENT_PROBLEMS].filter(
      (row, index, all) => all.findIndex(({ code }) => code === row.code) === index,
    ),
    routes: readingRoutes(context, flows),
  })
})

afterEach(async () => {
  await http.close()
  await on.stop()
})

const read = async (channel: string, body: object = {}) => {
  const reply = await http.app.inject({
    method: 'POST',
    url: `/v1/channels/${channel}/readings`,
    payload: { book: `book_${on.pool}`, ...body },
  })
  return { status: reply.statusCode, body: reply.json() as Record<string, unknown> }
}

it('takes the file of a closed day once, and says so when it is asked for again', async () => {
  await on.collected(100_00n)
  const date = on.context.desk.channel('a').businessDate(on.world.clock.now())
  const early = await read('a', { date })
  expect(early).toMatchObject({
    status: 200,
    body: { channel: 'a', file: { status: 'not_ready' } },
  })
  expect(await on.transit(on.pool, 'a')).toBe(100_00n)
  on.rails.a.closeDay(date)
  const file = { date, status: 'taken', rows: 1, settled: '9940' }
  expect((await read('a', { date })).body).toMatchObject({ file })
  // What is left is the cash of the day; the fee went to our own book.
  expect(await on.transit(on.pool, 'a')).toBe(99_40n)
  expect((await read('a', { date })).body).toMatchObject({ file: { ...file, status: 'known' } })
  expect(await on.transit(on.pool, 'a')).toBe(99_40n)
})

it('says of lines that a channel without a bank account has none, and of strangers nothing', async () => {
  expect(await read('a')).toEqual({ status: 200, body: { channel: 'a' } })
  expect(await read('nobody')).toMatchObject({ status: 404, body: { code: 'channel_not_found' } })
})
