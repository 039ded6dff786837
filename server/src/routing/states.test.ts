import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BREAKER_MOVES, BREAKER_STATES } from './states.ts'

test('the diagram of the README is the table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  const diagram = /<!-- breaker -->\n```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(readme)?.[1]
  const rows = BREAKER_MOVES.map(([from, on, to]) => `  ${from} --> ${to}: ${on}\n`)
  expect(diagram).toBe(rows.join(''))
  expect(new Set(BREAKER_MOVES.flatMap(([from, , to]) => [from, to]))).toEqual(
    new Set(BREAKER_STATES),
  )
})
