/** A pay-in: an amount somebody is to pay into a ledger account, by as many attempts as it takes. */
import type { EffectRow, Instant, Uuid } from '#base'
import type { AccountType, BankParty, CollectMethod } from '#channels'
import type { LatePolicy, PayInState } from './states.ts'

export interface PayIn {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  /** The ledger account the money is for. */
  readonly destination: Uuid
  /** Minor units. */
  readonly amount: bigint
  readonly currency: string
  readonly state: PayInState
  readonly subject: string
  readonly late: LatePolicy
  /** Words of the caller's that routing rules may ask for. */
  readonly attributes: Readonly<Record<string, string>>
  /** The plan it is a leg of. */
  readonly plan?: Uuid
  readonly leg?: number
  readonly attempts: number
  /** Those that are not final. */
  readonly openAttempts: number
  readonly paidBy?: Uuid
  readonly expiresAt: Instant
  /** SHA-256 of the request it was made by, hex. */
  readonly requestHash: string
  readonly madeAt: Instant
  readonly movedAt: Instant
}

/** How somebody wants to pay. */
export interface PayWith {
  /** The ways open to the payer; routing takes one. */
  readonly methods: readonly CollectMethod[]
  /** The payer's bank, short code; empty when it is not known. */
  readonly bank: string
  readonly accountType: AccountType | ''
  /** Whom to debit, for `collection`. */
  readonly payer?: BankParty
  readonly payerId?: string
  readonly payerIp?: string
}

export interface NewPayIn extends PayWith {
  readonly book: number
  readonly id: Uuid
  readonly destination: Uuid
  readonly amount: bigint
  readonly currency: string
  readonly subject: string
  readonly late: LatePolicy
  readonly attributes: Readonly<Record<string, string>>
  readonly expiresAt: Instant
  readonly requestHash: string
  readonly plan?: { readonly id: Uuid; readonly leg: number }
  /** Applied by the command that opens it, or it is not opened. */
  readonly also?: readonly EffectRow[]
}
