/** Refunds: within a year, at most fifty of one order, a minute apart, out of the merchant's balance. */
import { createHash } from 'node:crypto'
import { type BookOrder, DAY_MS, type MagicEffect, type RailReply } from '../channel/index.ts'
import {
  type Fields,
  fen,
  ok,
  parse,
  REFUND_NUMBER,
  Refusal,
  refused,
  rfc3339,
  text,
  unheardOf,
  within,
} from './messages.ts'
import { feeOf, type WechatRail } from './rail.ts'

const YEAR_MS = 365 * DAY_MS
const GAP_MS = 60_000
const MOST_PARTS = 50
/** From taking a refund to the payer's money. */
const TAKES_MS = 5_000

const REFUND_REFUSALS: Readonly<Partial<Record<MagicEffect, [number, string, string]>>> = {
  merchant_error: [403, 'NO_AUTH', '没有退款权限'],
  bank_refused: [403, 'USER_ACCOUNT_ABNORMAL', '用户账户异常,退款失败'],
  risk_hold: [403, 'RULE_LIMIT', '业务规则限制'],
  insufficient_funds: [403, 'NOT_ENOUGH', '余额不足'],
  over_count: [429, 'FREQUENCY_LIMITED', '频率超限'],
}

/** The fee given back when a refund brings the sum of refunds from `before` to `after`. */
export function feeBack(total: bigint, before: bigint, after: bigint): bigint {
  const fee = feeOf(total)
  const part = (refunded: bigint) => (fee * refunded + total / 2n) / total
  return part(after) - part(before)
}

function originalOf({ ground }: WechatRail, fields: Fields): BookOrder {
  const original =
    fields.transaction_id === undefined
      ? ground.book.find('collect', text(fields, 'out_trade_no'))
      : ground.book.byNumber(text(fields, 'transaction_id'))
  if (original?.kind !== 'collect') throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '订单不存在')
  return original
}

/** Why an order cannot be refunded by so much now. */
function check(rail: WechatRail, original: BookOrder, amount: bigint, total: bigint): void {
  const now = rail.ground.clock.now()
  if (!original.moved || original.back)
    throw new Refusal(400, 'INVALID_REQUEST', '订单状态不允许退款')
  if (total !== original.amount || original.refunded + amount > total) {
    throw new Refusal(400, 'INVALID_REQUEST', '订单金额或退款金额与之前请求不一致,或超过可退金额')
  }
  if (now - original.movedAt > YEAR_MS)
    throw new Refusal(403, 'TRADE_OVERDUE', '订单已经超过退款期限')
  if (original.refunds >= MOST_PARTS) {
    throw new Refusal(400, 'INVALID_REQUEST', '订单已超过最多50次部分退款')
  }
  if (original.refunds > 0 && now - original.refundedAt < GAP_MS) {
    throw new Refusal(429, 'FREQUENCY_LIMITED', '同一笔订单的退款需间隔1分钟')
  }
  if (amount > original.amount - original.refunded - rail.sharedOf(original.reference)) {
    throw new Refusal(403, 'NOT_ENOUGH', '未分账金额不足,请先做分账回退')
  }
  const back = feeBack(original.amount, original.refunded, original.refunded + amount)
  if (amount > rail.ground.book.available() + back) throw new Refusal(403, 'NOT_ENOUGH', '余额不足')
}

export function placeRefund(rail: WechatRail, body: Buffer): RailReply {
  const { ground } = rail
  const fields = parse(body)
  const reference = text(fields, 'out_refund_no', REFUND_NUMBER)
  const money = within(fields, 'amount')
  const amount = fen(money, 'refund')
  const total = fen(money, 'total')
  if (money.currency !== 'CNY') throw new Refusal(400, 'PARAM_ERROR', '参数currency有误')
  const fingerprint = createHash('sha256').update(body).digest('hex')
  const perform = (): RailReply => {
    const known = ground.book.find('refund', reference)
    if (known !== undefined) {
      if (known.fingerprint === fingerprint) return ok(refundFields(rail, known))
      return refused(400, 'ALREADY_EXISTS', '商户退款单号已使用,参数与首次请求不一致')
    }
    try {
      const original = originalOf(rail, fields)
      const effect = ground.magic(amount)
      const refusal = effect === undefined ? undefined : REFUND_REFUSALS[effect]
      if (refusal !== undefined) return refused(...refusal)
      check(rail, original, amount, total)
      const order = ground.takeOrder({
        kind: 'refund',
        reference,
        amount,
        state: 'processing',
        fingerprint,
        original: original.reference,
        end: { result: 'succeeded', afterMs: TAKES_MS },
      })
      return ok(refundFields(rail, order))
    } catch (error) {
      if (error instanceof Refusal) return refused(error.status, error.code, error.message)
      throw error
    }
  }
  return ground.act({ kind: 'refund', reference, amount }, perform, unheardOf)
}

const STATES: Readonly<Partial<Record<BookOrder['state'], string>>> = {
  processing: 'PROCESSING',
  succeeded: 'SUCCESS',
  failed: 'CLOSED',
}

/** A refund as replies and questions tell it. */
export function refundFields(rail: WechatRail, refund: BookOrder): Fields {
  const original = rail.ground.book.find('collect', refund.original!)!
  const [amount, total] = [Number(refund.amount), Number(original.amount)]
  return {
    refund_id: refund.number,
    out_refund_no: refund.reference,
    transaction_id: original.number,
    out_trade_no: original.reference,
    channel: 'ORIGINAL',
    user_received_account: '工商银行借记卡1234',
    ...(refund.state === 'succeeded' ? { success_time: rfc3339(refund.movedAt) } : {}),
    create_time: rfc3339(refund.madeAt),
    status: STATES[refund.state] ?? 'PROCESSING',
    amount: {
      total,
      refund: amount,
      payer_total: total,
      payer_refund: amount,
      settlement_refund: amount,
      settlement_total: total,
      discount_refund: 0,
      currency: 'CNY',
    },
  }
}

export function queryRefund(rail: WechatRail, reference: string): RailReply {
  const refund = rail.ground.visible('refund', reference)
  if (refund === undefined) throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '退款单不存在')
  return ok(refundFields(rail, refund))
}
