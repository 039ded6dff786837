/**
 * Every code the bank answers with, in one table.
 *
 * The real bank's error codes are known to its members only; all but two of these are therefore our
 * own (`own: true`), and a client must treat any code it does not know as an unknown outcome.
 */
export interface Code {
  readonly code: string
  /** Text sent in TxnReturnMsg; a detail may follow it. */
  readonly zh: string
  readonly en: string
  /** True when the code was made up for this simulator. */
  readonly own: boolean
}

export const CODES = {
  ok: { code: '000000', zh: '交易受理成功', en: 'accepted', own: false },
  bad_signature: {
    code: 'ERR001',
    zh: '签名验证失败',
    en: 'signature missing or wrong',
    own: true,
  },
  stale_request: {
    code: 'ERR002',
    zh: '请求时间超出允许范围',
    en: 'timestamp outside the window',
    own: true,
  },
  replayed_nonce: { code: 'ERR003', zh: '随机数已被使用', en: 'nonce seen before', own: true },
  bad_field: {
    code: 'ERR010',
    zh: '字段缺失或格式错误',
    en: 'field missing or malformed',
    own: true,
  },
  unknown_operation: {
    code: 'ERR011',
    zh: '交易码不存在或与服务不符',
    en: 'no such operation',
    own: true,
  },
  wrong_merchant: {
    code: 'ERR012',
    zh: '商户号或资金汇总账号不符',
    en: 'merchant or pool is not ours',
    own: true,
  },
  duplicate_sequence: {
    code: 'ERR020',
    zh: '交易流水号已被使用且内容不同',
    en: 'CnsmrSeqNo used for other content',
    own: true,
  },
  unknown_sub_account: { code: 'ERR030', zh: '子账户不存在', en: 'no such sub-account', own: true },
  member_mismatch: {
    code: 'ERR031',
    zh: '会员代码与子账户不匹配',
    en: 'member code and sub-account differ',
    own: true,
  },
  name_mismatch: {
    code: 'ERR032',
    zh: '户名不一致',
    en: 'name differs from the one on record',
    own: true,
  },
  not_bound: {
    code: 'ERR033',
    zh: '提现账户未绑定',
    en: 'bank account is not bound to the member',
    own: true,
  },
  member_exists: {
    code: 'Err114',
    zh: '会员代码已开户',
    en: 'member code has a sub-account',
    own: false,
  },
  duplicate_order: {
    code: 'ERR040',
    zh: '订单号已存在',
    en: 'order number used before',
    own: true,
  },
  unknown_order: {
    code: 'ERR041',
    zh: '原订单不存在',
    en: 'no such order of this member',
    own: true,
  },
  insufficient_balance: {
    code: 'ERR050',
    zh: '可用余额不足',
    en: 'available balance too small',
    own: true,
  },
  not_withdrawable: {
    code: 'ERR051',
    zh: '可提现余额不足',
    en: 'withdrawable balance too small',
    own: true,
  },
  over_frozen: { code: 'ERR052', zh: '超过冻结余额', en: 'more than is frozen', own: true },
  insufficient_suspense: {
    code: 'ERR053',
    zh: '挂账余额不足',
    en: 'suspense balance too small',
    own: true,
  },
  over_registered: {
    code: 'ERR054',
    zh: '撤销金额超过原登记金额',
    en: 'more than was registered',
    own: true,
  },
  past_cut_off: {
    code: 'ERR060',
    zh: '已过受理时间',
    en: 'outside the hours for withdrawals',
    own: true,
  },
  no_such_flow: { code: 'ERR070', zh: '无此流水', en: 'no such flow', own: true },
  file_not_ready: {
    code: 'ERR071',
    zh: '对账文件未生成',
    en: 'statement file not ready',
    own: true,
  },
  no_such_file: {
    code: 'ERR072',
    zh: '文件不存在或提取码错误',
    en: 'no such file, or wrong draw code',
    own: true,
  },
  bank_refuses: { code: 'ERR090', zh: '银行拒绝受理', en: 'the bank refuses (fault)', own: true },
} as const satisfies Record<string, Code>

export type CodeName = keyof typeof CODES

/** Ends an operation with a refusal; whatever it wrote in its database tx is rolled back. */
export class Refused extends Error {
  override name = 'Refused'
  readonly code: CodeName
  readonly detail: string
  constructor(code: CodeName, detail = '') {
    super(`${CODES[code].code} ${code} ${detail}`)
    this.code = code
    this.detail = detail
  }
}

/** The two fields every answer opens with. */
export function returnCode(
  code: CodeName,
  detail = '',
): { TxnReturnCode: string; TxnReturnMsg: string } {
  const { code: number, zh } = CODES[code]
  return { TxnReturnCode: number, TxnReturnMsg: detail === '' ? zh : `${zh}：${detail}` }
}
