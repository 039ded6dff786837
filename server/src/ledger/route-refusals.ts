/**
 * What the ledger's routes refuse beside the transfers themselves (those stand in `refusals.ts`).
 * Rows with status 422 and no code of their own in a reply stand in a problem's `errors`.
 */
import { type Problem, type ProblemRow, type Violation, violated } from '#base'
import { REFUSALS } from './refusals.ts'

const ROWS = [
  ['book_not_found', 404, 'No such book. List the books under /v1/books.'],
  ['account_not_found', 404, 'No such account in this book. Open it first.'],
  ['page_not_found', 404, 'No such item to page from; start again without starting_after.'],
  ['chart_unknown', 422, 'Name one of the chart templates: {charts}.'],
  ['code_not_in_chart', 422, "Use a code of the book's chart {chart}: {codes}."],
  ['code_is_single', 409, 'The book has its one account of this code already; use {account}.'],
  [
    'account_exists_with_different_code',
    409,
    'The id was used before for an account of another code. Send a new id.',
  ],
  [
    'account_exists_with_different_name',
    409,
    'The id was used before for an account of another name. Send a new id.',
  ],
  [
    'account_exists_with_different_holder',
    409,
    'The id was used before for an account of another holder. Send a new id.',
  ],
  [
    'account_exists_with_different_credit_limit',
    409,
    'The id was used before for an account with another credit limit. Send a new id.',
  ],
  [
    'account_frozen_by_order',
    409,
    'An order freezes all that its party holds; two persons have to lift the order.',
  ],
  ['account_closed', 409, 'The account is closed for good; open another one.'],
  [
    'account_not_empty',
    409,
    'The account still holds money or open holds; move it out before closing.',
  ],
  [
    'period_closed_already',
    409,
    'The book is closed up to a later time already; a closed period stays closed.',
  ],
  ['book_differs', 422, 'One request stays in one book: use an id of {book} here.'],
  ['currency_differs', 422, 'The book holds {currency}; send the amount in {currency}.'],
  ['instant_unreal', 422, 'Send a time that exists; this day or hour does not.'],
  ['number_too_large', 422, 'Send a number of at most 9223372036854775807.'],
  [
    'queue_full',
    429,
    'The book has more to do than it can queue; send the request again in a second.',
  ],
  [
    'data_refused',
    422,
    'The database refused the data of this request; nothing of it was written.',
  ],
  ['storage_full', 503, 'The database has no room left; reads go on. Send it again when there is.'],
  ['moved_meanwhile', 503, 'What the request was decided on has moved; send it again.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type RouteRefusalCode = (typeof ROWS)[number][0]

type Words = Readonly<Record<string, string>>

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** Every code a reply of the ledger's routes may carry, for the docs and `/errors`. */
export const LEDGER_PROBLEMS: readonly ProblemRow[] = [
  ...REFUSALS.map(([code, status, says]) => ({ code, status, says })),
  ...BY_CODE.values(),
]

/** The problem of a row, with the words in braces filled in. */
export function routeProblem(code: RouteRefusalCode, words: Words = {}): Problem {
  const { status } = BY_CODE.get(code)!
  const passing = status === 429 || status === 503
  const detail = says(code, words)
  return { code, status, detail, retryable: passing, ...(passing && { retryAfterS: 1 }) }
}

/** A row as the fault of one field. */
export function routeViolation(
  pointer: string,
  code: RouteRefusalCode,
  words: Words = {},
): Violation {
  return { pointer, code, detail: says(code, words) }
}

/** The problem of a single faulty field. */
export function faulty(pointer: string, code: RouteRefusalCode, words: Words = {}): Problem {
  return violated([routeViolation(pointer, code, words)])
}

function says(code: RouteRefusalCode, words: Words): string {
  const row = BY_CODE.get(code)!
  return row.says.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => words[name] ?? whole)
}
