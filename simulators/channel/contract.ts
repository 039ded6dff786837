/**
 * What every simulator of a payment rail has in common, as tests and tools see it. A rail's own book
 * is the judge of the platform: it records what the rail moved, whatever anybody was told.
 */

export type Instant = number

/** `collect`: a payer's money to the merchant. `pay`: the merchant's to a payee. */
export type OrderKind = 'collect' | 'pay' | 'refund'

export interface RailOrder {
  readonly kind: OrderKind
  /** The merchant's number: unique for ever per kind at this rail. */
  readonly reference: string
  /** The rail's number. */
  readonly number: string
  readonly amount: bigint
  readonly state: 'waiting' | 'processing' | 'succeeded' | 'failed' | 'closed' | 'returned'
  /** The rail's own code of why it failed. */
  readonly code: string
  readonly madeAt: Instant
  readonly movedAt: Instant
  /** Of a refund: the merchant's number of the collection. */
  readonly original?: string
}

/** Money that moved at the rail. An order has at most one, and one more when it is returned. */
export interface RailMovement {
  readonly at: Instant
  /** `share`: a part of a collection that went to somebody else (分账); it may come back. */
  readonly kind:
    | OrderKind
    | 'payout_returned'
    | 'chargeback'
    | 'settlement'
    | 'fee'
    | 'funding'
    | 'share'
    | 'share_returned'
  readonly reference: string
  /** The rail's number of this movement. */
  readonly number: string
  /** Minor units; positive when the merchant's balance grows. */
  readonly amount: bigint
  readonly fee: bigint
}

export const RAIL_FAULTS = [
  /** The connection is cut before the rail acts. */
  'lost_request',
  /** The rail acts and never answers. */
  'lost_reply',
  /** The rail acts; the answer comes `ms` late. */
  'late_reply',
  'server_error_before',
  'server_error_after',
  /** A code nobody has seen. */
  'unknown_code',
  /** The notice is never sent. */
  'lost_notice',
  /** Three times. */
  'duplicate_notice',
  /** `ms` late; up to 26 h. */
  'late_notice',
  /** Kept back until the next notice of the rail has gone. */
  'reordered_notice',
  /** Signed rightly; `fen` more than the order. */
  'wrong_amount_notice',
  /** An extra one, before the true one, signed with a key that is not the rail's. */
  'forged_notice',
  /** Questions about the order say "not found" for `ms`. */
  'hidden_order',
  /** A collection or payout succeeds although it was closed or said to have failed. */
  'late_success',
  /** Every connection is refused for `ms` of the rail's clock. */
  'down',
] as const

export type RailFault = (typeof RAIL_FAULTS)[number]

export interface FaultOrder {
  readonly fault: RailFault
  /** Only for orders of this kind. */
  readonly kind?: OrderKind
  /** How often; once when absent. */
  readonly count?: number
  /** Passes by so many chances first. */
  readonly after?: number
  readonly ms?: number
  readonly fen?: number
}

export interface RailAdmin {
  arm(fault: FaultOrder): void
  /** Strikes about `perMillion` of all chances with faults drawn by `seed`; replaces an earlier one. */
  storm(storm: {
    readonly seed: number
    readonly perMillion: number
    readonly faults?: readonly RailFault[]
  }): void
  /** Ends storm and armed faults. */
  calm(): void
  /** How often each fault struck since the start. */
  struck(): Readonly<Partial<Record<RailFault, number>>>
  now(): Instant
  /** Stops the rail's clock at an instant, doing what falls due on the way; `undefined`: wall time. */
  setClock(at: Instant | undefined): Promise<void>
  /** Does everything that is due now, notices included. */
  idle(): Promise<void>
  /** When something falls due next. */
  nextDueAt(): Instant | undefined
  /** The payer pays an order that waits for it. */
  payOrder(reference: string): Promise<void>
  /** A payout that succeeded comes back. */
  returnPayout(reference: string): Promise<void>
  /** The payer's bank takes a collection back. */
  chargeBack(reference: string): Promise<void>
  /** Money put at the merchant's disposal at the rail, for refunds and payouts. */
  fund(amount: bigint, memo: string): Promise<void>
  /** Ends a business day, `yyyymmdd`: its file is ready and its settlement is sent. */
  closeDay(date: string): Promise<void>
  orders(): readonly RailOrder[]
  movements(): readonly RailMovement[]
  /** What the rail holds for the merchant, minor units. */
  balance(): bigint
  /** Callbacks as they were sent, newest last: method, path, headers, body. */
  callbacks(): readonly SentCallback[]
}

export interface SentCallback {
  readonly at: Instant
  readonly reference: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** What the platform answered; absent when nothing came. */
  readonly status?: number
}

/** Cash the rail sends to the merchant's bank account. */
export interface RailSettlement {
  readonly date: string
  readonly amount: bigint
  /** The text the transfer carries. */
  readonly memo: string
}

export interface RailOptions {
  /** 0 takes any free port. */
  readonly port?: number
  /** Where callbacks go; without it none are sent, and they are still listed. */
  readonly callbackUrl?: string
  /** A file in which the book is kept, appended to; in memory only when absent. */
  readonly journal?: string
  /** Waiting orders are paid by themselves after this long; never when absent. */
  readonly payAfterMs?: number
  /** Where the settlement of a closed day goes. */
  readonly onSettlement?: (settlement: RailSettlement) => Promise<void>
  readonly onError?: (error: Error) => void
  /** Whether amounts of `MAGIC_AMOUNTS` have their effects; they do unless this is false. */
  readonly magic?: boolean
}

export interface Rail {
  readonly url: string
  readonly admin: RailAdmin
  close(): Promise<void>
}
