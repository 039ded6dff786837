/**
 * The one check of what a rail says against what was ordered, for all rails and all ways it may say
 * it. Where they differ nothing is moved: both values go into an exception.
 */
import type { Personal } from '#base'
import type { PaymentOutcome } from '#channels'
import type { Attempt } from './attempt.ts'
import type { ExceptionKind } from './exceptions.ts'

/** An exception to raise, with what was ordered and what was told. */
export interface Disagreed {
  readonly kind: ExceptionKind
  readonly evidence: Readonly<Record<string, unknown>>
}

/**
 * What differs, `undefined` when nothing does. A rail that does not tell a value agrees; `payee` is
 * the account we ordered to pay, where there is one.
 */
export function disagreement(
  attempt: Pick<Attempt, 'amount' | 'currency' | 'channel' | 'reference'>,
  outcome: PaymentOutcome,
  payee?: Personal,
): Disagreed | undefined {
  if (outcome.result === 'unknown') return undefined
  const { amount, currency, channel, reference } = attempt
  const at = { channel, reference, result: outcome.result }
  if (outcome.currency !== undefined && outcome.currency !== currency) {
    const evidence = { ...at, ordered: currency, told: outcome.currency }
    return { kind: 'currency_differs', evidence }
  }
  if (outcome.amount !== undefined && outcome.amount !== amount) {
    const money = (minor: bigint) => ({ amount: minor.toString(), currency })
    const evidence = { ...at, ordered: money(amount), told: money(outcome.amount) }
    return { kind: 'amount_differs', evidence }
  }
  const told = outcome.payeeAccount
  if (told !== undefined && payee !== undefined && !isSameAccount(told, payee)) {
    const evidence = { ...at, ordered: payee.masked(), told: told.masked() }
    return { kind: 'payee_differs', evidence }
  }
  return undefined
}

/** Rails tell an account in full or with stars in the middle; what they show must be the same. */
function isSameAccount(told: Personal, ordered: Personal): boolean {
  const shown = told.reveal('check of the payee')
  const whole = ordered.reveal('check of the payee')
  if (!shown.includes('*')) return shown === whole
  const [front = ''] = shown.split('*')
  const back = shown.slice(shown.lastIndexOf('*') + 1)
  return whole.startsWith(front) && whole.endsWith(back)
}
