/** What payouts, refunds and settlements refuse beside the ledger; each says what to do. */
export const OUTFLOW_REFUSALS = {
  payout_not_found: { http: 404, says: 'No such payout. Make it first with POST /v1/payouts.' },
  payout_not_waiting: {
    http: 409,
    says: 'The payout does not wait any more; read it to see what became of it.',
  },
  payout_expired: {
    http: 409,
    says: 'The time the payout was good for is over; make a new one.',
  },
  approver_is_requester: {
    http: 403,
    says: 'Another person than the one who asked has to approve it.',
  },
  no_channel_for_payout: {
    http: 409,
    says: 'No channel takes this payout now; try another amount, bank or time.',
  },
  key_used_for_another_request: {
    http: 422,
    says: 'The key was used for another request. Send this one under a new key.',
  },
  refund_not_found: { http: 404, says: 'No such refund. Make it first with POST /v1/refunds.' },
  refund_exceeds_payments: {
    http: 409,
    says: 'The payments have less left to give back than this; lower the amount.',
  },
  refund_of_unpaid: {
    http: 409,
    says: 'One of the payments was not paid, or is not in this book; name paid ones of one book.',
  },
  refund_not_waiting: {
    http: 409,
    says: 'No part of the refund waits for an approval; read it to see what became of it.',
  },
} as const

export type OutflowRefusal = keyof typeof OUTFLOW_REFUSALS
