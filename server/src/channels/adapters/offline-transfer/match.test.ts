/** Codes and matching: tables of cases, and properties that hold for all. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Personal } from '#base'
import { type AwaitedTransfer, type IncomingTransfer, matchTransfer } from './match.ts'
import { codesIn, isCode, showCode, transferCode } from './transfer-code.ts'

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const references = fc
  .tuple(fc.nat(46_655), fc.stringMatching(/^[0-9A-Z]{17}$/))
  .map(([book, tail]) => `T${String(book).padStart(6, '0')}${tail}`)

/** Multiplication in GF(2^5) by long division: another way to the check than the code's own. */
function times(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 5; bit += 1) if (b & (1 << bit)) product ^= a << bit
  for (let bit = 9; bit >= 5; bit -= 1) if (product & (1 << bit)) product ^= 0b100101 << (bit - 5)
  return product
}

describe('a code', () => {
  test('has eight characters of the alphabet and checks by the powers of x', () => {
    fc.assert(
      fc.property(references, (reference) => {
        const code = transferCode(reference)
        const values = [...code].map((character) => ALPHABET.indexOf(character))
        expect(values).toHaveLength(8)
        expect(values).not.toContain(-1)
        let power = 1
        let sum = 0
        for (const value of values.reverse()) {
          sum ^= times(value, power)
          power = times(power, 2)
        }
        expect(sum).toBe(0)
        expect(isCode(code)).toBe(true)
        expect(transferCode(reference)).toBe(code)
      }),
    )
  })

  test('with any one character wrong, or two neighbours swapped, is none', () => {
    fc.assert(
      fc.property(references, fc.nat(7), fc.nat(30), (reference, at, shift) => {
        const code = transferCode(reference)
        const wrong = ALPHABET[(ALPHABET.indexOf(code[at]!) + 1 + shift) % 32]!
        expect(isCode(code.slice(0, at) + wrong + code.slice(at + 1))).toBe(false)
        if (at === 7 || code[at] === code[at + 1]) return
        const swapped = code.slice(0, at) + code[at + 1] + code[at] + code.slice(at + 2)
        expect(isCode(swapped)).toBe(false)
      }),
    )
  })

  test('differs between orders', () => {
    const all = Array.from({ length: 20_000 }, (_, i) => transferCode(`order ${i}`))
    expect(new Set(all).size).toBe(all.length)
  })

  const code = transferCode('T000007ABCDEFGHIJKLMNOPQ')
  const shown = showCode(code)
  const fullWidth = (text: string) =>
    [...text].map((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join('')
  test.each([
    ['as shown', shown],
    ['without dashes', code],
    ['in lower case', shown.toLowerCase()],
    ['in full width', fullWidth(shown)],
    ['with blanks in place of dashes', shown.replaceAll('-', ' ')],
    ['with full-width blanks', [...code].join('\u3000')],
    ['with long dashes', shown.replaceAll('-', '—')],
    ['after other words', `购房款 ${shown}`],
    ['before other words', `${shown} 张三 1号楼`],
    ['in the middle of letters', `PAY${code}HOUSE`],
    ['with a zero-width blank', `${code.slice(0, 4)}\u200b${code.slice(4)}`],
  ])('is read %s', (_, memo) => {
    expect(codesIn(memo)).toContain(code)
  })

  test.each(['', '购房款', 'FK7', '0O1I0O1I', code.slice(0, 7), `${code.slice(0, 7)}0`])(
    'is not read in %j',
    (memo) => {
      expect(codesIn(memo)).toEqual([])
    },
  )
})

const NOW = Date.UTC(2026, 2, 3, 2)
const name = (text: string) => new Personal('name', text)
const order = (change: Partial<AwaitedTransfer> = {}): AwaitedTransfer => ({
  reference: 'T000007AAAAAAAAAAAAAAAAA',
  amount: 100_000n,
  currency: 'CNY',
  received: 0n,
  payerName: name('李秀英'),
  expiresAt: NOW + 86_400_000,
  ...change,
})
const entry = (change: Partial<IncomingTransfer> = {}): IncomingTransfer => ({
  flow: '1',
  amount: 100_000n,
  currency: 'CNY',
  memo: '',
  counterpartName: name('李秀英'),
  at: NOW,
  ...change,
})
const OTHER = 'T000007BBBBBBBBBBBBBBBBB'
const memoOf = (reference: string) => showCode(transferCode(reference))
const memo = memoOf(order().reference)
const { counterpartName: _named, ...nameless } = entry({ memo })

describe('matching', () => {
  const one = [order()]
  const cases: [string, IncomingTransfer, AwaitedTransfer[], object][] = [
    ['by code', entry({ memo }), one, { result: 'matched', by: 'code' }],
    [
      'by virtual number, whatever the memo says',
      entry({ paidTo: '9555', memo: memoOf(OTHER) }),
      [order({ virtualNumber: '9555' }), order({ reference: OTHER })],
      { result: 'matched', by: 'virtual_number', reference: order().reference },
    ],
    ['by amount and name', entry(), one, { result: 'matched', by: 'amount_and_name' }],
    [
      'a name written in full width with blanks',
      entry({ memo, counterpartName: name('李　秀英') }),
      one,
      { result: 'matched' },
    ],
    [
      'too little',
      entry({ memo, amount: 88_000n }),
      one,
      { result: 'under_paid', missing: 12_000n },
    ],
    ['too much', entry({ memo, amount: 100_001n }), one, { result: 'over_paid', over: 1n }],
    [
      'the missing part',
      entry({ memo, amount: 12_000n }),
      [order({ received: 88_000n })],
      { result: 'matched' },
    ],
    [
      'the missing part and more',
      entry({ memo, amount: 12_001n }),
      [order({ received: 88_000n })],
      { result: 'over_paid', over: 1n },
    ],
    [
      'somebody else',
      entry({ memo, counterpartName: name('王小明') }),
      one,
      { result: 'wrong_name' },
    ],
    ['nobody named', nameless, one, { result: 'wrong_name' }],
    ['anybody, where anybody may pay', nameless, [anybody()], { result: 'matched' }],
    ['paid already', entry({ memo }), [order({ received: 100_000n })], { result: 'duplicate' }],
    ['after its end', entry({ memo, at: NOW + 86_400_001 }), one, { result: 'late' }],
    [
      'in another currency',
      entry({ memo, currency: 'USD' }),
      one,
      { result: 'none', why: 'nothing_fits' },
    ],
    ['nothing known', entry({ amount: 1n }), one, { result: 'none', why: 'nothing_fits' }],
    [
      'amount without the name',
      entry({ counterpartName: name('王小明') }),
      one,
      { result: 'none', why: 'nothing_fits' },
    ],
    [
      'two orders of one payer and amount',
      entry(),
      [order(), order({ reference: OTHER })],
      { result: 'none', why: 'more_than_one_fits' },
    ],
    [
      'two orders on one virtual number, told apart by the code',
      entry({ paidTo: '9555', memo: memoOf(OTHER) }),
      [order({ virtualNumber: '9555' }), order({ virtualNumber: '9555', reference: OTHER })],
      { result: 'matched', reference: OTHER },
    ],
    [
      'two orders on one virtual number, told apart by the amount',
      entry({ paidTo: '9555', amount: 7n }),
      [
        order({ virtualNumber: '9555' }),
        order({ virtualNumber: '9555', reference: OTHER, amount: 7n }),
      ],
      { result: 'matched', reference: OTHER },
    ],
    [
      'two orders on one virtual number, one of them paid',
      entry({ paidTo: '9555' }),
      [
        order({ virtualNumber: '9555', received: 100_000n }),
        order({ virtualNumber: '9555', reference: OTHER }),
      ],
      { result: 'matched', reference: OTHER },
    ],
    [
      'two codes in one memo that fit alike',
      entry({ memo: `${memo} ${memoOf(OTHER)}` }),
      [order(), order({ reference: OTHER })],
      { result: 'none', why: 'more_than_one_fits' },
    ],
  ]
  test.each(cases)('%s', (_, came, awaited, wanted) => {
    expect(matchTransfer(came, awaited)).toMatchObject(wanted)
  })

  function anybody(): AwaitedTransfer {
    const { payerName: _payer, ...rest } = order()
    return rest
  }

  const orders = fc.uniqueArray(references, { minLength: 1, maxLength: 20 }).chain((list) =>
    fc
      .array(fc.bigInt({ min: 1n, max: 10_000n }), {
        minLength: list.length,
        maxLength: list.length,
      })
      .map((amounts) => list.map((reference, at) => order({ reference, amount: amounts[at]! }))),
  )

  test('the code finds its order among all, and the sums are right', () => {
    fc.assert(
      fc.property(orders, fc.nat(), fc.bigInt({ min: 1n, max: 20_000n }), (list, pick, amount) => {
        const wanted = list[pick % list.length]!
        const came = entry({ amount, memo: `转账 ${memoOf(wanted.reference).toLowerCase()}` })
        const match = matchTransfer(came, list)
        expect(match).toMatchObject({ by: 'code', reference: wanted.reference })
        if (match.result === 'under_paid') expect(amount + match.missing).toBe(wanted.amount)
        else if (match.result === 'over_paid') expect(amount - match.over).toBe(wanted.amount)
        else
          expect({ result: match.result, amount }).toEqual({
            result: 'matched',
            amount: wanted.amount,
          })
      }),
    )
  })

  test('a code with one wrong character finds no order by code', () => {
    fc.assert(
      fc.property(orders, fc.nat(), fc.nat(7), fc.nat(30), (list, pick, at, shift) => {
        const code = transferCode(list[pick % list.length]!.reference)
        const wrong = ALPHABET[(ALPHABET.indexOf(code[at]!) + 1 + shift) % 32]!
        const spoilt = code.slice(0, at) + wrong + code.slice(at + 1)
        const came = entry({ amount: 99_999n, memo: spoilt })
        expect(matchTransfer(came, list)).toEqual({ result: 'none', why: 'nothing_fits' })
      }),
    )
  })

  test('does not depend on the order of the list, and never throws on a memo', () => {
    fc.assert(
      fc.property(orders, fc.string({ unit: 'binary', maxLength: 60 }), (list, text) => {
        const came = entry({ memo: text, amount: list[0]!.amount })
        expect(matchTransfer(came, [...list].reverse())).toEqual(matchTransfer(came, list))
      }),
    )
  })
})
