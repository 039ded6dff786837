/** Days of money over the real rails: in, settled, paid out, given back, and what it leaves in the books. */
import { afterEach, describe, expect, it } from 'vitest'
import { type RailsWorld, railsWorld, shanghaiAt } from '../testing/rails-world.ts'

let on: RailsWorld

afterEach(() => on.stop())

const yuan = (amount: bigint) => amount * 100n
const money = (amount: bigint) => ({ amount: String(amount), currency: 'CNY' })

interface AttemptJson {
  readonly reference: string
  readonly status: string
  readonly channel: string
  readonly payer_action?: { readonly kind: string; readonly value: string }
}

const attemptsOf = ({ body }: { readonly body: Record<string, unknown> }) =>
  body.attempts as AttemptJson[]

let keys = 0
const nextKey = () => `key-${++keys}`

/** Opens a payment; nobody has paid it yet. */
async function open(method: string, amount: bigint, more: object = {}) {
  const body = {
    destination: on.buyer,
    amount: money(amount),
    subject: '首付款',
    methods: [method],
  }
  const made = await on.call('POST', '/v1/payments', { ...body, ...more }, nextKey())
  expect(made).toMatchObject({ status: 201 })
  return { id: String(made.body.id), reference: attemptsOf(made)[0]!.reference }
}

/** A payment the payer pays at once. */
async function paid(method: 'wechat_native' | 'alipay_qr', amount: bigint) {
  const made = await open(method, amount)
  if (method === 'alipay_qr') await on.rails.alipay.admin.scan(made.reference)
  const rail = method === 'alipay_qr' ? 'alipay' : 'wechat-pay'
  await on.rails[rail].admin.payOrder(made.reference)
  await on.settle()
  return made
}

const statusOf = async (kind: 'payments' | 'payouts' | 'refunds', id: string) =>
  (await on.call('GET', `/v1/${kind}/${id}`)).body.status

const cash = () => on.byCode(on.pool, '1012.02')
const bankBalance = () => on.rails['bank-direct'].admin.balance()

describe('pay-ins and their settlement', () => {
  it('three days of WeChat and Alipay: credited at once, settled net on the next, fees paid by us', async () => {
    on = await railsWorld()
    const first = await paid('wechat_native', yuan(10_000n))
    const second = await paid('alipay_qr', yuan(20_000n))
    expect(await statusOf('payments', first.id)).toBe('succeeded')
    expect(await statusOf('payments', second.id)).toBe('succeeded')
    expect(await on.balance(on.buyer)).toBe(yuan(30_000n))
    expect(await on.transit(on.pool, 'wechat-pay')).toBe(yuan(10_000n))
    expect(await cash()).toBe(0n)

    await on.passTo(shanghaiAt('2026-03-03 12:00'), 1_800_000)
    const fees = yuan(60n + 120n)
    expect(await on.transit(on.pool, 'wechat-pay')).toBe(0n)
    expect(await on.transit(on.pool, 'alipay')).toBe(0n)
    expect(await cash()).toBe(yuan(30_000n) - fees)
    expect(await bankBalance()).toBe(await cash())
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(fees)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(-fees)
    expect(await on.byCode(on.own, '6421')).toBe(fees)
    expect(await on.faults()).toEqual([])
  })
})
