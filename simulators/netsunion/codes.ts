/** Codes of the clearing house with the sentence printed beside each; EPCC-like, see the README. */
import type { MagicEffect } from '../channel/index.ts'

export const SYSTEM = {
  '00000000': '处理成功',
  PS500001: '报文格式错误',
  PS500002: '验签失败',
  PS500004: '机构无该业务权限',
  PS500071: '当日尚未清算',
  PS500094: '批次文件重复',
} as const

export type SystemCode = keyof typeof SYSTEM

export const BUSINESS = {
  '00000000': '成功',
  PB000001: '处理中',
  PB000034: '待人工审核',
  PB531001: '找不到原交易信息',
  PB030X01: '报文格式错误',
  PB005X03: '账号/户名不符',
  PB520003: '机构付款业务未配置',
  PB520005: '收款行拒绝',
  PB520051: '备付金余额不足',
  PB520057: '收款行未开通该类账户付款业务',
  PB520058: '不在收款行受理时间内',
  PB520065: '超过单日笔数',
  PB520091: '清算场次已关闭',
  PB520094: '交易流水号重复且内容不一致',
} as const

export type BusinessCode = keyof typeof BUSINESS

/** A code that stands in no document. */
export const UNSEEN_CODE = 'PBZZZ947'

/** What a magic amount makes of a payout: refused at once or when it is processed. */
export const MAGIC_FAILURES: Readonly<
  Partial<Record<MagicEffect, { code: BusinessCode; when: 'now' | 'later' }>>
> = {
  insufficient_funds: { code: 'PB520051', when: 'now' },
  over_count: { code: 'PB520065', when: 'now' },
  merchant_error: { code: 'PB520003', when: 'now' },
  bank_refused: { code: 'PB520005', when: 'later' },
}
