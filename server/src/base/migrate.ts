/**
 * Forward-only migrations: plain SQL files `NNNN-module-what.sql`, each applied once, in the order of
 * their numbers, in a tx of its own together with the note that it ran.
 *
 * A file is never edited after it ran somewhere: its checksum is kept, and a database that ran
 * another text is refused, because nobody could say what schema it has. A file whose second line is
 * `-- online` runs outside a tx (an index built concurrently): it holds one statement, and running it
 * twice must do no harm.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { clientConfig, type Db } from './db.ts'
import type { Log } from './log.ts'

export interface MigrateOptions {
  url: string
  log?: Log
  /** The folder of the files; the server's own unless a test brings another. */
  folder?: string
  /** How long to wait for another server that is migrating the same database. */
  waitMs?: number
}

/** The database and this version's migrations do not fit; the message says what to do. */
export class MigrationRefused extends Error {
  override name = 'MigrationRefused'
}

/** The server's own migrations. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Held while a server migrates, so that two that start together do it once. */
export const MIGRATE_LOCK = 7_368_666_140_529

const FILE_NAME = /^\d{4}-[a-z]+(-[a-z0-9]+)+\.sql$/

interface MigrationFile {
  /** The file's name without `.sql`, as noted in `base.migration`. */
  name: string
  sql: string
  sha256: string
  online: boolean
}

/**
 * Brings the database to this version's schema and returns the names of the migrations it applied,
 * none when it was there already. Refuses a database of a later version, an edited file, and a file
 * that would run before one that ran already.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { url, log, folder = MIGRATIONS_FOLDER, waitMs = 60_000 } = options
  const files = await readMigrations(folder)
  const client = new pg.Client(clientConfig(url, { applicationName: 'tenon migrate' }))
  client.on('error', (error) => log?.error({ error }, 'the migrating connection was lost'))
  await client.connect()
  try {
    await lock(client, waitMs)
    await prepare(client)
    await check(client, files)
    const isWalled = files.some(({ sql }) => sql.includes(READER_ROLE))
    if (isWalled) await haveReader(client)
    const applied = await apply(client, { files, folder, ...(log && { log }) })
    if (isWalled) await client.query('select base.wall_off()')
    return applied
  } finally {
    await client.end()
  }
}

/** The migrations of a folder in the order they run. Refuses a name that does not fit. */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const numbers = new Map<string, string>()
  for (const name of names) {
    if (!FILE_NAME.test(name)) {
      throw new MigrationRefused(`Name the migration ${name} as NNNN-module-what.sql.`)
    }
    const other = numbers.get(name.slice(0, 4))
    if (other !== undefined) {
      throw new MigrationRefused(`${other} and ${name} carry the same number; renumber one.`)
    }
    numbers.set(name.slice(0, 4), name)
  }
  return Promise.all(
    names.map(async (file) => {
      // A checkout with CRLF line ends holds the same migration.
      const sql = (await readFile(`${folder}/${file}`, 'utf8')).replaceAll('\r\n', '\n').trim()
      const sha256 = createHash('sha256').update(sql).digest('hex')
      return { name: file.slice(0, -4), sql, sha256, online: sql.split('\n')[1] === '-- online' }
    }),
  )
}

/**
 * What keeps this version from working on the database as it stands now, as a sentence; `undefined`
 * when the schema is this version's. For readiness: a later server may migrate beside a running one.
 */
export async function schemaProblem(db: Db): Promise<string | undefined> {
  const names = (await readdir(MIGRATIONS_FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  const files = names.map((name) => name.slice(0, -4))
  const rows = await db.query<{ name: string }>('select name from base.migration order by name')
  const ran = rows.map(({ name }) => name)
  const missing = files.find((name) => !ran.includes(name))
  if (missing !== undefined) return `The migration ${missing} has not run; start the server again.`
  const later = ran.find((name) => !files.includes(name))
  if (later === undefined) return undefined
  return `The database has run ${later}, which is of a later version; start that version instead.`
}

/** The lock is the session's: the server frees it when this connection ends, however it ends. */
async function lock(client: pg.Client, waitMs: number): Promise<void> {
  await client.query(`set lock_timeout = ${Math.ceil(waitMs)}`)
  try {
    await client.query(`select pg_advisory_lock(${MIGRATE_LOCK})`)
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    throw new MigrationRefused(
      `Another server has been migrating this database for ${waitMs / 1000} s. Wait until it is ` +
        'done, or look in pg_stat_activity for "tenon migrate", and start again.',
    )
  }
}

/** The role whose connections see the rows of one organisation; see `Db.forOrg`. */
export const READER_ROLE = 'tenon_reader'

/**
 * Makes the role where it is missing and lets this login take it on. At every start: roles belong to the
 * cluster, not to the database, which may have been restored on another one.
 */
async function haveReader(client: pg.Client): Promise<void> {
  try {
    await client.query(`do $reader$ begin
      if not exists (select from pg_roles where rolname = '${READER_ROLE}') then
        create role ${READER_ROLE} nologin;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $reader$`)
    await client.query(`do $reader$ begin
      -- From 16 on whoever made a role is its member without being able to take it on.
      if not pg_has_role(current_user, '${READER_ROLE}',
        case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end)
      then
        execute format('grant ${READER_ROLE} to %I', current_user);
      end if;
    end $reader$`)
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw new MigrationRefused(
      `The login of DATABASE_URL may not make the role ${READER_ROLE}, which keeps the rows of ` +
        'organisations apart, or may not take it on. Have an administrator of the database run: ' +
        `create role ${READER_ROLE} nologin; grant ${READER_ROLE} to "${client.user}"; (the first ` +
        'part only if there is no such role) and start again.',
    )
  }
}

async function prepare(client: pg.Client): Promise<void> {
  await client.query(`
    create schema if not exists base;
    create table if not exists base.migration (
      id serial primary key,
      name varchar(255) not null unique,
      run_on timestamp not null
    );
    create table if not exists base.migration_checksum (
      name varchar(255) primary key,
      sha256 text not null
    );`)
}

async function check(client: pg.Client, files: MigrationFile[]): Promise<void> {
  const { rows } = await client.query<{ name: string; sha256: string | null }>(
    `select m.name, c.sha256 from base.migration m
     left join base.migration_checksum c using (name) order by m.name`,
  )
  const known = new Map(files.map((file) => [file.name, file]))
  for (const { name, sha256 } of rows) {
    const file = known.get(name)
    if (file === undefined) {
      throw new MigrationRefused(
        `This database has run the migration ${name}, which this version of Tenon does not know: ` +
          'it belongs to a later version. Start that version, or restore a backup made before the ' +
          'upgrade.',
      )
    }
    if (sha256 !== file.sha256) {
      throw new MigrationRefused(
        `The migration ${name}.sql was edited after this database ran it. Put the file back as it ` +
          'was and write the change as a new migration.',
      )
    }
  }
  const ran = new Set(rows.map((row) => row.name))
  const last = rows.at(-1)?.name ?? ''
  const skipped = files.find((file) => !ran.has(file.name) && file.name < last)
  if (skipped !== undefined) {
    throw new MigrationRefused(
      `The migration ${skipped.name}.sql comes before ${last}, which this database has run ` +
        'already. Give it a number after that one; a development database may be reset instead.',
    )
  }
}

async function apply(
  client: pg.Client,
  { files, folder, log }: { files: MigrationFile[]; folder: string; log?: Log },
): Promise<string[]> {
  const byName = new Map(files.map((file) => [file.name, file]))
  const quiet = (message: string) => log?.debug({}, message)
  const applied = await runner({
    dbClient: client,
    dir: folder,
    ignorePattern: '(?!.*\\.sql$).*',
    direction: 'up',
    migrationsSchema: 'base',
    migrationsTable: 'migration',
    singleTransaction: false,
    noLock: true,
    logger: { debug: quiet, info: quiet, warn: quiet, error: (text) => log?.error({}, text) },
    migrationLoaderStrategies: [
      {
        extensions: ['.sql'],
        loader: async (paths) =>
          paths.map((path) => {
            const file = byName.get(basename(path, '.sql'))!
            return { id: path, filePaths: [path], actions: actionsOf(file) }
          }),
      },
    ],
  })
  for (const { name } of applied) log?.info({ migration: name }, 'migrated')
  return applied.map(({ name }) => name)
}

/** The file's statements and its checksum; the runner adds the note that it ran. */
function actionsOf(file: MigrationFile) {
  return {
    up: (builder: { noTransaction(): unknown; sql(text: string): unknown }) => {
      if (file.online) builder.noTransaction()
      builder.sql(file.sql)
      builder.sql(
        `insert into base.migration_checksum (name, sha256) values ('${file.name}', ` +
          `'${file.sha256}') on conflict (name) do update set sha256 = excluded.sha256`,
      )
    },
    down: false as const,
  }
}
