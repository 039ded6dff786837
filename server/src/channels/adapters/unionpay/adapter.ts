/**
 * UnionPay behind the port: collection by agreement, refund, payout. Whatever it does not recognise is
 * `unknown`.
 *
 * The one thing to get wrong: a question finds an order only by its number and its time, so `txnTime` is
 * always the order's own `at`, never the time of asking.
 */
import type { Clock, Net } from '#base'
import {
  ASK_AFTER_MS,
  type BankParty,
  type CollectOrder,
  type PaymentAnswer,
  type PaymentChannel,
  type PaymentOutcome,
  type PaymentTiming,
  type PayOrder,
  type Question,
  type RefundOrder,
  type SendOptions,
} from '../../payment-channel.ts'
import { bookOfPaymentReference, paymentReference } from '../../payment-reference.ts'
import type { NotSent } from '../../port.ts'
import { unanswered, unsettled } from '../../unreplied.ts'
import { amountOf, currencyOf, readCallback } from './callback.ts'
import { CAPABILITY } from './capability.ts'
import { downloadFile, feeMonth } from './file.ts'
import { createSigner, type SignatureSettings } from './signature.ts'
import { ACC_TYPE, CURRENCY_NUMBER, type Fields, MESSAGES, TXN_TYPE_OF } from './spec.ts'
import { resultOfOrder, resultOfQuestion, resultOfReply } from './status.ts'
import { field, type Posted, post, shanghai, type Wire } from './wire.ts'

export interface UnionPaySettings {
  /** Unique among the channels of an installation; `unionpay` when absent. */
  readonly name?: string
  /** The gateway, without a slash at the end. */
  readonly url: string
  /** The file server's whole address; `url` and a slash when absent. */
  readonly fileUrl?: string
  /** 15 digits. */
  readonly merId: string
  /** Where UnionPay sends its notices. */
  readonly backUrl: string
  readonly signature: SignatureSettings
  readonly timing?: Partial<PaymentTiming>
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

export const DEFAULT_TIMING: PaymentTiming = {
  sendWithinMs: 5 * SECOND,
  timeoutMs: 10 * SECOND,
  notFoundAfterMs: 30 * MINUTE,
  askAfterMs: ASK_AFTER_MS,
}

const HOUR_MS = 3_600_000

export function unionpay(
  settings: UnionPaySettings,
  world: {
    readonly net: Net
    readonly clock: Pick<Clock, 'now'>
    /** Wall time, for certificates; a test clock does not move it. */
    readonly wall: Pick<Clock, 'now'>
  },
): PaymentChannel {
  const name = settings.name ?? CAPABILITY.channel
  const timing = { ...DEFAULT_TIMING, ...settings.timing }
  const wire: Wire = {
    url: settings.url,
    fileUrl: settings.fileUrl ?? `${settings.url}/`,
    merId: settings.merId,
    signer: createSigner(settings.signature),
    net: world.net,
    clock: world.clock,
    wall: world.wall,
    timeoutMs: timing.timeoutMs,
  }
  const { backUrl } = settings
  const send = async ({ currency }: { readonly currency: string }, posted: Posted) =>
    currency === 'CNY'
      ? outcomeOf(await post(wire, posted))
      : notOffered(`UnionPay moves renminbi here, not ${currency}`)
  return {
    name,
    capability: { ...CAPABILITY, channel: name },
    timing,
    reference: (book, attempt) => paymentReference(book, attempt),
    bookOf: bookOfPaymentReference,
    collect: async (order, options) => {
      const { method, payer } = order
      if (method !== 'collection' || payer === undefined) {
        return notOffered(`UnionPay collects by agreement from a named payer, not by ${method}`)
      }
      return send(order, collectMessage(wire, { ...order, payer }, backUrl, options))
    },
    pay: (order, options) => send(order, payMessage(wire, order, backUrl, options)),
    refund: (order, options) => send(order, refundMessage(order, backUrl, options)),
    query: (question) => query(wire, question),
    parseCallback: (request) => readCallback(wire, request),
    answerCallback: (taken) => ({
      status: taken ? 200 : 500,
      contentType: 'text/plain',
      body: taken ? 'ok' : 'fail',
    }),
    downloadFile: (date) => downloadFile(wire, date),
    // The clearing day runs from 23:00 to 23:00.
    businessDate: (at) => shanghai(at + HOUR_MS).slice(0, 8),
    feeMonthOf: (memo) => feeMonth(settings.merId, memo),
  }
}

/** Nothing was sent, and nothing ever will be under this reference. */
const notOffered = (message: string): PaymentOutcome => ({
  result: 'failed',
  code: 'NOT_OFFERED',
  message,
})

/** Fields every order has. */
const orderFields = (
  order: { reference: string; at: number; amount: bigint },
  backUrl: string,
): Fields => ({
  channelType: '07',
  orderId: order.reference,
  txnTime: shanghai(order.at),
  txnAmt: String(order.amount),
  currencyCode: CURRENCY_NUMBER,
  backUrl,
})

export function collectMessage(
  wire: Wire,
  order: CollectOrder & { readonly payer: BankParty },
  backUrl: string,
  { sendBeforeMono }: SendOptions,
): Posted {
  const fields = { ...orderFields(order, backUrl), ...partyFields(wire, order.payer) }
  return { message: MESSAGES.collect, fields, sendBeforeMono }
}

export function payMessage(
  wire: Wire,
  order: PayOrder,
  backUrl: string,
  { sendBeforeMono }: SendOptions,
): Posted {
  const fields = { ...orderFields(order, backUrl), ...partyFields(wire, order.payee) }
  return { message: MESSAGES.pay, fields, sendBeforeMono }
}

export function refundMessage(
  order: RefundOrder,
  backUrl: string,
  { sendBeforeMono }: SendOptions,
): Posted {
  const fields = {
    ...orderFields(order, backUrl),
    origQryId: order.original.channelReference,
  }
  return { message: MESSAGES.refund, fields, sendBeforeMono }
}

/** A bank account and its holder. With RSA the number and phone are encrypted for UnionPay. */
function partyFields(wire: Wire, party: BankParty): Fields {
  const { encrypt, encryptCertId } = wire.signer
  const account = party.account.reveal('UnionPay: whom to debit or pay')
  const holder = {
    ...(party.idNumber === undefined
      ? {}
      : { certifTp: '01', certifId: party.idNumber.reveal('UnionPay: holder of the account') }),
    customerNm: party.name.reveal('UnionPay: holder of the account'),
  }
  const phone: Record<string, string> =
    party.mobile === undefined
      ? {}
      : { phoneNo: party.mobile.reveal('UnionPay: holder of the account') }
  const whole =
    encrypt === undefined || party.mobile === undefined
      ? { ...holder, ...phone }
      : { ...holder, encryptedInfo: encrypt(joined(phone)) }
  return {
    accType: ACC_TYPE[party.accountType],
    accNo: encrypt === undefined ? account : encrypt(account),
    customerInfo: Buffer.from(`{${joined(whole)}}`).toString('base64'),
    issInsCode: party.bank,
    ...(encryptCertId === undefined ? {} : { encryptCertId }),
  }
}

const joined = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** What the reply to an order is worth: at most that it was accepted. */
function outcomeOf(reply: Awaited<ReturnType<typeof post>>): PaymentOutcome | NotSent {
  if (reply.kind !== 'replied') return unsettled(reply)
  const { code, fields } = reply
  const queryId = field(fields, 'queryId')
  return {
    result: resultOfReply(code),
    code,
    message: field(fields, 'respMsg'),
    ...(queryId === '' ? {} : { bankReference: queryId }),
  }
}

async function query(wire: Wire, question: Question): Promise<PaymentAnswer> {
  const reply = await post(wire, {
    message: MESSAGES.query,
    fields: { orderId: question.reference, txnTime: shanghai(question.at) },
  })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, fields } = reply
  const said = field(fields, 'respMsg')
  const answered = resultOfQuestion(code)
  if (answered !== 'succeeded') return { result: answered, code, message: said }
  const orig = field(fields, 'origRespCode')
  const message = field(fields, 'origRespMsg')
  if (field(fields, 'txnType') !== TXN_TYPE_OF[question.direction]) {
    return { result: 'unknown', code: 'OTHER_ORDER', message: 'the order is of another kind' }
  }
  const result = resultOfOrder(orig)
  const amount = amountOf(field(fields, 'txnAmt'))
  if (result === 'succeeded' && amount === undefined) {
    // It cannot be compared with what was ordered.
    return { result: 'unknown', code: 'NOT_READABLE', message: 'a success without an amount' }
  }
  const queryId = field(fields, 'queryId')
  return {
    result,
    code: orig === '' ? 'NOT_READABLE' : orig,
    message,
    ...(queryId === '' ? {} : { bankReference: queryId }),
    ...(amount === undefined ? {} : { amount }),
    currency: currencyOf(field(fields, 'currencyCode')),
  }
}
