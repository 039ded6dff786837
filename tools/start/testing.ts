/** `tenon start` as tests run it: the real command in a process, with folders and ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TENON = fileURLToPath(new URL('../tenon.mjs', import.meta.url))
/** From the first line to the last one on a busy machine. */
const UP_MS = 90_000

/** `tenon start` in a process of its own. */
export interface Run {
  readonly pid: number
  readonly env: Readonly<Record<string, string>>
  out(): string
  err(): string
  /** Waits for a line of the output; gives what it matched. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  kill(signal: NodeJS.Signals): void
  /** Stops it, unless it has ended. */
  stop(): Promise<void>
}

/** Below the ports a system gives to whoever asks for any: nobody takes one between looking and using. */
const FIRST_PORT = 20_000
const BLOCKS = 1_200
let block = process.pid * 7

/** Ports nothing listens on, for the API, the bank and the five rails after it. */
export async function freePorts() {
  for (;;) {
    block += 1
    const first = FIRST_PORT + (block % BLOCKS) * 10
    const held = await Promise.allSettled(Array.from({ length: 7 }, (_, at) => hold(first + at)))
    const got = held.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await Promise.all(got.map((one) => one.free()))
    if (got.length < held.length) continue
    const [TENON_PORT, BANK_PORT, RAIL_PORT] = [first, first + 1, first + 2].map(String)
    return { TENON_PORT: TENON_PORT!, BANK_PORT: BANK_PORT!, RAIL_PORT: RAIL_PORT! }
  }
}

/** Listens on a port, 0 for any, until it is freed. */
export async function hold(port: number): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const at = server.address() as { port: number }
  return { port: at.port, free: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Starts it with a data folder under `root`. */
export function startTenon(root: string, env: Record<string, string>, ...args: string[]): Run {
  const full = { PATH: process.env.PATH ?? '', HOME: root, TENON_DATA: join(root, 'data'), ...env }
  const child: ChildProcess = spawn(process.execPath, [TENON, 'start', ...args], {
    env: full,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let out = ''
  let err = ''
  let hear: () => void = () => {}
  child.stdout!.on('data', (chunk) => {
    out += String(chunk)
    hear()
  })
  child.stderr!.on('data', (chunk) => {
    err += String(chunk)
  })
  let over = false
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => {
      over = true
      hear()
      resolve({ code, signal })
    }),
  )
  return {
    pid: child.pid!,
    env: full,
    out: () => out,
    err: () => err,
    ended,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      if (over) return
      child.kill('SIGTERM')
      await ended
    },
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`${pattern} did not come:\n${out}${err}`)),
          UP_MS,
        )
        hear = () => {
          const match = pattern.exec(out)
          if (match === null && !over) return
          clearTimeout(late)
          if (match !== null) resolve(match)
          else reject(new Error(`it ended before ${pattern}:\n${out}${err}`))
        }
        hear()
      }),
  }
}

/** Processes of a data folder: those whose environment or command line names it. */
export async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const texts = ['environ', 'cmdline'].map((file) =>
      readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => ''),
    )
    if ((await Promise.all(texts)).some((text) => text.includes(folder))) found.push(Number(pid))
  }
  return found
}

/** Where its API is, once it is up. */
export const urlOf = async (run: Run) => (await run.line(/^API +(http:\S+)\/v1/m))[1]!
export const isUp = (run: Run) => run.line(/Press Ctrl-C to stop/)

export async function waitUntil(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((wake) => setTimeout(wake, 50))
}
