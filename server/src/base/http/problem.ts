/**
 * Problems: every answer that is not what the caller asked for, as RFC 9457 writes them.
 *
 * A refusal is normal traffic, so a problem is a plain object that a handler returns; `HttpProblem`
 * carries one where only a throw reaches the edge. `request_id` and `instance` belong to the
 * occurrence and are added when it is sent: a stored problem carries neither.
 */

/** One failing field. */
export interface Violation {
  /** JSON pointer into the body; `/query/limit` and `/path/id` for the other parts of a request. */
  readonly pointer: string
  readonly code: string
  /** A sentence that says what to do. */
  readonly detail: string
}

export interface Problem {
  /** Lower snake case; stands in the table of the module that refuses. */
  readonly code: string
  readonly status: number
  /** A sentence that says what to do. */
  readonly detail: string
  /** Whether the same request, sent again later, may be answered differently. */
  readonly retryable?: boolean
  readonly retryAfterS?: number
  readonly errors?: readonly Violation[]
}

/** A problem on its way to the edge. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** A row of a table of refusals: its code, its HTTP status, what the caller should do. */
export interface ProblemRow {
  readonly code: string
  readonly status: number
  readonly says: string
}

/** What the HTTP layer itself refuses. Words in braces are filled in. */
const ROWS = [
  ['body_missing', 400, 'Send a JSON body; this request has none.'],
  ['body_not_utf8', 400, 'Send the body as UTF-8; it holds bytes that are not.'],
  ['body_not_json', 400, 'Send the body as JSON. The parser says: {why}.'],
  ['body_too_large', 413, 'Send at most 1 MB; split the request into several.'],
  ['body_length_wrong', 400, 'Send as many bytes as Content-Length says.'],
  ['content_type_wrong', 415, 'Send the body with Content-Type: application/json.'],
  ['json_duplicate_key', 422, 'Send each key once; this one stands twice in its object.'],
  [
    'json_prototype_key',
    422,
    'Remove this key; "__proto__", "constructor" and "prototype" are refused.',
  ],
  ['json_too_deep', 422, 'Send objects and lists at most 32 deep.'],
  ['json_nul_character', 422, 'Remove the NUL character from this text.'],
  ['json_lone_surrogate', 422, 'Send whole characters; this text holds half a surrogate pair.'],
  ['contract_violated', 422, 'Correct the fields named in "errors" and send the request again.'],
  ['url_malformed', 400, 'Correct the URL; it cannot be decoded.'],
  ['url_too_long', 414, 'Send a shorter URL; no part of a path has more than 200 characters.'],
  ['request_malformed', 400, 'Send a well-formed HTTP/1.1 request.'],
  ['request_too_slow', 408, 'Send the whole request within the time limit.'],
  ['headers_too_large', 431, 'Send fewer or shorter headers.'],
  ['route_not_found', 404, 'No such route: {method} {path}. The routes are listed under /docs.'],
  ['error_code_not_found', 404, 'No such error code. The codes are listed under /errors.'],
  [
    'host_not_allowed',
    421,
    'Call this server by a name it was given, or as localhost, 127.0.0.1 or [::1].',
  ],
  ['origin_not_allowed', 403, 'Pages of other origins may not call this server.'],
  ['not_from_this_machine', 403, 'Call this server from the machine it runs on.'],
  [
    'permission_missing',
    403,
    'This needs the permission {permission}; ask an administrator for a role that has it.',
  ],
  [
    'not_for_merchants',
    403,
    'This is for the organisation itself; a user or key of a merchant may not call it.',
  ],
  [
    'step_up_required',
    403,
    'Prove once more that it is you, or sign the request with your key, and send it again.',
  ],
  ['object_not_found', 404, 'Nothing of yours stands under this id; correct it.'],
  [
    'idempotency_key_missing',
    400,
    'Send an Idempotency-Key header, a fresh one for each new request.',
  ],
  [
    'idempotency_key_malformed',
    400,
    'Send an Idempotency-Key of 1 to 255 visible ASCII characters.',
  ],
  [
    'idempotency_key_reused',
    422,
    'This Idempotency-Key was used with another body; send a new key.',
  ],
  [
    'idempotency_key_in_flight',
    409,
    'The first request with this key is still running; send it again later.',
  ],
  ['database_unreachable', 503, 'The database cannot be reached; send the request again later.'],
  ['not_here', 503, 'No server takes this request right now; send it again later.'],
  [
    'outcome_unknown',
    504,
    'The server in charge did not answer in time; send the same request again with the same id or key.',
  ],
  ['shutting_down', 503, 'This server is stopping; send the request again.'],
  [
    'internal_error',
    500,
    'This is our mistake. Send the request again later, and tell us the request_id if it stays.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type HttpProblemCode = (typeof ROWS)[number][0]

/** The table of what the HTTP layer refuses, for the docs and `/errors`. */
export const HTTP_PROBLEMS: readonly ProblemRow[] = ROWS.map(([code, status, says]) => ({
  code,
  status,
  says,
}))

const BY_CODE = new Map(HTTP_PROBLEMS.map((row) => [row.code, row]))

/** A problem of this layer's table, with the words in braces filled in. */
export function httpProblem(
  code: HttpProblemCode,
  words: Readonly<Record<string, string>> = {},
): Problem {
  const row = BY_CODE.get(code)!
  const detail = row.says.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => words[name] ?? whole)
  return { code, status: row.status, detail, retryable: row.status >= 500 }
}

/** A contract violation found by a handler, in the same form as those the schema finds. */
export function violated(errors: readonly Violation[]): Problem {
  return { ...httpProblem('contract_violated'), errors }
}

/** The path under which a code is explained; the problem's `type`. */
export function problemType(code: string): string {
  return `/errors/${code}`
}

/** `insufficient_funds` as a title: `Insufficient funds`. */
export function problemTitle(code: string): string {
  const words = code
    .split('_')
    .map((word) => SPELLED[word] ?? word)
    .join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const SPELLED: Readonly<Record<string, string>> = { json: 'JSON', url: 'URL', utf8: 'UTF-8' }

/** The body as sent: the problem with what belongs to this occurrence. */
export function problemBody(problem: Problem, instance: string, requestId: string): object {
  return {
    type: problemType(problem.code),
    title: problemTitle(problem.code),
    status: problem.status,
    detail: problem.detail,
    instance,
    code: problem.code,
    request_id: requestId,
    retryable: problem.retryable ?? false,
    ...(problem.errors !== undefined && { errors: problem.errors }),
  }
}
