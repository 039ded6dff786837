/**
 * CPU time of this process and of a whole PostgreSQL server, the postmaster with every child of it:
 * on a shared machine it says more than a rate does.
 *
 * Children that have ended count too: their time is in the postmaster's, so the sum never falls.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second in /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const TICKS = 100

interface Stat {
  parent: number
  /** Ticks of the process itself, user and system. */
  own: number
  /** Ticks of its children that have ended. */
  ended: number
}

export interface ProcessorTime {
  /** Microseconds; `undefined` where there is no /proc. */
  readonly postgres: number | undefined
  /** Microseconds of this process. */
  readonly node: number
}

/** The postmaster of a backend whose process number `select pg_backend_pid()` gave. */
export function postmasterOf(backend: number): number | undefined {
  return readStat(backend)?.parent
}

/** Takes both readings; subtract two of them. */
export function processorTime(postmaster: number | undefined): ProcessorTime {
  const { user, system } = process.cpuUsage()
  return {
    postgres: postmaster === undefined ? undefined : treeTime(postmaster),
    node: user + system,
  }
}

/** Microseconds of a process by its number, with its children that have ended. */
export function processTime(pid: number): number | undefined {
  const stat = readStat(pid)
  return stat === undefined ? undefined : ((stat.own + stat.ended) * 1_000_000) / TICKS
}

function treeTime(postmaster: number): number | undefined {
  const root = readStat(postmaster)
  if (root === undefined) return undefined
  let ticks = root.own + root.ended
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat?.parent === postmaster) ticks += stat.own + stat.ended
  }
  return (ticks * 1_000_000) / TICKS
}

function readStat(pid: number): Stat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The name in brackets may hold spaces: count from the last bracket, where field 3 begins.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (n: number) => Number(fields[n - 3])
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) }
}
