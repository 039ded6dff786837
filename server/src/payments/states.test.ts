import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ACCOUNT_TYPES, COLLECT_METHODS, DIRECTIONS, INSTRUCTION_STATES } from '#channels'
import { AccountKind, AttemptStatus, Method } from './contract.ts'
import { EXCEPTION_ACTIONS, EXCEPTION_KINDS } from './exceptions.ts'
import { PAYOUT_MOVES } from './payout-states.ts'
import { REFUND_MOVES, REFUND_PART_MOVES } from './refund-states.ts'
import { OUTSIDE_MOVES, SETTLEMENT_MOVES } from './settlement-states.ts'
import {
  BOOKED_TO,
  EXCEPTION_STATES,
  LATE_POLICIES,
  LEG_MOVES,
  LEG_STATES,
  PAY_IN_MOVES,
  PAY_IN_STATES,
  PLAN_MOVES,
  PLAN_STATES,
} from './states.ts'

const migration = readFileSync(
  new URL('../../migrations/0040-payments-attempts.sql', import.meta.url),
  'utf8',
)
const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')

/** The values of a column's `check (… in (…))`. */
function checked(table: string, column: string): string[] {
  const from = migration.indexOf(`create table payments.${table} (`)
  const body = migration.slice(from, migration.indexOf('\n)', from))
  const match = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`).exec(body)
  return [...(match?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

test.each([
  ['attempt', 'state', INSTRUCTION_STATES],
  ['attempt', 'direction', DIRECTIONS],
  ['attempt', 'method', ['', ...COLLECT_METHODS]],
  ['attempt', 'account_type', ['', ...ACCOUNT_TYPES]],
  ['attempt', 'booked_to', BOOKED_TO],
  ['pay_in', 'state', PAY_IN_STATES],
  ['pay_in', 'late', LATE_POLICIES],
  ['plan', 'state', PLAN_STATES],
  ['plan_leg', 'state', LEG_STATES],
  ['exception', 'state', EXCEPTION_STATES],
  ['exception', 'kind', Object.keys(EXCEPTION_KINDS)],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column).sort()).toEqual([...values].sort())
})

test.each([
  ['method', Method, COLLECT_METHODS],
  ['account type', AccountKind, ACCOUNT_TYPES],
  ['status of an attempt', AttemptStatus, INSTRUCTION_STATES],
])('the words on the wire of a %s are those of the channels', (_, schema, words) => {
  expect((schema as { enum?: readonly string[] }).enum).toEqual(words)
})

test.each([
  ['pay-in', PAY_IN_MOVES],
  ['plan', PLAN_MOVES],
  ['leg', LEG_MOVES],
  ['payout', PAYOUT_MOVES],
  ['refund', REFUND_MOVES],
  ['refund part', REFUND_PART_MOVES],
  ['settlement', SETTLEMENT_MOVES],
  ['money that moved without us', OUTSIDE_MOVES],
])('the diagram of a %s in the README is drawn from its table', (name, moves) => {
  const drawn = moves.map(({ from, on, to }) => `  ${from} --> ${to}: ${on}`).join('\n')
  expect(readme).toContain(`<!-- ${name} -->\n\`\`\`mermaid\nstateDiagram-v2\n${drawn}\n\`\`\``)
})

test('money that has succeeded never moves its pay-in again', () => {
  expect(PAY_IN_MOVES.filter(({ from }) => (from as string) === 'succeeded')).toEqual([])
  expect(PLAN_MOVES.filter(({ from }) => (from as string) === 'succeeded')).toEqual([])
  expect(LEG_MOVES.filter(({ from }) => (from as string) === 'paid')).toEqual([])
})

test('every kind of exception has an owner, a deadline, actions that exist and two titles', () => {
  for (const [name, { hours, actions, zh, en }] of Object.entries(EXCEPTION_KINDS)) {
    expect(hours, name).toBeGreaterThan(0)
    expect(actions.length, name).toBeGreaterThan(0)
    for (const action of actions) expect(EXCEPTION_ACTIONS).toContain(action)
    expect(zh, name).toMatch(/\p{Script=Han}/u)
    expect(en, name).not.toMatch(/\p{Script=Han}/u)
  }
})
