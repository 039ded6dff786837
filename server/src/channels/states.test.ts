import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FILE_KINDS, OPERATIONS } from './port.ts'
import {
  INBOUND_KINDS,
  INBOUND_STATES,
  INBOUND_WAYS,
  INSTRUCTION_MOVES,
  INSTRUCTION_STATES,
  isFinal,
  next,
} from './states.ts'

const migration = readFileSync(
  new URL('../../migrations/0020-channels-instructions.sql', import.meta.url),
  'utf8',
)

/** The values of a column's `check (… in (…))`. */
function checked(table: string, column: string): string[] {
  const from = migration.indexOf(`create table channels.${table} (`)
  const body = migration.slice(from, migration.indexOf('\n);', from))
  const match = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`).exec(body)
  return [...(match?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

test.each([
  ['instruction', 'state', INSTRUCTION_STATES],
  ['instruction', 'operation', OPERATIONS],
  ['inbound', 'state', INBOUND_STATES],
  ['inbound', 'kind', INBOUND_KINDS],
  ['inbound', 'told_by', INBOUND_WAYS],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column)).toEqual([...values])
})

test('only an intended instruction is sent, and final ones do not move', () => {
  for (const { from, on, to } of INSTRUCTION_MOVES) {
    expect(isFinal(from)).toBe(false)
    if (to === 'sending') expect(from).toBe('intended')
    // Back to `intended` only when nothing left this machine.
    if (to === 'intended') expect(on).toBe('not_sent')
    expect(next(from, on)).toBe(to)
  }
  expect(next('unknown', 'not_sent')).toBeUndefined()
  expect(next('accepted', 'never_acted')).toBeUndefined()
})

test('every kind of file is asked for once', () => {
  expect(new Set(FILE_KINDS).size).toBe(4)
})

test('the diagram in the README is drawn from the table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  const drawn = INSTRUCTION_MOVES.map(({ from, on, to }) => `  ${from} --> ${to}: ${on}`).join('\n')
  expect(readme).toContain(`<!-- instruction -->\n\`\`\`mermaid\nstateDiagram-v2\n${drawn}\n\`\`\``)
})
