/**
 * A TCP proxy between one ledger host and PostgreSQL that reads along. It knows when the book writer
 * has a batch in flight (bytes of it sent, no answer yet), and it can cut the connection at the one
 * moment nothing else can hit: after COMMIT was sent and before its answer came back.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * Where COMMIT is cut: `before` it reaches PostgreSQL, so nothing was committed; `after` PostgreSQL
 * has answered, so everything was. To the writer both look the same.
 */
export type CutPoint = 'before' | 'after'

export interface WireProxy {
  readonly port: number
  /** Whether a batch is on its way: sent by the writer and not answered. */
  busy(): boolean
  /** Resolves when a batch is on its way, `delayMs` after its first bytes passed, still unanswered. */
  whenBusy(delayMs: number, signal: AbortSignal): Promise<void>
  /** Cuts the next COMMIT of the writer; resolves once it is cut. */
  cutNextCommit(point: CutPoint, signal: AbortSignal): Promise<void>
  /**
   * Cuts the connection whose lock elects the owner and lets no new one through: what a partition
   * does that PostgreSQL notices and the host does not. The writer's own connections stay.
   */
  isolate(): void
  /** Lets new connections through again. */
  heal(): void
  close(): Promise<void>
}

/** What marks a connection as the book writer's: it inserts into or updates the ledger's tables. */
const WRITES = /(insert into|update) ledger\./i
const COMMITS = /\bcommit\b/i

interface Cut {
  readonly point: CutPoint
  readonly done: () => void
}

/** How the connection that elects names itself. */
const ELECTS = 'ledger election'

interface Watch {
  isolated: boolean
  cut: Cut | undefined
  readonly links: Set<Link>
  readonly onBatch: Set<() => void>
}

/** Listens on a free port of loopback and passes everything on to the server's port. */
export async function startProxy(target: () => number): Promise<WireProxy> {
  const watch: Watch = { isolated: false, cut: undefined, links: new Set(), onBatch: new Set() }
  const server = createServer((socket) => {
    if (watch.isolated) {
      socket.destroy()
      return
    }
    watch.links.add(new Link(socket, connect(target(), '127.0.0.1'), watch))
  })
  const port = await listen(server)
  const busy = () => [...watch.links].some((link) => link.busy)
  return {
    port,
    busy,
    whenBusy: async (delayMs, signal) => {
      for (;;) {
        await batchBegins(watch, signal)
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
        if (busy()) return
      }
    },
    cutNextCommit: (point, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          signal.removeEventListener('abort', give)
          watch.cut = undefined
        }
        const give = () => {
          end()
          reject(new Error('no COMMIT of the writer passed in time'))
        }
        signal.addEventListener('abort', give)
        const done = () => {
          end()
          resolve()
        }
        watch.cut = { point, done }
      }),
    isolate: () => {
      watch.isolated = true
      for (const link of [...watch.links]) if (link.elects) link.destroy()
    },
    heal: () => {
      watch.isolated = false
    },
    close: async () => {
      for (const link of watch.links) link.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function batchBegins(watch: Watch, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      watch.onBatch.delete(begun)
      signal.removeEventListener('abort', give)
    }
    const give = () => {
      end()
      reject(new Error('the writer sent no batch in time'))
    }
    const begun = () => {
      end()
      resolve()
    }
    signal.addEventListener('abort', give)
    watch.onBatch.add(begun)
  })
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port was given'))
      else resolve(address.port)
    })
  })
}

/** One connection of the host, both ways. */
class Link {
  /** Requests sent that PostgreSQL has not said "ready for query" to; the start-up counts as one. */
  #unanswered = 1
  #isWriter = false
  /** Whether it is the connection whose lock elects the owner. */
  elects = false
  /** Set when a COMMIT passed that is to be cut once it is answered. */
  #cutOnReply: Cut | undefined
  /** Answers until the one of that COMMIT, itself included. */
  #answersToCut = 0
  readonly #statements = new Map<string, string>()
  readonly #host: Socket
  readonly #database: Socket
  readonly #watch: Watch

  constructor(host: Socket, database: Socket, watch: Watch) {
    this.#host = host
    this.#database = database
    this.#watch = watch
    const toDatabase = new Messages(true, (type, body) => this.#sent(type, body))
    const toHost = new Messages(false, (type) => this.#answered(type))
    for (const socket of [host, database]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.destroy())
      socket.on('close', () => this.destroy())
    }
    host.on('data', (chunk) => {
      toDatabase.read(chunk)
      if (!this.#host.destroyed) pass(chunk, database, host)
    })
    database.on('data', (chunk) => {
      toHost.read(chunk)
      if (!this.#host.destroyed && this.#cutOnReply === undefined) pass(chunk, host, database)
    })
  }

  get busy(): boolean {
    return this.#isWriter && this.#unanswered > 0
  }

  destroy(): void {
    this.#watch.links.delete(this)
    this.#host.destroy()
    this.#database.destroy()
  }

  #sent(type: string, body: Buffer): void {
    if (type === 'startup') this.elects = body.toString('latin1').includes(ELECTS)
    if (type === 'Q') this.#statement(body.toString('latin1', 0, body.length - 1))
    if (type === 'P') {
      const [name, text] = twoStrings(body)
      this.#statements.set(name, text)
      if (WRITES.test(text)) this.#isWriter = true
    }
    if (type === 'B') this.#statement(this.#statements.get(twoStrings(body)[1]) ?? '')
    if (type === 'Q' || type === 'S') this.#unanswered += 1
  }

  /** A statement is about to run. */
  #statement(text: string): void {
    if (WRITES.test(text)) {
      this.#isWriter = true
      // The bytes go on first; whoever waits is told after that.
      setImmediate(() => {
        for (const begun of [...this.#watch.onBatch]) begun()
      })
    }
    const { cut } = this.#watch
    if (cut === undefined || !this.#isWriter || !COMMITS.test(text)) return
    this.#watch.cut = undefined
    if (cut.point === 'after') {
      this.#cutOnReply = cut
      this.#answersToCut = this.#unanswered + 1
      return
    }
    this.destroy()
    cut.done()
  }

  #answered(type: string): void {
    if (type !== 'Z') return
    this.#unanswered -= 1
    if (this.#cutOnReply === undefined) return
    this.#answersToCut -= 1
    if (this.#answersToCut > 0) return
    const { done } = this.#cutOnReply
    this.destroy()
    done()
  }
}

function pass(chunk: Buffer, to: Socket, from: Socket): void {
  if (to.write(chunk)) return
  from.pause()
  to.once('drain', () => from.resume())
}

/** The first two zero-terminated strings: name and text of Parse, portal and name of Bind. */
function twoStrings(body: Buffer): readonly [string, string] {
  const first = body.indexOf(0)
  const second = body.indexOf(0, first + 1)
  return [body.toString('latin1', 0, first), body.toString('latin1', first + 1, second)]
}

const KEPT = 64 * 1024

/** Cuts a stream into messages; of long ones only the beginning is kept. */
class Messages {
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes of the current message still to be thrown away. */
  #skip = 0
  #startup: boolean
  readonly #onMessage: (type: string, body: Buffer) => void

  constructor(startup: boolean, onMessage: (type: string, body: Buffer) => void) {
    this.#startup = startup
    this.#onMessage = onMessage
  }

  read(chunk: Buffer): void {
    let data = chunk
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, data.length)
      this.#skip -= skipped
      data = data.subarray(skipped)
    }
    if (data.length === 0) return
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    while (this.#next());
  }

  /** Takes one message off the front; false when there is none yet. */
  #next(): boolean {
    const typed = this.#startup ? 0 : 1
    if (this.#rest.length < typed + 4) return false
    const size = typed + this.#rest.readInt32BE(typed)
    const wanted = Math.min(size, KEPT)
    if (this.#rest.length < wanted) return false
    const type = this.#startup ? 'startup' : String.fromCharCode(this.#rest[0]!)
    const body = this.#rest.subarray(typed + 4, wanted)
    const held = Math.min(size, this.#rest.length)
    this.#skip = size - held
    this.#rest = this.#rest.subarray(held)
    this.#startup = false
    this.#onMessage(type, body)
    return this.#rest.length > 0
  }
}
