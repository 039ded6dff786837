/** Which request each method of payments makes; what the routes do with it is tested where they are. */
import { describe, expect, it } from 'vitest'
import { createTenon, money, type Tenon } from './index.ts'

const amount = money(10_000n, 'CNY')
const by = { by: 'usr_0_1' } as never

/** Sends nothing; gives the one request that was made. */
async function requestOf(call: (tenon: Tenon) => Promise<unknown>): Promise<Request> {
  const made: Request[] = []
  const tenon = createTenon({
    baseUrl: 'http://tenon.test/',
    fetch: async (request) => {
      made.push(request)
      return Response.json({ id: 'x' })
    },
  })
  expect(await call(tenon)).toEqual({ id: 'x' })
  expect(made).toHaveLength(1)
  return made[0]!
}

const draft = {
  destination: 'acc_1_a',
  amount,
  subject: 'Deposit',
  methods: ['wechat_native'],
} as never

describe('a method', () => {
  it.each<[string, (tenon: Tenon) => Promise<unknown>, keyed: boolean]>([
    ['POST /v1/payments', (on) => on.payments.create(draft, { key: 'k' }), true],
    ['GET /v1/payments/pay_1', (on) => on.payments.get('pay_1'), false],
    [
      'POST /v1/payments/pay_1/attempts',
      (on) => on.payments.attempt('pay_1', {} as never, { key: 'k' }),
      true,
    ],
    ['POST /v1/payments/pay_1/close', (on) => on.payments.close('pay_1'), false],
    ['POST /v1/payment-plans', (on) => on.plans.create({} as never, { key: 'k' }), true],
    ['GET /v1/payment-plans/plan_1', (on) => on.plans.get('plan_1'), false],
    [
      'POST /v1/payment-plans/plan_1/legs/2',
      (on) => on.plans.changeLeg('plan_1', 2, {} as never),
      false,
    ],
    ['POST /v1/payment-plans/plan_1/close', (on) => on.plans.close('plan_1'), false],
    ['POST /v1/payouts', (on) => on.payouts.create({} as never, { key: 'k' }), true],
    ['GET /v1/payouts/pout_1', (on) => on.payouts.get('pout_1'), false],
    ['POST /v1/payouts/pout_1/cancellation', (on) => on.payouts.cancel('pout_1', by), false],
    ['POST /v1/refunds', (on) => on.refunds.create({} as never, { key: 'k' }), true],
    ['GET /v1/refunds/ref_1', (on) => on.refunds.get('ref_1'), false],
    [
      'POST /v1/exceptions/exc_1/resolution',
      (on) => on.exceptions.resolve('exc_1', {} as never),
      false,
    ],
  ])('makes %s', async (route, call, keyed) => {
    const { method, url, headers } = await requestOf(call)
    expect(`${method} ${new URL(url).pathname}`).toBe(route)
    expect(headers.get('idempotency-key')).toBe(keyed ? 'k' : null)
  })

  it('sends the body as it was given', async () => {
    const request = await requestOf((on) => on.payments.create(draft))
    expect(await request.json()).toEqual(draft)
    expect(request.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/)
  })
})
