import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editLeg, type Leg, type LegLimits, planLegs, replanLegs } from './plan-legs.ts'

const limitsOf = fc.record<LegLimits>(
  {
    least: fc.bigInt({ min: 1n, max: 1_000n }),
    perPayment: fc.bigInt({ min: 1_000n, max: 1_000_000n }),
    perDay: fc.bigInt({ min: 1_000n, max: 5_000_000n }),
    countPerDay: fc.integer({ min: 1, max: 10 }),
  },
  { requiredKeys: [] },
)
const amountOf = fc.bigInt({ min: 1n, max: 20_000_000n })

const sum = (legs: readonly { amount: bigint }[]) =>
  legs.reduce((total, { amount }) => total + amount, 0n)

/** What is wrong with legs that are to keep the limits. */
function broken(legs: readonly { amount: bigint; day: number }[], limits: LegLimits): string[] {
  const { least = 1n, perPayment, perDay, countPerDay } = limits
  const wrong: string[] = []
  const days = new Map<number, { amount: bigint; count: number }>()
  for (const { amount, day } of legs) {
    if (amount < least) wrong.push(`${amount} under ${least}`)
    if (perPayment !== undefined && amount > perPayment) wrong.push(`${amount} over ${perPayment}`)
    const known = days.get(day) ?? { amount: 0n, count: 0 }
    days.set(day, { amount: known.amount + amount, count: known.count + 1 })
  }
  for (const [day, { amount, count }] of days) {
    if (perDay !== undefined && amount > perDay) wrong.push(`day ${day}: ${amount} over ${perDay}`)
    if (countPerDay !== undefined && count > countPerDay) wrong.push(`day ${day}: ${count} legs`)
  }
  return wrong
}

test.each([
  ['within the limit', 900n, { perPayment: 1_000n }, [[900n, 0]]],
  [
    'just over it: no leg falls under the least',
    1_001n,
    { perPayment: 1_000n, least: 100n },
    [
      [501n, 0],
      [500n, 0],
    ],
  ],
  [
    'over the day: the rest tomorrow',
    3_000n,
    { perPayment: 1_000n, perDay: 2_000n },
    [
      [1_000n, 0],
      [1_000n, 0],
      [1_000n, 1],
    ],
  ],
])('an amount %s', (_, amount, limits, expected) => {
  expect(planLegs(amount, limits)?.map((leg) => [leg.amount, leg.day])).toEqual(expected)
})

test('what no split keeps is refused', () => {
  expect(planLegs(150n, { perPayment: 100n, least: 90n })).toBeUndefined()
  expect(planLegs(1_000_000n, { perPayment: 1n })).toBeUndefined()
  expect(planLegs(0n, {})).toBeUndefined()
})

test('legs sum to the amount and keep every limit', () => {
  fc.assert(
    fc.property(amountOf, limitsOf, (amount, limits) => {
      const legs = planLegs(amount, limits)
      if (legs === undefined) return
      expect(sum(legs)).toBe(amount)
      expect(broken(legs, limits)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('edits and new limits keep the sum, the limits and what is fixed', () => {
  const edits = fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 30 }),
      amount: fc.bigInt({ min: -5n, max: 2_000_000n }),
      fix: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  let changed = 0
  fc.assert(
    fc.property(amountOf, limitsOf, edits, limitsOf, (amount, limits, changes, learnt) => {
      const planned = planLegs(amount, limits)
      if (planned === undefined) return
      let legs: Leg[] = planned.map((leg, index) => ({ ...leg, number: index + 1, fixed: false }))
      const check = (next: Leg[] | undefined) => {
        if (next === undefined) return
        changed += 1
        expect(sum(next)).toBe(amount)
        expect(new Set(next.map(({ number }) => number)).size).toBe(next.length)
        for (const leg of legs.filter(({ fixed }) => fixed)) expect(next).toContainEqual(leg)
        legs = next
      }
      for (const { number, amount: to, fix } of changes) {
        const next = editLeg(legs, { number, amount: to }, limits)
        if (next !== undefined) expect(broken(next, limits)).toEqual([])
        check(next)
        if (fix) legs = legs.map((leg) => (leg.number === number ? { ...leg, fixed: true } : leg))
      }
      const free = replanLegs(legs, learnt)
      if (free !== undefined) {
        const { least = 1n, perPayment } = learnt
        for (const leg of free.filter(({ fixed }) => !fixed)) {
          expect(leg.amount).toBeGreaterThanOrEqual(least)
          if (perPayment !== undefined) expect(leg.amount).toBeLessThanOrEqual(perPayment)
        }
      }
      check(free)
    }),
    // By a seed, because how many edits are possible differs from run to run.
    { numRuns: 500, seed: 7 },
  )
  expect(changed).toBeGreaterThan(200)
})

test('a fixed leg does not change', () => {
  const legs = [
    { number: 1, amount: 500n, day: 0, fixed: true },
    { number: 2, amount: 500n, day: 0, fixed: false },
  ]
  expect(editLeg(legs, { number: 1, amount: 400n }, {})).toBeUndefined()
  expect(editLeg(legs, { number: 2, amount: 501n }, {})).toBeUndefined()
  expect(editLeg(legs, { number: 2, amount: 200n }, {})?.map(({ amount }) => amount)).toEqual([
    500n,
    200n,
    300n,
  ])
})
