/**
 * SM2 signatures verified beside the main loop: a small pool of threads, each with its own tables. A
 * verification takes near a millisecond of pure arithmetic, and a thousand of them one after another
 * would hold up every other request.
 *
 * Jobs that come in one turn of the loop travel as one message; the thread with the fewest jobs gets
 * them. A thread that dies fails its jobs and is started anew for the next ones.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

export interface Sm2Verifier {
  /**
   * Whether `signature` (r and s, 64 bytes) is over `digest` (32 bytes, of the signer's id and the
   * message) by the key at `point` (65 bytes). Rejects only when the thread died or the pool closed.
   */
  verify(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): Promise<boolean>
  close(): Promise<void>
}

export interface Sm2VerifierOptions {
  /** Threads; one fewer than there are processors, when absent. */
  readonly threads?: number
}

/** Point, digest and signature of one verification. */
export type Sm2Job = readonly [Uint8Array, Uint8Array, Uint8Array]

interface Waiting {
  readonly job: Sm2Job
  resolve(verified: boolean): void
  reject(error: Error): void
}

interface Thread {
  readonly worker: Worker
  /** Messages under way, the oldest first; the thread answers them in order. */
  readonly sent: Waiting[][]
  jobs: number
}

/** Opens the pool. Threads are started by the first jobs; only one at work keeps the process alive. */
export function createSm2Verifier(options: Sm2VerifierOptions = {}): Sm2Verifier {
  const most = options.threads ?? Math.max(1, availableParallelism() - 1)
  const threads = new Set<Thread>()
  let closed = false
  let next: Waiting[] = []

  const start = (): Thread => {
    const thread: Thread = { worker: startWorker(), sent: [], jobs: 0 }
    threads.add(thread)
    const lose = (error: Error) => {
      threads.delete(thread)
      for (const one of thread.sent.splice(0).flat()) one.reject(error)
    }
    thread.worker.on('message', (verified: boolean[]) => {
      const batch = thread.sent.shift() ?? []
      thread.jobs -= batch.length
      if (thread.jobs === 0) thread.worker.unref()
      for (const [at, one] of batch.entries()) one.resolve(verified[at] === true)
    })
    thread.worker.on('error', lose)
    thread.worker.on('exit', () => lose(new Error('the thread that verifies SM2 ended')))
    thread.worker.unref()
    return thread
  }

  const send = () => {
    const batch = next
    next = []
    const idle = [...threads].sort((a, b) => a.jobs - b.jobs)[0]
    const thread = idle !== undefined && (idle.jobs === 0 || threads.size >= most) ? idle : start()
    thread.sent.push(batch)
    thread.jobs += batch.length
    thread.worker.ref()
    thread.worker.postMessage(batch.map(({ job }) => job))
  }

  return {
    verify: (point, digest, signature) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the verifier of SM2 is closed'))
        if (next.length === 0) setImmediate(send)
        next.push({ job: [point, digest, signature], resolve, reject })
      }),
    close: async () => {
      closed = true
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
}

function startWorker(): Worker {
  // None of this process's own flags: what they load has nothing to do in there.
  return new Worker(new URL('./sm2-verifier-thread.mjs', import.meta.url), { execArgv: [] })
}
