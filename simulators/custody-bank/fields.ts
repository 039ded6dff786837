/**
 * The operations and the fields of their requests, as data. Names and meanings are the real ones (from
 * a public SDK of the same bank interface); a field not listed here is ignored. `checkFields` is the
 * only place a request is validated, so that a refusal always names the field.
 */
import { startOfDate } from './clock.ts'
import { Refused } from './codes.ts'
import { parseYuan } from './money.ts'

export type FieldKind =
  | 'text'
  /** Yuan with two decimals, more than zero. */
  | 'amount'
  /** A fee that is not simulated: `0`, `0.0` or `0.00`. */
  | 'zero'
  | 'date'
  | 'number'
  | 'list'
  | readonly string[]

export interface Field {
  readonly name: string
  readonly kind: FieldKind
  readonly required: boolean
  /** Longest text, in characters. */
  readonly max: number
}

/** `F*` is required, `F` is not. */
function field(spec: string, kind: FieldKind = 'text', max = 120): Field {
  const required = spec.endsWith('*')
  return { name: required ? spec.slice(0, -1) : spec, kind, required, max }
}

const member = [field('TranNetMemberCode*', 'text', 32)]
const ownSubAccount = [field('SubAcctNo*', 'text', 50), ...member]
const remark = field('Remark', 'text', 300)
const reserved = field('ReservedMsg', 'text', 1027)
const currency = field('Ccy*', ['RMB', 'CNY'])
const page = field('PageNum*', 'number', 10)
const range = [field('StartDate*', 'date'), field('EndDate*', 'date')]
const idDocument = [field('MemberGlobalType*', 'text', 5), field('MemberGlobalId*', 'text', 32)]

export interface OperationSpec {
  readonly serviceId: string
  /** `instruction`: answered once, then always the same. `query`: asked afresh each time. */
  readonly kind: 'instruction' | 'query'
  readonly says: string
  readonly fields: readonly Field[]
}

/** By number; TxnCode is `KFEJZB` and the number. */
export const OPERATIONS = {
  '6248': {
    serviceId: 'AutonymOpenCustAcctId',
    kind: 'instruction',
    says: 'open a real-name sub-account',
    fields: [
      field('FunctionFlag*', ['1']),
      ...member,
      field('MemberName*', 'text', 150),
      ...idDocument,
      field('UserNickname'),
      field('Mobile*', 'text', 30),
      field('MemberProperty*', ['00', 'SH']),
      reserved,
    ],
  },
  '6055': {
    serviceId: 'BindRelateAcctSmallAmount',
    kind: 'instruction',
    says: 'bind a bank account for withdrawals',
    fields: [
      ...member,
      field('MemberName*', 'text', 150),
      ...idDocument,
      field('MemberAcctNo*', 'text', 50),
      field('BankType*', ['1', '2']),
      field('AcctOpenBranchName*', 'text', 150),
      field('Mobile*', 'text', 30),
      field('CnapsBranchId', 'text', 20),
      field('EiconBankBranchId', 'text', 20),
      reserved,
    ],
  },
  '6065': {
    serviceId: 'UnbindRelateAcct',
    kind: 'instruction',
    says: 'unbind a bank account',
    fields: [
      field('FunctionFlag*', ['1']),
      ...ownSubAccount,
      field('MemberAcctNo*', 'text', 50),
      reserved,
    ],
  },
  '6211': {
    serviceId: 'ApntTransfer',
    kind: 'instruction',
    says: 'test only: somebody outside transfers into the pool',
    fields: [
      field('RecvAcctNo*', 'text', 50),
      field('RecvAcctName'),
      field('ApplyTakeCashAmt*', 'amount'),
      field('MarketChargeCommission', 'zero'),
      remark,
      field('HoldOne', 'text', 50),
      field('HoldTwo'),
      field('HoldThree'),
    ],
  },
  '6139': {
    serviceId: 'RegisterBillSupportWithdraw',
    kind: 'instruction',
    says: 'register suspense money to a member',
    fields: [
      ...member,
      field('OrderNo*', 'text', 50),
      field('SuspendAmt*', 'amount'),
      field('TranFee', 'zero'),
      remark,
      field('ReservedMsgOne', 'text', 52),
    ],
  },
  '6140': {
    serviceId: 'RevRegisterBillSupportWithdraw',
    kind: 'instruction',
    says: 'revoke a registration, whole or in part',
    fields: [
      ...member,
      field('OldOrderNo*', 'text', 50),
      field('CancelAmt*', 'amount'),
      field('TranFee', 'zero'),
      remark,
    ],
  },
  '6007': {
    serviceId: 'MembershipTrancheFreeze',
    kind: 'instruction',
    says: 'freeze (member to guarantee) or unfreeze, also in parts',
    fields: [
      field('FunctionFlag*', ['1', '2', '5', '6']),
      ...ownSubAccount,
      field('TranAmt*', 'amount'),
      field('TranCommission', 'zero'),
      currency,
      field('OrderNo*', 'text', 50),
      field('OrderContent', 'text', 500),
      remark,
    ],
  },
  '6163': {
    serviceId: 'MembershipTranchePay',
    kind: 'instruction',
    says: 'pay from guarantee to several sub-accounts, all or none',
    fields: [
      field('OutSubAcctNo*', 'text', 50),
      field('OutTranNetMemberCode*', 'text', 32),
      field('Commission', 'zero'),
      currency,
      field('OrderNo*', 'text', 50),
      field('InSubAcctNum*', 'number', 10),
      field('TranItemArray*', 'list', 30),
      remark,
    ],
  },
  '6033': {
    serviceId: 'MembershipWithdrawCash',
    kind: 'instruction',
    says: 'withdraw to a bound bank account; accepted first, paid or failed later',
    fields: [
      ...ownSubAccount,
      field('TranWebName', 'text', 150),
      field('MemberName*', 'text', 150),
      field('MemberGlobalType', 'text', 5),
      field('MemberGlobalId', 'text', 32),
      field('TakeCashAcctNo*', 'text', 50),
      field('OutAmtAcctName*', 'text', 150),
      currency,
      field('CashAmt*', 'amount'),
      remark,
    ],
  },
  '6110': {
    serviceId: 'SingleTransactionStatusQuery',
    kind: 'query',
    says: 'status of one instruction by its CnsmrSeqNo',
    fields: [
      field('FunctionFlag*', ['2', '3', '4']),
      field('TranNetSeqNo*', 'text', 52),
      field('SubAcctNo', 'text', 50),
      field('TranDate', 'date'),
    ],
  },
  '6048': {
    serviceId: 'BankWithdrawCashBackQuery',
    kind: 'query',
    says: 'returned withdrawals by date of return',
    fields: [field('FunctionFlag*', ['1']), ...range],
  },
  '6050': {
    serviceId: 'CommonTransferRechargeQuery',
    kind: 'query',
    says: 'what came in, by date',
    fields: [field('FunctionFlag*', ['0', '1']), ...range, page],
  },
  '6010': {
    serviceId: 'CustAcctIdBalanceQuery',
    kind: 'query',
    says: 'balances of a member (QueryFlag 2) or of the function sub-accounts (3)',
    fields: [field('QueryFlag*', ['2', '3']), field('SubAcctNo', 'text', 50), page],
  },
  '6037': {
    serviceId: 'QueryCustAcctId',
    kind: 'query',
    says: 'sub-account and the three balances of a member code',
    fields: [...member],
  },
  '6011': {
    serviceId: 'SupAcctIdBalanceQuery',
    kind: 'query',
    says: 'balance of the pool',
    fields: [reserved],
  },
  '6103': {
    serviceId: 'ReconciliationDocumentQuery',
    kind: 'query',
    says: 'where to fetch a statement file',
    fields: [field('FileType*', ['CZ', 'TX', 'JY', 'YE']), field('FileDate*', 'date')],
  },
} as const satisfies Record<string, OperationSpec>

export type OperationNumber = keyof typeof OPERATIONS

/** Fields every request carries. */
const COMMON = [
  field('ApiVersionNo', 'text', 10),
  field('ApplicationID', 'text', 64),
  field('RequestMode', ['json']),
  field('TxnCode*', 'text', 20),
  field('TxnTime*', 'text', 17),
  field('CnsmrSeqNo*', 'text', 22),
  field('MrchCode*', 'text', 22),
  field('FundSummaryAcctNo', 'text', 50),
]

/** One leg of operation 6163. */
export const LEG_FIELDS = [
  field('TranSeqNo*', 'text', 52),
  field('InSubAcctNo*', 'text', 50),
  field('InTranNetMemberCode*', 'text', 32),
  field('TranAmt*', 'amount'),
]

export type Body = Record<string, unknown>

function fault(value: unknown, { kind, required, max }: Field): string | undefined {
  if (value === undefined || value === null || value === '') return required ? '必输' : undefined
  if (kind === 'list') {
    const fine = Array.isArray(value) && value.length >= 1 && value.length <= max
    return fine ? undefined : `应为1至${max}条的数组`
  }
  if (typeof value !== 'string') return '应为字符串'
  if ([...value].length > max) return `超过${max}个字符`
  if (kind === 'amount')
    return (parseYuan(value) ?? 0n) > 0n ? undefined : '应为大于零的金额，如 100.00'
  if (kind === 'zero') return /^0(\.00?)?$/.test(value) ? undefined : '手续费未模拟，应为 0.00'
  if (kind === 'date') return startOfDate(value) === undefined ? '应为日期，如 20190101' : undefined
  if (kind === 'number') return /^[1-9]\d{0,8}$/.test(value) ? undefined : '应为正整数'
  if (kind !== 'text') return kind.includes(value) ? undefined : `应为 ${kind.join('、')} 之一`
  return undefined
}

/** Refuses with `bad_field` and the path of the first field that is wrong. */
export function checkFields(body: Body, fields: readonly Field[], path = ''): void {
  for (const each of fields) {
    const wrong = fault(body[each.name], each)
    if (wrong !== undefined) throw new Refused('bad_field', `${path}${each.name} ${wrong}`)
  }
}

/** Checks the common fields and those of the operation, lists included. */
export function checkRequest(number: OperationNumber, body: Body): void {
  checkFields(body, COMMON)
  if (!/^[0-9A-Za-z]{22}$/.test(text(body, 'CnsmrSeqNo')))
    throw new Refused('bad_field', 'CnsmrSeqNo 应为22位字母或数字')
  if (!/^\d{17}$/.test(text(body, 'TxnTime')))
    throw new Refused('bad_field', 'TxnTime 应为 yyyyMMddHHmmss000')
  checkFields(body, OPERATIONS[number].fields)
  if (number !== '6163') return
  legs(body).forEach((leg, i) => {
    checkFields(leg, LEG_FIELDS, `TranItemArray[${i}].`)
  })
}

/** A text field; the empty text when it is absent. */
export function text(body: Body, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

/** An amount field in fen. The field was checked before. */
export function fen(body: Body, name: string): bigint {
  return parseYuan(text(body, name)) ?? 0n
}

/** The legs of operation 6163; anything that is not an object becomes an empty leg. */
export function legs(body: Body): Body[] {
  const list = Array.isArray(body.TranItemArray) ? (body.TranItemArray as unknown[]) : []
  return list.map((leg) => (typeof leg === 'object' && leg !== null ? (leg as Body) : {}))
}

/** The operation of a path's ServiceId. */
export function operationOf(serviceId: string): OperationNumber | undefined {
  const numbers = Object.keys(OPERATIONS) as OperationNumber[]
  return numbers.find((number) => OPERATIONS[number].serviceId === serviceId)
}
