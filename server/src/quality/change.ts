/**
 * Why a rate changed between two windows: what each slice did to it, and inside the slices that pulled
 * it down the codes that did. Nothing in here is written by hand; all of it is counted.
 */
import type { Instant } from '#base'
import { type Dimension, type RateQuestion, type RateRow, ratesOf } from './ask.ts'
import {
  type Contributions,
  lossContributions,
  type Slice,
  sliceContributions,
} from './contribution.ts'
import {
  addCounts,
  type Counts,
  noCounts,
  RATES,
  type Rate,
  type RateName,
  type RateRule,
} from './rates.ts'

/** Attempts by when they were made, `to` not included. */
export interface Window {
  readonly from: Instant
  readonly to: Instant
}

export interface ChangeQuestion<D extends Dimension = Dimension> {
  readonly rate: RateName
  readonly before: Window
  readonly after: Window
  readonly where?: RateQuestion['where']
  /**
   * Divides what was tried (channel, bank, …). With any dimension of what was lost (code, cause, …)
   * among them, every part is a share of the losses.
   */
  readonly by: readonly D[]
}

export interface ChangePart {
  /** The values of `by`, in its order. */
  readonly group: readonly string[]
  readonly before: Rate
  readonly after: Rate
  /** Parts per thousand million; `mix` and `rate` of all parts add up to the change. */
  readonly mixPpb: bigint
  readonly ratePpb: bigint
}

export interface Change {
  readonly before: Rate
  readonly after: Rate
  readonly changePpb: bigint
  /** The part that pulled it down most first. */
  readonly parts: readonly ChangePart[]
}

/** Dimensions that divide failures only: a success has no cause. */
const OF_LOSSES: readonly Dimension[] = ['code', 'cause', 'reason', 'letter', 'mapped']

function dividesLosses(by: readonly Dimension[]): boolean {
  return by.some((dimension) => OF_LOSSES.includes(dimension))
}

/** The change, and what each part did; `undefined` when either window has nothing to count. */
export async function explainChange(
  { rate, before, after, where, by }: ChangeQuestion,
  ask: (question: RateQuestion) => Promise<RateRow[]>,
): Promise<Change | undefined> {
  const slice = where === undefined ? { by } : { by, where }
  const [first, second] = [await ask({ ...before, ...slice }), await ask({ ...after, ...slice })]
  const pairs = pairsOf(first, second)
  const slices = pairs.map((pair) => ({
    before: sliceOf(rate, pair.before),
    after: sliceOf(rate, pair.after),
  }))
  const found: Contributions | undefined = dividesLosses(by)
    ? lossContributions(slices)
    : sliceContributions(slices)
  if (found === undefined) return undefined
  const parts = pairs.map((pair, i) => ({
    group: pair.group,
    before: ratesOf(pair.before)[rate],
    after: ratesOf(pair.after)[rate],
    ...found.effects[i]!,
  }))
  const total = ({ mixPpb, ratePpb }: ChangePart) => mixPpb + ratePpb
  parts.sort((a, b) => (total(a) < total(b) ? -1 : total(a) > total(b) ? 1 : 0))
  return {
    before: ratesOf(sum(pairs.map((pair) => pair.before)))[rate],
    after: ratesOf(sum(pairs.map((pair) => pair.after)))[rate],
    changePpb: found.changePpb,
    parts,
  }
}

interface Pair {
  readonly group: readonly string[]
  before: Readonly<Counts>
  after: Readonly<Counts>
}

/** The counts of each group in both windows; none where a window has no attempts of it. */
function pairsOf(first: readonly RateRow[], second: readonly RateRow[]): Pair[] {
  const pairs = new Map<string, Pair>()
  const pairOf = (group: readonly string[]) => {
    const key = JSON.stringify(group)
    const pair = pairs.get(key) ?? { group, before: noCounts(), after: noCounts() }
    pairs.set(key, pair)
    return pair
  }
  for (const { group, counts } of first) pairOf(group).before = counts
  for (const { group, counts } of second) pairOf(group).after = counts
  return [...pairs.values()]
}

function sum(all: readonly Readonly<Counts>[]): Counts {
  const counts = noCounts()
  for (const one of all) addCounts(counts, one)
  return counts
}

function sliceOf(rate: RateName, counts: Counts): Slice {
  const rule: RateRule = RATES[rate]
  return { numerator: rule.numerator(counts), denominator: rule.denominator(counts) }
}
