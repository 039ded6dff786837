/**
 * Profit sharing: parts of a collection go to receivers the merchant has named before, at most so much
 * of it; what went to a merchant can be taken back.
 *
 * Kept in a journal of its own beside the book's. The one thing to get wrong: an entry is written
 * before its money moves in the book, and at start whatever the book lacks is moved then.
 */
import { createHash } from 'node:crypto'
import type { BookOrder, RailReply } from '../channel/index.ts'
import { type Journal, noJournal, openJournal } from '../channel/journal.ts'
import { type Fields, fen, ok, parse, REFUND_NUMBER, Refusal, text } from './messages.ts'
import type { WechatRail } from './rail.ts'

const TAKES_MS = 5_000
const MOST_RECEIVERS = 50
const MOST_RETURN_MS = 180 * 86_400_000
/** 30 % of a collection, in parts per million. */
const MOST_SHARED_PPM = 300_000n

interface Part {
  readonly type: string
  readonly account: string
  readonly amount: number
  readonly description: string
  result: 'PENDING' | 'SUCCESS' | 'CLOSED'
  reason: string
  returned: number
}

interface Share {
  readonly reference: string
  readonly number: string
  readonly original: string
  readonly at: number
  readonly print: string
  readonly parts: Part[]
  readonly unfreeze: boolean
  finished: boolean
}

interface Return {
  readonly reference: string
  readonly number: string
  readonly share: string
  readonly from: string
  readonly amount: number
  readonly at: number
  readonly print: string
  result: 'PROCESSING' | 'SUCCESS'
}

type Entry =
  | { readonly t: 'receiver'; readonly key: string; readonly name: string; readonly gone?: true }
  | { readonly t: 'share'; readonly share: Share }
  | { readonly t: 'return'; readonly back: Return }

export interface Shares {
  sharedOf(reference: string): bigint
  handle(rail: WechatRail, method: string, path: string, body: Buffer): RailReply | undefined
  /** Takes up what was under way, once the rail stands. */
  resume(rail: WechatRail): void
  close(): void
}

const printOf = (body: Buffer) => createHash('sha256').update(body).digest('hex')
const param = (says: string) => new Refusal(400, 'PARAM_ERROR', says)
const invalid = (says: string) => new Refusal(400, 'INVALID_REQUEST', says)
const missing = () => new Refusal(404, 'RESOURCE_NOT_EXISTS', '记录不存在')

export function createShares(path: string | undefined): Shares {
  const receivers = new Map<string, string>()
  const shares = new Map<string, Share>()
  const returns = new Map<string, Return>()
  const apply = (entry: Entry) => {
    if (entry.t === 'share') shares.set(entry.share.reference, entry.share)
    else if (entry.t === 'return') returns.set(entry.back.reference, entry.back)
    else if (entry.gone) receivers.delete(entry.key)
    else receivers.set(entry.key, entry.name)
  }
  let journal: Journal = noJournal
  if (path !== undefined) {
    const opened = openJournal(path)
    for (const entry of opened.entries) apply(entry as Entry)
    journal = opened.journal
  }
  const note = (entry: Entry) => {
    apply(entry)
    journal.append(entry)
    journal.flush()
  }
  const of = (original: string) => [...shares.values()].filter((one) => one.original === original)
  const sharedOf = (original: string) =>
    of(original)
      .flatMap(({ parts }) => parts)
      .reduce(
        (sum, part) => sum + BigInt(part.result === 'CLOSED' ? 0 : part.amount - part.returned),
        0n,
      )
  const leftOf = (order: BookOrder) =>
    of(order.reference).some(({ unfreeze }) => unfreeze)
      ? 0n
      : order.amount - order.fee - order.refunded - sharedOf(order.reference)

  /** Moves what the book does not have yet. */
  const settle = ({ ground }: WechatRail, share: Share) => {
    const { book, clock } = ground
    for (const part of share.parts) {
      if (part.result !== 'PENDING') continue
      if (!receivers.has(`${part.type} ${part.account}`)) {
        Object.assign(part, { result: 'CLOSED', reason: 'NO_RELATION' })
        continue
      }
      part.result = 'SUCCESS'
    }
    share.finished = true
    note({ t: 'share', share })
    for (const part of share.parts) {
      const memo = `${share.reference} ${part.account}`
      const has = book
        .movements()
        .some(({ kind, reference }) => kind === 'share' && reference === memo)
      if (part.result === 'SUCCESS' && !has) {
        book.moveOther('share', -BigInt(part.amount), memo, clock.now())
      }
    }
  }
  const giveBack = ({ ground }: WechatRail, back: Return) => {
    const { book, clock } = ground
    if (back.result === 'PROCESSING') {
      back.result = 'SUCCESS'
      note({ t: 'return', back })
    }
    const { reference } = back
    const has = book
      .movements()
      .some((one) => one.kind === 'share_returned' && one.reference === reference)
    if (!has) book.moveOther('share_returned', BigInt(back.amount), reference, clock.now())
  }
  const later = (rail: WechatRail, taken: { readonly at: number }, work: () => void) =>
    rail.ground.clock.add(taken.at + TAKES_MS, work)

  const collectionOf = ({ ground }: WechatRail, number: string): BookOrder => {
    const order = ground.book.byNumber(number)
    if (order?.kind !== 'collect' || !order.moved) throw missing()
    if (order.detail.shares !== 'yes') throw invalid('非分账订单不支持分账')
    return order
  }

  const readPart = (rail: WechatRail, value: unknown): Part => {
    const fields = value as Fields
    const type = text(fields, 'type', /^(MERCHANT_ID|PERSONAL_OPENID)$/)
    const account = text(fields, 'account', /^\S{1,64}$/)
    const name =
      fields.name === undefined ? undefined : rail.keys.open(text(fields, 'name', /^\S+$/))
    if (fields.name !== undefined && name === undefined) throw param('name不能用平台私钥解密')
    const known = receivers.get(`${type} ${account}`)
    const reason = name && known && known !== name ? 'RECEIVER_REAL_NAME_NOT_VERIFIED' : ''
    return {
      type,
      account,
      amount: Number(fen(fields, 'amount')),
      description: text(fields, 'description', /^[\s\S]{1,80}$/u),
      result: reason === '' ? 'PENDING' : 'CLOSED',
      reason,
      returned: 0,
    }
  }

  const fieldsOf = (rail: WechatRail, share: Share): Fields => ({
    transaction_id: rail.ground.book.find('collect', share.original)!.number,
    out_order_no: share.reference,
    order_id: share.number,
    state: share.finished ? 'FINISHED' : 'PROCESSING',
    receivers: share.parts.map(({ type, account, amount, description, result, reason }) => ({
      type,
      account,
      amount,
      description,
      result,
      ...(reason === '' ? {} : { fail_reason: reason }),
    })),
  })

  const take = (
    rail: WechatRail,
    body: Buffer,
    fields: Fields,
    unfreeze: boolean,
    parts: Part[],
  ) => {
    const reference = text(fields, 'out_order_no', REFUND_NUMBER)
    const known = shares.get(reference)
    if (known !== undefined) {
      if (known.print !== printOf(body)) throw invalid('分账单号已使用,参数与首次请求不一致')
      return ok(fieldsOf(rail, known))
    }
    const order = collectionOf(rail, text(fields, 'transaction_id'))
    const wanted = parts.reduce((sum, part) => sum + BigInt(part.amount), 0n)
    if (of(order.reference).some((one) => one.unfreeze)) throw invalid('订单已解冻,不能再分账')
    const most = (order.amount * MOST_SHARED_PPM) / 1_000_000n
    if (sharedOf(order.reference) + wanted > most)
      throw new Refusal(403, 'RULE_LIMIT', '分账金额超出最大比例')
    if (wanted > leftOf(order)) throw new Refusal(403, 'NOT_ENOUGH', '分账金额超出可分金额')
    const at = rail.ground.clock.now()
    const number = `30${order.number.slice(2)}${String(shares.size + 1).padStart(4, '0')}`
    const share: Share = {
      reference,
      number,
      original: order.reference,
      at,
      print: printOf(body),
      parts,
      unfreeze,
      finished: false,
    }
    note({ t: 'share', share })
    later(rail, share, () => settle(rail, share))
    return ok(fieldsOf(rail, share))
  }

  const returnFields = (back: Return): Fields => ({
    order_id: shares.get(back.share)!.number,
    out_order_no: back.share,
    out_return_no: back.reference,
    return_id: back.number,
    return_mchid: back.from,
    amount: back.amount,
    result: back.result,
  })

  const takeBack = (rail: WechatRail, body: Buffer): RailReply => {
    const fields = parse(body)
    const reference = text(fields, 'out_return_no', REFUND_NUMBER)
    const known = returns.get(reference)
    if (known !== undefined) {
      if (known.print !== printOf(body)) throw invalid('回退单号已使用,参数与首次请求不一致')
      return ok(returnFields(known))
    }
    const share = shares.get(text(fields, 'out_order_no'))
    if (share === undefined) throw missing()
    const from = text(fields, 'return_mchid')
    const amount = Number(fen(fields, 'amount'))
    const part = share.parts.find(({ type, account }) => type === 'MERCHANT_ID' && account === from)
    if (part?.result !== 'SUCCESS') throw invalid('该接收方没有可回退的分账')
    if (amount > part.amount - part.returned) throw invalid('回退金额超出已分金额')
    const at = rail.ground.clock.now()
    if (at - share.at > MOST_RETURN_MS) throw invalid('超过180天,不能回退')
    const number = `31${share.number.slice(2)}${String(returns.size + 1).padStart(4, '0')}`
    const back: Return = {
      reference,
      number,
      share: share.reference,
      from,
      amount,
      at,
      print: printOf(body),
      result: 'PROCESSING',
    }
    part.returned += amount
    note({ t: 'return', back })
    note({ t: 'share', share })
    later(rail, back, () => giveBack(rail, back))
    return ok(returnFields(back))
  }

  const nameReceiver = (rail: WechatRail, body: Buffer, gone: boolean): RailReply => {
    const fields = parse(body)
    const type = text(fields, 'type', /^(MERCHANT_ID|PERSONAL_OPENID)$/)
    const account = text(fields, 'account', /^\S{1,64}$/)
    const name = fields.name === undefined ? '' : rail.keys.open(text(fields, 'name', /^\S+$/))
    if (name === undefined) throw param('name不能用平台私钥解密')
    note({ t: 'receiver', key: `${type} ${account}`, name, ...(gone ? { gone: true } : {}) })
    return ok({ type, account, ...(gone ? {} : { relation_type: fields.relation_type }) })
  }

  const asked = (rail: WechatRail, path: string): RailReply | undefined => {
    const url = new URL(path, 'http://rail')
    const [, share] = /^\/v3\/profitsharing\/orders\/([^/]+)$/.exec(url.pathname) ?? []
    if (share !== undefined) {
      const known = shares.get(share)
      if (known === undefined) throw missing()
      return ok(fieldsOf(rail, known))
    }
    const [, back] = /^\/v3\/profitsharing\/return-orders\/([^/]+)$/.exec(url.pathname) ?? []
    if (back !== undefined) {
      const known = returns.get(back)
      if (known === undefined || known.share !== url.searchParams.get('out_order_no'))
        throw missing()
      return ok(returnFields(known))
    }
    const [, number] =
      /^\/v3\/profitsharing\/transactions\/(\d+)\/amounts$/.exec(url.pathname) ?? []
    if (number === undefined) return undefined
    const order = collectionOf(rail, number)
    return ok({ transaction_id: number, unsplit_amount: Number(leftOf(order)) })
  }

  return {
    sharedOf,
    handle(rail, method, path, body) {
      if (method === 'GET') return asked(rail, path)
      switch (path) {
        case '/v3/profitsharing/orders': {
          const fields = parse(body)
          if (text(fields, 'appid') !== rail.options.appId) throw param('appid有误')
          const list: unknown = fields.receivers
          if (!Array.isArray(list) || list.length === 0 || list.length > MOST_RECEIVERS) {
            throw param('receivers须为1至50个')
          }
          const parts = list.map((part: unknown) => readPart(rail, part))
          // Parts are known by their receiver alone when they are paid and taken back.
          if (new Set(parts.map(({ account }) => account)).size < parts.length) {
            throw param('receivers中有重复的接收方')
          }
          return take(rail, body, fields, fields.unfreeze_unsplit === true, parts)
        }
        case '/v3/profitsharing/orders/unfreeze': {
          const fields = parse(body)
          text(fields, 'description', /^[\s\S]{1,80}$/u)
          return take(rail, body, fields, true, [])
        }
        case '/v3/profitsharing/return-orders':
          return takeBack(rail, body)
        case '/v3/profitsharing/receivers/add':
          return nameReceiver(rail, body, false)
        case '/v3/profitsharing/receivers/delete':
          return nameReceiver(rail, body, true)
        default:
          return undefined
      }
    },
    resume(rail) {
      for (const share of shares.values()) later(rail, share, () => settle(rail, share))
      for (const back of returns.values()) later(rail, back, () => giveBack(rail, back))
    },
    close: () => journal.close(),
  }
}
