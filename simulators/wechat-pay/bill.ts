/** The daily bill (交易账单): asked for, then fetched from an address with a token. Ready at 10:00 next day. */
import { createHash, createHmac } from 'node:crypto'
import {
  DAY_MS,
  type RailMovement,
  type RailReply,
  shanghaiTime,
  startOfDate,
  yuan,
} from '../channel/index.ts'
import { ok, Refusal } from './messages.ts'
import { FEE_PPM, type WechatRail } from './rail.ts'

const TITLES =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,' +
  '货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,' +
  '商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const SUM_TITLES =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'

const READY_MS = 10 * 3_600_000

export const dayClosesAt = (date: string) => startOfDate(date)! + DAY_MS + READY_MS

/** A fee has three zeros more. */
const fee = (fen: bigint) => `${yuan(fen)}000`

const line = (values: readonly string[]) => values.map((value) => `\`${value}`).join(',')

/** `2026-03-02 09:00:00`. */
const when = (at: number) => shanghaiTime(at).replace('T', ' ')

const rate = `${Number(FEE_PPM) / 10_000}`.padEnd(4, '0')

function rowOf(rail: WechatRail, movement: RailMovement): string {
  const { book } = rail.ground
  const refund = movement.kind === 'refund' ? book.find('refund', movement.reference) : undefined
  const order = book.find('collect', refund?.original ?? movement.reference)!
  const size = yuan(movement.amount < 0n ? -movement.amount : movement.amount)
  const zero = '0.00'
  const plain = (text: string | undefined) =>
    (text ?? '').replaceAll('`', ' ').replace(/[\r\n]+/g, ' ')
  return line([
    when(movement.at),
    rail.options.appId,
    rail.options.mchId,
    '0',
    '',
    order.number,
    order.reference,
    order.detail.openid ?? '',
    order.detail.type ?? '',
    refund ? 'REFUND' : 'SUCCESS',
    'ICBC_DEBIT',
    'CNY',
    refund ? zero : size,
    zero,
    refund?.number ?? '0',
    refund?.reference ?? '0',
    refund ? size : zero,
    zero,
    refund ? 'ORIGINAL' : '',
    refund ? 'SUCCESS' : '',
    plain(order.detail.subject),
    plain(order.detail.attach),
    fee(movement.fee),
    `${rate}%`,
    refund ? zero : size,
    refund ? size : zero,
    '',
  ])
}

const rowsOn = (rail: WechatRail, date: string) =>
  rail.ground.book.movementsOn(date).filter(({ kind }) => kind === 'collect' || kind === 'refund')

function billOf(rail: WechatRail, date: string): Buffer {
  const rows = rowsOn(rail, date)
  const sum = (kind: string) =>
    rows.reduce((total, row) => total + (row.kind === kind ? row.amount : 0n), 0n)
  const fees = rows.reduce((total, row) => total + row.fee, 0n)
  const [paid, back] = [yuan(sum('collect')), yuan(-sum('refund'))]
  const sums = line([String(rows.length), paid, back, '0.00', fee(fees), paid, back])
  const lines = [TITLES, ...rows.map((row) => rowOf(rail, row)), SUM_TITLES, sums]
  return Buffer.from(`\ufeff${lines.map((each) => `${each}\r\n`).join('')}`)
}

const tokenOf = (rail: WechatRail, date: string) =>
  createHmac('sha256', rail.options.apiV3Key).update(`bill ${date}`).digest('base64url')

/** Says where the bill of a day is, and what its hash must be. */
export function askBill(rail: WechatRail, query: URLSearchParams, host: string): RailReply {
  const date = (query.get('bill_date') ?? '').replaceAll('-', '')
  if (
    !/^\d{4}-\d{2}-\d{2}$/.test(query.get('bill_date') ?? '') ||
    startOfDate(date) === undefined
  ) {
    throw new Refusal(400, 'PARAM_ERROR', '参数bill_date有误')
  }
  if (!['ALL', null].includes(query.get('bill_type'))) {
    throw new Refusal(400, 'PARAM_ERROR', '仅提供bill_type=ALL')
  }
  const { ground } = rail
  if (!ground.isDayClosed(date))
    throw new Refusal(400, 'STATEMENT_CREATING', '账单生成中,请在次日10点后获取')
  if (rowsOn(rail, date).length === 0)
    throw new Refusal(400, 'NO_STATEMENT_EXIST', '账单文件不存在')
  const hash = createHash('sha1').update(billOf(rail, date)).digest('hex')
  const token = `${date}-${tokenOf(rail, date)}`
  const url = `http://${host}/v3/billdownload/file?token=${token}`
  return ok({ hash_type: 'SHA1', hash_value: hash, download_url: url })
}

/** The file. It is not signed: its hash was. */
export function fetchBill(rail: WechatRail, query: URLSearchParams): RailReply {
  const token = query.get('token') ?? ''
  const date = token.slice(0, 8)
  if (token !== `${date}-${tokenOf(rail, date)}` || startOfDate(date) === undefined) {
    throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '账单文件不存在')
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: billOf(rail, date),
  }
}
