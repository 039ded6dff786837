/**
 * Orders of a rail's book and the entries its journal is made of. An entry is a fact, already decided:
 * reading the journal again applies it and asks nothing. Amounts are strings of minor units.
 */
import type { Instant, OrderKind, RailMovement, RailOrder } from './contract.ts'

/** How an order will end by itself. */
export interface Plan {
  readonly at: Instant
  readonly result: 'succeeded' | 'failed'
  /** The rail's own code, when it fails. */
  readonly code?: string
}

/** What a rail notes about an order beside the common facts: strings only, they go to the journal. */
export type Detail = Readonly<Record<string, string>>

export interface BookOrder extends RailOrder {
  state: RailOrder['state']
  code: string
  movedAt: Instant
  readonly detail: Detail
  /** What a request with the same reference must equal to get the same answer. */
  readonly fingerprint: string
  plan?: Plan | undefined
  /** Questions say "not found" until then; 0 when not hidden. */
  hiddenUntil: Instant
  /** Minor units kept by the rail of what the order moved. */
  fee: bigint
  /** Of a collection: refunds that have not failed, minor units, and how many. */
  refunded: bigint
  refunds: number
  /** Instant of its latest refund. */
  refundedAt: Instant
  /** Whether its money has moved, and whether it has come back. */
  moved: boolean
  back: boolean
  /** The business day its money moved on, `yyyymmdd`; empty until then. */
  movedOn: string
  /** Whether the platform has taken the notice of its latest state, or none is owed. */
  told: boolean
}

export interface NewOrder {
  readonly kind: OrderKind
  readonly reference: string
  readonly amount: bigint
  readonly state: 'waiting' | 'processing'
  readonly fingerprint: string
  readonly detail?: Detail
  readonly original?: string
  readonly plan?: Plan
  readonly hiddenUntil?: Instant
}

export type Entry =
  | {
      readonly t: 'made'
      readonly at: Instant
      readonly kind: OrderKind
      readonly ref: string
      readonly num: string
      readonly amt: string
      readonly state: 'waiting' | 'processing'
      readonly fp: string
      readonly detail: Detail
      readonly orig?: string
      readonly plan?: Plan
      readonly hidden?: Instant
    }
  | {
      readonly t: 'state'
      readonly at: Instant
      readonly kind: OrderKind
      readonly ref: string
      readonly state: RailOrder['state']
      readonly code: string
      readonly plan?: Plan
    }
  | {
      readonly t: 'money'
      readonly at: Instant
      readonly kind: RailMovement['kind']
      readonly ref: string
      readonly num: string
      readonly amt: string
      readonly fee: string
      /** The order it belongs to, where it belongs to one. */
      readonly of?: OrderKind
    }
  | { readonly t: 'told'; readonly kind: OrderKind; readonly ref: string }
  | { readonly t: 'closed'; readonly date: string }

export type MadeEntry = Extract<Entry, { t: 'made' }>
export type StateEntry = Extract<Entry, { t: 'state' }>
export type MoneyEntry = Extract<Entry, { t: 'money' }>

/** The order an entry makes. */
export function orderOf(entry: MadeEntry): BookOrder {
  return {
    kind: entry.kind,
    reference: entry.ref,
    number: entry.num,
    amount: BigInt(entry.amt),
    state: entry.state,
    code: '',
    madeAt: entry.at,
    movedAt: entry.at,
    ...(entry.orig === undefined ? {} : { original: entry.orig }),
    detail: entry.detail,
    fingerprint: entry.fp,
    plan: entry.plan,
    hiddenUntil: entry.hidden ?? 0,
    fee: 0n,
    refunded: 0n,
    refunds: 0,
    refundedAt: 0,
    moved: false,
    back: false,
    movedOn: '',
    told: false,
  }
}
