/** The ground of routing's tests: channels like the real ones, a policy, facts and requests. */
import { readFileSync } from 'node:fs'
import type { Capability } from '#channels'
import type { Classification } from '#codes'
import type { AttemptFact } from '#quality'
import type { View } from '../decide.ts'
import type { RouteRequest } from '../decision.ts'
import { createHealth, HEALTH_TERMS } from '../health.ts'
import { createLessons } from '../learnt.ts'
import { parseRules, type Rule, type RuleDocument } from '../rule.ts'
import { createRuleSet, type RuleSet } from '../rule-set.ts'

/** 2026-03-02 10:00 in Shanghai, a Monday. */
export const MONDAY_TEN = Date.UTC(2026, 2, 2, 2)

const plain: Omit<Capability, 'channel'> = {
  title: { zh: '通道', en: 'Channel' },
  currency: 'CNY',
  directions: ['pay'],
  methods: [],
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [],
  openHours: [],
  maintenance: [],
  holdDays: 0,
  settlement: { days: 1, kind: 'net' },
  fees: [],
}

export function channel(name: string, of: Partial<Capability> = {}): Capability {
  return { ...plain, channel: name, ...of }
}

/** Three payout channels, the cheapest first, and two that collect. */
export const CHANNELS: readonly Capability[] = [
  channel('netsunion', { fees: [{ ppm: 0, fixed: 20n }] }),
  channel('unionpay', {
    directions: ['pay', 'collect', 'refund'],
    methods: ['collection'],
    fees: [
      { ppm: 0, fixed: 50n },
      { direction: 'collect', ppm: 2000, fixed: 0n, least: 100n, most: 2000n },
    ],
  }),
  channel('bank-direct', { fees: [{ ppm: 0, fixed: 200n }] }),
  channel('wechat-pay', {
    directions: ['collect', 'refund'],
    methods: ['wechat_native', 'wechat_h5'],
    accountTypes: ['personal'],
    fees: [{ direction: 'collect', ppm: 6000, fixed: 0n }],
  }),
]

export const NAMES = CHANNELS.map((each) => each.channel)

export const POLICY: RuleDocument['policy'] = {
  value: { ppm: 1000, least: 100, most: 5000 },
  explore: { ppm: 0, payoutMost: 500_000 },
  permission: { refusals: 1, days: 7 },
}

export function rule(id: string, when: string, then: Rule['then']): Rule {
  return { id, title: { zh: id, en: id }, when, then }
}

export function rulesOf(
  rules: readonly Rule[],
  policy: Partial<RuleDocument['policy']> = {},
): RuleSet {
  const set = createRuleSet({ policy: { ...POLICY, ...policy }, rules }, NAMES)
  if ('problems' in set) throw new Error(JSON.stringify(set.problems))
  return set
}

export function viewOf(of: Partial<View> = {}): View {
  return {
    capabilities: CHANNELS,
    rules: rulesOf([]),
    health: createHealth(),
    lessons: createLessons(HEALTH_TERMS.probeMs),
    reaches: () => true,
    ...of,
  }
}

export function request(of: Partial<RouteRequest> = {}): RouteRequest {
  return {
    direction: 'pay',
    amount: 100_000n,
    currency: 'CNY',
    book: 1,
    bank: 'ICBC',
    accountType: 'personal',
    at: MONDAY_TEN,
    tried: [],
    attributes: {},
    ...of,
  }
}

/** Dice that show these numbers one after the other, then zeros' opposite: never exploring. */
export function dice(...shown: number[]): { below(bound: number): number } {
  return { below: (bound) => Math.min(shown.shift() ?? bound - 1, bound - 1) }
}

let made = 0

export function fact(of: Partial<AttemptFact> = {}): AttemptFact {
  made += 1
  return {
    attempt: `att_1_${made}`,
    order: `pout_1_${made}`,
    number: 1,
    direction: 'pay',
    channel: 'netsunion',
    bank: 'ICBC',
    accountType: 'personal',
    amount: { amount: '100000', currency: 'CNY' },
    madeAt: MONDAY_TEN,
    at: MONDAY_TEN,
    result: 'succeeded',
    code: '',
    ...of,
  }
}

/** Codes of the tests: their names say what they mean. */
export function classify({ code }: { readonly code: string }): Classification {
  const of = (rest: Partial<Classification>): Classification => ({
    reason: 'other',
    certainty: 'failed',
    retry: 'none',
    letter: 'T',
    mapped: true,
    text: { zh: '失败', en: 'It failed.' },
    ...rest,
  })
  switch (code) {
    case '':
      return of({ certainty: 'succeeded', reason: 'done' })
    case 'NO_PERMISSION':
      return of({ cause: 'merchant', reason: 'permission' })
    case 'NO_REPLY':
      return of({ cause: 'channel', certainty: 'unknown', reason: 'timeout' })
    case 'CHANNEL':
      return of({ cause: 'channel', reason: 'unavailable' })
    case 'USER':
      return of({ cause: 'user', reason: 'insufficient_funds' })
    case 'BANK':
      return of({ cause: 'bank', reason: 'declined' })
    case 'RISK':
      return of({ cause: 'risk', reason: 'blocked' })
    case 'MERCHANT':
      return of({ cause: 'merchant', reason: 'balance' })
    default:
      return of({ cause: 'system', reason: 'unmapped', certainty: 'unknown', mapped: false })
  }
}

/** The rules that come with the project. */
export function defaultRules(): RuleDocument {
  const file = new URL('../../../../schemes/routing/default.yaml', import.meta.url)
  return parseRules(readFileSync(file, 'utf8')) as RuleDocument
}
