/**
 * A PostgreSQL cluster for one test run: in a temporary folder, on a free port, without fsync.
 *
 * The server hangs on a pipe from this process. When the process ends in whatever way, kill -9
 * included, the pipe closes and the server goes away with its folder, so no run leaves one behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Binaries, prepareBinaries } from '../src/base/postgres/binaries.ts'
import {
  chooseSystemUser,
  cleanEnvironment,
  run,
  type SystemUser,
  spawnIdentity,
} from '../src/base/postgres/execution.ts'

export interface ThrowawayCluster {
  /** The superuser's url, to the database `postgres`. */
  readonly url: string
  /** Stops the server at once and removes its folder. */
  stop(): Promise<void>
}

export interface ThrowawayOptions {
  /** Settings over the defaults below, for example `{ max_connections: '200' }`. */
  settings?: Record<string, string>
}

const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  shared_buffers: '64MB',
  min_wal_size: '32MB',
  max_wal_size: '1GB',
  max_connections: '200',
  jit: 'off',
  timezone: 'UTC',
}

/** Starts a cluster; about one and a half seconds. */
export async function startThrowawayCluster(
  options: ThrowawayOptions = {},
): Promise<ThrowawayCluster> {
  const user = await chooseSystemUser()
  const folder = await mkdtemp(join(tmpdir(), 'tenon-test-'))
  if (user.switched) await chown(folder, user.uid, user.gid)
  try {
    const binaries = await prepareBinaries(user, folder)
    const password = randomBytes(12).toString('hex')
    await initialise({ user, folder, binaries, password })
    // The port is free when chosen; should another program take it first, choose again.
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort()
      const started = await start({ user, folder, binaries, port, ...options })
      if (started.ready) {
        const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
        return { url, stop: () => end(started.child) }
      }
      if (attempt === 3 || !started.log.includes('Address already in use')) {
        throw new Error(`The test cluster did not start:\n${started.log}`)
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

interface Place {
  user: SystemUser
  folder: string
  binaries: Binaries
}

async function initialise({ user, folder, binaries, password }: Place & { password: string }) {
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user.switched) await chown(passwordFile, user.uid, user.gid)
  const args = [
    `--pgdata=${join(folder, 'data')}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    // A random password needs no stretching, and tests open many connections.
    '--set=scram_iterations=1',
    '--no-sync',
    '--no-instructions',
  ]
  const { code, stdout, stderr } = await run(binaries.initdb, args, { user, cwd: folder })
  if (code !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`)
}

/** Runs the server as a child of a shell that ends it, and clears up, when standard input closes. */
const KEEPER = `
( "$@" <&- >"$FOLDER/log" 2>&1; echo dead ) &
cat >/dev/null
kill -QUIT "$(head -n 1 "$FOLDER/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
wait
[ -e "$FOLDER/keep" ] || rm -rf "$FOLDER"
`

async function start(
  options: Place & ThrowawayOptions & { port: number },
): Promise<{ ready: true; child: ChildProcess } | { ready: false; log: string }> {
  const { user, folder, binaries, port } = options
  const settings = { ...SETTINGS, ...options.settings, port: String(port) }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const data = join(folder, 'data')
  const child = spawn('/bin/sh', ['-c', KEEPER, 'sh', binaries.postgres, '-D', data, ...args], {
    ...spawnIdentity(user),
    cwd: folder,
    env: { ...cleanEnvironment(folder), FOLDER: folder },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  let dead = false
  child.stdout?.on('data', () => {
    dead = true
  })
  for (;;) {
    const status = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
    if (status.split('\n')[7]?.trim() === 'ready') return { ready: true, child }
    if (dead) break
    await sleep(10)
  }
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
  await writeFile(join(folder, 'keep'), '')
  await end(child)
  await rm(join(folder, 'keep'), { force: true })
  return { ready: false, log }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.stdin?.end()
  await gone
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}
