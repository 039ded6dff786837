/**
 * Division that names its rounding.
 *
 * The one thing to get wrong: bigint division in JavaScript cuts towards zero, silently. Nothing
 * outside this file divides an amount.
 */
import { type Money, money } from './amount.ts'
import { MoneyProblem, refuse } from './refusals.ts'

/**
 * | name      |  2.5 | −2.5 | 3.5 | 2.1 | −2.1 |
 * |-----------|------|------|-----|-----|------|
 * | half_up   |  3   | −3   |  4  |  2  | −2   | nearest, halves away from zero
 * | half_even |  2   | −2   |  4  |  2  | −2   | nearest, halves to the even neighbour
 * | down      |  2   | −2   |  3  |  2  | −2   | towards zero
 * | up        |  3   | −3   |  4  |  3  | −3   | away from zero
 * | floor     |  2   | −3   |  3  |  2  | −3   | towards minus infinity
 * | ceiling   |  3   | −2   |  4  |  3  | −2   | towards plus infinity
 */
export type Rounding = 'half_up' | 'half_even' | 'down' | 'up' | 'floor' | 'ceiling'

export const roundings = ['half_up', 'half_even', 'down', 'up', 'floor', 'ceiling'] as const

/** Parts per million in one whole: 1 % is 10,000 ppm. */
export const PPM = 1_000_000n

/** numerator ÷ denominator, rounded as named. Stops on a zero denominator. */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator === 0n) throw new MoneyProblem(refuse('division_by_zero'))
  const quotient = numerator / denominator
  const rest = numerator % denominator
  if (rest === 0n) return quotient
  const negative = numerator < 0n !== denominator < 0n
  const away = negative ? quotient - 1n : quotient + 1n
  switch (rounding) {
    case 'down':
      return quotient
    case 'up':
      return away
    case 'floor':
      return negative ? away : quotient
    case 'ceiling':
      return negative ? quotient : away
    case 'half_up':
      return twice(rest) >= size(denominator) ? away : quotient
    case 'half_even': {
      const doubled = twice(rest)
      if (doubled === size(denominator)) return quotient % 2n === 0n ? quotient : away
      return doubled > size(denominator) ? away : quotient
    }
  }
}

/**
 * The part of `amount` (minor units) that `ppm` parts per million make, rounded as named:
 * `portion(680000000n, 10_000, 'half_up')` is 1 %, 6800000n. Stops on a rate that is not a whole
 * number of zero or more.
 */
export function portion(amount: bigint, ppm: bigint | number, rounding: Rounding): bigint {
  const whole = typeof ppm === 'bigint' || Number.isSafeInteger(ppm)
  if (!whole || ppm < 0) throw new MoneyProblem(refuse('rate_not_whole', { got: String(ppm) }))
  return divide(amount * BigInt(ppm), PPM, rounding)
}

/** `portion` of money, in the same currency. */
export function portionOf(value: Money, ppm: bigint | number, rounding: Rounding): Money {
  return money(portion(value.amount, ppm, rounding), value.currency)
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value
}

function twice(value: bigint): bigint {
  return 2n * size(value)
}
