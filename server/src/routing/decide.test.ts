import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRng } from '#base'
import type { Capability } from '#channels'
import { decide } from './decide.ts'
import type { RouteRequest } from './decision.ts'
import { explain } from './explain.ts'
import { createHealth, type Health } from './health.ts'
import { readRoute, routeJson } from './route-json.ts'
import {
  CHANNELS,
  channel,
  dice,
  MONDAY_TEN,
  request,
  rule,
  rulesOf,
  viewOf,
} from './testing/ground.ts'

const HOUR = 3_600_000

function whyOf(capability: Partial<Capability>, of: Partial<RouteRequest>): string {
  const view = viewOf({ capabilities: [channel('one', capability)] })
  return decide(view, request(of), dice()).decision.candidates[0]!.why
}

describe('what a channel can do', () => {
  const corporate = { accountType: 'corporate' } as const
  const night = { from: '22:00', to: '06:00' }
  test.each<[string, Partial<Capability>, Partial<RouteRequest>, string]>([
    ['all fits', {}, {}, 'chosen'],
    ['currency', {}, { currency: 'USD' }, 'wrong_currency'],
    ['direction', {}, { direction: 'refund' }, 'wrong_direction'],
    [
      'method',
      { directions: ['collect'], methods: ['alipay_qr'] },
      { direction: 'collect', methods: ['wechat_native'] },
      'wrong_method',
    ],
    ['account type', { accountTypes: ['personal'] }, corporate, 'wrong_account_type'],
    ['bank', { banks: ['ABC'] }, {}, 'bank_not_reached'],
    ['bank not known is let pass', { banks: ['ABC'] }, { bank: '' }, 'chosen'],
    ['combination', { notPermitted: [{ bank: 'ICBC', ...corporate }] }, corporate, 'not_permitted'],
    ['another combination', { notPermitted: [{ bank: 'ABC' }] }, {}, 'chosen'],
    ['tried', {}, { tried: ['one'] }, 'tried'],
    ['least', { limits: [{ least: 100_001n }] }, {}, 'under_least'],
    ['least met', { limits: [{ least: 100_000n }] }, {}, 'chosen'],
    ['limit', { limits: [{ perPayment: 99_999n }] }, {}, 'over_limit'],
    ['limit met', { limits: [{ perPayment: 100_000n }] }, {}, 'chosen'],
    [
      'the tightest limit counts',
      { limits: [{}, { bank: 'ICBC', perPayment: 1n }] },
      {},
      'over_limit',
    ],
    ['limit of another bank', { limits: [{ bank: 'ABC', perPayment: 1n }] }, {}, 'chosen'],
    ['day', { limits: [{ perDay: 300_000n }] }, { usedToday: { one: 200_001n } }, 'over_day_limit'],
    ['day met', { limits: [{ perDay: 300_000n }] }, { usedToday: { one: 200_000n } }, 'chosen'],
    ['count', { limits: [{ countPerDay: 3 }] }, { countToday: { one: 3 } }, 'over_day_count'],
    ['count left', { limits: [{ countPerDay: 3 }] }, { countToday: { one: 2 } }, 'chosen'],
    ['before it opens', { openHours: [{ from: '10:01', to: '17:00' }] }, {}, 'closed_now'],
    ['as it opens', { openHours: [{ from: '10:00', to: '17:00' }] }, {}, 'chosen'],
    ['as it closes', { openHours: [{ from: '09:00', to: '10:00' }] }, {}, 'closed_now'],
    ['alternatives', { openHours: [night, { from: '09:00', to: '12:00' }] }, {}, 'chosen'],
    [
      'weekday',
      { openHours: [{ from: '00:00', to: '24:00', weekdays: [6, 7] }] },
      {},
      'closed_now',
    ],
    ['hours of large amounts', { openHours: [{ ...night, over: 99_999n }] }, {}, 'closed_now'],
    ['not for small amounts', { openHours: [{ ...night, over: 100_000n }] }, {}, 'chosen'],
    [
      'each scope wants its own hours',
      {
        openHours: [
          { from: '00:00', to: '24:00' },
          { ...night, bank: 'ICBC' },
        ],
      },
      {},
      'closed_now',
    ],
    ['maintenance', { maintenance: [{ from: '09:30', to: '10:30' }] }, {}, 'in_maintenance'],
    [
      'maintenance of a bank',
      { maintenance: [{ bank: 'ABC', from: '09:30', to: '10:30' }] },
      {},
      'chosen',
    ],
    ['past midnight', { maintenance: [night] }, { at: MONDAY_TEN + 13 * HOUR }, 'in_maintenance'],
    [
      'the night belongs to the day it began on',
      { maintenance: [{ ...night, weekdays: [1] }] },
      { at: MONDAY_TEN + 19 * HOUR },
      'in_maintenance',
    ],
    [
      'and to no other',
      { maintenance: [{ ...night, weekdays: [2] }] },
      { at: MONDAY_TEN + 19 * HOUR },
      'chosen',
    ],
  ])('%s', (_, capability, of, why) => {
    expect(whyOf(capability, of)).toBe(why)
  })

  test('a channel that does not settle into the book is out', () => {
    const view = viewOf({ reaches: (name, book) => name === 'unionpay' && book === 7 })
    const { decision } = decide(view, request({ book: 7 }), dice())
    expect(decision.channel).toBe('unionpay')
    expect(decision.candidates[0]).toMatchObject({ eligible: false, why: 'wrong_book' })
    expect(decide(view, request({ book: 8 }), dice()).decision.channel).toBeUndefined()
  })

  test('the cost is that of the narrowest fee, within its bounds', () => {
    const cost = (amount: bigint) =>
      decide(
        viewOf(),
        request({ direction: 'collect', amount, methods: ['collection'] }),
        dice(),
      ).decision.candidates.find((each) => each.channel === 'unionpay')!.cost
    expect([cost(10_000n), cost(300_000n), cost(10_000_000n)]).toEqual([100n, 600n, 2000n])
  })

  test('the payer’s first method that a channel has is taken', () => {
    const methods = ['alipay_qr', 'wechat_h5', 'wechat_native'] as const
    const { decision } = decide(viewOf(), request({ direction: 'collect', methods }), dice())
    expect(decision).toMatchObject({ channel: 'wechat-pay', method: 'wechat_h5' })
  })
})

describe('rules', () => {
  const chosen = (rules: Parameters<typeof rulesOf>[0], of: Partial<RouteRequest> = {}) =>
    decide(viewOf({ rules: rulesOf(rules) }), request(of), dice()).decision

  test('without any the best score wins: here the cheapest', () => {
    const decision = chosen([])
    expect(decision.channel).toBe('netsunion')
    expect(decision.candidates.map(({ why }) => why)).toEqual([
      'chosen',
      'dearer',
      'dearer',
      'wrong_direction',
    ])
  })

  test('exclude, only and prefer', () => {
    const excluded = chosen([rule('a', 'amount > 99999', { exclude: ['netsunion'] })])
    expect(excluded.channel).toBe('unionpay')
    expect(excluded.applied).toEqual(['a'])
    expect(excluded.candidates[0]).toMatchObject({ why: 'excluded_by_rule', eligible: false })
    expect(chosen([rule('a', 'bank in ["ABC"]', { exclude: ['netsunion'] })]).applied).toEqual([])
    const only = chosen([rule('a', 'bank == "ICBC"', { only: ['bank-direct'] })])
    expect(only.candidates.map(({ why }) => why).slice(0, 3)).toEqual([
      'not_among_only',
      'not_among_only',
      'chosen',
    ])
    const preferred = chosen([
      rule('first', 'hour == 10 && weekday == 1', { prefer: ['bank-direct', 'unionpay'] }),
      rule('later', 'true', { prefer: ['unionpay'] }),
    ])
    expect(preferred.candidates.map(({ why }) => why).slice(0, 3)).toEqual([
      'not_preferred',
      'not_preferred',
      'chosen_by_rule',
    ])
    expect(preferred.applied).toEqual(['first', 'later'])
  })

  test('the second preferred one is taken when the first cannot', () => {
    const rules = [rule('a', 'true', { prefer: ['bank-direct', 'unionpay'] })]
    expect(chosen(rules, { tried: ['bank-direct'] }).channel).toBe('unionpay')
    expect(chosen(rules, { tried: ['bank-direct', 'unionpay'] }).channel).toBe('netsunion')
  })

  test('a weight can make the dearer one win', () => {
    const rules = [rule('a', 'direction == "pay"', { weigh: { netsunion: 100_000 } })]
    const decision = chosen(rules, { amount: 10_000_000n })
    expect(decision.channel).toBe('unionpay')
    expect(decision.candidates[0]!.why).toBe('not_preferred')
  })

  test('an attribute nobody sent is the empty text', () => {
    const rules = [rule('a', 'attributes.scene != ""', { only: ['bank-direct'] })]
    expect(chosen(rules).channel).toBe('netsunion')
    expect(chosen(rules, { attributes: { scene: 'deposit' } }).channel).toBe('bank-direct')
  })

  test('a split gives each its share and is sticky', () => {
    const rules = [rule('a', 'true', { split: { netsunion: 700_000, unionpay: 300_000 } })]
    const counts = new Map<string, number>()
    for (let n = 0; n < 2000; n += 1) {
      const sticky = `case_${n}`
      const { channel: first } = chosen(rules, { sticky })
      expect(chosen(rules, { sticky, amount: 5n }).channel).toBe(first)
      counts.set(first!, (counts.get(first!) ?? 0) + 1)
    }
    expect(counts.get('netsunion')! / 2000).toBeGreaterThan(0.66)
    expect(counts.get('netsunion')! / 2000).toBeLessThan(0.74)
    expect(counts.get('netsunion')! + counts.get('unionpay')!).toBe(2000)
  })

  test('the share of a channel that is out goes to the others', () => {
    const rules = [rule('a', 'true', { split: { netsunion: 999_999, unionpay: 1 } })]
    expect(chosen(rules, { sticky: 'x', tried: ['netsunion'] }).channel).toBe('unionpay')
  })
})

describe('learning and doubt', () => {
  const well: Pick<Health, 'successPpm' | 'condition'> = createHealth()
  const with_ = (name: string, condition: 'well' | 'probe' | 'down', ppm = 990_000) => ({
    successPpm: (cell: { channel: string }) => (cell.channel === name ? ppm : 990_000),
    condition: (cell: { channel: string }) => (cell.channel === name ? condition : 'well'),
  })

  test('expected success outweighs a small difference in cost', () => {
    const health = with_('netsunion', 'well', 900_000)
    const { decision } = decide(viewOf({ health }), request({ amount: 10_000_000n }), dice())
    expect(decision.channel).toBe('unionpay')
    expect(decision.candidates[0]).toMatchObject({ why: 'less_success', successPpm: 900_000 })
  })

  test('a channel that is down is passed by, and is the last resort', () => {
    const view = viewOf({ health: with_('netsunion', 'down') })
    expect(decide(view, request(), dice()).decision).toMatchObject({
      channel: 'unionpay',
      explored: false,
    })
    const { decision, probe } = decide(
      view,
      request({ tried: ['unionpay', 'bank-direct'] }),
      dice(),
    )
    expect(decision.channel).toBe('netsunion')
    expect(decision.candidates[0]!.why).toBe('last_resort')
    expect(probe).toBeUndefined()
  })

  test('a probe goes first, but no large payout is one', () => {
    const view = viewOf({ health: with_('bank-direct', 'probe') })
    const { decision, probe } = decide(view, request(), dice())
    expect(decision).toMatchObject({ channel: 'bank-direct', explored: true })
    expect(probe).toMatchObject({ channel: 'bank-direct', bank: 'ICBC' })
    const large = decide(view, request({ amount: 500_001n }), dice())
    expect(large.decision.channel).toBe('netsunion')
    expect(large.decision.candidates[2]!.why).toBe('down')
    expect(large.probe).toBeUndefined()
  })

  test('exploring takes its share, of small payouts only, and never one that is down', () => {
    const rules = rulesOf([], { explore: { ppm: 200_000, payoutMost: 500_000 } })
    const view = viewOf({ rules, health: with_('bank-direct', 'down') })
    const rng = seededRng(5)
    const counts = new Map<string, number>()
    for (let n = 0; n < 3000; n += 1) {
      const { decision } = decide(view, request(), rng)
      counts.set(decision.channel!, (counts.get(decision.channel!) ?? 0) + 1)
      expect(decision.explored).toBe(decision.channel !== 'netsunion')
    }
    expect(counts.get('bank-direct')).toBeUndefined()
    expect(counts.get('unionpay')! / 3000).toBeGreaterThan(0.17)
    expect(counts.get('unionpay')! / 3000).toBeLessThan(0.23)
    for (let n = 0; n < 300; n += 1) {
      expect(decide(view, request({ amount: 500_001n }), rng).decision.explored).toBe(false)
    }
  })

  test('all is decided from the arguments: the same dice give the same decision', () => {
    const arbitrary = fc.record({
      amount: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
      bank: fc.constantFrom('ICBC', 'ABC', ''),
      accountType: fc.constantFrom('personal', 'corporate'),
      direction: fc.constantFrom('pay', 'collect', 'refund'),
      tried: fc.subarray(CHANNELS.map((each) => each.channel)),
    })
    const rules = rulesOf(
      [rule('a', 'amount > 1000000 && bank != "ABC"', { exclude: ['netsunion'] })],
      { explore: { ppm: 100_000, payoutMost: 500_000 } },
    )
    fc.assert(
      fc.property(arbitrary, fc.integer(), (of, seed) => {
        const asked = request(of as Partial<RouteRequest>)
        const view = viewOf({ rules, health: well })
        const { decision } = decide(view, asked, seededRng(seed))
        expect(decide(view, asked, seededRng(seed)).decision).toEqual(decision)
        expect(decision.candidates).toHaveLength(CHANNELS.length)
        const eligible = decision.candidates.filter((each) => each.eligible)
        expect(decision.channel === undefined).toBe(eligible.length === 0)
        if (decision.channel === undefined) return
        expect(asked.tried).not.toContain(decision.channel)
        expect(eligible.map((each) => each.channel)).toContain(decision.channel)
        if (asked.amount > 1_000_000n && asked.bank !== 'ABC') {
          expect(decision.channel).not.toBe('netsunion')
        }
      }),
    )
  })
})

describe('a decision on record', () => {
  test('is told in both languages', () => {
    const { decision } = decide(viewOf(), request({ tried: ['unionpay'] }), dice())
    const en = explain(decision, 'en')
    expect(en.says).toBe(
      'netsunion was chosen: it was the best of those that could take it; expected success 99.00 %, cost CNY 0.20.',
    )
    expect(en.candidates[1]!.says).toBe('it has refused this order already')
    const zh = explain(decision, 'zh')
    expect(zh.says).toBe('选择 netsunion：在可用通道中综合最优；预期成功率 99.00 %，成本 ¥0.20。')
    const none = decide(viewOf(), request({ currency: 'USD' }), dice()).decision
    expect(explain(none, 'en').says).toBe('No channel can take it; each one below says why.')
  })

  test('comes back from JSON as it was', () => {
    const asked = request({ usedToday: { netsunion: 5n }, sticky: 'x', tried: ['unionpay'] })
    const { decision } = decide(viewOf(), asked, dice())
    expect(readRoute(JSON.parse(JSON.stringify(routeJson(decision))))).toEqual(decision)
    for (const other of [null, 'x', {}, { channel: 'a' }]) expect(readRoute(other)).toBeUndefined()
  })
})
