/** The strict parser: a row for every refusal, then 10,000 hostile texts against an independent rule. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  currencies,
  exponentOf,
  isMoneyRefusal,
  LEAST_MINOR,
  MOST_MINOR,
  money,
  moneyRefusals,
  parseCurrency,
  parseDecimal,
  parseMinor,
  parseMoney,
  toDecimal,
  toMoneyJson,
} from './index.ts'

/** What a parser answers: the value, or the code it refuses with. */
function answer(value: unknown): unknown {
  if (!isMoneyRefusal(value)) return value
  expect(value.says).toMatch(/^[A-Z].*\.$/)
  expect(value.says).not.toMatch(/\{[a-z]+\}/)
  return value.refused
}

describe('minor units', () => {
  test.each([
    ['0', 0n],
    ['1', 1n],
    ['680000000', 680_000_000n],
    ['9223372036854775807', MOST_MINOR],
    [1, 'amount_is_number'],
    [1.5, 'amount_is_number'],
    [Number.NaN, 'amount_is_number'],
    [1n, 'amount_not_text'],
    [null, 'amount_not_text'],
    [undefined, 'amount_not_text'],
    [['1'], 'amount_not_text'],
    [{ toString: () => '1' }, 'amount_not_text'],
    ['', 'amount_empty'],
    ['1'.repeat(33), 'amount_too_long'],
    [' 1', 'amount_has_space'],
    ['1\n', 'amount_has_space'],
    ['1\u00a00', 'amount_has_space'],
    ['\u30001', 'amount_has_space'],
    ['1\u200b', 'amount_has_space'],
    ['１００', 'amount_full_width'],
    ['1０', 'amount_full_width'],
    ['－1', 'amount_full_width'],
    ['٣', 'amount_full_width'],
    ['²', 'amount_full_width'],
    ['一百', 'amount_full_width'],
    ['1,000', 'amount_has_separator'],
    ['1_000', 'amount_has_separator'],
    ["1'000", 'amount_has_separator'],
    ['1e3', 'amount_has_exponent'],
    ['1E+3', 'amount_has_exponent'],
    ['1.5e-2', 'amount_has_exponent'],
    ['+1', 'amount_has_plus'],
    ['-1', 'amount_negative'],
    ['−1', 'amount_negative'],
    ['-0', 'amount_negative'],
    ['1.0', 'amount_has_point'],
    ['1.', 'amount_has_point'],
    ['.5', 'amount_has_point'],
    ['0x10', 'amount_malformed'],
    ['1n', 'amount_malformed'],
    ['NaN', 'amount_malformed'],
    ['Infinity', 'amount_malformed'],
    ['1-', 'amount_malformed'],
    ['¥1', 'amount_malformed'],
    ['1\u0000', 'amount_malformed'],
    ['00', 'amount_leading_zero'],
    ['007', 'amount_leading_zero'],
    ['9223372036854775808', 'amount_over_int8'],
    ['99999999999999999999', 'amount_over_int8'],
  ])('%o is %s', (text, wanted) => {
    expect(answer(parseMinor(text))).toBe(wanted)
  })

  test.each([
    ['-1', -1n],
    ['-9223372036854775808', LEAST_MINOR],
    ['-9223372036854775809', 'amount_over_int8'],
    ['-0', 'amount_negative_zero'],
    ['-01', 'amount_leading_zero'],
    ['--1', 'amount_malformed'],
    ['−1', 'amount_malformed'],
    ['-', 'amount_malformed'],
  ])('signed, %o is %s', (text, wanted) => {
    expect(answer(parseMinor(text, { signed: true }))).toBe(wanted)
  })
})

describe('decimal strings', () => {
  test.each([
    ['6800000.00', 'CNY', {}, 680_000_000n],
    ['6800000', 'CNY', {}, 680_000_000n],
    ['0.5', 'CNY', {}, 50n],
    ['0.05', 'CNY', {}, 5n],
    ['0.00', 'CNY', {}, 0n],
    ['1000', 'JPY', {}, 1000n],
    ['1.234', 'KWD', {}, 1234n],
    ['1.2345', 'CLF', {}, 12_345n],
    ['-1.20', 'CNY', { signed: true }, -120n],
    ['-0.01', 'CNY', { signed: true }, -1n],
    ['1.20', 'CNY', { exact: true }, 120n],
    ['1000', 'JPY', { exact: true }, 1000n],
    ['92233720368547758.07', 'CNY', {}, MOST_MINOR],
    ['1.2', 'CNY', { exact: true }, 'amount_decimal_places'],
    ['1', 'CNY', { exact: true }, 'amount_decimal_places'],
    ['1.234', 'CNY', {}, 'amount_decimal_places'],
    ['1.0', 'JPY', {}, 'amount_decimal_places'],
    ['1.', 'CNY', {}, 'amount_malformed'],
    ['.5', 'CNY', {}, 'amount_malformed'],
    ['1.2.3', 'CNY', {}, 'amount_malformed'],
    ['00.5', 'CNY', {}, 'amount_leading_zero'],
    ['-0.00', 'CNY', { signed: true }, 'amount_negative_zero'],
    ['-1.20', 'CNY', {}, 'amount_negative'],
    ['1,000.00', 'CNY', {}, 'amount_has_separator'],
    ['1e2', 'CNY', {}, 'amount_has_exponent'],
    ['１.00', 'CNY', {}, 'amount_full_width'],
    ['92233720368547758.08', 'CNY', {}, 'amount_over_int8'],
    [6800000.0, 'CNY', {}, 'amount_is_number'],
  ] as const)('%o %s %o is %s', (text, currency, options, wanted) => {
    expect(answer(parseDecimal(text, currency, options))).toBe(wanted)
  })

  test('what is written is read back, in every currency', () => {
    const amounts = fc.bigInt({ min: LEAST_MINOR, max: MOST_MINOR })
    fc.assert(
      fc.property(amounts, fc.constantFrom(...currencies), (amount, currency) => {
        const text = toDecimal(money(amount, currency))
        expect(parseDecimal(text, currency, { signed: true, exact: true })).toBe(amount)
        expect(text.split('.')[1]?.length ?? 0).toBe(exponentOf(currency))
        const json = toMoneyJson(money(amount, currency))
        expect(parseMoney(JSON.parse(JSON.stringify(json)), { signed: true })).toEqual({
          amount,
          currency,
        })
      }),
    )
  })
})

describe('money objects', () => {
  test.each([
    [
      { amount: '1', currency: 'CNY' },
      { amount: 1n, currency: 'CNY' },
    ],
    ['1', 'money_not_object'],
    [null, 'money_not_object'],
    [[], 'money_not_object'],
    [{ currency: 'CNY' }, 'money_field_missing'],
    [{ amount: '1' }, 'money_field_missing'],
    [Object.create({ amount: '1', currency: 'CNY' }), 'money_field_missing'],
    [{ amount: '1', currency: 'CNY', scale: 2 }, 'money_field_unknown'],
    [{ amount: '1', currency: 'RMB' }, 'currency_unknown'],
    [{ amount: '1', currency: 156 }, 'currency_unknown'],
    [{ amount: '1', currency: 'XAU' }, 'currency_without_minor_unit'],
    [{ amount: 1, currency: 'CNY' }, 'amount_is_number'],
    [{ amount: '-1', currency: 'CNY' }, 'amount_negative'],
  ])('%o is %o', (value, wanted) => {
    expect(answer(parseMoney(value))).toEqual(wanted)
  })

  test('a currency alone', () => {
    expect(answer(parseCurrency('CNY'))).toBe('CNY')
    expect(answer(parseCurrency('constructor'))).toBe('currency_unknown')
  })
})

/** Characters that have fooled number parsers, mixed so that many texts are nearly right. */
const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'0123456789') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...'.-+eE,_ xn\t\n０９٣一−＋．\u0000\u200b\u202e¥$%'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 1 }) },
)
const texts = fc.oneof(
  fc.array(hostile, { maxLength: 24 }).map((parts) => parts.join('')),
  fc.bigInt({ min: 2n * LEAST_MINOR, max: 2n * MOST_MINOR }).map(String),
  fc.double().map(String),
)

test('10,000 hostile texts: read exactly when they are plain digits within int8, never a throw', () => {
  let read = 0
  let refused = 0
  fc.assert(
    fc.property(texts, fc.boolean(), (text, signed) => {
      const result = parseMinor(text, { signed })
      const plain = (signed ? /^(?:0|-?[1-9]\d*)$/ : /^(?:0|[1-9]\d*)$/).test(text)
      const fits = plain && BigInt(text) <= MOST_MINOR && BigInt(text) >= LEAST_MINOR
      if (fits) {
        read += 1
        expect(result).toBe(BigInt(text))
      } else {
        refused += 1
        expect(isMoneyRefusal(result) && result.refused in moneyRefusals).toBe(true)
      }
      const decimal = parseDecimal(text, 'CNY', { signed, exact: true })
      const twoPlaces = signed ? /^-?(?:0|[1-9]\d*)\.\d\d$/ : /^(?:0|[1-9]\d*)\.\d\d$/
      if (!twoPlaces.test(text)) expect(isMoneyRefusal(decimal)).toBe(true)
    }),
    { numRuns: 10_000 },
  )
  expect(read).toBeGreaterThan(500)
  expect(refused).toBeGreaterThan(500)
})
