/** 大写: the examples of the rule itself, then a table for each zero, then the round trip. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isMoneyRefusal,
  MoneyProblem,
  money,
  parseDecimal,
  readWords,
  writeVoucherWords,
  writeWords,
} from './index.ts'

const yuan = (text: string) => money(parseDecimal(text, 'CNY') as bigint, 'CNY')

describe('the forms we write', () => {
  test.each([
    // The examples printed in the rule; where it gives two forms, the first.
    ['1409.50', '壹仟肆佰零玖元伍角'],
    ['6007.14', '陆仟零柒元壹角肆分'],
    ['1680.32', '壹仟陆佰捌拾元零叁角贰分'],
    ['107000.53', '壹拾万柒仟元零伍角叁分'],
    ['16409.02', '壹万陆仟肆佰零玖元零贰分'],
    ['325.04', '叁佰贰拾伍元零肆分'],
    // Ends.
    ['0.00', '零元整'],
    ['0.01', '壹分'],
    ['0.10', '壹角'],
    ['0.54', '伍角肆分'],
    ['1.00', '壹元整'],
    ['1.01', '壹元零壹分'],
    ['1.10', '壹元壹角'],
    ['10.00', '壹拾元整'],
    ['10.50', '壹拾元零伍角'],
    ['10.05', '壹拾元零伍分'],
    // Zeros inside and between sections.
    ['101.00', '壹佰零壹元整'],
    ['1001.00', '壹仟零壹元整'],
    ['1010.00', '壹仟零壹拾元整'],
    ['10000.00', '壹万元整'],
    ['10001.00', '壹万零壹元整'],
    ['10500.00', '壹万零伍佰元整'],
    ['15000.00', '壹万伍仟元整'],
    ['100000.00', '壹拾万元整'],
    ['100500.00', '壹拾万零伍佰元整'],
    ['105000.00', '壹拾万伍仟元整'],
    ['2280000.00', '贰佰贰拾捌万元整'],
    ['6800000.00', '陆佰捌拾万元整'],
    ['10000000.00', '壹仟万元整'],
    ['100000000.00', '壹亿元整'],
    ['100000001.00', '壹亿零壹元整'],
    ['100005000.00', '壹亿零伍仟元整'],
    ['100050000.00', '壹亿零伍万元整'],
    ['110000000.00', '壹亿壹仟万元整'],
    ['1010000000.00', '壹拾亿壹仟万元整'],
    ['1000100010.05', '壹拾亿零壹拾万零壹拾元零伍分'],
    ['1000000000000.00', '壹万亿元整'],
    ['1000500000000.00', '壹万零伍亿元整'],
    ['1000000000001.00', '壹万亿零壹元整'],
    [
      '9999999999999999.99',
      '玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分',
    ],
  ])('%s is %s', (amount, words) => {
    expect(writeWords(yuan(amount))).toBe(words)
    expect(writeVoucherWords(yuan(amount))).toBe(`人民币${words}`)
    expect(readWords(words)).toEqual(yuan(amount))
  })
})

describe('other forms the rule permits', () => {
  test.each([
    ['壹仟陆佰捌拾元叁角贰分', '1680.32'],
    ['壹拾万零柒仟元伍角叁分', '107000.53'],
    ['壹拾万零柒仟元零伍角叁分', '107000.53'],
    ['壹仟肆佰零玖元伍角整', '1409.50'],
    ['壹元正', '1.00'],
    ['人民币贰佰万圓整', '2000000.00'],
    ['貳億陸仟萬圓正', '260000000.00'],
    ['壹拾亿零壹仟万元整', '1010000000.00'],
  ])('%s is %s', (words, amount) => {
    expect(readWords(words)).toEqual(yuan(amount))
  })
})

describe('what is not read', () => {
  test.each([
    '',
    '元',
    '整',
    '零',
    '人民币',
    '壹元',
    '拾元整',
    '十元整',
    '一元整',
    '两元整',
    '壹佰壹元整',
    '壹佰零零壹元整',
    '壹元壹分',
    '壹元零壹角',
    '壹元壹角零壹分',
    '壹元壹分整',
    '零壹元整',
    '零元壹角',
    '壹拾万零柒元零整',
    '壹亿伍仟元整',
    '壹万伍佰元整',
    '壹万万元整',
    '壹元整整',
    ' 壹元整',
    '壹元整 ',
    '壹拾拾元整',
    '伍分零',
    '100元整',
    '壹佰元整壹分',
    '人民币人民币壹元整',
    '壹'.repeat(200),
  ])('%j', (words) => {
    expect(readWords(words)).toMatchObject({ refused: 'words_malformed' })
  })

  test('something that is not text', () => {
    expect(isMoneyRefusal(readWords(1 as unknown as string))).toBe(true)
  })
})

const amounts = fc.oneof(
  fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n }),
  fc.bigInt({ min: 0n, max: 10_000_000n }),
  // Mostly zeros, where the rule is hard.
  fc
    .array(fc.constantFrom('0', '0', '0', '1', '5'), { minLength: 1, maxLength: 18 })
    .map((digits) => BigInt(digits.join(''))),
)

test('every amount written is read back, and no two amounts share their words', () => {
  const seen = new Map<string, bigint>()
  fc.assert(
    fc.property(amounts, (amount) => {
      const words = writeWords(money(amount, 'CNY'))
      expect(readWords(words)).toEqual({ amount, currency: 'CNY' })
      expect(seen.get(words) ?? amount).toBe(amount)
      seen.set(words, amount)
      expect(words).not.toMatch(/零零|零元整.|零[拾佰仟万亿]|分整/)
    }),
    { numRuns: 5_000 },
  )
})

test('any run of these characters is either refused or one of the forms', () => {
  const chars = fc.constantFrom(...'零壹贰伍拾佰仟万亿元角分整正')
  fc.assert(
    fc.property(fc.array(chars, { maxLength: 12 }), (parts) => {
      const words = parts.join('')
      const value = readWords(words)
      if (isMoneyRefusal(value)) return
      const written = writeWords(value)
      const bare = (text: string) => text.replace(/[零整正]/g, '')
      expect(bare(words)).toBe(bare(written))
    }),
    { numRuns: 10_000 },
  )
})

test.each([
  ['words_other_currency', money(1n, 'USD')],
  ['words_negative', money(-1n, 'CNY')],
  ['words_too_large', money(10n ** 18n, 'CNY')],
])('writing stops with %s', (code, value) => {
  expect(() => writeWords(value)).toThrow(MoneyProblem)
  try {
    writeWords(value)
  } catch (problem) {
    expect((problem as MoneyProblem).refused).toBe(code)
  }
})
