/**
 * The worked example with tranches paid by legs over WeChat Pay, UnionPay and bank transfer, and what
 * goes wrong on the way. The judges are the rails' own books and the bank's files.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { SaleRail } from './rail-side.ts'
import { sale, type TestSale } from './testing.ts'

const transit = (report: TestSale) =>
  report.trialBalance.filter(({ code }) => code === '1221.01').map(({ balance }) => balance)

/** Every leg once in the book of its rail, and nothing left with a rail. */
function expectOneMovementPerLeg(report: TestSale): void {
  const counts = report.rails.flatMap(({ movements }) => movements.map(({ count }) => count))
  expect(counts).toEqual([1, 1, 1, 1, 1])
  expect(report.rails.map(({ agrees, balance }) => [agrees, balance])).toEqual([
    [true, 0n],
    [true, 0n],
  ])
}

function expectWhole(report: TestSale): void {
  expect(report.items).toEqual([])
  expect(report.case.state).toBe('completed')
  expect(report.proof).toMatchObject({ equal: true, difference: 0n, differences: [] })
  expect(transit(report)).toEqual([0n, 0n, 0n])
  expectOneMovementPerLeg(report)
}

describe.concurrent('a sale whose tranches are paid by legs', () => {
  let report: TestSale
  beforeAll(async () => {
    report = await sale({ legs: () => undefined })
  })

  test('goes through to the fen: both books equal, nothing in transit, each leg moved once', () => {
    expectWhole(report)
    expect(report.totals).toEqual({
      buyer: { in: 248_000_000n, out: 0n },
      lender: { in: 432_000_000n, out: 0n },
      seller: { in: 0n, out: 673_200_000n },
      agent: { in: 0n, out: 6_800_000n },
    })
  })

  test('goes over the channels the plan says', () => {
    const legs = report.legs.map(({ role, channel, amount }) => [role, channel, amount])
    expect(legs).toEqual([
      ['buyer', 'wechat-pay', 5_000_000n],
      ['buyer', 'unionpay', 15_000_000n],
      ['buyer', 'wechat-pay', 5_000_000n],
      ['buyer', 'unionpay', 100_000_000n],
      ['buyer', 'unionpay', 61_500_000n],
      ['buyer', 'offline-transfer', 61_500_000n],
      ['lender', 'offline-transfer', 432_000_000n],
    ])
    expect(new Set(report.legs.map(({ state }) => state))).toEqual(new Set(['succeeded']))
  })

  test('odd amounts too', async () => {
    const odd = await sale({ legs: () => undefined, sample: 'resale-home-odd-amounts' })
    expect(odd.items).toEqual([])
    expect(odd.case.state).toBe('completed')
    expect(odd.proof).toMatchObject({ equal: true, difference: 0n })
    expect(transit(odd).every((balance) => balance === 0n)).toBe(true)
  })

  test('a deal that fails gives every payer its own back', async () => {
    const failed = await sale({ legs: () => undefined, fail: 'registration' })
    expect(failed.items).toEqual([])
    expect(failed.case.state).toBe('returned')
    expect(failed.totals.buyer).toEqual({ in: 248_000_000n, out: 248_000_000n })
    expect(failed.trialBalance.every(({ balance }) => balance === 0n)).toBe(true)
    expect(failed.proof).toMatchObject({ equal: true, difference: 0n })
  })
})

describe.concurrent('what goes wrong between payer and bank', () => {
  const rails: SaleRail[] = ['wechat-pay', 'unionpay']
  test.for(rails)('a lost reply of %s: asked, not sent again', async (rail) => {
    let struck = () => 0
    const report = await sale({
      legs: (side) => {
        const { admin } = side.rails[rail]
        admin.arm({ fault: 'lost_reply', kind: 'collect' })
        // Nothing but the question tells of it.
        admin.arm({ fault: 'lost_notice', kind: 'collect' })
        struck = () => admin.struck().lost_reply ?? 0
      },
    })
    expect(struck()).toBe(1)
    expectWhole(report)
  })

  test('a settlement that comes a day late: the sale waits, and is whole', async () => {
    const report = await sale({ legs: (side) => side.fault({ lateMs: 86_400_000 }) })
    expectWhole(report)
  })

  test('a settlement of another amount is nobody’s, and the tranche is not there', async () => {
    const report = await sale({ legs: (side) => side.fault({ short: 1n }) })
    expect(report.finished).toBe(false)
    expect(report.case.milestones.every(({ state }) => state !== 'reached')).toBe(true)
    expect(report.instructions.filter(({ operation }) => operation === 'freeze')).toEqual([])
    // UnionPay ends its day an hour before WeChat Pay.
    const leg = report.legs.find(({ channel }) => channel === 'unionpay')
    const detail = expect.stringContaining(`${leg!.reference} was ${leg!.amount}`)
    const [item] = report.items.filter(({ kind }) => kind === 'suspense_inbound')
    expect(item).toMatchObject({ amount: leg!.amount - 1n, detail })
    // The cash is at the bank and in our book; the rail owes what it paid on for nobody.
    expect(report.proof.difference).toBe(0n)
    expect(transit(report).filter((balance) => balance !== 0n)).toEqual([leg!.amount])
  })

  test('an order paid on twice clears once; the second is nobody’s', async () => {
    const report = await sale({ legs: (side) => side.fault({ twice: true }) })
    expect(report.case.state).toBe('completed')
    expect(transit(report)).toEqual([0n, 0n, 0n])
    const kinds = report.items.map(({ kind }) => kind)
    expect(kinds).toContain('suspense_inbound')
    expect(report.proof.difference).toBe(0n)
    expect(report.totals.buyer!.in).toBe(248_000_000n)
  })
})
