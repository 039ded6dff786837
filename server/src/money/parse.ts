/**
 * The strict parser of amounts that come from outside.
 *
 * The one thing to get wrong: being helpful. "1,000", "1e3", "１００" and " 100" each mean different
 * things to different senders, so each is refused by its own code and sentence instead of guessed.
 */
import { LEAST_MINOR, MOST_MINOR, type Money } from './amount.ts'
import { type Currency, codesWithoutMinorUnit, exponentOf, isCurrency } from './currency.ts'
import { isMoneyRefusal, type MoneyRefusal, type MoneyRefusalCode, refuse } from './refusals.ts'

export interface ParseOptions {
  /** Allows a leading minus. Amounts are unsigned unless said so. */
  readonly signed?: boolean
}

export interface DecimalOptions extends ParseOptions {
  /** Asks for exactly the currency's decimal places, as bank formats do; else fewer are taken too. */
  readonly exact?: boolean
}

/** int8 has 19 digits; a sign, a point and a little room. Longer text is not looked at. */
const LONGEST = 32

/** In order: the first that is found in the text names the refusal. */
const foreign: readonly [RegExp, MoneyRefusalCode][] = [
  [/[\s\u200b\u2060\ufeff]/u, 'amount_has_space'],
  [
    /[\uff00-\uffef]|(?![0-9])\p{Nd}|\p{Nl}|\p{No}|[〇零一二三四五六七八九十]/u,
    'amount_full_width',
  ],
  [/[,_'’]/u, 'amount_has_separator'],
  [/^[+-]?[0-9.]+[eE]/u, 'amount_has_exponent'],
  [/\+/u, 'amount_has_plus'],
]

/** Reads minor units written as digits: `"680000000"` is 680000000n. */
export function parseMinor(text: unknown, options: ParseOptions = {}): bigint | MoneyRefusal {
  const plain = plainText(text, options)
  if (isMoneyRefusal(plain)) return plain
  if (/^-?[0-9]*\.[0-9]*$/.test(plain)) return refuse('amount_has_point')
  if (!/^-?[0-9]+$/.test(plain)) return refuse('amount_malformed')
  return whole(plain, plain)
}

/**
 * Reads a decimal string by the currency's exponent into minor units: `"6800000.00"` CNY is
 * 680000000n. Never more decimal places than the currency has, never a bare point.
 */
export function parseDecimal(
  text: unknown,
  currency: Currency,
  options: DecimalOptions = {},
): bigint | MoneyRefusal {
  const plain = plainText(text, options)
  if (isMoneyRefusal(plain)) return plain
  const match = /^(-?[0-9]+)(?:\.([0-9]+))?$/.exec(plain)
  if (match === null) return refuse('amount_malformed')
  const exponent = exponentOf(currency)
  const places = match[2]?.length ?? 0
  if (places > exponent || (options.exact === true && places !== exponent)) {
    const wanted = options.exact === true ? exponent : `at most ${exponent}`
    return refuse('amount_decimal_places', { wanted, currency, got: places })
  }
  return whole(match[1]!, match[1]! + (match[2] ?? '').padEnd(exponent, '0'))
}

/** Reads `{"amount":"680000000","currency":"CNY"}`: exactly these two fields. */
export function parseMoney(value: unknown, options: ParseOptions = {}): Money | MoneyRefusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('money_not_object', { got: kindOf(value) })
  }
  for (const field of ['amount', 'currency']) {
    if (!Object.hasOwn(value, field)) return refuse('money_field_missing', { field })
  }
  const extra = Object.keys(value).find((field) => field !== 'amount' && field !== 'currency')
  if (extra !== undefined) return refuse('money_field_unknown', { field: extra.slice(0, 40) })
  const fields = value as { amount: unknown; currency: unknown }
  const currency = parseCurrency(fields.currency)
  if (isMoneyRefusal(currency)) return currency
  const amount = parseMinor(fields.amount, options)
  return isMoneyRefusal(amount) ? amount : { amount, currency }
}

/** Reads a currency code in which an amount can be kept. */
export function parseCurrency(code: unknown): Currency | MoneyRefusal {
  if (isCurrency(code)) return code
  if (typeof code !== 'string') return refuse('currency_unknown', { got: kindOf(code) })
  return Object.hasOwn(codesWithoutMinorUnit, code)
    ? refuse('currency_without_minor_unit', { currency: code })
    : refuse('currency_unknown', { got: JSON.stringify(code.slice(0, 8)) })
}

/** Text with nothing in it but ASCII, a minus where one is allowed, and no exponent. */
function plainText(text: unknown, options: ParseOptions): string | MoneyRefusal {
  if (typeof text === 'number') return refuse('amount_is_number')
  if (typeof text !== 'string') return refuse('amount_not_text', { got: kindOf(text) })
  if (text === '') return refuse('amount_empty')
  if (text.length > LONGEST) {
    return refuse('amount_too_long', { length: text.length, most: LONGEST })
  }
  for (const [pattern, code] of foreign) if (pattern.test(text)) return refuse(code)
  if (/^[-−]/u.test(text) && options.signed !== true) return refuse('amount_negative')
  return text
}

/** The number of `digits`, whose part before the point is `front`. */
function whole(front: string, digits: string): bigint | MoneyRefusal {
  if (/^-?0[0-9]/.test(front)) return refuse('amount_leading_zero')
  const value = BigInt(digits)
  if (value === 0n && digits.startsWith('-')) return refuse('amount_negative_zero')
  return value > MOST_MINOR || value < LEAST_MINOR ? refuse('amount_over_int8') : value
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}
