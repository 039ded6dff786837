/** A pool whose answers to chosen statements wait at a gate: what they say is then of an earlier time. */
import type { Db } from '../src/base/db.ts'

export interface Gate {
  /** Puts the gate before the answers of a pool. */
  before(db: Db): Db
  /** From now on answers to statements that match wait. */
  shut(statements: RegExp): void
  /** Resolves when an answer waits. */
  reached(): Promise<void>
  open(): void
}

export function createGate(): Gate {
  let matching: RegExp | undefined
  let opened = () => {}
  let opening: Promise<void> = Promise.resolve()
  let arrive = () => {}
  let arrival: Promise<void> = Promise.resolve()
  return {
    before: (db) => ({
      ...db,
      query: async (sql, params) => {
        const rows = await db.query(sql, params)
        if (matching?.test(sql) === true) {
          arrive()
          await opening
        }
        return rows as never
      },
    }),
    shut: (statements) => {
      matching = statements
      opening = new Promise((resolve) => {
        opened = resolve
      })
      arrival = new Promise((resolve) => {
        arrive = resolve
      })
    },
    reached: () => arrival,
    open: () => {
      matching = undefined
      opened()
    },
  }
}
