/** States of settlements, bank lines and money that moves without us: data the SQL checks equal. */

export const SETTLEMENT_STATES = ['expected', 'settled', 'differs'] as const

export type SettlementState = (typeof SETTLEMENT_STATES)[number]

/** A day whose money came before its file, or that has none, begins where the other one ends. */
export const SETTLEMENT_MOVES = [
  { from: 'expected', on: 'money_came', to: 'settled' },
  { from: 'expected', on: 'other_amount_came', to: 'differs' },
] as const satisfies readonly {
  readonly from: SettlementState
  readonly on: string
  readonly to: SettlementState
}[]

export const SETTLEMENT_ROW_STATES = [
  'matched',
  /** No attempt of ours. */
  'unknown',
  /** Ours, with another amount or result. */
  'differs',
  /** Listed before. */
  'repeated',
  /** Listed, and nothing moved. */
  'idle',
] as const

export type SettlementRowState = (typeof SETTLEMENT_ROW_STATES)[number]

export const LINE_KINDS = [
  'payout',
  'payout_returned',
  'settlement',
  'bank_transfer',
  'reimbursement',
  'court_deduction',
  'bank_fee',
  'channel_fee',
  'pool_interest',
  'unknown_credit',
  'unknown_debit',
] as const

/** What a line of the bank was taken as. */
export type LineKind = (typeof LINE_KINDS)[number]

export const OUTSIDE_STATES = ['booked', 'waiting', 'cleared'] as const

export type OutsideState = (typeof OUTSIDE_STATES)[number]

export const OUTSIDE_MOVES = [
  /** The cash it took was reserved when it was told. */
  { from: 'waiting', on: 'cash_free', to: 'booked' },
  /** Given back, booked to somebody, borne by somebody, or found to be a settlement. */
  { from: 'booked', on: 'answered', to: 'cleared' },
  /** What was decided did not come about: a second person turned it down, a payout failed. */
  { from: 'cleared', on: 'turned_down', to: 'booked' },
] as const satisfies readonly {
  readonly from: OutsideState
  readonly on: string
  readonly to: OutsideState
}[]
