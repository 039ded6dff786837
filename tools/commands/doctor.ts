/** `tenon doctor`: whether server, clock, key, signature and endpoints do their work. */
import { parseArgs } from 'node:util'
import type { Terminal } from '../command.ts'
import { examine } from '../dev/doctor.ts'
import { openDevServer } from '../dev/server.ts'

const MARKS = { well: 'ok   ', wrong: 'WRONG', open: '-    ' } as const

/** Exit code 1 when something is wrong. `now`: the wall clock, ms. */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  now: () => number = Date.now,
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { url: { type: 'string' } } })
  const server = await openDevServer({ env: terminal.env, url: values.url, retries: 0 })
  let code = 0
  for await (const { name, state, says } of examine({ server, fetch, now })) {
    terminal.say(`${MARKS[state]}  ${name.padEnd(9)}  ${says}`)
    if (state === 'wrong') code = 1
  }
  return code
}
