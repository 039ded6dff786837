/**
 * The bank's codes and what each is worth. A code that is not in here is `unknown`, whatever its text
 * says: only a listed refusal proves that the bank did not pay. A reference used before with another
 * content (BBP0099) and a request number seen before (DCH0012) are not listed on purpose: the earlier
 * payment may have been made.
 */
import type { Result } from '../../port.ts'

/** Taken in; what became of it is told by `reqSts` and `rtnFlg`. */
export const TAKEN = 'SUC0000'

/** The bank's task is not finished yet. */
export const NOT_YET = 'DCT0001'

/** Codes in the head or on a record by which the bank says it refused and did nothing. */
export const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['DCH0010', 'field missing or malformed'],
  ['DCH0011', 'no such function'],
  ['DCH0013', 'bank account is not ours'],
  ['BBP0010', 'balance too small'],
  ['BBP0011', 'no permission for payments'],
  ['BBP0020', 'outside the hours for this payment'],
  ['BBP0021', 'maintenance'],
  ['BBP0030', "name differs from the one at the payee's bank"],
  ['BBP0031', "payee's account closed or unknown"],
  ['BBP0032', "refused by the payee's bank"],
  ['BBP0040', 'limit of the day exceeded'],
  ['BBP0041', 'number of payments of the day exceeded'],
  ['BBP0050', 'payment refused by the bank'],
  ['BBP0060', 'set-up of the company at the bank is not complete'],
])

/** Where a request is, `reqSts`; FIN is finished and `rtnFlg` says how. */
export const UNDER_WAY: ReadonlySet<string> = new Set(['AUT', 'NTE', 'BNK', 'WRF', 'OPR'])

/** How it ended, `rtnFlg`. B: it succeeded and came back later; the payment itself stays succeeded. */
export const ENDINGS: ReadonlyMap<string, Result> = new Map([
  ['S', 'succeeded'],
  ['B', 'succeeded'],
  ['F', 'failed'],
  ['R', 'failed'],
  ['D', 'failed'],
  ['C', 'failed'],
])

/** The result of a payment the bank was asked about. */
export function resultOfStatus(reqSts: string, rtnFlg: string): Result {
  if (UNDER_WAY.has(reqSts)) return 'accepted'
  if (reqSts !== 'FIN') return 'unknown'
  return ENDINGS.get(rtnFlg) ?? 'unknown'
}

/**
 * The result of the answer to a payment. Being taken is never being done: only a listed refusal, or
 * FIN with F, is more than `accepted`.
 */
export function resultOfReply(errCod: string, reqSts: string, rtnFlg: string): Result {
  if (errCod !== TAKEN && errCod !== '') return REFUSALS.has(errCod) ? 'failed' : 'unknown'
  const result = resultOfStatus(reqSts, rtnFlg)
  return result === 'succeeded' ? 'accepted' : result
}
