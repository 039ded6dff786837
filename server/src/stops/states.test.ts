import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FREEZE_BOOK_STATES, FREEZE_STATES, PAUSE_STATES, STOP_DIRECTIONS } from './states.ts'

const migration = readFileSync(
  new URL('../../migrations/0077-stops-pauses.sql', import.meta.url),
  'utf8',
)

/** The values of a column's `check (… in (…))`. */
function checked(table: string, column: string): string[] {
  const from = migration.indexOf(`create table stops.${table} (`)
  const body = migration.slice(from, migration.indexOf('\n);', from))
  const match = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`).exec(body)
  return [...(match?.[1] ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

it.each([
  ['pause', 'state', PAUSE_STATES],
  ['pause', 'direction', STOP_DIRECTIONS],
  ['freeze_order', 'state', FREEZE_STATES],
  ['freeze_book', 'state', FREEZE_BOOK_STATES],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column)).toEqual([...values])
})
