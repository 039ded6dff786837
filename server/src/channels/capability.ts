/**
 * What a payment channel can do, as data: routing reads it before it chooses, the cashier shows it,
 * and operations change it without code. Times of day are Shanghai's, `HH:mm`.
 */
import type { AccountType, CollectMethod, Direction } from './payment-channel.ts'

/** Where a row applies; what is absent applies to all. */
export interface Scope {
  readonly direction?: Direction
  readonly accountType?: AccountType
  readonly bank?: string
}

export interface Limit extends Scope {
  /** Minor units. */
  readonly least?: bigint
  readonly perPayment?: bigint
  /** Per payer's or payee's bank account and business day. */
  readonly perDay?: bigint
  readonly countPerDay?: number
}

/** When the channel takes orders. Rows of a scope are alternatives; a scope without rows is open. */
export interface OpenHours extends Scope {
  readonly from: string
  readonly to: string
  /** 1 Monday … 7 Sunday; every day when absent. */
  readonly weekdays?: readonly number[]
  /** Only for amounts over this, minor units. */
  readonly over?: bigint
}

/** When the channel is known to be away. */
export interface Maintenance extends Scope {
  readonly weekdays?: readonly number[]
  readonly from: string
  readonly to: string
}

export interface RefundTerms {
  /** How long after the collection a refund is taken, days. */
  readonly windowDays: number
  /** How many refunds one collection may have. */
  readonly countMost: number
  readonly partial: boolean
  /** Between two refunds of one collection. */
  readonly gapMs: number
}

export interface SettlementTerms {
  /** T + n. */
  readonly days: number
  /** `net`: fees are kept back. `gross`: fees are billed apart. */
  readonly kind: 'net' | 'gross'
}

/** What a movement costs us: a share within bounds, and a fixed part. */
export interface Fee extends Scope {
  readonly ppm: number
  /** Minor units. */
  readonly fixed: bigint
  readonly least?: bigint
  readonly most?: bigint
}

export interface Capability {
  readonly channel: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly currency: string
  readonly directions: readonly Direction[]
  /** Empty when it does not collect. */
  readonly methods: readonly CollectMethod[]
  /** Combinations that are refused whatever the rest says. */
  readonly notPermitted: readonly Scope[]
  readonly accountTypes: readonly AccountType[]
  /** Short codes of the banks it reaches; `all` when it does not matter. */
  readonly banks: 'all' | readonly string[]
  readonly limits: readonly Limit[]
  readonly openHours: readonly OpenHours[]
  readonly maintenance: readonly Maintenance[]
  /** Absent when it cannot refund. */
  readonly refund?: RefundTerms
  /** Days for which collected money is kept back by the rail before it may be settled. */
  readonly holdDays: number
  readonly settlement: SettlementTerms
  readonly fees: readonly Fee[]
}
