/**
 * The processes of a run: each is a program of this folder that is told what to do by messages and
 * ends with whoever started it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { processTime } from '../processor-time.ts'

export interface Child {
  /** Sends a message and waits for the answer to it. One at a time. */
  ask<Answer>(message: unknown): Promise<Answer>
  /** CPU µs it has used; 0 where there is no /proc. */
  cpu(): number
  stop(): Promise<void>
}

/** Starts a program of this folder; resolves with the first thing it says. */
export async function startProcess<First>(
  program: string,
  settings: unknown,
): Promise<Child & { readonly first: First }> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = fork(path, [JSON.stringify(settings)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...profiling(program)],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const first = await heard<First>(child, program)
  return {
    first,
    ask: async <Answer>(message: unknown) => {
      const answer = heard<Answer>(child, program)
      child.send(message as object)
      return answer
    },
    cpu: () => processTime(child.pid!) ?? 0,
    stop: async () => {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

/** TENON_BENCH_PROFILE=<folder> keeps a CPU profile of every process there. */
function profiling(program: string): string[] {
  const folder = process.env.TENON_BENCH_PROFILE
  if (folder === undefined) return []
  return ['--cpu-prof', `--cpu-prof-dir=${folder}/${program.replaceAll(/[^a-z-]/g, '')}`]
}

function heard<Message>(child: ChildProcess, program: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${program} ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as Message)
    })
  })
}

/** A port nobody listens on just now: two processes have to know each other's before both are up. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

/** Milliseconds since 1970 with fractions; processes of one machine agree on it. */
export const wallMs = (): number => performance.timeOrigin + performance.now()
