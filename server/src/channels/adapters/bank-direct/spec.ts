/**
 * The bank's messages as data, in the shape of 招商银行云直联 (CMB CloudDC): one JSON envelope for all
 * functions, amounts as yuan with two decimals, everything text.
 *
 * The one thing to get wrong: `resultcode` SUC0000 says the request was taken in, never that money
 * moved. Field names stand as the bank spells them, `onlieBalance` and `availabelBalance` included,
 * and any text may end in blanks.
 */
import { toDecimal } from '#money'
import type { PayOrder } from '../../payment-channel.ts'

/** Function codes of the bank by what we use them for. */
export const FUNCTIONS = {
  pay: 'BB1PAYOP',
  payQuery: 'BB1PAYQR',
  returned: 'BB1PAYQB',
  statement: 'trsQryByBreakPoint',
  balance: 'NTQADINF',
  receipt: 'DCSIGREC',
  receipts: 'ASYCALHD',
  task: 'DCTASKID',
  modes: 'DCLISMOD',
  accounts: 'DCLISACC',
} as const

export type FunctionCode = (typeof FUNCTIONS)[keyof typeof FUNCTIONS]

/** Business codes: payments by a company, and questions about accounts. */
export const PAY_BUSINESS = 'N02030'
export const ACCOUNT_BUSINESS = 'N01010'

/** The bank's code of the renminbi. */
export const CNY = '10'

/** Most lines of one answer of `trsQryByBreakPoint`. */
export const LINES_MOST = 200

export interface Field {
  /** Its name at the bank. */
  readonly name: string
  /** Most characters. */
  readonly most: number
  readonly says: string
}

const f = (name: string, most: number, says: string): Field => ({ name, most, says })

/** Fields of one payment in BB1PAYOP (`bb1payopx1`), in the order they are sent. */
export const PAY_FIELDS: readonly Field[] = [
  f('dbtAcc', 35, 'our bank account'),
  f('crtAcc', 35, "the payee's bank account"),
  f('crtNam', 62, "the payee's name, exactly as the payee's bank has it"),
  f('crtBnk', 62, "the payee's bank"),
  f('brdNbr', 30, 'its 联行号, where it is known'),
  f('bnkFlg', 1, 'Y within this bank, N at another'),
  f('crtTyp', 1, '1 personal, 2 corporate'),
  f('trsAmt', 15, 'yuan with two decimals'),
  f('ccyNbr', 2, '10 renminbi'),
  f('nusAge', 62, 'what it is for, printed on the statement'),
  f('yurRef', 30, 'our reference, unique for ever'),
  f('rcvChk', 1, '1: the bank compares name and number of the payee before it pays'),
]

/** Fields of one line of the statement (`TRANSQUERYBYBREAKPOINT_Z2`) that we read. */
export const LINE_FIELDS: readonly Field[] = [
  f('transDate', 8, 'yyyyMMdd'),
  f('transSequenceIdn', 15, "the bank's number of the entry, unique for ever"),
  f('transTime', 6, 'HHmmss'),
  f('loanCode', 1, 'C came in, D went out'),
  f('transAmount', 15, 'yuan; with a minus when it went out'),
  f('currencyNbr', 2, '10 renminbi'),
  f('textCode', 12, 'kind of the entry, see LINE_KINDS'),
  f('reversalFlag', 1, '* reverses an entry, X supplements one, else blank'),
  f('acctOnlineBal', 17, 'balance after it'),
  f('remarkTextClt', 200, 'memo'),
  f('ctpAcctNbr', 35, "the other side's account"),
  f('ctpAcctName', 200, "the other side's name"),
  f('yurRef', 30, 'our reference, when we caused it or it returns what we paid'),
  f('virtualNbr', 16, 'the sub-unit (virtual number) paid to'),
]

/** Kinds of entries by `textCode`; every other one is a plain entry. */
export const LINE_KINDS = {
  TRRJ: 'payout_returned',
  FEES: 'fee',
  INTR: 'interest',
  COUR: 'court_deduction',
} as const

/** Types of notices: the result of a payment, and a payment that came back. */
export const NOTICES = { result: 'YQN02030', returned: 'YQN02040' } as const

/** The message that stands in for the signature while it is made and checked. */
export const SIGNATURE_PLACE = '__signature_sigdat__'

/** The fields of one payment, in the order of `PAY_FIELDS`; absent ones are left out. */
export function payFields(
  order: PayOrder,
  account: { readonly number: string; readonly bank: string },
): Record<string, string> {
  const { payee } = order
  const values: Record<string, string> = {
    dbtAcc: account.number,
    crtAcc: payee.account.reveal('bank direct: pay'),
    crtNam: payee.name.reveal('bank direct: pay'),
    crtBnk: payee.bank,
    brdNbr: payee.cnaps ?? '',
    bnkFlg: payee.bank === account.bank ? 'Y' : 'N',
    crtTyp: payee.accountType === 'personal' ? '1' : '2',
    trsAmt: toDecimal({ amount: order.amount, currency: 'CNY' }),
    ccyNbr: CNY,
    nusAge: order.memo,
    yurRef: order.reference,
    rcvChk: '1',
  }
  const sent = PAY_FIELDS.filter(({ name }) => values[name] !== '')
  return Object.fromEntries(
    sent.map(({ name, most }) => [name, [...values[name]!].slice(0, most).join('')]),
  )
}
