/** A simulator's process, as `npm start` holds it: started early, told later, kept up. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { StartProblem } from './problem.ts'

export type FromSimulator<Up> =
  | { readonly kind: 'up'; readonly up: Up }
  | { readonly kind: 'failed'; readonly says: string }
  | { readonly kind: 'trouble'; readonly says: string }

export interface SimulatorProgram {
  /** The file beside this one that runs it: `hostSimulator`. */
  readonly file: string
  /** What it is called in a sentence. */
  readonly what: string
  /** The variable that names its port. */
  readonly variable: string
}

export interface SimulatorProcess<To, Up> {
  /** Starts it; gives what it says of itself once it is up. */
  open(options: To): Promise<Up>
  close(): Promise<void>
}

const RESTART_MS = 1_000

/** Forks the process, which loads while its parent prepares the database. */
export function forkSimulator<To extends { readonly port: number }, Up>(
  { file, what, variable }: SimulatorProgram,
  say: (line: string) => void,
): SimulatorProcess<To, Up> {
  const program = fileURLToPath(new URL(file, import.meta.url))
  let closing = false
  let child = spawn(program)

  const open = (options: To): Promise<Up> =>
    new Promise((resolve, reject) => {
      let up = false
      const died = (code: number | null) =>
        reject(new StartProblem(`The ${what} ended while it started (code ${code}).`))
      child.once('exit', died)
      child.on('message', (message: FromSimulator<Up>) => {
        if (message.kind === 'failed') reject(startProblem(message.says, options.port))
        if (message.kind === 'trouble' && !closing) say(`The ${what}: ${message.says}`)
        if (message.kind !== 'up') return
        up = true
        child.off('exit', died)
        resolve(message.up)
      })
      child.once('exit', () => {
        if (up && !closing) void again(options)
      })
      child.send(options)
    })

  const startProblem = (says: string, port: number) =>
    says.includes('EADDRINUSE')
      ? new StartProblem(
          `Port ${port} was taken by another program; set ${variable} to another one.`,
        )
      : new StartProblem(`The ${what} does not start: ${says}`)

  const again = async (options: To): Promise<void> => {
    say(`The ${what} ended and is started again.`)
    while (!closing) {
      await new Promise((wake) => setTimeout(wake, RESTART_MS))
      if (closing) return
      child = spawn(program)
      try {
        await open(options)
        return
      } catch (error) {
        say((error as Error).message)
        child.kill('SIGKILL')
      }
    }
  }

  return {
    open,
    close: async () => {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.connected) child.disconnect()
      await gone
    },
  }
}

function spawn(program: string): ChildProcess {
  const child = fork(program, [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.on('error', () => undefined)
  return child
}
