/** From a scheme and the amounts of a deal to what will be done: pure, no clock, no database. */
import { portion, type Rounding } from '#money'
import type { Scheme } from './scheme.ts'

/** All amounts of a scheme, minor units, from those the deal states. */
export function evaluate(
  scheme: Scheme,
  given: Readonly<Record<string, bigint>>,
): Record<string, bigint> {
  const amounts: Record<string, bigint> = {}
  const value = (name: string) => amounts[name] ?? 0n
  const total = (names: readonly string[]) => names.reduce((sum, name) => sum + value(name), 0n)
  for (const [name, formula] of Object.entries(scheme.amounts)) {
    if (formula === 'given') amounts[name] = given[name] ?? 0n
    else if ('sum' in formula) amounts[name] = total(formula.sum) - total(formula.less ?? [])
    else {
      amounts[name] = portion(value(formula.part_of), formula.ppm, formula.rounding as Rounding)
    }
  }
  return amounts
}
