/**
 * The messages of UnionPay's all-channel platform (ACP 5.1.0) as data: addresses, fixed fields, and
 * the fixed-width layout of its ZM file.
 *
 * A message is a form of `name=value`; amounts are fen as digits; times are Shanghai's,
 * `yyyyMMddHHmmss`. An order is known by `orderId` together with `txnTime`: a question must repeat both.
 */
import type { AccountType, Direction } from '../../payment-channel.ts'

export type Fields = Readonly<Record<string, string>>

export const VERSION = '5.1.0'
export const ENCODING = 'UTF-8'
/** ISO 4217 number of CNY, the only currency of these products. */
export const CURRENCY_NUMBER = '156'

/** `01`: RSA. `11`: SHA-256 with a shared key. `12`: the same with SM3. */
export const SIGN_METHODS = ['01', '11', '12'] as const

export type SignMethod = (typeof SIGN_METHODS)[number]

export interface MessageKind {
  /** Below the gateway's address; the file server's own address when empty. */
  readonly path: string
  readonly txnType: string
  readonly txnSubType: string
  readonly bizType: string
  /** Present in the reply exactly as we sent them. */
  readonly echoed: readonly string[]
}

const BACK = '/gateway/api/backTransReq.do'
const ECHOED = ['merId', 'orderId', 'txnTime', 'txnType', 'version'] as const

export const MESSAGES = {
  /** 代收: debits a payer's bank account by agreement. */
  collect: { path: BACK, txnType: '11', txnSubType: '00', bizType: '000501', echoed: ECHOED },
  /** 退货, back along a collection. */
  refund: { path: BACK, txnType: '04', txnSubType: '00', bizType: '000501', echoed: ECHOED },
  /** 代付. */
  pay: { path: BACK, txnType: '12', txnSubType: '00', bizType: '000401', echoed: ECHOED },
  /** The reply names the type of the order asked about, so that one is not echoed. */
  query: {
    path: '/gateway/api/queryTrans.do',
    txnType: '00',
    txnSubType: '00',
    bizType: '000000',
    echoed: ['merId', 'orderId', 'txnTime', 'version'],
  },
  file: {
    path: '',
    txnType: '76',
    txnSubType: '01',
    bizType: '000000',
    echoed: ['merId', 'settleDate', 'txnTime', 'txnType', 'version'],
  },
} as const satisfies Record<string, MessageKind>

export const TXN_TYPE_OF: Readonly<Record<Direction, string>> = {
  collect: MESSAGES.collect.txnType,
  refund: MESSAGES.refund.txnType,
  pay: MESSAGES.pay.txnType,
}

export function directionOf(txnType: string): Direction | undefined {
  switch (txnType) {
    case '11':
      return 'collect'
    case '04':
      return 'refund'
    case '12':
      return 'pay'
    default:
      return undefined
  }
}

/** 账号类型: 01 debit card, 04 company account. */
export const ACC_TYPE: Readonly<Record<AccountType, string>> = { personal: '01', corporate: '04' }

/** What our numbers of orders are made of. */
export const ORDER_ID = /^[0-9A-Z]{8,32}$/

/**
 * Columns of a ZM file, in order, by width in bytes; one space stands between two. Names are ours where
 * we read a column; a file of GBK text is read as bytes, since every column we read is ASCII.
 */
export const ZM_COLUMNS: readonly (readonly [name: string, width: number])[] = [
  ['code', 3],
  ['agent', 11],
  ['sender', 11],
  ['traceNo', 6],
  /** MMDDhhmmss. */
  ['traceTime', 10],
  ['account', 19],
  ['amount', 12],
  ['category', 4],
  ['terminalType', 2],
  ['queryId', 21],
  ['oldPayType', 2],
  ['orderId', 32],
  ['cardType', 2],
  ['origTraceNo', 6],
  ['origTime', 10],
  /** C or D and 12 digits; billed monthly, not kept back. */
  ['fee', 13],
  ['settled', 13],
  ['payType', 4],
  ['group', 15],
  ['txnType', 2],
  ['txnSubType', 2],
  ['bizType', 6],
  ['accType', 2],
  ['billType', 4],
  ['billNo', 32],
  ['interaction', 1],
  ['origQueryId', 21],
  ['merId', 15],
  ['splitWay', 1],
  ['subMerId', 15],
  ['subMerName', 32],
  ['subMerAmount', 13],
  /** C or D and 12 digits: what the row adds to the settlement. */
  ['net', 13],
  ['terminal', 8],
  ['reserved', 32],
  ['discount', 13],
  ['invoice', 13],
  ['instalmentFee', 12],
  ['instalments', 2],
  ['medium', 1],
  ['origOrderId', 32],
  ['rest', 98],
]

/** The first column of rows that bring a payout back. */
export const RETURN_CODE = 'S67'
/** The first column of rows by which a payer's bank takes a collection back. */
export const CHARGEBACK_CODE = 'S72'
