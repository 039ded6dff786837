/**
 * The embedded PostgreSQL: started on first use, adopted when it already runs, recovered when it was
 * killed, brought back when it dies under us.
 *
 * The one thing to get wrong: the server outlives a killed Tenon, and another Tenon may be using it.
 * So a start first looks for a live server of the same data folder, and a stop leaves it running
 * while another live process uses it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { prepareBinaries } from './binaries.ts'
import { asProblem } from './diagnosis.ts'
import { chooseSystemUser } from './execution.ts'
import {
  checkReachable,
  claimFolder,
  defaultDataFolder,
  type FolderPaths,
  hasData,
  inspectData,
  pathsOf,
  readPassword,
  readPort,
  writePort,
} from './folder.ts'
import { initialise } from './initialise.ts'
import { liveUsers, registerUser, withLock } from './lock.ts'
import { PostgresProblem } from './problem.ts'
import { findServer, type PostmasterFile, worksIn } from './processes.ts'
import { ensureApplicationDatabase } from './roles.ts'
import { type Settings, serverSettings } from './settings.ts'
import { freePort, isPortFree, startServer, stopServer, waitReady } from './start.ts'

export interface LaunchOptions {
  /** Where everything lies; `defaultDataFolder()` unless given. */
  dataFolder?: string
  /** The port to listen on, and no other. Without it: TENON_PG_PORT, that of last time, a free one. */
  port?: number
  /** Settings over those of `serverSettings()`. */
  settings?: Settings
  /** Hears what goes on, in sentences. */
  onLine?: (text: string) => void
  /** The npm package with the programs, where it is not to be looked up. */
  packageFolder?: string
  /** Further options of `initdb`, heard on the first start only, such as `--wal-segsize=1`. */
  initdbOptions?: readonly string[]
}

export interface RunningPostgres {
  /** Database `tenon` under its owner, the role `tenon`, which is no superuser. */
  readonly url: string
  /** Database `tenon` under the superuser. */
  readonly adminUrl: string
  readonly dataFolder: string
  readonly port: number
  /** Whether the server was already running. */
  readonly adopted: boolean
  /** Stops the server in order, unless another live process uses it. */
  stop(): Promise<void>
  /**
   * Brings the server back when it dies, on the same port, and calls `onRestart` with a sentence
   * once it takes connections again. Returns what ends the watch; `stop` ends it too.
   */
  watch(onRestart: (text: string) => void): () => void
}

interface Launcher {
  readonly paths: FolderPaths
  readonly options: LaunchOptions
  readonly onLine: (text: string) => void
}

/** Starts or adopts the server. Every failure is a `PostgresProblem` that says what to do. */
export async function launchPostgres(options: LaunchOptions = {}): Promise<RunningPostgres> {
  const paths = pathsOf(options.dataFolder ?? defaultDataFolder())
  const launcher: Launcher = { paths, options, onLine: options.onLine ?? (() => undefined) }
  try {
    await claimFolder(paths)
    return await withLock(paths.lock, launcher.onLine, async () => {
      const port = options.port ?? portFrom(process.env)
      const up = await connectedServer(launcher, port)
      const unregister = await registerUser(paths.users)
      return running(launcher, { ...up, unregister })
    })
  } catch (error) {
    throw asProblem(error, paths)
  }
}

/**
 * A server that was spoken to. One found alive may be on its last breath (killed an instant ago, or
 * recovering from a crash of a child), so a connection lost is a reason to look again.
 */
async function connectedServer(
  launcher: Launcher,
  port: number | undefined,
): Promise<Omit<Up, 'unregister'>> {
  for (let attempt = 1; ; attempt += 1) {
    const { server, adopted } = await serverUp(launcher, { first: true, port })
    try {
      const password = await readPassword(launcher.paths)
      const root = `postgres://postgres:${password}@127.0.0.1:${server.port}`
      const url = await ensureApplicationDatabase(`${root}/postgres`)
      return { server, adopted, url, adminUrl: `${root}/tenon` }
    } catch (error) {
      if (isConnectionLost(error) && attempt < 100) await sleep(100)
      else {
        if (!adopted) await stopServer(launcher.paths)
        throw error
      }
    }
  }
}

function isConnectionLost(error: unknown): boolean {
  const { code = '', message } = error as { code?: string; message: string }
  return (
    ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', '57P01', '57P02', '57P03'].includes(code) ||
    message.startsWith('Connection terminated')
  )
}

/** The port that TENON_PG_PORT asks for. */
export function portFrom({ TENON_PG_PORT: text = '' }: NodeJS.ProcessEnv): number | undefined {
  if (text === '') return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new PostgresProblem(
    'port_in_use',
    `TENON_PG_PORT is "${text}", which is no port. Set it to a number from 1 to 65535, or unset it.`,
  )
}

/** A live, ready server: found or started. `first` allows an empty folder to be initialised. */
async function serverUp(
  { paths, options, onLine }: Launcher,
  { first, port }: { first: boolean; port: number | undefined },
): Promise<{ server: PostmasterFile; adopted: boolean }> {
  const found = await adopt(paths, onLine)
  if (found !== undefined) return { server: found, adopted: true }
  const user = await chooseSystemUser(paths.data)
  await checkReachable(paths, user)
  const binaries = await prepareBinaries(user, paths.root, options.packageFolder)
  const settings = { ...serverSettings(), ...options.settings }
  if (!(await hasData(paths))) {
    if (!first)
      throw new PostgresProblem('corrupt_data', `${paths.data} has gone. Start Tenon again.`)
    onLine(`Making a new database in ${paths.root}.`)
    const further = [
      ...(options.initdbOptions ?? []),
      ...(settings.fsync === 'off' ? ['--no-sync'] : []),
    ]
    await initialise({ paths, user, binaries, further })
  }
  await inspectData(paths, binaries.majorVersion)
  await readPassword(paths)
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await choosePort(paths, onLine))
    try {
      const server = await startServer({ paths, user, binaries, settings, port: chosen, onLine })
      await writePort(paths, server.port)
      return { server, adopted: false }
    } catch (error) {
      // A port chosen by us may be taken before the server gets to it; one asked for is an answer.
      const taken = error instanceof PostgresProblem && error.code === 'port_in_use'
      if (!taken || port !== undefined || attempt === 5) throw error
    }
  }
}

/** The live server, waited for while it starts; one that is stopping is waited out. */
async function adopt(
  paths: FolderPaths,
  onLine: (text: string) => void,
): Promise<PostmasterFile | undefined> {
  for (;;) {
    const server = await findServer(paths.data)
    if (server === undefined) return undefined
    if (server.status === 'stopping') await sleep(20)
    else {
      const ready = await waitReady({ paths, onLine }, server.pid)
      if (ready !== 'exited') return ready
    }
  }
}

async function choosePort(paths: FolderPaths, onLine: (text: string) => void): Promise<number> {
  const last = await readPort(paths)
  if (last !== undefined && (await isPortFree(last))) return last
  const port = await freePort()
  if (last !== undefined) onLine(`Port ${last} is taken by another program; using ${port}.`)
  return port
}

interface Up {
  server: PostmasterFile
  adopted: boolean
  url: string
  adminUrl: string
  unregister: () => Promise<void>
}

function running(launcher: Launcher, up: Up): RunningPostgres {
  const { paths, onLine } = launcher
  const watches = new Set<() => void>()
  let stopped = false
  const stop = async () => {
    for (const end of watches) end()
    if (stopped) return
    stopped = true
    await withLock(paths.lock, onLine, async () => {
      await up.unregister()
      const others = await liveUsers(paths.users)
      if (others.length === 0) await stopServer(paths)
      else onLine(`PostgreSQL stays up: process ${others.join(', ')} still uses it.`)
    })
  }
  return {
    url: up.url,
    adminUrl: up.adminUrl,
    dataFolder: paths.root,
    port: up.server.port,
    adopted: up.adopted,
    stop,
    watch(onRestart) {
      const end = watch(launcher, up.server, onRestart)
      watches.add(end)
      return end
    },
  }
}

const WATCH_MS = 200
const WORST_PAUSE_MS = 10_000

/** Looks five times a second; after a failed restart it waits longer each time and tries for ever. */
function watch(launcher: Launcher, server: PostmasterFile, onRestart: (text: string) => void) {
  const { paths, onLine } = launcher
  const ended = new AbortController()
  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: ended.signal, ref: false }).catch(() => undefined)
  const loop = async () => {
    let pid = server.pid
    let failures = 0
    while (!ended.signal.aborted) {
      await pause(failures === 0 ? WATCH_MS : Math.min(WORST_PAUSE_MS, 500 * 2 ** failures))
      if (ended.signal.aborted || (await worksIn(pid, paths.data))) continue
      try {
        pid = await restart(launcher, server.port, ended.signal)
        failures = 0
        if (!ended.signal.aborted)
          onRestart(`PostgreSQL had died and is up again on port ${server.port}.`)
      } catch (error) {
        failures += 1
        if (!ended.signal.aborted) {
          onLine(
            `PostgreSQL has died and does not come back: ${(asProblem(error, paths) as Error).message}`,
          )
        }
      }
    }
  }
  void loop()
  return () => ended.abort()
}

async function restart(launcher: Launcher, port: number, ended: AbortSignal): Promise<number> {
  // Without the folder there is nothing to bring back: it was reset.
  if (!(await hasData(launcher.paths))) {
    throw new PostgresProblem('corrupt_data', `${launcher.paths.data} has gone. Start Tenon again.`)
  }
  return withLock(launcher.paths.lock, launcher.onLine, async () => {
    if (ended.aborted) return 0
    const { server } = await serverUp(launcher, { first: false, port })
    return server.pid
  })
}
