/**
 * The bank's clock and calendar. Business dates are those of Asia/Shanghai, which is UTC+8 all year;
 * the clock can be set over the admin API and never falls behind what is booked. Signature windows do
 * not use this clock: they stay on wall time.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

export type ClockSetting =
  | { mode: 'real' }
  /** Stands still until it is set again. */
  | { mode: 'fixed'; at: Instant }
  /** Ticks on from where it was set. */
  | { mode: 'offset'; by: number }

export interface BankClock {
  now(): Instant
  setting(): ClockSetting
  set(setting: ClockSetting): void
}

export function createClock(initial: ClockSetting, wall: () => Instant): BankClock {
  let current = initial
  return {
    now() {
      if (current.mode === 'fixed') return current.at
      return wall() + (current.mode === 'offset' ? current.by : 0)
    },
    setting: () => current,
    set(setting) {
      current = setting
    },
  }
}

const SHANGHAI_MS = 8 * 3_600_000
export const DAY_MS = 86_400_000

/** The business date, `yyyyMMdd`. */
export function businessDate(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '')
}

/** The time of day in Shanghai, `HHmmss`. */
export function businessTime(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(11, 19).replaceAll(':', '')
}

/** Midnight in Shanghai of a `yyyyMMdd`; `undefined` when there is no such day. */
export function startOfDate(date: string): Instant | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(date)
  if (match === null) return undefined
  const at = Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00+08:00`)
  return Number.isNaN(at) || businessDate(at) !== date ? undefined : at
}

/** Nine in the morning of the next weekday. Public holidays are not simulated. */
export function nextBusinessMorning(at: Instant): Instant {
  let day = startOfDate(businessDate(at))! + DAY_MS
  while ([0, 6].includes(new Date(day + SHANGHAI_MS).getUTCDay())) day += DAY_MS
  return day + 9 * 3_600_000
}
