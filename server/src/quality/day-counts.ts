/**
 * The counts per day, kept in memory: ninety days of a busy house are a million cells, twelve megabytes,
 * and are summed in a few milliseconds where the database takes hundreds.
 *
 * Memory is a copy and never the truth: each question asks which fold moved each day last, and a day
 * that has moved since is read again whole. Two servers therefore need not tell each other anything.
 */
import type { Tx } from '#base'
import type { SegmentDimension, Tally, TallyRow } from './question-store.ts'
import { dayCells, daysMoved, type Segment, segmentsAfter } from './store.ts'

export interface DayCounts {
  /** Attempts per bucket, segment and, when asked, day; days from `first` up to and without `last`. */
  tally(tx: Tx, of: Tally, days: { first: number; last: number }): Promise<TallyRow[]>
}

interface Day {
  readonly fold: bigint
  /** Ending, segment and n, cell after cell. */
  readonly cells: Int32Array
}

/** Days kept at most; those longest ago are let go first. */
const MOST_DAYS = 800
/** Days read by one statement. */
const AT_ONCE = 16

/** An empty copy; it fills with the days that are asked about. */
export function dayCounts(): DayCounts {
  const days = new Map<number, Day>()
  const segments: ({ id: number } & Segment)[] = []

  /** The cells of these days; what is read is kept for the next question. */
  const cellsOf = async (tx: Tx, moved: Awaited<ReturnType<typeof daysMoved>>) => {
    const found = new Map<number, Int32Array>()
    for (const { day, fold } of moved) {
      const kept = days.get(day)
      if (kept?.fold === fold) found.set(day, kept.cells)
    }
    const stale = moved.map(({ day }) => day).filter((day) => !found.has(day))
    for (let i = 0; i < stale.length; i += AT_ONCE) {
      for (const { day, fold, cells: bytes } of await dayCells(tx, stale.slice(i, i + AT_ONCE))) {
        const cells = integersOf(bytes)
        found.set(day, cells)
        days.set(day, { fold, cells })
      }
    }
    const kept = [...days.keys()].sort((a, b) => b - a)
    for (const day of kept.slice(MOST_DAYS)) days.delete(day)
    return found
  }

  return {
    tally: async (tx, of, { first, last }) => {
      const cells = await cellsOf(tx, await daysMoved(tx, first, last))
      for (const one of await segmentsAfter(tx, segments.at(-1)?.id ?? 0)) {
        if (one.id > (segments.at(-1)?.id ?? 0)) segments.push(one)
      }
      return sum(cells, of, groupSegments(segments, of))
    },
  }
}

/** The bytes as whole numbers of this machine. */
function integersOf(bytes: Buffer): Int32Array {
  const integers = new Int32Array(bytes.length / 4)
  for (let i = 0; i < integers.length; i += 1) integers[i] = bytes.readInt32BE(i * 4)
  return integers
}

interface Groups {
  /** By the number of a segment: its group, −1 when it is not asked for. */
  readonly of: Int32Array
  readonly values: Partial<Record<SegmentDimension, string>>[]
}

function groupSegments(
  segments: readonly ({ id: number } & Segment)[],
  { by, where }: Tally,
): Groups {
  const of = new Int32Array((segments.at(-1)?.id ?? 0) + 1).fill(-1)
  const values: Partial<Record<SegmentDimension, string>>[] = []
  const known = new Map<string, number>()
  for (const { id, bank, accountType, band } of segments) {
    const all = { bank, account_type: accountType, band }
    const wanted = Object.entries(where).every(([dimension, wantedValues]) =>
      wantedValues.includes(all[dimension as SegmentDimension]),
    )
    if (!wanted) continue
    const shown = Object.fromEntries(by.map((dimension) => [dimension, all[dimension]]))
    const key = JSON.stringify(shown)
    const group = known.get(key) ?? values.push(shown) - 1
    known.set(key, group)
    of[id] = group
  }
  return { of, values }
}

function sum(
  days: ReadonlyMap<number, Int32Array>,
  { endings, buckets, time }: Tally,
  groups: Groups,
): TallyRow[] {
  const bucketOf = new Int32Array(endings.reduce((most, id) => Math.max(most, id), 0) + 1).fill(-1)
  endings.forEach((id, i) => {
    bucketOf[id] = buckets[i]!
  })
  const width = groups.values.length
  const size = (buckets.reduce((most, bucket) => Math.max(most, bucket), 0) + 1) * width
  const rows: TallyRow[] = []
  // Counts of attempts stay far below 2^53, so doubles hold them exactly.
  let sums = new Float64Array(size)
  const tell = (slot: number) => {
    sums.forEach((n, at) => {
      if (n === 0) return
      const bucket = Math.floor(at / width)
      rows.push({ bucket, slot, ...groups.values[at % width], n: BigInt(n) })
    })
  }
  for (const [day, cells] of days) {
    for (let i = 0; i < cells.length; i += 3) {
      const bucket = bucketOf[cells[i]!] ?? -1
      const group = groups.of[cells[i + 1]!] ?? -1
      if (bucket >= 0 && group >= 0) sums[bucket * width + group]! += cells[i + 2]!
    }
    if (time === 'day') {
      tell(day)
      sums = new Float64Array(size)
    }
  }
  if (time !== 'day') tell(0)
  return rows
}
