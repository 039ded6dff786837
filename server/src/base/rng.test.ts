import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cryptoRng, seededRng } from './rng.ts'

const draws = (seed: number, bound: number, count: number) => {
  const rng = seededRng(seed)
  return Array.from({ length: count }, () => rng.below(bound))
}

describe('seeded dice', () => {
  it('fall the same for a seed in every run and on every machine', () => {
    expect(draws(1, 1000, 6)).toMatchInlineSnapshot(`
      [
        148,
        13,
        91,
        82,
        206,
        167,
      ]
    `)
    expect(Buffer.from(seededRng(1).bytes(7)).toString('hex')).toMatchInlineSnapshot(
      `"d4197117e52d96"`,
    )
  })

  it.each([0, 1, 2, 2 ** 32, 2 ** 32 + 1, 3 * 2 ** 32])('fall differently for seed %d', (seed) => {
    const others = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 3 * 2 ** 32].filter((other) => other !== seed)
    for (const other of others)
      expect(draws(other, 2 ** 32, 4)).not.toEqual(draws(seed, 2 ** 32, 4))
  })

  it('favour no face', () => {
    const faces = 7
    const counts = new Array<number>(faces).fill(0)
    for (const face of draws(42, faces, 70_000)) counts[face]! += 1
    // Each count is binomial with a deviation of 92.6; five deviations is a one in a million event.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(463)
  })
})

describe.each([
  ['seeded', seededRng(7)],
  ['of the machine', cryptoRng()],
])('dice %s', (_name, rng) => {
  it('stay below the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), (bound) => {
        const draw = rng.below(bound)
        return Number.isInteger(draw) && draw >= 0 && draw < bound
      }),
    )
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 48])('refuse the bound %d', (bound) => {
    expect(() => rng.below(bound)).toThrow('A bound is a whole number')
  })

  it.each([0, 1, 3, 16, 17])('give %d bytes', (length) => {
    expect(rng.bytes(length)).toHaveLength(length)
  })
})
