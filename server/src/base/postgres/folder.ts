/**
 * The data folder: where it is, what lies in it, and whether it can be used.
 *
 *   folder.json        proves that Tenon made the folder; nothing is ever removed without it
 *   data/              PostgreSQL's own directory
 *   credentials.json   the superuser's password, readable by the owner only
 *   port               the port of last time
 *   server.log         what the server says
 *   launch.lock users/ who is starting the server, and who uses it
 *   binaries-…/        a copy of the programs, only where the checkout cannot be entered
 */
import { createHash, randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SystemUser } from './execution.ts'
import { may } from './execution.ts'
import { PostgresProblem } from './problem.ts'

const CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url))

export interface FolderPaths {
  readonly root: string
  readonly marker: string
  readonly data: string
  readonly credentials: string
  readonly port: string
  readonly log: string
  readonly lock: string
  readonly users: string
}

export function pathsOf(dataFolder: string): FolderPaths {
  const root = resolve(dataFolder)
  return {
    root,
    marker: join(root, 'folder.json'),
    data: join(root, 'data'),
    credentials: join(root, 'credentials.json'),
    port: join(root, 'port'),
    log: join(root, 'server.log'),
    lock: join(root, 'launch.lock'),
    users: join(root, 'users'),
  }
}

/**
 * The folder when none is named: `TENON_DATA`, or one of this checkout's own outside of it, so that
 * two checkouts do not meet and cleaning a checkout destroys no data.
 */
export function defaultDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  checkout: string = CHECKOUT,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  if (env.TENON_DATA !== undefined && env.TENON_DATA !== '') return resolve(env.TENON_DATA)
  const real = realpathSync(checkout)
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 8)
  const name = `${basename(real)}-${hash}`
  if (isRoot) return join('/var/lib/tenon', name)
  const base = env.XDG_DATA_HOME?.startsWith('/')
    ? env.XDG_DATA_HOME
    : join(homedir(), '.local/share')
  return join(base, 'tenon', name)
}

/** Whether the folder was made by `claimFolder`. */
export async function isOurs(paths: FolderPaths): Promise<boolean> {
  const text = await readFile(paths.marker, 'utf8').catch(() => '')
  return text.includes('"made_by":"tenon"')
}

/**
 * Makes the folder, or takes an empty one, and marks it. A folder with other things in it is
 * refused: a slip in TENON_DATA must not put a database into somebody's home.
 */
export async function claimFolder(paths: FolderPaths): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o755 : 0o700
  await makeFolder(paths.root, mode)
  if (await isOurs(paths)) return
  const found = (await readdir(paths.root)).filter((name) => name !== 'lost+found')
  if (found.length > 0 && !found.every((name) => name.startsWith('folder.json.'))) {
    throw new PostgresProblem(
      'not_ours',
      `${paths.root} is not empty and was not made by Tenon (it holds ${found.slice(0, 3).join(', ')}). ` +
        `Set TENON_DATA to an empty or new folder.`,
    )
  }
  // A mounted disk comes with its own mode; the user PostgreSQL runs as must be able to enter.
  await chmod(paths.root, mode)
  await writeSafely(paths.marker, '{"made_by":"tenon","layout":1}\n', 0o644)
}

/** Like `mkdir -p`, giving every folder it makes the mode asked for, whatever the umask. */
export async function makeFolder(folder: string, mode: number): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, mode)
}

/** Writes to a temporary name, syncs, renames: a reader sees the old or the new file, never half. */
export async function writeSafely(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** Throws when the user PostgreSQL runs as cannot enter the folder. */
export async function checkReachable(paths: FolderPaths, user: SystemUser): Promise<void> {
  if (await may(user, '-x', paths.root)) return
  throw new PostgresProblem(
    'no_permission',
    `PostgreSQL runs as the user ${user.name}, who cannot enter ${paths.root}. ` +
      `Set TENON_DATA to a folder that every user may enter, such as /var/lib/tenon/data.`,
  )
}

/** Whether there is a data directory at all; an empty one counts as none. */
export async function hasData(paths: FolderPaths): Promise<boolean> {
  try {
    return (await readdir(paths.data)).length > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw corrupt(paths, 'data is a file where a folder should be')
    }
    throw error
  }
}

/** Looks at the data directory before a server is let near it. */
export async function inspectData(paths: FolderPaths, majorVersion: number): Promise<void> {
  const version = await readOrUndefined(join(paths.data, 'PG_VERSION'))
  if (version === undefined) throw corrupt(paths, 'data/PG_VERSION is missing')
  if (!/^\d+\s*$/.test(version)) throw corrupt(paths, 'data/PG_VERSION does not hold a version')
  if (Number(version) !== majorVersion) {
    throw new PostgresProblem(
      'wrong_version',
      `${paths.data} was made by PostgreSQL ${version.trim()}, this Tenon carries PostgreSQL ${majorVersion}. ` +
        `Start it with the release it was made with, or set TENON_DATA to a new folder.`,
    )
  }
  const control = await stat(join(paths.data, 'global', 'pg_control')).catch(ignoreMissing)
  if (control === undefined) throw corrupt(paths, 'data/global/pg_control is missing')
  if (control.size === 0) throw corrupt(paths, 'data/global/pg_control is empty')
  for (const part of ['base', 'pg_wal', 'pg_xact']) {
    const found = await stat(join(paths.data, part)).catch(ignoreMissing)
    if (found === undefined) throw corrupt(paths, `data/${part} is missing`)
  }
}

export function corrupt(paths: FolderPaths, what: string): PostgresProblem {
  return new PostgresProblem(
    'corrupt_data',
    `The database in ${paths.data} is damaged: ${what}. Nothing was changed. Bring it back from a backup with ` +
      `"tenon restore --from <backup>", or start afresh with "npm run reset", which deletes all its data.`,
  )
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing)
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}

/** The password of the superuser `postgres`. */
export async function readPassword(paths: FolderPaths): Promise<string> {
  const text = await readOrUndefined(paths.credentials)
  const password = text === undefined ? undefined : /"postgres":"([0-9a-f]+)"/.exec(text)?.[1]
  if (password !== undefined) return password
  throw new PostgresProblem(
    'password_missing',
    `${paths.credentials} with the database's password is missing or unreadable. ` +
      `Put it back from a backup (it lies in every base copy), or start afresh with "npm run reset".`,
  )
}

export async function writePassword(paths: FolderPaths, password: string): Promise<void> {
  await writeSafely(paths.credentials, `{"postgres":"${password}"}\n`, 0o600)
}

/** The port of last time; `undefined` on the first start. */
export async function readPort(paths: FolderPaths): Promise<number | undefined> {
  const text = await readOrUndefined(paths.port)
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined
}

export async function writePort(paths: FolderPaths, port: number): Promise<void> {
  if ((await readPort(paths)) !== port) await writeFile(paths.port, `${port}\n`)
}
