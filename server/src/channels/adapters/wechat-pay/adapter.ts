/**
 * WeChat Pay behind the port of payment channels: builds, signs and sends its messages, and tells its
 * answers in the port's words. Whatever it does not recognise is `unknown`.
 *
 * The one thing to get wrong: 200 to an order means that the payer may pay, and 200 to a refund that
 * it was taken. What became of them is told by question, notice or bill.
 */
import { createHash } from 'node:crypto'
import type { Clock, Net, Rng } from '#base'
import {
  ASK_AFTER_MS,
  type ChannelFile,
  type ChannelFileProblem,
  type CollectOrder,
  type PayerAction,
  type PaymentAnswer,
  type PaymentChannel,
  type PaymentOutcome,
  type PaymentTiming,
  type Question,
  type RefundOrder,
  type SendOptions,
} from '../../payment-channel.ts'
import { bookOfPaymentReference, paymentReference } from '../../payment-reference.ts'
import type { NotSent } from '../../port.ts'
import { unanswered, unsettled } from '../../unreplied.ts'
import { readBill } from './bill.ts'
import { readCallback, replyTo } from './callback.ts'
import { capabilityOf } from './capability.ts'
import { refundOutcome, tradeOutcome } from './outcome.ts'
import { type ProfitSharing, profitSharing } from './profit-sharing.ts'
import { readKeys, type SchemeKeys, signedMessage } from './signature.ts'
import {
  METHODS,
  orderFields,
  PATHS,
  refundFields,
  shanghaiDate,
  type WechatMethod,
} from './spec.ts'
import { isNotFound, resultOf } from './status.ts'
import { call, exchange, nonce, textOf, type Wire, type WireReply } from './wire.ts'

export interface WechatPaySettings extends SchemeKeys {
  /** `wechat-pay` when absent. */
  readonly name?: string
  /** Without a slash at the end. */
  readonly url: string
  readonly appId: string
  readonly mchId: string
  /** Where notices are to go. */
  readonly notifyUrl: string
  /** Marks every order as one whose money may be shared; it is frozen until it is unfrozen. */
  readonly sharesProfit?: boolean
  readonly timing?: Partial<PaymentTiming>
}

export interface WechatPayWorld {
  readonly net: Net
  readonly rng: Rng
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for signatures; a test clock does not move it. */
  readonly wall: Pick<Clock, 'now'>
}

export interface WechatPayChannel extends PaymentChannel {
  readonly profitSharing: ProfitSharing
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

export const DEFAULT_TIMING: PaymentTiming = {
  sendWithinMs: 5 * SECOND,
  timeoutMs: 10 * SECOND,
  notFoundAfterMs: 10 * MINUTE,
  askAfterMs: ASK_AFTER_MS,
}

/** Sets the channel up. Throws a sentence when a key is not what it should be. */
export function wechatPay(settings: WechatPaySettings, world: WechatPayWorld): WechatPayChannel {
  const name = settings.name ?? 'wechat-pay'
  const timing = { ...DEFAULT_TIMING, ...settings.timing }
  const { appId, mchId, notifyUrl, sharesProfit = false } = settings
  const wire: Wire = {
    url: settings.url,
    merchant: { appId, mchId, notifyUrl, sharesProfit },
    keys: readKeys(settings),
    ...world,
    timeoutMs: timing.timeoutMs,
  }
  return {
    name,
    capability: capabilityOf(name),
    timing,
    reference: paymentReference,
    bookOf: bookOfPaymentReference,
    collect: (order, options) => collect(wire, order, options),
    refund: (order, options) => refund(wire, order, options),
    query: (question) => query(wire, question),
    close: (question) => close(wire, question),
    parseCallback: (request) =>
      readCallback({ keys: wire.keys, mchId, wall: wire.wall.now() }, request),
    answerCallback: replyTo,
    downloadFile: (date) => downloadBill(wire, date),
    businessDate: shanghaiDate,
    profitSharing: profitSharing(wire),
  }
}

const failed = (code: string, message: string): PaymentOutcome => ({
  result: 'failed',
  code,
  message,
})

/** What a reply that is no plain success is worth. */
function refusalOf(
  table: 'order_error' | 'refund_error',
  reply: WireReply,
): PaymentOutcome | NotSent {
  if (reply.kind !== 'replied') return unsettled(reply)
  return { result: resultOf(table, reply.code), code: reply.code, message: reply.message }
}

const isMethod = (method: string): method is WechatMethod =>
  (METHODS as readonly string[]).includes(method)

async function collect(
  wire: Wire,
  order: CollectOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  const { method } = order
  if (!isMethod(method)) return failed('METHOD_NOT_OFFERED', `WeChat Pay has no ${method}`)
  if (method === 'wechat_jsapi' && !order.payerId) {
    return failed('PAYER_ID_MISSING', 'Give the payer’s openid with the order.')
  }
  if (method === 'wechat_h5' && !order.payerIp) {
    return failed('PAYER_IP_MISSING', 'Give the payer’s network address with the order.')
  }
  const fields = orderFields(wire.merchant, order)
  const reply = await exchange(wire, {
    method: 'POST',
    path: PATHS[method],
    fields,
    sendBeforeMono,
  })
  if (reply.kind !== 'replied' || reply.code !== '') return refusalOf('order_error', reply)
  const payerAction = actionOf(wire, method, reply.fields)
  if (payerAction === undefined) {
    return { result: 'unknown', code: 'NOT_READABLE', message: 'the reply does not say how to pay' }
  }
  return { result: 'accepted', code: 'ORDERED', message: '', payerAction }
}

function actionOf(
  wire: Wire,
  method: WechatMethod,
  fields: Readonly<Record<string, unknown>>,
): PayerAction | undefined {
  switch (method) {
    case 'wechat_native': {
      const value = textOf(fields, 'code_url')
      return value === '' ? undefined : { kind: 'qr_code', value }
    }
    case 'wechat_h5': {
      const value = textOf(fields, 'h5_url')
      return value === '' ? undefined : { kind: 'redirect', value }
    }
    case 'wechat_jsapi': {
      const prepay = textOf(fields, 'prepay_id')
      return prepay === '' ? undefined : { kind: 'parameters', value: payParameters(wire, prepay) }
    }
  }
}

/** What the payer's WeChat wants, signed by us: app, time, nonce and package in lines. */
function payParameters(wire: Wire, prepayId: string): string {
  const timeStamp = String(Math.floor(wire.wall.now() / SECOND))
  const nonceStr = nonce(wire)
  const pack = `prepay_id=${prepayId}`
  const { appId } = wire.merchant
  const paySign = wire.keys.sign(signedMessage([appId, timeStamp, nonceStr], Buffer.from(pack)))
  const { signType } = wire.keys
  return JSON.stringify({ appId, timeStamp, nonceStr, package: pack, signType, paySign })
}

async function refund(
  wire: Wire,
  order: RefundOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  const fields = refundFields(wire.merchant, order)
  const request = { method: 'POST', path: PATHS.refunds, fields, sendBeforeMono } as const
  const reply = await exchange(wire, request)
  if (reply.kind !== 'replied' || reply.code !== '') return refusalOf('refund_error', reply)
  if (textOf(reply.fields, 'out_refund_no') !== order.reference) return OTHER_REFERENCE
  return refundOutcome(reply.fields, 'status')
}

const OTHER_REFERENCE: PaymentOutcome = {
  result: 'unknown',
  code: 'OTHER_REFERENCE',
  message: 'the reply is about another order',
}

async function query(wire: Wire, { direction, reference }: Question): Promise<PaymentAnswer> {
  if (direction === 'pay') {
    return { result: 'unknown', code: 'METHOD_NOT_OFFERED', message: 'WeChat Pay pays nobody' }
  }
  const path =
    direction === 'refund'
      ? `${PATHS.refunds}/${reference}`
      : `${PATHS.order(reference)}?mchid=${wire.merchant.mchId}`
  const reply = await exchange(wire, { method: 'GET', path })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, message, fields, status } = reply
  if (code !== '') {
    const result = status === 404 && isNotFound(code) ? 'not_found' : 'unknown'
    return { result, code, message }
  }
  if (direction === 'refund') {
    if (textOf(fields, 'out_refund_no') !== reference) return OTHER_REFERENCE
    return refundOutcome(fields, 'status')
  }
  const ours =
    textOf(fields, 'out_trade_no') === reference && textOf(fields, 'mchid') === wire.merchant.mchId
  return ours ? tradeOutcome(fields) : OTHER_REFERENCE
}

async function close(wire: Wire, { direction, reference }: Question) {
  if (direction !== 'collect') {
    const message = 'only an order that nobody has paid can be closed'
    return { result: 'unknown', code: 'METHOD_NOT_OFFERED', message } as const
  }
  const path = `${PATHS.order(reference)}/close`
  const fields = { mchid: wire.merchant.mchId }
  const reply = await exchange(wire, { method: 'POST', path, fields })
  if (reply.kind !== 'replied') return unsettled(reply)
  if (reply.code === '') return { result: 'accepted', code: 'CLOSED', message: '' } as const
  // Whatever a refusal to close says, the order may have been paid: the question tells.
  return { result: 'unknown', code: reply.code, message: reply.message } as const
}

/** The text of the transfer by which a day is settled. */
const settlementReference = (mchId: string, date: string) => `WXPAY${mchId}-${date}`

/** Codes of a bill that is not there: not made yet, and no movement on that day. */
const BILL_NOT_READY = 'STATEMENT_CREATING'
const BILL_EMPTY = 'NO_STATEMENT_EXIST'

async function downloadBill(wire: Wire, date: string): Promise<ChannelFile | ChannelFileProblem> {
  const day = /^(\d{4})(\d{2})(\d{2})$/.exec(date)
  if (day === null) return { problem: 'refused', says: `${date} is not a date as yyyymmdd` }
  const path = `${PATHS.bill}?bill_date=${day.slice(1).join('-')}&bill_type=ALL`
  const reply = await exchange(wire, { method: 'GET', path })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  const says = `${reply.code} ${reply.message}`
  const { mchId } = wire.merchant
  const reference = settlementReference(mchId, date)
  if (reply.code === BILL_NOT_READY) return { problem: 'not_ready', says }
  if (reply.code === BILL_EMPTY) return emptyBill(date, reference)
  if (reply.status >= 500) return { problem: 'unreachable', says }
  if (reply.code !== '') return { problem: 'refused', says }
  const got = await fileOf(wire, reply.fields)
  if ('problem' in got) return got
  const context = { date, mchId, currency: 'CNY', settlementReference: reference }
  return readBill(got.bytes, context)
}

function emptyBill(date: string, reference: string): ChannelFile {
  const hash = createHash('sha256').update('').digest('hex')
  return { date, currency: 'CNY', rows: [], hash, settled: 0n, settlementReference: reference }
}

/** Fetches the file a reply points to; its hash stands in that reply, which is signed. */
async function fileOf(
  wire: Wire,
  fields: Readonly<Record<string, unknown>>,
): Promise<{ readonly bytes: Uint8Array } | ChannelFileProblem> {
  const address = textOf(fields, 'download_url')
  const url = URL.canParse(address) ? new URL(address) : undefined
  // The host is the one we are set up with, whatever the reply says.
  if (url?.pathname !== PATHS.billFile || textOf(fields, 'hash_type') !== 'SHA1') {
    return { problem: 'refused', says: 'the reply names no file, or a hash that is not SHA1' }
  }
  const reply = await call(wire, { method: 'GET', path: url.pathname + url.search })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  if (reply.status !== 200) {
    return { problem: 'unreachable', says: `HTTP ${reply.status} instead of the file` }
  }
  const hash = createHash('sha1').update(reply.body).digest('hex')
  if (hash !== textOf(fields, 'hash_value').toLowerCase()) {
    const says = 'row 1, column 交易时间: the file is not the one whose hash was announced'
    return { problem: 'refused', says }
  }
  return { bytes: reply.body }
}
