/**
 * How well channels do lately, per direction × channel × bank × account type: a window of five-minute
 * counts that fades by the hour, and breakers over each cell and over the channel as a whole.
 *
 * Everything is counted in whole numbers and moved only by `observe`; the same observation any number
 * of times counts once, and a later one of the same attempt takes the place of the earlier.
 */
import type { Instant } from '#base'
import type { Direction } from '#codes'
import {
  BREAKER_TERMS,
  type Breaker,
  type BreakerTerms,
  breakerAt,
  newBreaker,
  observed,
} from './breaker.ts'
import type { Verdict } from './verdict.ts'

/** What health is kept of. `bank` and `accountType` are empty where they are not known. */
export interface Cell {
  readonly direction: Direction
  readonly channel: string
  readonly bank: string
  readonly accountType: '' | 'personal' | 'corporate'
}

export interface Observation extends Cell {
  /** Public id of the attempt. */
  readonly attempt: string
  readonly verdict: Verdict
  readonly code: string
  readonly madeAt: Instant
  readonly at: Instant
}

export interface HealthTerms {
  readonly bucketMs: number
  readonly buckets: number
  /** After so many buckets a count weighs half. */
  readonly halfLife: number
  /** Older counts are left out once there are so many newer ones. */
  readonly most: number
  /** What is believed of a channel nobody has used, and how many attempts that belief weighs. */
  readonly priorPpm: number
  readonly priorWeight: number
  /** How long a probe that nobody answered keeps others back. */
  readonly probeMs: number
  readonly breaker: BreakerTerms
}

export const HEALTH_TERMS: HealthTerms = {
  bucketMs: 300_000,
  buckets: 72,
  halfLife: 12,
  most: 2_000,
  priorPpm: 990_000,
  priorWeight: 20,
  probeMs: 60_000,
  breaker: BREAKER_TERMS,
}

/** How long an observation matters. */
export const windowMs = (terms: HealthTerms) => terms.bucketMs * terms.buckets

export interface HealthRow extends Cell {
  /** Attempts in the window, fading left out. */
  readonly good: number
  readonly bad: number
  readonly successPpm: number
  readonly breaker: Breaker
}

/** `probe`: closed to others, and one attempt may see whether it is well. */
export type Condition = 'well' | 'probe' | 'down'

export interface Health {
  /** False when it, or a later one of the attempt, was known already. */
  observe(observation: Observation): boolean
  /** Expected success without failures others caused, parts per million. */
  successPpm(cell: Cell, at: Instant): number
  condition(cell: Cell, at: Instant): Condition
  /** Takes the one probe of a cell until it ends or `probeMs` is over. */
  takeProbe(cell: Cell, at: Instant): void
  rows(at: Instant): HealthRow[]
}

interface Counts {
  readonly cell: Cell
  readonly good: Map<number, number>
  readonly bad: Map<number, number>
  /** Faded sums of one bucket's time, until something changes. */
  faded?: { readonly bucket: number; readonly good: number; readonly all: number }
  breaker: Breaker
  probeAt: Instant | undefined
}

/** A count weighs a thousand when it is new. */
const NEW = 1_000
const PPM = 1_000_000
const RECENT_BUCKETS = 2
const MOST_ATTEMPTS = 200_000

export function createHealth(terms: HealthTerms = HEALTH_TERMS): Health {
  const cells = new Map<string, Counts>()
  const known = new Map<string, Observation>()
  const weights = Array.from({ length: terms.buckets }, (_, age) =>
    Math.round(NEW * 0.5 ** (age / terms.halfLife)),
  )
  const bucketOf = (at: Instant) => Math.floor(at / terms.bucketMs)

  const countsOf = (cell: Cell): Counts => {
    const key = keyOf(cell)
    let counts = cells.get(key)
    if (counts === undefined) {
      counts = {
        cell: cellOf(cell),
        good: new Map(),
        bad: new Map(),
        breaker: newBreaker(terms.breaker),
        probeAt: undefined,
      }
      cells.set(key, counts)
    }
    return counts
  }

  const count = ({ verdict, at, ...cell }: Observation, by: 1 | -1) => {
    if (verdict !== 'good' && verdict !== 'bad') return
    const [own, byType, channel] = levels(cell)
    // Without an account type the middle level is the last one.
    for (const level of cell.accountType === '' ? [own, channel] : [own, byType, channel]) {
      const counts = countsOf(level)
      const side = counts[verdict]
      side.set(bucketOf(at), (side.get(bucketOf(at)) ?? 0) + by)
      delete counts.faded
      trim(counts, bucketOf(at) - terms.buckets)
    }
  }

  const fade = (counts: Counts, at: Instant): { good: number; all: number } => {
    const bucket = bucketOf(at)
    if (counts.faded?.bucket === bucket) return counts.faded
    let good = 0
    let all = 0
    let seen = 0
    for (let age = 0; age < terms.buckets && seen < terms.most; age += 1) {
      const ok = counts.good.get(bucket - age)
      const not = counts.bad.get(bucket - age)
      if (ok === undefined && not === undefined) continue
      const both = (ok ?? 0) + (not ?? 0)
      good += (ok ?? 0) * weights[age]!
      all += both * weights[age]!
      seen += both
    }
    counts.faded = { bucket, good, all }
    return counts.faded
  }

  const breaking = (observation: Observation) => {
    const { verdict } = observation
    const [cell, , channel] = levels(observation)
    for (const level of [cell, channel]) {
      const counts = countsOf(level)
      // Whatever the probe came to, it has ended.
      if (counts.probeAt !== undefined && observation.madeAt >= counts.probeAt) {
        counts.probeAt = undefined
      }
      if (verdict !== 'good' && verdict !== 'bad') continue
      const recent = lately(counts, bucketOf(observation.at))
      const end = { good: verdict === 'good', madeAt: observation.madeAt, at: observation.at }
      counts.breaker = observed(counts.breaker, end, recent, terms.breaker)
    }
  }

  const prior = terms.priorWeight * NEW
  const smoothed = (key: string, at: Instant, rate: number): number => {
    const counts = cells.get(key)
    if (counts === undefined) return rate
    const { good, all } = fade(counts, at)
    return Math.floor((good * PPM + prior * rate) / (all + prior))
  }
  // Each level is believed as far as it has counts, and the wider one for the rest.
  const successPpm = (cell: Cell, at: Instant): number => {
    const wide = smoothed(channelKey(cell), at, terms.priorPpm)
    const byType = cell.accountType === '' ? wide : smoothed(typeKey(cell), at, wide)
    return smoothed(keyOf(cell), at, byType)
  }

  return {
    observe: (observation) => {
      const before = known.get(observation.attempt)
      if (before !== undefined) {
        // Read again from the rows, the earlier end of an attempt may come after its last.
        if (before.verdict === observation.verdict || observation.at < before.at) return false
        count(before, -1)
      }
      known.set(observation.attempt, observation)
      if (known.size > MOST_ATTEMPTS) known.delete(known.keys().next().value!)
      count(observation, 1)
      breaking(observation)
      return true
    },
    successPpm,
    condition: (cell, at) => {
      const own = stateAt(cells.get(keyOf(cell)), at)
      const channel = stateAt(cells.get(channelKey(cell)), at)
      if (own === 'down' || channel === 'down') return 'down'
      return own === 'probe' || channel === 'probe' ? 'probe' : 'well'
    },
    takeProbe: (cell, at) => {
      const [own, , channel] = levels(cell)
      countsOf(own).probeAt = at
      countsOf(channel).probeAt = at
    },
    rows: (at) =>
      [...cells.values()].map(({ cell, good, bad, breaker }) => ({
        ...cell,
        good: total(good, bucketOf(at) - terms.buckets),
        bad: total(bad, bucketOf(at) - terms.buckets),
        successPpm: successPpm(cell, at),
        breaker: breakerAt(breaker, at),
      })),
  }

  function stateAt(counts: Counts | undefined, at: Instant): Condition {
    if (counts === undefined) return 'well'
    const { state } = breakerAt(counts.breaker, at)
    if (state === 'closed') return 'well'
    if (state === 'open') return 'down'
    const { probeAt } = counts
    return probeAt === undefined || at >= probeAt + terms.probeMs ? 'probe' : 'down'
  }
}

/** The cell itself, its channel by account type, and its channel as a whole. */
function levels(cell: Cell): readonly [Cell, Cell, Cell] {
  const { direction, channel, accountType } = cell
  return [
    cell,
    { direction, channel, bank: '*', accountType },
    { direction, channel, bank: '*', accountType: '' },
  ]
}

/** The cell alone, of anything that has one. */
export function cellOf({ direction, channel, bank, accountType }: Cell): Cell {
  return { direction, channel, bank, accountType }
}

/** The key of a cell in a map. */
export function keyOf({ direction, channel, bank, accountType }: Cell): string {
  return `${direction} ${channel} ${bank} ${accountType}`
}

function typeKey({ direction, channel, accountType }: Cell): string {
  return `${direction} ${channel} * ${accountType}`
}

function channelKey({ direction, channel }: Cell): string {
  return `${direction} ${channel} * `
}

/** Counts of the last buckets, unfaded: what a breaker looks at. */
function lately(counts: Counts, bucket: number): { good: number; bad: number } {
  const first = bucket - RECENT_BUCKETS
  return { good: total(counts.good, first), bad: total(counts.bad, first) }
}

function total(side: ReadonlyMap<number, number>, after: number): number {
  let sum = 0
  for (const [bucket, count] of side) if (bucket > after) sum += count
  return sum
}

function trim(counts: Counts, last: number): void {
  for (const side of [counts.good, counts.bad]) {
    for (const bucket of side.keys()) {
      if (bucket > last) break
      side.delete(bucket)
    }
  }
}
