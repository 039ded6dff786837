/** The short form of the chaos run: three faults on real processes, and every planted fault found. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
/** Its plan begins with a takeover, a killed PostgreSQL and a killed server. */
const SEED = '3'

function chaos(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ['--import', 'tsx', 'tools/chaos/main.ts', ...args]
  return new Promise((resolve) => {
    const options = { cwd: CHECKOUT, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })
}

describe.skipIf(process.platform !== 'linux')('chaos', () => {
  it('loses nothing, doubles nothing, and finds what is planted', {
    timeout: 300_000,
  }, async () => {
    const run = await chaos('ledger', '--rounds', '3', '--short', '--seed', SEED)
    const figures = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '{}') as object
    expect(figures, run.stderr).toMatchObject({
      rounds: 3,
      lost: 0,
      doubled: 0,
      wrong_balances: 0,
      torn: 0,
      wrong_answers: 0,
      verify_failed: 0,
      kills_mid_batch: 2,
      planted_found: 3,
    })
    expect(figures).not.toHaveProperty('stuck')
    expect(run.code).toBe(0)
  })

  it('refuses an option it does not know', async () => {
    const run = await chaos('ledger', '--round', '3')
    expect(run.code).toBe(2)
    expect(run.stderr).toContain('There is no option --round.')
  })
})
