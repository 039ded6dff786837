/**
 * Notices of WeChat Pay: first the signature on the bytes as they came, then the seal, then whose it
 * is, then the fields. Never throws, whatever the bytes are.
 */
import type { Instant } from '#base'
import type { Callback, CallbackReply, CallbackRequest } from '../../payment-channel.ts'
import type { NoticeRefusal } from '../../port.ts'
import { refundOutcome, tradeOutcome } from './outcome.ts'
import { judge, type Keys } from './signature.ts'
import { type Fields, fieldsIn, readFields, textOf } from './wire.ts'

const malformed = (what: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `${what} of the notice is missing or malformed.`,
})

const REFUND_EVENTS = ['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED']
const NUMBER = /^[0-9A-Za-z_*|-]{1,64}$/

export function readCallback(
  ours: { readonly keys: Keys; readonly mchId: string; readonly wall: Instant },
  request: CallbackRequest,
): Callback | NoticeRefusal {
  const verdict = judge(ours.keys, request.headers, request.body, ours.wall)
  if (verdict === 'forged') {
    return { refused: 'forged', says: 'The notice is not signed by WeChat Pay.' }
  }
  if (verdict === 'stale') {
    return {
      refused: 'stale',
      says: 'The notice was signed over five minutes ago; sign it afresh.',
    }
  }
  const notice = readFields(request.body)
  const id = textOf(notice, 'id')
  if (notice === undefined || !NUMBER.test(id)) return malformed('The body or id')
  const fields = opened(ours.keys, notice)
  if (fields === undefined) return malformed('The sealed resource')
  if (textOf(fields, 'mchid') !== ours.mchId) {
    return { refused: 'other_pool', says: 'The notice is about a merchant that is not ours.' }
  }
  const event = textOf(notice, 'event_type')
  if (event === 'TRANSACTION.SUCCESS') return tradeCallback(id, fields)
  if (REFUND_EVENTS.includes(event)) return refundCallback(id, fields)
  return { refused: 'unknown_event', says: 'The notice tells of an event that is not known.' }
}

function opened(keys: Keys, notice: Fields): Fields | undefined {
  const resource = fieldsIn(notice.resource)
  if (resource === undefined) return undefined
  const plain = keys.open({
    algorithm: textOf(resource, 'algorithm'),
    nonce: textOf(resource, 'nonce'),
    associated: textOf(resource, 'associated_data'),
    text: textOf(resource, 'ciphertext'),
  })
  return plain === undefined ? undefined : readFields(plain)
}

function tradeCallback(id: string, fields: Fields): Callback | NoticeRefusal {
  const reference = textOf(fields, 'out_trade_no')
  if (!NUMBER.test(reference)) return malformed('out_trade_no')
  const outcome = tradeOutcome(fields)
  if (outcome.amount === undefined) return malformed('amount.total')
  return { kind: 'outcome', id, direction: 'collect', reference, outcome }
}

function refundCallback(id: string, fields: Fields): Callback | NoticeRefusal {
  const reference = textOf(fields, 'out_refund_no')
  if (!NUMBER.test(reference)) return malformed('out_refund_no')
  const outcome = refundOutcome(fields, 'refund_status')
  if (outcome.amount === undefined) return malformed('amount.refund')
  return { kind: 'outcome', id, direction: 'refund', reference, outcome }
}

/** 2xx ends the retries; anything else brings the notice again. */
export function replyTo(taken: boolean): CallbackReply {
  return {
    status: taken ? 200 : 500,
    contentType: 'application/json',
    body: taken ? '{"code":"SUCCESS"}' : '{"code":"FAIL","message":"not taken; send it again"}',
  }
}
