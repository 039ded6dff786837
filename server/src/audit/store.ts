/** All SQL of the audit log but its effect's. */
import type { Instant, Tx } from '#base'
import type { Head } from './chain.ts'
import { entryColumns } from './effects.ts'
import type { AuditEntry } from './entry.ts'
import type { StoredEntry } from './entry-hash.ts'

/** Adds entries to the chain of a book and keeps it locked until the tx ends. Returns the last number. */
export async function append(
  tx: Tx,
  at: { readonly book: number; readonly now: Instant },
  entries: readonly AuditEntry[],
): Promise<bigint> {
  const rows = await tx.query<{ seq: bigint }>(
    'select audit.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as seq',
    [at.book, new Date(at.now), ...entryColumns(entries)],
  )
  return rows[0]!.seq
}

/** The books that have a chain or the rest of one, in order. */
export async function chainBooks(tx: Tx): Promise<number[]> {
  const rows = await tx.query<{ book: number }>(
    `with recursive found (book) as (
       (select book_id from audit.entry order by book_id limit 1)
       union all
       select (select e.book_id from audit.entry e where e.book_id > f.book
               order by e.book_id limit 1)
       from found f where f.book is not null
     )
     select book from found where book is not null
     union select book_id from audit.head order by 1`,
  )
  return rows.map(({ book }) => book)
}

/** The end of a book's chain; `undefined` when its row is not there. */
export async function readHead(tx: Tx, book: number): Promise<Head | undefined> {
  const rows = await tx.query<{ seq: bigint; hash: Buffer }>(
    'select seq, hash from audit.head where book_id = $1',
    [book],
  )
  return rows[0] && { seq: Number(rows[0].seq), hash: rows[0].hash }
}

/** The ends of all chains at one moment, in the order of their books. */
export async function readHeads(tx: Tx): Promise<(Head & { readonly book: number })[]> {
  const rows = await tx.query<{ book: number; seq: bigint; hash: Buffer }>(
    'select book_id as book, seq, hash from audit.head where seq > 0 order by book_id',
  )
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }))
}

const PAGE = 2_000

/** The entries of a book after a number, in their order. */
export async function* entryPages(
  tx: Tx,
  book: number,
  after: number | undefined,
): AsyncGenerator<readonly StoredEntry[]> {
  let last: number | undefined = after
  for (;;) {
    const rows = await tx.query<Omit<StoredEntry, 'seq'> & { seq: bigint }>(
      `select seq, case when isfinite(at) then (extract(epoch from at) * 1000000)::int8 end as micros,
              org_id as "orgId", actor_kind as "actorKind", actor_id as "actorId",
              actor_person as "actorPerson", from_address as "from", action, object, before, after,
              approval, request_id as "requestId", coalesce(prev_hash, ''::bytea) as previous,
              coalesce(hash, ''::bytea) as hash
       from audit.entry where book_id = $1 and ($2::int8 is null or seq > $2)
       order by seq limit $3`,
      [book, last ?? null, PAGE],
    )
    if (rows.length === 0) return
    const page = rows.map((row) => ({ ...row, seq: Number(row.seq) }))
    yield page
    last = page.at(-1)!.seq
  }
}

/** Held until the tx ends; the number means nothing else. */
const CHECKPOINT_LOCK = 7_204_611_971

/** Whether this tx may write a checkpoint now; of all servers one does at a time. */
export async function lockCheckpoints(tx: Tx): Promise<boolean> {
  const rows = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
    CHECKPOINT_LOCK,
  ])
  return rows[0]!.got
}

/** The last checkpoint as the database remembers it. */
export interface CheckpointNote {
  readonly n: number
  /** SHA-256 of its line, hex. */
  readonly hash: string
  readonly at?: Instant
}

export async function readNote(tx: Tx): Promise<CheckpointNote> {
  const rows = await tx.query<{ n: bigint; hash: Buffer; at: Date | null }>(
    'select n, line_hash as hash, at from audit.checkpoint_end where id = 1',
  )
  const { n, hash, at } = rows[0] ?? { n: 0n, hash: Buffer.alloc(32), at: null }
  return { n: Number(n), hash: hash.toString('hex'), ...(at !== null && { at: at.getTime() }) }
}

/** Remembers a checkpoint that is on the disk. Does nothing when a later one is remembered. */
export async function noteCheckpoint(
  tx: Tx,
  { n, hash }: { readonly n: number; readonly hash: string },
  at: Instant,
): Promise<void> {
  await tx.query('select audit.note_checkpoint($1, $2, $3)', [
    n,
    Buffer.from(hash, 'hex'),
    new Date(at),
  ])
}
