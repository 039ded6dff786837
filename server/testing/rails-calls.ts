/** What callers of the platform and payers do in tests over real rails, and what they read. */
import { expect } from 'vitest'
import type { RailsWorld, Reply } from './rails-world.ts'

export const yuan = (amount: bigint): bigint => amount * 100n
export const money = (amount: bigint) => ({ amount: String(amount), currency: 'CNY' })

export interface AttemptJson {
  readonly reference: string
  readonly status: string
  readonly channel: string
  readonly channel_code?: string
  readonly booked_to?: string
  readonly payer_action?: { readonly kind: string; readonly value: string }
}

export const attemptsOf = ({ body }: Reply) => body.attempts as AttemptJson[]

export const CORPORATE = {
  name: '深圳建设有限公司',
  account: '4000021009200012345',
  bank: 'ICBC',
  account_type: 'corporate',
} as const

export const PERSON = {
  name: '王小明',
  account: '6228480402564890018',
  bank: 'ABC',
  account_type: 'personal',
} as const

export interface Order {
  readonly id: string
  readonly reference: string
}

export interface RailsCalls {
  /** Opens a payment; nobody has paid it yet. */
  open(method: string, amount: bigint, more?: object): Promise<Order & { readonly reply: Reply }>
  /** A payment the payer pays at once. */
  paid(method: 'wechat_native' | 'alipay_qr' | 'collection', amount: bigint): Promise<Order>
  payOut(source: string, amount: bigint, payee?: object): Promise<Reply & { readonly id: string }>
  refund(payment: string, amount: bigint): Promise<Reply & { readonly id: string }>
  get(kind: 'payments' | 'payouts' | 'refunds', id: string): Promise<Reply>
  status(kind: 'payments' | 'payouts' | 'refunds', id: string): Promise<unknown>
  /** The pool's cash by our book. */
  cash(): Promise<bigint>
}

export function railsCalls(on: RailsWorld): RailsCalls {
  let keys = 0
  const nextKey = () => `key-${++keys}`
  const get: RailsCalls['get'] = (kind, id) => on.call('GET', `/v1/${kind}/${id}`)
  const calls: RailsCalls = {
    get,
    status: async (kind, id) => (await get(kind, id)).body.status,
    cash: () => on.byCode(on.pool, '1012.02'),
    open: async (method, amount, more = {}) => {
      const fixed = { destination: on.buyer, amount: money(amount), subject: '首付款' }
      const body = { ...fixed, methods: [method], ...more }
      const reply = await on.call('POST', '/v1/payments', body, nextKey())
      expect(reply).toMatchObject({ status: 201 })
      return { id: String(reply.body.id), reference: attemptsOf(reply)[0]!.reference, reply }
    },
    paid: async (method, amount) => {
      const payer = { ...PERSON, id_number: '11010519491231002X', mobile: '13800138000' }
      const made = await calls.open(method, amount, method === 'collection' ? { payer } : {})
      if (method === 'alipay_qr') await on.rails.alipay.admin.scan(made.reference)
      if (method !== 'collection') {
        const rail = method === 'alipay_qr' ? 'alipay' : 'wechat-pay'
        await on.rails[rail].admin.payOrder(made.reference)
      }
      await on.settle()
      expect(await calls.status('payments', made.id)).toBe('succeeded')
      return made
    },
    payOut: async (source, amount, payee = PERSON) => {
      const body = { source, amount: money(amount), payee, memo: '佣金', requested_by: 'anna' }
      const asked = { ...body, expires_in_minutes: 7_200 }
      const reply = await on.call('POST', '/v1/payouts', asked, nextKey())
      return { ...reply, id: String(reply.body.id) }
    },
    refund: async (payment, amount) => {
      const body = { payments: [payment], amount: money(amount), reason: '撤单' }
      const asked = { ...body, requested_by: 'anna' }
      const reply = await on.call('POST', '/v1/refunds', asked, nextKey())
      return { ...reply, id: String(reply.body.id) }
    },
  }
  return calls
}
