/**
 * Forwarding: a request for a book another server writes goes to that server once, as received, and
 * its answer comes back as given. A request that was forwarded already is not forwarded again. What
 * proved the caller stays here; the other server is told who it was, see `replicas.ts`.
 */
import type { FastifyRequest } from 'fastify'
import type { Net } from '../world.ts'
import { httpProblem, type Problem } from './problem.ts'
import type { Replicas } from './replicas.ts'

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

export interface Forwarding {
  readonly net: Net
  /** Without it no caller is vouched for, and the other server asks its own guard. */
  readonly replicas: Replicas | undefined
}

/** Sends the request on to `url`, or says why it cannot be answered now. */
export async function forward(
  { net, replicas }: Forwarding,
  request: FastifyRequest,
  url: string | undefined,
): Promise<ForwardedReply | Problem> {
  const isForwarded =
    replicas === undefined
      ? request.headers[FORWARDED] !== undefined
      : request.vouched !== undefined
  if (url === undefined || isForwarded) return notHere()
  const { id: requestId, caller, rawBody: body } = request
  const vouched = replicas?.vouch(sentOn(request), { requestId, caller, body })
  const headers: Record<string, string> = { [FORWARDED]: vouched ?? '1', 'request-id': requestId }
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

/** What of a request a replica vouches for beside its body. */
export function sentOn({
  method = '',
  url = '',
  headers,
}: {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: NodeJS.Dict<string | string[]>
}) {
  const key = headers['idempotency-key']
  return { method, path: url, key: typeof key === 'string' ? key : undefined }
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
