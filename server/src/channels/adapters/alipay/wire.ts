/** One exchange with the gateway: parameters signed, reply verified, and what is left when it is not. */

import type { KeyObject } from 'node:crypto'
import type { Clock, Net } from '#base'
import type { Unreplied } from '../../unreplied.ts'
import { readObject } from './read-object.ts'
import { signedReply, signParams } from './signature.ts'
import { type Content, dateTime, IN_ADDRESS, type Method } from './spec.ts'

export interface Wire {
  readonly gateway: string
  readonly appId: string
  readonly sellerId: string
  readonly notifyUrl: string
  readonly ourKey: KeyObject
  readonly railKey: KeyObject
  readonly net: Net
  readonly clock: Pick<Clock, 'now' | 'mono'>
  /** Wall time, for the timestamp; a test clock does not move it. */
  readonly wall: Pick<Clock, 'now'>
  readonly timeoutMs: number
}

export type WireReply =
  | {
      readonly kind: 'replied'
      readonly code: string
      readonly message: string
      readonly fields: Content
    }
  | Unreplied

export interface SignedRequest {
  readonly url: string
  /** What goes into the form; the rest is in the address. */
  readonly fields: Content
}

/** Signs a call and lays it out as the gateway wants it; `notify` asks for notices of the order. */
export function signedRequest(
  wire: Wire,
  method: Method,
  content: Content,
  notify: boolean,
): SignedRequest {
  const params = signParams(wire.ourKey, {
    method,
    app_id: wire.appId,
    charset: 'utf-8',
    version: '1.0',
    sign_type: 'RSA2',
    timestamp: dateTime(wire.wall.now()),
    ...(notify ? { notify_url: wire.notifyUrl } : {}),
    biz_content: JSON.stringify(content),
  })
  const entries = Object.entries(params)
  const address = new URLSearchParams(entries.filter(([name]) => IN_ADDRESS.includes(name)))
  const fields = Object.fromEntries(entries.filter(([name]) => !IN_ADDRESS.includes(name)))
  return { url: `${wire.gateway}?${address.toString()}`, fields }
}

/** Calls the gateway. A reply whose signature is not good says nothing. */
export async function call(
  wire: Wire,
  method: Method,
  content: Content,
  options: { readonly sendBeforeMono?: number; readonly notify?: boolean } = {},
): Promise<WireReply> {
  const { url, fields } = signedRequest(wire, method, content, options.notify === true)
  const reply = await wire.net.call({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams(fields).toString(),
    timeoutMs: wire.timeoutMs,
    ...(options.sendBeforeMono === undefined ? {} : { sendBeforeMono: options.sendBeforeMono }),
  })
  if (reply.kind === 'not_sent') return reply
  if (reply.kind === 'unknown') return { kind: 'unknown', code: 'NO_REPLY', why: reply.why }
  if (reply.status !== 200) {
    return unknown(`HTTP_${reply.status}`, `the gateway answered HTTP ${reply.status}`)
  }
  const signed = signedReply(wire.railKey, method, reply.body)
  if ('wrong' in signed) return unknown(signed.wrong, 'the reply is not signed by Alipay')
  const read = readObject(signed.node)
  if (read === undefined) return unknown('NOT_READABLE', 'the reply is no JSON object')
  const { code = '', sub_code: subCode = '', msg = '', sub_msg: subMessage = '' } = read
  if (code === '') return unknown('NOT_READABLE', 'the reply has no code')
  return {
    kind: 'replied',
    code: subCode === '' ? code : subCode,
    message: subMessage === '' ? msg : subMessage,
    fields: read,
  }
}

const unknown = (code: string, why: string): WireReply => ({ kind: 'unknown', code, why })
