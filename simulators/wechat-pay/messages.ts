/** Requests and replies of WeChat Pay APIv3, before they are signed. */
import { type RailReply, shanghaiTime } from '../channel/index.ts'

export type Fields = Readonly<Record<string, unknown>>

/** A refusal in the form of APIv3. Thrown by whatever finds the reason, answered by the rail. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const HEADERS = { 'content-type': 'application/json; charset=utf-8' }

export const ok = (fields: Fields): RailReply => ({
  status: 200,
  headers: HEADERS,
  body: JSON.stringify(fields),
})

export const done = (): RailReply => ({ status: 204, body: '' })

export const refused = (status: number, code: string, message: string): RailReply => ({
  status,
  headers: HEADERS,
  body: JSON.stringify({ code, message }),
})

/** A code nobody has seen, in the place of a good reply. */
export const unheardOf = (reply: RailReply): RailReply =>
  reply.status < 300 ? refused(400, 'QUOTA_TURNED', '系统内部新增状态') : reply

export function parse(body: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // Falls through to the refusal: both are a body that is no object.
  }
  throw new Refusal(400, 'PARAM_ERROR', '请求体不是合法的JSON对象')
}

const wrong = (name: string) => new Refusal(400, 'PARAM_ERROR', `参数${name}缺失或格式有误`)

export function text(fields: Fields, name: string, form = /^[\s\S]{1,256}$/): string {
  const value = fields[name]
  if (typeof value !== 'string' || !form.test(value)) throw wrong(name)
  return value
}

export function within(fields: Fields, name: string): Fields {
  const value = fields[name]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name)
  return value as Fields
}

/** A whole number of fen, 1 or more. */
export function fen(fields: Fields, name: string): bigint {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) throw wrong(name)
  return BigInt(value)
}

export const ORDER_NUMBER = /^[0-9A-Za-z_\-|*]{6,32}$/
export const REFUND_NUMBER = /^[0-9A-Za-z_\-|*@]{1,64}$/

/** `2026-03-02T09:00:00+08:00`. */
export const rfc3339 = (at: number) => `${shanghaiTime(at)}+08:00`
