/**
 * How long one routing decision takes, in process: 200 rules, 12 channels, 40 banks, health fed by
 * 20,000 attempts and some lessons. Every decision is timed alone, in five rounds after one that only
 * warms up; the figures are the median round's, with the range of all, since other work on the machine
 * shows in single rounds.
 *
 * Budget: a minute, no disk.
 */
import { performance } from 'node:perf_hooks'
import { seededRng } from '../../server/src/base/index.ts'
import type { Capability } from '../../server/src/channels/index.ts'
import {
  createMemoryRouter,
  createRuleSet,
  type MemoryRouter,
  type RouteRequest,
  type Rule,
  type RuleDocument,
} from '../../server/src/routing/index.ts'
import { figure, number, percentile, rounded, show, table } from './figures.ts'
import type { Bench } from './main.ts'

const BUDGET_S = 60
const TARGET_P99_MS = 0.5
const ROUNDS = 5
const START = Date.UTC(2026, 2, 2, 2)

export const routingBench: Bench = {
  says: 'Times single routing decisions in memory.',
  options: {
    decisions: { says: 'how many are timed (200000)' },
    rules: { says: 'how many rules (200)' },
    channels: { says: 'how many channels (12)' },
    banks: { says: 'how many banks (40)' },
  },
  run: (options, print) => {
    const began = performance.now()
    const count = options.number('decisions', 200_000)
    const [rules, channels, banks] = [
      options.number('rules', 200),
      options.number('channels', 12),
      options.number('banks', 40),
    ]
    const rng = seededRng(11)
    const names = Array.from({ length: banks }, (_, n) => `BANK${n}`)
    const router = createRouter({ rules, channels }, names, rng)
    const requests = Array.from({ length: 5_000 }, (_, n) => requestOf(names, rng, n))
    const chosen = new Set<string>()
    timed(router, requests, START, count / ROUNDS, chosen)
    const rounds = Array.from({ length: ROUNDS }, (_, n) =>
      timed(router, requests, START + n * 60_000, count / ROUNDS, chosen),
    )
    const p50 = figure(rounds.map((times) => percentile(times, 0.5)))
    const p99 = figure(rounds.map((times) => percentile(times, 0.99)))
    const mean = figure(
      rounds.map((times) => times.reduce((sum, time) => sum + time, 0) / times.length),
    )
    const took = (performance.now() - began) / 1000
    print(
      table([
        ['decisions', 'rules', 'channels', 'banks', 'p50 ms', 'p99 ms', 'mean ms', 'chosen'],
        [
          ...[count, rules, channels, banks].map((each) => number(each)),
          ...[p50, p99, mean].map((each) => show(each, 4)),
          number(chosen.size),
        ],
      ]),
    )
    if (took > BUDGET_S) print(`Over its budget: ${number(took)} s of ${BUDGET_S} s.`)
    return Promise.resolve({
      decide_p50_ms: rounded(p50.median),
      decide_p99_ms: rounded(p99.median),
      decide_p99_ms_rounds: [p99.min, p99.max].map((each) => rounded(each)),
      decide_mean_ms: rounded(mean.median),
      target_p99_ms: TARGET_P99_MS,
      within: p99.median < TARGET_P99_MS && took <= BUDGET_S,
      ...{ decisions: count, rules, channels, banks, chosen: chosen.size },
      seconds: rounded(took),
      budget_s: BUDGET_S,
    })
  },
}

/** A round: its requests a millisecond apart, as they come in; the times of its decisions, ms. */
function timed(
  router: MemoryRouter,
  requests: readonly RouteRequest[],
  start: number,
  count: number,
  chosen: Set<string>,
): number[] {
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const request = { ...requests[n % requests.length]!, at: start + n }
    const from = performance.now()
    const { channel } = router.decide(request)
    times.push(performance.now() - from)
    if (channel !== undefined) chosen.add(channel)
  }
  return times
}

type Rng = ReturnType<typeof seededRng>

function createRouter(
  of: { readonly rules: number; readonly channels: number },
  banks: readonly string[],
  rng: Rng,
): MemoryRouter {
  const capabilities = Array.from({ length: of.channels }, (_, n) => capabilityOf(n, banks))
  const names = capabilities.map(({ channel }) => channel)
  const document: RuleDocument = {
    policy: {
      value: { ppm: 1000, least: 100, most: 5000 },
      explore: { ppm: 5000, payoutMost: 500_000 },
      permission: { refusals: 1, days: 7 },
    },
    rules: Array.from({ length: of.rules }, (_, n) => ruleOf(n, banks, names)),
  }
  const rules = createRuleSet(document, names)
  if ('problems' in rules) throw new Error(JSON.stringify(rules.problems.slice(0, 3)))
  const router = createMemoryRouter({
    capabilities,
    rules,
    reaches: () => true,
    classify: ({ code }) => ({
      ...(code !== '' && { cause: 'channel' as const }),
      reason: code === 'P' ? 'permission' : 'unavailable',
      certainty: code === '' ? 'succeeded' : 'failed',
      ...{ retry: 'none', letter: 'T', mapped: true, text: { zh: '', en: '' } },
    }),
    dice: rng,
  })
  for (let n = 0; n < 20_000; n += 1) {
    const ok = rng.below(100) < 97
    router.learn({
      ...{ attempt: `att_${n}`, order: `pout_${n}`, number: 1, direction: 'pay' },
      channel: names[rng.below(names.length)]!,
      bank: banks[rng.below(banks.length)]!,
      accountType: rng.below(2) === 0 ? 'personal' : 'corporate',
      amount: { amount: '1', currency: 'CNY' },
      ...{ madeAt: START - rng.below(3_600_000), at: START - rng.below(3_600_000) },
      ...(ok ? { result: 'succeeded', code: '' } : { result: 'failed', code: n % 400 ? 'C' : 'P' }),
    })
  }
  return router
}

function capabilityOf(n: number, banks: readonly string[]): Capability {
  return {
    ...{ channel: `channel-${n}`, title: { zh: `通道${n}`, en: `Channel ${n}` }, currency: 'CNY' },
    ...{ directions: ['pay', 'collect'], methods: ['collection'], banks: 'all' },
    ...{ accountTypes: ['personal', 'corporate'] },
    notPermitted: n % 4 === 0 ? [{ accountType: 'corporate', bank: banks[n]! }] : [],
    // A limit of its own for each bank, and one for all.
    limits: [
      { least: 1n, perPayment: 5_000_000_000n },
      ...banks.map((bank, at) => ({ bank, perDay: BigInt(1 + ((at + n) % 9)) * 10_000_000_000n })),
    ],
    openHours: [{ from: '00:30', to: '23:30' }],
    maintenance: [{ weekdays: [7], from: '02:00', to: '04:00' }],
    ...{ holdDays: 0, settlement: { days: 1, kind: 'net' } },
    fees: [
      { direction: 'pay', ppm: 0, fixed: BigInt(20 + n * 5) },
      { direction: 'collect', ppm: 2000 + n * 100, fixed: 0n, least: 10n, most: 2500n },
    ],
  }
}

/** A third names one bank, a third a few of them, a third none; each asks for several things. */
function ruleOf(n: number, banks: readonly string[], names: readonly string[]): Rule {
  const bank = banks[n % banks.length]!
  const where = [
    `bank == "${bank}"`,
    `bank in ["${bank}", "${banks[(n + 7) % banks.length]}", "${banks[(n + 13) % banks.length]}"]`,
    `attributes.scene == "scene${n % 17}"`,
  ][n % 3]!
  const from = 1_000 + n * 1_000
  const amount = `amount >= ${from} && amount < ${from + 50_000_000}`
  const when = `direction == "pay" && ${where} && ${amount} && hour >= ${n % 8}`
  const a = names[n % names.length]!
  const action: Rule['then'] =
    n % 5 === 0 ? { prefer: [a] } : n % 5 === 1 ? { exclude: [a] } : { weigh: { [a]: 1_050_000 } }
  // biome-ignore lint/suspicious/noThenProperty: a field of a rule.
  return { id: `rule-${n}`, title: { zh: `规则${n}`, en: `Rule ${n}` }, when, then: action }
}

function requestOf(banks: readonly string[], rng: Rng, n: number): RouteRequest {
  return {
    direction: 'pay',
    amount: BigInt(1 + rng.below(50_000_000)),
    ...{ currency: 'CNY', book: 1, bank: banks[rng.below(banks.length)]! },
    accountType: n % 2 === 0 ? 'personal' : 'corporate',
    at: START,
    tried: n % 10 === 0 ? ['channel-1'] : [],
    attributes: { scene: `scene${rng.below(17)}` },
    usedToday: { 'channel-2': 5_000_000n },
  }
}
