/**
 * Every fault the bank can show, in the middle of a sale. The list is read from the bank, so a new
 * fault is played without a line here. Each ends with equal books or with an open item that names the
 * difference; none with money paid twice.
 */
import { describe, expect, test } from 'vitest'
import { FAULTS } from '../../simulators/custody-bank/index.ts'
import { sale } from './testing.ts'

/** Which operations a fault of a request is played on; the others act in one place. */
const OPERATIONS = ['6007', '6163', '6033', '6248', '6055']

const cases = FAULTS.flatMap(({ name, point }): { fault: string; operation: string }[] =>
  point === 'request'
    ? OPERATIONS.map((operation) => ({ fault: name, operation }))
    : [{ fault: name, operation: 'any' }],
)

/** Faults that leave nothing to people: the sale goes through, and no open item is left. */
const HEALED = [
  'timeout-before',
  'timeout-after',
  'late-reply',
  'unknown-code',
  'server-error',
  'not-found-then-success',
  'under-pay',
  'duplicate-notice',
  'late-notice',
  'lost-notice',
  'out-of-order-notices',
  'statement-late',
  'statement-truncated',
]

/** What the others leave, by the kind of their first open item. */
const LEFT: Readonly<Record<string, string>> = {
  'withdrawal-fails': 'payout_failed',
  'withdrawal-returned': 'payout_returned',
  'duplicate-inbound': 'unexpected_inbound',
  'over-pay': 'over_paid',
  'wrong-amount-in-notice': 'inbound_told_differently',
}

const key = (each: { kind: string; reference: string }) => `${each.kind} ${each.reference}`

describe.concurrent('a sale with a fault of the bank', () => {
  test.for(cases)('$fault on $operation', async ({ fault, operation }) => {
    const report = await sale({ fault: { fault, operation } })
    const { proof, items, totals, instructions } = report
    expect(report.strikes).toBeGreaterThan(0)
    // Equal, or every difference is an open item; and a sale that stopped says why.
    const named = items.map(key)
    expect(named).toEqual(expect.arrayContaining(proof.differences.map(key)))
    if (!proof.equal || !report.finished) expect(items.length).toBeGreaterThan(0)
    if (HEALED.includes(fault)) {
      expect({ state: report.case.state, equal: proof.equal, items }).toEqual({
        state: 'completed',
        equal: true,
        items: [],
      })
    }
    if (LEFT[fault] !== undefined) expect(items.map(({ kind }) => kind)).toContain(LEFT[fault])
    // Nobody is paid twice, whatever the bank says of the first time.
    expect(totals.seller!.out).toBeLessThanOrEqual(673_200_000n)
    expect(totals.agent!.out).toBeLessThanOrEqual(6_800_000n)
    const references = instructions.map(({ reference }) => reference)
    expect(new Set(references).size).toBe(references.length)
  })
})
