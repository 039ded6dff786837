/**
 * One request to the bank and its answer: envelope, signature, encryption, and the doubt an answer may
 * leave. When the bank cannot read or verify a request it answers a plain unsigned sentence; that
 * tells nothing about an earlier request under the same reference, so it is `unknown`.
 *
 * Business time stands in the fields, wall time in request number and signature.
 */

import type { Clock, Instant, Net, Rng } from '#base'
import type { Sm2PrivateKey, Sm2PublicKey } from '#vault'
import type { Unreplied } from '../../unreplied.ts'
import { decryptText, encryptText, signText, textIsSigned, textOf } from './signature.ts'
import { type FunctionCode, SIGNATURE_PLACE } from './spec.ts'

export interface Wire {
  readonly url: string
  readonly userId: string
  /** Our bank account. */
  readonly account: string
  readonly ourKey: Sm2PrivateKey
  readonly bankKey: Sm2PublicKey
  /** 16 bytes. */
  readonly sm4Key: Uint8Array
  readonly net: Net
  readonly rng: Rng
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for signatures. */
  readonly wall: Pick<Clock, 'now'>
  readonly timeoutMs: number
}

export type Json = { readonly [name: string]: unknown }

export type WireReply =
  | {
      readonly kind: 'replied'
      readonly code: string
      readonly message: string
      readonly body: Json
    }
  | Unreplied

const SHANGHAI_MS = 8 * 3_600_000

/** `yyyymmddhhmmssSSS` in Shanghai, which keeps one time the whole year. */
export function shanghai(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().replace(/\D/g, '').slice(0, 17)
}

/** The instant of `yyyymmddhhmmss` in Shanghai; `undefined` when it is none. */
export function instantOfShanghai(text: string): Instant | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text)
  if (match === null) return undefined
  const [, y, mo, d, h, mi, s] = match
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}+08:00`)
  return Number.isNaN(at) || shanghai(at).slice(0, 14) !== text ? undefined : at
}

/** A field's text without the blanks the bank leaves at its end; '' when it is no text. */
export function text(fields: Json, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value.trimEnd() : ''
}

/** The records under a name; `undefined` when they are not a list of objects. */
export function records(body: Json, name: string): readonly Json[] | undefined {
  const value = body[name]
  if (!Array.isArray(value) || !value.every(isObject)) return undefined
  return value
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads JSON that has to be an object. */
export function parsed(source: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(source)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The message of a request before it is encrypted, signed. */
export function requestText(wire: Wire, funcode: FunctionCode, reqid: string, body: Json): string {
  const { userId } = wire
  const message = {
    request: { head: { funcode, userid: userId, reqid }, body },
    signature: { sigtim: shanghai(wire.wall.now()).slice(0, 14), sigdat: SIGNATURE_PLACE },
  }
  return signText(wire.ourKey, userId, JSON.stringify(message))
}

export interface Posted {
  readonly funcode: FunctionCode
  readonly body: Json
  readonly sendBeforeMono?: number
}

/** Sends one request and judges the answer. Never rejects. */
export async function post(wire: Wire, posted: Posted): Promise<WireReply> {
  const { funcode, body, sendBeforeMono } = posted
  // 17 digits of time and 16 of chance: unique for ever, 33 of the 18 to 51 allowed.
  const chance = Buffer.from(wire.rng.bytes(8)).toString('hex').toUpperCase()
  const reqid = `${shanghai(wire.wall.now())}${chance}`
  const message = requestText(wire, funcode, reqid, body)
  const form = new URLSearchParams({
    UID: wire.userId,
    FUNCODE: funcode,
    ALG: 'SM',
    DATA: encryptText(wire.sm4Key, wire.userId, message),
  })
  const reply = await wire.net.call({
    method: 'POST',
    url: wire.url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    timeoutMs: wire.timeoutMs,
    ...(sendBeforeMono === undefined ? {} : { sendBeforeMono }),
  })
  if (reply.kind === 'not_sent') return { kind: 'not_sent', why: reply.why }
  if (reply.kind === 'unknown') return { kind: 'unknown', code: 'NO_REPLY', why: reply.why }
  if (reply.status !== 200) {
    return { kind: 'unknown', code: `HTTP_${reply.status}`, why: 'the bank answered with an error' }
  }
  return readReply(wire, { funcode, reqid }, reply.body)
}

const unknown = (code: string, why: string): WireReply => ({ kind: 'unknown', code, why })

/** Judges the bytes of an answer to a request. Never throws. */
export function readReply(
  wire: Wire,
  asked: { readonly funcode: string; readonly reqid: string },
  bytes: Uint8Array,
): WireReply {
  const plain = decryptText(wire.sm4Key, wire.userId, textOf(bytes) ?? '')
  if (plain === undefined) return unknown('NOT_READABLE', 'the reply is not one of the bank')
  if (!textIsSigned(wire.bankKey, wire.userId, plain)) {
    return unknown('BAD_SIGNATURE', 'the reply is not signed by the bank')
  }
  const response = parsed(plain)?.response
  const head = isObject(response) ? response.head : undefined
  if (!isObject(response) || !isObject(head)) {
    return unknown('NOT_READABLE', 'the reply has no head')
  }
  const about = text(head, 'reqid') === asked.reqid && text(head, 'funcode') === asked.funcode
  if (!about || text(head, 'userid') !== wire.userId) {
    return unknown('OTHER_REFERENCE', 'the reply is about another request')
  }
  const code = text(head, 'resultcode')
  if (code === '') return unknown('NOT_READABLE', 'the reply has no result code')
  const body = isObject(response.body) ? response.body : {}
  return { kind: 'replied', code, message: text(head, 'resultmsg'), body }
}
