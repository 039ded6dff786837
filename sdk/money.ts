import type { components } from './openapi.ts'

/** An ISO 4217 code. */
export type Currency = components['schemas']['Currency']

/** Money on the wire: minor units as digits, so that no amount is ever a float. */
export interface Money<C extends Currency = Currency> {
  readonly amount: string
  readonly currency: C
}

/** `money(680000000n, 'CNY')` is ¥6,800,000.00. */
export function money<C extends Currency>(minorUnits: bigint, currency: C): Money<C> {
  return { amount: minorUnits.toString(), currency }
}

/** The minor units of money, for arithmetic. */
export function minorUnits(money: Pick<Money, 'amount'>): bigint {
  return BigInt(money.amount)
}
