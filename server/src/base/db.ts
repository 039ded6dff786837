/**
 * The database as modules see it. One driver (`pg`), raw SQL. int8 comes back as bigint, int4 as
 * number, numeric as decimal text, timestamptz as Date, date as `YYYY-MM-DD`, uuid as the 32 hex
 * digits of our `Uuid`, jsonb as parsed JSON. The parsers belong to our own connections: a library
 * that uses `pg` beside us keeps its own.
 *
 * The easy mistake: a statement that fails inside `tx` dooms the tx even when the caller catches the
 * error. PostgreSQL then answers COMMIT with ROLLBACK, and `tx` throws instead of pretending.
 */
import pg from 'pg'
import type { Log } from './log.ts'

/** A row of a result; the caller names its shape. */
export type Row = Record<string, unknown>

/** Statements inside one database tx. There is no way from here to a remote call. */
export interface Tx {
  query<T extends object = Row>(sql: string, params?: readonly unknown[]): Promise<T[]>
}

export interface Db extends Tx {
  /** Runs `work` in one tx: COMMIT when it returns, ROLLBACK when it throws. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Reads as one organisation: no other's rows are there, whatever a statement forgets, and nothing can
   * be written. A second wall against our own mistakes, not against statements of a stranger: whoever
   * can send any statement could set the organisation, or the role, anew.
   */
  forOrg(orgId: number): OrgDb
  /** A connection of one's own, for the book writer and for advisory locks. The caller ends it. */
  connect(options?: ConnectOptions): Promise<pg.Client>
  /** Ends all pooled connections. */
  close(): Promise<void>
}

/** What one organisation may read. */
export type OrgDb = Pick<Db, 'query' | 'tx'>

export interface ConnectOptions {
  /** Shown in pg_stat_activity, so that an operator sees whose connection it is. */
  applicationName?: string
  /** Settings of the session, such as `{ lock_timeout: '2s' }`. */
  settings?: Record<string, string>
  /** Statements are sent without waiting for the answers of those before them. */
  pipeline?: boolean
}

export interface DbOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string
  log?: Log
  /** Most connections in the pool. */
  max?: number
  applicationName?: string
  /** How long a caller waits for a free connection before it is refused. */
  checkoutMs?: number
  /** A statement of the pool that waits longer for a lock fails with SQLSTATE 55P03. */
  lockTimeoutMs?: number
  /** A statement of the pool that runs longer is cancelled with SQLSTATE 57014. */
  statementTimeoutMs?: number
}

/** No connection became free, or the server could not be reached, in the time a caller may wait. */
export class DbUnavailable extends Error {
  override name = 'DbUnavailable'
}

/** How long the kernel may hold unacknowledged bytes before a dead peer's connection is given up. */
const TCP_USER_TIMEOUT = '10s'
const KEEP_ALIVE_MS = 10_000
/** How long a connection of one's own may take to be made. */
const CONNECT_MS = 10_000

/** Opens the pool. Nothing is connected until the first statement. */
export function createDb(options: DbOptions): Db {
  const { url, log, max = 10, applicationName = 'tenon', checkoutMs = 2_000 } = options
  const settings: Record<string, string> = {}
  if (options.lockTimeoutMs !== undefined) settings.lock_timeout = `${options.lockTimeoutMs}ms`
  if (options.statementTimeoutMs !== undefined) {
    settings.statement_timeout = `${options.statementTimeoutMs}ms`
  }
  const pool = new pg.Pool({
    ...clientConfig(url, { applicationName, settings }),
    max,
    connectionTimeoutMillis: checkoutMs,
    idleTimeoutMillis: 30_000,
  })
  // A pooled connection that dies while idle is replaced; without a listener it ends the process.
  pool.on('error', (error) => log?.warn({ error }, 'an idle database connection was lost'))
  const readers = readersOf(options, { applicationName, settings, checkoutMs })
  return {
    ...pooled(pool, { max, checkoutMs }),
    forOrg: readers.forOrg,
    connect: async (connectOptions = {}) => {
      const client = new pg.Client({
        ...clientConfig(url, { applicationName, ...connectOptions }),
        connectionTimeoutMillis: CONNECT_MS,
      })
      client.on('error', (error) =>
        log?.warn({ error, applicationName: connectOptions.applicationName }, 'connection lost'),
      )
      await client.connect().catch((error: unknown) => {
        throw explained(error, { max, checkoutMs: CONNECT_MS, waiting: 0 })
      })
      return client
    },
    close: async () => {
      await Promise.all([pool.end(), readers.close()])
    },
  }
}

function pooled(pool: pg.Pool, at: { max: number; checkoutMs: number }): OrgDb {
  const checkout = () =>
    pool.connect().catch((error: unknown) => {
      throw explained(error, { ...at, waiting: pool.waitingCount })
    })
  return {
    query: async <T extends object>(sql: string, params?: readonly unknown[]) => {
      const client = await checkout()
      return release(client, () => rows<T>(client, sql, params))
    },
    tx: async (work) => {
      const client = await checkout()
      return release(client, (lose) => inTx(client, work, lose))
    },
  }
}

/** Organisations whose connections are kept, and how many connections each. */
const MOST_READERS = 16
const READER_CONNECTIONS = 2

/**
 * A small pool per organisation, the least lately used given up first. Role and organisation travel in
 * the start-up packet: they hold before the first statement, and RESET comes back to them.
 */
function readersOf(
  { url, log }: DbOptions,
  on: { applicationName: string; settings: Record<string, string>; checkoutMs: number },
) {
  const { checkoutMs } = on
  const pools = new Map<number, pg.Pool>()
  const ending = new Set<Promise<void>>()
  let closed = false
  const open = (orgId: number): pg.Pool => {
    const settings = {
      ...{ ...on.settings, role: 'tenon_reader', 'tenon.org_id': String(orgId) },
      default_transaction_read_only: 'on',
    }
    const pool = new pg.Pool({
      ...clientConfig(url, { applicationName: `${on.applicationName} reader`, settings }),
      max: READER_CONNECTIONS,
      connectionTimeoutMillis: checkoutMs,
      idleTimeoutMillis: 30_000,
    })
    pool.on('error', (error) => log?.warn({ error }, 'an idle database connection was lost'))
    return pool
  }
  const giveUp = (orgId: number, pool: pg.Pool): void => {
    pools.delete(orgId)
    const ended = pool.end().finally(() => ending.delete(ended))
    ending.add(ended)
  }
  const poolOf = (orgId: number): pg.Pool => {
    if (closed) throw new Error('The database was closed.')
    if (!Number.isInteger(orgId) || orgId < 0) throw new Error(`${orgId} is no organisation.`)
    const pool = pools.get(orgId) ?? open(orgId)
    pools.delete(orgId)
    pools.set(orgId, pool)
    for (const [oldest, unused] of pools) {
      if (pools.size <= MOST_READERS) break
      giveUp(oldest, unused)
    }
    return pool
  }
  const at = { max: READER_CONNECTIONS, checkoutMs }
  return {
    // The pool is looked up at every statement: one that was given up meanwhile is opened again.
    forOrg: (orgId: number): OrgDb => ({
      query: async (sql, params) => pooled(poolOf(orgId), at).query(sql, params),
      tx: async (work) => pooled(poolOf(orgId), at).tx(work),
    }),
    close: async (): Promise<void> => {
      closed = true
      for (const [orgId, pool] of [...pools]) giveUp(orgId, pool)
      await Promise.all(ending)
    },
  }
}

/**
 * The configuration of one connection of ours: parsers, keep-alive and session settings, which
 * travel in the start-up packet and so hold from the first statement on.
 */
export function clientConfig(url: string, options: ConnectOptions = {}): pg.ClientConfig {
  const settings = { tcp_user_timeout: TCP_USER_TIMEOUT, ...options.settings }
  const flags = Object.entries(settings).map(([name, value]) => {
    if (!/^[a-z_.]+$/.test(name)) throw new Error(`"${name}" is not the name of a session setting.`)
    return `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`
  })
  return {
    connectionString: withOptions(url, flags.join(' ')),
    application_name: options.applicationName ?? 'tenon',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...(options.pipeline === true ? { pipeline: true } : {}),
    types: { getTypeParser } as pg.CustomTypesConfig,
  }
}

/** `options` of the URL would win over those of the configuration, so both are joined there. */
function withOptions(url: string, flags: string): string {
  const parsed = new URL(url)
  const given = parsed.searchParams.get('options')
  parsed.searchParams.set('options', given === null ? flags : `${given} ${flags}`)
  return parsed.href
}

/** Runs `work` on a checked-out connection and gives it back, or gives it up when it was lost. */
async function release<T>(
  client: pg.PoolClient,
  work: (lose: (error: Error) => void) => Promise<T>,
): Promise<T> {
  let lost: Error | undefined
  const lose = (error: Error) => {
    lost = error
  }
  client.on('error', lose)
  try {
    return await work(lose)
  } finally {
    client.off('error', lose)
    client.release(lost)
  }
}

async function rows<T extends object>(
  client: pg.ClientBase,
  sql: string,
  params?: readonly unknown[],
): Promise<T[]> {
  const result = await client.query(sql, params as unknown[] | undefined)
  return result.rows as T[]
}

async function inTx<T>(
  client: pg.PoolClient,
  work: (tx: Tx) => Promise<T>,
  lose: (error: Error) => void,
): Promise<T> {
  let open = true
  const tx: Tx = {
    query: <R extends object>(sql: string, params?: readonly unknown[]) => {
      if (!open) return Promise.reject(new Error('This tx has ended; start another one.'))
      return rows<R>(client, sql, params)
    },
  }
  await client.query('begin')
  let result: T
  try {
    result = await work(tx)
  } catch (error) {
    open = false
    await client.query('rollback').catch(lose)
    throw error
  }
  open = false
  const ended = await client.query('commit')
  if (ended.command !== 'COMMIT') {
    throw new Error('The tx was rolled back: one of its statements failed and was caught.')
  }
  return result
}

function explained(error: unknown, at: { max: number; checkoutMs: number; waiting: number }) {
  const message = error instanceof Error ? error.message : String(error)
  const seconds = at.checkoutMs / 1000
  if (message.includes('timeout exceeded when trying to connect')) {
    return new DbUnavailable(
      `No database connection became free within ${seconds} s: all ${at.max} are in use and ` +
        `${at.waiting} callers wait. Look for long-running statements, or allow more connections.`,
      { cause: error },
    )
  }
  if (message.includes('timeout')) {
    return new DbUnavailable(
      `The database did not accept a connection within ${seconds} s. Check that it runs and can ` +
        'be reached under DATABASE_URL.',
      { cause: error },
    )
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (UNREACHABLE.test(code)) {
    return new DbUnavailable(
      `The database cannot be reached (${code}). Check that it runs and that DATABASE_URL names it.`,
      { cause: error },
    )
  }
  return error
}

/** Codes of the operating system, and PostgreSQL's for starting up, shutting down and full. */
const UNREACHABLE = /^(E[A-Z_]+|57P0[123]|53300)$/

type Parse = (value: string) => unknown

/** uuid text to the 32 hex digits of `Uuid`. */
const uuid: Parse = (value) => value.replaceAll('-', '')
const same: Parse = (value) => value

const parsers = new Map<number, Parse>([
  [20, BigInt],
  [1016, arrayOf(BigInt)],
  [1231, arrayOf(same)],
  [1700, same],
  [1082, same],
  [1182, arrayOf(same)],
  [2950, uuid],
  [2951, arrayOf(uuid)],
])

const binaryParsers = new Map<number, (value: Buffer) => unknown>([
  [20, (value) => value.readBigInt64BE(0)],
  [2950, (value) => value.toString('hex')],
])

function getTypeParser(oid: number, format: 'text' | 'binary' = 'text'): unknown {
  const own = format === 'binary' ? binaryParsers.get(oid) : parsers.get(oid)
  return own ?? pg.types.getTypeParser(oid, format as 'text')
}

/** Reads an array through the driver's text-array parser, then each element, at any depth. */
function arrayOf(parse: Parse): Parse {
  const TEXT_ARRAY = 1009
  const split = pg.types.getTypeParser(TEXT_ARRAY as number, 'text') as Parse
  const each = (value: unknown): unknown => {
    if (value === null) return null
    return Array.isArray(value) ? value.map(each) : parse(value as string)
  }
  return (value) => each(split(value))
}
