/**
 * Forwarding: a request for a book another server writes goes to that server once, as received, and
 * its answer comes back as given. A request that was forwarded already is not forwarded again.
 */
import type { FastifyRequest } from 'fastify'
import type { Net } from '../world.ts'
import { httpProblem, type Problem } from './problem.ts'

export const FORWARDED = 'tenon-forwarded'

export interface ForwardedReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const REQUEST_HEADERS: readonly string[] = ['content-type', 'accept', 'idempotency-key']
/** Of this connection alone; all others may be part of what a stranger signed. */
const OF_THE_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'origin', 'te', 'trailer'],
  ...['request-id', 'transfer-encoding', 'upgrade', FORWARDED],
])
const isOurs = (name: string) => name.startsWith('x-') || REQUEST_HEADERS.includes(name)
const REPLY_HEADERS = ['content-type', 'retry-after', 'idempotency-replayed'] as const

const TIMEOUT_MS = 15_000

/** Sends the request on to `url`, or says why it cannot be answered now. */
export async function forward(
  net: Net,
  request: FastifyRequest,
  url: string | undefined,
): Promise<ForwardedReply | Problem> {
  if (url === undefined || request.headers[FORWARDED] !== undefined) return notHere()
  const headers: Record<string, string> = { [FORWARDED]: '1', 'request-id': request.id }
  for (const [name, value] of Object.entries(request.headers)) {
    // Signatures of banks travel in headers of their own.
    const goesOn = isRaw(request) ? !OF_THE_HOP.has(name) : isOurs(name)
    if (goesOn && typeof value === 'string') headers[name] = value
  }
  const reply = await net.call({
    method: request.method as 'GET' | 'POST',
    url: new URL(request.url, url).href,
    headers,
    timeoutMs: TIMEOUT_MS,
    ...(request.rawBody !== undefined && { body: request.rawBody }),
  })
  switch (reply.kind) {
    case 'replied':
      return {
        status: reply.status,
        headers: pick(reply.headers),
        body: Buffer.from(reply.body),
      }
    case 'not_sent':
      return notHere()
    case 'unknown':
      return { ...httpProblem('outcome_unknown'), retryAfterS: 1 }
  }
}

/** Whether the request is for a `rawRoute`. */
export function isRaw({ routeOptions }: FastifyRequest): boolean {
  return (routeOptions.config as { raw?: boolean }).raw === true
}

function notHere(): Problem {
  return { ...httpProblem('not_here'), retryAfterS: 1 }
}

function pick(headers: Record<string, string>): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of REPLY_HEADERS) {
    const value = headers[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}
