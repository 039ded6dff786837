/**
 * Notices: a form, signed over its decoded parameters. First the signature, then whose it is, then the
 * fields.
 *
 * The one thing to get wrong: a refund is told as a notice of its trade, with `out_biz_no` naming the
 * refund. Read as news of the collection, a whole refund (TRADE_CLOSED) would unsay that it was paid.
 */

import type { Callback, CallbackRequest, PaymentOutcome } from '../../payment-channel.ts'
import type { NoticeRefusal } from '../../port.ts'
import { isNoticeSigned, type Params } from './signature.ts'
import { fenOf, instantOf } from './spec.ts'
import { resultOf, TRADE_STATES } from './status.ts'
import type { Wire } from './wire.ts'

const malformed = (name: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `The parameter ${name} of the notice is missing or malformed.`,
})

/** Reads a notice; never throws, whatever the bytes are. */
export function readCallback(wire: Wire, request: CallbackRequest): Callback | NoticeRefusal {
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'))
  const names = [...form.keys()]
  // Which of two values was signed nobody can say.
  if (new Set(names).size !== names.length) {
    return { refused: 'malformed', says: 'The notice names a parameter twice.' }
  }
  const params: Params = Object.fromEntries(form)
  if (!isNoticeSigned(wire.railKey, params)) {
    return { refused: 'forged', says: 'The notice is not signed by Alipay.' }
  }
  if (params.app_id !== wire.appId || params.seller_id !== wire.sellerId) {
    return { refused: 'other_pool', says: 'The notice is about a merchant that is not ours.' }
  }
  if (params.notify_type !== 'trade_status_sync') {
    return { refused: 'unknown_event', says: 'The notice tells of an event that is not known.' }
  }
  const id = params.notify_id ?? ''
  if (!/^[0-9A-Za-z]{8,128}$/.test(id)) return malformed('notify_id')
  const { out_biz_no: refund = '', out_trade_no: trade = '' } = params
  if (refund !== '' && params.gmt_refund !== undefined) return refundNotice(id, refund, params)
  if (trade === '') return malformed('out_trade_no')
  return tradeNotice(id, trade, params)
}

function tradeNotice(id: string, reference: string, params: Params): Callback | NoticeRefusal {
  const amount = fenOf(params.total_amount)
  if (amount === undefined) return malformed('total_amount')
  const paidAt = params.gmt_payment ?? ''
  const status = params.trade_status ?? ''
  const doneAt = instantOf(paidAt)
  const code = status === 'TRADE_CLOSED' && paidAt !== '' ? `${status} paid` : status
  const outcome: PaymentOutcome = {
    result: resultOf(TRADE_STATES, code),
    code: status,
    message: '',
    amount,
    currency: 'CNY',
    ...(params.trade_no === undefined ? {} : { bankReference: params.trade_no }),
    ...(doneAt === undefined ? {} : { doneAt }),
  }
  return { kind: 'outcome', id, direction: 'collect', reference, outcome }
}

/** `refund_fee` is the sum of all refunds of the trade, so it is not handed on as this one's amount. */
function refundNotice(id: string, reference: string, params: Params): Callback | NoticeRefusal {
  const doneAt = instantOf(params.gmt_refund ?? '')
  if (doneAt === undefined) return malformed('gmt_refund')
  const outcome: PaymentOutcome = {
    result: 'succeeded',
    code: 'REFUND_SUCCESS',
    message: '',
    currency: 'CNY',
    doneAt,
  }
  return { kind: 'outcome', id, direction: 'refund', reference, outcome }
}
