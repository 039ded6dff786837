/**
 * `npm run check`: all that can be said about the checkout without running it — format and lint,
 * types, the rules of `tools/tidy`, generated files. Every part runs even when an earlier one failed;
 * the last line counts, and the exit code is 1 when anything failed.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { moduleMap } from '../../server/src/map.ts'
import { checks } from '../tidy/checks.ts'
import { readTree, runChecks } from '../tidy/tree.ts'

interface Count {
  passed: number
  failed: number
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const find = createRequire(import.meta.url)

const parts: readonly [string, () => Promise<Count>][] = [
  [
    'Format and lint',
    () =>
      asOne(binary('@biomejs/biome', 'biome'), ['ci', '--colors=off', '--error-on-warnings', '.']),
  ],
  ['Types', () => asOne(binary('typescript', 'tsc'), ['--noEmit', '-p', 'tsconfig.json'])],
  ['Rules', async () => rules()],
  ['Generated files', generated],
]

const total: Count = { passed: 0, failed: 0 }
for (const [title, run] of parts) {
  console.log(`\n== ${title} ==`)
  const { passed, failed } = await run()
  console.log(failed === 0 ? 'ok' : `FAILED: ${failed} of ${passed + failed}`)
  total.passed += passed
  total.failed += failed
}
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

function rules(): Count {
  const count: Count = { passed: 0, failed: 0 }
  for (const [name, findings] of runChecks(checks, readTree(root, moduleMap))) {
    if (findings.length === 0) count.passed += 1
    else count.failed += 1
    console.log(`${findings.length === 0 ? 'ok      ' : 'FAILED  '}${name}`)
    for (const { path, line, says } of findings) console.log(`        ${path}:${line}  ${says}`)
  }
  return count
}

/** The generator says what it compared; a run that compared nothing has failed. */
async function generated(): Promise<Count> {
  const { code, output } = await run(process.execPath, [
    '--import',
    'tsx',
    'tools/golden/main.ts',
    '--check',
  ])
  const counted = /^(\d+) passed, (\d+) failed$/m.exec(output)
  const count = { passed: Number(counted?.[1] ?? 0), failed: Number(counted?.[2] ?? 0) }
  const silent = count.passed + count.failed === 0 || (code !== 0 && count.failed === 0)
  return silent ? { ...count, failed: count.failed + 1 } : count
}

async function asOne(script: string, args: string[]): Promise<Count> {
  const { code } = await run(process.execPath, [script, ...args])
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** The script behind a package's command; npm's links to it do not exist on every system. */
function binary(name: string, command: string): string {
  const manifest = find.resolve(`${name}/package.json`)
  const { bin } = find(manifest) as { bin: Record<string, string> }
  return join(dirname(manifest), bin[command]!)
}

function run(program: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8')
      process.stdout.write(bytes)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
