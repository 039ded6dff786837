/** Fields a request must carry, by what it is, and what each must look like. */
import type { OrderKind } from '../channel/index.ts'
import type { Form } from './form.ts'

const DIGITS = /^\d+$/
const TIME = /^\d{14}$/
const AMOUNT = /^[1-9]\d{0,11}$/

const COMMON: Readonly<Record<string, RegExp>> = {
  version: /^5\.1\.0$/,
  encoding: /^UTF-8$/,
  txnType: /^\d{2}$/,
  txnSubType: /^\d{2}$/,
  bizType: /^\d{6}$/,
  accessType: /^0$/,
  merId: /^\d{15}$/,
  txnTime: TIME,
}

const ORDER: Readonly<Record<string, RegExp>> = {
  ...COMMON,
  channelType: /^0[78]$/,
  orderId: /^[0-9A-Za-z]{8,40}$/,
  txnAmt: AMOUNT,
  currencyCode: /^156$/,
  backUrl: /^https?:\/\/.+/,
}

const PARTY: Readonly<Record<string, RegExp>> = {
  accType: /^0[134]$/,
  accNo: /^.{6,512}$/,
  customerInfo: /^.{4,2048}$/,
}

export interface RequestKind {
  readonly name: OrderKind | 'query' | 'file'
  readonly path: string
  readonly txnType: string
  readonly bizType: string
  readonly fields: Readonly<Record<string, RegExp>>
}

const BACK = '/gateway/api/backTransReq.do'

const REQUESTS: readonly RequestKind[] = [
  { name: 'collect', path: BACK, txnType: '11', bizType: '000501', fields: { ...ORDER, ...PARTY } },
  { name: 'pay', path: BACK, txnType: '12', bizType: '000401', fields: { ...ORDER, ...PARTY } },
  {
    name: 'refund',
    path: BACK,
    txnType: '04',
    bizType: '000501',
    fields: { ...ORDER, origQryId: /^\d{21,}$/ },
  },
  {
    name: 'query',
    path: '/gateway/api/queryTrans.do',
    txnType: '00',
    bizType: '000000',
    fields: { ...COMMON, orderId: ORDER.orderId! },
  },
  {
    name: 'file',
    path: '/',
    txnType: '76',
    bizType: '000000',
    fields: { ...COMMON, fileType: /^00$/, settleDate: /^\d{4}$/ },
  },
]

/** The kind of a request, or the respCode of its refusal. */
export function kindOf(path: string, form: Form): RequestKind | '10' | '13' {
  const kind = REQUESTS.find((one) => one.path === path && one.txnType === form.txnType)
  if (kind === undefined || kind.bizType !== form.bizType) return '10'
  for (const [name, pattern] of Object.entries(kind.fields)) {
    const value = form[name]
    if (value === undefined || value === '') return '13'
    if (!pattern.test(value)) return '10'
  }
  return DIGITS.test(form.txnTime!) ? kind : '10'
}

export const TXN_TYPE: Readonly<Record<OrderKind, string>> = {
  collect: '11',
  refund: '04',
  pay: '12',
}

export const BIZ_TYPE: Readonly<Record<OrderKind, string>> = {
  collect: '000501',
  refund: '000501',
  pay: '000401',
}
