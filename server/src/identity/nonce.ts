/**
 * Nonces of signed requests: each counts once, whichever replica it comes to.
 *
 * Requests that come while an insert is under way travel with the next one, so that thousands a
 * second cost some hundred statements. The tables are unlogged: the commit of such an insert waits
 * for no disk (PostgreSQL answers a tx that wrote no log at once, as with synchronous_commit off).
 * What a crash forgets is harmless: a POST carries a signed idempotency key.
 *
 * The easy mistake: choosing the table by the time of arrival. A copy that came ten minutes later
 * would look into another table; the signed `created` is the same for every copy.
 */
import { createHash } from 'node:crypto'
import type { Db, Instant, Log } from '#base'
import { emptyNonces, insertNonces, NONCE_TABLES } from './nonce-store.ts'
import type { Wall } from './session.ts'
import { SIGNATURE_WINDOW_S } from './signature-terms.ts'

export interface Nonces {
  /** Whether a nonce is new under its key; from now on it is not. `created`: seconds since 1970. */
  use(key: string, nonce: string, created: number): Promise<boolean>
  /** Empties the table whose nonces are too old to be taken. Called by `use` as time goes on. */
  prune(): Promise<void>
}

export interface NoncesOptions {
  readonly db: Db
  readonly wall: Wall
  readonly log: Log
}

/** Seconds of `created` that share a table: the whole window, so two tables are in use at a time. */
const SPAN_S = 2 * SIGNATURE_WINDOW_S
/** Rows in one statement at the most. */
const MOST_ROWS = 1_000

interface Waiting {
  readonly slot: number
  readonly hash: string
  resolve(fresh: boolean): void
  reject(error: unknown): void
}

/** Opens the store over one database. */
export function createNonces({ db, wall, log }: NoncesOptions): Nonces {
  let waiting: Waiting[] = []
  let running = false
  let pruned = -1

  const insert = async (batch: readonly Waiting[]): Promise<void> => {
    // Of equal ones in a batch the first is the new one; the statement tells only that one was.
    const first = new Map<string, Waiting>()
    for (const one of batch) {
      if (first.has(one.hash)) one.resolve(false)
      else first.set(one.hash, one)
    }
    const rows = [...first.values()]
    try {
      const fresh = await insertNonces(db, rows)
      for (const one of rows) one.resolve(fresh.has(one.hash))
    } catch (error) {
      for (const one of rows) one.reject(error)
    }
  }

  const run = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_ROWS)
      waiting = waiting.slice(MOST_ROWS)
      await insert(batch)
    }
    running = false
  }

  const prune = async (): Promise<void> => {
    const span = spanOf(wall.now())
    if (pruned === span) return
    pruned = span
    // Two spans from now: none of its nonces can be taken for another five minutes or more.
    await emptyNonces(db, (span + 2) % NONCE_TABLES)
  }
  const pruneBeside = () => {
    if (pruned === spanOf(wall.now())) return
    prune().catch((error: unknown) => {
      // The table is emptied by another replica, or in the next ten minutes of the ring.
      log.warn({ error }, 'old nonces could not be dropped')
    })
  }

  return {
    prune,
    use: (key, nonce, created) =>
      new Promise((resolve, reject) => {
        pruneBeside()
        const hash = createHash('sha256').update(`${key}\0${nonce}`).digest('hex').slice(0, 32)
        const slot = spanOf(created * 1000) % NONCE_TABLES
        waiting.push({ slot, hash, resolve, reject })
        if (!running) void run()
      }),
  }
}

function spanOf(at: Instant): number {
  return Math.floor(at / 1000 / SPAN_S)
}
