/** Yuan strings and Shanghai times, as the gateway writes them. */
import { type Instant, shanghai } from '../channel/index.ts'

/** `12345.60` for 1234560 fen. */
export function yuan(fen: bigint): string {
  const size = fen < 0n ? -fen : fen
  return `${fen < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}

/** Fen of a positive amount of at most two decimal places; `undefined` for anything else. */
export function fen(text: unknown): bigint | undefined {
  const match = /^(0|[1-9]\d{0,10})(?:\.(\d{1,2}))?$/.exec(typeof text === 'string' ? text : '')
  if (match === null) return undefined
  const amount = BigInt(match[1]!) * 100n + BigInt((match[2] ?? '').padEnd(2, '0'))
  return amount === 0n ? undefined : amount
}

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. */
export function dateTime(at: Instant): string {
  return shanghai(at).replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3 $4:$5:$6')
}

/** The instant of such a time; NaN for anything else. */
export function instantOf(text: unknown): Instant {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return Number.NaN
  return Date.parse(`${text.replace(' ', 'T')}+08:00`)
}
