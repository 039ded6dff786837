/** Local time of the rails: Shanghai, eight hours ahead, without summer time since 1991. */
import type { Instant } from '#base'

const OFFSET_MS = 8 * 3_600_000
const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const ZERO = 48

export interface LocalTime {
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number
  /** From midnight, 0 … 1439. */
  readonly minute: number
}

export function localTime(at: Instant): LocalTime {
  const minutes = Math.floor((at + OFFSET_MS) / MINUTE_MS)
  const days = Math.floor(minutes / DAY_MINUTES)
  // 1970-01-01 was a Thursday.
  return { weekday: ((((days + 3) % 7) + 7) % 7) + 1, minute: minutes - days * DAY_MINUTES }
}

/**
 * Minutes from midnight of `HH:mm`; `24:00` is the end of the day. Asked dozens of times in every
 * decision, so it splits nothing and makes no closures.
 */
function minuteOf(text: string): number {
  const hour = (text.charCodeAt(0) - ZERO) * 10 + text.charCodeAt(1) - ZERO
  return hour * 60 + (text.charCodeAt(3) - ZERO) * 10 + text.charCodeAt(4) - ZERO
}

/**
 * Whether a time lies in a window `[from, to)`. One that ends at or before its beginning runs past
 * midnight and belongs to the weekday it began on; `00:00`–`00:00` is the whole day.
 */
export function inWindow(
  time: LocalTime,
  window: { readonly from: string; readonly to: string; readonly weekdays?: readonly number[] },
): boolean {
  const from = minuteOf(window.from)
  const to = minuteOf(window.to)
  if (from < to) return time.minute >= from && time.minute < to && isOn(window, time.weekday)
  if (time.minute >= from) return isOn(window, time.weekday)
  return time.minute < to && isOn(window, time.weekday === 1 ? 7 : time.weekday - 1)
}

function isOn({ weekdays }: { readonly weekdays?: readonly number[] }, weekday: number): boolean {
  return weekdays === undefined || weekdays.includes(weekday)
}
