import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PaymentsServer, startPaymentsServer } from '../../testing/payments.ts'
import type { PaymentJson, PlanJson } from './contract.ts'

let on: PaymentsServer

beforeAll(async () => {
  on = await startPaymentsServer({
    limits: [{ perPayment: 5_000_000n, perDay: 10_000_000n, least: 100n }],
  })
})

afterAll(() => on.stop())

async function send<T>(path: string, json: unknown, key?: string) {
  const reply = await fetch(`${on.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
    body: JSON.stringify(json),
  })
  return { status: reply.status, body: (await reply.json()) as T & { code?: string } }
}

const get = async <T>(path: string) => (await (await fetch(`${on.url}${path}`)).json()) as T

const open = (key: string, amount: string, more: object = {}) =>
  send<PlanJson>(
    '/v1/payment-plans',
    {
      destination: `acc_${on.test.book}_${on.test.destination}`,
      amount: { amount, currency: 'CNY' },
      subject: 'Down payment',
      method: 'wechat_native',
      ...more,
    },
    key,
  )

const leg = (plan: PlanJson, number: number, change: object) =>
  send<PlanJson>(`/v1/payment-plans/${plan.id}/legs/${number}`, change)

const amounts = ({ legs }: PlanJson) => legs.map(({ amount }) => amount.amount)
const yuan = (amount: string) => ({ amount: { amount, currency: 'CNY' } })

async function payAll(plan: PlanJson): Promise<void> {
  for (const { number } of plan.legs.filter(({ status }) => status === 'planned')) {
    const { body } = await leg(plan, number, { pay: {} })
    const { payment } = body.legs.find((each) => each.number === number)!
    await paid(payment!)
  }
}

async function paid(payment: string): Promise<void> {
  const { attempts } = await get<PaymentJson>(`/v1/payments/${payment}`)
  const { reference } = attempts[0]!
  on.test.rail.finish(reference)
  await on.callBack('rail', on.test.rail.callback(reference).body, 'text/plain')
}

test('a plan is split by the limits over days, and succeeds at the exact sum', async () => {
  const before = await on.test.balance(on.test.destination)
  const { status, body: plan } = await open('whole', '12000001')
  expect(status).toBe(201)
  expect(amounts(plan)).toEqual(['4000001', '4000000', '4000000'])
  expect(plan.legs.map(({ pay_on }) => pay_on)).toEqual(['20260302', '20260302', '20260303'])
  expect((await open('whole', '12000001')).status).toBe(200)
  expect((await open('whole', '12000002')).body.code).toBe('key_reused')
  await payAll(plan)
  const done = await get<PlanJson>(`/v1/payment-plans/${plan.id}`)
  expect([done.status, done.paid.amount]).toEqual(['succeeded', '12000001'])
  expect((await on.test.balance(on.test.destination)) - before).toBe(12_000_001n)
  expect((await leg(plan, 1, yuan('5'))).body.code).toBe('plan_over')
})

test('one leg is edited, the free ones rebalance; what is being paid is fixed', async () => {
  const { body: plan } = await open('edited', '12000000')
  const { body: begun } = await leg(plan, 1, { pay: {} })
  expect(begun.legs[0]?.status).toBe('confirming')
  expect((await leg(plan, 1, yuan('5'))).body.code).toBe('leg_fixed')
  const { body: edited } = await leg(plan, 2, yuan('1000000'))
  expect(amounts(edited)).toEqual(['4000000', '1000000', '3500000', '3500000'])
  expect((await leg(plan, 2, yuan('5000001'))).body.code).toBe('leg_out_of_range')
  expect((await leg(plan, 9, yuan('5'))).body.code).toBe('leg_not_found')
  // The same leg again finds the payment that is open; another leg is not kept from being paid.
  const { body: again } = await leg(plan, 1, { pay: {} })
  expect(again.legs[0]?.payment).toBe(begun.legs[0]?.payment)
  const { body: second } = await leg(plan, 2, { pay: {} })
  expect(second.legs[1]?.status).toBe('confirming')
  for (const { payment } of second.legs.slice(0, 2)) await paid(payment!)
  await payAll(await get<PlanJson>(`/v1/payment-plans/${plan.id}`))
  expect((await get<PlanJson>(`/v1/payment-plans/${plan.id}`)).status).toBe('succeeded')
})

test('a change that is refused changes nothing, and nobody is debited who was not named', async () => {
  const { body: plan } = await open('refused-change', '9000000')
  const payer = { name: '张三', account: '622', bank: 'ICBC', account_type: 'personal' }
  const wrong = await leg(plan, 1, { ...yuan('1000000'), pay: { payer } })
  expect(wrong.body.code).toBe('payer_malformed')
  const unnamed = await leg(plan, 1, { ...yuan('1000000'), pay: { methods: ['collection'] } })
  expect(unnamed.body.code).toBe('payer_missing')
  expect(amounts(await get<PlanJson>(`/v1/payment-plans/${plan.id}`))).toEqual(amounts(plan))
})

test('a leg is paid from the kind of account its plan was made for', async () => {
  const { body: plan } = await open('corporate', '6000000', { account_type: 'corporate' })
  const { body: begun } = await leg(plan, 1, { pay: {} })
  const { payment } = begun.legs[0]!
  const [attempt] = await on.test.payments.attempts(on.test.book, payment!)
  expect(attempt?.accountType).toBe('corporate')
})

test('a leg paid and edited at the same time is one of the two', async () => {
  const { body: plan } = await open('race', '9000000')
  const results = await Promise.all([
    leg(plan, 1, { pay: {} }),
    leg(plan, 1, yuan('1000000')),
    leg(plan, 1, { pay: {} }),
  ])
  expect(results.every(({ status }) => status < 500)).toBe(true)
  const now = await get<PlanJson>(`/v1/payment-plans/${plan.id}`)
  expect(now.legs.reduce((sum, { amount }) => sum + BigInt(amount.amount), 0n)).toBe(9_000_000n)
})

test('a bank that refuses the size teaches a limit, and the rest is split anew', async () => {
  const { body: plan } = await open('learns', '9000000')
  on.test.rail.failCode = 'LIMIT_PER_PAYMENT'
  on.test.rail.faults.push('fails')
  const { body: learnt } = await leg(plan, 1, { pay: {} })
  expect(amounts(learnt)).toEqual(['2250000', '2250000', '2250000', '2250000'])
  expect(learnt.legs.every(({ status }) => status === 'planned')).toBe(true)
  await payAll(learnt)
  expect((await get<PlanJson>(`/v1/payment-plans/${plan.id}`)).status).toBe('succeeded')
})

test('a leg whose payment was closed unpaid can be paid again', async () => {
  const { body: plan } = await open('closed', '6000000')
  const { body: begun } = await leg(plan, 1, { pay: {} })
  await send(`/v1/payments/${begun.legs[0]?.payment}/close`, {})
  expect((await get<PlanJson>(`/v1/payment-plans/${plan.id}`)).legs[0]?.status).toBe('planned')
  await payAll(await get<PlanJson>(`/v1/payment-plans/${plan.id}`))
  expect((await get<PlanJson>(`/v1/payment-plans/${plan.id}`)).status).toBe('succeeded')
  expect(await on.test.proofs()).toEqual([])
})

test('a plan is closed with what nobody has paid of it; what is paid stays', async () => {
  const { body: plan } = await open('given-up', '9000000')
  const { body: first } = await leg(plan, 1, { pay: {} })
  await paid(first.legs[0]!.payment!)
  const { body: second } = await leg(plan, 2, { pay: {} })
  const before = await on.test.balance(on.test.destination)
  const close = () => send<PlanJson>(`/v1/payment-plans/${plan.id}/close`, {})
  on.test.rail.closes = false
  expect((await close()).body.code).toBe('payment_not_closed')
  on.test.rail.closes = true
  const all = await Promise.all([close(), close(), leg(plan, 1, yuan('5'))])
  expect(all.slice(0, 2).map(({ body }) => body.status)).toEqual(['closed', 'closed'])
  const payment = await get<PaymentJson>(`/v1/payments/${second.legs[1]!.payment}`)
  expect(payment.status).toBe('closed')
  expect((await leg(plan, 2, { pay: {} })).body.code).toBe('plan_over')
  const [now] = [await get<PlanJson>(`/v1/payment-plans/${plan.id}`)]
  expect(now.paid.amount).toBe(first.legs[0]!.amount.amount)
  expect(await on.test.balance(on.test.destination)).toBe(before)
  const whole = (await open('whole', '12000001')).body
  expect((await send(`/v1/payment-plans/${whole.id}/close`, {})).body.code).toBe('plan_over')
})

test('an amount no split of which keeps the limits is refused', async () => {
  expect((await open('small', '99')).body.code).toBe('plan_not_possible')
})
