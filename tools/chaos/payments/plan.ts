/**
 * What happens in one seed's hours, drawn before it begins: who pays what and how, who asks for their
 * money back, where the platform dies. Nothing here looks at what became of anything.
 */
import { type Rng, seededRng } from '../../../server/src/base/index.ts'
import type { CollectMethod } from '../../../server/src/channels/index.ts'

const MINUTE_MS = 60_000

export const PAY_INS = 38
export const PAYOUTS = 12
export const REFUNDS = 10

/** What the payer does about an order. */
export type PayerDoes =
  | 'pays'
  | 'never_pays'
  /** At the very moment the platform gives the order up. */
  | 'pays_at_the_end'
  /** Both of two attempts, at once. */
  | 'pays_two'
  /** The whole payment is closed by its caller at the moment of paying. */
  | 'pays_while_closed'

export interface PlannedPayIn {
  readonly kind: 'pay_in'
  readonly at: number
  readonly number: number
  readonly amount: bigint
  readonly method: CollectMethod
  /** The second attempt's way, for who pays two. */
  readonly other: CollectMethod
  readonly late: 'refund' | 'attach'
  readonly does: PayerDoes
  /** From the order to the payer's doing. */
  readonly afterMs: number
}

export interface PlannedPayout {
  readonly kind: 'payout'
  readonly at: number
  readonly number: number
  readonly amount: bigint
  readonly bank: string
  readonly corporate: boolean
}

export interface PlannedRefund {
  readonly kind: 'refund'
  readonly at: number
  readonly number: number
  /** Of which pay-in. */
  readonly payIn: number
  /** Share of it, per mille; 1000 is the whole. */
  readonly share: number
  /** Asked for once more by somebody else at the same time. */
  readonly twice: boolean
  /** Whether the verified payer is known, for when the way back is closed. */
  readonly payerKnown: boolean
}

/** The platform dies after so many more effects. */
export interface PlannedKill {
  readonly kind: 'kill'
  readonly at: number
  readonly effects: number
}

/** The next sender is stopped before its socket; it is woken when another platform has taken over. */
export interface PlannedStop {
  readonly kind: 'stop_sender'
  readonly at: number
}

export type Planned = PlannedPayIn | PlannedPayout | PlannedRefund | PlannedKill | PlannedStop

/** Ways to pay, each as often as it stands here. */
const METHODS: readonly CollectMethod[] = [
  ...(['wechat_native', 'wechat_native', 'wechat_native', 'wechat_h5', 'wechat_jsapi'] as const),
  ...(['alipay_qr', 'alipay_qr', 'alipay_qr', 'alipay_page'] as const),
  ...(['collection', 'collection', 'collection'] as const),
  ...(['bank_transfer', 'bank_transfer'] as const),
]

const DOES: readonly PayerDoes[] = [
  ...Array<PayerDoes>(11).fill('pays'),
  ...(['never_pays', 'never_pays', 'never_pays', 'pays_at_the_end'] as const),
  ...(['pays_two', 'pays_two', 'pays_two', 'pays_two', 'pays_while_closed'] as const),
]

/** Endings of amounts that rails refuse by. */
const REFUSED = [3n, 5n, 51n, 65n]
/** Endings without any effect. */
const PLAIN = [0n, 1n, 10n, 25n, 40n, 88n]

const BANKS = ['ICBC', 'CCB', 'BOC', 'CMB', 'MOCKBANK-RETURN']

export interface SeedPlan {
  readonly seed: number
  /** In the order of time; `at` counts from the start. */
  readonly events: readonly Planned[]
  /** How long orders are made for. */
  readonly hoursMs: number
}

/** The plan of a seed. */
export function planOf(seed: number): SeedPlan {
  const rng = seededRng(seed * 7_919 + 13)
  const hoursMs = 180 * MINUTE_MS
  const within = (from: number, to: number) => from + rng.below(Math.max(1, to - from))
  const times = (count: number, one: (number: number) => Planned) =>
    Array.from({ length: count }, (_, i) => one(i + 1))
  const events = [
    ...times(PAY_INS, (number) => payIn(rng, number, within(0, hoursMs - 45 * MINUTE_MS))),
    ...times(PAYOUTS, (number) => payout(rng, number, within(0, hoursMs))),
    ...times(REFUNDS, (number) => refund(rng, number, within(70 * MINUTE_MS, hoursMs))),
    ...times(3, () => ({ kind: 'kill', at: within(0, hoursMs), effects: 1 + rng.below(25) })),
    { kind: 'stop_sender', at: within(10 * MINUTE_MS, hoursMs - 30 * MINUTE_MS) } as const,
  ]
  return { seed, hoursMs, events: events.sort((a, b) => a.at - b.at) }
}

const pick = <T>(rng: Rng, from: readonly T[]): T => from[rng.below(from.length)]!

function amountOf(rng: Rng, yuan: number): bigint {
  const endings = rng.below(12) === 0 ? REFUSED : PLAIN
  return BigInt(1 + rng.below(yuan)) * 100n + pick(rng, endings)
}

function payIn(rng: Rng, number: number, at: number): PlannedPayIn {
  const method = pick(rng, METHODS)
  // Both ways are told by notices, so that the two may meet.
  const other = method.startsWith('wechat') ? 'alipay_qr' : 'wechat_native'
  return {
    ...{ kind: 'pay_in', at, number, method, other },
    amount: amountOf(rng, 20_000),
    late: rng.below(4) === 0 ? 'attach' : 'refund',
    does: pick(rng, DOES),
    afterMs: 5_000 + rng.below(20 * MINUTE_MS),
  }
}

function payout(rng: Rng, number: number, at: number): PlannedPayout {
  return {
    ...{ kind: 'payout', at, number },
    amount: amountOf(rng, 400_000),
    bank: pick(rng, BANKS),
    corporate: rng.below(3) === 0,
  }
}

function refund(rng: Rng, number: number, at: number): PlannedRefund {
  return {
    ...{ kind: 'refund', at, number },
    payIn: 1 + rng.below(PAY_INS),
    share: rng.below(2) === 0 ? 1000 : 100 + rng.below(800),
    twice: rng.below(3) === 0,
    payerKnown: rng.below(2) === 0,
  }
}
