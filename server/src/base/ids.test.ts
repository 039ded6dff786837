import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIds, derivedUuid, parsePublicId, publicId } from './ids.ts'
import { seededRng } from './rng.ts'

describe('fresh uuids', () => {
  it('are version 7, and sort in the order made, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 200 }), (steps) => {
        let now = 1_772_413_200_000
        const ids = createIds({ now: () => now }, seededRng(3))
        const made = steps.map((step) => {
          now += step
          return ids.uuid()
        })
        for (const uuid of made)
          expect(uuid).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
        expect([...made].sort()).toEqual(made)
        expect(new Set(made).size).toBe(made.length)
      }),
    )
  })

  it('stay in order past the 4,096 of one millisecond', () => {
    const ids = createIds({ now: () => 1_772_413_200_000 }, seededRng(3))
    const made = Array.from({ length: 10_000 }, () => ids.uuid())
    expect([...made].sort()).toEqual(made)
    expect(new Set(made).size).toBe(made.length)
  })
})

describe('public ids', () => {
  const uuid = '0199a3b4c5d670018a9babcdef012345'
  it('read back', () => {
    expect(parsePublicId(publicId('pay', 12, uuid))).toEqual({ prefix: 'pay', book: 12, uuid })
    expect(parsePublicId(`pay_12_${uuid}`, 'tr')).toBeUndefined()
  })

  it.each([
    `pay_012_${uuid}`,
    `pay__${uuid}`,
    `PAY_1_${uuid}`,
    `pay_1_${uuid}0`,
    `pay_-1_${uuid}`,
    ` pay_1_${uuid}`,
  ])('refuse %s', (id) => expect(parsePublicId(id)).toBeUndefined())
})

describe('derived uuids', () => {
  it('are the same in every run, and different for another namespace or key', () => {
    expect(derivedUuid('custody.withdrawal', 'case 1')).toMatchInlineSnapshot(
      `"02609ca91ebd80abbb591f986d4ba539"`,
    )
    const all = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['abc', ''],
      ['a', 'b'],
    ].map(([n, k]) => derivedUuid(n!, k!))
    expect(new Set(all).size).toBe(4)
  })

  it('are version 8 of the usual variant', () => {
    fc.assert(
      fc.property(fc.string(), (key) =>
        /^[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(derivedUuid('n', key)),
      ),
    )
  })
})
