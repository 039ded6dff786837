import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  CASE_MOVES,
  CASE_STATES,
  MILESTONE_MOVES,
  MILESTONE_STATES,
  OPEN_ITEM_KINDS,
  OPEN_ITEM_STATES,
  STEP_KINDS,
  STEP_MOVES,
  STEP_STATES,
} from './states.ts'

const migration = readFileSync(
  new URL('../../migrations/0030-custody-cases.sql', import.meta.url),
  'utf8',
)

/** The values of a column's `check (… in (…))`. */
function checked(table: string, column: string): string[] {
  const from = migration.indexOf(`create table custody.${table} (`)
  const body = migration.slice(from, migration.indexOf('\n);', from))
  const match = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`).exec(body)
  return [...(match?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

test.each([
  ['case', 'state', CASE_STATES],
  ['milestone', 'state', MILESTONE_STATES],
  ['step', 'kind', STEP_KINDS],
  ['step', 'state', STEP_STATES],
  ['open_item', 'kind', Object.keys(OPEN_ITEM_KINDS)],
  ['open_item', 'state', OPEN_ITEM_STATES],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column)).toEqual([...values])
})

test.each([
  ['case', CASE_MOVES, CASE_STATES],
  ['milestone', MILESTONE_MOVES, MILESTONE_STATES],
  ['step', STEP_MOVES, STEP_STATES],
])('every state of a %s is reached by a move, and none by a wrong name', (_, moves, states) => {
  const named = new Set(moves.flatMap(({ from, to }) => [from, to]))
  expect([...named].sort()).toEqual([...states].sort())
})

test.each([
  ['case', CASE_MOVES],
  ['milestone', MILESTONE_MOVES],
  ['step', STEP_MOVES],
])('the diagram of a %s in the README is drawn from the table', (name, moves) => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  const drawn = moves.map(({ from, to }) => `  ${from} --> ${to}`).join('\n')
  expect(readme).toContain(`<!-- ${name} -->\n\`\`\`mermaid\nstateDiagram-v2\n${drawn}\n\`\`\``)
})
