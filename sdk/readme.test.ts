/** The example of the README runs as it stands, and prints what the README says. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LedgerServer, startLedgerServer } from '../server/testing/ledger-server.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

let server: LedgerServer
let folder: string
beforeAll(async () => {
  server = await startLedgerServer()
  folder = await mkdtemp(join(tmpdir(), 'tenon-sdk-'))
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function block(readme: string, language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readme)
  if (found === null) throw new Error(`the README has no ${language} block`)
  return found[1]!
}

test('the example runs and prints what the README says', async () => {
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8')
  const example = block(readme, 'ts')
    .replace("'@tenon/sdk'", JSON.stringify(new URL('index.ts', import.meta.url).href))
    .replace('http://127.0.0.1:4000', server.url)
  const path = join(folder, 'example.mts')
  await writeFile(path, example)
  const { stdout } = await run(process.execPath, ['--import', 'tsx', path], { cwd: ROOT })
  expect(stdout).toBe(block(readme, 'text'))
})
