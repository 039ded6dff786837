/**
 * Work with a due time: one row each in `base.due`, planned, done and postponed by effects in the tx
 * of the command that causes it, and found by the sweeper (`due-sweeper.ts`).
 *
 * `attempts` is the number of the last attempt and a fence: `doneDue` and `postponeDue` name the
 * attempt they speak for, and do not move when a later one has begun. It never goes back, not even
 * when the row is postponed; `tries` does, and is what the patience of the sweeper counts.
 */
import { instantColumn, intColumn, jsonColumn, textColumn } from './column.ts'
import type { Db, Tx } from './db.ts'
import type { Effect } from './effect.ts'
import type { Instant } from './world.ts'

export interface PlannedDue {
  orgId: number
  /** `<module>.<verb>_<noun>`, the name of its handler. */
  kind: string
  /** Unique within book and kind; usually the public id of what it is about. */
  key: string
  dueAt: Instant
  /** JSON for the handler. */
  payload: unknown
}

/** Names one attempt at a piece of due work. */
export interface DueAttempt {
  kind: string
  key: string
  attempts: number
}

/** PostgreSQL refuses a statement with a parameter that it mentions nowhere. */
const INSTANT_UNUSED = '$2::timestamptz is not null'

const dueKey = (kind: string, key: string) => `${kind} ${key}`

/** Plans work. One with the same kind and key, dead ones included, stays, and the row does not move. */
export const planDue: Effect<PlannedDue> = {
  name: 'base.plan_due',
  sql: `
    insert into base.due (book_id, org_id, kind, key, due_at, payload)
    select $1, u.org_id, u.kind, u.key, u.due_at, u.payload
    from unnest($3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[])
      as u (org_id, kind, key, due_at, payload)
    where ${INSTANT_UNUSED}
    on conflict (book_id, kind, key) do nothing
    returning kind || ' ' || key as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.kind)),
    textColumn(rows.map((row) => row.key)),
    instantColumn(rows.map((row) => row.dueAt)),
    jsonColumn(rows.map((row) => row.payload)),
  ],
  key: (row) => dueKey(row.kind, row.key),
}

/** Plans work unless work of its kind and key is planned already, which keeps its time; always moves. */
export const ensureDue: Effect<PlannedDue> = {
  name: 'base.ensure_due',
  sql: `
    with u as (
      select * from unnest($3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[])
        as u (org_id, kind, key, due_at, payload)
    ), planned as (
      insert into base.due (book_id, org_id, kind, key, due_at, payload)
      select $1, u.org_id, u.kind, u.key, u.due_at, u.payload from u where ${INSTANT_UNUSED}
      on conflict (book_id, kind, key) do nothing
    )
    select kind || ' ' || key as moved from u`,
  columns: planDue.columns,
  key: planDue.key,
}

/** Ends work in the tx of the command it caused; moves only for the attempt that is the last. */
export const doneDue: Effect<DueAttempt> = {
  name: 'base.done_due',
  sql: `
    delete from base.due d
    using unnest($3::text[], $4::text[], $5::int[]) as u (kind, key, attempts)
    where d.book_id = $1 and d.kind = u.kind and d.key = u.key and d.attempts = u.attempts
      and ${INSTANT_UNUSED}
    returning d.kind || ' ' || d.key as moved`,
  columns: attemptColumns,
  key: (row) => dueKey(row.kind, row.key),
}

/** Sets work to a later time with fresh patience, for example "not settled yet, ask again". */
export const postponeDue: Effect<DueAttempt & { dueAt: Instant }> = {
  name: 'base.postpone_due',
  sql: `
    update base.due d set due_at = u.due_at, tries = 0, last_error = null
    from unnest($3::text[], $4::text[], $5::int[], $6::timestamptz[])
      as u (kind, key, attempts, due_at)
    where d.book_id = $1 and d.kind = u.kind and d.key = u.key and d.attempts = u.attempts
      and d.dead_at is null and ${INSTANT_UNUSED}
    returning d.kind || ' ' || d.key as moved`,
  columns: (rows) => [...attemptColumns(rows), instantColumn(rows.map((row) => row.dueAt))],
  key: (row) => dueKey(row.kind, row.key),
}

/**
 * Takes work away whether or not it is there, running attempts included; always moves. An attempt that
 * runs finds nothing left to end, so its handler must take the work away in the same manner.
 */
export const forgetDue: Effect<{ kind: string; key: string }> = {
  name: 'base.forget_due',
  sql: `
    with u as (select * from unnest($3::text[], $4::text[]) as u (kind, key)),
    gone as (
      delete from base.due d using u
      where d.book_id = $1 and d.kind = any($3::text[]) and d.key = any($4::text[])
        and d.kind = u.kind and d.key = u.key and ${INSTANT_UNUSED}
    )
    select kind || ' ' || key as moved from u`,
  columns: (rows) => [
    textColumn(rows.map((row) => row.kind)),
    textColumn(rows.map((row) => row.key)),
  ],
  key: (row) => dueKey(row.kind, row.key),
}

function attemptColumns(rows: readonly DueAttempt[]): unknown[] {
  return [rows.map((row) => row.kind), rows.map((row) => row.key), rows.map((row) => row.attempts)]
}

export interface DeadDue {
  book: number
  orgId: number
  kind: string
  key: string
  attempts: number
  lastError: string
  deadAt: Instant
  payload: unknown
}

/** Work the sweeper has given up, the longest dead first. */
export async function listDead(
  tx: Tx,
  { book, limit = 100 }: { book?: number; limit?: number } = {},
): Promise<DeadDue[]> {
  const rows = await tx.query<Omit<DeadDue, 'deadAt'> & { deadAt: Date }>(
    `select book_id as book, org_id as "orgId", kind, key, attempts,
            coalesce(last_error, '') as "lastError", dead_at as "deadAt", payload
     from base.due where dead_at is not null and ($1::int is null or book_id = $1)
     order by dead_at, book_id, kind, key limit $2`,
    [book ?? null, limit],
  )
  return rows.map((row) => ({ ...row, deadAt: row.deadAt.getTime() }))
}

/** Gives dead work another chance, due at `at`. `false` when it is not dead, or not there. */
export async function reviveDead(
  db: Db | Tx,
  { book, kind, key, at }: { book: number; kind: string; key: string; at: Instant },
): Promise<boolean> {
  const moved = await db.query(
    `update base.due set dead_at = null, tries = 0, due_at = $4
     where book_id = $1 and kind = $2 and key = $3 and dead_at is not null returning 1`,
    [book, kind, key, new Date(at)],
  )
  return moved.length === 1
}
