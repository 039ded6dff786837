/** Local time of the rails: Shanghai, eight hours ahead, without summer time since 1991. */
import type { Instant } from '#base'

const OFFSET_MS = 8 * 3_600_000
const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

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

/** `yyyymmdd`, the business date by the calendar. */
export function localDate(at: Instant): string {
  return new Date(at + OFFSET_MS).toISOString().slice(0, 10).replaceAll('-', '')
}

/** Minutes from midnight of `HH:mm`; `24:00` is the end of the day. Asked often, so no parsing. */
function minuteOf(text: string): number {
  const digit = (at: number) => text.charCodeAt(at) - 48
  return (digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4)
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
  const { weekdays } = window
  const on = (weekday: number) => weekdays === undefined || weekdays.includes(weekday)
  if (from < to) return time.minute >= from && time.minute < to && on(time.weekday)
  if (time.minute >= from) return on(time.weekday)
  return time.minute < to && on(time.weekday === 1 ? 7 : time.weekday - 1)
}
