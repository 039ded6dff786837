/**
 * The bank's messages as data: operation numbers, service names, and for each call of the port the
 * fields it sends. Amounts travel as yuan with two decimals; everything is text.
 */
import type { Personal } from '#base'
import { toDecimal } from '#money'
import type { ChannelCall, Operation, PayLeg } from '../../port.ts'

export const SERVICES = {
  '6248': 'AutonymOpenCustAcctId',
  '6055': 'BindRelateAcctSmallAmount',
  '6007': 'MembershipTrancheFreeze',
  '6163': 'MembershipTranchePay',
  '6033': 'MembershipWithdrawCash',
  '6110': 'SingleTransactionStatusQuery',
  '6048': 'BankWithdrawCashBackQuery',
  '6050': 'CommonTransferRechargeQuery',
  '6010': 'CustAcctIdBalanceQuery',
  '6037': 'QueryCustAcctId',
  '6011': 'SupAcctIdBalanceQuery',
  '6103': 'ReconciliationDocumentQuery',
} as const

export type ServiceNumber = keyof typeof SERVICES

/** The bank's operation for each call of the port. */
export const NUMBER_OF: Record<Operation, ServiceNumber> = {
  open_sub_account: '6248',
  bind_account: '6055',
  freeze: '6007',
  unfreeze: '6007',
  pay: '6163',
  withdraw: '6033',
}

/** FunctionFlag of the status query (6110); the other calls cannot be asked about there. */
export const ASK_FLAG: Partial<Record<Operation, string>> = {
  freeze: '2',
  unfreeze: '2',
  pay: '2',
  withdraw: '3',
}

export const FILE_TYPES = {
  pay_ins: 'CZ',
  withdrawals: 'TX',
  transfers: 'JY',
  balances: 'YE',
} as const

/** Function sub-accounts; the bank derives their numbers from their property. */
export const FUNCTION_ACCOUNTS = {
  suspense: '3620000000000002',
  guarantee: '3620000000000005',
  transit: '3620000000000012',
} as const

export type Fields = Record<string, unknown>

/** Yuan with two decimals, as every amount of the bank. */
export function yuan(amount: bigint): string {
  return toDecimal({ amount, currency: 'CNY' })
}

const plain = (value: Personal) => value.reveal('custody bank: instruct')
/** 1 resident ID card, 73 unified social credit code. */
const idType = { person: '1', company: '73' } as const

function leg({ line, subAccount, member, amount }: PayLeg): Fields {
  return {
    TranSeqNo: line,
    InSubAcctNo: subAccount,
    InTranNetMemberCode: member,
    TranAmt: yuan(amount),
  }
}

/** The fields of a call, beside the common ones. */
export function fieldsOf(call: ChannelCall): Fields {
  switch (call.operation) {
    case 'open_sub_account':
      return {
        FunctionFlag: '1',
        TranNetMemberCode: call.member,
        MemberName: plain(call.name),
        MemberGlobalType: idType[call.kind],
        MemberGlobalId: plain(call.idNumber),
        Mobile: plain(call.mobile),
        MemberProperty: call.kind === 'person' ? '00' : 'SH',
      }
    case 'bind_account':
      return {
        TranNetMemberCode: call.member,
        MemberName: plain(call.name),
        MemberGlobalType: idType[call.kind],
        MemberGlobalId: plain(call.idNumber),
        MemberAcctNo: plain(call.account),
        BankType: '2',
        AcctOpenBranchName: call.bank,
        Mobile: plain(call.mobile),
      }
    case 'freeze':
    case 'unfreeze':
      return {
        FunctionFlag: call.operation === 'freeze' ? '1' : '2',
        SubAcctNo: call.subAccount,
        TranNetMemberCode: call.member,
        TranAmt: yuan(call.amount),
        TranCommission: '0.00',
        Ccy: 'RMB',
        OrderNo: call.order,
      }
    case 'pay':
      return {
        OutSubAcctNo: call.subAccount,
        OutTranNetMemberCode: call.member,
        Commission: '0.00',
        Ccy: 'RMB',
        OrderNo: call.order,
        InSubAcctNum: String(call.legs.length),
        TranItemArray: call.legs.map(leg),
      }
    case 'withdraw':
      return {
        SubAcctNo: call.subAccount,
        TranNetMemberCode: call.member,
        MemberName: plain(call.name),
        TakeCashAcctNo: plain(call.account),
        OutAmtAcctName: plain(call.name),
        Ccy: 'RMB',
        CashAmt: yuan(call.amount),
        Remark: call.memo,
      }
  }
}
