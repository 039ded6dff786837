/** Why a channel was chosen or not: the one table of codes and their sentences. */

export type Locale = 'zh' | 'en'

const WHY = {
  // Among those that could take it.
  chosen: ['it was the best of those that could take it', '在可用通道中综合最优'],
  chosen_by_rule: ['a rule put it first', '由规则指定优先'],
  explored: ['it was tried to learn how it does now', '小比例探索，用于了解其当前表现'],
  probed: ['it was tried to see whether it is well again', '探测其是否已恢复'],
  last_resort: ['it is not well, but no other was left', '通道状况不佳，但已无其他通道可用'],
  less_success: ['another one succeeds more often', '另一通道成功率更高'],
  dearer: ['another one costs less', '另一通道成本更低'],
  not_chosen: ['another one does as well', '与所选通道相当，未被选中'],
  // From the rules.
  not_preferred: ['a rule put another one first', '规则优先了其他通道'],
  excluded_by_rule: ['a rule excludes it', '被规则排除'],
  not_among_only: ['a rule allows only others', '规则只允许其他通道'],
  // From the capability matrix.
  wrong_book: ['it does not settle into this book', '不与该账簿结算'],
  wrong_currency: ['it does not carry this currency', '不支持该币种'],
  wrong_direction: ['it does not carry money this way', '不支持该资金方向'],
  wrong_method: ['the payer cannot pay by its methods', '不支持付款人可用的支付方式'],
  wrong_account_type: ['it does not serve this kind of account', '不支持该账户类型'],
  bank_not_reached: ['it does not reach this bank', '不支持该银行'],
  not_permitted: ['this combination is not permitted there', '该组合在此通道不被允许'],
  under_least: ['the amount is under its least', '金额低于通道下限'],
  over_limit: ['the amount is over its limit per payment', '金额超过单笔限额'],
  over_day_limit: ['the amount is over what is left of the day', '金额超过当日剩余限额'],
  over_day_count: ['the number of payments of the day is used up', '当日笔数已用完'],
  closed_now: ['it takes no orders at this time', '当前不在受理时间内'],
  in_maintenance: ['it is under maintenance now', '通道维护中'],
  tried: ['it has refused this order already', '已拒绝过该订单'],
  // From what channels answered.
  learnt_no_permission: [
    'it has refused this kind of account at this bank for lack of permission',
    '该通道对该银行此类账户无业务权限（已学习）',
  ],
  down: ['too many attempts failed there by its own fault lately', '近期通道自身故障过多，已熔断'],
} as const satisfies Readonly<Record<string, readonly [en: string, zh: string]>>

export type WhyCode = keyof typeof WHY

/** The sentence part of a code: `it does not reach this bank`. */
export function whyText(code: WhyCode, locale: Locale): string {
  return WHY[code][locale === 'en' ? 0 : 1]
}
