/** Starting and stopping the server process of a data directory that is known to be whole. */
import { spawn } from 'node:child_process'
import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { diagnose } from './diagnosis.ts'
import { cleanEnvironment, type SystemUser, spawnIdentity } from './execution.ts'
import { type FolderPaths, writeSafely } from './folder.ts'
import { PostgresProblem } from './problem.ts'
import {
  endOrphans,
  findServer,
  type PostmasterFile,
  readPostmasterFile,
  signal,
  worksIn,
} from './processes.ts'
import { type Settings, settingsFile } from './settings.ts'

const LOG_LIMIT = 16 * 1024 * 1024

export interface StartOptions {
  paths: FolderPaths
  user: SystemUser
  binaries: Binaries
  settings: Settings
  port: number
  onLine: (text: string) => void
}

/** Starts the server and waits until it takes connections. The caller holds the lock. */
export async function startServer(options: StartOptions): Promise<PostmasterFile> {
  const { paths, user, binaries, port } = options
  await clearDead(paths)
  const conf = join(paths.data, 'tenon.conf')
  await writeSafely(conf, settingsFile({ ...options.settings, port: String(port) }), 0o600)
  if (user.switched) await chown(conf, user.uid, user.gid)
  const logFrom = await rotateLog(paths.log)
  const log = await open(paths.log, 'a', 0o600)
  try {
    // Detached: Ctrl-C in the terminal is for us; the server is stopped by us, in order.
    const child = spawn(binaries.postgres, ['-D', paths.data], {
      ...spawnIdentity(user),
      cwd: paths.data,
      env: cleanEnvironment(paths.data),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    })
    let gone = false
    let unspawned: Error | undefined
    child.once('exit', () => {
      gone = true
    })
    child.once('error', (error) => {
      gone = true
      unspawned = error
    })
    child.unref()
    const ready = await waitReady(options, child.pid ?? 0, () => gone)
    if (unspawned !== undefined) throw unspawned
    if (ready !== 'exited') return ready
  } finally {
    await log.close()
  }
  throw await diagnose(await readFrom(paths.log, logFrom), { paths, port })
}

/** Waits until the server `pid` takes connections; for good, because recovery may take minutes. */
export async function waitReady(
  { paths, onLine }: Pick<StartOptions, 'paths' | 'onLine'>,
  pid: number,
  gone: () => boolean = () => false,
): Promise<PostmasterFile | 'exited'> {
  const began = performance.now()
  let said = 0
  for (;;) {
    const file = await readPostmasterFile(paths.data)
    if (file?.pid === pid && file.status === 'ready') return file
    const waited = performance.now() - began
    // The first moments belong to the program loader: the process is not yet at its place.
    if (gone() || (waited > 2_000 && !(await worksIn(pid, paths.data)))) return 'exited'
    if (waited > (said + 1) * 5_000) {
      said += 1
      onLine(`PostgreSQL is still coming up after ${said * 5} s (recovering from its log).`)
    }
    await sleep(15)
  }
}

/** Takes away what a dead server left: its children, and its lock if another program has its number. */
async function clearDead(paths: FolderPaths): Promise<void> {
  await endOrphans(paths.data)
  const file = await readPostmasterFile(paths.data)
  if (file === undefined) {
    // A postmaster.pid of no sense was cut short by a power cut or a full disk.
    if ((await findServer(paths.data)) === undefined) {
      await rm(join(paths.data, 'postmaster.pid'), { force: true })
    }
  } else if (!(await worksIn(file.pid, paths.data))) {
    await rm(join(paths.data, 'postmaster.pid'), { force: true })
  }
}

/** Ends the server in order: open work is rolled back, the rest is on disk. */
export async function stopServer(paths: FolderPaths, limitMs = 60_000): Promise<void> {
  const server = await findServer(paths.data)
  if (server === undefined) return
  signal(server.pid, 'SIGINT')
  const began = performance.now()
  let pressed = false
  while (await worksIn(server.pid, paths.data)) {
    const waited = performance.now() - began
    if (waited > limitMs && !pressed) {
      // As if the power had gone: recovery at the next start brings everything back.
      signal(server.pid, 'SIGQUIT')
      pressed = true
    }
    if (waited > limitMs + 10_000) {
      throw new PostgresProblem(
        'failed',
        `PostgreSQL (process ${server.pid}) does not end. Look into ${paths.log}, then end that process.`,
      )
    }
    await sleep(10)
  }
}

/** Keeps one old log; gives the place in the file where this start begins. */
async function rotateLog(path: string): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size <= LOG_LIMIT) return size
  await rename(path, `${path}.old`)
  return 0
}

async function readFrom(path: string, from: number): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  return bytes.subarray(from).toString('utf8')
}

/** The last lines of the server's log. */
export async function logTail(path: string, lines: number): Promise<string[]> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  return bytes.subarray(-8192).toString('utf8').trimEnd().split('\n').slice(-lines)
}

/** A port on the loopback that nothing listens on. */
export function freePort(): Promise<number> {
  return tryListen(0).then((port) => {
    if (port === undefined)
      throw new PostgresProblem('failed', 'This machine has no free port on 127.0.0.1.')
    return port
  })
}

/** Whether a server could listen on the port now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined
}

function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(address === null || typeof address === 'string' ? undefined : address.port),
      )
    })
  })
}
