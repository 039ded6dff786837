/**
 * The callers: each sends one request at a time and does not rest until it knows what became of it.
 * An unknown outcome is settled by sending the same request again under the same id, to whichever
 * host writes the book then; that is the only way there is, and the ledger has to bear it.
 */
import type { Host } from './host.ts'
import { type Entry, endingOf, type Journal } from './journal.ts'
import type { Answer } from './messages.ts'
import type { Workload } from './plan.ts'

const RETRY_MS = 20

export interface ClientsOptions {
  readonly journal: Journal
  readonly workload: Workload
  readonly callers: number
}

/** What a caller is waiting for. */
interface Pending {
  readonly entry: Entry
  host: Host
  settle: () => void
}

export class Clients {
  readonly #options: ClientsOptions
  readonly #pending = new Map<number, Pending>()
  #running: Promise<unknown> = Promise.resolve()
  #stopped = true
  /** The first is asked; when it says it is not the owner, the next becomes the first. */
  #hosts: Host[] = []
  #both = false
  #abandoned = false

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  /** Sends to the first of these, to another once that one says it is not the owner. */
  sendTo(...hosts: Host[]): void {
    this.#hosts = hosts
    this.#both = false
  }

  /** Sends to one and the other in turn, whatever they say. */
  sendToBoth(): void {
    this.#both = true
  }

  /** Requests sent and not answered. */
  get unanswered(): number {
    return this.#pending.size
  }

  start(): void {
    this.#stopped = false
    const { callers } = this.#options
    this.#running = Promise.all(Array.from({ length: callers }, () => this.#caller()))
  }

  /** Sends nothing new, and waits until every caller knows what became of its request. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopped = true
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error(`${this.#pending.size} requests had no answer in time`))
      })
    })
    await Promise.race([this.#running, late])
  }

  /** Gives up what is not answered: the run is over. */
  abandon(): void {
    this.#stopped = true
    this.#abandoned = true
  }

  /** Resolves to the time of the first acceptance of a request sent after `time`. */
  async acceptedAfter(time: number, patienceMs: number): Promise<number> {
    const late = performance.now() + patienceMs
    for (;;) {
      const at = this.#options.journal.acceptedAfter(time)
      if (at !== undefined) return at
      if (performance.now() > late) throw new Error('nothing was accepted in time')
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** A host answered, maybe one that was thought dead. */
  answered(host: Host, n: number, answer: Answer): void {
    const { journal } = this.#options
    const entry = journal.entries[n]!
    const ending = endingOf(answer)
    if (ending !== undefined) {
      journal.note(entry, ending)
      this.#settle(n)
      return
    }
    const pending = this.#pending.get(n)
    if (pending?.host !== host) return
    if (answer.outcome === 'unknown') entry.unknowns += 1
    else if (this.#hosts[0] === host) this.#nextHost()
    this.#again(pending)
  }

  /** What a host was sent it will not answer: whether it has acted is unknown. */
  lost(host: Host): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.host !== host) continue
      pending.entry.unknowns += 1
      this.#again(pending)
    }
  }

  async #caller(): Promise<void> {
    const { journal, workload } = this.#options
    while (!this.#stopped) {
      const entry = journal.add(workload.next(journal.entries.length))
      await new Promise<void>((settle) => this.#send(entry, settle))
    }
  }

  #settle(n: number): void {
    const pending = this.#pending.get(n)
    if (pending === undefined) return
    this.#pending.delete(n)
    pending.settle()
  }

  #again({ entry, settle }: Pending): void {
    this.#pending.delete(entry.n)
    setTimeout(() => {
      // An answer from a host thought dead may have come meanwhile.
      if (entry.ending !== undefined) settle()
      else this.#send(entry, settle)
    }, RETRY_MS)
  }

  #send(entry: Entry, settle: () => void): void {
    if (this.#abandoned) {
      settle()
      return
    }
    const host = this.#hosts[0]
    if (host === undefined || !host.alive) {
      this.#nextHost()
      setTimeout(() => this.#send(entry, settle), RETRY_MS)
      return
    }
    if (this.#both) this.#nextHost()
    entry.sendings += 1
    entry.sentAt = performance.now()
    this.#pending.set(entry.n, { entry, host, settle })
    host.send(entry.n, entry.work)
  }

  #nextHost(): void {
    const first = this.#hosts.shift()
    if (first !== undefined) this.#hosts.push(first)
  }
}
