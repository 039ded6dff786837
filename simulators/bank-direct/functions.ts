/**
 * The bank's functions. A payment is judged by the book: one reference, one payment; the same content
 * again gets the same answer, another content is refused without a word about the first.
 */
import { createHash } from 'node:crypto'
import { sm3 } from 'sm-crypto-v2'
import {
  type BookOrder,
  CUTOFF_BANK,
  MISMATCHED_NAME,
  type RailGround,
  type RailReply,
  shanghai,
  yuan,
} from '../channel/index.ts'
import { CODES, type Code, MAGIC_FAILURES, UNSEEN_CODE, WHY } from './codes.ts'
import type { Entry } from './entries.ts'
import { type Content, isObject, type Json, type Opened } from './envelope.ts'

export interface BankState {
  readonly ground: RailGround
  readonly account: string
  readonly entries: () => readonly Entry[]
  mayPay: boolean
  /** Receipts being prepared: when they are ready and of which day. */
  readonly tasks: Map<string, { readonly readyAt: number; readonly date: string }>
}

const said = (code: Code, body: Json = {}): Content => ({ code, message: CODES[code], body })

const text = (record: Json | undefined, name: string): string => {
  const value = record?.[name]
  return typeof value === 'string' ? value : ''
}

const first = (body: Json, name: string): Json | undefined => {
  const list = body[name]
  const one: unknown = Array.isArray(list) ? list[0] : undefined
  return isObject(one) ? one : undefined
}

/** From taking a payment to its end. */
const PROCESS_MS = 1_000
/** From asking for a day's receipts to their being ready. */
const TASK_MS = 5_000
const LINES_MOST = 200

/** Answers a request whose signature was right. */
export function answers(
  state: BankState,
  asked: Opened,
  seen: Set<string>,
  seal: (content: Content) => RailReply,
): RailReply {
  if (!/^\d{17}[0-9A-Za-z]{1,34}$/.test(asked.reqid) || seen.has(asked.reqid)) {
    return seal(said('DCH0012'))
  }
  seen.add(asked.reqid)
  if (asked.funcode === 'BB1PAYOP') return pay(state, asked.body, seal)
  const question = QUESTIONS[asked.funcode]
  return seal(question === undefined ? said('DCH0011') : question(state, asked.body))
}

const FIELDS: Readonly<Record<string, RegExp>> = {
  crtAcc: /^[0-9-]{5,35}$/,
  crtNam: /^.{1,62}$/u,
  crtBnk: /^.{1,62}$/u,
  crtTyp: /^[12]$/,
  trsAmt: /^(0|[1-9]\d{0,11})\.\d{2}$/,
  ccyNbr: /^10$/,
  yurRef: /^[0-9A-Za-z]{1,30}$/,
}

function pay(state: BankState, body: Json, seal: (content: Content) => RailReply): RailReply {
  const order = first(body, 'bb1payopx1')
  const business = first(body, 'bb1paybmx1')
  const broken = Object.entries(FIELDS).some(([name, form]) => !form.test(text(order, name)))
  if (order === undefined || broken || text(business, 'busCod') !== 'N02030') {
    return seal(said('DCH0010'))
  }
  if (text(order, 'dbtAcc') !== state.account) return seal(said('DCH0013'))
  const amount = BigInt(text(order, 'trsAmt').replace('.', ''))
  const reference = text(order, 'yurRef')
  let record: Json = {}
  const answer = () => seal(said('SUC0000', { bb1payopz1: [record] }))
  return state.ground.act(
    { kind: 'pay', reference, amount },
    () => {
      record = take(state, order, reference, amount)
      return answer()
    },
    () => {
      record = { ...record, errCod: UNSEEN_CODE, errTxt: '', reqSts: '', rtnFlg: '' }
      return answer()
    },
  )
}

const refusedRecord = (code: Code): Json => ({
  reqNbr: '',
  reqSts: 'FIN',
  rtnFlg: 'F',
  errCod: code,
  errTxt: CODES[code],
})

/** Takes a payment into the book, or refuses it; the record of the answer. */
function take(state: BankState, order: Json, reference: string, amount: bigint): Json {
  const { ground } = state
  const fingerprint = createHash('sha256').update(JSON.stringify(order)).digest('hex')
  const known = ground.book.find('pay', reference)
  if (known !== undefined) {
    return known.fingerprint === fingerprint ? recordOf(known) : refusedRecord('BBP0099')
  }
  if (!state.mayPay) return refusedRecord('BBP0011')
  const refusal = refuses(state, order, amount)
  const magic = ground.magic(amount)
  const later = magic === undefined ? undefined : MAGIC_FAILURES[magic]
  const made = ground.takeOrder({
    kind: 'pay',
    reference,
    amount,
    state: 'processing',
    fingerprint,
    detail: Object.fromEntries(
      ['crtAcc', 'crtNam', 'crtBnk', 'nusAge'].map((name) => [name, text(order, name)]),
    ),
    // A payment held for review waits for a person who never comes.
    ...(refusal !== undefined || magic === 'risk_hold'
      ? {}
      : later === undefined
        ? { end: { result: 'succeeded', afterMs: PROCESS_MS } }
        : { end: { result: 'failed', code: later.code, afterMs: PROCESS_MS } }),
  })
  if (refusal !== undefined) ground.fail(made, refusal)
  return recordOf(made)
}

/** Over a million yuan goes by the large-value system, open on working days from 08:30 to 17:00. */
const LARGE_VALUE = 100_000_000n

/** Why a payment is refused at once, if it is. */
function refuses({ ground }: BankState, order: Json, amount: bigint): Code | undefined {
  const now = ground.clock.now()
  const time = shanghai(now).slice(8, 12)
  const weekday = new Date(now + 8 * 3_600_000).getUTCDay()
  if (weekday === 0 && time >= '0200' && time < '0300') return 'BBP0021'
  const working = weekday >= 1 && weekday <= 5 && time >= '0830' && time < '1700'
  const large = text(order, 'crtTyp') === '2' && amount > LARGE_VALUE
  if (large && !working) return 'BBP0020'
  if (text(order, 'crtBnk') === CUTOFF_BANK && time >= '1700') return 'BBP0020'
  if (text(order, 'crtNam') === MISMATCHED_NAME) return 'BBP0030'
  if (ground.book.available() < amount) return 'BBP0010'
  const magic = ground.magic(amount)
  const failure = magic === undefined ? undefined : MAGIC_FAILURES[magic]
  return failure?.when === 'now' ? failure.code : undefined
}

/** An order as the bank tells it: state, and how it ended. */
function recordOf(order: BookOrder): Json {
  const { state, code } = order
  const held = state === 'waiting' || state === 'processing'
  const rtnFlg = held ? '' : state === 'succeeded' ? 'S' : state === 'returned' ? 'B' : 'F'
  const waits = held && order.plan === undefined
  return {
    reqNbr: order.number,
    evtIst: order.number,
    reqSts: held ? (waits ? 'AUT' : 'BNK') : 'FIN',
    rtnFlg,
    errCod: rtnFlg === 'F' ? code : 'SUC0000',
    errTxt: rtnFlg === 'F' && code in CODES ? CODES[code as Code] : '',
  }
}

const padded = (value: string, length: number) => value.padEnd(length, ' ')

type Question = (state: BankState, body: Json) => Content

const ours = (state: BankState, account: string) => account === state.account

function payQuery({ ground }: BankState, body: Json): Content {
  const reference = text(first(body, 'bb1payqrx1'), 'yurRef')
  const order = ground.visible('pay', reference)
  if (order === undefined) return said('SUC0000', { bb1payqrz1: [] })
  const done = shanghai(order.movedAt)
  const record = recordOf(order)
  const told = {
    ...record,
    busCod: 'N02030',
    yurRef: padded(order.reference, 30),
    trsAmt: yuan(order.amount),
    ccyNbr: '10',
    crtAcc: padded(order.detail.crtAcc ?? '', 35),
    crtNam: padded(order.detail.crtNam ?? '', 62),
    rtnNar: record.errTxt,
    ...(record.rtnFlg === '' ? {} : { oprDat: done.slice(0, 8), oprTim: done.slice(8) }),
  }
  return said('SUC0000', { bb1payqrz1: [told] })
}

const RETURNS_MOST = 100

function returned(state: BankState, body: Json): Content {
  const asked = first(body, 'bb1payqby1')
  const from = text(asked, 'bgnDat')
  const to = text(asked, 'endDat')
  const skip = /^\d{1,9}$/.test(text(asked, 'ctnKey')) ? Number(text(asked, 'ctnKey')) : 0
  const all = state
    .entries()
    .filter(
      ({ movement, date }) => movement.kind === 'payout_returned' && date >= from && date <= to,
    )
  const rows = all.slice(skip, skip + RETURNS_MOST).map(({ movement, date, yurRef }) => ({
    yurRef: padded(yurRef, 30),
    reqNbr: state.ground.book.find('pay', yurRef)?.number ?? '',
    trsAmt: yuan(movement.amount),
    ccyNbr: '10',
    rtnDat: date,
    trxSeq: movement.number,
    ...WHY,
  }))
  const more = skip + RETURNS_MOST < all.length
  const next = { bgnDat: from, endDat: to, ctnKey: more ? String(skip + RETURNS_MOST) : '' }
  return said('SUC0000', { bb1payqby1: [next], bb1payqbz1: rows })
}

/** An entry as the statement prints it; texts are filled with blanks as the bank does. */
function lineOf(entry: Entry): Json {
  const { movement, date } = entry
  return {
    transDate: date,
    transSequenceIdn: movement.number,
    transTime: shanghai(movement.at).slice(8),
    valueDate: date,
    loanCode: movement.amount > 0n ? 'C' : 'D',
    transAmount: yuan(movement.amount),
    currencyNbr: '10',
    textCode: entry.textCode,
    reversalFlag: '',
    acctOnlineBal: yuan(entry.balance),
    remarkTextClt: `${entry.memo}  `,
    ctpAcctNbr: entry.account,
    ctpAcctName: `${entry.name}   `,
    yurRef: padded(entry.yurRef, 30),
    virtualNbr: entry.paidTo,
  }
}

function statement(state: BankState, body: Json): Content {
  const asked = first(body, 'TRANSQUERYBYBREAKPOINT_X1')
  if (!ours(state, text(asked, 'cardNbr'))) return said('DCH0013')
  const from = text(asked, 'beginDate')
  const to = text(asked, 'endDate')
  if (!/^\d{8}$/.test(from) || !/^\d{8}$/.test(to)) return said('DCH0010')
  const at = first(body, 'TRANSQUERYBYBREAKPOINT_Y1')
  const startDate = at === undefined ? from : text(at, 'transDate')
  const startAt = at === undefined ? 1 : Number(text(at, 'expectNextSequence'))
  const rest = state
    .entries()
    .filter(({ date }) => date >= from && date <= to)
    .filter(({ date, sequence }) => (date === startDate ? sequence >= startAt : date > startDate))
  const page = rest.slice(0, LINES_MOST)
  const last = page.at(-1)
  const sum = (sign: 1 | -1) => {
    const own = page.filter(({ movement }) => movement.amount > 0n === (sign === 1))
    const total = own.reduce((all, { movement }) => all + movement.amount, 0n)
    return { count: String(own.length), total: yuan(total) }
  }
  const [came, went] = [sum(1), sum(-1)]
  return said('SUC0000', {
    TRANSQUERYBYBREAKPOINT_Y1: [
      {
        acctNbr: state.account,
        transDate: last?.date ?? startDate,
        expectNextSequence: String(last === undefined ? startAt : last.sequence + 1),
      },
    ],
    TRANSQUERYBYBREAKPOINT_Z1: [
      {
        ctnFlag: rest.length > page.length ? 'Y' : 'N',
        queryAcctNbr: state.account,
        debitNums: went.count,
        debitAmount: went.total,
        creditNums: came.count,
        creditAmount: came.total,
        reserve: state.ground.isDayClosed(to) ? 'DAYEND' : '',
      },
    ],
    TRANSQUERYBYBREAKPOINT_Z2: page.map(lineOf),
  })
}

/** One bad account gets an error of its own; the others are answered. */
function balance(state: BankState, body: Json): Content {
  const asked: unknown = body.ntqadinfx
  const accounts = Array.isArray(asked) ? asked.filter(isObject) : []
  if (accounts.length === 0 || accounts.length > 30) return said('DCH0010')
  const { book } = state.ground
  const rows = accounts.map((one) => {
    const accnbr = text(one, 'accnbr')
    if (!ours(state, accnbr)) return { accnbr, errcod: 'DCH0013', errtxt: CODES.DCH0013 }
    return {
      accnbr: padded(accnbr, 35),
      ccynbr: '10',
      onlieBalance: yuan(book.balance()),
      availabelBalance: yuan(book.available()),
      stscod: 'A',
      errcod: 'SUC0000',
      errtxt: '',
    }
  })
  return said('SUC0000', { ntqadinfz: rows })
}

function receiptOf(entry: Entry): Json {
  const content = JSON.stringify({ ...lineOf(entry), title: '电子回单' })
  return {
    fildat: Buffer.from(content).toString('base64'),
    filhsh: sm3(Buffer.from(content)),
    trsdat: entry.date,
    trsseq: entry.movement.number,
    istnbr: `E${entry.movement.number.slice(1)}`,
  }
}

function receipt(state: BankState, body: Json): Content {
  if (!ours(state, text(body, 'eacnbr'))) return said('DCH0013')
  const found = state
    .entries()
    .find(
      ({ date, movement }) =>
        date === text(body, 'quedat') && movement.number === text(body, 'trsseq'),
    )
  return said('SUC0000', { dcsigrecz: found === undefined ? [] : [receiptOf(found)] })
}

function prepare(state: BankState, body: Json): Content {
  if (!ours(state, text(body, 'eacnbr'))) return said('DCH0013')
  const taskid = `T${String(state.tasks.size + 1).padStart(12, '0')}`
  const readyAt = state.ground.clock.now() + TASK_MS
  state.tasks.set(taskid, { readyAt, date: text(body, 'begdat') })
  return said('SUC0000', { taskid })
}

function task(state: BankState, body: Json): Content {
  const found = state.tasks.get(text(body, 'taskid'))
  if (found === undefined) return said('DCH0010')
  if (found.readyAt > state.ground.clock.now()) return said('DCT0001')
  const rows = state.entries().filter(({ date }) => date === found.date)
  return said('SUC0000', { dctaskidz: rows.map(receiptOf) })
}

const modes: Question = (state, body) => {
  const may = text(body, 'buscod') !== 'N02030' || state.mayPay
  return said('SUC0000', { ntqmdlstz: may ? [{ busmod: '00001', modals: '直联' }] : [] })
}

const accounts: Question = (state) =>
  said('SUC0000', { ntqacclstz: [{ accnbr: padded(state.account, 35), accnam: '平台自有资金户' }] })

const QUESTIONS: Readonly<Record<string, Question>> = {
  BB1PAYQR: payQuery,
  BB1PAYQB: returned,
  trsQryByBreakPoint: statement,
  NTQADINF: balance,
  DCSIGREC: receipt,
  ASYCALHD: prepare,
  DCTASKID: task,
  DCLISMOD: modes,
  DCLISACC: accounts,
}
