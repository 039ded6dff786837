import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const TENON = fileURLToPath(new URL('tenon.mjs', import.meta.url))

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs the command line without a terminal. */
function tenon(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const full = { PATH: process.env.PATH ?? '', HOME: tmpdir(), TENON_DATA: '/nonexistent', ...env }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [TENON, ...args],
      { env: full },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      },
    )
    child.stdin?.end()
  })
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenon-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

it.each([
  [['--help'], 0, 'stdout', /start .*\n[\s\S]*backup .*\n.*restore .*\n.*bank .*\n[\s\S]*reset /],
  [[], 2, 'stderr', /^Usage: tenon/],
  [['resett'], 2, 'stderr', /^There is no command "resett"\. The commands are .*reset/],
  [['reset', '--help'], 0, 'stdout', /^tenon reset \[--yes\]/],
  [['reset', '--force'], 2, 'stderr', /'--force'[\s\S]*tenon reset \[--yes\]/],
  [['restore'], 2, 'stderr', /^Name the backup folder with --from\./],
  [['restore', '--from', '/nonexistent'], 2, 'stderr', /^Name a time with --to/],
  [
    ['restore', '--from', '/nonexistent', '--to', 'latest'],
    1,
    'stderr',
    /^The backup folder \/nonexistent cannot be read/,
  ],
  [['start', '--sale'], 2, 'stderr', /'--sale'[\s\S]*tenon start \[--watch\]/],
  [['bank', 'seen'], 2, 'stderr', /^Write: tenon bank since <time>/],
  [['backup'], 1, 'stderr', /^There is no database in \/nonexistent to back up/],
] as const)('tenon %j ends with %d', async (args, code, stream, says) => {
  const outcome = await tenon([...args])
  expect(outcome).toMatchObject({ code, [stream]: expect.stringMatching(says) })
  expect(outcome.stderr).not.toContain('    at ')
})

it('backup leaves a server of one’s own to its own tools', async () => {
  const outcome = await tenon(['backup'], { DATABASE_URL: 'postgres://me:hush@db/money' })
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_basebackup') })
})

it('reset refuses without an answer, deletes with --yes, and never what Tenon did not make', async () => {
  const folder = join(await temporaryFolder(), 'data')
  await mkdir(folder)
  await writeFile(join(folder, 'folder.json'), '{"made_by":"tenon","layout":1}\n')
  await writeFile(join(folder, 'credentials.json'), '{"postgres":"00"}\n')

  const unasked = await tenon(['reset'], { TENON_DATA: folder })
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('tenon reset --yes') })
  expect(await readdir(folder)).toHaveLength(2)

  const asked = await tenon(['reset', '--yes'], { TENON_DATA: folder })
  expect(asked).toMatchObject({ code: 0, stdout: `Deleted ${folder}.\n` })
  await expect(readdir(folder)).rejects.toThrow('ENOENT')

  const again = await tenon(['reset', '--yes'], { TENON_DATA: folder })
  expect(again).toMatchObject({ code: 0, stdout: `There is nothing to delete in ${folder}.\n` })

  await mkdir(folder)
  await writeFile(join(folder, 'thesis.txt'), 'chapter one')
  const foreign = await tenon(['reset', '--yes'], { TENON_DATA: folder })
  expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining('not made by Tenon') })
  expect(await readdir(folder)).toEqual(['thesis.txt'])
})
