/**
 * Starts of a fresh process that takes over a book of many accounts from one that was killed: how
 * long until it writes, and how much memory it holds.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type BenchServer, one } from './database.ts'
import { fillLedger } from './engine.ts'
import { number } from './figures.ts'

const PROGRAM = fileURLToPath(new URL('./start-child.ts', import.meta.url))

export interface Starts {
  /** From the spawn of the process to the open ledger. */
  readonly seconds: readonly number[]
  /** Transfers after the checkpoint, which the start replayed. */
  readonly tails: readonly number[]
  /** Resident memory when the ledger was open. */
  readonly openMb: readonly number[]
  /** The most resident memory at any time, loading and some load included. */
  readonly peakMb: readonly number[]
}

export interface StartsOptions {
  readonly server: BenchServer
  readonly accounts: number
  readonly starts: number
  /** Load before each kill. */
  readonly seconds: number
  readonly progress: (line: string) => void
}

/** Opens the accounts, then: load, kill -9, start, and again. */
export async function measureStarts(options: StartsOptions): Promise<Starts> {
  const { server, accounts, starts, progress } = options
  const database = await server.empty()
  const found = {
    seconds: [] as number[],
    tails: [] as number[],
    openMb: [] as number[],
    peakMb: [] as number[],
  }
  try {
    await fillLedger(database.url, {
      accounts,
      said: (opened) => {
        if (opened % 100_000 === 0) progress(`${number(opened)} accounts opened`)
      },
    })
    await startLoadKill(database.url, options)
    for (let start = 1; start <= starts; start += 1) {
      const tail = await tailOf(database.url)
      const one = await startLoadKill(database.url, options)
      found.seconds.push(one.seconds)
      found.tails.push(tail)
      found.openMb.push(one.openMb)
      found.peakMb.push(one.peakMb)
      progress(
        `start ${start}/${starts}: ${number(one.seconds, 2)} s, ${number(tail)} transfers replayed, ` +
          `${number(one.openMb)} MB open, ${number(one.peakMb)} MB at most`,
      )
    }
    return found
  } finally {
    await database.drop()
  }
}

async function startLoadKill(
  url: string,
  { seconds, accounts }: StartsOptions,
): Promise<{ seconds: number; openMb: number; peakMb: number }> {
  const began = performance.now()
  const child = fork(PROGRAM, [url, String(accounts)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    await said(child, 'open')
    const opened = (performance.now() - began) / 1000
    const openMb = memoryMb(child.pid!, 'VmRSS')
    child.send({ load: seconds })
    await said(child, 'loaded')
    const peakMb = memoryMb(child.pid!, 'VmHWM')
    return { seconds: opened, openMb, peakMb }
  } finally {
    // In the middle of its load: what it leaves behind is a tail, not an orderly end.
    child.kill('SIGKILL')
    await exited
  }
}

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message === word) resolve()
    })
    child.once('exit', (code, signal) => reject(new Error(`the process ended: ${code ?? signal}`)))
  })
}

/** A line of /proc/<pid>/status, in MB. */
function memoryMb(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kb = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
  if (kb === undefined) throw new Error(`/proc/${pid}/status does not tell ${name}`)
  return Number(kb) / 1024
}

async function tailOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tail = 'select last_id - checkpoint_id as value from ledger.head where book_id = 1'
    return Number(await one<string>(client, tail))
  } finally {
    await client.end()
  }
}
