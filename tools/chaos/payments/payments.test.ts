/** The short form of the chaos run over payments: nothing doubled, unmatched or forgotten. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { PAYMENT_PLANTS } from './plants.ts'

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))

it('every movement of the rails is ours once, under faults and kills', {
  timeout: 180_000,
}, async () => {
  const command = ['--import', 'tsx', 'tools/chaos/main.ts', 'payments', '--short', '--seeds', '4']
  const run = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: CHECKOUT, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, command, options, (_error, stdout, stderr) => {
      resolve({ stdout, stderr })
    })
  })
  const figures = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>
  expect(figures, run.stderr).toMatchObject({
    seeds: 4,
    pending_past_deadline: 0,
    doubled: 0,
    unmatched: 0,
    woken_sent: 0,
  })
  expect(figures.payments).toBeGreaterThanOrEqual(200)
  expect(figures.kills).toBeGreaterThanOrEqual(4)
  expect(figures.stopped_senders).toBeGreaterThanOrEqual(1)
})

it.each(PAYMENT_PLANTS)('the planted fault "$name" fits the source', async ({ edits }) => {
  for (const { file, from } of edits) {
    const text = await readFile(join(CHECKOUT, file), 'utf8')
    expect({ file, times: text.split(from).length - 1 }).toEqual({ file, times: 1 })
  }
})
