/**
 * Every reason the ledger refuses a transfer, in the order the checks are made. A refusal is an
 * answer, not an error: it is recorded under the transfer's id, and the same id gets it again.
 *
 * `exists_with_different_*` is the exception: it answers a second request under a taken id, and the
 * first request's answer stays what it was.
 */
export const REFUSALS = [
  [
    'exists_with_different_type',
    409,
    'The id was used before for another type of transfer. Send a new id.',
  ],
  [
    'exists_with_different_legs',
    409,
    'The id was used before with another number of legs. Send a new id.',
  ],
  [
    'exists_with_different_debit_account',
    409,
    'The id was used before with another debit account. Send a new id.',
  ],
  [
    'exists_with_different_credit_account',
    409,
    'The id was used before with another credit account. Send a new id.',
  ],
  [
    'exists_with_different_amount',
    409,
    'The id was used before with another amount. Send a new id.',
  ],
  ['exists_with_different_hold', 409, 'The id was used before on another hold. Send a new id.'],
  [
    'exists_with_different_subject',
    409,
    'The id was used before to reverse another transfer. Send a new id.',
  ],
  [
    'exists_with_different_effective_at',
    409,
    'The id was used before with another effective time. Send a new id.',
  ],
  [
    'exists_with_different_expires_at',
    409,
    'The id was used before with another expiry. Send a new id.',
  ],
  [
    'exists_with_different_purpose',
    409,
    'The id was used before with another purpose. Send a new id.',
  ],
  ['legs_out_of_range', 422, 'A linked transfer has 1 to 1,000 legs. Split it into several.'],
  ['amount_not_positive', 422, 'The amount must be at least 1 minor unit.'],
  ['amount_too_large', 422, 'The amount is over the largest 64-bit integer.'],
  ['accounts_are_the_same', 422, 'Debit and credit must be two different accounts.'],
  ['debit_account_not_found', 404, 'No such debit account in this book. Open it first.'],
  ['credit_account_not_found', 404, 'No such credit account in this book. Open it first.'],
  [
    'effective_at_in_future',
    422,
    'The effective time is after the booking time. Send it when it has come.',
  ],
  [
    'period_closed',
    409,
    'The effective time lies in a closed period. Book it into the open period.',
  ],
  ['hold_not_found', 404, 'No such hold in this book.'],
  ['hold_already_released', 409, 'The hold was released in full before. Nothing is left of it.'],
  ['hold_already_voided', 409, 'The hold was voided before. Nothing is left of it.'],
  ['hold_expired', 409, 'The hold has expired. Open a new one.'],
  [
    'hold_not_expired',
    409,
    'The hold has not expired yet, or backs an instruction that is not final.',
  ],
  ['release_exceeds_hold', 409, 'The parts exceed what is left of the hold. Release less.'],
  ['transfer_not_found', 404, 'The transfer to reverse does not exist in this book.'],
  ['transfer_not_reversible', 409, 'Only posted money is reversed; void a hold instead.'],
  ['already_reversed', 409, 'The transfer was reversed before.'],
  ['debit_account_closed', 409, 'The debit account is closed.'],
  ['credit_account_closed', 409, 'The credit account is closed.'],
  ['debit_account_frozen', 409, 'The debit account is frozen: money may come in, none may leave.'],
  [
    'credit_account_frozen',
    409,
    'The credit account is frozen: money may come in, none may leave.',
  ],
  [
    'insufficient_funds',
    409,
    'The debit account would fall below what it may. Lower the amount or fund it.',
  ],
  [
    'credit_account_overdrawn',
    409,
    'The credit account holds assets and would fall below what it may.',
  ],
  ['balance_too_large', 422, 'A balance would exceed the largest 64-bit integer.'],
] as const satisfies readonly (readonly [string, number, string])[]

/** The code of a refusal, as it stands in the API, the database and the docs. */
export type RefusalCode = (typeof REFUSALS)[number][0]

export interface Refusal {
  readonly code: RefusalCode
  /** HTTP status of a request refused by this alone. */
  readonly status: number
  /** One sentence that says what to do. */
  readonly says: string
}

const BY_CODE = new Map<string, Refusal>(
  REFUSALS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The row of a refusal; throws on a code that is not in the table. */
export function refusal(code: RefusalCode): Refusal {
  const row = BY_CODE.get(code)
  if (row === undefined) throw new Error(`no refusal ${code}`)
  return row
}
