/** States of settlements, bank lines and money that moves without us: data the SQL checks equal. */

export const SETTLEMENT_STATES = ['expected', 'settled', 'differs'] as const

export type SettlementState = (typeof SETTLEMENT_STATES)[number]

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
