/**
 * Trades: precreate, page pay, query, close, refund and its query, with the gateway's rules.
 *
 * The one thing to know: a precreated order is no trade until a payer opens it. Until then a query
 * and a closing say ACQ.TRADE_NOT_EXIST, although its code can still be scanned and paid.
 */
import {
  type BookOrder,
  type MagicRefusal,
  type RailGround,
  type RailReply,
  yuan,
} from '../channel/index.ts'
import { CODES, type GatewayCode, MAGIC_CODES, OK } from './codes.ts'
import { dateTime, fen, instantOf } from './yuan.ts'

export type Content = Readonly<Record<string, unknown>>
export type Fields = Readonly<Record<string, string>>

/** Prints and signs the gateway's answer. */
export type Print = (code: GatewayCode, fields?: Fields) => RailReply

const YEAR_MS = 365 * 86_400_000
/** How long a code may be scanned when the order names no end. */
const CODE_LIFE_MS = 2 * 3_600_000

export interface Trades {
  precreate(content: Content, print: Print): RailReply
  pagePay(content: Content, print: Print): RailReply
  query(content: Content, print: Print): RailReply
  close(content: Content, print: Print): RailReply
  refund(content: Content, print: Print): RailReply
  refundQuery(content: Content, print: Print): RailReply
  /** A payer opens the order: from now on it is a trade. */
  open(reference: string): void
  /** Sees to it that waiting orders end at their time, after a restart too. */
  watchExpiry(): void
}

const text = (content: Content, name: string): string => {
  const value = content[name]
  return typeof value === 'string' ? value : ''
}

const isRefusal = (effect: string): effect is MagicRefusal => effect in MAGIC_CODES

export function createTrades(ground: RailGround, qrBase: string): Trades {
  const opened = new Set<string>()

  const isTrade = (order: BookOrder) =>
    order.moved || order.detail.page === 'yes' || opened.has(order.reference)

  const find = (content: Content): BookOrder | undefined => {
    const byNumber = ground.book.byNumber(text(content, 'trade_no'))
    const reference = text(content, 'out_trade_no') || byNumber?.reference || ''
    const order = ground.visible('collect', reference)
    return order !== undefined && isTrade(order) ? order : undefined
  }

  const endAtExpiry = (order: BookOrder) => {
    ground.clock.add(Number(order.detail.expiresAt), () => {
      if (order.state === 'waiting') ground.close(order)
    })
  }

  /** Takes an order to collect, or answers why not. */
  const take = (content: Content, page: boolean): BookOrder | GatewayCode => {
    const reference = text(content, 'out_trade_no')
    const amount = fen(content.total_amount)
    const subject = text(content, 'subject')
    const end = text(content, 'time_expire')
    const expiresAt = end === '' ? ground.clock.now() + CODE_LIFE_MS : instantOf(end)
    const valid = /^[A-Za-z0-9_]{1,64}$/.test(reference) && subject.length <= 256 && subject !== ''
    if (!valid || amount === undefined || Number.isNaN(expiresAt)) return CODES.badContent
    const fingerprint = JSON.stringify([String(amount), subject, page])
    const there = ground.book.find('collect', reference)
    if (there === undefined) {
      const effect = ground.magic(amount)
      if (effect !== undefined && isRefusal(effect)) return MAGIC_CODES[effect]
      if (expiresAt <= ground.clock.now()) return CODES.badContent
      const detail = { subject, expiresAt: String(expiresAt), page: page ? 'yes' : 'no' }
      const order = ground.takeOrder({
        ...{ kind: 'collect', reference, amount, state: 'waiting', fingerprint, detail },
      })
      endAtExpiry(order)
      return order
    }
    if (there.moved) return CODES.paidAlready
    if (there.state !== 'waiting') return CODES.closedAlready
    return there.fingerprint === fingerprint ? there : CODES.otherContent
  }

  const qrCode = (order: BookOrder) => `${qrBase}/bax${order.number.slice(-12)}`

  const statusOf = (order: BookOrder) => {
    if (order.state === 'waiting') return 'WAIT_BUYER_PAY'
    if (!order.moved) return 'TRADE_CLOSED'
    return settledRefunds(order) === order.amount ? 'TRADE_CLOSED' : 'TRADE_SUCCESS'
  }

  /** Refunds are done at once here, so what is reserved is what was paid back. */
  const settledRefunds = (order: BookOrder) => order.refunded

  /** A refund without a number of its own goes by its trade's. */
  const refundReference = (content: Content) =>
    text(content, 'out_request_no') || (find(content)?.reference ?? '')

  /** Takes a refund, or answers why not. */
  const takeRefund = (content: Content, reference: string): BookOrder | GatewayCode => {
    const trade = find(content)
    if (trade === undefined) return CODES.noTrade
    const amount = fen(content.refund_amount)
    if (amount === undefined || !/^[A-Za-z0-9_]{1,64}$/.test(reference)) return CODES.badContent
    const fingerprint = JSON.stringify([trade.reference, String(amount)])
    const there = ground.book.find('refund', reference)
    if (there !== undefined) {
      return there.fingerprint === fingerprint ? there : CODES.otherRepeat
    }
    const effect = ground.magic(amount)
    if (effect === 'insufficient_funds') return CODES.sellerShort
    if (effect !== undefined && isRefusal(effect)) return MAGIC_CODES[effect]
    if (!trade.moved || trade.back) return CODES.wrongStatus
    if (ground.clock.now() - trade.movedAt > YEAR_MS) return CODES.refundTooLate
    if (trade.refunded + amount > trade.amount) return CODES.refundTooMuch
    if (ground.book.available() < amount) return CODES.sellerShort
    const detail = { reason: text(content, 'refund_reason') }
    return ground.takeOrder({
      ...{ kind: 'refund', reference, amount, state: 'processing', fingerprint, detail },
      original: trade.reference,
    })
  }

  return {
    precreate(content, print) {
      const reference = text(content, 'out_trade_no')
      const amount = fen(content.total_amount) ?? 0n
      const perform = () => {
        const order = take(content, false)
        if ('msg' in order) return print(order)
        return print(OK, { out_trade_no: order.reference, qr_code: qrCode(order) })
      }
      return ground.act({ kind: 'collect', reference, amount }, perform, () => print(CODES.strange))
    },
    pagePay(content, print) {
      const reference = text(content, 'out_trade_no')
      const amount = fen(content.total_amount) ?? 0n
      const perform = (): RailReply => {
        const order = take(content, true)
        if ('msg' in order) return print(order)
        const headers = { 'content-type': 'text/html; charset=utf-8' }
        return { status: 200, headers, body: `<p>收银台 ${yuan(order.amount)}</p>` }
      }
      return ground.act({ kind: 'collect', reference, amount }, perform, () => print(CODES.strange))
    },
    query(content, print) {
      const order = find(content)
      if (order === undefined) return print(CODES.noTrade)
      return print(OK, {
        trade_no: order.number,
        out_trade_no: order.reference,
        buyer_logon_id: 'buy***@example.com',
        trade_status: statusOf(order),
        total_amount: yuan(order.amount),
        ...(order.moved ? { send_pay_date: dateTime(order.movedAt) } : {}),
      })
    },
    close(content, print) {
      const order = find(content)
      if (order === undefined) return print(CODES.noTrade)
      if (order.state !== 'waiting') return print(CODES.wrongStatus)
      ground.close(order)
      return print(OK, { trade_no: order.number, out_trade_no: order.reference })
    },
    refund(content, print) {
      const reference = refundReference(content)
      const amount = fen(content.refund_amount) ?? 0n
      const perform = () => {
        const before = ground.book.find('refund', reference)
        const order = takeRefund(content, reference)
        if ('msg' in order) return print(order)
        if (before === undefined) ground.succeed(order)
        const trade = ground.book.find('collect', order.original ?? '')!
        return print(OK, {
          trade_no: trade.number,
          out_trade_no: trade.reference,
          fund_change: before === undefined ? 'Y' : 'N',
          refund_fee: yuan(trade.refunded),
          gmt_refund_pay: dateTime(order.movedAt),
        })
      }
      return ground.act({ kind: 'refund', reference, amount }, perform, () => print(CODES.strange))
    },
    refundQuery(content, print) {
      const trade = find(content)
      if (trade === undefined) return print(CODES.noTrade)
      const refund = ground.visible('refund', refundReference(content))
      // The gateway says a refund it does not know by saying nothing about it.
      if (refund === undefined || refund.original !== trade.reference) return print(OK)
      return print(OK, {
        trade_no: trade.number,
        out_trade_no: trade.reference,
        out_request_no: refund.reference,
        total_amount: yuan(trade.amount),
        refund_amount: yuan(refund.amount),
        refund_status: 'REFUND_SUCCESS',
        gmt_refund_pay: dateTime(refund.movedAt),
      })
    },
    open(reference) {
      if (ground.book.find('collect', reference) === undefined) {
        throw new Error(`the rail has no such order: ${reference}`)
      }
      opened.add(reference)
    },
    watchExpiry() {
      for (const order of ground.book.orders()) {
        if (order.kind === 'collect' && order.state === 'waiting') endAtExpiry(order)
      }
    },
  }
}
