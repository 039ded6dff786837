/** What modules record against what is told: every type, and nothing but what its contract names. */
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { EVENT_TYPES, patternsOf, publicTypeOf, unknownPatterns } from './event-types.ts'

const CASE = 'case_12_a'
const payout = { payout: 'pout_12_a', amount: '100', purpose: 'refund', about: 'ref_12_b' }
const part = { part: 'refp_12_a', amount: '70' }
const money = (amount: string) => ({ amount, currency: 'CNY' })
const toldPayout = {
  ...{ payout: 'pout_12_a', amount: money('100'), purpose: 'refund', about: 'ref_12_b' },
}

/** As the modules write them into the outbox. */
const RECORDED: Readonly<Record<string, readonly [payload: object | null, data: object]>> = {
  'payments.payment_succeeded': [
    { payment: 'pay_12_a', amount: '9' },
    { payment: 'pay_12_a', amount: money('9') },
  ],
  'payments.payout_waiting_for_approval': [payout, toldPayout],
  'payments.payout_waiting_for_cash': [payout, toldPayout],
  'payments.payout_processing': [payout, toldPayout],
  'payments.payout_succeeded': [
    { ...payout, about: '' },
    { ...toldPayout, about: null },
  ],
  'payments.payout_failed': [payout, toldPayout],
  'payments.payout_cancelled': [payout, toldPayout],
  'payments.payout_returned': [payout, toldPayout],
  'payments.refund_made': [
    { refund: 'ref_12_a', amount: '5', reason: 'left' },
    { refund: 'ref_12_a', amount: money('5'), reason: 'left' },
  ],
  'payments.refund_part_succeeded': [part, { part: 'refp_12_a', amount: money('70') }],
  'payments.refund_part_given_up': [part, { part: 'refp_12_a', amount: money('70') }],
  'custody.case_opened': [null, { case: CASE }],
  'custody.case_completed': [{ case: CASE }, { case: CASE }],
  'custody.case_returned': [{ case: CASE }, { case: CASE }],
  'custody.milestone_reached': [
    { case: CASE, milestone: 'deed' },
    { case: CASE, milestone: 'deed' },
  ],
  'custody.milestone_lapsed': [
    { case: CASE, milestone: 'deed' },
    { case: CASE, milestone: 'deed' },
  ],
  'webhooks.endpoint_disabled': [
    { endpoint: 'whk_0_a', because: 'gone' },
    { endpoint: 'whk_0_a', because: 'gone' },
  ],
}

test('every type has a row here, a name of its own and a source of its own', () => {
  const names = EVENT_TYPES.map(({ type }) => type)
  expect(new Set(names).size).toBe(names.length)
  expect(EVENT_TYPES.map(({ from }) => from).sort()).toEqual(Object.keys(RECORDED).sort())
  for (const type of names) expect(type).toMatch(/^[a-z_]+[.][a-z_]+$/)
})

describe.each(Object.entries(RECORDED))('%s', (kind, [payload, data]) => {
  const type = publicTypeOf(kind)!
  const facts = { aggregate: CASE, currency: 'CNY' }

  test('is told field by field', () => {
    const inside = { ...payload, secret: 'of ours', merchant: 'mch_0_a' }
    expect(type.read(inside, facts)).toEqual(data)
    expect(Value.Check(type.data, data)).toBe(true)
  })

  test('does not fit when something is missing or too much', () => {
    expect(Value.Check(type.data, { ...data, more: 1 })).toBe(false)
    for (const name of Object.keys(data)) {
      const { [name]: _, ...rest } = data as Record<string, unknown>
      expect(Value.Check(type.data, rest)).toBe(false)
    }
    const nothing = type.read({}, { ...facts, aggregate: '' })
    expect(Value.Check(type.data, nothing)).toBe(false)
  })

  test('has a sample that fits', () => {
    expect(Value.Check(type.data, type.sample('any_1_id'))).toBe(true)
    expect(type.title.zh).toMatch(/\p{Script=Han}/u)
  })
})

test('a type is wanted by itself, by its group and by all', () => {
  expect(patternsOf('payout.failed')).toEqual(['*', 'payout.*', 'payout.failed'])
  expect(unknownPatterns(['*', 'payout.*', 'custody.case_opened'])).toEqual([])
  expect(unknownPatterns(['payouts.*', 'payout.failed', 'payout.'])).toEqual([
    'payouts.*',
    'payout.',
  ])
})
