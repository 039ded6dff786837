/**
 * When an attempt must have ended: a collection 30 minutes after it was made, a payout or refund at
 * 10:00 of the next Shanghai day. Rates count mature attempts only. Shanghai has no summer time.
 */
import type { Instant } from '#base'
import type { Direction } from '#codes'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
const SHANGHAI_MS = 8 * HOUR_MS
const COLLECT_MS = 30 * 60_000
const NEXT_DAY_MS = 10 * HOUR_MS

/** The Shanghai day of an instant, as days since 1970-01-01. */
export function dayOf(at: Instant): number {
  return Math.floor((at + SHANGHAI_MS) / DAY_MS)
}

/** When a Shanghai day begins. */
export function startOfDay(day: number): Instant {
  return day * DAY_MS - SHANGHAI_MS
}

/** When an attempt made at `madeAt` has to have ended. */
export function matureAt(direction: Direction, madeAt: Instant): Instant {
  return direction === 'collect' ? madeAt + COLLECT_MS : startOfDay(dayOf(madeAt) + 1) + NEXT_DAY_MS
}

/** Attempts made before the instant this returns are mature at `now`, all others are not. */
export function matureBefore(direction: Direction, now: Instant): Instant {
  return direction === 'collect' ? now - COLLECT_MS + 1 : startOfDay(dayOf(now - NEXT_DAY_MS))
}
