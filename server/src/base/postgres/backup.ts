/**
 * A backup of the embedded database without pg_basebackup: the server is told that a copy begins, its
 * directory is copied file by file while it works on, and it is told that the copy ends. The copy
 * alone is torn; it becomes a database again only with the WAL archived from its start to its end,
 * so archiving is on before the copy begins and the last segment is waited for.
 */
import { createHash } from 'node:crypto'
import { chown, readFile, readlink, rename, rm, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { archiveCommand, firstGap, type Manifest, walFolder } from './archive.ts'
import { type CopiedFile, copyFile, each, listTree, makeFolders, syncFolders } from './copy.ts'
import { asProblem } from './diagnosis.ts'
import { chooseSystemUser, may, type SystemUser } from './execution.ts'
import {
  defaultDataFolder,
  type FolderPaths,
  hasData,
  makeFolder,
  pathsOf,
  writeSafely,
} from './folder.ts'
import { syncFolder } from './initialise.ts'
import { type LaunchOptions, launchPostgres } from './launch.ts'
import { PostgresProblem } from './problem.ts'
import { connected } from './roles.ts'
import { logTail } from './start.ts'

export interface BackupOptions extends LaunchOptions {
  /** The backup folder; `<data folder>-backup` unless given. */
  to?: string
}

export interface BackupReport {
  /** The backup folder, to be named to `restore`. */
  readonly to: string
  readonly base: string
  readonly manifest: Manifest
  readonly bytes: number
}

/**
 * Takes a base copy into the backup folder and has the server archive its WAL there from now on, at
 * the latest every minute. Uses the running server, or starts it for the while.
 */
export async function backup(options: BackupOptions = {}): Promise<BackupReport> {
  const paths = pathsOf(options.dataFolder ?? defaultDataFolder())
  const to = resolve(options.to ?? `${paths.root}-backup`)
  try {
    await refuseBadPlace(paths, to)
    const postgres = await launchPostgres({ ...options, dataFolder: paths.root })
    try {
      return await connected(postgres.adminUrl, (client) =>
        takeBackup({ client, paths, to, onLine: options.onLine ?? (() => undefined) }),
      )
    } finally {
      await postgres.stop()
    }
  } catch (error) {
    throw asBackupProblem(error, to)
  }
}

function asBackupProblem(error: unknown, to: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return asProblem(error, pathsOf(to))
  return new PostgresProblem(
    'disk_full',
    `The disk that holds ${to} is full. Free some space or name a folder on another disk with --to, ` +
      `then run "tenon backup" again. No half copy was kept.`,
  )
}

async function refuseBadPlace(paths: FolderPaths, to: string): Promise<void> {
  if (!(await hasData(paths).catch(() => false))) {
    throw new PostgresProblem(
      'bad_backup',
      `There is no database in ${paths.root} to back up. Start Tenon once, or name the data folder in TENON_DATA.`,
    )
  }
  const inside = relative(paths.root, to)
  if (inside === '' || !(inside.startsWith('..') || inside.startsWith('/'))) {
    throw new PostgresProblem(
      'bad_backup',
      `${to} lies inside the data folder ${paths.root} and would be lost with it. ` +
        `Name a folder on another disk with --to.`,
    )
  }
}

interface Job {
  client: pg.Client
  paths: FolderPaths
  to: string
  onLine: (text: string) => void
}

async function takeBackup(job: Job): Promise<BackupReport> {
  const { client, paths, to, onLine } = job
  const user = await chooseSystemUser(paths.data)
  const { rows } = await client.query<{ id: string; version: number; segment: string }>(
    `select system_identifier::text as id, current_setting('server_version_num')::int / 10000 as version,
            (select setting from pg_settings where name = 'wal_segment_size') as segment
     from pg_control_system()`,
  )
  const server = rows[0]!
  await claimBackupFolder(to, server.id, user)
  await archiveInto(client, walFolder(to))
  const { rows: began } = await client.query<{ lsn: string; at: Date; segment: string }>(
    `select lsn::text, clock_timestamp() as at, pg_walfile_name(lsn) as segment
     from pg_backup_start('tenon backup', fast => true) as lsn`,
  )
  const start = began[0]!
  const name = `base-${start.at.toISOString().replace(/[-:]|\.\d+/g, '')}`
  const staging = join(to, `.${name}.part`)
  try {
    onLine(`Copying ${paths.data} into ${join(to, name)}.`)
    const copied = await copyData(paths, staging)
    const stop = await endBackup(client, staging, copied)
    const manifest: Manifest = {
      format: 1,
      systemIdentifier: server.id,
      majorVersion: server.version,
      walSegmentSize: Number(server.segment),
      startedAt: start.at.toISOString(),
      endedAt: stop.at,
      startLsn: start.lsn,
      stopLsn: stop.lsn,
      startSegment: start.segment,
      stopSegment: stop.segment,
      folders: copied.folders,
      files: Object.fromEntries(copied.files),
    }
    onLine(`Waiting for the last WAL of the copy (${manifest.stopSegment}).`)
    await waitArchived(job, manifest)
    await writeSafely(join(staging, 'manifest.json'), `${JSON.stringify(manifest)}\n`, 0o600)
    await syncFolders(join(staging, 'data'), copied.folders)
    await syncFolder(staging)
    await rename(staging, join(to, name))
    await syncFolder(to)
    const bytes = [...copied.files.values()].reduce((sum, file) => sum + file.size, 0)
    return { to, base: join(to, name), manifest, bytes }
  } finally {
    await rm(staging, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Makes the backup folder, or takes one that already belongs to this database. */
async function claimBackupFolder(to: string, systemIdentifier: string, user: SystemUser) {
  await makeFolder(to, user.switched ? 0o755 : 0o700)
  const mark = join(to, 'archive.json')
  const text = await readFile(mark, 'utf8').catch(() => undefined)
  if (text === undefined) {
    await writeSafely(mark, `${JSON.stringify({ made_by: 'tenon', systemIdentifier })}\n`, 0o644)
  } else if (
    (JSON.parse(text) as { systemIdentifier?: string }).systemIdentifier !== systemIdentifier
  ) {
    throw new PostgresProblem(
      'bad_backup',
      `${to} holds the backup of another database. Name a folder of its own with --to.`,
    )
  }
  const wal = walFolder(to)
  await makeFolder(wal, 0o700)
  if (user.switched) await chown(wal, user.uid, user.gid)
  if (await may(user, '-w', wal)) return
  throw new PostgresProblem(
    'no_permission',
    `PostgreSQL runs as the user ${user.name}, who cannot write into ${wal}. ` +
      `Name a folder that every user may enter, such as /var/backups/tenon, with --to.`,
  )
}

/** Points the server's archiving at the folder. It holds from the next segment on. */
async function archiveInto(client: pg.Client, wal: string): Promise<void> {
  const command = pg.escapeLiteral(archiveCommand(wal))
  await client.query(`alter system set archive_command = ${command}`)
  await client.query(`alter system set archive_timeout = '60s'`)
  await client.query('select pg_reload_conf()')
  const { rows } = await client.query<{ setting: string }>(
    `select current_setting('archive_mode') as setting`,
  )
  if (rows[0]?.setting !== 'on') {
    throw new PostgresProblem(
      'bad_backup',
      'archive_mode is off. Take the setting out and start Tenon again.',
    )
  }
}

/** Contents that the server makes anew, or that are wrong in a copy. The folders themselves stay. */
const SKIPPED_CONTENT =
  /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//
const SKIPPED_FILE =
  /(^|\/)(postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|recovery\.signal|standby\.signal|pg_internal\.init.*|pgsql_tmp.*|current_logfiles|tenon\.conf.*)$|\/t\d+_\d+/

interface Copied {
  folders: string[]
  files: Map<string, CopiedFile>
}

async function copyData(paths: FolderPaths, staging: string): Promise<Copied> {
  const tree = await listTree(
    paths.data,
    (path) => SKIPPED_CONTENT.test(path) || SKIPPED_FILE.test(path),
  )
  const tablespace = tree.files.find((path) => path.startsWith('pg_tblspc/'))
  if (tablespace !== undefined) {
    const where = await readlink(join(paths.data, tablespace)).catch(() => tablespace)
    throw new PostgresProblem(
      'bad_backup',
      `The database uses a tablespace in ${where}, which this backup does not reach. Move its tables back first.`,
    )
  }
  await makeFolders(join(staging, 'data'), tree.folders)
  const files = new Map<string, CopiedFile>()
  await each(tree.files, async (path) => {
    const copied = await copyFile(join(paths.data, path), join(staging, 'data', path))
    if (copied !== undefined) files.set(path, copied)
  })
  await copyFile(paths.credentials, join(staging, 'credentials.json'))
  return { folders: tree.folders, files }
}

async function endBackup(client: pg.Client, staging: string, copied: Copied) {
  const { rows } = await client.query<{ lsn: string; labelfile: string; segment: string }>(
    `select lsn::text, labelfile, pg_walfile_name(lsn - 1) as segment
     from pg_backup_stop(wait_for_archive => false)`,
  )
  const { rows: clock } = await client.query<{ at: Date }>('select clock_timestamp() as at')
  const label = join(staging, 'data', 'backup_label')
  await writeSafely(label, rows[0]!.labelfile, 0o600)
  const size = (await stat(label)).size
  const sha256 = createHash('sha256').update(rows[0]!.labelfile).digest('hex')
  copied.files.set('backup_label', { size, sha256 })
  // Rounded up: a time named to the millisecond must not fall before the copy's end.
  const at = new Date(clock[0]!.at.getTime() + 1).toISOString()
  return { lsn: rows[0]!.lsn, segment: rows[0]!.segment, at }
}

const ARCHIVE_PATIENCE_MS = 120_000

/** Waits until every segment from the copy's start to its end lies in the archive. */
async function waitArchived({ client, paths, to }: Job, manifest: Manifest): Promise<void> {
  const began = performance.now()
  for (;;) {
    const missing = await firstGap(to, manifest)
    if (missing === undefined || missing > manifest.stopSegment) return
    const { rows } = await client.query<{ failed: string | null }>(
      `select last_failed_wal as failed from pg_stat_archiver
       where last_failed_time > $1 and last_failed_time > coalesce(last_archived_time, '-infinity')`,
      [manifest.startedAt],
    )
    const waited = performance.now() - began
    if (rows[0]?.failed != null && waited > 3_000)
      throw await notArchived(paths, to, rows[0].failed)
    if (waited > ARCHIVE_PATIENCE_MS) throw await notArchived(paths, to, missing)
    await sleep(50)
  }
}

async function notArchived(paths: FolderPaths, to: string, segment: string) {
  const said = (await logTail(paths.log, 30)).findLast((line) => /archive|cp:|mv:|sync:/.test(line))
  return new PostgresProblem(
    'bad_backup',
    `The server cannot archive ${basename(segment)} into ${walFolder(to)}` +
      `${said === undefined ? '' : ` (its log says: ${said.trim()})`}. ` +
      `Make that folder writable and give it space, then run "tenon backup" again.`,
  )
}
