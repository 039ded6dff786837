/**
 * A wire between a ledger and PostgreSQL that a test may cut or hold at the COMMIT of a book writer:
 * the one moment nothing else can hit. It reads the start-up packet to know whose connection it is,
 * and the statements that pass to know when a COMMIT does.
 */
import { connect, createServer, type Socket } from 'node:net'

/**
 * `lost`: the COMMIT never reaches PostgreSQL. `won`: PostgreSQL has answered it, and the answer is
 * lost. To the writer both look the same.
 */
export type Cut = 'lost' | 'won'

/**
 * What is kept back. `seal`: the writer's last message whole, so that PostgreSQL has only the rows
 * before it. `commit`: the COMMIT alone, so that the head is moved and locked. `answer`: PostgreSQL has
 * committed, and the writer does not hear of it.
 */
export type Held = 'seal' | 'commit' | 'answer'

export interface Hold {
  /** Resolves when a COMMIT is held; for `answer`, when PostgreSQL has done it. */
  readonly reached: Promise<void>
  /** Lets it through. */
  release(): void
}

export interface Wire {
  /** The url of the database through this wire. */
  readonly url: string
  /** COMMITs of writers that went on to PostgreSQL. */
  readonly commits: number
  /** Cuts the connection at the next COMMIT of a writer; resolves once it is cut. */
  cutCommit(cut: Cut): Promise<void>
  /** Holds the next COMMIT of a writer. */
  holdCommit(held: Held): Hold
  /** Refuses new connections; those that stand go on. */
  refuse(): void
  /** Cuts every connection and refuses new ones: to the database, the program is gone. */
  cutAll(): void
  /** Lets new connections through again. */
  heal(): void
  close(): Promise<void>
}

type Trap =
  | { readonly kind: 'cut'; readonly cut: Cut; readonly reached: () => void }
  | {
      readonly kind: 'hold'
      readonly held: Held
      readonly reached: () => void
      readonly released: Promise<void>
    }

interface State {
  readonly links: Set<Link>
  readonly traps: Trap[]
  refusing: boolean
  commits: number
}

const WRITER = /tenon book \d+ writer/
/** The message of a COMMIT, as it stands at the end of a chunk. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')

/** Opens a wire to the database that `url` names. */
export async function openWire(url: string): Promise<Wire> {
  const state: State = { links: new Set(), traps: [], refusing: false, commits: 0 }
  const target = new URL(url)
  const server = createServer((near) => {
    if (state.refusing) near.destroy()
    else state.links.add(new Link(near, connect(Number(target.port), target.hostname), state))
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve((server.address() as { port: number }).port)
    })
  })
  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  const cutAll = () => {
    state.refusing = true
    for (const link of [...state.links]) link.destroy()
  }
  return {
    url: through.href,
    get commits() {
      return state.commits
    },
    cutCommit: (cut) =>
      new Promise((reached) => {
        state.traps.push({ kind: 'cut', cut, reached })
      }),
    holdCommit: (held) => {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const reached = new Promise<void>((resolve) => {
        state.traps.push({ kind: 'hold', held, reached: resolve, released })
      })
      return { reached, release }
    },
    refuse: () => {
      state.refusing = true
    },
    cutAll,
    heal: () => {
      state.refusing = false
    },
    close: async () => {
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One connection, both ways. */
class Link {
  readonly #near: Socket
  readonly #far: Socket
  readonly #state: State
  /** Requests that PostgreSQL has not ended with "ready for query"; the start-up counts as one. */
  #unanswered = 1
  #writer = false
  /** What is done with answers: held ones are kept here, those of a connection to be cut dropped. */
  #answers: 'pass' | 'drop' | Buffer[] = 'pass'
  /** Chunks kept from PostgreSQL. */
  #kept: Buffer[] | undefined
  /** Whether what stands before the COMMIT in its chunk still goes on. */
  #passing = false
  /** Called when that many more requests have ended. */
  #after: { ends: number; run: () => void } | undefined

  constructor(near: Socket, far: Socket, state: State) {
    this.#near = near
    this.#far = far
    this.#state = state
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.destroy())
      socket.on('close', () => this.destroy())
    }
    const sent = cutter(true, (type, body) => this.#sent(type, body))
    const answered = cutter(false, (type) => this.#answered(type))
    near.on('data', (chunk: Buffer) => {
      sent(chunk)
      if (near.destroyed) return
      if (this.#kept === undefined) {
        far.write(chunk)
        return
      }
      const passes = this.#passing ? Math.max(0, chunk.lastIndexOf(COMMIT)) : 0
      this.#passing = false
      if (passes > 0) far.write(chunk.subarray(0, passes))
      this.#kept.push(chunk.subarray(passes))
    })
    far.on('data', (chunk: Buffer) => {
      if (this.#answers === 'pass') near.write(chunk)
      else if (this.#answers !== 'drop') this.#answers.push(chunk)
      answered(chunk)
    })
  }

  destroy(): void {
    this.#state.links.delete(this)
    this.#near.destroy()
    this.#far.destroy()
  }

  #sent(type: string, body: string): void {
    if (type === '') this.#writer = WRITER.test(body)
    if (type === 'Q' || type === 'S') this.#unanswered += 1
    if (!this.#writer || type !== 'Q' || !/^commit\0/i.test(body)) return
    const trap = this.#state.traps.shift()
    if (trap === undefined) {
      this.#state.commits += 1
      return
    }
    if (trap.kind === 'cut') this.#cut(trap.cut, trap.reached)
    else this.#hold(trap)
  }

  #cut(cut: Cut, reached: () => void): void {
    const end = () => {
      this.destroy()
      reached()
    }
    if (cut === 'lost') {
      end()
      return
    }
    this.#state.commits += 1
    this.#answers = 'drop'
    this.#after = { ends: this.#unanswered, run: end }
  }

  #hold(trap: Extract<Trap, { kind: 'hold' }>): void {
    if (trap.held !== 'answer') {
      this.#passing = trap.held === 'commit'
      const kept: Buffer[] = []
      this.#kept = kept
      trap.reached()
      void trap.released.then(() => {
        this.#state.commits += 1
        this.#kept = undefined
        for (const chunk of kept) this.#far.write(chunk)
      })
      return
    }
    this.#state.commits += 1
    const answers: Buffer[] = []
    this.#answers = answers
    this.#after = { ends: this.#unanswered, run: trap.reached }
    void trap.released.then(() => {
      this.#answers = 'pass'
      for (const chunk of answers) this.#near.write(chunk)
    })
  }

  #answered(type: string): void {
    if (type !== 'Z') return
    this.#unanswered -= 1
    if (this.#after === undefined) return
    this.#after.ends -= 1
    if (this.#after.ends > 0) return
    const { run } = this.#after
    this.#after = undefined
    run()
  }
}

/** How much of a message is shown: enough for a start-up packet and for the word COMMIT. */
const SHOWN = 1024

/** Cuts a stream into messages. The start-up packet, which has no type, is shown as type ''. */
function cutter(startup: boolean, show: (type: string, body: string) => void) {
  let untyped = startup
  let rest: Buffer = Buffer.alloc(0)
  let skip = 0
  return (chunk: Buffer): void => {
    let data = chunk
    if (skip > 0) {
      const skipped = Math.min(skip, data.length)
      skip -= skipped
      data = data.subarray(skipped)
    }
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const head = untyped ? 0 : 1
      if (rest.length < head + 4) return
      const size = head + rest.readInt32BE(head)
      if (rest.length < Math.min(size, SHOWN)) return
      const type = untyped ? '' : String.fromCharCode(rest[0]!)
      const body = rest.toString('latin1', head + 4, Math.min(size, SHOWN))
      untyped = false
      skip = Math.max(0, size - rest.length)
      rest = rest.subarray(Math.min(size, rest.length))
      show(type, body)
    }
  }
}
