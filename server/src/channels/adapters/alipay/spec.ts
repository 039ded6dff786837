/**
 * Alipay's open gateway (version 1.0, RSA2) as data: methods, the fields we send, and how it writes
 * amounts and times. Source: the public pages of alipay.trade.* at opendocs.alipay.com.
 */
import type { Instant } from '#base'
import { isMoneyRefusal, parseDecimal, toDecimal } from '#money'
import type { CollectOrder, RefundOrder } from '../../payment-channel.ts'

export const METHODS = {
  qr: 'alipay.trade.precreate',
  page: 'alipay.trade.page.pay',
  query: 'alipay.trade.query',
  close: 'alipay.trade.close',
  refund: 'alipay.trade.refund',
  refundQuery: 'alipay.trade.fastpay.refund.query',
  bill: 'alipay.data.dataservice.bill.downloadurl.query',
} as const

export type Method = (typeof METHODS)[keyof typeof METHODS]

export type Content = Readonly<Record<string, string>>

/** How long a payer may open an order at most: a code dies after two hours whatever we ask for. */
export const CODE_LIFE_MS = 2 * 3_600_000

/** Parameters that go into the address; the others go into the form. */
export const IN_ADDRESS: readonly string[] = [
  'app_id',
  'method',
  'charset',
  'sign_type',
  'sign',
  'timestamp',
  'version',
  'notify_url',
  'return_url',
]

/** Minor units as yuan, `12345.60`. */
export const yuan = (amount: bigint): string => toDecimal({ amount, currency: 'CNY' })

/** Minor units of yuan text; `undefined` when it is no amount. */
export function fenOf(text: unknown): bigint | undefined {
  const amount = parseDecimal(text, 'CNY')
  return isMoneyRefusal(amount) ? undefined : amount
}

const SHANGHAI_MS = 8 * 3_600_000

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. */
export function dateTime(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** The instant of such a time; `undefined` when it is none. */
export function instantOf(text: string): Instant | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,3})?$/.exec(text)
  if (match === null) return undefined
  const at = Date.parse(`${match[1]}T${match[2]}+08:00`)
  return Number.isNaN(at) ? undefined : at
}

/** The last moment a payer can pay the order. */
export function deadline({ at, expiresAt }: Pick<CollectOrder, 'at' | 'expiresAt'>): Instant {
  return Math.min(expiresAt, at + CODE_LIFE_MS)
}

/** The fields of an order to collect. */
export function collectContent(order: CollectOrder): Content {
  return {
    out_trade_no: order.reference,
    total_amount: yuan(order.amount),
    subject: order.subject,
    time_expire: dateTime(deadline(order)),
    ...(order.method === 'alipay_page' ? { product_code: 'FAST_INSTANT_TRADE_PAY' } : {}),
  }
}

/** The fields of a refund; `out_request_no` makes it one refund however often it is sent. */
export function refundContent(order: RefundOrder): Content {
  const { reference: original, channelReference } = order.original
  return {
    out_trade_no: original,
    ...(channelReference === '' ? {} : { trade_no: channelReference }),
    refund_amount: yuan(order.amount),
    out_request_no: order.reference,
    refund_reason: order.reason,
  }
}
