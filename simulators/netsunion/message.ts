/** Messages as XML with the signature behind them, read and printed. */
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { type RailReply, type RailRequest, shanghaiTime, wallNow } from '../channel/index.ts'
import type { Crypto } from './keys.ts'

export type Element = { readonly [name: string]: unknown }

/** A request whose signature, sender and time are right. */
export interface Opened {
  readonly type: string
  readonly id: string
  readonly body: Element
  /** Reads hidden fields; throws when the envelope is not for us. */
  readonly reveal: (hidden: string) => string
}

export const isElement = (value: unknown): value is Element =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function inner(element: Element | undefined, name: string): Element {
  const value = element?.[name]
  return isElement(value) ? value : {}
}

export function text(element: Element, name: string): string {
  const value = element[name]
  return typeof value === 'string' ? value : ''
}

export function rowsOf(element: Element): readonly Element[] {
  return Array.isArray(element.Row) ? element.Row.filter(isElement) : []
}

const WINDOW_MS = 300_000

export interface Partner {
  readonly issuerId: string
  readonly signSerial: string
  readonly encryptSerial: string
}

/** Opens a request; nothing when anything about its signature, sender or time is wrong. */
export function openMessage(
  crypto: Crypto,
  partner: Partner,
  request: RailRequest,
): Opened | undefined {
  const match = /^([\s\S]*)\{S:([A-Za-z0-9+/]+={0,2})\}$/.exec(request.body.toString('utf8'))
  if (match === null || !match[1]!.startsWith('<?xml') || match[1]!.includes('<!')) return undefined
  const signature = Buffer.from(match[2]!, 'base64')
  if (!crypto.verify(Buffer.from(match[1]!), signature)) return undefined
  if (XMLValidator.validate(match[1]!) !== true) return undefined
  const parser = new XMLParser({
    parseTagValue: false,
    ignoreDeclaration: true,
    isArray: (name) => name === 'Row',
  })
  const root: unknown = (parser.parse(match[1]!) as Element).root
  if (!isElement(root)) return undefined
  const header = inner(root, 'MsgHeader')
  const type = text(header, 'MsgTp')
  const rightSender =
    text(header, 'IssrId') === partner.issuerId &&
    request.headers.oriissrid === partner.issuerId &&
    request.headers.msgtp === type &&
    text(header, 'SignSN') === partner.signSerial &&
    text(header, 'NcrptnSN') === partner.encryptSerial
  const sent = Date.parse(`${text(header, 'SndDt')}+08:00`)
  if (!rightSender || !(Math.abs(wallNow() - sent) <= WINDOW_MS)) return undefined
  const envelope = text(header, 'DgtlEnvlp')
  let open: ((hidden: string) => string) | undefined
  return {
    type,
    id: text(header, 'MsgId'),
    body: inner(root, 'MsgBody'),
    reveal: (hidden) => {
      open ??= crypto.open(envelope)
      return open(hidden)
    },
  }
}

/** Prints a message and signs it. */
export function printMessage(
  crypto: Crypto,
  header: Readonly<Record<string, string>>,
  body: Element,
): string {
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@' })
  const MsgHeader = { SndDt: shanghaiTime(wallNow()), Drctn: '12', ...header }
  const root = { '@xmlns': 'namespace_string', MsgHeader, MsgBody: body }
  const xml = `<?xml version="1.0" encoding="UTF-8"?>${builder.build({ root })}`
  return `${xml}{S:${crypto.sign(Buffer.from(xml)).toString('base64')}}`
}

export function reply(body: string): RailReply {
  return { status: 200, headers: { 'content-type': 'application/xml; charset=utf-8' }, body }
}
