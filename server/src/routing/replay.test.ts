import { expect, test } from 'vitest'
import { seededRng } from '#base'
import { type RecordedAttempt, replay } from './replay.ts'
import { routeJson } from './route-json.ts'
import type { RuleSet } from './rule-set.ts'
import { CHANNELS, channel, classify, MONDAY_TEN, rule, rulesOf } from './testing/ground.ts'

const MINUTE = 60_000
const TO_COMPANIES = 'bank == "SPDB" && account_type == "corporate"'

/** What really happens: each channel's true success, parts per thousand. */
function truth(name: string, company: boolean): number {
  if (company) return name === 'netsunion' ? 300 : 980
  return name === 'netsunion' ? 990 : 985
}

interface TrafficOptions {
  readonly seed: number
  readonly count: number
  /** Failures are of this code. */
  readonly code?: string
  /** Per thousand of the rest fail by the user's cause. */
  readonly users?: number
}

/** A week of payouts, three in four over the cheapest channel; every tenth to a company at one bank. */
function traffic({ seed, count, code = 'BANK', users = 0 }: TrafficOptions): RecordedAttempt[] {
  const rng = seededRng(seed)
  return Array.from({ length: count }, (_, n): RecordedAttempt => {
    const company = n % 10 === 4
    const name = rng.below(4) === 0 ? 'unionpay' : 'netsunion'
    const user = rng.below(1000) < users
    const ok = !user && rng.below(1000) < truth(name, company)
    const madeAt = MONDAY_TEN + n * MINUTE
    return {
      ...{ book: 1, id: `att_1_${n}`, owner: `pout_1_${n}`, number: 1, direction: 'pay' },
      ...{ channel: name, method: '', bank: company ? 'SPDB' : 'ICBC' },
      accountType: company ? 'corporate' : 'personal',
      ...{ amount: 100_000n, currency: 'CNY', madeAt, movedAt: madeAt + 5_000 },
      state: ok ? 'succeeded' : 'failed',
      code: ok ? '' : user ? 'USER' : code,
      route: null,
    }
  })
}

const draft = rulesOf([
  rule('companies', TO_COMPANIES, { only: ['unionpay'] }),
  rule('others', 'true', { prefer: ['netsunion', 'unionpay'] }),
])
const around = rulesOf([rule('companies', TO_COMPANIES, { only: ['unionpay'] })])

function replayed(attempts: readonly RecordedAttempt[], rules: RuleSet = draft, seed = 9) {
  return replay({
    ...{ attempts, rules, classify },
    capabilities: CHANNELS,
    dice: seededRng(seed),
    resamples: 200,
  })
}

/** What the change of success really is for these very attempts: ppm, by the true rates. */
function trueChange(attempts: readonly RecordedAttempt[]): number {
  const gains = attempts.map(({ channel: from, accountType, state }) => {
    const company = accountType === 'corporate'
    const to = company ? 'unionpay' : 'netsunion'
    return from === to ? 0 : truth(to, company) * 1000 - (state === 'succeeded' ? 1_000_000 : 0)
  })
  return gains.reduce((sum, gain) => sum + gain, 0) / attempts.length
}

test('the change is estimated near what is known to be true', () => {
  const attempts = traffic({ seed: 4, count: 6000 })
  const result = replayed(attempts)
  const companies = attempts.filter(({ accountType }) => accountType === 'corporate')
  const moved = attempts.filter(
    ({ channel: from, accountType }) =>
      from !== (accountType === 'corporate' ? 'unionpay' : 'netsunion'),
  )
  expect(result).toMatchObject({ attempts: 6000, counted: 6000, moved: moved.length, unseen: 0 })
  expect(result.channels).toEqual([
    {
      channel: 'netsunion',
      recorded: attempts.filter((each) => each.channel === 'netsunion').length,
      draft: 6000 - companies.length,
    },
    {
      channel: 'unionpay',
      recorded: attempts.filter((each) => each.channel === 'unionpay').length,
      draft: companies.length,
    },
  ])
  const { change, low, high } = result.success
  expect(Math.abs(Number(change) - trueChange(attempts))).toBeLessThan(5000)
  // A tenth of the traffic goes from 0.47 on the whole to 0.98: about five per cent.
  expect(low).toBeGreaterThan(40_000n)
  expect(high).toBeLessThan(66_000n)
  // 20 fen over the one, 50 over the other: known to the fen.
  const fen = (name: string) => (name === 'netsunion' ? 20n : 50n)
  const recorded = attempts.reduce((sum, each) => sum + fen(each.channel), 0n)
  const costs = BigInt(companies.length) * 50n + BigInt(6000 - companies.length) * 20n
  expect(result.recorded.cost).toBe(recorded)
  expect(result.cost.change).toBe(costs - recorded)
  expect(result.cost.low <= result.cost.change && result.cost.change <= result.cost.high).toBe(true)
})

test('the interval covers the truth about as often as it says', () => {
  let covered = 0
  for (let seed = 1; seed <= 24; seed += 1) {
    const attempts = traffic({ seed, count: 1000 })
    const { low, high } = replayed(attempts, draft, seed).success
    // Over many weeks, not for these very attempts alone.
    const long = 0.1 * 0.75 * (980_000 - 300_000) + 0.9 * 0.25 * (990_000 - 985_000)
    if (Number(low) <= long && long <= Number(high)) covered += 1
  }
  expect(covered).toBeGreaterThanOrEqual(20)
})

test('rules that change nothing change nothing, with certainty', () => {
  const attempts = traffic({ seed: 2, count: 500 }).filter((each) => each.channel === 'netsunion')
  const { moved, success, cost, breaches } = replayed(attempts, rulesOf([]))
  expect(moved).toBe(0)
  for (const each of [success, cost, breaches])
    expect(each).toEqual({ change: 0n, low: 0n, high: 0n })
})

test('the same seed says the same', () => {
  const attempts = traffic({ seed: 3, count: 800 })
  expect(replayed(attempts)).toEqual(replayed(attempts))
  expect(replayed(attempts, draft, 10).success).not.toEqual(replayed(attempts).success)
})

test('failures of the user’s cause are left out, and so is what is not final', () => {
  const attempts = traffic({ seed: 5, count: 1000, users: 100 })
  const users = attempts.filter(({ code }) => code === 'USER').length
  expect(users).toBeGreaterThan(50)
  const open = attempts.map((each, n) => (n % 50 === 0 ? { ...each, state: 'unknown' } : each))
  const gone = open.filter(({ code, state }) => state === 'unknown' || code === 'USER').length
  const result = replayed(open)
  expect(result.counted).toBe(1000 - gone)
  expect(result.attempts).toBe(1000)
})

test('failures of the user’s cause do not count against the channel an attempt would go to', () => {
  // Where nothing but users fails, every channel is as good as the other.
  const attempts = traffic({ seed: 5, count: 2000, users: 200 }).map((each) =>
    each.code === 'BANK' ? { ...each, state: 'succeeded', code: '' } : each,
  )
  const result = replayed(attempts)
  expect(result.recorded.successPpm).toBe(1_000_000)
  expect(result.moved).toBeGreaterThan(500)
  expect(result.success).toEqual({ change: 0n, low: 0n, high: 0n })
})

test('what the draft’s router would have learnt by then, it uses, and nothing of later', () => {
  const attempts = traffic({ seed: 6, count: 400, code: 'NO_PERMISSION' })
  const result = replayed(attempts, rulesOf([]))
  const first = attempts.find(({ code, channel: name }) => code !== '' && name === 'netsunion')!
  const after = attempts.filter(
    (each) =>
      each.accountType === first.accountType &&
      each.channel === 'netsunion' &&
      each.madeAt > first.movedAt,
  )
  expect(first.accountType).toBe('corporate')
  const unionpay = result.channels.find((each) => each.channel === 'unionpay')!
  // Successes over netsunion forget the lesson now and then, as they would have.
  expect(unionpay.draft).toBeGreaterThan(0)
  expect(unionpay.draft).toBeLessThanOrEqual(after.length + unionpay.recorded)
})

test('limits broken then and kept under the draft are counted', () => {
  const capabilities = [
    channel('netsunion', { limits: [{ perPayment: 50_000n }] }),
    channel('unionpay'),
    channel('bank-direct'),
    channel('wechat-pay'),
  ]
  const attempts = traffic({ seed: 7, count: 300 })
  const { recorded, breaches, withoutChannel } = replay({
    ...{ attempts, capabilities, rules: around, classify, dice: seededRng(1), resamples: 200 },
  })
  const over = attempts.filter((each) => each.channel === 'netsunion').length
  expect(recorded.breaches).toBe(over)
  expect(breaches.change).toBe(BigInt(-over))
  expect(breaches.low).toBeLessThan(breaches.change)
  expect(withoutChannel).toBe(0)
  const none = replayed(attempts, rulesOf([rule('none', 'true', { only: ['wechat-pay'] })]))
  expect(none).toMatchObject({ withoutChannel: 300, moved: 300 })
  expect(none.success.change + BigInt(none.recorded.successPpm)).toBeLessThanOrEqual(1n)
  expect(none.success.change).toBeLessThan(-800_000n)
})

test('a channel nobody has used is said to be unseen, not guessed', () => {
  const attempts = traffic({ seed: 8, count: 200 })
  const result = replayed(attempts, rulesOf([rule('bank', 'true', { only: ['bank-direct'] })]))
  expect(result).toMatchObject({ moved: 200, unseen: 200 })
  expect(result.success).toEqual({ change: 0n, low: 0n, high: 0n })
  expect(result.cost.change).toBeGreaterThan(0n)
})

test('later attempts are evidence, and what was asked is asked again from the record', () => {
  const [one] = traffic({ seed: 1, count: 1 })
  const second = { ...one!, id: 'att_1_b', number: 2, channel: 'bank-direct', state: 'succeeded' }
  const asked = { tried: [], attributes: { scene: 'deposit' } }
  const route = routeJson({
    candidates: [
      { channel: 'unionpay', eligible: false, why: 'wrong_book', cost: 0n, successPpm: 1 },
    ],
    ...{ explored: false, rules: '', applied: [], asked },
  })
  const deposits = rulesOf([
    rule('a', 'attributes.scene == "deposit"', { prefer: ['unionpay', 'bank-direct'] }),
  ])
  const result = replayed([{ ...one!, route }, second], deposits)
  // unionpay does not reach the book, as the record says; bank-direct was seen by the later attempt.
  expect(result.channels.find(({ draft: number }) => number === 1)?.channel).toBe('bank-direct')
  expect(result).toMatchObject({ attempts: 1, unseen: 0 })
})
