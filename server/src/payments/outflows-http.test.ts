import { afterEach, expect, it } from 'vitest'
import { type OutflowWorld, outflowWorld } from '../../testing/outflows.ts'
import { createHttp, createMetrics, findAnswer, type Http, publicId } from '../base/index.ts'
import { LEDGER_PROBLEMS, ledgerFaults } from '../ledger/index.ts'
import { payoutRoutes } from './payouts-http.ts'
import { refundRoutes } from './refunds-http.ts'
import { PAYMENT_PROBLEMS } from './refusals.ts'

let on: OutflowWorld
let http: Http

afterEach(async () => {
  await http.close()
  await on.stop()
})

async function start(): Promise<
  (
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ) => Promise<{ status: number; body: Record<string, unknown> }>
> {
  on = await outflowWorld()
  const { world, ledger, database, context, flows } = on
  http = await createHttp({
    log: world.log,
    clock: world.clock,
    rng: world.rng,
    net: world.net,
    metrics: createMetrics(),
    answers: { find: (book, keyHash) => findAnswer(database.db, book, keyHash) },
    faults: [ledgerFaults(ledger)],
    refusals: [...LEDGER_PROBLEMS, ...PAYMENT_PROBLEMS].filter(
      (row, index, all) => all.findIndex(({ code }) => code === row.code) === index,
    ),
    routes: [...payoutRoutes(context, flows), ...refundRoutes(context, flows)],
  })
  const { url } = await http.listen({ port: 0 })
  return async (method, path, body, key) => {
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }
}

const payee = {
  name: '王小明',
  account: '6228480402564890018',
  bank: 'ICBC',
  account_type: 'personal',
}
const money = (amount: string) => ({ amount, currency: 'CNY' })

it('pays out once per key, says why it waits, and never shows the payee', async () => {
  const call = await start()
  await on.fund(100_00n)
  const source = publicId('acc', on.pool, on.owner)
  const body = { source, amount: money('4000'), payee, memo: 'commission', requested_by: 'anna' }
  const first = await call('POST', '/v1/payouts', body, 'k1')
  expect(first).toMatchObject({
    status: 201,
    body: { status: 'processing', amount: money('4000') },
  })
  const again = await call('POST', '/v1/payouts', body, 'k1')
  expect(again).toMatchObject({ status: 200, body: { id: first.body.id } })
  const other = await call('POST', '/v1/payouts', { ...body, memo: 'other' }, 'k1')
  expect(other).toMatchObject({ status: 422, body: { code: 'key_reused' } })
  const much = await call('POST', '/v1/payouts', { ...body, amount: money('6001') }, 'k2')
  expect(much).toMatchObject({ status: 409, body: { code: 'insufficient_funds' } })
  const cash = publicId('acc', on.pool, on.cash)
  const ours = await call('POST', '/v1/payouts', { ...body, source: cash }, 'k3')
  expect(ours).toMatchObject({ status: 422, body: { code: 'source_not_payable' } })
  const wrong = { ...body, payee: { ...payee, account: '6228480402564890019' } }
  expect(await call('POST', '/v1/payouts', wrong, 'k4')).toMatchObject({
    status: 422,
    body: { code: 'payee_malformed' },
  })
  await on.settle()
  const read = await call('GET', `/v1/payouts/${first.body.id}`)
  expect(read.body).toMatchObject({ status: 'succeeded', attempts: [{ number: 1, channel: 'b' }] })
  expect(JSON.stringify(read.body)).not.toContain('6228480402564890018')
  const late = await call('POST', `/v1/payouts/${first.body.id}/cancellation`, { by: 'anna' })
  expect(late).toMatchObject({ status: 409, body: { code: 'payout_not_waiting' } })
  expect(on.rails.b.orders.size).toBe(1)
})

it('refunds a payment, and lets only a second person open the way by payout', async () => {
  const call = await start()
  const paid = await on.collected(100_00n)
  await on.fund(100_00n)
  on.rails.a.next.push({ refuses: 'CARD_EXPIRED' })
  const source = publicId('acc', on.pool, on.owner)
  const asked = {
    payments: [paid.owner],
    amount: money('10000'),
    reason: 'called off',
    requested_by: 'anna',
    source,
    payer: payee,
  }
  const made = await call('POST', '/v1/refunds', asked, 'r1')
  expect(made).toMatchObject({
    status: 201,
    body: { status: 'processing', parts: [{ route: 'original' }] },
  })
  expect(await call('POST', '/v1/refunds', asked, 'r2')).toMatchObject({
    status: 409,
    body: { code: 'refund_exceeds_payments' },
  })
  const unpaid = { ...asked, payments: [publicId('pay', on.pool, on.world.ids.uuid())] }
  expect(await call('POST', '/v1/refunds', unpaid, 'r3')).toMatchObject({
    status: 409,
    body: { code: 'refund_of_unpaid' },
  })
  await on.pass(60_000)
  const at = `/v1/refunds/${made.body.id}`
  expect((await call('GET', at)).body).toMatchObject({
    parts: [{ status: 'waiting_for_approval' }],
  })
  expect(await call('POST', `${at}/approval`, { by: 'anna' })).toMatchObject({
    status: 409,
    body: { code: 'approver_is_requester' },
  })
  expect((await call('POST', `${at}/approval`, { by: 'bert' })).status).toBe(200)
  await on.pass(60_000)
  expect((await call('GET', at)).body).toMatchObject({
    status: 'succeeded',
    succeeded: money('10000'),
  })
})
