/**
 * Every fault the bank can show, in the middle of a sale. The list is read from the bank, so a new
 * fault is played without a line here. Each ends with equal books or with an open item that names the
 * difference; none with money paid twice.
 */
import { describe, expect, test } from 'vitest'
import { FAULTS } from '../../simulators/custody-bank/index.ts'
import { sale, type TestSale } from './testing.ts'

/** Which operations a fault of a request is played on; the others act in one place. */
const OPERATIONS = ['6007', '6163', '6033', '6248', '6055']

const cases = FAULTS.flatMap(({ name, point }): { fault: string; operation: string }[] =>
  point === 'request'
    ? OPERATIONS.map((operation) => ({ fault: name, operation }))
    : [{ fault: name, operation: 'any' }],
)

/** What the bank moved under each reference of ours: never more than one call's worth. */
function movedOnce(report: TestSale): boolean {
  const references = report.instructions.map(({ reference }) => reference)
  return new Set(references).size === references.length
}

describe.concurrent('a sale with a fault of the bank', () => {
  test.for(cases)('$fault on $operation', async ({ fault, operation }) => {
    const report = await sale({ fault: { fault, operation } })
    const { proof, items } = report
    const named = proof.differences.every((difference) =>
      items.some(
        ({ kind, reference }) => kind === difference.kind && reference === difference.reference,
      ),
    )
    expect(named).toBe(true)
    if (!proof.equal) expect(items.length).toBeGreaterThan(0)
    if (!report.finished) expect(items.length).toBeGreaterThan(0)
    const paid = report.totals
    expect(paid.seller!.out).toBeLessThanOrEqual(673_200_000n)
    expect(paid.agent!.out).toBeLessThanOrEqual(6_800_000n)
    expect(movedOnce(report)).toBe(true)
    console.info(
      [
        fault,
        operation,
        report.case.state,
        proof.equal ? 'equal' : `difference ${proof.difference}`,
      ]
        .concat(items.map(({ kind, amount }) => `${kind} ${amount}`))
        .join(' · '),
    )
  })
})
