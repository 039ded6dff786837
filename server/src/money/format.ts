/**
 * Amounts for people: in full (¥6,800,000.00) and compact (680万, 6.8M).
 *
 * The one thing to get wrong: a compact amount is rounded. It belongs on cards and axes with the
 * full one a touch away, never in a confirmation, a statement or an export.
 */
import type { Money } from './amount.ts'
import { exponentOf } from './currency.ts'
import { divide } from './rounding.ts'

export type Language = 'zh' | 'en'

/** Shown where an amount is not known; never a zero. */
export const UNKNOWN_AMOUNT = '—'

const MINUS = '−'

/** Steps of a compact amount in whole currency units, largest first. */
const compactUnits: Record<Language, readonly [bigint, string][]> = {
  zh: [
    [10n ** 12n, '万亿'],
    [10n ** 8n, '亿'],
    [10n ** 4n, '万'],
  ],
  en: [
    [10n ** 12n, 'T'],
    [10n ** 9n, 'B'],
    [10n ** 6n, 'M'],
    [10n ** 3n, 'K'],
  ],
}

/** A plain decimal string for files and wires: `6800000.00`, `-0.05`, `1000` for yen. */
export function toDecimal(value: Money): string {
  const { sign, units, fraction } = digits(value)
  return (sign ? '-' : '') + units + (fraction === '' ? '' : `.${fraction}`)
}

/**
 * The full amount. Chinese writes yuan as `¥6,800,000.00` and other currencies by their code;
 * English always writes the code, since ¥ is also the yen. A minus is U+2212, before everything.
 */
export function formatMoney(value: Money | undefined, language: Language): string {
  if (value === undefined) return UNKNOWN_AMOUNT
  const { sign, units, fraction } = digits(value)
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === '' ? '' : `.${fraction}`)
  const mark = language === 'zh' && value.currency === 'CNY' ? '¥' : `${value.currency} `
  return (sign ? MINUS : '') + mark + grouped
}

/**
 * The amount to at most two decimals of its largest unit, halves away from zero: `680万`, `1.23亿`,
 * `6.8M`. The currency is not written: a card, an axis or a column names it once.
 */
export function formatCompact(value: Money | undefined, language: Language): string {
  if (value === undefined) return UNKNOWN_AMOUNT
  const one = 10n ** BigInt(exponentOf(value.currency))
  const amount = value.amount < 0n ? -value.amount : value.amount
  const sign = value.amount < 0n ? MINUS : ''
  const steps = compactUnits[language]
  // Rounding can reach the next unit (9999.999万 is 1亿), so a unit is chosen by the rounded value.
  for (let at = 0; at < steps.length; at += 1) {
    const [size, name] = steps[at]!
    const hundredths = divide(amount * 100n, one * size, 'half_up')
    const below = steps[at + 1]?.[0] ?? 1n
    const roundedBelow = divide(amount * 100n, one * below, 'half_up') * below
    if (hundredths >= 100n && roundedBelow >= size * 100n) return sign + short(hundredths) + name
  }
  const hundredths = divide(amount * 100n, one, 'half_up')
  return (hundredths === 0n ? '' : sign) + short(hundredths)
}

function short(hundredths: bigint): string {
  const fraction = (hundredths % 100n).toString().padStart(2, '0').replace(/0+$/, '')
  return (hundredths / 100n).toString() + (fraction === '' ? '' : `.${fraction}`)
}

function digits(value: Money): { sign: boolean; units: string; fraction: string } {
  const exponent = exponentOf(value.currency)
  const sign = value.amount < 0n
  const text = (sign ? -value.amount : value.amount).toString().padStart(exponent + 1, '0')
  const cut = text.length - exponent
  return { sign, units: text.slice(0, cut), fraction: text.slice(cut) }
}
