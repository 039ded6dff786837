/**
 * What custody asks of whoever collects over payment channels. Such money is credited to the payer when
 * the payer has paid, and is uncleared until a channel has paid it on to the payer's number at the bank:
 * only then does it count towards a tranche.
 */
import type { EffectRow, Uuid } from '#base'
import type { AccountOpening } from '#ledger'

/** An entry of the bank on the sub-account of a party. Amounts are minor units. */
export interface EntryForAccount {
  readonly flow: string
  readonly amount: bigint
  readonly currency: string
  readonly memo: string
  readonly date: string
  /** The ledger account whose sub-account it is on. */
  readonly account: Uuid
  /** False while only a notice has told it. */
  readonly confirmed: boolean
}

export type Recognised =
  | {
      readonly kind: 'clears'
      /** To be credited instead of the payer, who was credited before. */
      readonly transit: Uuid
      /** Where it was credited: the entry's account, or suspense. */
      readonly credited: Uuid
      readonly roots: readonly string[]
      readonly open: readonly AccountOpening[]
      readonly effects: readonly EffectRow[]
    }
  /** Only the bank's list can tell. */
  | { readonly kind: 'waits' }
  /** It names a payment and does not agree with it: nobody's money until a person has looked. */
  | { readonly kind: 'differs'; readonly says: string }

export interface OnItsWay {
  /** Credited to the account, and still owed by a channel. */
  readonly uncleared: bigint
  /** Ordered, and perhaps paid. */
  readonly open: bigint
}

export interface Clearing {
  /** `undefined` when the entry names no payment of the book. */
  recognise(book: number, entry: EntryForAccount): Promise<Recognised | undefined>
  /** Accounts with nothing on its way are absent. */
  onItsWay(book: number, accounts: readonly Uuid[]): Promise<ReadonlyMap<Uuid, OnItsWay>>
}

/** Where nobody collects over channels. */
export const NO_CLEARING: Clearing = {
  recognise: async () => undefined,
  onItsWay: async () => new Map(),
}
