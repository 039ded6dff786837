/** Orders: made by the merchant, paid by a payer, asked about, closed. */
import { createHash } from 'node:crypto'
import type { BookOrder, MagicEffect, RailReply } from '../channel/index.ts'
import {
  done,
  type Fields,
  fen,
  ORDER_NUMBER,
  ok,
  parse,
  Refusal,
  refused,
  rfc3339,
  text,
  unheardOf,
  within,
} from './messages.ts'
import type { WechatRail } from './rail.ts'

type TradeType = 'NATIVE' | 'MWEB' | 'JSAPI'

/** What magic amounts make of an order. */
const ORDER_REFUSALS: Readonly<Partial<Record<MagicEffect, [number, string, string]>>> = {
  merchant_error: [400, 'APPID_MCHID_NOT_MATCH', '商户号和appid没有绑定关系'],
  bank_refused: [403, 'TRADE_ERROR', '交易错误,因业务原因交易失败'],
  risk_hold: [403, 'ACCOUNT_ERROR', '用户账号异常,交易被风控拦截'],
  insufficient_funds: [403, 'NOT_ENOUGH', '用户余额不足'],
  over_count: [403, 'RULE_LIMIT', '用户交易次数超限'],
}

interface Placed {
  readonly type: TradeType
  readonly reference: string
  readonly amount: bigint
  readonly expiresAt: number
  readonly openid: string
  readonly attach: string
  readonly subject: string
  readonly shares: boolean
}

function readOrder(rail: WechatRail, fields: Fields, type: TradeType): Placed {
  if (text(fields, 'mchid') !== rail.options.mchId) {
    throw new Refusal(400, 'MCH_NOT_EXISTS', '商户号不存在')
  }
  if (text(fields, 'appid') !== rail.options.appId) {
    throw new Refusal(400, 'APPID_MCHID_NOT_MATCH', 'appid和mchid不匹配')
  }
  const reference = text(fields, 'out_trade_no', ORDER_NUMBER)
  const subject = text(fields, 'description', /^[\s\S]{1,127}$/u)
  text(fields, 'notify_url', /^https?:\/\/[^\s?]{1,200}$/)
  const money = within(fields, 'amount')
  const amount = fen(money, 'total')
  if ((money.currency ?? 'CNY') !== 'CNY') throw new Refusal(400, 'PARAM_ERROR', '仅支持CNY')
  const openid = type === 'JSAPI' ? text(within(fields, 'payer'), 'openid', /^\S{1,128}$/) : ''
  if (type === 'MWEB') {
    const scene = within(fields, 'scene_info')
    text(scene, 'payer_client_ip', /^[0-9a-fA-F.:]{3,45}$/)
    text(within(scene, 'h5_info'), 'type', /^(Wap|iOS|Android)$/)
  }
  const now = rail.ground.clock.now()
  const expiry =
    fields.time_expire === undefined ? now + 7_200_000 : Date.parse(text(fields, 'time_expire'))
  if (Number.isNaN(expiry) || expiry <= now)
    throw new Refusal(400, 'PARAM_ERROR', '参数time_expire有误')
  return {
    type,
    reference,
    amount,
    expiresAt: expiry,
    openid,
    attach: typeof fields.attach === 'string' ? fields.attach : '',
    subject,
    shares:
      (fields.settle_info as { profit_sharing?: unknown } | undefined)?.profit_sharing === true,
  }
}

const printOf = (type: TradeType, body: Uint8Array) =>
  createHash('sha256').update(`${type}\n`).update(body).digest('hex')

/** What the payer needs: a code, an address, or a prepaid session. */
function placed(order: BookOrder): RailReply {
  switch (order.detail.type) {
    case 'NATIVE':
      return ok({ code_url: `weixin://wxpay/bizpayurl?pr=${order.number.slice(-12)}` })
    case 'MWEB':
      return ok({
        h5_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx${order.number}`,
      })
    default:
      return ok({ prepay_id: `wx${order.number}` })
  }
}

export function placeOrder(rail: WechatRail, type: TradeType, body: Buffer): RailReply {
  const { ground } = rail
  const asked = readOrder(rail, parse(body), type)
  const { reference, amount } = asked
  const perform = (): RailReply => {
    const known = ground.book.find('collect', reference)
    if (known !== undefined) {
      if (known.fingerprint !== printOf(type, body)) {
        return refused(403, 'OUT_TRADE_NO_USED', '商户订单号重复')
      }
      if (known.state === 'succeeded') return refused(400, 'ORDERPAID', '该订单已支付')
      if (known.state !== 'waiting') return refused(400, 'ORDER_CLOSED', '订单已关闭')
      return placed(known)
    }
    const effect = ground.magic(amount)
    const refusal = effect === undefined ? undefined : ORDER_REFUSALS[effect]
    if (refusal !== undefined) return refused(...refusal)
    const order = ground.takeOrder({
      kind: 'collect',
      reference,
      amount,
      state: 'waiting',
      fingerprint: printOf(type, body),
      detail: {
        type,
        openid:
          asked.openid || `o${createHash('sha1').update(reference).digest('hex').slice(0, 27)}`,
        attach: asked.attach,
        subject: asked.subject,
        shares: asked.shares ? 'yes' : 'no',
        expires: String(asked.expiresAt),
      },
    })
    expireLater(rail, order)
    return placed(order)
  }
  return ground.act({ kind: 'collect', reference, amount }, perform, unheardOf)
}

/** Nobody can pay an order after its time; it counts as closed then. */
export function expireLater({ ground }: WechatRail, order: BookOrder): void {
  ground.clock.add(Number(order.detail.expires), () => {
    if (order.state === 'waiting') ground.close(order)
  })
}

const STATES: Readonly<Record<BookOrder['state'], [string, string]>> = {
  waiting: ['NOTPAY', '订单未支付'],
  processing: ['USERPAYING', '用户支付中'],
  succeeded: ['SUCCESS', '支付成功'],
  failed: ['PAYERROR', '支付失败'],
  closed: ['CLOSED', '订单已关闭'],
  returned: ['REFUND', '转入退款'],
}

/** An order as questions and notices tell it. `amount`: what to say it was. */
export function tradeFields(rail: WechatRail, order: BookOrder, amount = order.amount): Fields {
  const { appId: appid, mchId: mchid } = rail.options
  const refunded = order.state === 'succeeded' && order.refunded > 0n
  const [state, says] = STATES[refunded ? 'returned' : order.state]
  const common = { appid, mchid, out_trade_no: order.reference, attach: order.detail.attach }
  const told = { trade_state: state, trade_state_desc: says }
  const total = Number(amount)
  if (order.state !== 'succeeded') {
    return { ...common, ...told, amount: { total, currency: 'CNY' } }
  }
  return {
    ...common,
    transaction_id: order.number,
    trade_type: order.detail.type,
    ...told,
    bank_type: 'ICBC_DEBIT',
    success_time: rfc3339(order.movedAt),
    payer: { openid: order.detail.openid },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
  }
}

export function queryOrder(rail: WechatRail, order: BookOrder | undefined, mchid: string | null) {
  if (mchid !== rail.options.mchId) throw new Refusal(400, 'MCH_NOT_EXISTS', '商户号不存在')
  const seen = order && rail.ground.visible('collect', order.reference)
  if (seen === undefined) throw new Refusal(404, 'ORDER_NOT_EXIST', '订单不存在')
  return ok(tradeFields(rail, seen))
}

export function closeOrder(rail: WechatRail, reference: string, body: Buffer): RailReply {
  const order = rail.ground.visible('collect', reference)
  if (text(parse(body), 'mchid') !== rail.options.mchId) {
    throw new Refusal(400, 'MCH_NOT_EXISTS', '商户号不存在')
  }
  if (order === undefined) throw new Refusal(404, 'ORDER_NOT_EXIST', '订单不存在')
  if (order.state === 'succeeded') throw new Refusal(400, 'ORDERPAID', '订单已支付,不能关闭')
  if (order.state === 'waiting') rail.ground.close(order)
  return done()
}
