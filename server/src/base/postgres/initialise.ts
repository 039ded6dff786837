/**
 * The first start. `initdb` works in a folder of a temporary name beside `data/`, renamed as the last
 * step: killed in the middle it leaves litter for the next start to sweep, never half a database.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, chown, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { diagnose } from './diagnosis.ts'
import { run, type SystemUser } from './execution.ts'
import { type FolderPaths, makeFolder, writePassword } from './folder.ts'

const STAGING = 'data.new-'

export interface InitialiseOptions {
  paths: FolderPaths
  user: SystemUser
  binaries: Binaries
  /** Options of `initdb` besides those of every database of ours. */
  further: readonly string[]
}

/** Makes `data/`. The caller holds the lock. */
export async function initialise(options: InitialiseOptions): Promise<void> {
  const { paths, user } = options
  await sweepStaging(paths)
  const staging = join(paths.root, STAGING + randomBytes(4).toString('hex'))
  try {
    await makeFolder(staging, 0o700)
    const password = randomBytes(24).toString('hex')
    await runInitdb(staging, password, options)
    await appendFile(join(staging, 'data', 'postgresql.conf'), "\ninclude_if_exists 'tenon.conf'\n")
    await writePassword(paths, password)
    await rm(paths.data, { recursive: true, force: true, maxRetries: 10 })
    await rename(join(staging, 'data'), paths.data)
    await syncFolder(paths.root)
  } finally {
    await rm(staging, { recursive: true, force: true, maxRetries: 10 })
  }
  if (user.switched) await chown(paths.data, user.uid, user.gid)
}

async function runInitdb(staging: string, password: string, options: InitialiseOptions) {
  const { paths, user, binaries, further } = options
  const passwordFile = join(staging, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user.switched) {
    await chown(passwordFile, user.uid, user.gid)
    await chown(staging, user.uid, user.gid)
  }
  const args = [
    `--pgdata=${join(staging, 'data')}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // Text sorts the same on every machine; before 17 there is only C for that.
    ...(binaries.majorVersion >= 17
      ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : []),
    ...further,
  ]
  const { code, stdout, stderr } = await run(binaries.initdb, args, { user, cwd: staging })
  if (code !== 0) throw await diagnose(stderr + stdout, { paths, port: 0 })
}

/** What a first start that was killed left behind. */
async function sweepStaging(paths: FolderPaths): Promise<void> {
  const names = await readdir(paths.root)
  for (const name of names.filter((candidate) => candidate.startsWith(STAGING))) {
    await rm(join(paths.root, name), { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Makes a rename in `folder` outlive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
