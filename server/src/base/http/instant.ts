/**
 * Instants on the wire: RFC 3339 with an offset and at most milliseconds. `Date.parse` alone would
 * take 30 February for 1 March and drop digits past the third, so that a request sent again would
 * not equal itself.
 */
import type { Instant } from '../world.ts'

/** The form as a pattern for contracts; `parseInstant` also refuses days that do not exist. */
export const INSTANT_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$'

const FORM = new RegExp(INSTANT_PATTERN)

/** Reads `2026-03-01T09:30:00+08:00`; `undefined` when it is not a time that exists. */
export function parseInstant(text: string): Instant | undefined {
  if (!FORM.test(text)) return undefined
  const instant = Date.parse(text)
  if (Number.isNaN(instant)) return undefined
  const day = text.slice(0, 10)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  return writeInstant(midnight).startsWith(day) ? instant : undefined
}

/** Writes an instant in UTC: `2026-03-01T01:30:00.000Z`. */
export function writeInstant(instant: Instant): string {
  return new Date(instant).toISOString()
}
