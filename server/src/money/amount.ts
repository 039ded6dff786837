/**
 * An amount of money: a whole number of minor units (fen for CNY) with its currency.
 *
 * The one thing to get wrong: `JSON.stringify` refuses a bigint, and a JSON number would lose digits
 * past 2^53; so an amount crosses a wire only through `toMoneyJson` and `parseMoney`.
 */
import type { Currency } from './currency.ts'
import { MoneyProblem, refuse } from './refusals.ts'

/** The largest and smallest amount a PostgreSQL int8 column can hold, in minor units. */
export const MOST_MINOR = 9223372036854775807n
export const LEAST_MINOR = -9223372036854775808n

export interface Money {
  /** Minor units. */
  readonly amount: bigint
  readonly currency: Currency
}

/** Money on a wire: minor units as a string of digits. */
export interface MoneyJson {
  readonly amount: string
  readonly currency: Currency
}

/** An amount in minor units. Stops when it does not fit an int8 column. */
export function money(amount: bigint, currency: Currency): Money {
  if (amount > MOST_MINOR || amount < LEAST_MINOR)
    throw new MoneyProblem(refuse('amount_over_int8'))
  return { amount, currency }
}

/** Nothing, in one currency. */
export function zero(currency: Currency): Money {
  return { amount: 0n, currency }
}

/** left + right. Stops when the currencies differ or the result does not fit int8. */
export function add(left: Money, right: Money): Money {
  return money(left.amount + right.amount, oneCurrency(left, right))
}

/** left − right, which may be negative. Stops when the currencies differ. */
export function subtract(left: Money, right: Money): Money {
  return money(left.amount - right.amount, oneCurrency(left, right))
}

/** The same amount with the other sign. */
export function negate(value: Money): Money {
  return money(-value.amount, value.currency)
}

/** The sum of amounts that must all be in `currency`; zero for none. */
export function sum(values: Iterable<Money>, currency: Currency): Money {
  let total = 0n
  for (const value of values) {
    oneCurrency(value, { currency })
    total += value.amount
  }
  return money(total, currency)
}

/** −1, 0 or 1 as left is below, equal to or above right. Stops when the currencies differ. */
export function compare(left: Money, right: Money): -1 | 0 | 1 {
  oneCurrency(left, right)
  if (left.amount === right.amount) return 0
  return left.amount < right.amount ? -1 : 1
}

/** Whether both are the same amount in the same currency; different currencies are not equal. */
export function equal(left: Money, right: Money): boolean {
  return left.currency === right.currency && left.amount === right.amount
}

/** Money as it crosses a wire: `{"amount":"680000000","currency":"CNY"}`. */
export function toMoneyJson(value: Money): MoneyJson {
  return { amount: value.amount.toString(), currency: value.currency }
}

function oneCurrency(left: Pick<Money, 'currency'>, right: Pick<Money, 'currency'>): Currency {
  if (left.currency !== right.currency) {
    throw new MoneyProblem(
      refuse('currency_mismatch', { left: left.currency, right: right.currency }),
    )
  }
  return left.currency
}
