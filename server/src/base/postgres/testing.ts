/** What the tests of this folder share: folders that go away, fast settings, processes to kill. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { removeFolder } from './copy.ts'
import { type LaunchOptions, launchPostgres, type RunningPostgres } from './launch.ts'
import { findServer, signal, worksIn } from './processes.ts'
import { connected } from './roles.ts'
import type { Settings } from './settings.ts'

export const IS_ROOT = process.getuid?.() === 0

/** Little memory and no fsync: killing processes loses nothing, and no test pulls the plug. */
export const FAST: Settings = {
  fsync: 'off',
  shared_buffers: '16MB',
  wal_buffers: '1MB',
  min_wal_size: '2MB',
  max_wal_size: '64MB',
  max_connections: '20',
}

/** Small WAL segments, so that a cluster is quick to make and to copy. */
export const SMALL = { settings: FAST, initdbOptions: ['--wal-segsize=1'] }

/** A folder that other users can enter, removed with any server in it when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await makeTemporaryFolder()
  onTestFinished(() => clearFolder(folder))
  return folder
}

export async function makeTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenon-postgres-'))
  await chmod(folder, 0o755)
  return folder
}

export async function clearFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    await killEverything(join(folder, name))
  }
  await removeFolder(folder)
}

/** Launches with `FAST`; the server is stopped when the test ends. */
export async function launchFast(
  dataFolder: string,
  options: LaunchOptions = {},
): Promise<RunningPostgres> {
  const settings = { ...FAST, ...options.settings }
  const postgres = await launchPostgres({ ...SMALL, ...options, dataFolder, settings })
  onTestFinished(() => postgres.stop().catch(() => undefined))
  return postgres
}

/** One statement on a connection of its own. */
export function query<T extends object>(url: string, sql: string): Promise<T[]> {
  return connected(url, async (client) => (await client.query<T>(sql)).rows)
}

/** The process number of the data folder's live server. */
export async function serverPid(dataFolder: string): Promise<number | undefined> {
  return (await findServer(join(dataFolder, 'data')))?.pid
}

/** kill -9 for the server of a data folder and all its children; returns when they are gone. */
export async function killEverything(dataFolder: string): Promise<void> {
  const data = join(dataFolder, 'data')
  for (let round = 0; round < 500; round += 1) {
    const alive: number[] = []
    for (const name of await readdir('/proc').catch(() => [])) {
      if (/^\d+$/.test(name) && (await worksIn(Number(name), data))) alive.push(Number(name))
    }
    if (alive.length === 0) return
    for (const pid of alive) signal(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const CHECKOUT = fileURLToPath(new URL('../../../..', import.meta.url))

export interface Child {
  readonly process: ChildProcess
  /** The next line of its standard output; rejects with its standard error when it ends first. */
  line(): Promise<string>
  /** Closes its standard input and waits for its end. */
  end(): Promise<number | null>
}

/** A Node process that runs `source` (a module), as another user if a uid is given. */
export function startChild(source: string, options: { uid?: number; home?: string } = {}): Child {
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', source],
    {
      ...identity,
      cwd: CHECKOUT,
      env: { PATH: process.env.PATH ?? '', HOME: options.home ?? tmpdir() },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    process: child,
    line: async () => {
      const next = await lines.next()
      if (next.done === true) throw new Error(`The child ended early:\n${stderr}`)
      return next.value
    },
    end: () => {
      child.stdin.end()
      return exited
    },
  }
}

/** A child that launches, says what it got as a line of JSON, and stops when its input closes. */
export function launchInChild(
  dataFolder: string,
  options: { uid?: number; home?: string } = {},
): Child {
  const source = `
    import { launchPostgres } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    try {
      const dataFolder = ${JSON.stringify(dataFolder)}
      const postgres = await launchPostgres({ ...${JSON.stringify(SMALL)}, dataFolder })
      const { url, adopted } = postgres
      console.log(JSON.stringify({ url, adopted }))
      process.stdin.on('end', () => postgres.stop()).resume()
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }`
  return startChild(source, options)
}
