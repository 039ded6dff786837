/**
 * What the clearing house does with a message whose signature was right: payouts one by one or in a
 * batch, questions, and the clearing file. A payout's number is taken once: the same content again gets
 * the same answer, another content is refused without a word about the first.
 */
import { createHash } from 'node:crypto'
import {
  type BookOrder,
  CUTOFF_BANK,
  MISMATCHED_NAME,
  type RailGround,
  type RailMovement,
  type RailReply,
  shanghai,
  shanghaiTime,
  yuan,
} from '../channel/index.ts'
import {
  BUSINESS,
  type BusinessCode,
  MAGIC_FAILURES,
  SYSTEM,
  type SystemCode,
  UNSEEN_CODE,
} from './codes.ts'
import type { Crypto } from './keys.ts'
import { type Element, inner, type Opened, printMessage, reply, rowsOf, text } from './message.ts'

export interface House {
  readonly ground: RailGround
  readonly crypto: Crypto
  readonly reserveAccount: string
  /** By `permissionKey`, what banks refuse. */
  readonly notPermitted: Set<string>
  /** Numbers of batch files taken. */
  readonly batches: Set<string>
}

/** Payouts to accounts of a kind at a bank. */
export const permissionKey = (bank: string, accountType: string) => `${bank} ${accountType}`

/** When each clearing window of a day begins. */
const WINDOWS = ['00', '03', '06', '09', '12', '15', '18', '21'] as const

/** The clearing batch of an instant. */
export function batchIdOf(at: number): string {
  const time = shanghai(at)
  const window = WINDOWS.filter((start) => start <= time.slice(8, 10)).length
  return `B${time.slice(0, 8)}${String(window).padStart(4, '0')}`
}

const ROWS_MOST = 500
/** From taking a payout to its end. */
const PROCESS_MS = 1_000

const sysInf = (code: SystemCode) => ({
  SysRtnInf: { SysRtnCd: code, SysRtnDesc: SYSTEM[code] },
})

/** Answers a message. */
export function answer(house: House, asked: Opened): RailReply {
  switch (asked.type) {
    case 'epcc.221.001.01':
      return payOne(house, asked)
    case 'epcc.223.001.01':
      return payBatch(house, asked)
    case 'epcc.301.001.01':
      return respond(house, asked, 'epcc.302.001.01', question(house, asked))
    case 'epcc.601.001.01':
      return respond(house, asked, 'epcc.602.001.01', { body: summary(house, asked.body) })
    case 'epcc.603.001.01':
      return respond(house, asked, 'epcc.604.001.01', { body: detail(house, asked.body) })
    default:
      return respond(house, asked, 'epcc.900.001.01', { body: sysInf('PS500004') })
  }
}

interface Response {
  readonly body: Element
  readonly envelope?: string
}

function respond(
  { crypto }: House,
  asked: Opened,
  MsgTp: string,
  { body, envelope = '' }: Response,
): RailReply {
  const header = { MsgTp, RltdMsgId: asked.id, DgtlEnvlp: envelope }
  return reply(printMessage(crypto, header, body))
}

/** A payout as asked for, its hidden fields read. */
interface Asked {
  readonly reference: string
  readonly amount: bigint
  readonly bank: string
  readonly kind: 'personal' | 'corporate'
  readonly account: string
  readonly name: string
  readonly memo: string
}

/** Reads one payout; nothing when a field is missing or malformed. */
function readAsked(element: Element, reveal: Opened['reveal']): Asked | undefined {
  const payout = inner(element, 'TrxInf')
  const payee = inner(element, 'PyeeInf')
  const reference = text(payout, 'TrxId')
  const amount = /^CNY((?:0|[1-9]\d{0,11})\.\d{2})$/.exec(text(payout, 'TrxAmt'))?.[1]
  const kind = { '00': 'personal', '01': 'corporate' }[text(payee, 'PyeeAcctTp')]
  const bank = text(payee, 'PyeeAcctIssrId')
  const known = kind === 'personal' || kind === 'corporate'
  if (!/^20\d{27,29}$/.test(reference) || amount === undefined || !known || bank === '') {
    return undefined
  }
  if (text(payout, 'TrxCtgy') !== '0221' || amount === '0.00') return undefined
  try {
    const account = reveal(text(payee, 'PyeeAcctId'))
    const name = reveal(text(payee, 'PyeeNm'))
    if (!/^[0-9-]{5,35}$/.test(account) || name === '') return undefined
    const memo = text(payout, 'TrxRmk')
    return { reference, amount: BigInt(amount.replace('.', '')), bank, kind, account, name, memo }
  } catch {
    return undefined
  }
}

/** Whether the clearing batch named may still be sent in. */
const batchOpen = ({ ground }: House, body: Element) =>
  text(inner(body, 'BatchInf'), 'BatchId') >= batchIdOf(ground.clock.now())

const reserveOf = ({ reserveAccount }: House, body: Element) =>
  text(inner(body, 'ResfdInf'), 'InstgAcctId') === reserveAccount

const bizInf = (reference: string, code: string, number = '') => ({
  TrxId: reference,
  BizStsCd: code,
  BizStsDesc: BUSINESS[code as BusinessCode] ?? '',
  PltfrmSeqNo: number,
})

function payOne(house: House, asked: Opened): RailReply {
  const answerWith = (body: Element) => respond(house, asked, 'epcc.222.001.01', { body })
  const payout = readAsked(asked.body, asked.reveal)
  if (payout === undefined) return answerWith(sysInf('PS500001'))
  if (!reserveOf(house, asked.body)) return answerWith(sysInf('PS500004'))
  const { reference, amount } = payout
  const done = (BizInf: Element) => answerWith({ ...sysInf('00000000'), BizInf })
  return house.ground.act(
    { kind: 'pay', reference, amount },
    () => done(take(house, payout, batchOpen(house, asked.body))),
    () => done(bizInf(reference, UNSEEN_CODE)),
  )
}

function payBatch(house: House, asked: Opened): RailReply {
  const answerWith = (body: Element) => respond(house, asked, 'epcc.224.001.01', { body })
  const file = inner(asked.body, 'FileInf')
  const number = text(file, 'FileNo')
  const rows = rowsOf(inner(asked.body, 'TrxList'))
  const payouts = rows.map((row) => readAsked(row, asked.reveal))
  const sum = payouts.reduce((all, payout) => all + (payout?.amount ?? 0n), 0n)
  const whole =
    /^[0-9A-Za-z]{1,32}$/.test(number) &&
    rows.length > 0 &&
    rows.length <= ROWS_MOST &&
    payouts.every((payout) => payout !== undefined) &&
    text(file, 'TrxCnt') === String(rows.length) &&
    text(file, 'TrxAmt') === `CNY${yuan(sum)}`
  if (!whole) return answerWith(sysInf('PS500001'))
  if (!reserveOf(house, asked.body)) return answerWith(sysInf('PS500004'))
  // A file seen before is turned away whole: each of its rows has to be asked about.
  if (house.batches.has(number)) return answerWith(sysInf('PS500094'))
  const done = (Row: readonly Element[]) => answerWith({ ...sysInf('00000000'), TrxList: { Row } })
  const open = batchOpen(house, asked.body)
  return house.ground.act(
    { kind: 'pay', reference: number, amount: 100n },
    () => {
      house.batches.add(number)
      return done(payouts.map((payout) => take(house, payout!, open, number)))
    },
    () => done(payouts.map((payout) => bizInf(payout!.reference, UNSEEN_CODE))),
  )
}

/** Takes a payout into the book, or refuses it; its part of the answer. */
function take(house: House, payout: Asked, open: boolean, file?: string): Element {
  const { ground } = house
  const { reference, amount, bank, kind, account, name, memo } = payout
  const content = JSON.stringify([String(amount), bank, kind, account, name, memo])
  const fingerprint = createHash('sha256').update(content).digest('hex')
  const known = ground.book.find('pay', reference)
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) return bizInf(reference, 'PB520094')
    return bizInf(reference, codeOf(known), known.number)
  }
  const refusal = refuses(house, payout, open)
  const magic = ground.magic(amount)
  const later = magic === undefined ? undefined : MAGIC_FAILURES[magic]
  const order = ground.takeOrder({
    kind: 'pay',
    reference,
    amount,
    state: 'processing',
    fingerprint,
    detail: { bank, account, name, kind, ...(file === undefined ? {} : { file }) },
    // A payout held for review waits for a person who never comes.
    ...(refusal !== undefined || magic === 'risk_hold'
      ? {}
      : later?.when === 'later'
        ? { end: { result: 'failed', code: later.code, afterMs: PROCESS_MS } }
        : { end: { result: 'succeeded', afterMs: PROCESS_MS } }),
  })
  if (refusal !== undefined) ground.fail(order, refusal)
  return bizInf(reference, codeOf(order), order.number)
}

/** Why a payout is refused at once, if it is. */
function refuses(house: House, payout: Asked, open: boolean): BusinessCode | undefined {
  const { ground, notPermitted } = house
  const { bank, kind, name, amount } = payout
  if (!open) return 'PB520091'
  if (notPermitted.has(permissionKey(bank, kind))) return 'PB520057'
  if (bank === CUTOFF_BANK && shanghai(ground.clock.now()).slice(8, 10) >= '17') return 'PB520058'
  if (name === MISMATCHED_NAME) return 'PB005X03'
  if (ground.book.available() < amount) return 'PB520051'
  const magic = ground.magic(amount)
  const failure = magic === undefined ? undefined : MAGIC_FAILURES[magic]
  return failure?.when === 'now' ? failure.code : undefined
}

function codeOf({ state, code, plan }: BookOrder): string {
  if (state === 'succeeded' || state === 'returned') return '00000000'
  if (state === 'waiting' || state === 'processing') {
    return plan === undefined ? 'PB000034' : 'PB000001'
  }
  return code
}

function question({ ground, crypto }: House, asked: Opened): Response {
  const reference = text(inner(asked.body, 'OriTrxInf'), 'OriTrxId')
  const order = ground.visible('pay', reference)
  const processed = sysInf('00000000')
  if (order === undefined) {
    return { body: { ...processed, BizInf: bizInf(reference, 'PB531001') } }
  }
  const envelope = crypto.envelope()
  const ended = order.state !== 'processing'
  return {
    envelope: envelope.text,
    body: {
      ...processed,
      TrxInf: { TrxId: reference, TrxAmt: `CNY${yuan(order.amount)}`, TrxCtgy: '0221' },
      BizInf: {
        ...bizInf(reference, codeOf(order), order.number),
        ...(ended ? { BizTm: shanghaiTime(order.movedAt) } : {}),
      },
      PyeeInf: { PyeeAcctId: envelope.hide(order.detail.account ?? '') },
      BatchInf: { BatchId: batchIdOf(order.movedAt) },
    },
  }
}

const isFiled = ({ kind }: RailMovement) => kind === 'pay' || kind === 'payout_returned'

/** The batch of a movement: one that comes on a day closed already is cleared in the next day's first. */
function batchOfMovement(movement: RailMovement, date: string): string {
  const batch = batchIdOf(movement.at)
  return batch.slice(1, 9) === date ? batch : `B${date}0001`
}

function totals(movements: readonly RailMovement[]): Element {
  const part = (kind: RailMovement['kind']) => {
    const own = movements.filter((movement) => movement.kind === kind)
    const sum = own.reduce((all, { amount }) => all + (amount < 0n ? -amount : amount), 0n)
    return { count: String(own.length), amount: `CNY${yuan(sum)}` }
  }
  const [paid, back] = [part('pay'), part('payout_returned')]
  return { TrxCnt: paid.count, TrxAmt: paid.amount, RtnCnt: back.count, RtnAmt: back.amount }
}

function summary({ ground }: House, body: Element): Element {
  const date = text(inner(body, 'FileInf'), 'ClrDt')
  if (!/^\d{8}$/.test(date)) return sysInf('PS500001')
  if (!ground.isDayClosed(date)) return sysInf('PS500071')
  const movements = ground.book.movementsOn(date).filter(isFiled)
  const batches = new Map<string, RailMovement[]>()
  for (const movement of movements) {
    const batch = batchOfMovement(movement, date)
    batches.set(batch, [...(batches.get(batch) ?? []), movement])
  }
  return {
    ...sysInf('00000000'),
    SumryInf: { ClrDt: date, ...totals(movements) },
    BatchList: {
      Row: [...batches].map(([BatchId, own]) => ({ BatchId, ...totals(own) })),
    },
  }
}

function detail({ ground }: House, body: Element): Element {
  const batch = text(inner(body, 'FileInf'), 'BatchId')
  const page = text(inner(body, 'FileInf'), 'PageNo')
  const date = batch.slice(1, 9)
  if (!/^B\d{12}$/.test(batch) || !/^[1-9]\d{0,5}$/.test(page)) return sysInf('PS500001')
  if (!ground.isDayClosed(date)) return sysInf('PS500071')
  const from = (Number(page) - 1) * ROWS_MOST
  const movements = ground.book
    .movementsOn(date)
    .filter((movement) => isFiled(movement) && batchOfMovement(movement, date) === batch)
    .slice(from, from + ROWS_MOST)
  const Row = movements.map(({ kind, reference, number, amount }) => ({
    TrxId: reference,
    PltfrmSeqNo: number,
    TrxAmt: `CNY${yuan(amount < 0n ? -amount : amount)}`,
    TrxCtgy: kind === 'pay' ? '0221' : '0222',
    BizStsCd: '00000000',
  }))
  return {
    ...sysInf('00000000'),
    FileInf: { BatchId: batch, PageNo: page },
    TrxList: { Row },
  }
}
