/** The bank's result codes with the sentence it prints beside each. */
import type { MagicEffect } from '../channel/index.ts'

export const CODES = {
  SUC0000: '',
  DCT0001: '任务处理中',
  DCH0010: '字段缺失或格式错误',
  DCH0011: '功能不存在',
  DCH0012: '请求流水号不符合规则或重复',
  DCH0013: '账号不属于该用户',
  BBP0010: '账户余额不足',
  BBP0011: '用户无支付权限',
  BBP0020: '不在业务受理时间内',
  BBP0021: '系统维护',
  BBP0030: '收款户名与账号不符',
  BBP0031: '收款账号不存在或已销户',
  BBP0032: '收款行拒绝',
  BBP0040: '超过单日限额',
  BBP0041: '超过单日笔数',
  BBP0050: '银行拒绝',
  BBP0060: '企业业务参数未配置',
  BBP0099: '业务参考号重复且内容不一致',
} as const

export type Code = keyof typeof CODES

/** A code that stands in no document. */
export const UNSEEN_CODE = 'ZZX9471'

/** What each magic amount does to a payment: the code it fails with, at once or when processed. */
export const MAGIC_FAILURES: Readonly<
  Partial<Record<MagicEffect, { code: Code; when: 'now' | 'later' }>>
> = {
  insufficient_funds: { code: 'BBP0010', when: 'now' },
  over_count: { code: 'BBP0041', when: 'now' },
  merchant_error: { code: 'BBP0060', when: 'now' },
  bank_refused: { code: 'BBP0032', when: 'later' },
}

/** Why money came back. */
export const WHY = { rtnCod: 'RJ01', rtnNar: '收款账户异常' } as const
