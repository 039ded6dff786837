/** Notices: a resource sealed under the APIv3 key, in an envelope signed with the rail's key. */
import { randomBytes } from 'node:crypto'
import { type NoticeBytes, type Told, wallNow } from '../channel/index.ts'
import type { Fields } from './messages.ts'
import { rfc3339 } from './messages.ts'
import { tradeFields } from './orders.ts'
import type { WechatRail } from './rail.ts'

interface Notice {
  readonly event: string
  readonly says: string
  readonly type: 'transaction' | 'refund'
  readonly fields: Fields
}

export function printNotice(rail: WechatRail, told: Told): NoticeBytes | undefined {
  const notice = noticeOf(rail, told)
  if (notice === undefined) return undefined
  const sealed = rail.keys.seal(JSON.stringify(notice.fields), notice.type)
  const body = JSON.stringify({
    id: told.id,
    create_time: rfc3339(told.order.movedAt),
    resource_type: 'encrypt-resource',
    event_type: notice.event,
    summary: notice.says,
    resource: { original_type: notice.type, ...sealed },
  })
  return { headers: signature(rail, Buffer.from(body), told.forged), body }
}

/** Headers of a reply or notice. */
export function signature(rail: WechatRail, body: Uint8Array, forged = false) {
  const { keys } = rail
  const timestamp = String(Math.floor(wallNow() / 1000))
  const nonce = randomBytes(16).toString('hex').toUpperCase()
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  return {
    'content-type': 'application/json; charset=utf-8',
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': keys.serial,
    'Wechatpay-Signature': forged ? keys.forge(message) : keys.sign(message),
    'Wechatpay-Signature-Type': keys.type,
  }
}

function noticeOf(rail: WechatRail, { order, event, amount }: Told): Notice | undefined {
  if (order.kind === 'collect' && event === 'succeeded') {
    const fields = tradeFields(rail, order, amount)
    // A notice tells of the payment, even when a refund has begun since.
    const paid = { ...fields, trade_state: 'SUCCESS', trade_state_desc: '支付成功' }
    return { event: 'TRANSACTION.SUCCESS', says: '支付成功', type: 'transaction', fields: paid }
  }
  if (order.kind !== 'refund' || (event !== 'succeeded' && event !== 'failed')) return undefined
  const original = rail.ground.book.find('collect', order.original!)!
  const [total, refund] = [Number(original.amount), Number(amount)]
  const state = event === 'succeeded' ? 'SUCCESS' : 'CLOSED'
  return {
    event: `REFUND.${state}`,
    says: event === 'succeeded' ? '退款成功' : '退款关闭',
    type: 'refund',
    fields: {
      mchid: rail.options.mchId,
      transaction_id: original.number,
      out_trade_no: original.reference,
      refund_id: order.number,
      out_refund_no: order.reference,
      refund_status: state,
      ...(event === 'succeeded' ? { success_time: rfc3339(order.movedAt) } : {}),
      user_received_account: '工商银行借记卡1234',
      amount: { total, refund, payer_total: total, payer_refund: refund },
    },
  }
}
