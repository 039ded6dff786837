/** Notices: a signed form. A refund is told as a notice of its trade with `out_biz_no` naming it. */
import { createHash } from 'node:crypto'
import { type RailGround, type Told, yuan } from '../channel/index.ts'
import { type KeyObject, type Params, signText, sortedText } from './signature.ts'
import { dateTime } from './yuan.ts'

export interface NoticeFacts {
  readonly appId: string
  readonly sellerId: string
  readonly key: KeyObject
  readonly forger: () => KeyObject
  /** Asked late: the ground is made with these facts in hand. */
  readonly ground: () => RailGround
}

export function printNotice(facts: NoticeFacts, told: Told) {
  const params = paramsOf(facts, told)
  if (params === undefined) return undefined
  const key = told.forged ? facts.forger() : facts.key
  const sign = signText(key, sortedText(params, ['sign', 'sign_type']))
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ ...params, sign_type: 'RSA2', sign }).toString(),
  }
}

function paramsOf(facts: NoticeFacts, { order, event, amount, id }: Told): Params | undefined {
  const { book, clock } = facts.ground()
  if (event !== 'succeeded' && event !== 'closed') return undefined
  const refund = order.kind === 'refund'
  const trade = refund ? book.find('collect', order.original ?? '') : order
  if (trade === undefined || (event === 'closed' && refund)) return undefined
  const whole = trade.refunded === trade.amount
  const total = refund ? trade.amount : amount
  const closed = event === 'closed' || (refund && whole)
  return {
    app_id: facts.appId,
    auth_app_id: facts.appId,
    charset: 'utf-8',
    version: '1.0',
    notify_type: 'trade_status_sync',
    notify_id: noticeId(id),
    notify_time: dateTime(clock.now()),
    seller_id: facts.sellerId,
    buyer_id: '2088102116773037',
    out_trade_no: trade.reference,
    trade_no: trade.number,
    trade_status: closed ? 'TRADE_CLOSED' : 'TRADE_SUCCESS',
    total_amount: yuan(total),
    receipt_amount: yuan(total),
    subject: trade.detail.subject ?? '',
    gmt_create: dateTime(trade.madeAt),
    ...(trade.moved ? { gmt_payment: dateTime(refund ? trade.movedAt : order.movedAt) } : {}),
    ...(refund
      ? {
          out_biz_no: order.reference,
          refund_fee: yuan(trade.refunded),
          gmt_refund: `${dateTime(order.movedAt)}.000`,
        }
      : {}),
    ...(event === 'closed' ? { gmt_close: dateTime(order.movedAt) } : {}),
  }
}

const noticeId = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 34)
