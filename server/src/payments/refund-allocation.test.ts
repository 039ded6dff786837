import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { allocateRefund, type RefundSource } from './refund-allocation.ts'
import { routeClosed, sendAt } from './refund-ladder.ts'

const source = (more: Partial<RefundSource> & { collection: string }): RefundSource => ({
  room: 100n,
  open: true,
  closesAt: 1_000,
  partial: true,
  ...more,
})

const sourceOf = fc.record({
  collection: fc.uuid(),
  room: fc.bigInt({ min: 0n, max: 10n ** 15n }),
  open: fc.boolean(),
  closesAt: fc.integer({ min: 0, max: 9 }),
  partial: fc.boolean(),
})

const distinct = fc.uniqueArray(sourceOf, { maxLength: 12, selector: (each) => each.collection })

describe('a refund over many pay-ins', () => {
  it('sums to the total exactly, within each room, or is refused', () => {
    const total = fc.bigInt({ min: -5n, max: 3n * 10n ** 15n })
    fc.assert(
      fc.property(distinct, total, (sources, total) => {
        const room = sources.reduce((sum, each) => sum + each.room, 0n)
        const shares = allocateRefund(total, sources)
        if (total < 1n || room < total) {
          expect(shares).toBeUndefined()
          return
        }
        expect(shares!.reduce((sum, each) => sum + each.amount, 0n)).toBe(total)
        for (const share of shares!) {
          const of = sources.find((each) => each.collection === share.collection)!
          expect(share.amount >= 1n && share.amount <= of.room).toBe(true)
          if (share.open) expect(of.open && (of.partial || share.amount === of.room)).toBe(true)
        }
      }),
    )
  })

  it('does not depend on the order in which the sources are given', () => {
    fc.assert(
      fc.property(distinct, fc.bigInt({ min: 1n, max: 10n ** 15n }), (sources, total) => {
        const turned = [...sources].reverse()
        expect(allocateRefund(total, turned)).toEqual(allocateRefund(total, sources))
      }),
    )
  })

  it('takes open ways before closed ones, the one that closes first before the others', () => {
    const shares = allocateRefund(250n, [
      source({ collection: 'closed', open: false }),
      source({ collection: 'late', closesAt: 2_000 }),
      source({ collection: 'soon', closesAt: 500 }),
    ])
    expect(shares).toEqual([
      { collection: 'soon', amount: 100n, open: true },
      { collection: 'late', amount: 100n, open: true },
      { collection: 'closed', amount: 50n, open: false },
    ])
  })

  it('does not send a part over a rail that gives back all or nothing', () => {
    const whole = source({ collection: 'whole', partial: false })
    expect(allocateRefund(40n, [whole])).toEqual([
      { collection: 'whole', amount: 40n, open: false },
    ])
  })
})

const terms = { windowDays: 365, countMost: 50, partial: true, gapMs: 60_000 }
const DAY = 86_400_000
const paid = { amount: 100n, refunding: 0n, refunded: 0n, refunds: 0, at: 0 }

test.each([
  ['open', paid, terms, 100n, 0, undefined],
  ['the last moment of the window', paid, terms, 100n, 365 * DAY - 1, undefined],
  ['over the window', paid, terms, 100n, 365 * DAY, 'window_over'],
  ['the 50th', { ...paid, refunds: 49 }, terms, 1n, 0, undefined],
  ['the 51st', { ...paid, refunds: 50 }, terms, 1n, 0, 'too_many'],
  ['a part where only all goes', paid, { ...terms, partial: false }, 1n, 0, 'partial_not_allowed'],
  ['all where only all goes', paid, { ...terms, partial: false }, 100n, 0, undefined],
  ['a rail that cannot', paid, undefined, 100n, 0, 'cannot_refund'],
])('the way back: %s', (_, collection, terms, amount, now, closed) => {
  expect(routeClosed(collection, terms, { amount, now })).toBe(closed)
})

test('two refunds of one collection keep the gap', () => {
  expect(sendAt(terms, undefined, 5)).toBe(5)
  expect(sendAt(terms, 0, 5)).toBe(60_000)
  expect(sendAt(terms, 0, 90_000)).toBe(90_000)
})
