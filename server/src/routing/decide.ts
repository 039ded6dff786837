/**
 * The decision itself: pure apart from the dice it is handed. First what a channel can and may do,
 * then the rules, then the best of what is left:
 *
 *     score = success (ppm) × value × weight (ppm) − cost × 10¹²
 *
 * in whole fen, where `value` is what a success at the first attempt is worth to us: a share of the
 * amount within bounds, from the policy of the rules. Ties go to the cheaper, then to the one listed
 * first. A probe of a channel that may be well again goes before everything but a rule's order.
 */
import type { Capability } from '#channels'
import { portion } from '#money'
import type { Candidate, RouteDecision, RouteRequest } from './decision.ts'
import { costOf, methodFor, obstacle } from './eligibility.ts'
import type { Cell, Health } from './health.ts'
import type { Lessons } from './learnt.ts'
import type { ReadyRule, RuleSet } from './rule-set.ts'
import { localTime } from './shanghai.ts'
import type { WhyCode } from './why.ts'

/** What a decision is made on. */
export interface View {
  readonly capabilities: readonly Capability[]
  readonly rules: RuleSet
  readonly health: Pick<Health, 'successPpm' | 'condition'>
  readonly lessons: Pick<Lessons, 'condition'>
  /** Whether the money a channel moves settles into or out of a book. */
  reaches(channel: string, book: number): boolean
}

/** Dice: a whole number from 0 to `bound` − 1. */
export interface Dice {
  below(bound: number): number
}

export interface Decided {
  readonly decision: RouteDecision
  /** The cell whose one probe this attempt is. */
  readonly probe: Cell | undefined
}

interface Option {
  readonly capability: Capability
  readonly channel: string
  readonly cell: Cell
  readonly cost: bigint
  readonly successPpm: number
  why: WhyCode
  state: 'out' | 'well' | 'probe' | 'down'
  score: bigint
  worth: bigint
}

const PPM = 1_000_000
const SCALE = 1_000_000_000_000n

/** Which channel takes the request, and why each one does or does not. Takes no probe itself. */
export function decide(view: View, request: RouteRequest, dice: Dice): Decided {
  const matched = matching(view.rules, request)
  const options = optionsOf(view, request, matched)
  const { policy } = view.rules
  const small = request.direction === 'collect' || request.amount <= policy.explore.payoutMost
  // Large payouts wait until others have shown that a channel is well.
  if (!small) for (const option of options) if (option.state === 'probe') option.state = 'down'
  weigh(options, request, view.rules, matched)
  const pool = options.filter(({ state }) => state === 'well')
  const probes = options.filter(({ state }) => state === 'probe')
  const ordered = orderBy(matched, [...pool, ...probes], request, dice)
  let chosen: Option | undefined
  let explored = false
  if (ordered !== undefined) {
    chosen = choose(ordered, ordered.state === 'probe' ? 'probed' : 'chosen_by_rule')
    explored = ordered.state === 'probe'
  } else if (probes[0] !== undefined) {
    chosen = choose(probes[0], 'probed')
    explored = true
  } else if (pool.length > 0) {
    const best = pool.reduce(better)
    const other = small ? elsewhere(pool, best, policy.explore.ppm, dice) : undefined
    chosen = choose(other ?? best, other === undefined ? 'chosen' : 'explored')
    explored = other !== undefined
  } else {
    const down = options.filter(({ state }) => state === 'down')
    if (down.length > 0) chosen = choose(down.reduce(better), 'last_resort')
  }
  if (chosen !== undefined) explainLosers(options, chosen, ordered !== undefined)
  return {
    decision: recorded(view, request, matched, options, chosen, explored),
    probe: chosen?.why === 'probed' ? chosen.cell : undefined,
  }
}

/** The rules whose conditions hold, in the order of the document. */
function matching(rules: RuleSet, request: RouteRequest): readonly ReadyRule[] {
  const may = rules.candidates(request.direction, request.bank)
  if (may.length === 0) return may
  const { weekday, minute } = localTime(request.at)
  const attributes: Record<string, string> = {}
  for (const name of rules.attributes) attributes[name] = request.attributes[name] ?? ''
  const context = {
    direction: request.direction,
    amount: request.amount,
    currency: request.currency,
    bank: request.bank,
    account_type: request.accountType ?? '',
    methods: request.methods ?? [],
    book: BigInt(request.book),
    hour: BigInt(Math.floor(minute / 60)),
    weekday: BigInt(weekday),
    attributes,
  }
  return may.filter((rule) => rule.holds(context))
}

function optionsOf(view: View, request: RouteRequest, matched: readonly ReadyRule[]): Option[] {
  const time = localTime(request.at)
  return view.capabilities.map((capability) => {
    const { channel } = capability
    const cell: Cell = {
      direction: request.direction,
      channel,
      bank: request.bank,
      accountType: request.accountType ?? '',
    }
    const fixed = view.reaches(channel, request.book)
      ? obstacle(capability, request, time)
      : 'wrong_book'
    const [state, why] = standing(view, cell, request, fixed ?? ruledOut(matched, channel))
    return {
      capability,
      channel,
      cell,
      cost: costOf(capability, request),
      successPpm: view.health.successPpm(cell, request.at),
      state,
      why,
      score: 0n,
      worth: 0n,
    }
  })
}

function ruledOut(matched: readonly ReadyRule[], channel: string): WhyCode | undefined {
  for (const { action } of matched) {
    if ('exclude' in action && action.exclude.includes(channel)) return 'excluded_by_rule'
    if ('only' in action && !action.only.includes(channel)) return 'not_among_only'
  }
  return undefined
}

function standing(
  view: View,
  cell: Cell,
  request: RouteRequest,
  out: WhyCode | undefined,
): readonly [Option['state'], WhyCode] {
  if (out !== undefined) return ['out', out]
  const lesson = view.lessons.condition(cell, request.at)
  if (lesson === 'refused') return ['out', 'learnt_no_permission']
  const health = view.health.condition(cell, request.at)
  if (health === 'down') return ['down', 'down']
  if (lesson === 'probe') return ['probe', 'learnt_no_permission']
  return health === 'probe' ? ['probe', 'down'] : ['well', 'dearer']
}

function weigh(
  options: readonly Option[],
  request: RouteRequest,
  rules: RuleSet,
  matched: readonly ReadyRule[],
): void {
  const { ppm, least, most } = rules.policy.value
  let value = portion(request.amount, ppm, 'half_up')
  if (value < BigInt(least)) value = BigInt(least)
  if (value > BigInt(most)) value = BigInt(most)
  for (const option of options) {
    let weight = PPM
    for (const { action } of matched) {
      const times = 'weigh' in action ? action.weigh[option.channel] : undefined
      if (times !== undefined) weight = Math.floor((weight * times) / PPM)
    }
    option.worth = BigInt(option.successPpm) * value * BigInt(weight)
    option.score = option.worth - option.cost * SCALE
  }
}

/** The channel the first rule that orders channels puts first, if any of its channels can take it. */
function orderBy(
  matched: readonly ReadyRule[],
  able: readonly Option[],
  request: RouteRequest,
  dice: Dice,
): Option | undefined {
  const rule = matched.find(({ action }) => 'prefer' in action || 'split' in action)
  if (rule === undefined) return undefined
  const { action } = rule
  const named = (channel: string) => able.find((option) => option.channel === channel)
  if ('prefer' in action) return action.prefer.map(named).find((option) => option !== undefined)
  if (!('split' in action)) return undefined
  // By name: a stored document does not keep the order of its keys.
  const shares = Object.entries(action.split)
    .map(([channel, share]) => ({ option: named(channel), channel, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => (a.channel < b.channel ? -1 : 1))
  const picked = pick(shares, pointOf(rule.id, request, PPM, dice))
  if (picked?.option !== undefined) return picked.option
  // The one it would have been is out: the others share what it would have got, as stickily.
  const left = shares.filter(({ option }) => option !== undefined)
  const total = left.reduce((sum, { share }) => sum + share, 0)
  if (total === 0) return undefined
  return pick(left, pointOf(`${rule.id} again`, request, total, dice))?.option
}

function pick<T extends { readonly share: number }>(shares: readonly T[], point: number) {
  let end = 0
  for (const each of shares) {
    end += each.share
    if (point < end) return each
  }
  return undefined
}

function pointOf(salt: string, { sticky }: RouteRequest, bound: number, dice: Dice): number {
  return sticky === undefined ? dice.below(bound) : hashed(`${salt}:${sticky}`) % bound
}

/** FNV-1a with the final mix of MurmurHash3, 32 bits: even over the low digits too. */
function hashed(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function better(a: Option, b: Option): Option {
  if (a.score !== b.score) return a.score > b.score ? a : b
  return b.cost < a.cost ? b : a
}

/** Now and then another one that is well, each as likely. */
function elsewhere(
  pool: readonly Option[],
  best: Option,
  ppm: number,
  dice: Dice,
): Option | undefined {
  if (ppm === 0 || pool.length < 2 || dice.below(PPM) >= ppm) return undefined
  const others = pool.filter((option) => option !== best)
  return others[dice.below(others.length)]
}

function choose(option: Option, why: WhyCode): Option {
  option.why = why
  return option
}

function explainLosers(options: readonly Option[], chosen: Option, byRule: boolean): void {
  for (const option of options) {
    if (option === chosen || option.state !== 'well') continue
    if (byRule) option.why = 'not_preferred'
    else if (option.successPpm < chosen.successPpm) option.why = 'less_success'
    else if (option.cost > chosen.cost) option.why = 'dearer'
    else option.why = option.worth < chosen.worth ? 'not_preferred' : 'not_chosen'
  }
}

function recorded(
  view: View,
  request: RouteRequest,
  matched: readonly ReadyRule[],
  options: readonly Option[],
  chosen: Option | undefined,
  explored: boolean,
): RouteDecision {
  const method =
    chosen !== undefined && request.direction === 'collect'
      ? methodFor(chosen.capability, request)
      : undefined
  const { methods, tried, attributes, usedToday, countToday, sticky } = request
  const candidates = options.map(
    ({ channel, state, why, cost, successPpm }): Candidate => ({
      channel,
      eligible: state !== 'out',
      why,
      cost,
      successPpm,
    }),
  )
  return {
    ...(chosen !== undefined && { channel: chosen.channel }),
    ...(method !== undefined && { method }),
    candidates,
    explored,
    rules: view.rules.version,
    applied: matched.map(({ id }) => id),
    asked: {
      ...(methods !== undefined && { methods }),
      tried,
      attributes,
      ...(usedToday !== undefined && { usedToday: texts(usedToday) }),
      ...(countToday !== undefined && { countToday }),
      ...(sticky !== undefined && { sticky }),
    },
  }
}

function texts(amounts: Readonly<Record<string, bigint>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([channel, amount]) => [channel, amount.toString()]),
  )
}
