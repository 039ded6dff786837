/**
 * WeChat Pay APIv3 as data: paths, what the requests carry, and the columns of the bill.
 *
 * Sources: pay.weixin.qq.com APIv3 documents; paths and fields as wechatpay-node-v3 2.2.1 sends them.
 * Amounts travel as whole fen in JSON numbers; times as RFC 3339 with the offset of Shanghai.
 */
import type { Instant } from '#base'
import type { CollectMethod, CollectOrder, RefundOrder } from '../../payment-channel.ts'

export const PATHS = {
  wechat_native: '/v3/pay/transactions/native',
  wechat_h5: '/v3/pay/transactions/h5',
  wechat_jsapi: '/v3/pay/transactions/jsapi',
  order: (reference: string) => `/v3/pay/transactions/out-trade-no/${reference}`,
  refunds: '/v3/refund/domestic/refunds',
  bill: '/v3/bill/tradebill',
  billFile: '/v3/billdownload/file',
  share: '/v3/profitsharing/orders',
  unfreeze: '/v3/profitsharing/orders/unfreeze',
  receiver: '/v3/profitsharing/receivers/add',
  shareReturn: '/v3/profitsharing/return-orders',
  shareable: (number: string) => `/v3/profitsharing/transactions/${number}/amounts`,
} as const

export type WechatMethod = Extract<CollectMethod, `wechat_${string}`>

export const METHODS: readonly WechatMethod[] = ['wechat_native', 'wechat_h5', 'wechat_jsapi']

export type Json =
  | string
  | bigint
  | boolean
  | undefined
  | readonly Json[]
  | { readonly [field: string]: Json }

/** JSON whose whole numbers are `bigint`, so that no amount passes through a float. */
export function writeJson(value: Json): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const fields = Object.entries(value as { readonly [field: string]: Json })
  const written = fields.filter(([, inner]) => inner !== undefined)
  return `{${written.map(([name, inner]) => `${JSON.stringify(name)}:${writeJson(inner)}`).join(',')}}`
}

const SHANGHAI_MS = 8 * 3_600_000

/** `2026-03-02T09:00:00+08:00`. */
export function shanghaiTime(at: Instant): string {
  return `${new Date(at + SHANGHAI_MS).toISOString().slice(0, 19)}+08:00`
}

/** `yyyymmdd` in Shanghai, which keeps one time the whole year. */
export function shanghaiDate(at: Instant): string {
  return shanghaiTime(at).slice(0, 10).replaceAll('-', '')
}

/** The first `most` characters, none of them cut in half. */
const cut = (text: string, most: number) => [...text].slice(0, most).join('')

export interface Merchant {
  readonly appId: string
  readonly mchId: string
  readonly notifyUrl: string
  readonly sharesProfit: boolean
}

/** The body of an order. */
export function orderFields(merchant: Merchant, order: CollectOrder): Json {
  return {
    appid: merchant.appId,
    mchid: merchant.mchId,
    description: cut(order.subject, 127),
    out_trade_no: order.reference,
    time_expire: shanghaiTime(order.expiresAt),
    notify_url: merchant.notifyUrl,
    amount: { total: order.amount, currency: order.currency },
    settle_info: merchant.sharesProfit ? { profit_sharing: true } : undefined,
    payer: order.method === 'wechat_jsapi' ? { openid: order.payerId } : undefined,
    scene_info:
      order.method === 'wechat_h5'
        ? { payer_client_ip: order.payerIp, h5_info: { type: 'Wap' } }
        : undefined,
  }
}

/** The body of a refund, of part of an order or all of it. */
export function refundFields(merchant: Merchant, order: RefundOrder): Json {
  return {
    out_trade_no: order.original.reference,
    out_refund_no: order.reference,
    reason: cut(order.reason, 80),
    notify_url: merchant.notifyUrl,
    amount: {
      refund: order.amount,
      total: order.original.amount,
      currency: order.currency,
    },
  }
}

/** The bill's first line. Rows have these columns, each value with a backtick before it. */
export const BILL_COLUMNS = [
  '交易时间',
  '公众账号ID',
  '商户号',
  '特约商户号',
  '设备号',
  '微信订单号',
  '商户订单号',
  '用户标识',
  '交易类型',
  '交易状态',
  '付款银行',
  '货币种类',
  '应结订单金额',
  '代金券金额',
  '微信退款单号',
  '商户退款单号',
  '退款金额',
  '充值券退款金额',
  '退款类型',
  '退款状态',
  '商品名称',
  '商户数据包',
  '手续费',
  '费率',
  '订单金额',
  '申请退款金额',
  '费率备注',
] as const

export type BillColumn = (typeof BILL_COLUMNS)[number]

/** The line before the last, and what each of its sums adds up; the first counts the rows. */
export const BILL_SUMS: readonly (readonly [title: string, column: BillColumn | 'rows'])[] = [
  ['总交易单数', 'rows'],
  ['应结订单总金额', '应结订单金额'],
  ['退款总金额', '退款金额'],
  ['充值券退款总金额', '充值券退款金额'],
  ['手续费总金额', '手续费'],
  ['订单总金额', '订单金额'],
  ['申请退款总金额', '申请退款金额'],
]
