/** The ways to pay in the sandbox, and the amounts whose last two digits decide what happens. */
import type { RailName } from '../rails/names.ts'

export interface Way {
  readonly method: string
  readonly channel: string
  /** At which rail the payer pays. */
  readonly rail: RailName
  readonly en: string
  readonly zh: string
}

/** By channel; the first of a channel is taken when only the channel is named. */
export const WAYS: readonly Way[] = [
  {
    ...{ method: 'wechat_native', channel: 'wechat-pay', rail: 'wechat-pay' },
    ...{ en: 'WeChat Pay, code on a screen', zh: '微信扫码支付' },
  },
  {
    ...{ method: 'wechat_h5', channel: 'wechat-pay', rail: 'wechat-pay' },
    ...{ en: 'WeChat Pay from a browser', zh: '微信 H5 支付' },
  },
  {
    ...{ method: 'wechat_jsapi', channel: 'wechat-pay', rail: 'wechat-pay' },
    ...{ en: 'WeChat Pay inside WeChat', zh: '微信公众号、小程序支付' },
  },
  {
    ...{ method: 'alipay_qr', channel: 'alipay', rail: 'alipay' },
    ...{ en: 'Alipay, code on a screen', zh: '支付宝扫码支付' },
  },
  {
    ...{ method: 'alipay_page', channel: 'alipay', rail: 'alipay' },
    ...{ en: 'Alipay on a web page', zh: '支付宝网页支付' },
  },
  {
    ...{ method: 'collection', channel: 'unionpay', rail: 'unionpay' },
    ...{ en: 'debit by agreement over UnionPay', zh: '银联代收' },
  },
  {
    ...{ method: 'bank_transfer', channel: 'offline-transfer', rail: 'bank-direct' },
    ...{ en: 'transfer by the payer’s own bank', zh: '线下银行转账' },
  },
]

export interface MagicAmount {
  /** The last two digits of the amount. */
  readonly digits: string
  readonly en: string
  readonly zh: string
  /** Class of the failure the payer reads about; a rail without a code for it has another. */
  readonly letter?: string
}

/** What the last two digits do at every rail. Bank transfers know no magic. */
export const MAGIC: readonly MagicAmount[] = [
  { digits: '03', letter: 'M', en: 'our contract with the rail is wrong', zh: '商户配置错误' },
  { digits: '05', letter: 'B', en: 'the payer’s bank refuses', zh: '银行拒绝' },
  { digits: '13', en: 'paid; the rail tells it three times', zh: '支付成功,通知重复三次' },
  { digits: '34', letter: 'R', en: 'stopped by risk control', zh: '风控拦截' },
  { digits: '51', letter: 'F', en: 'not enough money', zh: '余额不足' },
  { digits: '65', letter: 'L', en: 'too many payments today', zh: '超过当日次数' },
  { digits: '68', en: 'paid; the notice is lost, we ask within 15 s', zh: '支付成功,通知丢失' },
  {
    digits: '77',
    en: 'the rail answers with a code nobody knows: unknown until it tells the outcome',
    zh: '未知返回码,待渠道告知结果',
  },
  {
    digits: '96',
    en: 'no answer; succeeds after 20 s, known when we ask again',
    zh: '超时,20 秒后成功',
  },
  {
    digits: '99',
    en: 'no answer, ever; the rail says "not found" to every question',
    zh: '超时,始终查无此单',
  },
]

/** What an amount, in fen, makes happen. */
export function magicOf(amount: bigint): MagicAmount | undefined {
  const digits = String(amount % 100n).padStart(2, '0')
  return MAGIC.find((each) => each.digits === digits)
}

/** The lines of `tenon pay --list`. */
export function listWays(): string[] {
  const ways = WAYS.map(
    ({ method, channel, en, zh }) => `  ${method.padEnd(15)} ${channel.padEnd(17)} ${en} · ${zh}`,
  )
  const amounts = MAGIC.map(
    ({ digits, en, zh, letter }) =>
      `  *.${digits}  ${letter === undefined ? ' ' : letter}  ${en} · ${zh}`,
  )
  return [
    'Methods, and the channel each goes over',
    ...ways,
    '',
    'Amounts: the last two digits decide, at every rail but for bank transfers',
    ...amounts,
    '  other      paid at once or within two seconds · 正常支付',
    '',
    'The letter is the class of the failure; a rail without a code of its own for it shows another.',
  ]
}
