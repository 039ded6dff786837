/**
 * What each slice did to a change of a rate between two periods, in parts per thousand million; the
 * effects of all slices add up to the change exactly.
 *
 * A slice moves the whole in two ways: its own rate changed (`rate`), or it became a larger or smaller
 * part (`mix`). Both are taken at the middle of the two periods, so that neither period is favoured.
 * Codes, causes and reasons are no slices of what was tried but of what was lost; there the effect of
 * one is the change of its share of losses, all of it `rate`.
 */
export interface Slice {
  /** Of the numerator and denominator of the rate. */
  readonly numerator: bigint
  readonly denominator: bigint
}

export interface Effect {
  readonly mixPpb: bigint
  readonly ratePpb: bigint
}

export interface Contributions {
  /** `after` less `before`, both rounded to parts per thousand million. */
  readonly changePpb: bigint
  /** In the order of the slices given. */
  readonly effects: readonly Effect[]
}

const SCALE = 1_000_000_000n

/** A fraction; the denominator is positive. */
interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

const fraction = (top: bigint, bottom: bigint): Fraction => ({ top, bottom })
const plus = (a: Fraction, b: Fraction) =>
  fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)
const minus = (a: Fraction, b: Fraction) => plus(a, fraction(-b.top, b.bottom))
const times = (a: Fraction, b: Fraction) => fraction(a.top * b.top, a.bottom * b.bottom)
const half = (a: Fraction) => fraction(a.top, a.bottom * 2n)
const ZERO = fraction(0n, 1n)

/**
 * Effects of slices that divide what was tried: by channel, bank, account type, amount. A period in
 * which nothing was tried has no rate: then `undefined`.
 */
export function sliceContributions(
  slices: readonly { readonly before: Slice; readonly after: Slice }[],
): Contributions | undefined {
  const totals = totalsOf(slices)
  if (totals === undefined) return undefined
  const { before, after } = totals
  const middle = half(plus(rateOf(before), rateOf(after)))
  const parts = slices.flatMap((slice) => {
    const [r0, r1] = ratesOf(slice)
    const w0 = fraction(slice.before.denominator, before.denominator)
    const w1 = fraction(slice.after.denominator, after.denominator)
    const mix = times(minus(w1, w0), minus(half(plus(r0, r1)), middle))
    return [mix, times(half(plus(w0, w1)), minus(r1, r0))]
  })
  return rounded(before, after, parts)
}

/** Effects of parts of what was lost: by code, cause or reason. */
export function lossContributions(
  slices: readonly { readonly before: Slice; readonly after: Slice }[],
): Contributions | undefined {
  const totals = totalsOf(slices)
  if (totals === undefined) return undefined
  const { before, after } = totals
  const share = (of: Slice, all: Slice) => fraction(of.denominator - of.numerator, all.denominator)
  const parts = slices.flatMap((slice) => [
    ZERO,
    minus(share(slice.before, before), share(slice.after, after)),
  ])
  return rounded(before, after, parts)
}

function totalsOf(slices: readonly { readonly before: Slice; readonly after: Slice }[]) {
  const sum = (of: (slice: (typeof slices)[number]) => Slice): Slice =>
    slices.reduce(
      (all, slice) => ({
        numerator: all.numerator + of(slice).numerator,
        denominator: all.denominator + of(slice).denominator,
      }),
      { numerator: 0n, denominator: 0n },
    )
  const before = sum((slice) => slice.before)
  const after = sum((slice) => slice.after)
  return before.denominator > 0n && after.denominator > 0n ? { before, after } : undefined
}

const rateOf = (slice: Slice) => fraction(slice.numerator, slice.denominator)

/** A slice that was not there in one period has the other's rate: all it did is mix. */
function ratesOf({ before, after }: { before: Slice; after: Slice }): [Fraction, Fraction] {
  if (before.denominator === 0n && after.denominator === 0n) return [ZERO, ZERO]
  if (before.denominator === 0n) return [rateOf(after), rateOf(after)]
  if (after.denominator === 0n) return [rateOf(before), rateOf(before)]
  return [rateOf(before), rateOf(after)]
}

/** Whole parts that add up to the change: rounded down, the rest to those cut most. */
function rounded(before: Slice, after: Slice, parts: readonly Fraction[]): Contributions {
  const changePpb = roundedPpb(rateOf(after)) - roundedPpb(rateOf(before))
  const floors = parts.map((part) => floorOf(part.top * SCALE, part.bottom))
  let left = changePpb - floors.reduce((sum, one) => sum + one, 0n)
  const cut = parts.map((part, index) => ({
    index,
    // Compared over one scale; equal cuts go to the earlier part.
    rest: ((part.top * SCALE - floors[index]! * part.bottom) * SCALE) / part.bottom,
  }))
  cut.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  // Rounding the two rates themselves can leave the rest one below nothing or above all parts.
  for (let i = 0; left > 0n; i = (i + 1) % cut.length, left -= 1n) floors[cut[i]!.index]! += 1n
  if (left < 0n) floors[cut.at(-1)!.index]! += left
  const effects: Effect[] = []
  for (let i = 0; i < floors.length; i += 2) {
    effects.push({ mixPpb: floors[i]!, ratePpb: floors[i + 1]! })
  }
  return { changePpb, effects }
}

function floorOf(top: bigint, bottom: bigint): bigint {
  const cut = top / bottom
  return top % bottom < 0n ? cut - 1n : cut
}

function roundedPpb({ top, bottom }: Fraction): bigint {
  return (top * SCALE * 2n + bottom) / (bottom * 2n)
}
