/** A ledger host as the chaos run holds it: its process, its proxy, and what it is waited for. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Uuid } from '../../server/src/base/index.ts'
import type { Balance } from '../../server/src/ledger/index.ts'
import type { ChaosCluster } from './cluster.ts'
import type { Answer, FromHost, ToHost, Work } from './messages.ts'
import { startProxy, type WireProxy } from './proxy.ts'

const PROGRAM = fileURLToPath(new URL('./ledger-host.ts', import.meta.url))

export interface Host {
  readonly name: string
  readonly proxy: WireProxy
  readonly pid: number
  readonly alive: boolean
  send(n: number, work: Work): void
  /** Takes the book over; tries again while the database is coming up. */
  open(signal: AbortSignal): Promise<void>
  balances(
    accounts: readonly Uuid[],
    signal: AbortSignal,
  ): Promise<readonly (Balance | undefined)[]>
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Closes the ledger in order. */
  close(signal: AbortSignal): Promise<void>
  /** Ends process and proxy whatever their state. */
  dispose(): Promise<void>
}

export interface HostEvents {
  answer(host: Host, n: number, answer: Answer): void
  /** The process ended: nothing it was sent will be answered by it. */
  gone(host: Host): void
}

export async function startHost(
  name: string,
  cluster: ChaosCluster,
  events: HostEvents,
): Promise<Host> {
  const proxy = await startProxy(() => cluster.port())
  const url = new URL(cluster.url())
  url.port = String(proxy.port)
  const child = fork(PROGRAM, [url.href], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const heard = (kinds: readonly FromHost['kind'][], signal: AbortSignal) =>
    nextMessage(child, kinds, signal)
  const say = (message: ToHost) => {
    if (child.connected) child.send(message, () => undefined)
  }
  const host: Host = {
    name,
    proxy,
    pid: child.pid!,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
    send: (n, work) => say({ kind: 'work', n, work }),
    open: async (signal) => {
      for (;;) {
        say({ kind: 'open' })
        const answer = await heard(['opened', 'open_failed'], signal)
        if (answer.kind === 'opened') return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    balances: async (accounts, signal) => {
      say({ kind: 'balances', accounts })
      const answer = await heard(['balances'], signal)
      return (answer as FromHost & { kind: 'balances' }).balances
    },
    signal: (signalName) => void child.kill(signalName),
    close: async (signal) => {
      say({ kind: 'close' })
      await heard(['closed'], signal)
      await exited
    },
    dispose: async () => {
      child.kill('SIGKILL')
      await exited
      await proxy.close()
    },
  }
  child.on('message', (message) => {
    const said = message as FromHost
    if (said.kind === 'answer') events.answer(host, said.n, said.answer)
  })
  child.once('exit', () => events.gone(host))
  await heard(['started'], AbortSignal.timeout(30_000))
  return host
}

function nextMessage(
  child: ChildProcess,
  kinds: readonly FromHost['kind'][],
  signal: AbortSignal,
): Promise<FromHost> {
  return new Promise((resolve, reject) => {
    const end = () => {
      child.off('message', take)
      child.off('exit', died)
      signal.removeEventListener('abort', late)
    }
    const take = (message: unknown) => {
      if (!kinds.includes((message as FromHost).kind)) return
      end()
      resolve(message as FromHost)
    }
    const died = () => {
      end()
      reject(new Error(`the host ended while "${kinds.join('" or "')}" was awaited`))
    }
    const late = () => {
      end()
      reject(new Error(`the host did not say "${kinds.join('" or "')}" in time`))
    }
    child.on('message', take)
    child.on('exit', died)
    signal.addEventListener('abort', late)
  })
}
