/**
 * What a signature must cover and say before its bytes are looked at: everything that decides what a
 * request does, a short life, and a nonce.
 *
 * The easy mistake: asking which components are present. What is asked for follows from the request
 * that came: had it a query or a body when it left, or not, an attacker may have added one since.
 */
import type { Instant, Problem } from '#base'
import {
  checkContentDigest,
  componentId,
  type HttpMessage,
  type ReceivedSignature,
  SIGNATURE_ALGORITHMS,
} from '#vault'
import { keyProblem } from './key-refusals.ts'

/** How far `created` may lie from our clock, either way. */
export const SIGNATURE_WINDOW_S = 300

/** The parameters of a signature, read. */
export interface SignatureParams {
  /** Seconds since 1970. */
  readonly created: number
  readonly nonce: string
  readonly keyid: string
  readonly alg: string
}

/** Reads the parameters (RFC 9421 section 2.3) and holds them to our clock, ms. */
export function readParams(
  { params }: ReceivedSignature,
  now: Instant,
): SignatureParams | { readonly refused: Problem } {
  for (const part of ['created', 'expires', 'nonce', 'keyid', 'alg']) {
    if (!params.has(part)) return { refused: keyProblem('signature_parameter_missing', { part }) }
  }
  const [created, expires] = [params.get('created'), params.get('expires')]
  if (!isSecond(created)) return malformed('created', 'seconds since 1970')
  if (!isSecond(expires)) return malformed('expires', 'seconds since 1970')
  if (expires <= created) return malformed('expires', 'a second after "created"')
  const [nonce, keyid, alg] = ['nonce', 'keyid', 'alg'].map((name) => params.get(name))
  if (typeof nonce !== 'string' || !/^[\x21-\x7e]{16,128}$/.test(nonce)) {
    return malformed('nonce', 'a text of 16 to 128 visible characters, new for each request')
  }
  if (typeof keyid !== 'string') return malformed('keyid', 'the id of an API key, in quotes')
  if (typeof alg !== 'string' || !(SIGNATURE_ALGORITHMS as readonly string[]).includes(alg)) {
    return malformed('alg', `one of ${SIGNATURE_ALGORITHMS.join(', ')}, in quotes`)
  }
  const age = Math.floor(now / 1000) - created
  const most = SIGNATURE_WINDOW_S
  const part = 'created'
  if (age > most) return { refused: keyProblem('signature_too_old', { part, seconds: age, most }) }
  if (-age > most) {
    return { refused: keyProblem('signature_in_future', { part, seconds: -age, most }) }
  }
  const late = Math.floor(now / 1000) - expires
  if (late >= 0) {
    return { refused: keyProblem('signature_expired', { part: 'expires', seconds: late }) }
  }
  return { created, nonce, keyid, alg }
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function malformed(part: string, why: string): { readonly refused: Problem } {
  return { refused: keyProblem('signature_parameter_malformed', { part, why }) }
}

/** What of the request is not covered, or covered in a way we do not take. */
export function refuseCoverage(
  message: HttpMessage,
  body: Uint8Array | undefined,
  { components }: ReceivedSignature,
): Problem | undefined {
  const covered = new Set<string>()
  for (const component of components) {
    const id = componentId(component)
    if (covered.has(id)) {
      return keyProblem('signature_component_twice', { part: String(component[0]) })
    }
    covered.add(id)
  }
  const has = (name: string) => covered.has(`"${name}"`)
  const missing = (part: string, why: string) =>
    keyProblem('signature_component_missing', { part, why })
  if (!has('@method')) return missing('@method', 'it decides what the request does')
  if (!has('@target-uri')) {
    const why = 'cover it, or "@authority", "@path" and, where there is one, "@query"'
    if (!has('@authority') && !has('@path')) return missing('@target-uri', why)
    if (!has('@authority')) return missing('@authority', why)
    if (!has('@path')) return missing('@path', why)
    if (message.path.includes('?') && !has('@query')) {
      return missing('@query', 'the request has a query')
    }
  }
  if (body !== undefined && body.length > 0 && !has('content-digest')) {
    return missing('content-digest', 'the request has a body')
  }
  if (message.method === 'POST' && !has('idempotency-key')) {
    return missing('idempotency-key', 'a POST sent again is told by it')
  }
  return undefined
}

/** Whether a covered digest is that of the body that came (RFC 9530). */
export function refuseDigest(
  message: HttpMessage,
  body: Uint8Array | undefined,
): Problem | undefined {
  const field = message.headers['content-digest']
  if (field === undefined) return undefined
  const found = checkContentDigest(
    typeof field === 'string' ? field : field.join(', '),
    body ?? new Uint8Array(0),
  )
  const part = 'content-digest'
  if (found === 'unreadable') return keyProblem('signature_digest_malformed', { part })
  return found === 'differs' ? keyProblem('signature_digest_differs', { part }) : undefined
}
