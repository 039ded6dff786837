/**
 * The bench's own PostgreSQL: a throw-away server with the settings of the embedded one, durable in
 * every respect, in a temporary folder that goes with this process. Every measurement runs on a fresh
 * copy of one template database, right after a checkpoint, so that all designs start alike.
 */
import pg from 'pg'
import { serverSettings } from '../../server/src/base/postgres/index.ts'
import { startThrowawayCluster } from '../../server/testing/throwaway.ts'
import { postmasterOf } from './processor-time.ts'

const TEMPLATE = 'bench_template'

export interface BenchDatabase {
  readonly url: string
  drop(): Promise<void>
}

export interface BenchServer {
  /** Process number of the postmaster, where it can be told. */
  readonly postmaster: number | undefined
  /** `PostgreSQL 18.4`, for the report. */
  readonly version: string
  /** Makes the template: `fill` gets the url of an empty database. */
  makeTemplate(fill: (url: string) => Promise<void>): Promise<void>
  /** A database with nothing in it. */
  empty(): Promise<BenchDatabase>
  /** A fresh copy of the template, everything written before it checkpointed. */
  copy(): Promise<BenchDatabase>
  stop(): Promise<void>
}

export interface BenchServerOptions {
  /** Settings over the durable ones, such as a larger `max_connections`. */
  settings?: Record<string, string>
}

/** Starts the server. A process killed at any moment leaves neither server nor folder. */
export async function startBenchServer(options: BenchServerOptions = {}): Promise<BenchServer> {
  const cluster = await startThrowawayCluster({
    settings: { ...serverSettings(), max_wal_senders: '10', ...options.settings },
  })
  const admin = new pg.Client({ connectionString: cluster.url })
  try {
    await admin.connect()
    await assertDurable(admin)
    const backend = await one<number>(admin, 'select pg_backend_pid() as value')
    let databases = 0
    const urlOf = (name: string) => {
      const url = new URL(cluster.url)
      url.pathname = `/${name}`
      return url.href
    }
    const create = async (template: string): Promise<BenchDatabase> => {
      databases += 1
      const name = `bench_${databases}`
      await admin.query(`create database ${name} template ${template}`)
      // Without force: the server itself waits a moment for connections that are just leaving.
      const drop = async () => {
        await admin.query(`drop database ${name}`)
      }
      return { url: urlOf(name), drop }
    }
    return {
      postmaster: postmasterOf(backend),
      version: `PostgreSQL ${(await one<string>(admin, "select current_setting('server_version') as value")).split(' ')[0]}`,
      makeTemplate: async (fill) => {
        await admin.query(`create database ${TEMPLATE}`)
        await fill(urlOf(TEMPLATE))
      },
      empty: () => create('template0'),
      copy: async () => {
        const database = await create(TEMPLATE)
        await admin.query('checkpoint')
        return database
      },
      stop: async () => {
        await admin.end()
        await cluster.stop()
      },
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** A bench on a server that may forget is a lie; the settings are read back, not assumed. */
async function assertDurable(admin: pg.Client): Promise<void> {
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const value = await one<string>(admin, `select current_setting('${name}') as value`)
    if (value !== 'on')
      throw new Error(`${name} is ${value}; the bench measures durable writes only`)
  }
}

/** The column `value` of the only row. */
export async function one<T>(
  client: pg.ClientBase,
  sql: string,
  params: unknown[] = [],
): Promise<T> {
  const { rows } = await client.query<{ value: T }>(sql, params)
  return rows[0]!.value
}

/** Runs statements on a connection of their own. */
export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
