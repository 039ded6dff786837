/**
 * What a change of channel would have done to success, estimated from what was seen.
 *
 * Attempts that stay where they were keep their outcome. For one that would have gone elsewhere the
 * outcome there is the success rate observed there: of the same bank and account type when there are
 * at least `LEAST` such attempts, else of the account type, else of the whole channel. The 95 %
 * intervals are of a Poisson bootstrap: every group of like attempts is drawn again, seeded, and the
 * rates with it. What it cannot know: that attempts sent to a channel by rule may differ from those
 * that would have been, and that more volume changes a channel.
 */

import type { Dice } from './decide.ts'

export interface Case {
  /** Where it was seen: direction, channel, bank, account type, joined by `|`. */
  readonly from: string
  /** Where the draft would send it; the same text when it stays, empty when nowhere. */
  readonly to: string
  /** `undefined`: not final, or failed for the user's cause. It has a cost, but is in no success rate. */
  readonly succeeded: boolean | undefined
  /** Fen the draft would pay more. */
  readonly cost: bigint
  /** Breaches of limits the draft would add or take away: −1, 0, 1. */
  readonly breach: number
}

export interface Interval {
  readonly low: bigint
  readonly high: bigint
}

export interface Estimate {
  /** Change of the share that succeeds, parts per million. */
  readonly success: Interval & { readonly change: bigint }
  /** Fen, of all attempts together. */
  readonly cost: Interval & { readonly change: bigint }
  readonly breaches: Interval & { readonly change: bigint }
  /** Attempts that would go where nothing was ever seen; they count as unchanged. */
  readonly unseen: number
}

interface Group {
  readonly from: string
  readonly to: string
  readonly succeeded: boolean | undefined
  readonly number: number
  readonly cost: bigint
  readonly breach: number
}

const LEAST = 30
const PPM = 1_000_000
const TWO_POW_32 = 2 ** 32

/** Estimates a change. `evidence` are outcomes seen, beside the cases themselves. */
export function estimate(
  cases: readonly Case[],
  evidence: readonly { readonly at: string; readonly succeeded: boolean }[],
  dice: Dice,
  resamples = 500,
): Estimate {
  const groups = grouped(cases)
  const others = grouped(
    evidence.map(({ at, succeeded }) => ({ from: at, to: at, succeeded, cost: 0n, breach: 0 })),
  )
  const levels = levelsOf([...groups, ...others])
  const unseen = groups
    .filter(({ succeeded }) => succeeded !== undefined)
    .filter(({ from, to }) => to !== from && to !== '' && levels(to) === undefined)
    .reduce((sum, { number }) => sum + number, 0)
  const whole = change(groups, others, levels, ({ number }) => number)
  const draws = Array.from({ length: cases.length === 0 ? 0 : resamples }, () =>
    change(groups, others, levels, ({ number }) => poisson(number, dice)),
  )
  const of = (read: (one: Change) => bigint) => ({
    change: read(whole),
    ...interval(draws.map(read), read(whole)),
  })
  return {
    success: of(({ success }) => success),
    cost: of(({ cost }) => cost),
    breaches: of(({ breaches }) => breaches),
    unseen,
  }
}

function grouped(cases: readonly Case[]): Group[] {
  const groups = new Map<string, { -readonly [K in keyof Group]: Group[K] }>()
  for (const { from, to, succeeded, cost, breach } of cases) {
    const key = `${from} ${to} ${succeeded} ${breach}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { from, to, succeeded, number: 1, cost, breach })
    else {
      group.number += 1
      group.cost += cost
    }
  }
  return [...groups.values()]
}

/** A cell, its account type at the channel, and the whole channel, the narrowest first. */
function widths(cell: string): readonly string[] {
  const [direction = '', channel = '', , type = ''] = cell.split('|')
  return [cell, `${direction}|${channel}|*|${type}`, `${direction}|${channel}|*|*`]
}

/** The level a cell is judged by: the narrowest with enough attempts; any at all of the channel. */
function levelsOf(groups: readonly Group[]): (cell: string) => string | undefined {
  const seen = new Map<string, number>()
  for (const { from, succeeded, number } of groups) {
    if (succeeded === undefined) continue
    for (const level of widths(from)) seen.set(level, (seen.get(level) ?? 0) + number)
  }
  const known = new Map<string, string | undefined>()
  return (cell) => {
    if (!known.has(cell)) {
      const levels = widths(cell)
      const enough = levels.find((level) => (seen.get(level) ?? 0) >= LEAST)
      known.set(cell, enough ?? levels.findLast((level) => (seen.get(level) ?? 0) > 0))
    }
    return known.get(cell)
  }
}

interface Change {
  readonly success: bigint
  readonly cost: bigint
  readonly breaches: bigint
}

function change(
  groups: readonly Group[],
  others: readonly Group[],
  levels: (cell: string) => string | undefined,
  draw: (group: Group) => number,
): Change {
  const drawn = groups.map((group) => ({ group, number: draw(group) }))
  const good = new Map<string, number>()
  const all = new Map<string, number>()
  for (const { group, number } of [
    ...drawn,
    ...others.map((group) => ({ group, number: draw(group) })),
  ]) {
    if (group.succeeded === undefined) continue
    for (const level of widths(group.from)) {
      all.set(level, (all.get(level) ?? 0) + number)
      if (group.succeeded) good.set(level, (good.get(level) ?? 0) + number)
    }
  }
  let [total, gained, cost, breaches] = [0, 0, 0n, 0]
  for (const { group, number } of drawn) {
    cost += (group.cost * BigInt(number)) / BigInt(group.number)
    breaches += group.breach * number
    if (group.succeeded === undefined) continue
    total += number
    if (group.to === group.from) continue
    // Where no channel is left it certainly does not succeed.
    const level = group.to === '' ? undefined : levels(group.to)
    if (level === undefined && group.to !== '') continue
    const seen = level === undefined ? 0 : (all.get(level) ?? 0)
    const rate = level === undefined || seen === 0 ? 0 : (good.get(level) ?? 0) / seen
    gained += number * (rate - (group.succeeded ? 1 : 0))
  }
  return {
    success: total === 0 ? 0n : BigInt(Math.round((gained / total) * PPM)),
    cost,
    breaches: BigInt(breaches),
  }
}

/** The middle 95 % of the draws; around a single value when there are none. */
function interval(draws: readonly bigint[], otherwise: bigint): Interval {
  const sorted = [...draws].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? otherwise
  return { low: at(0.025), high: at(0.975) }
}

/** A Poisson number: by multiplying (Knuth) when small, by the normal distribution when large. */
function poisson(mean: number, dice: Dice): number {
  if (mean < 50) {
    const end = Math.exp(-mean)
    let count = 0
    for (let product = uniform(dice); product > end; product *= uniform(dice)) count += 1
    return count
  }
  const normal = Math.sqrt(-2 * Math.log(uniform(dice))) * Math.cos(2 * Math.PI * uniform(dice))
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
}

/** Above 0, below 1. */
function uniform(dice: Dice): number {
  return (dice.below(TWO_POW_32) + 0.5) / TWO_POW_32
}
