import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChannelFileRow } from '#channels'
import { dayTotals, lineAgainst } from './settlement-day.ts'

const row = (
  direction: ChannelFileRow['direction'],
  amount: bigint,
  fee: bigint,
  result: ChannelFileRow['result'] = 'succeeded',
): ChannelFileRow => ({
  row: 1,
  direction,
  reference: 'R',
  channelReference: 'C',
  amount,
  fee,
  result,
})

const file = (settled: bigint, rows: readonly ChannelFileRow[]) => ({
  date: '20260302',
  currency: 'CNY',
  rows,
  hash: '00',
  settled,
  settlementReference: 'S',
})

const rows = [
  row('collect', 100_00n, 60n),
  row('refund', 30_00n, 0n),
  row('collect', 5_00n, 3n, 'failed'),
  row('pay', 7_00n, 1n),
]

test.each([
  ['net', 69_40n, { agrees: true, keptBack: 60n, fromBalance: 0n }],
  ['gross', 70_00n, { agrees: true, keptBack: 0n, fromBalance: 0n }],
  ['net', 79_40n, { agrees: true, keptBack: 60n, fromBalance: 10_00n }],
  ['net', 69_39n, { agrees: false, rowsSay: 69_40n, fileSays: 69_39n }],
  ['net', 99_41n, { agrees: false, rowsSay: 69_40n, fileSays: 99_41n }],
] as const)('a %s day whose file says %s', (kind, settled, totals) => {
  expect(dayTotals(file(settled, rows), kind)).toEqual(totals)
})

test('a day may be negative', () => {
  const back = [row('refund', 30_00n, 0n)]
  expect(dayTotals(file(-30_00n, back), 'net')).toMatchObject({ agrees: true, fromBalance: 0n })
})

test.each([
  [100n, 100n, { transit: 100n, suspense: 0n, difference: 0n }],
  [100n, 130n, { transit: 100n, suspense: 30n, difference: 30n }],
  [100n, 90n, { transit: 90n, suspense: 0n, difference: -10n }],
  [-50n, -50n, { transit: -50n, suspense: 0n, difference: 0n }],
  [-50n, -40n, { transit: -40n, suspense: 0n, difference: 10n }],
  [-50n, 20n, { transit: 0n, suspense: 20n, difference: 70n }],
])('expected %s, the bank says %s', (expected, line, against) => {
  expect(lineAgainst(expected, line)).toEqual(against)
})

test('every yuan of a line is booked, and suspense never takes what is not there', () => {
  const amount = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n })
  fc.assert(
    fc.property(amount, amount, (expected, line) => {
      const { transit, suspense, difference } = lineAgainst(expected, line)
      expect(transit + suspense).toBe(line)
      expect(suspense >= 0n).toBe(true)
      expect(difference === 0n).toBe(line === expected)
    }),
  )
})
