/** What custody refuses, in the order of its checks; each says what to do. */
export const CUSTODY_REFUSALS = {
  deal_not_valid: { http: 422, says: 'Correct the fields named and send the deal again.' },
  deal_exists: { http: 409, says: 'A case of this deal number exists; use it, or another number.' },
  case_not_found: { http: 404, says: 'No such case in this book.' },
  case_over: { http: 409, says: 'The case is over or going back; nothing more is reported to it.' },
  fact_unknown: { http: 422, says: 'No milestone of the case waits for this fact.' },
  fact_value_unknown: { http: 422, says: 'The scheme knows other values of this fact.' },
  fact_already_known: { http: 409, says: 'The fact was reported before with another value.' },
  instruction_not_final: {
    http: 409,
    says: 'An instruction is still on its way at the bank; report it again when that is final.',
  },
  payment_on_its_way: {
    http: 409,
    says: 'A payment over a channel is not at the bank yet; close it, or report it again when it is.',
  },
  step_not_found: { http: 404, says: 'No such step in this case.' },
  step_not_failed: { http: 409, says: 'Only a failed step is tried again.' },
} as const

export type CustodyRefusalCode = keyof typeof CUSTODY_REFUSALS
