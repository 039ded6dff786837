/**
 * Splitting an amount so that nothing is lost: the parts always sum to the total.
 *
 * Largest remainder: each part gets the whole units its weight earns; the units left over go one
 * each to the parts with the largest remainders, and among equal remainders to the earlier part. A
 * part of weight zero gets nothing. A negative total is split as its positive twin with every sign
 * turned, so that taking a split back takes back exactly the same parts.
 */
import { type Money, money } from './amount.ts'
import { MoneyProblem, refuse } from './refusals.ts'

/**
 * Splits `total` (minor units) by `weights` (whole numbers of any scale: ppm, shares, amounts).
 * Returns one part per weight, in their order. Stops when a weight is negative or all are zero.
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  let whole = 0n
  for (const weight of weights) {
    if (weight < 0n) throw new MoneyProblem(refuse('weights_unusable'))
    whole += weight
  }
  if (whole === 0n) throw new MoneyProblem(refuse('weights_unusable'))
  if (total < 0n) return allocate(-total, weights).map((part) => -part)

  const parts = weights.map((weight) => (total * weight) / whole)
  const left = total - parts.reduce((sum, part) => sum + part, 0n)
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (total * weight) % whole }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    )
  // Fewer units are left than there are parts with a remainder, so a weight of zero never gets one.
  for (const { index } of byRemainder.slice(0, Number(left))) parts[index]! += 1n
  return parts
}

/** `allocate` for money: the parts carry the total's currency. */
export function allocateMoney(total: Money, weights: readonly bigint[]): Money[] {
  return allocate(total.amount, weights).map((part) => money(part, total.currency))
}
