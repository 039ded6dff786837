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
  /** Divides what was tried (channel, bank, …) or what was lost (code, cause, …), not both. */
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

/** Whether the question mixes dimensions of what was tried with others of what was lost only. */
export function dividesLosses(by: readonly Dimension[]): boolean {
  return by.some((dimension) => OF_LOSSES.includes(dimension))
}

/** The change, and what each part did; `undefined` when either window has nothing to count. */
export async function explainChange(
  { rate, before, after, where, by }: ChangeQuestion,
  ask: (question: RateQuestion) => Promise<RateRow[]>,
): Promise<Change | undefined> {
  const slice = where === undefined ? { by } : { by, where }
  const [first, second] = [await ask({ ...before, ...slice }), await ask({ ...after, ...slice })]
  const keys = new Map([...first, ...second].map(({ group }) => [JSON.stringify(group), group]))
  const pairs = [...keys].map(([key, group]) => ({
    group,
    before: countsAt(first, key),
    after: countsAt(second, key),
  }))
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

function countsAt(rows: readonly RateRow[], key: string): Counts {
  return sum(rows.filter(({ group }) => JSON.stringify(group) === key).map(({ counts }) => counts))
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
