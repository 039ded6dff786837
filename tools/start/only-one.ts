/**
 * One `npm start` per database: a lock of PostgreSQL that its holder's session carries, so that it is
 * free the moment the holder is gone, however it went. The session's name says who holds it.
 */
import pg from 'pg'
import { StartProblem } from './problem.ts'

const LOCK = 7_663_040
/** A killed holder's session may need a moment to be noticed. */
const PATIENCE_MS = 3_000
const LOOK_MS = 100
const RETAKE_MS = 1_000

export interface OnlyOne {
  /** Tells later starters where this one listens. */
  nowAt(url: string): Promise<void>
  release(): Promise<void>
}

/** Takes the lock, or throws a `StartProblem` that says who has it. Taken again when it is lost. */
export async function onlyOne(databaseUrl: string): Promise<OnlyOne> {
  let name = `tenon start ${process.pid}`
  let released = false
  let client: pg.Client | undefined

  const take = async (patienceMs: number): Promise<pg.Client> => {
    const session = new pg.Client({ connectionString: databaseUrl, application_name: name })
    session.on('error', () => undefined)
    await session.connect()
    for (let waited = 0; ; waited += LOOK_MS) {
      const { rows } = await session.query<{ taken: boolean }>(
        'select pg_try_advisory_lock($1) as taken',
        [LOCK],
      )
      if (rows[0]?.taken === true) break
      const holder = await holderOf(session)
      const isGone = holder?.pid !== undefined && !isAlive(holder.pid)
      if (waited >= patienceMs || (holder !== undefined && !isGone)) {
        await session.end()
        throw alreadyRunning(holder)
      }
      await pause(LOOK_MS)
    }
    session.once('end', () => void retake())
    return session
  }

  /** PostgreSQL went away and the lock with it. Nobody has to hold it for what runs to be safe. */
  const retake = async (): Promise<void> => {
    while (!released) {
      await pause(RETAKE_MS)
      const again = released ? undefined : await take(0).catch(() => undefined)
      if (again === undefined) continue
      client = again
      if (released) await again.end()
      return
    }
  }

  client = await take(PATIENCE_MS)
  return {
    nowAt: async (url) => {
      name = `tenon start ${process.pid} ${url}`
      await client?.query(`select set_config('application_name', $1, false)`, [name])
    },
    release: async () => {
      released = true
      await client?.end().catch(() => undefined)
    },
  }
}

interface Holder {
  readonly pid: number | undefined
  readonly url: string | undefined
}

async function holderOf(session: pg.Client): Promise<Holder | undefined> {
  const { rows } = await session.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and (l.classid::bigint << 32 | l.objid::bigint) = $1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [LOCK],
  )
  if (rows[0] === undefined) return undefined
  const [, pid, url] = /^tenon start (\d+)(?: (\S+))?$/.exec(rows[0].name) ?? []
  return { pid: pid === undefined ? undefined : Number(pid), url }
}

function alreadyRunning(holder: Holder | undefined): StartProblem {
  const process = holder?.pid === undefined ? 'another process' : `process ${holder.pid}`
  const stop =
    holder?.pid === undefined
      ? 'Stop it first'
      : `Stop it first (Ctrl-C in its window, or kill ${holder.pid})`
  if (holder?.url === undefined) {
    return new StartProblem(
      `Tenon is being started on this database by ${process}. Wait until it is up, or: ${stop}.`,
    )
  }
  return new StartProblem(
    `Tenon already runs on this database: ${holder.url}, ${process}. Use that one. ` +
      `${stop} if you want another, or set TENON_DATA to a new folder for a second one.`,
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const pause = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms))
