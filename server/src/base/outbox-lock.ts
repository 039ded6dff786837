/**
 * The lock that lets one relay at a time work on a stream. It belongs to a connection: when that is
 * lost, so is the lock, and whoever held it must ask `stands` before it goes on.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Db } from './db.ts'

/** The events of one book on their way to one subscriber. */
export interface Stream {
  book: number
  subscriber: string
}

export const nameOf = ({ book, subscriber }: Stream) => `${book} ${subscriber}`

export interface HeldLock {
  /** Whether the lock still stands; it falls with its connection. */
  stands(): boolean
  release(): Promise<void>
}

/** Advisory locks on one connection, opened when first needed and again after it is lost. */
export function streamLocks(db: Db) {
  let client: pg.Client | undefined
  let queue: Promise<unknown> = Promise.resolve()
  /** PostgreSQL lets a session take its own lock again; one relay must not. */
  const mine = new Set<string>()

  /** The connection takes one statement at a time. */
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = queue.then(step)
    queue = done.catch(() => undefined)
    return done
  }

  const connected = async (): Promise<pg.Client> => {
    if (client !== undefined) return client
    const opened = await db.connect({ applicationName: 'tenon outbox relay' })
    const lost = () => {
      if (client === opened) client = undefined
    }
    opened.on('error', lost)
    opened.on('end', lost)
    client = opened
    return opened
  }

  return {
    /** The lock of a stream, `undefined` when another relay, or this one, has it. */
    take: (stream: Stream): Promise<HeldLock | undefined> =>
      inTurn(async () => {
        const key = lockKey(stream)
        if (mine.has(key)) return undefined
        const on = await connected()
        const { rows } = await on.query('select pg_try_advisory_lock($1) as got', [key])
        if (rows[0].got !== true) return undefined
        mine.add(key)
        return {
          stands: () => client === on,
          release: () =>
            inTurn(async () => {
              mine.delete(key)
              if (client !== on) return
              // Not unlocked means not connected: the server has freed it, or will.
              await on.query('select pg_advisory_unlock($1)', [key]).catch(() => undefined)
            }),
        }
      }),
    end: () =>
      inTurn(async () => {
        await client?.end()
        client = undefined
      }),
  }
}

function lockKey(stream: Stream): string {
  const hash = createHash('sha256')
    .update(`outbox ${nameOf(stream)}`)
    .digest()
  return hash.readBigInt64BE(0).toString()
}
