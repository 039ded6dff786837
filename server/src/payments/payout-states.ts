/** States of payouts, what they are for, and where one that came back goes: data the SQL checks equal. */

export const PAYOUT_STATES = [
  /** The owner has the money, but it has not come in at the bank yet. */
  'waiting_for_cash',
  'waiting_for_approval',
  /** Reserved; an attempt is on its way. */
  'processing',
  /** Stays so for ever, also when the money comes back: that is a return of its own. */
  'succeeded',
  'failed',
  'cancelled',
] as const

export type PayoutState = (typeof PAYOUT_STATES)[number]

export const PAYOUT_MOVES = [
  { from: 'waiting_for_approval', on: 'approved', to: 'processing' },
  { from: 'waiting_for_approval', on: 'approved_without_cash', to: 'waiting_for_cash' },
  { from: 'waiting_for_approval', on: 'cancelled', to: 'cancelled' },
  { from: 'waiting_for_approval', on: 'expired', to: 'failed' },
  { from: 'waiting_for_cash', on: 'cash_came', to: 'processing' },
  { from: 'waiting_for_cash', on: 'cancelled', to: 'cancelled' },
  { from: 'waiting_for_cash', on: 'expired', to: 'failed' },
  /** Its owner has too little by the time the cash is there. */
  { from: 'waiting_for_cash', on: 'refused', to: 'failed' },
  { from: 'processing', on: 'attempt_succeeded', to: 'succeeded' },
  { from: 'processing', on: 'no_channel_left', to: 'failed' },
] as const satisfies readonly {
  readonly from: PayoutState
  readonly on: string
  readonly to: PayoutState
}[]

export type PayoutEvent = (typeof PAYOUT_MOVES)[number]['on']

export const PAYOUT_PURPOSES = ['payout', 'refund', 'refund_funding', 'reimbursement'] as const

/** `refund_funding`: to our balance at a channel. `reimbursement`: what our own book owes a pool. */
export type PayoutPurpose = (typeof PAYOUT_PURPOSES)[number]

export const RETURN_PLACES = ['source', 'suspense'] as const

/** Where an event leads a payout; `undefined` when it changes nothing. */
export function nextPayout(state: PayoutState, event: PayoutEvent): PayoutState | undefined {
  return PAYOUT_MOVES.find((move) => move.from === state && move.on === event)?.to
}

export function isPayoutOver(state: PayoutState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}
