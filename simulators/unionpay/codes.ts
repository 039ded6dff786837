/** respCodes the simulator uses, and which magic amounts end with which. */
import type { MagicRefusal } from '../channel/index.ts'

export const MESSAGES_OF: Readonly<Record<string, string>> = {
  '00': '成功[0000000]',
  '05': '交易已受理，请稍后查询交易结果[6154037]',
  '10': '报文格式错误[6100010]',
  '11': '验证签名失败[9100004]',
  '12': '重复交易[6100012]',
  '13': '报文交易要素缺失[6100013]',
  '33': '交易金额超限[6100033]',
  '34': '查无此交易[2600000]',
  '35': '原交易不存在或状态不正确[2040004]',
  '36': '与原交易信息不符[2040009]',
  '38': '银联风险受限[6100038]',
  '39': '交易不在受理时间范围内[6100039]',
  '43': '无此业务权限[2080000]',
  '60': '交易失败，详情请咨询您的发卡行[1000051]',
  '64': '卡上的余额不足[1000051]',
  '66': '持卡人身份信息或手机号输入不正确[1000005]',
  '81': '月累计交易笔数(金额)超限[6100081]',
  '90': '账户余额不足[6100090]',
  '98': '文件不存在[8200001]',
  Z7: '未知应答[9999999]',
}

/** A code in no table. */
export const UNKNOWN_CODE = 'Z7'

export const MAGIC_CODES: Readonly<Record<MagicRefusal, string>> = {
  insufficient_funds: '64',
  over_count: '81',
  bank_refused: '60',
  risk_hold: '38',
  merchant_error: '43',
}

/** Refused at once; the other refusals come as the order's result. */
export const AT_ONCE: readonly string[] = ['43']
