/** The style guide that runs: every check over this repository. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { moduleMap } from '../../server/src/map.ts'
import { checks } from './checks.ts'
import { readTree, runCheck } from './tree.ts'

const tree = readTree(fileURLToPath(new URL('../..', import.meta.url)), moduleMap)

test.each(checks)('$name', (check) => {
  const findings = runCheck(check, tree).map(({ path, line, says }) => `${path}:${line}  ${says}`)
  expect(findings).toEqual([])
})
