/**
 * Made-up traffic of a marketplace, the same for a seed: attempts over days, channels, banks and amounts
 * of very unequal weight, about 4 % failures with the codes of the checkout, half of them tried again.
 * It writes the rows of `quality.attempt`, with the numbers of endings and segments it made up.
 */
import { codesOfCheckout } from '../../server/src/codes/testing/index.ts'
import { BAND_NAMES, type Ending } from '../../server/src/quality/index.ts'

const DAY_MS = 86_400_000

export const BANKS: readonly string[] = Array.from(
  { length: 40 },
  (_, i) => `BANK${String(i + 1).padStart(2, '0')}`,
)

/** Channels that collect, and those that pay; together twelve. */
const RAILS = {
  collect: ['wechat-pay', 'alipay', 'unionpay', 'offline-transfer', 'wechat-pay-2', 'alipay-2'],
  pay: [
    'netsunion',
    'bank-direct',
    'unionpay-pay',
    'bank-direct-2',
    'bank-direct-3',
    'netsunion-2',
  ],
} as const

const BOOKS = 16
const FAILING_PPM = 40_000

export interface Traffic {
  readonly endings: readonly Ending[]
  readonly segments: readonly { bank: string; accountType: string; band: string }[]
  /** Lines of COPY text, many attempts a piece, until all have come. */
  lines(): Generator<string>
}

/** `count` attempts made between `from` and `from` + `days`, in the order they were made. */
export function traffic(of: { count: number; days: number; from: number; seed: number }): Traffic {
  const rng = dice(of.seed)
  const endings = dictionary<Ending>(
    (e) => `${e.direction} ${e.channel} ${e.code} ${e.first} ${e.converted}`,
  )
  const segments = BANKS.flatMap((bank) =>
    ['personal', 'corporate'].flatMap((accountType) =>
      BAND_NAMES.map((band) => ({ bank, accountType, band })),
    ),
  )
  const codes = codesByRail()
  /** Small numbers come often, large ones seldom. */
  const skewed = (bound: number) => rng.below(rng.below(bound) + 1)
  const span = of.days * DAY_MS
  const iso = stamps()
  let made = 0

  const line = (order: number, number: number, madeAt: number, segment: number, ending: Ending) => {
    made += 1
    const at = madeAt + 1_000 + rng.below(60_000)
    const ok = ending.outcome === 'succeeded'
    return [
      ...[1 + (order % BOOKS), uuidOf(madeAt, made), uuidOf(0, order), number],
      ...[endings.numberOf(ending), segment, iso(madeAt), iso(at), ok ? iso(at) : '\\N'],
      ...['f', ok ? 'f' : 't'],
    ].join('\t')
  }

  function* lines(): Generator<string> {
    let piece: string[] = []
    for (let order = 1; made < of.count; order += 1) {
      const madeAt = of.from + Math.floor((made / of.count) * span)
      const direction = rng.below(3) < 2 ? 'collect' : 'pay'
      const rails = RAILS[direction]
      const channel = rails[skewed(rails.length)]!
      const segment =
        1 + skewed(BANKS.length) * 2 * BAND_NAMES.length + skewed(2 * BAND_NAMES.length)
      const failing = rng.below(1_000_000) < FAILING_PPM
      const again = failing && made + 1 < of.count && rng.below(2) === 0
      const base = {
        direction,
        channel,
        lastChannel: '',
        lastCode: '',
        reclassified: false,
      } as const
      const bad = codes[direction]
      const first: Ending = failing
        ? {
            ...base,
            code: bad[skewed(bad.length)]!,
            outcome: 'failed',
            first: true,
            converted: again,
          }
        : { ...base, code: 'SUCCESS', outcome: 'succeeded', first: true, converted: true }
      piece.push(line(order, 1, madeAt, segment, first))
      if (again) {
        const other = rails[(rails.indexOf(channel as never) + 1) % rails.length]!
        const second: Ending = {
          ...{ ...base, channel: other, code: 'SUCCESS', outcome: 'succeeded' },
          ...{ first: false, converted: false },
        }
        piece.push(line(order, 2, madeAt + 30_000, segment, second))
      }
      if (piece.length >= 5_000) {
        yield `${piece.join('\n')}\n`
        piece = []
      }
    }
    if (piece.length > 0) yield `${piece.join('\n')}\n`
  }
  return { endings: endings.values, segments, lines }
}

/** Codes of failures per direction, and a few that nobody has classified. */
function codesByRail() {
  const failing = codesOfCheckout().rows.filter((row) => row.certainty === 'failed')
  const of = (list: string) => failing.filter((row) => row.list === list).map((row) => row.code)
  return {
    collect: [...of('unionpay').slice(0, 30), 'QUITE_NEW_1', 'QUITE_NEW_2'],
    pay: [...of('netsunion'), ...of('bank-direct'), 'QUITE_NEW_3'],
  }
}

function dictionary<T extends object>(keyOf: (value: T) => string) {
  const values: T[] = []
  const numbers = new Map<string, number>()
  return {
    values,
    numberOf: (value: T): number => {
      const key = keyOf(value)
      let number = numbers.get(key)
      if (number === undefined) {
        number = values.push(value)
        numbers.set(key, number)
      }
      return number
    },
  }
}

function uuidOf(at: number, n: number): string {
  const time = at.toString(16).padStart(12, '0')
  return `${time}7000${n.toString(16).padStart(16, '8')}`
}

const minutes = 60_000

/** Times as text; the minute, which costs most, is written once. */
function stamps() {
  const known = new Map<number, string>()
  return (at: number): string => {
    const minute = Math.floor(at / minutes)
    let text = known.get(minute)
    if (text === undefined) {
      if (known.size > 1_000) known.clear()
      text = new Date(minute * minutes).toISOString().slice(0, 17)
      known.set(minute, text)
    }
    const ms = at - minute * minutes
    const seconds = Math.floor(ms / 1_000)
    return `${text}${seconds < 10 ? '0' : ''}${seconds}.${String(ms % 1_000).padStart(3, '0')}Z`
  }
}

/** mulberry32: fast and good enough for made-up traffic. */
function dice(seed: number) {
  let state = seed >>> 0
  return {
    below: (bound: number): number => {
      state = (state + 0x6d2b79f5) >>> 0
      let t = Math.imul(state ^ (state >>> 15), state | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * bound)
    },
  }
}
