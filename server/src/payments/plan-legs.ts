/**
 * Splits an amount that is over the limits of a bank or channel into legs, over as many days as the
 * day limits ask for. Pure, in whole minor units; whatever is changed, the legs sum to the total.
 */

/** Limits of one leg and of one day, minor units; absent: none. */
export interface LegLimits {
  readonly least?: bigint
  readonly perPayment?: bigint
  readonly perDay?: bigint
  readonly countPerDay?: number
}

export interface PlannedLeg {
  readonly amount: bigint
  /** Which payable day, from 0. */
  readonly day: number
}

/** Most legs a plan may have. */
export const LEGS_MAX = 100

/**
 * Legs of nearly equal size that keep the limits, in as few days and legs as they allow; `undefined`
 * when no split does. Equal legs, because a small rest may fall under the least amount.
 */
export function planLegs(amount: bigint, limits: LegLimits): PlannedLeg[] | undefined {
  if (amount < 1n) return undefined
  const { least = 1n, perPayment = amount, perDay, countPerDay = LEGS_MAX } = limits
  const most = perDay !== undefined && perDay < perPayment ? perDay : perPayment
  if (most < 1n || countPerDay < 1) return undefined
  const count = ceil(amount, most)
  if (count > LEGS_MAX) return undefined
  const legs = split(amount, count)
  const [largest, smallest] = [legs[0]!, legs[count - 1]!]
  if (smallest < least) return undefined
  const fitting = perDay === undefined ? count : Number(perDay / largest)
  const daily = Math.min(fitting, countPerDay)
  return legs.map((leg, index) => ({ amount: leg, day: Math.floor(index / daily) }))
}

/** Equal parts, the larger ones first. */
function split(amount: bigint, count: number): bigint[] {
  const size = BigInt(count)
  const rest = Number(amount % size)
  return Array.from({ length: count }, (_, index) => amount / size + (index < rest ? 1n : 0n))
}

function ceil(amount: bigint, by: bigint): number {
  const count = (amount + by - 1n) / by
  return count > BigInt(LEGS_MAX) ? LEGS_MAX + 1 : Number(count)
}

export interface Leg {
  readonly number: number
  readonly amount: bigint
  readonly day: number
  /** Paid or being paid: it does not change. */
  readonly fixed: boolean
}

/**
 * Gives one leg another amount and lets the free ones carry the rest, within the limits. Free legs
 * that are not needed fall away; more are added when it takes more. `undefined` when the leg is fixed
 * or no split of the rest keeps the limits.
 */
export function editLeg(
  legs: readonly Leg[],
  edit: { readonly number: number; readonly amount: bigint },
  limits: LegLimits,
): Leg[] | undefined {
  const edited = legs.find(({ number }) => number === edit.number)
  if (edited === undefined || edited.fixed || !within(edit.amount, limits)) return undefined
  const total = legs.reduce((sum, { amount }) => sum + amount, 0n)
  const pinned = legs
    .filter(({ fixed, number }) => fixed || number === edit.number)
    .map((leg) => (leg.number === edit.number ? { ...leg, amount: edit.amount } : leg))
  return rebalance(legs, pinned, total, limits)
}

/** Splits anew what no fixed leg carries: a refusal has taught another limit. */
export function replanLegs(legs: readonly Leg[], limits: LegLimits): Leg[] | undefined {
  const total = legs.reduce((sum, { amount }) => sum + amount, 0n)
  return rebalance(
    legs,
    legs.filter(({ fixed }) => fixed),
    total,
    limits,
  )
}

function rebalance(
  legs: readonly Leg[],
  pinned: readonly Leg[],
  total: bigint,
  limits: LegLimits,
): Leg[] | undefined {
  const rest = pinned.reduce((left, { amount }) => left - amount, total)
  if (rest < 0n) return undefined
  const parts = rest === 0n ? [] : planLegs(rest, limits)
  if (parts === undefined || parts.length + pinned.length > LEGS_MAX) return undefined
  const taken = new Set(pinned.map(({ number }) => number))
  const free = legs.map(({ number }) => number).filter((number) => !taken.has(number))
  let last = legs.reduce((most, { number }) => Math.max(most, number), 0)
  const added = parts.map((part) => {
    const number = free.shift()
    if (number !== undefined) return { ...part, number, fixed: false }
    last += 1
    return { ...part, number: last, fixed: false }
  })
  return placed([...pinned, ...added], limits)
}

/** The days of the legs: each as early as the day limits let it, fixed ones where they are. */
function placed(legs: readonly Leg[], limits: LegLimits): Leg[] | undefined {
  const { perDay, countPerDay = LEGS_MAX } = limits
  const days = new Map<number, { amount: bigint; count: number }>()
  const put = (leg: Leg, day: number): Leg => {
    const { amount, count } = days.get(day) ?? { amount: 0n, count: 0 }
    days.set(day, { amount: amount + leg.amount, count: count + 1 })
    return { ...leg, day }
  }
  const fits = (leg: Leg, day: number): boolean => {
    const { amount, count } = days.get(day) ?? { amount: 0n, count: 0 }
    return (perDay === undefined || amount + leg.amount <= perDay) && count < countPerDay
  }
  const result = legs.filter(({ fixed }) => fixed).map((leg) => put(leg, leg.day))
  for (const leg of legs.filter(({ fixed }) => !fixed)) {
    let day = 0
    while (!fits(leg, day)) {
      day += 1
      if (day > 2 * LEGS_MAX) return undefined
    }
    result.push(put(leg, day))
  }
  return result.sort((a, b) => a.number - b.number)
}

function within(amount: bigint, { least = 1n, perPayment, perDay }: LegLimits): boolean {
  if (amount < least || amount < 1n) return false
  return [perPayment, perDay].every((most) => most === undefined || amount <= most)
}
