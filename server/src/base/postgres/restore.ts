/**
 * Bringing a backup back to a moment, always into a new data folder: the old one stays as it was.
 * The base copy is checked against its manifest, the server replays archived WAL up to the moment,
 * and opens for writing on a timeline of its own. The restored database archives nowhere until it
 * is backed up itself: it must not write into the archive it came from.
 */
import { chown, readFile, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BaseCopy, baseCopies, firstGap, restoreCommand, walFolder } from './archive.ts'
import { copyFile, each, listTree, makeFolders, removeFolder, syncFolders } from './copy.ts'
import { asProblem } from './diagnosis.ts'
import { chooseSystemUser, may, type SystemUser } from './execution.ts'
import {
  checkReachable,
  claimFolder,
  defaultDataFolder,
  type FolderPaths,
  hasData,
  pathsOf,
  writeSafely,
} from './folder.ts'
import { syncFolder } from './initialise.ts'
import { type LaunchOptions, launchPostgres, type RunningPostgres } from './launch.ts'
import { PostgresProblem } from './problem.ts'
import { connected } from './roles.ts'

export interface RestoreOptions extends Omit<LaunchOptions, 'dataFolder'> {
  /** The backup folder. */
  from: string
  /** RFC 3339 with an offset, or `latest` for all the archive holds. */
  to: string
  /** The new data folder: absent or empty. Beside the default one unless given. */
  into?: string
}

export interface Restored {
  /** Running, open for writing. The caller stops it. */
  readonly postgres: RunningPostgres
  /** The time asked for, RFC 3339 in UTC, or `latest`. */
  readonly target: string
  /** The base copy it grew from. */
  readonly base: string
  /** When the last commit that came back was made, by the server's log. */
  readonly lastCommitAt: string | undefined
}

/** Restores, waits until the database takes writes, and hands it over running. */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const from = resolve(options.from)
  const onLine = options.onLine ?? (() => undefined)
  const target = parseTarget(options.to)
  const copies = await baseCopies(from)
  const base = chooseBase(copies, target)
  await refuseGap(from, base, target, onLine)
  const paths = pathsOf(options.into ?? defaultRestoreFolder(target, base))
  try {
    if (await hasData(paths)) throw notEmpty(paths)
    await claimFolder(paths)
  } catch (error) {
    throw asProblem(error, paths)
  }
  try {
    const user = await chooseSystemUser()
    await checkReachable(paths, user)
    await refuseUnreadable(user, walFolder(from))
    onLine(`Copying ${base.folder} into ${paths.root}.`)
    await placeBase({ base, paths, user, from, target })
    onLine(`Replaying the archived WAL ${target === 'latest' ? 'to its end' : `up to ${target}`}.`)
    const postgres = await launchPostgres({ ...options, dataFolder: paths.root })
    await forgetRecovery(postgres)
    return { postgres, target, base: base.folder, lastCommitAt: await lastCommit(paths) }
  } catch (error) {
    const problem = asRestoreProblem(asProblem(error, paths), from, await lastCommit(paths))
    await removeFolder(paths.root)
    throw problem
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/** The moment in UTC with all digits given, or `latest`. */
function parseTarget(text: string): string {
  if (text === 'latest') return text
  const time = Date.parse(text.replace(' ', 'T'))
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  // Date.parse takes 30 February for 2 March.
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  if (!RFC3339.test(text) || Number.isNaN(time) || !isDay) {
    throw new PostgresProblem(
      'bad_target',
      `"${text}" is not a time. Write date, time and offset, such as 2026-01-31T09:30:00+08:00, or "latest".`,
    )
  }
  if (time > Date.now()) {
    throw new PostgresProblem(
      'bad_target',
      `${text} has not come yet. Name a time in the past, or "latest".`,
    )
  }
  // PostgreSQL keeps microseconds; Date only milliseconds.
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  return new Date(time).toISOString().replace(/\.\d+Z$/, `.${fraction.slice(0, 6).padEnd(6, '0')}Z`)
}

function chooseBase(copies: readonly BaseCopy[], target: string): BaseCopy {
  if (target === 'latest') return copies.at(-1)!
  const before = copies.filter(({ manifest }) => Date.parse(manifest.endedAt) <= Date.parse(target))
  const base = before.at(-1)
  if (base !== undefined) return base
  throw new PostgresProblem(
    'bad_target',
    `${target} is before the first base copy was complete (${copies[0]!.manifest.endedAt}). ` +
      `Name that time or a later one.`,
  )
}

async function refuseGap(
  from: string,
  base: BaseCopy,
  target: string,
  onLine: (text: string) => void,
): Promise<void> {
  const gap = await firstGap(from, base.manifest)
  if (gap === undefined) return
  if (target === 'latest' || gap <= base.manifest.stopSegment) {
    throw new PostgresProblem(
      'bad_backup',
      `${walFolder(from)} lacks ${gap}, so what came after it cannot be brought back. Put that file back` +
        `${gap <= base.manifest.stopSegment ? '.' : ', or name a time before it with --to.'}`,
    )
  }
  onLine(`The archive lacks ${gap}: only times before it can be restored.`)
}

function defaultRestoreFolder(target: string, base: BaseCopy): string {
  const time = target === 'latest' ? base.manifest.endedAt : target
  return `${defaultDataFolder()}-restored-${time.replace(/[-:]|\.\d+/g, '')}`
}

function notEmpty(paths: FolderPaths): PostgresProblem {
  return new PostgresProblem(
    'bad_target',
    `${paths.root} already holds a database. Name a new or empty folder with --into.`,
  )
}

async function refuseUnreadable(user: SystemUser, wal: string): Promise<void> {
  if ((await may(user, '-x', wal)) && (await may(user, '-r', wal))) return
  throw new PostgresProblem(
    'no_permission',
    `PostgreSQL runs as the user ${user.name}, who cannot read ${wal}. ` +
      `Give that folder and its files to ${user.name}, or put the backup where every user may enter.`,
  )
}

interface Placing {
  base: BaseCopy
  paths: FolderPaths
  user: SystemUser
  from: string
  target: string
}

/** The base copy as `data/`, ready to recover; under a temporary name until it is whole. */
async function placeBase({ base, paths, user, from, target }: Placing): Promise<void> {
  const staging = join(paths.root, 'data.new-restore')
  const { folders, files } = base.manifest
  await makeFolders(staging, folders)
  await each(Object.entries(files), async ([path, expected]) => {
    const copied = await copyFile(join(base.folder, 'data', path), join(staging, path))
    if (copied?.sha256 !== expected.sha256) {
      throw new PostgresProblem(
        'bad_backup',
        `${join(base.folder, 'data', path)} is ${copied === undefined ? 'missing' : 'not what was backed up'}. ` +
          `Bring the backup folder back from a copy, or name a time for which an older base copy serves.`,
      )
    }
  })
  await writeRecovery(staging, from, target)
  await copyFile(join(base.folder, 'credentials.json'), paths.credentials)
  if (user.switched) await giveTo(user, staging)
  await syncFolders(staging, folders)
  await rename(staging, paths.data)
  await syncFolder(paths.root)
}

async function writeRecovery(data: string, from: string, target: string): Promise<void> {
  const path = join(data, 'postgresql.auto.conf')
  const kept = (await readFile(path, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => !/^\s*(archive_|restore_command|recovery_target)/.test(line))
  const settings = {
    restore_command: restoreCommand(walFolder(from)),
    // One history: that of the base copy. A copy of a restored database begins another.
    recovery_target_timeline: 'current',
    // Nobody reads before it is done, and fewer connections than the original had are no obstacle.
    hot_standby: 'off',
    // An offset in digits: the letter Z is not known yet when the server reads this.
    ...(target === 'latest'
      ? {}
      : { recovery_target_time: target.replace('Z', '+00'), recovery_target_action: 'promote' }),
  }
  const added = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  )
  await writeSafely(path, `${[...kept, ...added].join('\n')}\n`, 0o600)
  await writeSafely(join(data, 'recovery.signal'), '', 0o600)
}

async function giveTo(user: SystemUser, root: string): Promise<void> {
  const { folders, files } = await listTree(root, () => false)
  for (const path of ['', ...folders, ...files]) await chown(join(root, path), user.uid, user.gid)
}

/** Takes the recovery settings out again: they would stop a later restore of a copy of this one. */
async function forgetRecovery(postgres: RunningPostgres): Promise<void> {
  const names = [
    'restore_command',
    'recovery_target_timeline',
    'recovery_target_time',
    'recovery_target_action',
    'hot_standby',
  ]
  await connected(postgres.adminUrl, async (client) => {
    // No reload: some of them change at a start only, and none matters to a server past recovery.
    for (const name of names) await client.query(`alter system reset ${name}`)
  })
}

async function lastCommit(paths: FolderPaths): Promise<string | undefined> {
  const text = await readFile(paths.log, 'utf8').catch(() => '')
  return /last completed transaction was at log time ([^\n]+)/.exec(text)?.[1]
}

/** During a restore damage means the backup, and "start afresh" would be the wrong advice. */
function asRestoreProblem(error: unknown, from: string, lastCommitAt: string | undefined): unknown {
  if (!(error instanceof PostgresProblem)) return error
  if (error.code === 'bad_target' && lastCommitAt !== undefined) {
    const said = `${error.message} The last commit it holds was made at ${lastCommitAt}.`
    return new PostgresProblem('bad_target', said)
  }
  if (error.code !== 'corrupt_data') return error
  return new PostgresProblem(
    'bad_backup',
    `The backup in ${from} did not come back: ${error.message.replace(/ Nothing was changed\..*/, '')} ` +
      `The new data folder was removed again; bring the backup folder back from a copy.`,
  )
}
