/** The bank simulator's process, as `npm start` holds it: started early, told later, kept up. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { StartProblem } from './problem.ts'

/** How the bank is to start. */
export interface ToBank {
  readonly databaseUrl: string
  readonly platformPublicKeyPem: string
  readonly privateKeyPem: string
  readonly noticeUrl: string
  readonly port: number
  readonly settings: Readonly<Record<string, unknown>>
}

export type FromBank =
  | { readonly kind: 'up'; readonly url: string }
  | { readonly kind: 'failed'; readonly says: string }
  | { readonly kind: 'trouble'; readonly says: string }

export interface BankProcess {
  /** Starts the bank; gives its address. */
  open(options: ToBank): Promise<string>
  close(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./bank-host.ts', import.meta.url))
const RESTART_MS = 1_000

/** Forks the process, which loads while its parent prepares the database. */
export function forkBank(say: (line: string) => void): BankProcess {
  let closing = false
  let child = spawn()

  const open = (options: ToBank): Promise<string> =>
    new Promise((resolve, reject) => {
      let up = false
      const died = (code: number | null) =>
        reject(new StartProblem(`The bank simulator ended while it started (code ${code}).`))
      child.once('exit', died)
      child.on('message', (message: FromBank) => {
        if (message.kind === 'failed') reject(startProblem(message.says, options.port))
        if (message.kind === 'trouble' && !closing) say(`The bank simulator: ${message.says}`)
        if (message.kind !== 'up') return
        up = true
        child.off('exit', died)
        resolve(message.url)
      })
      child.once('exit', () => {
        if (up && !closing) void again(options)
      })
      child.send(options)
    })

  const again = async (options: ToBank): Promise<void> => {
    say('The bank simulator ended and is started again.')
    while (!closing) {
      await new Promise((wake) => setTimeout(wake, RESTART_MS))
      if (closing) return
      child = spawn()
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

function spawn(): ChildProcess {
  const child = fork(PROGRAM, [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.on('error', () => undefined)
  return child
}

function startProblem(says: string, port: number): StartProblem {
  return says.includes('EADDRINUSE')
    ? new StartProblem(`Port ${port} was taken by another program; set BANK_PORT to another one.`)
    : new StartProblem(`The bank simulator does not start: ${says}`)
}
