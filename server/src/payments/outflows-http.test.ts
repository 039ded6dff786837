import { afterEach, expect, it } from 'vitest'
import {
  createHttp,
  createMetrics,
  findAnswer,
  type Guard,
  type Http,
  operatorOnly,
  publicId,
} from '#base'
import { LEDGER_PROBLEMS, ledgerFaults } from '#ledger'
import { TEST_CALLER, testGuard } from '../../testing/guards.ts'
import type { ExceptionJson } from './contract.ts'
import { paymentRoutes } from './http.ts'
import type { Payments } from './payments.ts'
import { payoutRoutes } from './payouts-http.ts'
import { refundRoutes } from './refunds-http.ts'
import { PAYMENT_PROBLEMS } from './refusals.ts'
import { type Resolution, resolve } from './resolve-exception.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

let on: OutflowWorld
let http: Http

afterEach(async () => {
  await http.close()
  await on.stop()
})

async function start(
  guard: (pool: number) => Guard = () => operatorOnly(),
): Promise<
  (
    method: string,
    path: string,
    body?: unknown,
    key?: string,
    caller?: string,
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
    guard: guard(on.pool),
    refusals: [...LEDGER_PROBLEMS, ...PAYMENT_PROBLEMS].filter(
      (row, index, all) => all.findIndex(({ code }) => code === row.code) === index,
    ),
    routes: [
      ...payoutRoutes(context, flows),
      ...refundRoutes(context, flows),
      ...paymentRoutes({
        context,
        resolveException: (at: { book: number; id: string }, asked: Resolution) =>
          resolve(context, at, asked),
      } as unknown as Payments),
    ],
  })
  const { url } = await http.listen({ port: 0 })
  return async (method, path, body, key, caller = '') => {
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        [TEST_CALLER]: caller,
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

it('an amount of nothing is refused, to pay out and to give back', async () => {
  const call = await start()
  const paid = await on.collected(100_00n)
  const source = publicId('acc', on.pool, on.owner)
  const asked = { amount: money('0'), requested_by: 'anna', source }
  const refused = { status: 422, body: { code: 'amount_not_positive' } }
  const out = { ...asked, payee, memo: 'commission' }
  expect(await call('POST', '/v1/payouts', out, 'k1')).toMatchObject(refused)
  const back = { ...asked, payments: [paid.owner], reason: 'called off' }
  expect(await call('POST', '/v1/refunds', back, 'k2')).toMatchObject(refused)
})

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

it('tells what needs a person, and carries out what he decides', async () => {
  const call = await start()
  const line = bankLine({ flow: 'f1', side: 'in', amount: 50_00n })
  await on.flows.takeBankLines(on.pool, 'b', [{ ...line, counterpartAccount: PAYEE.account }])
  await on.world.clock.advance(90_000)
  const list = async () =>
    (await call('GET', `/v1/exceptions?book=book_${on.pool}&status=open`)).body
      .data as ExceptionJson[]
  const [unknown] = await list()
  expect(unknown).toMatchObject({
    ...{ kind: 'unknown_credit', owner: 'operations', amount: '5000', age_seconds: 90 },
    ...{ overdue: false, evidence: { channel: 'b', flow: 'f1' } },
  })
  expect(unknown!.actions.map(({ action }) => action)).toEqual(['refund', 'attach', 'explain'])
  expect(unknown!.actions[0]!.title).toEqual({ zh: '退回款项', en: 'Give the money back' })
  const by = (id: string, json: object) => call('POST', `/v1/exceptions/${id}/resolution`, json)
  const asked = { action: 'refund', note: 'not ours', by: 'anna' }
  const at = unknown!.id
  expect(await by(at, asked)).toMatchObject({ status: 422, body: { code: 'payee_missing' } })
  const stranger = { ...payee, account: '6228480402564890026' }
  expect(await by(at, { ...asked, payee: stranger })).toMatchObject({
    ...{ status: 422, body: { code: 'payee_is_not_payer' } },
  })
  const wrong = { ...payee, account: '6228480402564890019' }
  expect((await by(at, { ...asked, payee: wrong })).body.code).toBe('payee_malformed')
  const elsewhere = `acc_${on.own}_${on.owner}`
  const attached = { action: 'attach', note: 'x', by: 'anna', account: elsewhere }
  expect((await by(at, attached)).body.code).toBe('destination_not_found')
  expect(await by(at, { ...asked, payee })).toMatchObject({
    ...{ status: 200, body: { status: 'resolved', action: 'refund', actions: [] } },
  })
  const [approval] = await list()
  const approve = { action: 'approve', note: 'seen', by: 'anna' }
  expect(await by(approval!.id, approve)).toMatchObject({
    ...{ status: 409, body: { code: 'approver_is_requester' } },
  })
  expect((await by(approval!.id, { ...approve, by: 'bert' })).status).toBe(200)
  await on.settle()
  expect(on.rails.b.moved('pay')).toBe(50_00n)
  await on.world.clock.advance(25 * 3_600_000)
  const [again] = (await call('GET', `/v1/exceptions?book=book_${on.pool}`)).body
    .data as ExceptionJson[]
  expect(again).toMatchObject({ status: 'resolved', age_seconds: 90 })
})

it('whoever signed in acts in his own name, and lets nothing of his own go', async () => {
  const permissions = ['payouts.create', 'approvals.decide', 'payments.read']
  const present = { permissions, steppedUpAt: 1 }
  const call = await start((pool) =>
    testGuard({
      books: { [pool]: 1 },
      callers: {
        anna: present,
        // Another user of the same person.
        annaToo: { ...present, person: 'anna' },
        bert: present,
        idle: { ...present, permissions: ['payments.read'] },
        other: { ...present, orgId: 2 },
      },
    }),
  )
  await on.fund(100_00n)
  const source = publicId('acc', on.pool, on.owner)
  const asked = { source, amount: money('4000'), payee, memo: 'commission', approval: true }
  const body = { ...asked, requested_by: 'bert' }
  expect((await call('POST', '/v1/payouts', body, 'k1')).status).toBe(401)
  expect((await call('POST', '/v1/payouts', body, 'k1', 'idle')).status).toBe(403)
  expect((await call('POST', '/v1/payouts', body, 'k1', 'other')).status).toBe(404)
  const made = await call('POST', '/v1/payouts', body, 'k1', 'anna')
  expect(made).toMatchObject({ status: 201, body: { requested_by: 'anna' } })
  const path = `/v1/payouts/${made.body.id}/approval`
  for (const own of ['anna', 'annaToo']) {
    expect(await call('POST', path, { by: 'bert' }, undefined, own)).toMatchObject({
      body: { code: 'approver_is_requester' },
    })
  }
  expect((await call('POST', path, { by: 'bert' }, undefined, 'idle')).status).toBe(403)
  const approved = await call('POST', path, { by: 'anna' }, undefined, 'bert')
  expect(approved).toMatchObject({ status: 200, body: { approved_by: 'bert' } })
  const read = (caller: string) =>
    call('GET', `/v1/payouts/${made.body.id}`, undefined, undefined, caller)
  expect(await read('idle')).toMatchObject({ status: 200, body: { id: made.body.id } })
  expect(await read('other')).toMatchObject({ status: 404, body: { code: 'object_not_found' } })
})
