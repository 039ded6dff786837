/**
 * respCode and what each is worth, by where it stands. A code that is not listed is `unknown`, and so
 * are 03, 04 and 05: they say that nobody knows yet.
 *
 * The one thing to get wrong: `00` on the reply to an order means accepted, not done; the outcome is
 * the `respCode` of a back notice or the `origRespCode` of a query.
 */
import type { Result } from '../../port.ts'

export const SUCCESS = '00'
/** 有缺陷的成功: done, with something to be told in the file. */
export const DEFECTIVE_SUCCESS = 'A6'
/** 查无此交易. */
export const NO_SUCH_ORDER = '34'
/** 文件不存在. */
export const NO_SUCH_FILE = '98'

/**
 * Codes by which an order has certainly failed, with UnionPay's text. Not among them: 12 (an order of
 * this number exists), 37 (asked too often), 42, 74 and 75 (debited, the rest unclear), 70 and 83
 * (still going on), 99 (no particular meaning).
 */
export const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['01', '交易失败'],
  ['02', '系统未开放或暂时关闭'],
  ['06', '系统繁忙'],
  ['10', '报文格式错误'],
  ['11', '验证签名失败'],
  ['13', '报文交易要素缺失'],
  ['30', '交易未通过，请尝试使用其他银联卡支付'],
  ['31', '商户状态不正确'],
  ['32', '无此交易权限'],
  ['33', '交易金额超限'],
  ['35', '原交易不存在或状态不正确'],
  ['36', '与原交易信息不符'],
  ['38', '银联风险受限'],
  ['39', '交易不在受理时间范围内'],
  ['40', '绑定关系检查失败'],
  ['43', '无此业务权限'],
  ['44', '输入号码错误或暂未开通此项业务'],
  ['45', '原交易已被成功退货或已被成功撤销'],
  ['60', '交易失败，详情请咨询您的发卡行'],
  ['61', '输入的卡号无效'],
  ['62', '发卡银行不支持该商户'],
  ['63', '卡状态不正确'],
  ['64', '卡上的余额不足'],
  ['66', '持卡人身份信息或手机号输入不正确'],
  ['68', '您的银行卡暂不支持该业务'],
  ['72', '尚未签约加办银联无卡支付业务'],
  ['73', '支付卡已超过有效期'],
  ['77', '银行卡未开通认证支付'],
  ['78', '发卡行交易权限受限'],
  ['81', '月累计交易笔数(金额)超限'],
  ['87', '支付次数超限'],
  ['90', '账户余额不足'],
  ['92', '营业执照过期'],
  ['93', '营业执照吊销'],
  ['94', '营业执照注销'],
])

/** Codes of an order's reply that are listed. */
export const REPLY_CODES: readonly string[] = [SUCCESS, DEFECTIVE_SUCCESS, ...REFUSALS.keys()]

/** What the `respCode` of the reply to an order says about the order. */
export function resultOfReply(code: string): Result {
  if (code === SUCCESS || code === DEFECTIVE_SUCCESS) return 'accepted'
  return REFUSALS.has(code) ? 'failed' : 'unknown'
}

/** What the `respCode` of a back notice, or `origRespCode` of a query, says about the order. */
export function resultOfOrder(code: string): Result {
  if (code === SUCCESS || code === DEFECTIVE_SUCCESS) return 'succeeded'
  return REFUSALS.has(code) ? 'failed' : 'unknown'
}

/** What the `respCode` of a query says about the question; `succeeded`: look at `origRespCode`. */
export function resultOfQuestion(code: string): 'succeeded' | 'not_found' | 'unknown' {
  if (code === SUCCESS) return 'succeeded'
  return code === NO_SUCH_ORDER ? 'not_found' : 'unknown'
}

export const QUESTION_CODES: readonly string[] = [SUCCESS, NO_SUCH_ORDER]
