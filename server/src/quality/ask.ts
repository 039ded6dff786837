/**
 * Questions about success rates: any slice, any window. What a code means is asked at this moment, or
 * taken from a version of the codes; the counts hold codes and no causes.
 *
 * Attempts that are not mature are not in the rates: they are told apart, so that a rate of this hour
 * does not rise only because the failures are still to come.
 */
import type { Instant, Tx } from '#base'
import { type Codes, DIRECTIONS, type Direction } from '#codes'
import type { Ending } from './attempt-state.ts'
import type { DayCounts } from './day-counts.ts'
import { DAY_MS, dayOf, HOUR_MS, matureBefore, startOfDay } from './maturity.ts'
import {
  SEGMENT_DIMENSIONS,
  type SegmentDimension,
  type Tally,
  type TallyRow,
  tally,
} from './question-store.ts'
import {
  addCounts,
  type Counts,
  causeOf,
  countsOf,
  noCounts,
  RATE_NAMES,
  type Rate,
  type RateName,
  rateOf,
} from './rates.ts'

/** What divides endings. Successes have no cause, and the letter S. */
export const ENDING_DIMENSIONS = [
  'direction',
  'channel',
  'code',
  'cause',
  'reason',
  'letter',
  'mapped',
] as const

type EndingDimension = (typeof ENDING_DIMENSIONS)[number]

export const DIMENSIONS = [...ENDING_DIMENSIONS, ...SEGMENT_DIMENSIONS] as const

export type Dimension = (typeof DIMENSIONS)[number]

export interface RateQuestion {
  /** Attempts made from here */
  readonly from: Instant
  /** up to and without here. */
  readonly to: Instant
  readonly where?: Partial<Readonly<Record<Dimension, readonly string[]>>>
  readonly by?: readonly Dimension[]
  readonly time?: 'day' | 'hour'
}

export interface RateRow {
  /** The values of `by`, in its order. */
  readonly group: readonly string[]
  /** When the day or hour begins; absent when no `time` was asked for. */
  readonly at?: Instant
  readonly counts: Readonly<Counts>
  readonly rates: Readonly<Record<RateName, Rate>>
  /** Attempts that have ended and are not mature: they are not in the counts. */
  readonly immature: { readonly attempts: bigint; readonly succeeded: bigint }
}

export interface KnownEnding {
  readonly id: number
  readonly ending: Ending
}

/** How far back hours by bank, account type or amount may reach: they are counted from attempts. */
export const FINE_HOURS_MS = 4 * DAY_MS

/** The answer, a row per group and time, in their order; no row where nothing was tried. */
export async function ask(
  tx: Tx,
  question: RateQuestion,
  on: { endings: readonly KnownEnding[]; days: DayCounts; codes: Codes; now: Instant },
): Promise<RateRow[]> {
  const rows = new Map<string, Cells>()
  for (const { directions, from, to, mature } of windows(question, on.now)) {
    const sorted = sortEndings(question, on, directions)
    const found = await tallyWindow(tx, on.days, { ...tallyOf(question, sorted), from, to })
    for (const row of found) addRow(rows, question, sorted, row, mature)
  }
  return [...rows.values()]
    .filter(({ counts, immature }) => counts.attempts > 0n || immature.attempts > 0n)
    .sort((a, b) => compare(a, b))
    .map(({ group, slot, counts, immature }) => ({
      ...{ group, counts, rates: ratesOf(counts) },
      ...(question.time !== undefined && { at: startOf(question.time, slot) }),
      immature: { attempts: immature.attempts, succeeded: immature.succeeded },
    }))
}

/** Whole days from memory, what is left at the two ends from the database. */
async function tallyWindow(tx: Tx, days: DayCounts, of: Tally): Promise<TallyRow[]> {
  const first = dayOf(of.from - 1) + 1
  const last = dayOf(of.to)
  if (of.time === 'hour' || first >= last) return tally(tx, of)
  return [
    ...(await days.tally(tx, of, { first, last })),
    ...(await tally(tx, { ...of, to: startOfDay(first) })),
    ...(await tally(tx, { ...of, from: startOfDay(last) })),
  ]
}

/** All rates of these counts. */
export function ratesOf(counts: Counts): Record<RateName, Rate> {
  return Object.fromEntries(RATE_NAMES.map((name) => [name, rateOf(name, counts)])) as Record<
    RateName,
    Rate
  >
}

interface Window {
  readonly directions: readonly Direction[]
  readonly from: Instant
  readonly to: Instant
  readonly mature: boolean
}

/** The window up to maturity and the rest; directions with the same bounds share a statement. */
function windows({ from, to }: RateQuestion, now: Instant): Window[] {
  const byCut = new Map<Instant, Direction[]>()
  for (const direction of DIRECTIONS) {
    const cut = Math.max(from, Math.min(to, matureBefore(direction, now)))
    byCut.set(cut, [...(byCut.get(cut) ?? []), direction])
  }
  return [...byCut].flatMap(([cut, directions]) => [
    { directions, from, to: cut, mature: true },
    { directions, from: cut, to, mature: false },
  ])
}

interface Bucket {
  readonly values: Readonly<Partial<Record<Dimension, string>>>
  readonly each: Counts
}

interface Sorted {
  readonly endings: number[]
  readonly places: number[]
  readonly buckets: Bucket[]
}

/** Sorts endings that are asked for into buckets of one meaning for this question. */
function sortEndings(
  { where = {}, by = [] }: RateQuestion,
  { endings, codes }: { endings: readonly KnownEnding[]; codes: Codes },
  directions: readonly Direction[],
): Sorted {
  const sorted: Sorted = { endings: [], places: [], buckets: [] }
  const known = new Map<string, number>()
  for (const { id, ending } of endings) {
    if (!directions.includes(ending.direction)) continue
    const { direction, channel, code } = ending
    const own = codes.classify({ channel, direction, code })
    const last =
      ending.lastChannel === ''
        ? own
        : codes.classify({ channel: ending.lastChannel, direction, code: ending.lastCode })
    const each = countsOf(ending, { own, last })
    const values: Record<EndingDimension, string> = {
      ...{ direction, channel, code },
      cause: each.succeeded === 1n ? '' : causeOf(own),
      reason: each.succeeded === 1n ? 'succeeded' : own.reason,
      letter: each.succeeded === 1n ? 'S' : own.letter,
      mapped: each.succeeded === 1n || own.mapped ? 'yes' : 'no',
    }
    const wanted = ENDING_DIMENSIONS.every(
      (dimension) => where[dimension]?.includes(values[dimension]) ?? true,
    )
    if (!wanted) continue
    const shown = by.map((dimension) => values[dimension as EndingDimension] ?? '')
    const key = JSON.stringify([shown, Object.values(each).map(Number)])
    const place = known.get(key) ?? sorted.buckets.push({ values, each }) - 1
    known.set(key, place)
    sorted.endings.push(id)
    sorted.places.push(place)
  }
  return sorted
}

const isSegment = (dimension: string): dimension is SegmentDimension =>
  (SEGMENT_DIMENSIONS as readonly string[]).includes(dimension)

function tallyOf(
  { where = {}, by = [], time }: RateQuestion,
  sorted: Sorted,
): Omit<Tally, 'from' | 'to'> {
  const ofSegments = Object.entries(where).filter(([dimension]) => isSegment(dimension))
  return {
    ...{ endings: sorted.endings, buckets: sorted.places, by: by.filter(isSegment) },
    where: Object.fromEntries(ofSegments),
    ...(time !== undefined && { time }),
  }
}

interface Cells {
  readonly group: string[]
  readonly slot: number
  readonly counts: Counts
  readonly immature: Counts
}

function addRow(
  rows: Map<string, Cells>,
  { by = [] }: RateQuestion,
  { buckets }: Sorted,
  row: TallyRow,
  mature: boolean,
): void {
  const { values, each } = buckets[row.bucket]!
  const group = by.map((dimension) =>
    isSegment(dimension) ? (row[dimension] ?? '') : (values[dimension] ?? ''),
  )
  const key = JSON.stringify([row.slot, group])
  let cells = rows.get(key)
  if (cells === undefined) {
    cells = { group, slot: row.slot, counts: noCounts(), immature: noCounts() }
    rows.set(key, cells)
  }
  addCounts(mature ? cells.counts : cells.immature, each, row.n)
}

function compare(a: Cells, b: Cells): number {
  if (a.slot !== b.slot) return a.slot - b.slot
  const at = a.group.findIndex((value, i) => value !== b.group[i])
  return at === -1 ? 0 : a.group[at]! < b.group[at]! ? -1 : 1
}

function startOf(time: 'day' | 'hour', slot: number): Instant {
  return time === 'hour' ? slot * HOUR_MS : slot * DAY_MS - 8 * HOUR_MS
}
