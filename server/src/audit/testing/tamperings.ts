/**
 * What somebody who may do everything in the database can do to the log, each way with the number of
 * an entry its findings must name.
 */
import type { Rng, Tx } from '#base'
import { auditEffect, type FindingKind } from '../index.ts'
import { entryOf } from './ground.ts'

/** A number of an entry with at least one before and one after it. */
const middle = (size: number, rng: Rng) => 2 + rng.below(size - 2)

/** Recomputes hashes from an entry on with the database's own function, as an insider would. */
async function rewrite(tx: Tx, book: number, from: number): Promise<void> {
  await tx.query(
    'create temp table kept on commit drop as select * from audit.entry where book_id = $1 and seq >= $2',
    [book, from],
  )
  await tx.query('delete from audit.entry where book_id = $1 and seq >= $2', [book, from])
  await tx.query(
    `update audit.head set seq = $2::int8 - 1, hash = coalesce(
       (select hash from audit.entry where book_id = $1 and seq = $2::int8 - 1),
       decode(repeat('00', 32), 'hex')) where book_id = $1`,
    [book, from],
  )
  await tx.query(
    `select audit.append($1, k.at, array[k.org_id], array[k.actor_kind], array[k.actor_id],
       array[k.actor_person], array[k.from_address], array[k.action], array[k.object],
       array[k.before], array[k.after], array[k.approval], array[k.request_id])
     from (select * from kept order by seq) k`,
    [book],
  )
  await tx.query('drop table kept')
}

const EDITS: readonly (readonly [string, string])[] = [
  ['at', "at + interval '1 microsecond'"],
  ['org_id', 'org_id + 1'],
  ['actor_kind', "case actor_kind when 'user' then 'operator' else 'user' end"],
  ['actor_id', "actor_id || '1'"],
  ['actor_person', "''"],
  ['from_address', "'203.0.113.9'"],
  ['action', "'identity.revoke_role'"],
  ['object', "object || 'x'"],
  ['before', 'null'],
  ['after', "replace(after, ':', ': ')"],
  ['approval', "''"],
  ['request_id', 'approval'],
  ['prev_hash', "sha256('x')"],
  ['hash', "sha256('x')"],
]

export interface Tampering {
  /** The number the findings must point at. */
  readonly at: number
  readonly kinds: readonly FindingKind[]
  readonly work: (tx: Tx) => Promise<unknown>
}

/** Each makes one for a book with `size` entries. */
export const TAMPERINGS: Readonly<
  Record<string, (book: number, size: number, rng: Rng) => Tampering>
> = {
  ...Object.fromEntries(
    EDITS.map(([column, value]) => [
      `an edit of ${column}`,
      (book, size, rng): Tampering => {
        const at = 1 + rng.below(size)
        const sql = `update audit.entry set ${column} = ${value} where book_id = $1 and seq = $2`
        return { at, kinds: ['edited'], work: (tx) => tx.query(sql, [book, at]) }
      },
    ]),
  ),
  'an edit with the entry hashed anew': (book, size, rng) => {
    const seq = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query("update audit.entry set object = 'usr_0_9' where book_id = $1 and seq = $2", [
        book,
        seq,
      ])
      await tx.query(
        'create temp table rest on commit drop as select * from audit.entry where book_id = $1 and seq > $2',
        [book, seq],
      )
      await tx.query('delete from audit.entry where book_id = $1 and seq > $2', [book, seq])
      const [head] = await tx.query<{ seq: bigint; hash: Buffer }>(
        'select seq, hash from audit.head where book_id = $1',
        [book],
      )
      await rewrite(tx, book, seq)
      await tx.query('insert into audit.entry select * from rest')
      await tx.query('drop table rest')
      await tx.query('update audit.head set seq = $2, hash = $3 where book_id = $1', [
        book,
        head!.seq,
        head!.hash,
      ])
    }
    return { at: seq + 1, kinds: ['unlinked'], work }
  },
  'a deletion in the middle': (book, size, rng) => {
    const at = middle(size, rng)
    const sql = 'delete from audit.entry where book_id = $1 and seq = $2'
    return { at, kinds: ['missing'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'a deletion with the rest moved down': (book, size, rng) => {
    const at = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq = $2', [book, at])
      await tx.query('update audit.entry set seq = seq + 1000000 where book_id = $1 and seq > $2', [
        book,
        at,
      ])
      await tx.query(
        'update audit.entry set seq = seq - 1000001 where book_id = $1 and seq > 1000000',
        [book],
      )
      await tx.query('update audit.head set seq = seq - 1 where book_id = $1', [book])
    }
    return { at, kinds: ['reordered'], work }
  },
  'a truncation with the head moved back': (book, size, rng) => {
    const at = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq >= $2', [book, at])
      await tx.query(
        `update audit.head set seq = e.seq, hash = e.hash from audit.entry e
         where head.book_id = $1 and e.book_id = $1 and e.seq = $2`,
        [book, at - 1],
      )
    }
    return { at, kinds: ['truncated'], work }
  },
  'a truncation that leaves the head': (book, size, rng) => {
    const at = middle(size, rng)
    const sql = 'delete from audit.entry where book_id = $1 and seq >= $2'
    return { at, kinds: ['truncated'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'a book taken away whole': (book) => {
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1', [book])
      await tx.query('delete from audit.head where book_id = $1', [book])
    }
    return { at: 1, kinds: ['truncated'], work }
  },
  'two entries exchanged': (book, size, rng) => {
    const at = 1 + rng.below(size - 1)
    const other = at + 1 + rng.below(size - at)
    const sql = 'update audit.entry set seq = $3 where book_id = $1 and seq = $2'
    const work = async (tx: Tx) => {
      await tx.query(sql, [book, at, 1_000_000])
      await tx.query(sql, [book, other, at])
      await tx.query(sql, [book, 1_000_000, other])
    }
    return { at, kinds: ['reordered'], work }
  },
  'an entry put in between': (book, size, rng) => {
    const at = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query(
        'update audit.entry set seq = seq + 1000000 where book_id = $1 and seq >= $2',
        [book, at],
      )
      await tx.query(
        'update audit.entry set seq = seq - 999999 where book_id = $1 and seq >= 1000000',
        [book],
      )
      await tx.query(
        `insert into audit.entry select book_id, $2, at, org_id, actor_kind, actor_id, actor_person,
           from_address, action, 'usr_0_9', before, after, approval, request_id, prev_hash, hash
         from audit.entry where book_id = $1 and seq = $2::int8 - 1`,
        [book, at],
      )
      await tx.query('update audit.head set seq = seq + 1 where book_id = $1', [book])
    }
    return { at, kinds: ['edited', 'reordered'], work }
  },
  'an entry put behind the end': (book, size) => {
    const at = size + 1
    const work = async (tx: Tx) => {
      const [head] = await tx.query<{ seq: bigint; hash: Buffer }>(
        'select seq, hash from audit.head where book_id = $1',
        [book],
      )
      await applyAppend(tx, book)
      await tx.query('update audit.head set seq = $2, hash = $3 where book_id = $1', [
        book,
        head!.seq,
        head!.hash,
      ])
    }
    return { at, kinds: ['head_moved'], work }
  },
  'the chain written anew from an entry on': (book, size, rng) => {
    const at = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query(
        "update audit.entry set actor_id = 'usr_0_9' where book_id = $1 and seq = $2",
        [book, at],
      )
      await rewrite(tx, book, at)
    }
    return { at, kinds: ['forked'], work }
  },
  'the chain written anew without an entry, and gone on': (book, size, rng) => {
    const at = middle(size, rng)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq = $2', [book, at])
      await rewrite(tx, book, at)
      for (let n = 0; n < 3; n += 1) await applyAppend(tx, book)
    }
    return { at, kinds: ['forked'], work }
  },
  'the head replaced': (book, size) => {
    const sql = "update audit.head set hash = sha256('x') where book_id = $1"
    const at = size
    return { at, kinds: ['head_replaced'], work: (tx) => tx.query(sql, [book]) }
  },
  'the head moved back': (book, size, rng) => {
    const at = middle(size, rng)
    const sql = `update audit.head set seq = e.seq, hash = e.hash from audit.entry e
                 where head.book_id = $1 and e.book_id = $1 and e.seq = $2`
    return { at: at + 1, kinds: ['head_moved'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'the head taken away': (book, size) => {
    const sql = 'delete from audit.head where book_id = $1'
    const at = size
    return { at, kinds: ['head_missing'], work: (tx) => tx.query(sql, [book]) }
  },
}

/** Adds an entry as the server does. */
export function applyAppend(tx: Tx, book: number): Promise<unknown> {
  const params = auditEffect.columns([entryOf(999)])
  return tx.query(auditEffect.sql, [book, new Date(1_790_000_000_000), ...params])
}
