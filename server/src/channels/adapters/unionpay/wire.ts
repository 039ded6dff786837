/**
 * Forms of ACP on the wire, and one request with its reply. Requests and notices are URL-encoded;
 * replies come as plain `name=value&…`. Bytes that are not UTF-8, a name that comes twice or a part
 * without `=` make a form unreadable: nobody could say what was signed.
 */

import type { Clock, Instant, Net, NetReply } from '#base'
import type { Unreplied } from '../../unreplied.ts'
import type { Signer } from './signature.ts'
import { ENCODING, type Fields, type MessageKind, VERSION } from './spec.ts'

export interface Wire {
  /** Without a slash at the end. */
  readonly url: string
  /** The file server's whole address. */
  readonly fileUrl: string
  readonly merId: string
  readonly signer: Signer
  readonly net: Net
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for certificates. */
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

export const field = (fields: Fields, name: string): string => fields[name] ?? ''

/** Values that stand for themselves in a form. Most do, and encoding costs more than looking. */
const PLAIN = /^[0-9A-Za-z._-]*$/

export function printForm(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${PLAIN.test(value) ? value : encodeURIComponent(value)}`)
    .join('&')
}

/** Reads a URL-encoded form, as notices are. */
export function readForm(bytes: Uint8Array): Fields | undefined {
  return read(bytes, (part) =>
    PLAIN.test(part) ? part : decodeURIComponent(part.replaceAll('+', ' ')),
  )
}

/** Reads the plain form of a reply. */
export function readPlainForm(bytes: Uint8Array): Fields | undefined {
  return read(bytes, (part) => part)
}

/** Keeps nothing between two whole texts; making one costs more than reading a form. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NAME = /^[A-Za-z][0-9A-Za-z]{0,63}$/

function read(bytes: Uint8Array, decode: (part: string) => string): Fields | undefined {
  try {
    const text = UTF_8.decode(bytes)
    const fields: Record<string, string> = Object.create(null)
    for (const part of text.split('&')) {
      const at = part.indexOf('=')
      const name = decode(part.slice(0, Math.max(at, 0)))
      if (!NAME.test(name) || name in fields) return undefined
      fields[name] = decode(part.slice(at + 1))
    }
    return fields
  } catch {
    return undefined
  }
}

export interface Posted {
  readonly message: MessageKind
  readonly fields: Fields
  readonly sendBeforeMono?: number
}

/** The whole message, signed. */
export function requestOf(wire: Wire, { message, fields }: Posted): Fields {
  const { txnType, txnSubType, bizType } = message
  return wire.signer.sign({
    version: VERSION,
    encoding: ENCODING,
    txnType,
    txnSubType,
    bizType,
    accessType: '0',
    merId: wire.merId,
    ...fields,
  })
}

/** Sends one message and judges the reply: its signature, its shape, and that it answers this one. */
export async function post(wire: Wire, posted: Posted): Promise<WireReply> {
  const request = requestOf(wire, posted)
  const { path, echoed } = posted.message
  const { sendBeforeMono } = posted
  const reply = await wire.net.call({
    method: 'POST',
    url: path === '' ? wire.fileUrl : wire.url + path,
    headers: { 'content-type': `application/x-www-form-urlencoded;charset=${ENCODING}` },
    body: printForm(request),
    timeoutMs: wire.timeoutMs,
    ...(sendBeforeMono === undefined ? {} : { sendBeforeMono }),
  })
  return judge(wire, request, echoed, reply)
}

const unknown = (code: string, why: string): WireReply => ({ kind: 'unknown', code, why })

function judge(wire: Wire, request: Fields, echoed: readonly string[], reply: NetReply): WireReply {
  if (reply.kind === 'not_sent') return { kind: 'not_sent', why: reply.why }
  if (reply.kind === 'unknown') return unknown('NO_REPLY', reply.why)
  if (reply.status !== 200)
    return unknown(`HTTP_${reply.status}`, 'UnionPay answered with an error')
  const fields = readPlainForm(reply.body)
  if (fields === undefined) return unknown('NOT_READABLE', 'the reply is not a form')
  if (!wire.signer.verify(fields, wire.wall.now())) {
    return unknown('BAD_SIGNATURE', 'the reply is not signed by UnionPay')
  }
  const other = echoed.find((name) => fields[name] !== request[name])
  if (other !== undefined) return unknown('OTHER_ORDER', `the reply names another ${other}`)
  const code = field(fields, 'respCode')
  if (!/^[0-9A-Z]{2}$/.test(code)) return unknown('NOT_READABLE', 'the reply has no respCode')
  return { kind: 'replied', code, fields }
}
