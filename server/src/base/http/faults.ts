/**
 * What was thrown, as a problem. Modules translate their own errors; whatever nobody knows is our
 * mistake, and the caller is told nothing of it but the request id.
 */
import { STATUS_CODES } from 'node:http'
import { DbUnavailable } from '../db.ts'
import {
  HttpProblem,
  type HttpProblemCode,
  httpProblem,
  type Problem,
  problemBody,
} from './problem.ts'

/** A module's translation of what it throws; `undefined` for what is not its own. */
export type Faults = (error: unknown) => Outcome | undefined | Promise<Outcome | undefined>

export type Outcome =
  | { readonly problem: Problem }
  /** Another server carries the request out; `undefined` when nobody knows which. */
  | { readonly forwardTo: string | undefined }

/** Fastify's own errors, by code. */
const FASTIFY: Readonly<Record<string, HttpProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_wrong',
  FST_ERR_CTP_EMPTY_TYPE: 'content_type_wrong',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_length_wrong',
  FST_ERR_BAD_URL: 'url_malformed',
  FST_ERR_MAX_PARAM_LENGTH: 'url_too_long',
  FST_ERR_ROUTE_METHOD_NOT_SUPPORTED: 'request_malformed',
}

/** The problem an error is answered with. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem) return error.problem
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (error instanceof DbUnavailable || isConnectionLoss(code)) {
    return { ...httpProblem('database_unreachable'), retryAfterS: 1 }
  }
  const known = code === undefined ? undefined : FASTIFY[code]
  if (known !== undefined) return httpProblem(known)
  const isCallers =
    code?.startsWith('FST_') === true && statusCode !== undefined && statusCode < 500
  return httpProblem(isCallers ? 'request_malformed' : 'internal_error')
}

/** Connections refused or cut, and SQLSTATE classes 08 (connection), 53 (no room) and 57P (shutdown). */
function isConnectionLoss(code: string | undefined): boolean {
  return code !== undefined && /^(ECONN[A-Z]+|ETIMEDOUT|EPIPE|08...|53...|57P..)$/.test(code)
}

/** Node's parser errors, by code. */
const CLIENT: Readonly<Record<string, HttpProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
}

/** The whole reply to bytes that are not an HTTP request. */
export function rawProblem(error: { code?: string | undefined }): string {
  const problem = httpProblem(CLIENT[error.code ?? ''] ?? 'request_malformed')
  const id = 'req_unread'
  const body = JSON.stringify(problemBody(problem, '/', id))
  return (
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nRequest-Id: ${id}\r\n` +
    `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`
  )
}
