/**
 * A breaker over one channel, or one channel and bank: it opens when the channel fails by its own
 * fault again and again, and after a wait lets one attempt at a time through until two have worked.
 *
 * The one thing to get wrong is old news: only attempts made after the breaker came into its state
 * move it. What was sent before and is told later neither closes a breaker nor opens it again.
 */
import type { Instant } from '#base'
import { type BreakerState, nextState } from './states.ts'

export interface Breaker {
  readonly state: BreakerState
  /** When it came into this state. */
  readonly since: Instant
  /** Failures one after the other; while half open, successes. */
  readonly streak: number
  /** How long it stays open, ms; doubles at every relapse. */
  readonly waitMs: number
}

export interface BreakerTerms {
  /** Failures in a row that open it. */
  readonly streak: number
  /** Or this share of at least `least` lately. */
  readonly sharePpm: number
  readonly least: number
  readonly waitMs: number
  readonly waitMostMs: number
  /** Successes that close it. */
  readonly probes: number
}

export const BREAKER_TERMS: BreakerTerms = {
  streak: 5,
  sharePpm: 500_000,
  least: 20,
  waitMs: 60_000,
  waitMostMs: 1_800_000,
  probes: 2,
}

export function newBreaker(terms: BreakerTerms): Breaker {
  return { state: 'closed', since: 0, streak: 0, waitMs: terms.waitMs }
}

/** The breaker as it stands at a time: open ones whose wait is over are half open. */
export function breakerAt(breaker: Breaker, at: Instant): Breaker {
  if (breaker.state !== 'open' || at < breaker.since + breaker.waitMs) return breaker
  const since = breaker.since + breaker.waitMs
  return { ...breaker, state: nextState('open', 'waited'), since, streak: 0 }
}

/** What one attempt's end does to it. `recent` counts the attempts that ended lately. */
export function observed(
  breaker: Breaker,
  end: { readonly good: boolean; readonly madeAt: Instant; readonly at: Instant },
  recent: { readonly good: number; readonly bad: number },
  terms: BreakerTerms,
): Breaker {
  const now = breakerAt(breaker, end.at)
  if (now.state === 'open' || end.madeAt < now.since) return now
  if (now.state === 'half_open') return probed(now, end, terms)
  if (end.good) return now.streak === 0 ? now : { ...now, streak: 0 }
  const streak = now.streak + 1
  const all = recent.good + recent.bad
  const many = all >= terms.least && recent.bad * 1_000_000 >= all * terms.sharePpm
  if (streak < terms.streak && !many) return { ...now, streak }
  return { ...now, state: nextState('closed', 'tripped'), since: end.at, streak: 0 }
}

function probed(
  now: Breaker,
  end: { readonly good: boolean; readonly at: Instant },
  terms: BreakerTerms,
): Breaker {
  if (!end.good) {
    const waitMs = Math.min(now.waitMs * 2, terms.waitMostMs)
    return { state: nextState('half_open', 'failed_again'), since: end.at, streak: 0, waitMs }
  }
  if (now.streak + 1 < terms.probes) return { ...now, streak: now.streak + 1 }
  return {
    state: nextState('half_open', 'recovered'),
    since: end.at,
    streak: 0,
    waitMs: terms.waitMs,
  }
}
