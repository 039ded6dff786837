/** The bank's envelope: what a request must be before anything of it is believed, and how a reply is sealed. */
import { type RailReply, type RailRequest, shanghai, wallNow } from '../channel/index.ts'
import { decryptText, encryptText, type KeyPair, signText, textIsSigned } from './signature.ts'

export type Json = { readonly [name: string]: unknown }

export interface Opened {
  readonly funcode: string
  readonly reqid: string
  readonly body: Json
}

export interface Content {
  readonly code: string
  readonly message: string
  readonly body: Json
}

const WINDOW_MS = 300_000

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The request, once its user, encryption, signature and time are right; nothing otherwise. */
export function openEnvelope(
  options: { readonly userId: string; readonly sm4KeyHex: string },
  clientPoint: string,
  request: RailRequest,
): Opened | undefined {
  const form = new URLSearchParams(request.body.toString('utf8'))
  if (form.get('UID') !== options.userId || form.get('ALG') !== 'SM') return undefined
  try {
    const text = decryptText(options.sm4KeyHex, options.userId, form.get('DATA') ?? '')
    if (!textIsSigned(clientPoint, options.userId, text)) return undefined
    const message = JSON.parse(text) as Json
    const { signature } = message
    const inner = message.request
    if (!isObject(signature) || !isObject(inner) || !isObject(inner.head)) return undefined
    if (!isRecent(String(signature.sigtim))) return undefined
    const { funcode, userid, reqid } = inner.head
    if (userid !== options.userId || funcode !== form.get('FUNCODE')) return undefined
    const body = isObject(inner.body) ? inner.body : {}
    return { funcode: String(funcode), reqid: String(reqid), body }
  } catch {
    return undefined
  }
}

/** `yyyyMMddHHmmss` within five minutes of wall time. */
function isRecent(text: string): boolean {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)
  if (match === null) return false
  const [, y, mo, d, h, mi, s] = match
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}+08:00`)
  return Math.abs(wallNow() - at) <= WINDOW_MS
}

/** Signs and encrypts an answer. */
export function sealed(
  options: { readonly userId: string; readonly sm4KeyHex: string },
  key: KeyPair,
  asked: Opened,
  { code, message, body }: Content,
): RailReply {
  const { userId, sm4KeyHex } = options
  const head = {
    funcode: asked.funcode,
    userid: userId,
    reqid: asked.reqid,
    rspid: `R${asked.reqid}`,
    bizcode: '',
    resultcode: code,
    resultmsg: message,
  }
  const signature = { sigtim: shanghai(wallNow()), sigdat: '__signature_sigdat__' }
  const text = signText(key, userId, JSON.stringify({ response: { head, body }, signature }))
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: 200, headers, body: encryptText(sm4KeyHex, userId, text) }
}
