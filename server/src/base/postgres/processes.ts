/**
 * Which processes are alive, and which of them serve a data directory. A process number alone proves
 * nothing: after a restart of the machine or a container another program has it.
 */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './execution.ts'

const HAS_PROC = process.platform === 'linux'

/** A process that is told from a later one with the same number by the moment it began. */
export interface ProcessMark {
  readonly pid: number
  readonly began: string
}

/** The mark of a live process; `undefined` when there is none with that number. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  if (HAS_PROC) {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    // The name in brackets may hold spaces: count from the last bracket. State is 3rd, start 22nd.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : { pid, began: fields[19] ?? '' }
  }
  const { code, stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)])
  return code === 0 ? { pid, began: stdout.trim() } : undefined
}

export async function isAlive(mark: ProcessMark): Promise<boolean> {
  return (await markOf(mark.pid))?.began === mark.began
}

/** Whether `pid` is a live PostgreSQL process working in `data`. */
export async function worksIn(pid: number, data: string): Promise<boolean> {
  const folder = await realpath(data).catch(() => data)
  if (HAS_PROC) {
    const [at, name] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => undefined),
      readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
    ])
    return at === folder && name.trim() === 'postgres'
  }
  const { code, stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)])
  return code === 0 && (stdout.includes(folder) || stdout.includes(data))
}

/**
 * Ends what a killed postmaster left behind. Its children see it gone and leave by themselves, but
 * one that is busy may take its time, and meanwhile no new server can start on the same data.
 */
export async function endOrphans(data: string): Promise<void> {
  if (!HAS_PROC) return
  for (let round = 0; round < 100; round += 1) {
    const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    const orphans: number[] = []
    for (const pid of numbers) if (await worksIn(pid, data)) orphans.push(pid)
    if (orphans.length === 0) return
    if (round === 20 || round === 60) {
      for (const pid of orphans) signal(pid, round === 20 ? 'SIGQUIT' : 'SIGKILL')
    }
    await sleep(50)
  }
}

/** Sends a signal; a process already gone is what was wanted. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** What `postmaster.pid` says, whether or not the process still exists. */
export interface PostmasterFile {
  readonly pid: number
  readonly port: number
  /** `starting`, `stopping`, `ready`, `standby`. */
  readonly status: string
}

export async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(`${data}/postmaster.pid`, 'utf8').catch(() => undefined)
  const lines = text?.split('\n') ?? []
  if (!/^\d+$/.test(lines[0] ?? '')) return undefined
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() ?? '' }
}

/** The live server of a data directory. */
export async function findServer(data: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(data)
  return file !== undefined && (await worksIn(file.pid, data)) ? file : undefined
}
