/** One request to WeChat Pay and its reply, and the doubt a reply may leave. */

import type { Clock, Instant, Net, Rng } from '#base'
import type { Unreplied } from '../../unreplied.ts'
import { authorization, judge, type Keys } from './signature.ts'
import { type Json, type Merchant, writeJson } from './spec.ts'

export interface Wire {
  /** Without a slash at the end. */
  readonly url: string
  readonly merchant: Merchant
  readonly keys: Keys
  readonly net: Net
  readonly rng: Rng
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for signatures; a test clock does not move it. */
  readonly wall: { now(): Instant }
  readonly timeoutMs: number
}

export type Fields = Readonly<Record<string, unknown>>

export type WireReply =
  /** Signed by WeChat Pay. `code` is its error code, or empty when it did what was asked. */
  | {
      readonly kind: 'replied'
      readonly status: number
      readonly code: string
      readonly message: string
      readonly fields: Fields
    }
  | Unreplied

export interface Request {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly fields?: Json
  readonly sendBeforeMono?: number
  /** Serial of the key that fields were encrypted with. */
  readonly sealedFor?: string
}

/** 16 random bytes, hex: as long as WeChat Pay's own examples. */
export function nonce(wire: Wire): string {
  return Buffer.from(wire.rng.bytes(16)).toString('hex').toUpperCase()
}

/** Signs a request and sends it; the reply as it came, nothing checked. */
export function call(wire: Wire, request: Request) {
  const { method, path, fields, sendBeforeMono, sealedFor } = request
  const body = Buffer.from(fields === undefined ? '' : writeJson(fields))
  const { mchId } = wire.merchant
  const signed = { method, path, body, mchId, nonce: nonce(wire), wall: wire.wall.now() }
  return wire.net.call({
    method,
    url: wire.url + path,
    headers: {
      accept: 'application/json',
      authorization: authorization(wire.keys, signed),
      'user-agent': 'tenon',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...(sealedFor === undefined ? {} : { 'wechatpay-serial': sealedFor }),
    },
    ...(method === 'POST' ? { body } : {}),
    timeoutMs: wire.timeoutMs,
    ...(sendBeforeMono === undefined ? {} : { sendBeforeMono }),
  })
}

/** Sends a request and judges the reply: its signature first, then its form. Never rejects. */
export async function exchange(wire: Wire, request: Request): Promise<WireReply> {
  const reply = await call(wire, request)
  if (reply.kind === 'not_sent') return reply
  if (reply.kind === 'unknown') return { kind: 'unknown', code: 'NO_REPLY', why: reply.why }
  const { status, headers, body } = reply
  const verdict = judge(wire.keys, headers, body, wire.wall.now())
  if (verdict !== 'good') {
    const code = status < 300 ? 'BAD_SIGNATURE' : `HTTP_${status}`
    return { kind: 'unknown', code, why: `the reply (HTTP ${status}) is not signed by WeChat Pay` }
  }
  const fields = body.length === 0 ? {} : readFields(body)
  if (fields === undefined) {
    return { kind: 'unknown', code: 'NOT_READABLE', why: 'the reply is not a JSON object' }
  }
  const done = status === 200 || status === 204
  const code = textOf(fields, 'code')
  return {
    kind: 'replied',
    status,
    code: done ? '' : code === '' ? `HTTP_${status}` : code,
    message: textOf(fields, 'message'),
    fields,
  }
}

/** A JSON object from bytes; `undefined` when they are none. */
export function readFields(bytes: Uint8Array): Fields | undefined {
  try {
    return fieldsIn(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    return undefined
  }
}

/** The value as fields, when it is an object. */
export function fieldsIn(value: unknown): Fields | undefined {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value)
  return object ? (value as Fields) : undefined
}

/** A text field; empty when it is missing or something else. */
export function textOf(fields: Fields | undefined, name: string): string {
  const value = fields?.[name]
  return typeof value === 'string' ? value : ''
}

/** Whole fen of a field; `undefined` when it holds anything else. */
export function fenOf(fields: Fields | undefined, name: string): bigint | undefined {
  const value = fields?.[name]
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? BigInt(value)
    : undefined
}
