/** What the gateway answers, as data: code, sub_code and a sentence. */
import type { MagicRefusal } from '../channel/index.ts'

export interface GatewayCode {
  readonly code: string
  readonly msg: string
  readonly sub_code?: string
  readonly sub_msg?: string
}

export const OK: GatewayCode = { code: '10000', msg: 'Success' }

const refusal = (sub_code: string, sub_msg: string): GatewayCode => ({
  code: '40004',
  msg: 'Business Failed',
  sub_code,
  sub_msg,
})

const invalid = (sub_code: string, sub_msg: string): GatewayCode => ({
  code: '40002',
  msg: 'Invalid Arguments',
  sub_code,
  sub_msg,
})

export const CODES = {
  badSignature: invalid('isv.invalid-signature', '验签出错'),
  badApp: invalid('isv.invalid-app-id', '无效的AppID参数'),
  badTimestamp: invalid('isv.invalid-timestamp', '非法的时间戳参数'),
  badMethod: invalid('isv.invalid-method', '不存在的方法名'),
  badContent: refusal('ACQ.INVALID_PARAMETER', '参数无效'),
  otherContent: refusal('ACQ.CONTEXT_INCONSISTENT', '交易信息被篡改'),
  paidAlready: refusal('ACQ.TRADE_HAS_SUCCESS', '交易已被支付'),
  closedAlready: refusal('ACQ.TRADE_HAS_CLOSE', '交易已经关闭'),
  noTrade: refusal('ACQ.TRADE_NOT_EXIST', '交易不存在'),
  wrongStatus: refusal('ACQ.TRADE_STATUS_ERROR', '交易状态不合法'),
  otherRepeat: refusal('ACQ.DISCORDANT_REPEAT_REQUEST', '请求信息不一致'),
  refundTooMuch: refusal('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', '退款金额超限'),
  refundTooLate: refusal('ACQ.TRADE_HAS_FINISHED', '交易已完结'),
  sellerShort: refusal('ACQ.SELLER_BALANCE_NOT_ENOUGH', '卖家余额不足'),
  noBill: refusal('isp.bill_not_exist', '账单不存在'),
  strange: refusal('ACQ.NEVER_SEEN_BEFORE', '未知'),
} as const satisfies Record<string, GatewayCode>

/** What magic amounts are refused with. */
export const MAGIC_CODES: Readonly<Record<MagicRefusal, GatewayCode>> = {
  merchant_error: refusal('ACQ.PARTNER_ERROR', 'APP_ID填写错误'),
  bank_refused: refusal('ACQ.PAYMENT_FAIL', '支付失败'),
  risk_hold: refusal('ACQ.PAYMENT_REQUEST_HAS_RISK', '支付有风险'),
  insufficient_funds: refusal('ACQ.BUYER_BALANCE_NOT_ENOUGH', '买家余额不足'),
  over_count: refusal('ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR', '买家付款日限额超限'),
}
