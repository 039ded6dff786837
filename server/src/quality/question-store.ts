/**
 * The statement for those ends of a question's window that are no whole days (`day-counts.ts` has
 * those), and for questions per hour: whole hours from the counts per hour, the rest, and all that is
 * about banks, account types or amounts, from the attempts themselves.
 *
 * Endings arrive sorted into buckets by the caller, who knows what their codes mean; the database sees
 * no cause and no rate.
 */
import type { Instant, Tx } from '#base'
import { DAY_MS, HOUR_MS } from './maturity.ts'

/** What divides segments. */
export const SEGMENT_DIMENSIONS = ['bank', 'account_type', 'band'] as const

export type SegmentDimension = (typeof SEGMENT_DIMENSIONS)[number]

export interface Tally {
  readonly from: Instant
  readonly to: Instant
  readonly endings: readonly number[]
  /** Beside `endings`: the bucket each is counted in. */
  readonly buckets: readonly number[]
  readonly where: Partial<Readonly<Record<SegmentDimension, readonly string[]>>>
  readonly by: readonly SegmentDimension[]
  readonly time?: 'day' | 'hour'
}

export interface TallyRow {
  readonly bucket: number
  /** Shanghai days or hours since 1970; 0 when it was not asked for. */
  readonly slot: number
  readonly bank?: string
  readonly account_type?: string
  readonly band?: string
  readonly n: bigint
}

/** Attempts per bucket, segment and time. */
export async function tally(tx: Tx, of: Tally): Promise<TallyRow[]> {
  if (of.from >= of.to || of.endings.length === 0) return []
  const params: unknown[] = [of.endings, of.buckets]
  const add = (value: unknown) => `$${params.push(value)}`
  const isFine = of.by.length > 0 || Object.keys(of.where).length > 0
  const pieces = isFine ? [attemptPiece(of, of.from, of.to, add, true)] : coarsePieces(of, add)
  const cells = `select b.bucket, p.slot, p.segment, sum(p.n)::int8 as n
    from (${pieces.join('\nunion all\n')}) p join bucket b on b.ending = p.ending group by 1, 2, 3`
  const wanted = Object.entries(of.where).map(
    ([dimension, values]) => `s.${dimension} = any (${add(values)}::text[])`,
  )
  const columns = of.by.map((dimension) => `, s.${dimension}`).join('')
  const sql = `
    with bucket as materialized (select * from unnest($1::int[], $2::int[]) as b (ending, bucket)),
    cell as (${cells})
    select c.bucket, c.slot${columns}, sum(c.n)::int8 as n from cell c
    ${isFine ? 'join quality.segment s on s.id = c.segment' : ''}
    ${wanted.length > 0 ? `where ${wanted.join(' and ')}` : ''}
    group by c.bucket, c.slot${columns}`
  return tx.query<TallyRow>(sql, params)
}

type Add = (value: unknown) => string

/** Whole hours from the counts per hour, the rest from the attempts. */
function coarsePieces(of: Tally, add: Add): string[] {
  const first = Math.ceil(of.from / HOUR_MS)
  const last = Math.floor(of.to / HOUR_MS)
  if (first >= last) return [attemptPiece(of, of.from, of.to, add, false)]
  const slot = of.time === 'day' ? '(hour + 8) / 24' : of.time === 'hour' ? 'hour' : '0'
  return [
    `select ending, 0 as segment, ${slot} as slot, n from quality.hour
     where hour >= ${add(first)}::int and hour < ${add(last)}::int`,
    ...endPieces(of, first * HOUR_MS, last * HOUR_MS, add, false),
  ]
}

function endPieces(of: Tally, from: Instant, to: Instant, add: Add, fine: boolean): string[] {
  return [
    ...(of.from < from ? [attemptPiece(of, of.from, from, add, fine)] : []),
    ...(to < of.to ? [attemptPiece(of, to, of.to, add, fine)] : []),
  ]
}

function attemptPiece(
  { time }: Tally,
  from: Instant,
  to: Instant,
  add: Add,
  fine: boolean,
): string {
  const ms = 'extract(epoch from made_at)'
  const slot =
    time === 'day'
      ? `floor((${ms} + 28800) / ${DAY_MS / 1_000})::int`
      : time === 'hour'
        ? `floor(${ms} / ${HOUR_MS / 1_000})::int`
        : '0'
  return `select ending, ${fine ? 'segment' : '0 as segment'}, ${slot} as slot, count(*) as n
    from quality.attempt
    where made_at >= ${add(new Date(from))}::timestamptz and made_at < ${add(new Date(to))}::timestamptz
    group by 1, 2, 3`
}
