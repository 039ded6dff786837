/**
 * One request to the bank and its reply: common fields, signature, and the doubt a reply may leave.
 *
 * Business time stands in the fields, wall time in the signature: a test clock moves the first only.
 */

import type { Clock, Instant, Net, Rng } from '#base'
import type { Unreplied } from '../../unreplied.ts'
import { checkReply, type SigningKey, signRequest } from './signature.ts'
import { type Fields, SERVICES, type ServiceNumber } from './spec.ts'

export interface Wire {
  readonly url: string
  readonly clientId: string
  readonly mrchCode: string
  readonly poolNo: string
  readonly ourKey: SigningKey
  readonly bankKey: SigningKey
  readonly net: Net
  readonly rng: Rng
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for signatures. */
  readonly wall: Pick<Clock, 'now'>
  readonly timeoutMs: number
}

export type WireReply =
  | { readonly kind: 'replied'; readonly code: string; readonly fields: Fields }
  | Unreplied

const SHANGHAI_MS = 8 * 3_600_000

/** `yyyymmddhhmmss` in Shanghai, which keeps one time the whole year. */
export function shanghai(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().replace(/\D/g, '').slice(0, 14)
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

export interface Posted {
  readonly service: ServiceNumber
  readonly reference: string
  readonly fields: Fields
  readonly sendBeforeMono?: number
}

/** The body of a request, as bytes. */
export function requestBody(wire: Wire, { service, reference, fields }: Posted): Buffer {
  const common = {
    ApiVersionNo: '1.0',
    ApplicationID: wire.clientId,
    RequestMode: 'json',
    TxnCode: `KFEJZB${service}`,
    TxnTime: `${shanghai(wire.clock.now())}000`,
    CnsmrSeqNo: reference,
    MrchCode: wire.mrchCode,
    FundSummaryAcctNo: wire.poolNo,
  }
  return Buffer.from(JSON.stringify({ ...common, ...fields }))
}

/** Sends one request and judges the reply. Never rejects. */
export async function post(wire: Wire, posted: Posted): Promise<WireReply> {
  const path = `/group/${SERVICES[posted.service]}`
  const body = requestBody(wire, posted)
  const reply = await exchange(wire, {
    method: 'POST',
    path,
    body,
    ...(posted.sendBeforeMono === undefined ? {} : { sendBeforeMono: posted.sendBeforeMono }),
  })
  if (reply.kind !== 'bytes') return reply
  if (reply.status !== 200 && reply.status !== 401) {
    return { kind: 'unknown', code: `HTTP_${reply.status}`, why: 'the bank answered with an error' }
  }
  const fields = parsed(reply.body)
  if (fields === undefined || typeof fields.TxnReturnCode !== 'string') {
    return { kind: 'unknown', code: 'NOT_READABLE', why: 'the reply is not one of the bank' }
  }
  if (reply.status === 200 && fields.CnsmrSeqNo !== posted.reference) {
    return { kind: 'unknown', code: 'OTHER_REFERENCE', why: 'the reply is about another request' }
  }
  return { kind: 'replied', code: fields.TxnReturnCode, fields }
}

function parsed(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const object = typeof value === 'object' && value !== null && !Array.isArray(value)
    return object ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

interface Exchanged {
  readonly kind: 'bytes'
  readonly status: number
  readonly body: Uint8Array
}

/** Signs, sends and checks the reply's signature. */
export async function exchange(
  wire: Wire,
  request: { method: 'GET' | 'POST'; path: string; body: Uint8Array; sendBeforeMono?: number },
): Promise<Exchanged | Unreplied> {
  const { method, path, body, sendBeforeMono } = request
  const nonce = hex(wire.rng.bytes(16))
  const timestamp = String(wire.wall.now())
  const { clientId } = wire
  const signed = signRequest(wire.ourKey, { method, path, timestamp, nonce, clientId, body })
  const reply = await wire.net.call({
    method,
    url: wire.url + path,
    headers: method === 'POST' ? { 'content-type': 'application/json', ...signed } : signed,
    ...(method === 'POST' ? { body } : {}),
    timeoutMs: wire.timeoutMs,
    ...(sendBeforeMono === undefined ? {} : { sendBeforeMono }),
  })
  if (reply.kind === 'not_sent') return { kind: 'not_sent', why: reply.why }
  if (reply.kind === 'unknown') return { kind: 'unknown', code: 'NO_REPLY', why: reply.why }
  const verdict = checkReply(wire.bankKey, {
    status: reply.status,
    headers: reply.headers,
    body: reply.body,
    requestNonce: nonce,
  })
  if (verdict !== 'good') {
    return { kind: 'unknown', code: 'BAD_SIGNATURE', why: 'the reply is not signed by the bank' }
  }
  return { kind: 'bytes', status: reply.status, body: reply.body }
}
