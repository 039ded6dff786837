/**
 * WeChat Pay APIv3 as a server with a book of its own: native, H5 and JSAPI orders, questions, closing,
 * refunds, profit sharing, bills, certificates and notices, by RSA or by SM2.
 *
 * Signatures and their five minutes live on wall time; everything else on the rail's clock.
 */
import {
  createRailGround,
  type Rail,
  type RailReply,
  type RailRequest,
  shanghai,
  wallNow,
} from '../channel/index.ts'
import { askBill, dayClosesAt, fetchBill } from './bill.ts'
import { createKeys } from './crypto.ts'
import { ok, Refusal, refused } from './messages.ts'
import { printNotice, signature } from './notices.ts'
import { closeOrder, expireLater, placeOrder, queryOrder } from './orders.ts'
import { feeOf, type WechatPayOptions, type WechatRail } from './rail.ts'
import { feeBack, placeRefund, queryRefund } from './refunds.ts'
import { createShares, type Shares } from './shares.ts'

export type { Scheme } from './crypto.ts'
export type { WechatPayOptions } from './rail.ts'

export interface WechatPayRail extends Rail {
  /** What the merchant checks the rail's signatures with. */
  readonly platformSerial: string
  readonly platformPublicKeyPem: string
  readonly platformCertificatePem: string
}

const SECOND = 1
const MINUTE = 60
const HOUR = 60 * MINUTE
/** 15s 15s 30s 3m 10m 20m 30m 30m 30m 60m 3h 3h 3h 6h 6h. */
const RETRY_SECONDS = [
  ...[15, 15, 30].map((each) => each * SECOND),
  ...[3, 10, 20, 30, 30, 30, 60].map((each) => each * MINUTE),
  ...[3, 3, 3, 6, 6].map((each) => each * HOUR),
]

const WINDOW_MS = 5 * MINUTE * 1000

/** 28 digits, as WeChat Pay's. */
const numberOf = (at: number, sequence: number) =>
  `4200000${shanghai(at).slice(0, 8)}${String(sequence).padStart(13, '0')}`

/** Starts the rail on a port of this machine. */
export async function startWechatPay(options: WechatPayOptions): Promise<WechatPayRail> {
  const { scheme = 'rsa', merchantPublicKeyPem, apiV3Key, platformKeyPem, mchId } = options
  const keys = createKeys({ scheme, merchantPublicKeyPem, apiV3Key, privateKeyPem: platformKeyPem })
  const shares = createShares(
    options.journal === undefined ? undefined : `${options.journal}.shares`,
  )
  /** Refunds that have moved, by their order; a refund gives back its share of the fee. */
  const refunded = new Map<string, bigint>()
  const ground = createRailGround(options, {
    retrySeconds: RETRY_SECONDS,
    settles: options.settles ?? 'net',
    numberOf,
    dayClosesAt,
    settlementMemo: (date) => `WXPAY${mchId}-${date}`,
    fee: (order) => {
      if (order.kind !== 'refund') return feeOf(order.amount)
      const { reference, amount } = ground.book.find('collect', order.original!)!
      const before = refunded.get(reference) ?? 0n
      refunded.set(reference, before + order.amount)
      return -feeBack(amount, before, before + order.amount)
    },
    print: (told) => printNotice(rail, told),
  })
  const rail: WechatRail = { ground, keys, options, sharedOf: shares.sharedOf }
  for (const order of ground.book.orders()) {
    if (order.kind === 'refund' && order.moved) {
      refunded.set(order.original!, (refunded.get(order.original!) ?? 0n) + order.amount)
    }
    if (order.kind === 'collect' && order.state === 'waiting') expireLater(rail, order)
  }
  shares.resume(rail)
  const listening = await ground.listen((request) => answer(rail, shares, request))
  return {
    ...listening,
    platformSerial: keys.serial,
    platformPublicKeyPem: keys.publicKeyPem,
    platformCertificatePem: keys.certificatePem,
    async close() {
      await listening.close()
      shares.close()
    },
  }
}

/** 502 is what the ground answers in the rail's place when it is out of order; nobody signs that. */
const isSigned = (reply: RailReply) =>
  !reply.cut && reply.status !== 502 && !String(reply.headers?.['content-type']).startsWith('text/')

function answer(rail: WechatRail, shares: Shares, request: RailRequest): RailReply {
  let reply: RailReply
  try {
    authenticate(rail, request)
    reply = dispatch(rail, shares, request)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    reply = refused(error.status, error.code, error.message)
  }
  if (!isSigned(reply)) return reply
  return { ...reply, headers: { ...reply.headers, ...signature(rail, Buffer.from(reply.body)) } }
}

const signError = (says: string) => new Refusal(401, 'SIGN_ERROR', says)

/** Refuses a request that is not the merchant's, or not of now. */
function authenticate({ keys, options }: WechatRail, request: RailRequest): void {
  const header = request.headers.authorization ?? ''
  const space = header.indexOf(' ')
  if (header.slice(0, space) !== keys.type) throw signError('认证类型不正确')
  const parts = new Map<string, string>()
  for (const part of header.slice(space + 1).split(',')) {
    const match = /^\s*(mchid|serial_no|nonce_str|timestamp|signature)="([^"]*)"\s*$/.exec(part)
    if (match !== null) parts.set(match[1]!, match[2]!)
  }
  const of = (name: string) => parts.get(name) ?? ''
  if (of('mchid') !== options.mchId) throw signError('商户号不正确')
  if (of('serial_no').toUpperCase() !== options.merchantSerial.toUpperCase()) {
    throw signError('商户证书序列号有误')
  }
  const timestamp = of('timestamp')
  const skew = Math.abs(wallNow() - Number(timestamp) * 1000)
  if (!/^\d{10}$/.test(timestamp) || skew > WINDOW_MS)
    throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟')
  const lines = [request.method, request.path, timestamp, of('nonce_str')]
  const message = Buffer.concat([
    Buffer.from(lines.map((each) => `${each}\n`).join('')),
    request.body,
    Buffer.from('\n'),
  ])
  if (of('nonce_str') === '' || !keys.isMerchants(message, of('signature'))) {
    throw signError('错误的签名,验签失败')
  }
}

function dispatch(rail: WechatRail, shares: Shares, request: RailRequest): RailReply {
  const { method, path, body } = request
  const url = new URL(path, 'http://rail')
  const { pathname, searchParams } = url
  const { book } = rail.ground
  switch (`${method} ${pathname}`) {
    case 'POST /v3/pay/transactions/native':
      return placeOrder(rail, 'NATIVE', body)
    case 'POST /v3/pay/transactions/h5':
      return placeOrder(rail, 'MWEB', body)
    case 'POST /v3/pay/transactions/jsapi':
      return placeOrder(rail, 'JSAPI', body)
    case 'POST /v3/refund/domestic/refunds':
      return placeRefund(rail, body)
    case 'GET /v3/bill/tradebill':
      return askBill(rail, searchParams, request.headers.host ?? '')
    case 'GET /v3/billdownload/file':
      return fetchBill(rail, searchParams)
    case 'GET /v3/certificates':
      return certificates(rail)
    default:
      break
  }
  const [, number, close] =
    /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)(\/close)?$/.exec(pathname) ?? []
  if (number !== undefined && method === 'POST' && close) return closeOrder(rail, number, body)
  if (number !== undefined && method === 'GET' && !close) {
    return queryOrder(rail, book.find('collect', number), searchParams.get('mchid'))
  }
  const [, id] = /^\/v3\/pay\/transactions\/id\/(\d+)$/.exec(pathname) ?? []
  if (id !== undefined && method === 'GET') {
    return queryOrder(rail, book.byNumber(id), searchParams.get('mchid'))
  }
  const [, refund] = /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/.exec(pathname) ?? []
  if (refund !== undefined && method === 'GET') return queryRefund(rail, refund)
  const shared = shares.handle(rail, method, path, body)
  if (shared !== undefined) return shared
  throw new Refusal(404, 'RESOURCE_NOT_EXISTS', `没有接口 ${method} ${pathname}`)
}

/** The rail's certificate, sealed under the APIv3 key. */
function certificates({ keys }: WechatRail): RailReply {
  const certificate = {
    serial_no: keys.serial,
    effective_time: '2020-01-01T08:00:00+08:00',
    expire_time: '2049-12-31T23:59:59+08:00',
    encrypt_certificate: keys.seal(keys.certificatePem, 'certificate'),
  }
  return ok({ data: [certificate] })
}
