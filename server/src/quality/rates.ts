/**
 * Success rates by their definitions. Counts add up over slices, so a rate of any slice is made of its
 * counts; a rate is an integer in parts per million, and only the Wilson interval is computed in
 * floating point, rounded outwards to whole parts per million.
 *
 * What one would get wrong: a code's cause is no part of the counts kept in the database. It is put in
 * when a question is answered, so that a code classified today changes the rates of last month.
 */
import type { Cause, Classification } from '#codes'
import type { Ending } from './attempt-state.ts'

/** All additive; attempts unless the name says orders. */
export interface Counts {
  attempts: bigint
  succeeded: bigint
  /** Attempts that did not succeed, by cause; `user` and the rest add up to attempts − succeeded. */
  user: bigint
  bank: bigint
  channel: bigint
  merchant: bigint
  system: bigint
  risk: bigint
  /** Of `bank`: the payer's or payee's bank said no. */
  issuerDeclined: bigint
  /** Of `system`: with a code nobody has classified. */
  unmapped: bigint
  /** Not final when they should have been, and still not. */
  overdue: bigint
  /** Orders by their first attempt. */
  orders: bigint
  firstSucceeded: bigint
  firstUser: bigint
  /** Orders of which any attempt succeeded. */
  converted: bigint
  /** Orders that never succeeded and whose last attempt failed for the user's cause. */
  ordersUser: bigint
  /** Payouts that had succeeded and came back within 7 days. */
  returned: bigint
  /** Attempts that ended otherwise than they stood at their maturity. */
  reclassified: bigint
}

export const COUNT_NAMES = [
  'attempts',
  'succeeded',
  'user',
  'bank',
  'channel',
  'merchant',
  'system',
  'risk',
  'issuerDeclined',
  'unmapped',
  'overdue',
  'orders',
  'firstSucceeded',
  'firstUser',
  'converted',
  'ordersUser',
  'returned',
  'reclassified',
] as const satisfies readonly (keyof Counts)[]

export function noCounts(): Counts {
  return Object.fromEntries(COUNT_NAMES.map((name) => [name, 0n])) as unknown as Counts
}

export function addCounts(to: Counts, from: Counts, times = 1n): void {
  for (const name of COUNT_NAMES) to[name] += from[name] * times
}

/** What one attempt with this ending counts, under what its codes mean. */
export function countsOf(
  ending: Ending,
  meaning: { own: Classification; last: Classification },
): Counts {
  const { outcome, first, converted, reclassified } = ending
  const succeeded = outcome !== 'failed' && outcome !== 'overdue'
  const cause = succeeded ? undefined : causeOf(meaning.own)
  const one = (yes: boolean) => (yes ? 1n : 0n)
  const counts = noCounts()
  counts.attempts = 1n
  counts.succeeded = one(succeeded)
  if (cause !== undefined) counts[cause] = 1n
  counts.issuerDeclined = one(cause === 'bank' && meaning.own.reason === 'issuer_declined')
  counts.unmapped = one(!succeeded && !meaning.own.mapped)
  counts.overdue = one(outcome === 'overdue')
  counts.orders = one(first)
  counts.firstSucceeded = one(first && succeeded)
  counts.firstUser = one(first && cause === 'user')
  counts.converted = one(converted)
  counts.ordersUser = one(first && !converted && causeOf(meaning.last) === 'user')
  counts.returned = one(outcome === 'returned')
  counts.reclassified = one(reclassified)
  return counts
}

/** Whose cause a failure is. One whose code blames nobody, such as "processing", is the channel's. */
export function causeOf({ cause }: Classification): Cause {
  return cause ?? 'channel'
}

export interface RateRule {
  readonly numerator: (counts: Counts) => bigint
  readonly denominator: (counts: Counts) => bigint
}

/**
 * The rates. `effective_by_order` is the effective rate on instructions: a payout that a second channel
 * paid has succeeded, and one that failed for the payee's cause is left out.
 */
export const RATES = {
  raw: { numerator: (c) => c.succeeded, denominator: (c) => c.attempts },
  technical: {
    numerator: (c) => c.succeeded,
    denominator: (c) => c.attempts - c.user - c.issuerDeclined - c.risk,
  },
  effective: { numerator: (c) => c.succeeded, denominator: (c) => c.attempts - c.user },
  first_attempt: { numerator: (c) => c.firstSucceeded, denominator: (c) => c.orders },
  effective_first_attempt: {
    numerator: (c) => c.firstSucceeded,
    denominator: (c) => c.orders - c.firstUser,
  },
  order_conversion: { numerator: (c) => c.converted, denominator: (c) => c.orders },
  effective_by_order: {
    numerator: (c) => c.converted,
    denominator: (c) => c.orders - c.ordersUser,
  },
  net_payout: {
    numerator: (c) => c.succeeded - c.returned,
    denominator: (c) => c.attempts - c.user,
  },
  unknown: { numerator: (c) => c.overdue, denominator: (c) => c.attempts },
  /** Failures whose code is classified: at least 99.5 % are wanted. */
  mapped: {
    numerator: (c) => c.attempts - c.succeeded - c.unmapped,
    denominator: (c) => c.attempts - c.succeeded,
  },
} as const satisfies Record<string, RateRule>

export type RateName = keyof typeof RATES

export const RATE_NAMES = Object.keys(RATES) as RateName[]

export interface Rate {
  readonly numerator: bigint
  readonly denominator: bigint
  /** Parts per million, the nearest whole; absent when there was nothing to count. */
  readonly ppm?: number
  /** The 95 % Wilson interval, parts per million. */
  readonly lowPpm?: number
  readonly highPpm?: number
  /** Fewer than 30 to count: the rate says little. */
  readonly lowSample: boolean
}

const LEAST_SAMPLE = 30n
const MILLION = 1_000_000n

/** A rate of these counts. */
export function rateOf(name: RateName, counts: Counts): Rate {
  const rule: RateRule = RATES[name]
  const numerator = rule.numerator(counts)
  const denominator = rule.denominator(counts)
  const lowSample = denominator < LEAST_SAMPLE
  if (denominator === 0n) return { numerator, denominator, lowSample }
  const ppm = Number((numerator * MILLION * 2n + denominator) / (denominator * 2n))
  return { numerator, denominator, ppm, ...wilson(numerator, denominator), lowSample }
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054

/** Wilson (1927), without continuity correction; in floating point, rounded outwards. */
function wilson(numerator: bigint, denominator: bigint): { lowPpm: number; highPpm: number } {
  const n = Number(denominator)
  const p = Number(numerator) / n
  const z2 = Z * Z
  const centre = p + z2 / (2 * n)
  const spread = Z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))
  const scale = 1 + z2 / n
  return {
    lowPpm: Math.max(0, Math.floor(((centre - spread) / scale) * 1e6)),
    highPpm: Math.min(1_000_000, Math.ceil(((centre + spread) / scale) * 1e6)),
  }
}
