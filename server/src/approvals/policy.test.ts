import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describePolicies } from './describe.ts'
import {
  breakGlassPolicy,
  PoliciesRefused,
  policyFaults,
  policyFor,
  readPolicies,
} from './policy.ts'

const text = readFileSync(
  new URL('../../../schemes/approvals/default.yaml', import.meta.url),
  'utf8',
)
const policies = readPolicies(text)
const cny = (amount: string) => ({ amount: { amount, currency: 'CNY' } })

describe('which policy applies', () => {
  it.each([
    ['payouts.pay', cny('4999999'), 'small_payouts', 0],
    ['payouts.pay', cny('5000000'), 'everything_else', 1],
    ['payouts.pay', cny('499999999'), 'everything_else', 1],
    ['payouts.pay', cny('500000000'), 'very_large_payouts', 2],
    ['payouts.pay', { amount: { amount: '1', currency: 'USD' } }, 'very_large_payouts', 2],
    ['payouts.pay', { amount: { amount: 1, currency: 'CNY' } }, 'very_large_payouts', 2],
    ['payouts.pay', { amount: { amount: '-1', currency: 'CNY' } }, 'very_large_payouts', 2],
    ['payouts.pay', { amount: { amount: '1e3', currency: 'CNY' } }, 'very_large_payouts', 2],
    ['payouts.pay', { amount: '1' }, 'very_large_payouts', 2],
    ['payouts.pay', {}, 'very_large_payouts', 2],
    ['payouts.pay', null, 'very_large_payouts', 2],
    ['refunds.create', cny('999999'), 'small_refunds', 0],
    ['refunds.create', {}, 'everything_else', 1],
    ['approvals.change_policies', {}, 'rules_of_approval', 2],
    ['payouts.payees', cny('1'), 'everything_else', 1],
    ['nobody.knows', cny('1'), 'everything_else', 1],
  ])('%s of %j is under %s', (action, content, rule, checkers) => {
    expect(policyFor(policies, action, content)).toMatchObject({ rule, checkers })
  })

  it('a pattern takes the actions of its module and no others', () => {
    const rules = [
      { ...policies.rules[4]!, name: 'keys', action: 'keys.*', checkers: 2 },
      policies.rules[4]!,
    ]
    const own = { ...policies, rules }
    expect(policyFaults(own)).toEqual([])
    expect(policyFor(own, 'keys.make', {}).checkers).toBe(2)
    expect(policyFor(own, 'keysets.make', {}).checkers).toBe(1)
  })

  it('breaking the glass takes two persons, whatever the document', () => {
    expect(breakGlassPolicy(policies)).toMatchObject({ checkers: 2, expiresHours: 1 })
    const alone = { ...policies, break_glass: { ...policies.break_glass, checkers: 1 } }
    expect(policyFaults(alone)).toMatchObject([{ pointer: '/break_glass/checkers' }])
  })
})

describe('a document with a mistake is refused', () => {
  const rest = policies.rules[4]!
  const with_ = (rule: object) => ({ ...policies, rules: [{ ...rest, ...rule }, rest] })
  it.each([
    ['no rules', { ...policies, rules: [] }, '/rules'],
    ['an unknown field', { ...policies, sudo: true }, ''],
    [
      'a last rule with a condition',
      { ...policies, rules: [{ ...rest, amount_from: '1' }] },
      '/rules/0',
    ],
    [
      'a last rule for one action',
      { ...policies, rules: [{ ...rest, action: 'a.b' }] },
      '/rules/0',
    ],
    [
      'nobody for everything',
      { ...policies, rules: [{ ...rest, checkers: 0 }] },
      '/rules/0/checkers',
    ],
    [
      'nobody on no condition',
      with_({ name: 'x', action: 'a.b', checkers: 0 }),
      '/rules/0/checkers',
    ],
    [
      'nobody for a pattern',
      with_({ name: 'x', action: 'a.*', amount_under: '5', checkers: 0 }),
      '/rules/0/action',
    ],
    ['three checkers', with_({ name: 'x', action: 'a.b', checkers: 3 }), '/rules/0/checkers'],
    ['a name twice', with_({ action: 'a.b' }), '/rules/1/name'],
    ['a rule nothing reaches', with_({ name: 'x' }), '/rules/1'],
    [
      'amounts that exclude each other',
      with_({ name: 'x', action: 'a.b', amount_from: '5', amount_under: '5' }),
      '/rules/0/amount_under',
    ],
    [
      'an amount in yuan',
      with_({ name: 'x', action: 'a.b', amount_from: '5.00' }),
      '/rules/0/amount_from',
    ],
    [
      'a reminder after the end',
      with_({ name: 'x', action: 'a.b', remind_hours: 24 }),
      '/rules/0/remind_hours',
    ],
    ['no permission', with_({ name: 'x', action: 'a.b', permission: undefined }), '/rules/0'],
    ['a pattern in the middle', with_({ name: 'x', action: '*.pay' }), '/rules/0/action'],
  ])('%s', (_, document, pointer) => {
    const plain: unknown = JSON.parse(JSON.stringify(document))
    const faults = policyFaults(plain)
    expect(faults.map((fault) => fault.pointer.startsWith(pointer))).toContain(true)
    expect(() => readPolicies(JSON.stringify(plain))).toThrow(PoliciesRefused)
  })

  it('a text that is no YAML', () => {
    expect(() => readPolicies('rules: [')).toThrow(PoliciesRefused)
  })
})

it('every rule is a sentence in both languages, with its own numbers', () => {
  const said = describePolicies(policies)
  expect(said).toHaveLength(policies.rules.length + 2)
  expect(said[0]).toEqual({
    en: 'payouts.pay under CNY 50,000.00: nobody has to agree.',
    zh: 'payouts.pay（低于 ¥50,000.00）：无需审批。',
  })
  expect(said[1]).toEqual({
    en: 'payouts.pay of at least CNY 5,000,000.00: two other persons with approvals.decide within 24 hours, reminded after 4 hours.',
    zh: 'payouts.pay（不低于 ¥5,000,000.00）：由另外两人（须有 approvals.decide 权限）在 24 小时内审批，4 小时后提醒。',
  })
  expect(said[4]?.en).toContain('Everything else: another person')
  for (const { en, zh } of said) {
    expect(en).not.toMatch(/\p{Script=Han}/u)
    expect(zh).toMatch(/\p{Script=Han}/u)
  }
  const off = describePolicies({ ...policies, appointment_hours: 0 })
  expect(off[6]).not.toEqual(said[6])
})
