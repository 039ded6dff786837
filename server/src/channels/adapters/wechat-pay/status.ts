/**
 * WeChat Pay's states and error codes, and what each is worth. What is not listed is `unknown`: only a
 * listed refusal proves that nothing was done. A code that may also speak of an earlier request under
 * the same number, such as OUT_TRADE_NO_USED, proves nothing and is asked about.
 *
 * States: wechatpay-java, payments/model/Transaction and refund/model/Status. Error codes: the tables
 * of each operation at pay.weixin.qq.com.
 */
import type { Result } from '../../port.ts'

type Listed = Readonly<Record<string, Result | 'not_found'>>

const TRADE_STATES: Listed = {
  SUCCESS: 'succeeded',
  /** Paid, and at least partly refunded since. */
  REFUND: 'succeeded',
  NOTPAY: 'accepted',
  USERPAYING: 'accepted',
  CLOSED: 'failed',
  REVOKED: 'failed',
  PAYERROR: 'failed',
}

const REFUND_STATES: Listed = {
  SUCCESS: 'succeeded',
  PROCESSING: 'accepted',
  CLOSED: 'failed',
  /** The payer's card cannot take it; the money is neither here nor there until WeChat is told where. */
  ABNORMAL: 'unknown',
}

/** Refused before anything was done, whatever was asked for. */
const REFUSED: Listed = {
  PARAM_ERROR: 'failed',
  SIGN_ERROR: 'failed',
  NO_AUTH: 'failed',
  MCH_NOT_EXISTS: 'failed',
  APPID_MCHID_NOT_MATCH: 'failed',
  FREQUENCY_LIMITED: 'failed',
  RATELIMIT_EXCEEDED: 'failed',
  SYSTEM_ERROR: 'unknown',
}

const ORDER_ERRORS: Listed = {
  ...REFUSED,
  OPENID_MISMATCH: 'failed',
  RULE_LIMIT: 'failed',
  ACCOUNT_ERROR: 'failed',
  TRADE_ERROR: 'failed',
  NOT_ENOUGH: 'failed',
  BANK_ERROR: 'unknown',
  INVALID_REQUEST: 'unknown',
  OUT_TRADE_NO_USED: 'unknown',
  ORDERPAID: 'unknown',
  ORDER_CLOSED: 'unknown',
}

const REFUND_ERRORS: Listed = {
  ...REFUSED,
  INVALID_REQUEST: 'failed',
  NOT_ENOUGH: 'failed',
  NOTENOUGH: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  RESOURCE_NOT_EXISTS: 'failed',
  TRADE_OVERDUE: 'failed',
  ALREADY_EXISTS: 'unknown',
}

const QUERY_ERRORS: Listed = {
  ORDER_NOT_EXIST: 'not_found',
  RESOURCE_NOT_EXISTS: 'not_found',
}

const SHARE_STATES: Listed = { PROCESSING: 'accepted', FINISHED: 'succeeded' }
const SHARE_PART_STATES: Listed = { PENDING: 'accepted', SUCCESS: 'succeeded', CLOSED: 'failed' }
const SHARE_RETURN_STATES: Listed = {
  PROCESSING: 'accepted',
  SUCCESS: 'succeeded',
  FAILED: 'failed',
}

const SHARE_ERRORS: Listed = {
  ...REFUSED,
  INVALID_REQUEST: 'unknown',
  RULE_LIMIT: 'failed',
  NOT_ENOUGH: 'failed',
  RESOURCE_NOT_EXISTS: 'failed',
  ALREADY_EXISTS: 'unknown',
}

const TABLES = {
  trade_state: TRADE_STATES,
  refund_state: REFUND_STATES,
  order_error: ORDER_ERRORS,
  refund_error: REFUND_ERRORS,
  query_error: QUERY_ERRORS,
  share_state: SHARE_STATES,
  share_part_state: SHARE_PART_STATES,
  share_return_state: SHARE_RETURN_STATES,
  share_error: SHARE_ERRORS,
} as const

export type StatusName = keyof typeof TABLES

export const STATUS_NAMES = Object.keys(TABLES) as readonly StatusName[]

export const listedCodes = (table: StatusName): readonly string[] => Object.keys(TABLES[table])

function look(table: StatusName, code: string): Result | 'not_found' | undefined {
  return Object.hasOwn(TABLES[table], code) ? TABLES[table][code] : undefined
}

/** What a code of a table says about the money. */
export function resultOf(table: Exclude<StatusName, 'query_error'>, code: string): Result {
  const result = look(table, code)
  return result === undefined || result === 'not_found' ? 'unknown' : result
}

/** Whether an error to a question says that there is no such order. */
export function isNotFound(code: string): boolean {
  return look('query_error', code) === 'not_found'
}
