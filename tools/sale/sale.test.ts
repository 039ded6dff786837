import { beforeAll, describe, expect, test } from 'vitest'
import { sale, type TestSale } from './testing.ts'

describe('the worked example', () => {
  let report: TestSale
  beforeAll(async () => {
    report = await sale()
  })

  test('goes through to the fen', () => {
    expect(report.case.state).toBe('completed')
    expect(report.totals).toEqual({
      buyer: { in: 248_000_000n, out: 0n },
      lender: { in: 432_000_000n, out: 0n },
      seller: { in: 0n, out: 673_200_000n },
      agent: { in: 0n, out: 6_800_000n },
    })
  })

  test('is proved by the bank’s files', () => {
    expect(report.items).toEqual([])
    expect(report.proof).toMatchObject({ equal: true, difference: 0n, differences: [] })
    expect(report.proof.files.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(15)
    for (const { rows, matched } of report.proof.files) expect(matched).toBe(rows)
  })
})

describe('when the registration is refused', () => {
  let report: TestSale
  beforeAll(async () => {
    report = await sale({ fail: 'registration' })
  })

  test('every payer’s money goes back whole', () => {
    expect(report.case.state).toBe('returned')
    expect(report.totals.buyer).toEqual({ in: 248_000_000n, out: 248_000_000n })
    expect(report.totals.seller).toEqual({ in: 0n, out: 0n })
    expect(report.trialBalance.every(({ balance }) => balance === 0n)).toBe(true)
  })

  test('and the books are equal', () => {
    expect(report.items).toEqual([])
    expect(report.proof).toMatchObject({ equal: true, difference: 0n, differences: [] })
  })
})

test('odd amounts go through to the fen', async () => {
  const report = await sale({ sample: 'resale-home-odd-amounts' })
  expect(report.case.state).toBe('completed')
  expect(report.totals.agent).toEqual({ in: 0n, out: 3_456_790n })
  expect(report.totals.seller).toEqual({ in: 0n, out: 345_678_955n - 3_456_790n })
  expect(report.proof).toMatchObject({ equal: true, difference: 0n })
})
