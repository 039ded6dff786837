/**
 * Stored answers to requests that carried an `Idempotency-Key`. The answer is written in the tx of
 * what it answers, so a key is known exactly when its work is committed.
 */
import { hexColumn, intColumn, jsonColumn } from './column.ts'
import type { Tx } from './db.ts'
import type { Effect, StoredAnswer } from './effect.ts'
import type { Instant } from './world.ts'

/** Keeps an answer. A key that has one does not move, and so throws its command out as stale. */
export const storeAnswer: Effect<StoredAnswer> = {
  name: 'base.store_answer',
  sql: `
    insert into base.answer (book_id, key_hash, request_hash, org_id, status, body, at)
    select $1, u.key_hash, u.request_hash, u.org_id, u.status, u.body, $2
    from unnest($3::bytea[], $4::bytea[], $5::int[], $6::int[], $7::jsonb[])
      as u (key_hash, request_hash, org_id, status, body)
    on conflict (book_id, key_hash) do nothing
    returning encode(key_hash, 'hex') as moved`,
  columns: (rows) => [
    hexColumn(rows.map((row) => row.keyHash)),
    hexColumn(rows.map((row) => row.requestHash)),
    intColumn(rows.map((row) => row.orgId ?? 0)),
    intColumn(rows.map((row) => row.status)),
    jsonColumn(rows.map((row) => row.body)),
  ],
  key: (row) => row.keyHash,
}

export interface FoundAnswer extends StoredAnswer {
  readonly orgId: number
  readonly at: Instant
}

/**
 * The answer kept for a key (SHA-256, 64 hex digits), or `undefined`. Another `requestHash` than the
 * request's at hand means that the key was used for something else.
 */
export async function findAnswer(
  tx: Tx,
  book: number,
  keyHash: string,
): Promise<FoundAnswer | undefined> {
  const [row] = await tx.query<{
    hash: string
    status: number
    body: unknown
    org: number
    at: Date
  }>(
    `select encode(request_hash, 'hex') as hash, status, body, org_id as org, at
     from base.answer where book_id = $1 and key_hash = $2`,
    [book, Buffer.from(keyHash, 'hex')],
  )
  if (row === undefined) return undefined
  const { hash, status, body, org, at } = row
  return { keyHash, requestHash: hash, status, body, orgId: org, at: at.getTime() }
}
