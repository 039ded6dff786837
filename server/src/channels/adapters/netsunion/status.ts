/**
 * The codes of both layers and what each is worth. A code that is not in here is `unknown`, whatever
 * its text says. A signature that was refused and a number used before with another content are not
 * listed on purpose: they tell nothing about an earlier message under the same number.
 */
import type { Result } from '../../port.ts'

/** The message was processed; the second layer says what became of the payout. */
export const PROCESSED = '00000000'

/** System codes by which the clearing house says it turned the message away and did nothing. */
export const SYSTEM_REFUSALS: ReadonlyMap<string, string> = new Map([
  ['PS500001', 'message malformed'],
  ['PS500004', 'institution not admitted to this message'],
])

/** Files: the day is not cleared yet. */
export const NOT_CLEARED = 'PS500071'

/** Business code by which a question is told that there is no such payout. */
export const NO_SUCH_PAYOUT = 'PB531001'

export const SUCCEEDED = '00000000'

/** A bank that takes no payouts to accounts of this kind over the clearing house. */
export const NO_PERMISSION = 'PB520057'

/** On its way: being processed, or held for review. */
export const UNDER_WAY: ReadonlyMap<string, string> = new Map([
  ['PB000001', 'being processed'],
  ['PB000034', 'held for review'],
])

/** Business codes by which the payout was refused and will never be made. */
export const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['PB030X01', 'message malformed'],
  ['PB005X03', 'name and account of the payee differ'],
  ['PB520003', 'institution not set up for payouts'],
  ['PB520005', "refused by the payee's bank"],
  ['PB520014', "payee's account closed or unknown"],
  ['PB520051', 'reserve balance too small'],
  [NO_PERMISSION, "the payee's bank takes no payouts to accounts of this kind"],
  ['PB520058', "outside the hours of the payee's bank"],
  ['PB520061', 'limit of one payout exceeded'],
  ['PB520065', 'number of payouts of the day exceeded'],
  ['PB520091', 'clearing batch closed'],
])

/** The result of a business code, the message having been processed. */
export function resultOfBusiness(code: string): Result {
  if (code === SUCCEEDED) return 'succeeded'
  if (UNDER_WAY.has(code)) return 'accepted'
  return REFUSALS.has(code) ? 'failed' : 'unknown'
}

/** The result of a payout's reply by both layers. */
export function resultOf(system: string, business: string): Result {
  if (system === PROCESSED) return resultOfBusiness(business)
  return SYSTEM_REFUSALS.has(system) ? 'failed' : 'unknown'
}
