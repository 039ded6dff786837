/**
 * The gateway's codes and what each is worth. The key is `sub_code` where there is one, else `code`.
 * What is not listed is unknown, whatever its text says: only a listed refusal proves that the
 * gateway did not act.
 */
import type { Result } from '../../port.ts'

export const OK = '10000'
export const NO_TRADE = 'ACQ.TRADE_NOT_EXIST'
export const NO_BILL = 'isp.bill_not_exist'

/** Refused before the business was looked at: our set-up is wrong, nothing happened. */
const NEVER_LOOKED_AT = [
  'isv.invalid-signature',
  'isv.invalid-app-id',
  'isv.invalid-timestamp',
  'isv.invalid-method',
  'isv.insufficient-isv-permissions',
  'ACQ.INVALID_PARAMETER',
  'ACQ.ACCESS_FORBIDDEN',
  'ACQ.PARTNER_ERROR',
] as const

/** Refusals of an order to collect: it does not exist afterwards. */
const COLLECT_REFUSALS = [
  ...NEVER_LOOKED_AT,
  'ACQ.EXIST_FORBIDDEN_WORD',
  'ACQ.TOTAL_FEE_EXCEED',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH',
  'ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH',
  'ACQ.ERROR_BALANCE_PAYMENT_DISABLE',
  'ACQ.BUYER_SELLER_EQUAL',
  'ACQ.BUYER_ENABLE_STATUS_FORBID',
  'ACQ.PAYMENT_FAIL',
  'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR',
  'ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR',
  'ACQ.BEYOND_PAY_RESTRICTION',
  'ACQ.BEYOND_PER_RECEIPT_RESTRICTION',
  'ACQ.SELLER_BEEN_BLOCKED',
  'ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT',
  'ACQ.PAYMENT_REQUEST_HAS_RISK',
  'ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE',
  'ACQ.MERCHANT_AGREEMENT_NOT_EXIST',
  'ACQ.AMOUNT_OR_CURRENCY_ERROR',
] as const

/** Refusals of a refund: no money went back, and none will under this number. */
const REFUND_REFUSALS = [
  ...NEVER_LOOKED_AT,
  NO_TRADE,
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.TRADE_HAS_FINISHED',
  'ACQ.TRADE_NOT_ALLOW_REFUND',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  'ACQ.PAYMENT_FAIL',
  'ACQ.PAYMENT_REQUEST_HAS_RISK',
  'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR',
] as const

const table = (rows: readonly (readonly [string, Result])[]) => new Map(rows)
const refused = (codes: readonly string[]) => codes.map((code) => [code, 'failed'] as const)

/** Replies to an order. `10000` gives the code or page: the payer has still to pay. */
export const COLLECT_REPLIES = table([
  [OK, 'accepted'],
  ['10003', 'accepted'],
  ['20000', 'unknown'],
  ['ACQ.SYSTEM_ERROR', 'unknown'],
  // The order is there already, in a state the question tells.
  ['ACQ.TRADE_HAS_SUCCESS', 'unknown'],
  ['ACQ.TRADE_HAS_CLOSE', 'unknown'],
  ['ACQ.CONTEXT_INCONSISTENT', 'unknown'],
  ...refused(COLLECT_REFUSALS),
])

/** Replies to a refund, by code and `fund_change`: N says only that this call changed nothing. */
export const REFUND_REPLIES = table([
  [`${OK} Y`, 'succeeded'],
  [`${OK} N`, 'accepted'],
  ['20000', 'unknown'],
  ['ACQ.SYSTEM_ERROR', 'unknown'],
  ['ACQ.DISCORDANT_REPEAT_REQUEST', 'unknown'],
  ...refused(REFUND_REFUSALS),
])

/**
 * Trade states. TRADE_CLOSED says unpaid only while no payment date stands beside it: a collection
 * refunded whole is closed as well, and it had succeeded.
 */
export const TRADE_STATES = table([
  ['WAIT_BUYER_PAY', 'accepted'],
  ['TRADE_SUCCESS', 'succeeded'],
  ['TRADE_FINISHED', 'succeeded'],
  ['TRADE_CLOSED', 'failed'],
  ['TRADE_CLOSED paid', 'succeeded'],
])

export const REFUND_STATES = table([
  ['REFUND_SUCCESS', 'succeeded'],
  ['REFUND_PROCESSING', 'accepted'],
])

/** The result of a listed code; `unknown` for every other. */
export function resultOf(rows: ReadonlyMap<string, Result>, code: string): Result {
  const result = rows.get(code)
  return result ?? 'unknown'
}
