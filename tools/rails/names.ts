/** The rails of the sandbox, in the order in which they are listed everywhere. */
export const RAIL_NAMES = ['wechat-pay', 'alipay', 'unionpay', 'netsunion', 'bank-direct'] as const

export type RailName = (typeof RAIL_NAMES)[number]
