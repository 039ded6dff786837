/**
 * One message to the clearing house and its reply, and the doubt a reply may leave. A reply quotes the
 * number of the message it answers, so that an old one cannot be played again.
 *
 * Business time stands in the fields, wall time in the header: a test clock moves the first only.
 */

import type { Clock, Net, Rng } from '#base'
import type { Unreplied } from '../../unreplied.ts'
import {
  makeEnvelope,
  type SealedEnvelope,
  type Suite,
  signedXml,
  signMessage,
} from './signature.ts'
import { type MessageType, shanghaiTime } from './spec.ts'
import { type Element, inner, parseXml, printXml, text } from './xml.ts'

export interface Wire {
  readonly url: string
  /** Our number as an institution. */
  readonly issuerId: string
  /** Our reserve account. */
  readonly reserveAccount: string
  /** Serials of the certificates: ours for signing, the clearing house's for the envelope. */
  readonly signSerial: string
  readonly encryptSerial: string
  readonly suite: Suite
  readonly net: Net
  readonly rng: Rng
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** Wall time, for headers. */
  readonly wall: Pick<Clock, 'now'>
  readonly timeoutMs: number
}

export type WireReply =
  | {
      readonly kind: 'replied'
      readonly header: Element
      readonly body: Element
      readonly system: string
      readonly says: string
    }
  | Unreplied

export interface Posted {
  readonly type: MessageType
  readonly replyType: MessageType
  /** Builds the body; sensitive elements are hidden by the envelope. */
  readonly body: (envelope: SealedEnvelope) => Element
  /** Whether anything in it is hidden; without it no envelope is sent. */
  readonly hides?: boolean
  readonly sendBeforeMono?: number
}

const NO_ENVELOPE: SealedEnvelope = {
  text: '',
  hide: () => {
    throw new Error('this message has no envelope')
  },
}

/** The message as it travels, and its number. */
export function message(
  wire: Wire,
  posted: Posted,
): { readonly id: string; readonly text: string } {
  const id = Buffer.from(wire.rng.bytes(16)).toString('hex')
  const envelope = posted.hides === true ? makeEnvelope(wire.suite, wire.rng) : NO_ENVELOPE
  const MsgHeader = {
    SndDt: shanghaiTime(wire.wall.now()),
    MsgTp: posted.type,
    IssrId: wire.issuerId,
    Drctn: '11',
    SignSN: wire.signSerial,
    NcrptnSN: wire.encryptSerial,
    DgtlEnvlp: envelope.text,
    MsgId: id,
  }
  const xml = printXml({ MsgHeader, MsgBody: posted.body(envelope) })
  return { id, text: signMessage(wire.suite, xml) }
}

/** Sends one message and judges the reply. Never rejects. */
export async function post(wire: Wire, posted: Posted): Promise<WireReply> {
  const { id, text: body } = message(wire, posted)
  const reply = await wire.net.call({
    method: 'POST',
    url: `${wire.url}/preSvr`,
    headers: {
      'content-type': 'application/xml; charset=utf-8',
      msgtp: posted.type,
      oriissrid: wire.issuerId,
    },
    body,
    timeoutMs: wire.timeoutMs,
    ...(posted.sendBeforeMono === undefined ? {} : { sendBeforeMono: posted.sendBeforeMono }),
  })
  if (reply.kind === 'not_sent') return { kind: 'not_sent', why: reply.why }
  if (reply.kind === 'unknown') return { kind: 'unknown', code: 'NO_REPLY', why: reply.why }
  if (reply.status !== 200) {
    const why = 'the clearing house answered with an error'
    return { kind: 'unknown', code: `HTTP_${reply.status}`, why }
  }
  return readReply(wire, { id, replyType: posted.replyType }, reply.body)
}

const unknown = (code: string, why: string): WireReply => ({ kind: 'unknown', code, why })

/** Judges the bytes of a reply to a message. Never throws. */
export function readReply(
  wire: Wire,
  asked: { readonly id: string; readonly replyType: MessageType },
  bytes: Uint8Array,
): WireReply {
  const xml = signedXml(wire.suite, bytes)
  if (xml === undefined) {
    return unknown('BAD_SIGNATURE', 'the reply is not signed by the clearing house')
  }
  const root = parseXml(xml)
  if (root === undefined) return unknown('NOT_READABLE', 'the reply is not a message')
  const header = inner(root, 'MsgHeader')
  const body = inner(root, 'MsgBody')
  if (text(header, 'RltdMsgId') !== asked.id || text(header, 'MsgTp') !== asked.replyType) {
    return unknown('OTHER_REFERENCE', 'the reply is about another message')
  }
  const result = inner(body, 'SysRtnInf')
  const system = text(result, 'SysRtnCd')
  if (system === '') return unknown('NOT_READABLE', 'the reply has no system code')
  return { kind: 'replied', header, body, system, says: text(result, 'SysRtnDesc') }
}
