/** When a delivery is tried: at once, then after each of these waits, 75 hours in all. */
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const WAITS = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR]
const LONG_WAITS = [14 * HOUR, 20 * HOUR]
const SCHEDULE_MS = 75 * HOUR

const firstWaits = [...WAITS, ...LONG_WAITS]
const soFar = firstWaits.reduce((sum, wait) => sum + wait, 0)

/** The waits between attempts, in milliseconds; the last one fills up 75 hours (about 23½ hours). */
export const RETRY_WAITS_MS: readonly number[] = [...firstWaits, SCHEDULE_MS - soFar]

/** The wait after so many failed attempts; `undefined` when the schedule is through. */
export function waitAfter(attempts: number): number | undefined {
  return RETRY_WAITS_MS[attempts - 1]
}

/** When an endpoint that never succeeds is given up. */
export interface GiveUp {
  /** How long it has been failing. */
  readonly failingMs: number
  /** How many attempts in a row. */
  readonly failures: number
}

export const GIVE_UP: GiveUp = { failingMs: 5 * 24 * HOUR, failures: 1_000 }

/** How long one attempt may take, the connection included. */
export const ATTEMPT_TIMEOUT_MS = 15 * SECOND

/** Bytes of a reply that are kept. */
export const REPLY_BYTES_KEPT = 4_096
