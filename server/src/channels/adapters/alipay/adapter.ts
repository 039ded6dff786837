/**
 * Alipay behind the port of payment channels: builds and signs calls of the open gateway, and tells its
 * answers in the port's words. Whatever it does not recognise is `unknown`.
 *
 * The one thing to know: a precreated order is no trade until a payer opens it. The gateway says
 * "no such trade" of it although its code can still be paid, so closing it proves nothing before the
 * code has died.
 */
import type { Clock, Net, Rng } from '#base'
import { readRsaPrivateKey, readRsaPublicKey } from '#vault'
import {
  ASK_AFTER_MS,
  type ChannelFile,
  type ChannelFileProblem,
  type CollectOrder,
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
import { readCallback } from './callback.ts'
import { capability } from './capability.ts'
import {
  CODE_LIFE_MS,
  collectContent,
  dateTime,
  fenOf,
  instantOf,
  METHODS,
  refundContent,
} from './spec.ts'
import {
  COLLECT_REPLIES,
  NO_BILL,
  NO_TRADE,
  OK,
  REFUND_REPLIES,
  REFUND_STATES,
  resultOf,
  TRADE_STATES,
} from './status.ts'
import { call, signedRequest, type Wire } from './wire.ts'

export interface AlipaySettings {
  /** `alipay` when absent. */
  readonly name?: string
  /** Such as `https://openapi.alipay.com/gateway.do`. */
  readonly gateway: string
  readonly appId: string
  /** 2088…, whose notices and bills are ours. */
  readonly sellerId: string
  readonly privateKeyPem: string
  readonly alipayPublicKeyPem: string
  /** Where Alipay sends its notices. */
  readonly notifyUrl: string
  readonly timing?: Partial<PaymentTiming>
}

export interface AlipayWorld {
  readonly net: Net
  readonly rng: Rng
  readonly clock: Pick<Clock, 'now' | 'mono'>
  /** Wall time, for the timestamp of calls; a test clock does not move it. */
  readonly wall: Pick<Clock, 'now'>
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

const TIMING: PaymentTiming = {
  sendWithinMs: 5 * SECOND,
  timeoutMs: 10 * SECOND,
  notFoundAfterMs: 15 * MINUTE,
  askAfterMs: ASK_AFTER_MS,
}

/** Sets the channel up. Throws a sentence when a key is not what it should be. */
export function alipay(settings: AlipaySettings, world: AlipayWorld): PaymentChannel {
  const timing = { ...TIMING, ...settings.timing }
  const name = settings.name ?? 'alipay'
  const wire: Wire = {
    gateway: settings.gateway,
    appId: settings.appId,
    sellerId: settings.sellerId,
    notifyUrl: settings.notifyUrl,
    ourKey: readRsaPrivateKey(settings.privateKeyPem),
    railKey: readRsaPublicKey(settings.alipayPublicKeyPem),
    net: world.net,
    clock: world.clock,
    wall: world.wall,
    timeoutMs: timing.timeoutMs,
  }
  return {
    name,
    capability: capability(name),
    timing,
    reference: (book, attempt) => paymentReference(book, attempt),
    bookOf: bookOfPaymentReference,
    collect: (order, options) => collect(wire, order, options),
    refund: (order, options) => refund(wire, order, options),
    query: (question) =>
      question.direction === 'refund' ? queryRefund(wire, question) : queryTrade(wire, question),
    close: (question) => close(wire, question),
    parseCallback: (request) => readCallback(wire, request),
    answerCallback: (taken) => ({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      body: taken ? 'success' : 'failure',
    }),
    downloadFile: (date) => downloadBill(wire, date),
    businessDate: (at) => dateTime(at).slice(0, 10).replaceAll('-', ''),
  }
}

const notTaken = (what: string): PaymentOutcome => ({
  result: 'failed',
  code: 'NOT_TAKEN',
  message: `Alipay does not take ${what}`,
})

async function collect(
  wire: Wire,
  order: CollectOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  if (order.currency !== 'CNY') return notTaken(order.currency)
  const content = collectContent(order)
  if (order.method === 'alipay_page') {
    // The payer's browser carries this order, so our own clock is the only one that can stop it.
    if (wire.clock.mono() >= sendBeforeMono) {
      return { result: 'not_sent', message: 'the time to send had passed' }
    }
    const { url, fields } = signedRequest(wire, METHODS.page, content, true)
    const value = JSON.stringify({ method: 'POST', action: url, fields })
    const payerAction = { kind: 'form', value } as const
    return { result: 'accepted', code: 'FORM_MADE', message: '', payerAction }
  }
  if (order.method !== 'alipay_qr') return notTaken(order.method)
  const reply = await call(wire, METHODS.qr, content, { sendBeforeMono, notify: true })
  if (reply.kind !== 'replied') return unsettled(reply)
  const result = resultOf(COLLECT_REPLIES, reply.code)
  const outcome = { result, code: reply.code, message: reply.message }
  if (result !== 'accepted') return outcome
  const { out_trade_no: reference, qr_code: value = '' } = reply.fields
  if (reference !== order.reference || value === '') return notReadable('qr_code')
  return { ...outcome, payerAction: { kind: 'qr_code', value } }
}

async function refund(
  wire: Wire,
  order: RefundOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  if (order.currency !== 'CNY') return notTaken(order.currency)
  const reply = await call(wire, METHODS.refund, refundContent(order), { sendBeforeMono })
  if (reply.kind !== 'replied') return unsettled(reply)
  const { code, message, fields } = reply
  if (code !== OK) return { result: resultOf(REFUND_REPLIES, code), code, message }
  if (fields.out_trade_no !== order.original.reference) return notReadable('out_trade_no')
  const result = resultOf(REFUND_REPLIES, `${code} ${fields.fund_change ?? ''}`)
  return { result, code, message, ...bankReference(fields.trade_no) }
}

async function queryTrade(wire: Wire, question: Question): Promise<PaymentAnswer> {
  const reply = await call(wire, METHODS.query, { out_trade_no: question.reference })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, message, fields } = reply
  if (code === NO_TRADE) return { result: 'not_found', code, message }
  if (code !== OK) return { result: 'unknown', code, message }
  if (fields.out_trade_no !== question.reference) return notReadable('out_trade_no')
  const amount = fenOf(fields.total_amount)
  if (amount === undefined) return notReadable('total_amount')
  const { trade_status: status = '', send_pay_date: paid = '' } = fields
  const state = status === 'TRADE_CLOSED' && paid !== '' ? `${status} paid` : status
  const doneAt = instantOf(paid)
  return {
    result: resultOf(TRADE_STATES, state),
    code: status,
    message,
    amount,
    currency: 'CNY',
    ...bankReference(fields.trade_no),
    ...(doneAt === undefined ? {} : { doneAt }),
  }
}

/** A refund Alipay does not know is answered with success and no word about a refund. */
async function queryRefund(wire: Wire, question: Question): Promise<PaymentAnswer> {
  if (question.original === undefined) {
    return { result: 'unknown', code: 'NO_ORIGINAL', message: 'the collection is not named' }
  }
  const reply = await call(wire, METHODS.refundQuery, {
    out_trade_no: question.original.reference,
    out_request_no: question.reference,
  })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, message, fields } = reply
  if (code === NO_TRADE) return { result: 'not_found', code, message }
  if (code !== OK) return { result: 'unknown', code, message }
  const { out_request_no: request, refund_status: status } = fields
  if (request === undefined && status === undefined) {
    return { result: 'not_found', code: 'NO_REFUND', message: 'Alipay tells of no such refund' }
  }
  if (request !== question.reference || status === undefined) return notReadable('out_request_no')
  const amount = fenOf(fields.refund_amount)
  if (amount === undefined) return notReadable('refund_amount')
  const doneAt = instantOf(fields.gmt_refund_pay ?? '')
  return {
    result: resultOf(REFUND_STATES, status),
    code: status,
    message,
    amount,
    currency: 'CNY',
    ...bankReference(fields.trade_no),
    ...(doneAt === undefined ? {} : { doneAt }),
  }
}

async function close(wire: Wire, question: Question): Promise<PaymentOutcome | NotSent> {
  const reply = await call(wire, METHODS.close, { out_trade_no: question.reference })
  if (reply.kind !== 'replied') return unsettled(reply)
  const { code, message } = reply
  if (code === OK) return { result: 'accepted', code, message }
  const dead = wire.clock.now() > question.at + CODE_LIFE_MS + MINUTE
  if (code === NO_TRADE && dead) {
    return { result: 'accepted', code, message: 'nobody opened it, and its code has died' }
  }
  return { result: 'unknown', code, message }
}

async function downloadBill(wire: Wire, date: string): Promise<ChannelFile | ChannelFileProblem> {
  const billDate = date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  const reply = await call(wire, METHODS.bill, { bill_type: 'trade', bill_date: billDate })
  if (reply.kind === 'not_sent') return { problem: 'unreachable', says: reply.why }
  if (reply.kind === 'unknown') {
    const garbled = reply.code === 'BAD_SIGNATURE' || reply.code === 'NOT_READABLE'
    return { problem: garbled ? 'refused' : 'unreachable', says: reply.why }
  }
  if (reply.code === NO_BILL) return { problem: 'not_ready', says: reply.message }
  const url = reply.fields.bill_download_url ?? ''
  if (reply.code !== OK || url === '') {
    return { problem: 'refused', says: `${reply.code} ${reply.message}` }
  }
  const got = await wire.net.call({ method: 'GET', url, timeoutMs: wire.timeoutMs })
  if (got.kind !== 'replied') return { problem: 'unreachable', says: got.why }
  if (got.status !== 200) return { problem: 'refused', says: `HTTP ${got.status} for the bill` }
  return readBill(got.body, date, wire.sellerId)
}

const bankReference = (number: string | undefined) =>
  number === undefined ? {} : { bankReference: number }

const notReadable = (name: string) =>
  ({ result: 'unknown', code: 'NOT_READABLE', message: `${name} is not as agreed` }) as const
