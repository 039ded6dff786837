/** States of refunds and of their parts: data the SQL checks equal. */

export const REFUND_STATES = [
  'processing',
  /** Every part has reached the payer. */
  'succeeded',
  /** Every part has ended, and at least one did not reach the payer. */
  'failed',
] as const

export type RefundState = (typeof REFUND_STATES)[number]

export const REFUND_MOVES = [
  { from: 'processing', on: 'last_part_succeeded', to: 'succeeded' },
  { from: 'processing', on: 'last_part_ended', to: 'failed' },
] as const satisfies readonly {
  readonly from: RefundState
  readonly on: string
  readonly to: RefundState
}[]

export const REFUND_PART_STATES = [
  /** Reserved on the collection; sent when the channel's gap between two refunds is over. */
  'planned',
  'processing',
  /** The channel has too little of our money; funded from the pool. */
  'waiting_for_funds',
  /** The way back is closed; a second person approves the payout to the payer. */
  'waiting_for_approval',
  'paying_out',
  /** Nothing we may do by ourselves is left; a person settles it. */
  'manual',
  'succeeded',
  'failed',
] as const

export type RefundPartState = (typeof REFUND_PART_STATES)[number]

export const REFUND_PART_MOVES = [
  { from: 'planned', on: 'gap_over', to: 'processing' },
  { from: 'planned', on: 'route_closed', to: 'waiting_for_approval' },
  { from: 'planned', on: 'no_route_left', to: 'manual' },
  { from: 'processing', on: 'attempt_succeeded', to: 'succeeded' },
  { from: 'processing', on: 'channel_short', to: 'waiting_for_funds' },
  { from: 'processing', on: 'try_later', to: 'planned' },
  { from: 'processing', on: 'route_closed', to: 'waiting_for_approval' },
  { from: 'processing', on: 'no_route_left', to: 'manual' },
  { from: 'planned', on: 'settled_by_hand', to: 'succeeded' },
  { from: 'waiting_for_funds', on: 'funded', to: 'planned' },
  { from: 'waiting_for_funds', on: 'settled_by_hand', to: 'succeeded' },
  { from: 'waiting_for_approval', on: 'approved', to: 'paying_out' },
  { from: 'waiting_for_approval', on: 'turned_down', to: 'manual' },
  /** A second person has turned it down: the payer gets nothing from this part. */
  { from: 'waiting_for_approval', on: 'given_up', to: 'failed' },
  { from: 'paying_out', on: 'payout_succeeded', to: 'succeeded' },
  { from: 'paying_out', on: 'payout_failed', to: 'manual' },
  { from: 'manual', on: 'approved', to: 'paying_out' },
  { from: 'manual', on: 'payee_named', to: 'waiting_for_approval' },
  { from: 'manual', on: 'settled_by_hand', to: 'succeeded' },
  { from: 'manual', on: 'given_up', to: 'failed' },
] as const satisfies readonly {
  readonly from: RefundPartState
  readonly on: string
  readonly to: RefundPartState
}[]

export type RefundPartEvent = (typeof REFUND_PART_MOVES)[number]['on']

export const REFUND_ROUTES = ['original', 'payout', 'manual'] as const

export type RefundRoute = (typeof REFUND_ROUTES)[number]

/** Where an event leads a part; `undefined` when it changes nothing. */
export function nextPart(
  state: RefundPartState,
  event: RefundPartEvent,
): RefundPartState | undefined {
  return REFUND_PART_MOVES.find((move) => move.from === state && move.on === event)?.to
}
