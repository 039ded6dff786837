import { readFileSync } from 'node:fs'
import { expect, it, test } from 'vitest'
import { OUTCOMES, REQUEST_MOVES, REQUEST_STATES, VERDICTS } from './states.ts'

const migration = readFileSync(
  new URL('../../migrations/0075-approvals-requests.sql', import.meta.url),
  'utf8',
)
const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')

/** The values of a column's `check (… in (…))`. */
function checked(table: string, column: string): string[] {
  const from = migration.indexOf(`create table approvals.${table} (`)
  const body = migration.slice(from, migration.indexOf('\n)', from))
  const match = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`).exec(body)
  return [...(match?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

test.each([
  ['request', 'state', REQUEST_STATES],
  ['decision', 'verdict', VERDICTS],
  ['execution', 'outcome', OUTCOMES],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column).sort()).toEqual([...values].sort())
})

it('the database lets a request make the moves of the table and no others', () => {
  const from = migration.indexOf('if not (old.state, new.state) in (')
  const pairs = migration.slice(from, migration.indexOf('then', from))
  const allowed = [...pairs.matchAll(/\('(\w+)', '(\w+)'\)/g)].map(([, a, b]) => `${a} ${b}`)
  expect(allowed.sort()).toEqual(REQUEST_MOVES.map(({ from: a, to: b }) => `${a} ${b}`).sort())
})

it('the diagram in the README is drawn from the table', () => {
  const drawn = REQUEST_MOVES.map(({ from, on, to }) => `  ${from} --> ${to}: ${on}`).join('\n')
  expect(readme).toContain(`<!-- request -->\n\`\`\`mermaid\nstateDiagram-v2\n${drawn}\n\`\`\``)
})

it('only what was approved is ever carried out, and what is over stays over', () => {
  const into = REQUEST_MOVES.filter(({ to }) => to === 'executed').map(({ from }) => from)
  expect(into).toEqual(['approved'])
  const left = new Set<string>(REQUEST_MOVES.map(({ from }) => from))
  expect([...left].sort()).toEqual(['approved', 'requires_review'])
})
