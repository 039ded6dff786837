/** Yuan and Shanghai times, as the gateway reads and writes them. */
import { type Instant, shanghaiTime } from '../channel/index.ts'

/** Fen of a positive amount of at most two decimal places; `undefined` for anything else. */
export function fen(text: unknown): bigint | undefined {
  const match = /^(0|[1-9]\d{0,10})(?:\.(\d{1,2}))?$/.exec(typeof text === 'string' ? text : '')
  if (match === null) return undefined
  const amount = BigInt(match[1]!) * 100n + BigInt((match[2] ?? '').padEnd(2, '0'))
  return amount === 0n ? undefined : amount
}

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. */
export function dateTime(at: Instant): string {
  return shanghaiTime(at).replace('T', ' ')
}

/** The instant of such a time; NaN for anything else. */
export function instantOf(text: unknown): Instant {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return Number.NaN
  return Date.parse(`${text.replace(' ', 'T')}+08:00`)
}
