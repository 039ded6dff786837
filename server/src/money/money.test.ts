/**
 * Money through its door: tables of cases for what people must be able to check by eye, properties
 * for what must hold for every input.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add,
  allocate,
  allocateMoney,
  compare,
  currencies,
  currencyByNumeric,
  currencyFacts,
  divide,
  equal,
  formatCompact,
  formatMoney,
  isCurrency,
  LEAST_MINOR,
  MOST_MINOR,
  type Money,
  MoneyProblem,
  money,
  negate,
  portion,
  portionOf,
  type Rounding,
  roundings,
  subtract,
  sum,
  toDecimal,
  toMoneyJson,
  zero,
} from './index.ts'

const cny = (amount: bigint): Money => money(amount, 'CNY')
const int8 = fc.bigInt({ min: LEAST_MINOR, max: MOST_MINOR })

/** The code a call stops with. */
function stopsWith(call: () => unknown): string | undefined {
  try {
    call()
  } catch (problem) {
    if (problem instanceof MoneyProblem) return problem.refused
    throw problem
  }
  return undefined
}

describe('amounts', () => {
  test('add, subtract, sum and compare keep the currency', () => {
    expect(add(cny(200_000_00n), cny(1n))).toEqual(cny(200_000_01n))
    expect(subtract(cny(1n), cny(3n))).toEqual(cny(-2n))
    expect(sum([cny(1n), cny(2n), cny(3n)], 'CNY')).toEqual(cny(6n))
    expect(sum([], 'JPY')).toEqual(zero('JPY'))
    expect([
      compare(cny(1n), cny(2n)),
      compare(cny(2n), cny(2n)),
      compare(cny(3n), cny(2n)),
    ]).toEqual([-1, 0, 1])
    expect(equal(cny(0n), zero('JPY'))).toBe(false)
    expect(negate(cny(5n))).toEqual(cny(-5n))
    expect(toMoneyJson(cny(680_000_000n))).toEqual({ amount: '680000000', currency: 'CNY' })
  })

  test.each([
    ['currency_mismatch', () => add(cny(1n), money(1n, 'USD'))],
    ['currency_mismatch', () => subtract(cny(1n), money(1n, 'USD'))],
    ['currency_mismatch', () => compare(cny(1n), money(1n, 'USD'))],
    ['currency_mismatch', () => sum([cny(1n), money(1n, 'USD')], 'CNY')],
    ['amount_over_int8', () => add(cny(MOST_MINOR), cny(1n))],
    ['amount_over_int8', () => subtract(cny(LEAST_MINOR), cny(1n))],
    ['amount_over_int8', () => negate(cny(LEAST_MINOR))],
    ['amount_over_int8', () => money(MOST_MINOR + 1n, 'CNY')],
  ])('stops with %s', (code, call) => {
    expect(stopsWith(call)).toBe(code)
  })
})

describe('currencies', () => {
  test.each([
    ['CNY', '156', 2],
    ['USD', '840', 2],
    ['HKD', '344', 2],
    ['JPY', '392', 0],
    ['KRW', '410', 0],
    ['KWD', '414', 3],
    ['BHD', '048', 3],
    ['CLF', '990', 4],
    ['UYW', '927', 4],
    ['ALL', '008', 2],
  ] as const)('%s is %s with %i places', (code, numeric, exponent) => {
    expect(currencyFacts(code)).toMatchObject({ code, numeric, exponent })
    expect(currencyByNumeric(numeric)).toBe(code)
  })

  test('codes and numeric codes are well formed and unique', () => {
    const facts = currencies.map(currencyFacts)
    expect(facts.length).toBe(165)
    expect(new Set(facts.map((fact) => fact.numeric)).size).toBe(facts.length)
    for (const fact of facts) {
      expect(fact.code).toMatch(/^[A-Z]{3}$/)
      expect(fact.numeric).toMatch(/^[0-9]{3}$/)
      expect([0, 2, 3, 4]).toContain(fact.exponent)
    }
    expect([...currencies]).toEqual([...currencies].sort())
  })

  test.each(['cny', 'RMB', 'XAU', 'BGN', 'toString', '__proto__', '', 156, undefined, null])(
    '%s is no currency an amount can be kept in',
    (code) => {
      expect(isCurrency(code)).toBe(false)
    },
  )
})

describe('rounding', () => {
  const inputs = [25n, -25n, 35n, 21n, -21n, 29n, -29n, 20n, 0n]
  const table: Record<Rounding, bigint[]> = {
    half_up: [3n, -3n, 4n, 2n, -2n, 3n, -3n, 2n, 0n],
    half_even: [2n, -2n, 4n, 2n, -2n, 3n, -3n, 2n, 0n],
    down: [2n, -2n, 3n, 2n, -2n, 2n, -2n, 2n, 0n],
    up: [3n, -3n, 4n, 3n, -3n, 3n, -3n, 2n, 0n],
    floor: [2n, -3n, 3n, 2n, -3n, 2n, -3n, 2n, 0n],
    ceiling: [3n, -2n, 4n, 3n, -2n, 3n, -2n, 2n, 0n],
  }
  test.each(roundings)('%s as tabled, under either sign of the divisor', (rounding) => {
    expect(inputs.map((input) => divide(input, 10n, rounding))).toEqual(table[rounding])
    expect(inputs.map((input) => divide(-input, -10n, rounding))).toEqual(table[rounding])
  })

  test('the result is one of the two whole neighbours, and the nearer one for the halves', () => {
    const divisor = fc.bigInt({ min: -1_000_000n, max: 1_000_000n }).filter((d) => d !== 0n)
    fc.assert(
      fc.property(int8, divisor, fc.constantFrom(...roundings), (n, d, rounding) => {
        const size = (value: bigint) => (value < 0n ? -value : value)
        const error = size(n - divide(n, d, rounding) * d)
        expect(error < size(d)).toBe(true)
        if (rounding.startsWith('half')) expect(2n * error <= size(d)).toBe(true)
        const floor = divide(n, d, 'floor')
        const ceiling = divide(n, d, 'ceiling')
        expect(ceiling - floor).toBe(n % d === 0n ? 0n : 1n)
        expect([floor, ceiling]).toContain(divide(n, d, rounding))
      }),
    )
  })

  test('portion takes parts per million', () => {
    expect(portion(680_000_000n, 10_000, 'half_up')).toBe(6_800_000n)
    expect(portion(101n, 5_000, 'half_up')).toBe(1n)
    expect(portion(99n, 5_000n, 'half_up')).toBe(0n)
    expect(portion(1n, 1, 'up')).toBe(1n)
    expect(portionOf(cny(12_345n), 1_000_000, 'down')).toEqual(cny(12_345n))
  })

  test.each([
    ['division_by_zero', () => divide(1n, 0n, 'down')],
    ['rate_not_whole', () => portion(1n, 0.5, 'down')],
    ['rate_not_whole', () => portion(1n, -1, 'down')],
    ['rate_not_whole', () => portion(1n, -1n, 'down')],
    ['rate_not_whole', () => portion(1n, Number.NaN, 'down')],
    ['rate_not_whole', () => portion(1n, 2 ** 53, 'down')],
  ])('stops with %s', (code, call) => {
    expect(stopsWith(call)).toBe(code)
  })
})

describe('allocate', () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 40 })
    .filter((list) => list.some((weight) => weight > 0n))

  test.each([
    [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    [101n, [1n, 1n, 1n], [34n, 34n, 33n]],
    [-100n, [1n, 1n, 1n], [-34n, -33n, -33n]],
    [10n, [0n, 1n, 2n], [0n, 3n, 7n]],
    [1n, [1n, 2n, 3n], [0n, 0n, 1n]],
    [0n, [5n, 5n], [0n, 0n]],
    [5n, [1n], [5n]],
    [2n, [1n, 1n, 1n, 0n], [1n, 1n, 0n, 0n]],
    [680_000_000n, [990_000n, 10_000n], [673_200_000n, 6_800_000n]],
  ])('%s by %o is %o', (total, given, parts) => {
    expect(allocate(total, given)).toEqual(parts)
  })

  test('the parts sum to the total and none is a whole unit off its share', () => {
    fc.assert(
      fc.property(int8, weights, (total, given) => {
        const parts = allocate(total, given)
        const whole = given.reduce((a, b) => a + b, 0n)
        expect(parts.length).toBe(given.length)
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total)
        parts.forEach((part, index) => {
          const error = part * whole - total * given[index]!
          expect(error < whole && error > -whole).toBe(true)
          if (given[index] === 0n) expect(part).toBe(0n)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('a split taken back is the same parts, and a larger weight never gets less', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MOST_MINOR }), weights, (total, given) => {
        const parts = allocate(total, given)
        expect(allocate(-total, given)).toEqual(parts.map((part) => -part))
        const pairs = given.map((weight, index) => ({ weight, part: parts[index]! }))
        pairs.sort((a, b) => (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : 0))
        for (let i = 1; i < pairs.length; i += 1) {
          if (pairs[i]!.weight > pairs[i - 1]!.weight) {
            expect(pairs[i]!.part >= pairs[i - 1]!.part).toBe(true)
          }
        }
      }),
    )
  })

  test('the parts of money carry its currency', () => {
    expect(allocateMoney(money(1n, 'JPY'), [1n, 1n])).toEqual([money(1n, 'JPY'), money(0n, 'JPY')])
  })

  test.each([
    ['weights_unusable', () => allocate(1n, [])],
    ['weights_unusable', () => allocate(1n, [0n, 0n])],
    ['weights_unusable', () => allocate(1n, [2n, -1n])],
  ])('stops with %s', (code, call) => {
    expect(stopsWith(call)).toBe(code)
  })
})

describe('written for people', () => {
  test.each([
    [cny(680_000_000n), '¥6,800,000.00', 'CNY 6,800,000.00', '6800000.00'],
    [cny(0n), '¥0.00', 'CNY 0.00', '0.00'],
    [cny(-12_000n), '−¥120.00', '−CNY 120.00', '-120.00'],
    [cny(-5n), '−¥0.05', '−CNY 0.05', '-0.05'],
    [cny(100_000n), '¥1,000.00', 'CNY 1,000.00', '1000.00'],
    [
      cny(MOST_MINOR),
      '¥92,233,720,368,547,758.07',
      'CNY 92,233,720,368,547,758.07',
      '92233720368547758.07',
    ],
    [money(1_234_567n, 'JPY'), 'JPY 1,234,567', 'JPY 1,234,567', '1234567'],
    [money(1_234_567n, 'KWD'), 'KWD 1,234.567', 'KWD 1,234.567', '1234.567'],
    [money(1n, 'CLF'), 'CLF 0.0001', 'CLF 0.0001', '0.0001'],
  ])('%o in full', (value, zh, en, plain) => {
    expect(formatMoney(value, 'zh')).toBe(zh)
    expect(formatMoney(value, 'en')).toBe(en)
    expect(toDecimal(value)).toBe(plain)
  })

  test.each([
    [680_000_000n, '680万', '6.8M'],
    [12_345_678_901n, '1.23亿', '123.46M'],
    [0n, '0', '0'],
    [99n, '0.99', '0.99'],
    [-1n, '−0.01', '−0.01'],
    [99_999n, '999.99', '999.99'],
    [999_999n, '9999.99', '10K'],
    [1_000_000n, '1万', '10K'],
    [99_999_400n, '100万', '999.99K'],
    [99_999_500n, '100万', '1M'],
    [999_999_000n, '1000万', '10M'],
    [9_999_000_000n, '9999万', '99.99M'],
    [9_999_999_000n, '1亿', '100M'],
    [99_999_990_000n, '10亿', '1B'],
    [-680_000_000n, '−680万', '−6.8M'],
    [1_234_567_890_123_456n, '12.35万亿', '12.35T'],
  ])('%s fen compact', (amount, zh, en) => {
    expect(formatCompact(cny(amount), 'zh')).toBe(zh)
    expect(formatCompact(cny(amount), 'en')).toBe(en)
  })

  test('an unknown amount is a dash, never a zero', () => {
    expect([formatMoney(undefined, 'zh'), formatCompact(undefined, 'en')]).toEqual(['—', '—'])
  })
})
