/** The chaos run's PostgreSQL: the embedded one, durable, in a temporary folder, killed and relaunched. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchPostgres, type RunningPostgres } from '../../server/src/base/postgres/index.ts'

export interface ChaosCluster {
  /** Database `tenon` under the superuser, past any proxy. */
  url(): string
  port(): number
  /** Process numbers: the postmaster first, then its children as they are now. */
  processes(): number[]
  /** After a kill: clears up and starts the server again on the same data and port. */
  relaunch(): Promise<void>
  /** Stops the server and removes its folder. */
  stop(): Promise<void>
}

/** Durable as the embedded default; small in memory, so that a kill is quickly followed by the next. */
const SETTINGS = { shared_buffers: '128MB', max_wal_size: '512MB', min_wal_size: '128MB' }

export async function startCluster(onLine: (line: string) => void): Promise<ChaosCluster> {
  if (process.platform !== 'linux') {
    throw new Error('A chaos run finds the processes it kills in /proc: run it on Linux.')
  }
  const dataFolder = await mkdtemp(join(tmpdir(), 'tenon-chaos-'))
  let running: RunningPostgres
  try {
    running = await launchPostgres({ dataFolder, settings: SETTINGS, onLine })
  } catch (error) {
    await rm(dataFolder, { recursive: true, force: true })
    throw error
  }
  return {
    url: () => running.adminUrl,
    port: () => running.port,
    processes: () => {
      const postmaster = postmasterPid(dataFolder)
      return [postmaster, ...childrenOf(postmaster)]
    },
    relaunch: async () => {
      await running.stop()
      running = await launchPostgres({ dataFolder, settings: SETTINGS, port: running.port, onLine })
    },
    stop: async () => {
      await running.stop()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

function postmasterPid(dataFolder: string): number {
  return Number(readFileSync(join(dataFolder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** kill -9 of all at once; one that has ended already is as dead as was wanted. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
