/** The definitions, on the worked example and on counts made up for each. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lossContributions, sliceContributions } from './contribution.ts'
import { matureAt, matureBefore } from './maturity.ts'
import { type Counts, noCounts, type RateName, rateOf } from './rates.ts'

const counts = (of: Partial<Counts>): Counts => ({ ...noCounts(), ...of })

describe('rates', () => {
  const example = counts({
    ...{ attempts: 1000n, succeeded: 820n, user: 120n, bank: 40n, channel: 15n, system: 5n },
    ...{ issuerDeclined: 30n, risk: 0n, overdue: 7n, unmapped: 2n, returned: 4n },
    ...{ orders: 900n, firstSucceeded: 780n, firstUser: 100n, converted: 830n, ordersUser: 50n },
  })

  it.each<[RateName, bigint, bigint, number]>([
    ['raw', 820n, 1000n, 820_000],
    ['effective', 820n, 880n, 931_818],
    ['technical', 820n, 850n, 964_706],
    ['first_attempt', 780n, 900n, 866_667],
    ['effective_first_attempt', 780n, 800n, 975_000],
    ['order_conversion', 830n, 900n, 922_222],
    ['effective_by_order', 830n, 850n, 976_471],
    ['net_payout', 816n, 880n, 927_273],
    ['unknown', 7n, 1000n, 7_000],
    ['mapped', 178n, 180n, 988_889],
  ])('%s is %i of %i', (name, numerator, denominator, ppm) => {
    expect(rateOf(name, example)).toMatchObject({ numerator, denominator, ppm, lowSample: false })
  })

  // Newcombe, Statistics in Medicine 17 (1998), table I, score method: to four places.
  it.each([
    [81n, 263n, [2553, 3662]],
    [15n, 148n, [624, 1605]],
    [0n, 20n, [0, 1611]],
    [1n, 29n, [61, 1718]],
  ])('has the published Wilson interval of %i of %i', (succeeded, attempts, places) => {
    const { lowPpm, highPpm } = rateOf('raw', counts({ attempts, succeeded }))
    expect([Math.round(lowPpm! / 100), Math.round(highPpm! / 100)]).toEqual(places)
  })

  it.each([
    [29n, true],
    [30n, false],
  ])('%i to count: low sample %s', (attempts, lowSample) => {
    expect(rateOf('raw', counts({ attempts, succeeded: attempts })).lowSample).toBe(lowSample)
  })

  it('has no rate where there is nothing to count', () => {
    const rate = rateOf('effective', counts({ attempts: 5n, user: 5n }))
    expect(rate).toEqual({ numerator: 0n, denominator: 0n, lowSample: true })
  })
})

describe('maturity', () => {
  const at = (text: string) => Date.parse(text)

  it.each([
    ['collect', '2026-03-02T09:00:00+08:00', '2026-03-02T09:30:00+08:00'],
    ['pay', '2026-03-02T00:00:00+08:00', '2026-03-03T10:00:00+08:00'],
    ['pay', '2026-03-02T23:59:59+08:00', '2026-03-03T10:00:00+08:00'],
    ['refund', '2026-12-31T12:00:00+08:00', '2027-01-01T10:00:00+08:00'],
  ] as const)('%s made at %s is mature at %s', (direction, madeAt, due) => {
    expect(matureAt(direction, at(madeAt))).toBe(at(due))
  })

  it('the two ways to say it agree', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('collect', 'pay', 'refund'),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-01-04T00:00:00Z') }),
        fc.integer({ min: 0, max: 3 * 86_400_000 }),
        (direction, madeAt, later) => {
          const now = madeAt + later
          const isMature = matureAt(direction, madeAt) <= now
          expect(madeAt < matureBefore(direction, now)).toBe(isMature)
        },
      ),
    )
  })
})

describe('contributions', () => {
  const slice = fc
    .tuple(fc.bigInt({ min: 0n, max: 100_000n }), fc.bigInt({ min: 0n, max: 50_000n }))
    .map(([numerator, lost]) => ({ numerator, denominator: numerator + lost }))
  const slices = fc.array(fc.record({ before: slice, after: slice }), {
    minLength: 1,
    maxLength: 12,
  })

  it.each([
    ['of slices', sliceContributions],
    ['of losses', lossContributions],
  ])('%s add up to the change exactly', (_, contributions) => {
    fc.assert(
      fc.property(slices, (all) => {
        const found = contributions(all)
        if (found === undefined) return
        const total = found.effects.reduce((sum, one) => sum + one.mixPpb + one.ratePpb, 0n)
        expect(total).toBe(found.changePpb)
        const rate = (side: 'before' | 'after') => {
          const top = all.reduce((sum, one) => sum + one[side].numerator, 0n)
          const bottom = all.reduce((sum, one) => sum + one[side].denominator, 0n)
          return Number(top) / Number(bottom)
        }
        expect(Number(found.changePpb) / 1e9).toBeCloseTo(rate('after') - rate('before'), 8)
      }),
    )
  })

  it('a rate that fell in one slice is that slice, a shift to a worse one is mix', () => {
    const still = { numerator: 95n, denominator: 100n }
    const fell = sliceContributions([
      { before: still, after: still },
      {
        before: { numerator: 90n, denominator: 100n },
        after: { numerator: 70n, denominator: 100n },
      },
    ])
    expect(fell).toEqual({
      changePpb: -100_000_000n,
      effects: [
        { mixPpb: 0n, ratePpb: 0n },
        { mixPpb: 0n, ratePpb: -100_000_000n },
      ],
    })
    const moved = sliceContributions([
      {
        before: { numerator: 100n, denominator: 100n },
        after: { numerator: 50n, denominator: 50n },
      },
      {
        before: { numerator: 80n, denominator: 100n },
        after: { numerator: 120n, denominator: 150n },
      },
    ])!
    expect(moved.effects.every(({ ratePpb }) => ratePpb === 0n)).toBe(true)
    expect(moved.changePpb).toBe(-50_000_000n)
  })

  it('a code that appears takes what it cost', () => {
    const found = lossContributions([
      { before: { numerator: 99n, denominator: 99n }, after: { numerator: 96n, denominator: 96n } },
      { before: { numerator: 0n, denominator: 1n }, after: { numerator: 0n, denominator: 1n } },
      { before: { numerator: 0n, denominator: 0n }, after: { numerator: 0n, denominator: 3n } },
    ])
    expect(found!.effects.map(({ ratePpb }) => ratePpb)).toEqual([0n, 0n, -30_000_000n])
  })
})
