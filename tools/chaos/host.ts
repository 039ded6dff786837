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
  /** Resolves once it writes the book. */
  owning(signal: AbortSignal): Promise<void>
  /** Whether it writes the book now; false when it does not answer. */
  owns(): Promise<boolean>
  balances(
    accounts: readonly Uuid[],
    signal: AbortSignal,
  ): Promise<readonly (Balance | undefined)[]>
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Ends process and proxy whatever their state. */
  dispose(): Promise<void>
}

const POLL_MS = 20
const ANSWER_MS = 2_000

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
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const heard = (kinds: readonly FromHost['kind'][], signal: AbortSignal) =>
    nextMessage(child, kinds, signal)
  const say = (message: ToHost) => {
    if (child.connected) child.send(message, () => undefined)
  }
  const owns = async () => {
    say({ kind: 'owns' })
    const answer = await heard(['owns'], AbortSignal.timeout(ANSWER_MS)).catch(() => undefined)
    return answer?.kind === 'owns' && answer.yes
  }
  const host: Host = {
    name,
    proxy,
    pid: child.pid!,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
    send: (n, work) => say({ kind: 'work', n, work }),
    owns,
    owning: async (signal) => {
      while (!(await owns())) {
        if (signal.aborted) throw new Error(`${name} did not take the book over in time`)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    balances: async (accounts, signal) => {
      say({ kind: 'balances', accounts })
      const answer = await heard(['balances'], signal)
      return (answer as FromHost & { kind: 'balances' }).balances
    },
    signal: (signalName) => void child.kill(signalName),
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
