/**
 * Alipay as a rail: the open gateway with RSA2, notices, bills and settlement. It keeps its own book
 * and shares no code with the platform.
 */
import { createHash } from 'node:crypto'
import {
  type BookOrder,
  createRailGround,
  DAY_MS,
  type Rail,
  type RailAdmin,
  type RailGround,
  type RailOptions,
  type RailReply,
  type RailRequest,
  shanghai,
  startOfDate,
  wallNow,
} from '../channel/index.ts'
import { billArchive } from './bill.ts'
import { CODES, type GatewayCode, OK } from './codes.ts'
import { printNotice } from './notice.ts'
import { createPublicKey, isSigned, type Params, railKeys, signText } from './signature.ts'
import { type Content, createTrades, type Fields, type Trades } from './trade.ts'
import { instantOf } from './yuan.ts'

export interface AlipayOptions extends RailOptions {
  readonly appId?: string
  readonly sellerId?: string
  /** The key that checks the application's signatures. */
  readonly appPublicKeyPem: string
  /** The rail's signing key; a new one when absent. */
  readonly privateKeyPem?: string
}

export interface AlipayAdmin extends RailAdmin {
  /** A payer scans the code of a precreated order, without paying yet. */
  scan(reference: string): void
}

export interface Alipay extends Rail {
  readonly gateway: string
  readonly publicKeyPem: string
  readonly appId: string
  readonly sellerId: string
  readonly admin: AlipayAdmin
}

/** Waits before the second … eighth notice: 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h. */
export const NOTICE_RETRY_SECONDS = [240, 600, 600, 3_600, 7_200, 21_600, 54_000]

/** 0.6 %, rounded half up to a fen. */
const FEE_PPM = 6_000n
const WINDOW_MS = 15 * 60_000
/** The bill of a day is ready at nine the next morning. */
const BILL_AFTER_MS = DAY_MS + 9 * 3_600_000

const feeOf = (amount: bigint) => (amount * FEE_PPM + 500_000n) / 1_000_000n

/** A refund gives its share of the fee back; the shares of all parts add up to the whole fee. */
function fee(ground: () => RailGround, order: BookOrder): bigint {
  if (order.kind !== 'refund') return feeOf(order.amount)
  const trade = ground().book.find('collect', order.original ?? '')!
  const share = (amount: bigint) => (trade.fee * amount) / trade.amount
  return share(trade.refunded - order.amount) - share(trade.refunded)
}

const METHODS = {
  'alipay.trade.precreate': 'precreate',
  'alipay.trade.page.pay': 'pagePay',
  'alipay.trade.query': 'query',
  'alipay.trade.close': 'close',
  'alipay.trade.refund': 'refund',
  'alipay.trade.fastpay.refund.query': 'refundQuery',
} as const satisfies Record<string, keyof Trades>

const BILL_METHOD = 'alipay.data.dataservice.bill.downloadurl.query'

/** `biz_content`; `undefined` when it is no JSON object. */
function readContent(text: string): Content | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Content) : undefined
  } catch {
    return undefined
  }
}

/** Starts the gateway on a port of this machine. */
export async function startAlipay(options: AlipayOptions): Promise<Alipay> {
  const appId = options.appId ?? '2021000000000001'
  const sellerId = options.sellerId ?? '2088000000000001'
  const keys = railKeys(options.privateKeyPem)
  const appKey = createPublicKey(options.appPublicKeyPem)
  let stranger: ReturnType<typeof railKeys> | undefined
  const ground: RailGround = createRailGround(options, {
    retrySeconds: NOTICE_RETRY_SECONDS,
    settles: 'net',
    fee: (order) => fee(() => ground, order),
    isTaken: (_status, body) => body === 'success',
    print: (told) => printNotice(noticeFacts, told),
    numberOf: (at, sequence) =>
      `${shanghai(at).slice(0, 8)}22001${String(sequence).padStart(15, '0')}`,
    dayClosesAt: (date) => startOfDate(date)! + BILL_AFTER_MS,
    settlementMemo: (date) => `支付宝结算款 AP${date}${sellerId.slice(-6)}`,
  })
  const noticeFacts = {
    appId,
    sellerId,
    key: keys.privateKey,
    forger: () => {
      stranger ??= railKeys()
      return stranger.privateKey
    },
    ground: () => ground,
  }
  const trades = createTrades(ground, 'https://qr.alipay.com')
  const secret = createHash('sha256').update(keys.publicKeyPem).digest('hex')
  const drawCode = (date: string) =>
    createHash('sha256').update(`${secret} ${date}`).digest('hex').slice(0, 32)

  const printer =
    (method: string) =>
    (code: GatewayCode, fields: Fields = {}) => {
      // The gateway escapes slashes, so that a reply parsed and printed again has other bytes.
      const inner = JSON.stringify({ ...code, ...fields }).replaceAll('/', '\\/')
      const node = `${method.replaceAll('.', '_')}_response`
      const sign = signText(keys.privateKey, inner)
      const headers = { 'content-type': 'text/html; charset=utf-8' }
      return { status: 200, headers, body: `{"${node}":${inner},"sign":"${sign}"}` }
    }

  const askBill = (content: Content, print: ReturnType<typeof printer>, host: string) => {
    const date = String(content.bill_date ?? '').replaceAll('-', '')
    const closed = content.bill_type === 'trade' && ground.isDayClosed(date)
    if (!closed) return print(CODES.noBill)
    const url = `http://${host}/bills/${date}.zip?code=${drawCode(date)}`
    return print(OK, { bill_download_url: url })
  }

  const handle = (request: RailRequest): RailReply => {
    const url = new URL(request.path, 'http://gateway')
    const bill = /^\/bills\/(\d{8})\.zip$/.exec(url.pathname)
    if (bill !== null) {
      const known = url.searchParams.get('code') === drawCode(bill[1]!)
      if (request.method !== 'GET' || !known || !ground.isDayClosed(bill[1]!)) {
        return { status: 404, body: '' }
      }
      return { status: 200, body: billArchive(ground, sellerId, bill[1]!) }
    }
    if (url.pathname !== '/gateway.do' || request.method !== 'POST')
      return { status: 404, body: '' }
    const form = new URLSearchParams(request.body.toString())
    const params: Params = { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(form) }
    const { method = '', biz_content: content = '' } = params
    const print = printer(method.replaceAll(/[^a-z.]/g, ''))
    if (params.app_id !== appId) return print(CODES.badApp)
    if (!isSigned(appKey, params)) return print(CODES.badSignature)
    const skew = Math.abs(wallNow() - instantOf(params.timestamp))
    if (!(skew <= WINDOW_MS)) return print(CODES.badTimestamp)
    const fields = readContent(content)
    if (fields === undefined) return print(CODES.badContent)
    if (method === BILL_METHOD) return askBill(fields, print, request.headers.host ?? '')
    const name = Object.hasOwn(METHODS, method)
      ? METHODS[method as keyof typeof METHODS]
      : undefined
    return name === undefined ? print(CODES.badMethod) : trades[name](fields, print)
  }

  const rail = await ground.listen(handle)
  trades.watchExpiry()
  return {
    url: rail.url,
    gateway: `${rail.url}/gateway.do`,
    publicKeyPem: keys.publicKeyPem,
    appId,
    sellerId,
    admin: { ...rail.admin, scan: (reference) => trades.open(reference) },
    close: () => rail.close(),
  }
}
