/** All SQL of the audit log but its effect's. */
import type { Instant, Tx } from '#base'
import type { Head } from './chain.ts'
import { entryColumns } from './effects.ts'
import type { AuditActor, AuditEntry } from './entry.ts'
import type { StoredEntry } from './entry-hash.ts'
import type { EntryFilter, EntryPlace, RecordedEntry } from './reads.ts'

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

interface EntryRow {
  book: number
  seq: bigint
  at: Date
  orgId: number
  kind: AuditActor['kind']
  id: string
  person: string
  from: string
  action: string
  object: string
  before: string | null
  after: string | null
  approval: string | null
  requestId: string | null
  hash: Buffer
}

/** Where an entry stands in the order of time. */
interface TimePlace {
  at: Date
  book: number
  seq: bigint
}

/** The place of an organisation's entry; `undefined` when it has none there. */
export async function findEntry(
  tx: Tx,
  orgId: number,
  { book, seq }: EntryPlace,
): Promise<TimePlace | undefined> {
  const rows = await tx.query<TimePlace>(
    `select at, book_id as book, seq from audit.entry
     where org_id = $1 and book_id = $2 and seq = $3`,
    [orgId, book, seq],
  )
  return rows[0]
}

/** Entries of an organisation, the newest first, older than `after`. */
export async function findEntries(
  tx: Tx,
  filter: EntryFilter,
  after: TimePlace | undefined,
): Promise<RecordedEntry[]> {
  const { orgId, object, actor, person, action, book, since, until, limit } = filter
  const rows = await tx.query<EntryRow>(
    `select book_id as book, seq, at, org_id as "orgId", actor_kind as kind, actor_id as id,
            actor_person as person, from_address as "from", action, object, before, after, approval,
            request_id as "requestId", hash
     from audit.entry
     where org_id = $1 and ($2::text is null or object = $2)
       and ($3::text is null or actor_id = $3) and ($4::text is null or actor_person = $4)
       and ($5::text is null or action = $5) and ($6::int is null or book_id = $6)
       and ($7::timestamptz is null or at >= $7) and ($8::timestamptz is null or at < $8)
       and ($9::timestamptz is null or (at, book_id, seq) < ($9, $10::int, $11::int8))
     order by at desc, book_id desc, seq desc limit $12`,
    [
      ...[orgId, object ?? null, actor ?? null, person ?? null, action ?? null, book ?? null],
      ...[since, until].map((at) => (at === undefined ? null : new Date(at))),
      ...[after?.at ?? null, after?.book ?? null, after?.seq ?? null, limit],
    ],
  )
  return rows.map(entryOf)
}

function entryOf(row: EntryRow): RecordedEntry {
  const { seq, at, kind, id, person, before, after, approval, requestId, hash, ...same } = row
  return {
    ...same,
    seq: Number(seq),
    at: at.getTime(),
    actor: { kind, id, person },
    ...(before !== null && { before: JSON.parse(before) }),
    ...(after !== null && { after: JSON.parse(after) }),
    ...(approval !== null && { approval }),
    ...(requestId !== null && { requestId }),
    hash: hash.toString('hex'),
  }
}
