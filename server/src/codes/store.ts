/** All SQL of the codes: published versions, and the inbox of unmapped codes. */
import type { Instant, Tx } from '#base'
import type { Cause, Certainty, Retry } from './classification.ts'
import type { CodeRow } from './code-row.ts'
import type { Direction } from './direction.ts'

export interface InboxItem {
  readonly channel: string
  readonly direction: Direction
  readonly code: string
  /** Attempts that ended with it while it was unmapped. */
  readonly count: bigint
  readonly firstSeen: Instant
  readonly lastSeen: Instant
  /** Public id of the attempt that met it last. */
  readonly sample: string
  /** The version that classified it. */
  readonly classifiedIn?: number
}

/** A code that was met and stands in no list. */
export interface UnmappedCode {
  readonly channel: string
  readonly direction: Direction
  readonly code: string
  readonly count: number
  readonly at: Instant
  readonly sample: string
}

/** The number of the newest published version, 0 when there is none. */
export async function newestVersion(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from codes.version',
  )
  return row!.version
}

/** Published rows up to a version, the oldest first. */
export async function publishedRows(tx: Tx, upTo: number): Promise<CodeRow[]> {
  const rows = await tx.query<{
    list: string
    direction: Direction | 'any'
    code: string
    cause: Cause | null
    reason: string
    certainty: Certainty
    retry: Retry
    zh: string
    en: string
  }>(
    `select list, direction, code, cause, reason, certainty, retry, text_zh as zh, text_en as en
     from codes.entry where version <= $1 order by version, list, direction, code`,
    [upTo],
  )
  return rows.map(({ cause, zh, en, ...row }) => ({
    ...row,
    ...(cause !== null && { cause }),
    text: { zh, en },
  }))
}

/** Writes a version after the newest; two at once collide on its number, and one of them fails. */
export async function insertVersion(
  tx: Tx,
  of: {
    readonly at: Instant
    readonly by: string
    readonly note: string
    readonly row: CodeRow
    /** The channels that use the row's list. */
    readonly channels: readonly string[]
  },
): Promise<number> {
  const { at, by, note, row } = of
  const [made] = await tx.query<{ version: number }>(
    `insert into codes.version (version, made_at, made_by, note)
     select coalesce(max(version), 0) + 1, $1, $2, $3 from codes.version returning version`,
    [new Date(at), by, note],
  )
  const version = made!.version
  await tx.query(
    `insert into codes.entry
       (version, list, direction, code, cause, reason, certainty, retry, text_zh, text_en)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[version, row.list, row.direction, row.code, row.cause ?? null, row.reason],
      ...[row.certainty, row.retry, row.text.zh, row.text.en],
    ],
  )
  await tx.query(
    `update codes.inbox set classified_in = $1
     where list = any ($2::text[]) and code = $3 and (direction = $4 or $4 = 'any') and classified_in is null`,
    [version, of.channels, row.code, row.direction],
  )
  return version
}

/** Adds to the inbox. Call it in the tx that counts the attempts, so that each counts once. */
export async function noteUnmapped(tx: Tx, codes: readonly UnmappedCode[]): Promise<void> {
  if (codes.length === 0) return
  await tx.query(
    `insert into codes.inbox as i (list, direction, code, count, first_seen, last_seen, sample)
     select u.list, u.direction, u.code, sum(u.count), min(u.at), max(u.at),
            (array_agg(u.sample order by u.at desc, u.sample))[1]
     from unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::timestamptz[], $6::text[])
       as u (list, direction, code, count, at, sample)
     group by u.list, u.direction, u.code
     order by u.list, u.direction, u.code
     on conflict (list, direction, code) do update set
       count = i.count + excluded.count,
       first_seen = least(i.first_seen, excluded.first_seen),
       last_seen = greatest(i.last_seen, excluded.last_seen),
       sample = case when excluded.last_seen >= i.last_seen then excluded.sample else i.sample end`,
    [
      codes.map((one) => one.channel),
      codes.map((one) => one.direction),
      codes.map((one) => one.code),
      codes.map((one) => one.count),
      codes.map((one) => new Date(one.at)),
      codes.map((one) => one.sample),
    ],
  )
}

/** Whether an attempt ended with a code while it was unmapped. */
export async function wasMet(
  tx: Tx,
  key: { channel: string; direction: Direction; code: string },
): Promise<boolean> {
  const rows = await tx.query(
    'select 1 from codes.inbox where list = $1 and direction = $2 and code = $3',
    [key.channel, key.direction, key.code],
  )
  return rows.length > 0
}

/** What waits to be classified, or all that ever came; the most frequent first. */
export async function listInbox(tx: Tx, of: { all: boolean; limit: number }): Promise<InboxItem[]> {
  const rows = await tx.query<
    Omit<InboxItem, 'firstSeen' | 'lastSeen' | 'classifiedIn'> & {
      first_seen: Date
      last_seen: Date
      classified_in: number | null
    }
  >(
    `select list as channel, direction, code, count, first_seen, last_seen, sample, classified_in
     from codes.inbox where $1 or classified_in is null
     order by count desc, list, direction, code limit $2`,
    [of.all, of.limit],
  )
  return rows.map(({ first_seen, last_seen, classified_in, ...row }) => ({
    ...row,
    firstSeen: first_seen.getTime(),
    lastSeen: last_seen.getTime(),
    ...(classified_in !== null && { classifiedIn: classified_in }),
  }))
}
