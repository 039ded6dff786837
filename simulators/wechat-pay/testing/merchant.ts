/** A merchant of the simulator that signs by hand, for tests of what no well-behaved client sends. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { wallNow } from '../../channel/index.ts'
import { startWechatPay, type WechatPayOptions, type WechatPayRail } from '../index.ts'

export const MERCHANT = {
  appId: 'wxd678efh567hg6787',
  mchId: '1230000109',
  serial: '3775B6A45ACD588826D15E583A95F5DD00000001',
  apiV3Key: 'AES256Key-32Characters1234567890',
} as const

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
export const merchantKey = rsa()
const platformKey = rsa()
export const privateKeyPem = merchantKey.privateKey
  .export({ type: 'pkcs8', format: 'pem' })
  .toString()
export const publicKeyPem = merchantKey.publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** 2026-03-02 09:00:00 in Shanghai. */
export const NOW = Date.UTC(2026, 2, 2, 1)

export async function startRail(options: Partial<WechatPayOptions> = {}): Promise<WechatPayRail> {
  const rail = await startWechatPay({
    appId: MERCHANT.appId,
    mchId: MERCHANT.mchId,
    merchantSerial: MERCHANT.serial,
    merchantPublicKeyPem: publicKeyPem,
    apiV3Key: MERCHANT.apiV3Key,
    platformKeyPem: platformKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ...options,
  })
  await rail.admin.setClock(NOW)
  return rail
}

export interface Changes {
  readonly type?: string
  readonly mchId?: string
  readonly serial?: string
  /** Seconds our clock is ahead. */
  readonly skew?: number
  /** The body that is sent in the place of the one that was signed. */
  readonly sent?: string
  readonly authorization?: string
}

export interface Reply {
  readonly status: number
  readonly code: string
  readonly fields: Record<string, unknown>
  readonly text: string
  readonly headers: Headers
}

export async function call(
  rail: WechatPayRail,
  method: 'GET' | 'POST',
  path: string,
  fields?: object,
  changes: Changes = {},
): Promise<Reply> {
  const body = fields === undefined ? '' : JSON.stringify(fields)
  const timestamp = String(Math.floor(wallNow() / 1000) + (changes.skew ?? 0))
  const nonce = randomBytes(16).toString('hex')
  const message = `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`
  const signature = sign('sha256', Buffer.from(message), merchantKey.privateKey).toString('base64')
  const { type = 'WECHATPAY2-SHA256-RSA2048', mchId = MERCHANT.mchId } = changes
  const parts = `mchid="${mchId}",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="${changes.serial ?? MERCHANT.serial}",signature="${signature}"`
  const sent = changes.sent ?? body
  const response = await fetch(rail.url + path, {
    method,
    headers: {
      authorization: changes.authorization ?? `${type} ${parts}`,
      'content-type': 'application/json',
    },
    ...(sent === '' ? {} : { body: sent }),
  })
  const text = await response.text()
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  const code = typeof json.code === 'string' ? json.code : ''
  return { status: response.status, code, fields: json, text, headers: response.headers }
}

export const orderOf = (reference: string, total: number, more: object = {}) => ({
  appid: MERCHANT.appId,
  mchid: MERCHANT.mchId,
  description: '购房定金',
  out_trade_no: reference,
  notify_url: 'https://tenon.example/callbacks/wechat-pay',
  amount: { total, currency: 'CNY' },
  ...more,
})

export const order = (rail: WechatPayRail, reference: string, total: number, more: object = {}) =>
  call(rail, 'POST', '/v3/pay/transactions/native', orderOf(reference, total, more))

export const query = (rail: WechatPayRail, reference: string) =>
  call(rail, 'GET', `/v3/pay/transactions/out-trade-no/${reference}?mchid=${MERCHANT.mchId}`)

/** An order that its payer has paid. */
export async function paid(rail: WechatPayRail, reference: string, total: number, more = {}) {
  await order(rail, reference, total, more)
  await rail.admin.payOrder(reference)
  await rail.admin.idle()
  return String((await query(rail, reference)).fields.transaction_id)
}

export const refund = (
  rail: WechatPayRail,
  original: string,
  reference: string,
  part: number,
  total: number,
) =>
  call(rail, 'POST', '/v3/refund/domestic/refunds', {
    out_trade_no: original,
    out_refund_no: reference,
    amount: { refund: part, total, currency: 'CNY' },
  })

export const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
