/**
 * Two weeks of a payment centre, the same at every run: a quiet one, and one in which two things went
 * wrong. A wallet began to answer with limit codes nobody had classified, and a bank stopped taking
 * payouts to corporate accounts over the clearing house, so that these payouts needed a second channel.
 *
 * Only attempts are written here. No rate and no reason is: those are counted from the facts.
 */
import type { AttemptFact } from '../attempt-fact.ts'
import { DAY_MS } from '../maturity.ts'
import { factOf } from './facts.ts'

/** Monday 2024-01-22 00:00 in Shanghai; the second week is the one of the report. */
export const QUIET_WEEK = {
  from: Date.parse('2024-01-22T00:00:00+08:00'),
  to: Date.parse('2024-01-29T00:00:00+08:00'),
}
export const REPORT_WEEK = { from: QUIET_WEEK.to, to: QUIET_WEEK.to + 7 * DAY_MS }

/** The bank that stops taking corporate payouts over the clearing house. */
export const REFUSING_BANK = 'BOB'
/** What the wallet begins to say; in no list yet. */
export const NEW_CODES = ['PAYER_DAY_QUOTA_USED', 'PAYER_MONTH_QUOTA_USED'] as const

const COLLECT_BANKS = ['ICBC', 'CCB', 'ABC', 'BOC', 'CMB'] as const
const PAY_BANKS = ['ICBC', 'CCB', 'CMB', REFUSING_BANK, 'SPDB'] as const

type Failure = readonly [code: string, count: number, channel?: string]

interface Week {
  readonly from: number
  readonly firstOrder: number
  readonly payIns: number
  readonly payInFailures: readonly Failure[]
  readonly payouts: number
  /** Corporate payouts to the refusing bank that a second channel paid. */
  readonly refusedPayouts: number
  /** Payouts that failed once on a busy channel, and were paid by a second one. */
  readonly busyPayouts: number
  /** Payouts that were never paid. */
  readonly lostPayouts: readonly Failure[]
}

const QUIET: Week = {
  ...{ from: QUIET_WEEK.from, firstOrder: 1, payIns: 9_000 },
  payInFailures: [
    ['NOT_ENOUGH', 160],
    ['BANK_ERROR', 1],
  ],
  ...{ payouts: 4_500, refusedPayouts: 0, busyPayouts: 4 },
  lostPayouts: [['PB005X03', 20]],
}

const REPORTED: Week = {
  ...{ from: REPORT_WEEK.from, firstOrder: 1_000_000, payIns: 20_360 },
  payInFailures: [
    ['NOT_ENOUGH', 360],
    ['BANK_ERROR', 1],
    [NEW_CODES[0], 3],
    [NEW_CODES[1], 1],
  ],
  ...{ payouts: 12_018, refusedPayouts: 76, busyPayouts: 8 },
  lostPayouts: [['PB520005', 3]],
}

/** The facts of both weeks, in the order the attempts were made. */
export function seededWeeks(): AttemptFact[] {
  return [QUIET, REPORTED]
    .flatMap((week) => [...payIns(week), ...payouts(week)])
    .sort((a, b) => a.madeAt - b.madeAt)
}

/** Spread over the week, the same for a number at every run. */
const momentOf = (week: Week, n: number, of: number) =>
  week.from + Math.floor(((n + 0.5) / of) * 7 * DAY_MS)

/** For each failure the place it takes among `of`, spread evenly. */
function placesOf(failures: readonly Failure[], of: number): Map<number, Failure> {
  const all = failures.flatMap((failure) => Array.from({ length: failure[1] }, () => failure))
  // The codes are dealt like cards, so that no day has only one of them.
  const dealt = all.map((_, i) => all[(i * 7_919) % all.length]!)
  return new Map(dealt.map((failure, i) => [Math.floor((i * of) / dealt.length), failure]))
}

function payIns(week: Week): AttemptFact[] {
  const failures = placesOf(week.payInFailures, week.payIns)
  return Array.from({ length: week.payIns }, (_, n) => {
    const failure = failures.get(n)
    return factOf({
      ...{ order: week.firstOrder + n, madeAt: momentOf(week, n, week.payIns) },
      ...{ channel: 'wechat-pay', bank: COLLECT_BANKS[n % 5]!, accountType: 'personal' },
      amount: BigInt(20_000 + (n % 400) * 12_345),
      ...(failure !== undefined && { result: 'failed' as const, code: failure[0] }),
    })
  })
}

function payouts(week: Week): AttemptFact[] {
  const lost = placesOf(week.lostPayouts, week.payouts)
  let refused = week.refusedPayouts
  let busy = week.busyPayouts
  return Array.from({ length: week.payouts }, (_, n) => {
    const bank = PAY_BANKS[n % 5]!
    const accountType = n % 3 === 0 ? ('corporate' as const) : ('personal' as const)
    const order = 500_000 + week.firstOrder + n
    const base = { order, direction: 'pay' as const, channel: 'netsunion', bank, accountType }
    const madeAt = momentOf(week, n, week.payouts)
    const one = { ...base, madeAt, amount: BigInt(500_000 + (n % 300) * 98_765) }
    const failure = lost.get(n)
    if (failure !== undefined) return [factOf({ ...one, result: 'failed', code: failure[0] })]
    const again = (code: string) => [
      factOf({ ...one, result: 'failed', code }),
      factOf({ ...one, number: 2, channel: 'bank-direct', madeAt: madeAt + 5_000, code: 'FIN/S' }),
    ]
    if (bank === REFUSING_BANK && accountType === 'corporate' && refused > 0) {
      refused -= 1
      return again('PB520057')
    }
    if (n % 1_000 === 1 && busy > 0) {
      busy -= 1
      return again('PS500005')
    }
    return [factOf({ ...one, code: '00000000' })]
  }).flat()
}
