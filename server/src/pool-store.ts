import { type Db, HttpProblem, httpProblem } from './base/index.ts'

/** Held until the tx ends, so that servers that start together open a pool once. */
export const LOCK_POOLS = 'select pg_advisory_xact_lock(7663020001)'

/** Runs `work` while nobody else looks for a pool or makes one. */
export function lockingPools<T>(db: Db, work: () => Promise<T>): Promise<T> {
  return db.tx(async (tx) => {
    await tx.query(LOCK_POOLS)
    return work()
  })
}

/** Whose pool is not known yet is asked again: by the bank with its notice, by callers with theirs. */
export const poolNotKnown = () => new HttpProblem({ ...httpProblem('not_here'), retryAfterS: 1 })
