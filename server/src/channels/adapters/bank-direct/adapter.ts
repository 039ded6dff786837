/**
 * The platform's own bank behind the port: payouts from our bank account, its statement, payouts that
 * came back, receipts and rights. Whatever it does not recognise is `unknown`.
 */
import type { Clock, Net, Rng } from '#base'
import { isMoneyRefusal, parseDecimal } from '#money'
import { readSm2PrivateKey, readSm2PublicKey } from '#vault'
import {
  ASK_AFTER_MS,
  type PaymentAnswer,
  type PaymentChannel,
  type PaymentOutcome,
  type PaymentTiming,
  type PayOrder,
  type PayoutReturned,
  type Question,
  type SendOptions,
} from '../../payment-channel.ts'
import { bookOfPaymentReference, paymentReference } from '../../payment-reference.ts'
import { ChannelUnavailable, type NotSent } from '../../port.ts'
import { unanswered, unsettled } from '../../unreplied.ts'
import { answerCallback, readCallback, readPayment, readReturned } from './callback.ts'
import { CAPABILITY } from './capability.ts'
import { downloadDay, readBankLines } from './file.ts'
import { preparedReceipts, prepareReceipts, type Receipt, receiptOf } from './receipt.ts'
import { ACCOUNT_BUSINESS, FUNCTIONS, type FunctionCode, PAY_BUSINESS, payFields } from './spec.ts'
import { REFUSALS, resultOfReply, TAKEN } from './status.ts'
import { type Json, post, records, shanghai, text, type Wire } from './wire.ts'

export interface BankDirectSettings {
  /** Unique among the channels of an installation; `bank-direct` when absent. */
  readonly name?: string
  /** The bank's one address for all functions. */
  readonly url: string
  /** Our user at the bank, at most 16 characters. */
  readonly userId: string
  /** Our bank account. */
  readonly account: string
  /** Short code of the bank itself: payees there are paid within the bank. */
  readonly bank: string
  /** Our private key of SM2, PEM. */
  readonly privateKeyPem: string
  /** The bank's public key of SM2, PEM. */
  readonly bankPublicKeyPem: string
  /** 16 bytes as hex. */
  readonly sm4KeyHex: string
  /** The first business date of the account we read, `yyyymmdd`. */
  readonly firstDate: string
  readonly timing?: Partial<PaymentTiming>
}

/** A right our user has at the bank. */
export interface Permission {
  /** Business code: N02030 payments, N01010 questions about accounts. */
  readonly business: string
  readonly mode: string
  readonly accounts: readonly string[]
}

/** What the bank offers beyond the port. */
export interface BankDirect extends PaymentChannel {
  /** Minor units: booked, and what of it can be paid out now. */
  balance(): Promise<{ readonly booked: bigint; readonly available: bigint }>
  receipt(date: string, flow: string): Promise<Receipt>
  prepareReceipts(date: string): Promise<string>
  preparedReceipts(task: string): Promise<readonly Receipt[] | 'not_ready'>
  /** The rights of our user: business by mode with the bank accounts it may use. */
  permissions(): Promise<readonly Permission[]>
}

export const DEFAULT_TIMING: PaymentTiming = {
  sendWithinMs: 5_000,
  timeoutMs: 10_000,
  notFoundAfterMs: 600_000,
  askAfterMs: ASK_AFTER_MS,
}

/** The keys of a user at the bank, ready for use; several bank accounts may share them. */
export type BankDirectKeys = Pick<Wire, 'ourKey' | 'bankKey' | 'sm4Key'>

/** Reads the keys of the settings. Throws a sentence when one is not what it should be. */
export function readBankDirectKeys(settings: BankDirectSettings): BankDirectKeys {
  return {
    ourKey: readSm2PrivateKey(settings.privateKeyPem),
    bankKey: readSm2PublicKey(settings.bankPublicKeyPem),
    sm4Key: sm4Key(settings.sm4KeyHex),
  }
}

/**
 * Builds the channel. `wall` is wall time, for signatures; a test clock does not move it. Reading keys
 * of SM2 takes a while, so keys that are read already may be handed in.
 */
export function bankDirect(
  settings: BankDirectSettings,
  world: { net: Net; rng: Rng; clock: Pick<Clock, 'now'>; wall: Pick<Clock, 'now'> },
  keys: BankDirectKeys = readBankDirectKeys(settings),
): BankDirect {
  const timing = { ...DEFAULT_TIMING, ...settings.timing }
  const name = settings.name ?? 'bank-direct'
  const wire: Wire = {
    url: settings.url,
    userId: settings.userId,
    account: settings.account,
    ...keys,
    ...world,
    timeoutMs: timing.timeoutMs,
  }
  const own = { number: settings.account, bank: settings.bank }
  return {
    name,
    capability: { ...CAPABILITY, channel: name },
    timing,
    reference: (book, attempt) => paymentReference(book, attempt),
    bookOf: bookOfPaymentReference,
    pay: (order, options) => pay(wire, own, order, options),
    query: (question) => query(wire, question),
    parseCallback: (request) => readCallback(wire, request),
    answerCallback,
    downloadFile: (date) => downloadDay(wire, date),
    listReturns: (from, to) => listReturns(wire, from, to),
    readBankLines: (cursor) => readBankLines(wire, settings.firstDate, cursor),
    businessDate: (at) => shanghai(at).slice(0, 8),
    balance: () => balance(wire),
    receipt: (date, flow) => receiptOf(wire, date, flow),
    prepareReceipts: (date) => prepareReceipts(wire, date),
    preparedReceipts: (task) => preparedReceipts(wire, task),
    permissions: () => permissions(wire),
  }
}

function sm4Key(hex: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/i.test(hex))
    throw new Error('the SM4 key of bank direct is not 32 hex digits')
  return Buffer.from(hex, 'hex')
}

async function pay(
  wire: Wire,
  own: { readonly number: string; readonly bank: string },
  order: PayOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  if (order.currency !== 'CNY') {
    return { result: 'failed', code: 'CURRENCY', message: 'This bank account holds renminbi only.' }
  }
  const reply = await post(wire, {
    funcode: FUNCTIONS.pay,
    body: {
      bb1paybmx1: [{ busMod: '00001', busCod: PAY_BUSINESS }],
      bb1payopx1: [payFields(order, own)],
    },
    sendBeforeMono,
  })
  if (reply.kind !== 'replied') return unsettled(reply)
  const { code, message, body } = reply
  if (code !== TAKEN) return { result: REFUSALS.has(code) ? 'failed' : 'unknown', code, message }
  const taken = records(body, 'bb1payopz1')
  const [record] = taken ?? []
  if (record === undefined || taken?.length !== 1) {
    return { result: 'unknown', code: 'NOT_READABLE', message: 'no single bb1payopz1 in the reply' }
  }
  return outcomeOfReply(record)
}

function outcomeOfReply(record: Json): PaymentOutcome {
  const errCod = text(record, 'errCod')
  const reqSts = text(record, 'reqSts')
  const rtnFlg = text(record, 'rtnFlg')
  const status = rtnFlg === '' ? reqSts : `${reqSts}/${rtnFlg}`
  const bankReference = text(record, 'reqNbr')
  return {
    result: resultOfReply(errCod, reqSts, rtnFlg),
    code: errCod === '' || errCod === TAKEN ? status : errCod,
    message: text(record, 'errTxt'),
    ...(bankReference === '' ? {} : { bankReference }),
  }
}

async function query(wire: Wire, { reference }: Question): Promise<PaymentAnswer> {
  const body = { bb1payqrx1: [{ busCod: PAY_BUSINESS, yurRef: reference }] }
  const reply = await post(wire, { funcode: FUNCTIONS.payQuery, body })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, message } = reply
  if (code !== TAKEN) return { result: 'unknown', code, message }
  const known = records(reply.body, 'bb1payqrz1')
  if (known === undefined || known.length > 1) {
    return { result: 'unknown', code: 'NOT_READABLE', message: 'no list bb1payqrz1 in the reply' }
  }
  const [record] = known
  if (record === undefined) {
    return { result: 'not_found', code: 'NO_RECORD', message: 'The bank knows no such reference.' }
  }
  if (text(record, 'yurRef') !== reference) {
    return { result: 'unknown', code: 'OTHER_REFERENCE', message: 'the record is of another one' }
  }
  const outcome = readPayment(record)
  if (typeof outcome !== 'string') return outcome
  return { result: 'unknown', code: 'NOT_READABLE', message: `the field ${outcome} is malformed` }
}

/** The body of an answered question; throws when it was not answered with SUC0000. */
async function question(wire: Wire, funcode: FunctionCode, body: Json): Promise<Json> {
  const reply = await post(wire, { funcode, body })
  if (reply.kind !== 'replied') throw new ChannelUnavailable(`${funcode}: ${reply.why}`)
  if (reply.code === TAKEN) return reply.body
  throw new ChannelUnavailable(`${funcode}: ${reply.code} ${reply.message}`.trim())
}

function listOf(body: Json, name: string): readonly Json[] {
  const list = records(body, name)
  if (list === undefined) throw new ChannelUnavailable(`${name} is not a list`)
  return list
}

const PAGES_MOST = 1_000

async function listReturns(wire: Wire, from: string, to: string): Promise<PayoutReturned[]> {
  const all: PayoutReturned[] = []
  let ctnKey = ''
  for (let count = 0; count < PAGES_MOST; count += 1) {
    const asked = { accNbr: wire.account, bgnDat: from, endDat: to, ctnKey }
    const body = await question(wire, FUNCTIONS.returned, { bb1payqby1: [asked] })
    for (const record of listOf(body, 'bb1payqbz1')) all.push(returnedOf(record))
    ctnKey = text(listOf(body, 'bb1payqby1')[0] ?? {}, 'ctnKey')
    if (ctnKey === '') return all
  }
  throw new ChannelUnavailable('BB1PAYQB: the list does not end')
}

function returnedOf(record: Json): PayoutReturned {
  const returned = readReturned(record)
  if (typeof returned !== 'string') return returned
  throw new ChannelUnavailable(`BB1PAYQB: the field ${returned} of a record is malformed`)
}

async function balance(wire: Wire) {
  const body = { ntqadinfx: [{ accnbr: wire.account }] }
  const answered = await question(wire, FUNCTIONS.balance, body)
  const record = listOf(answered, 'ntqadinfz').find((one) => text(one, 'accnbr') === wire.account)
  const errcod = record === undefined ? 'no record' : text(record, 'errcod')
  if (record === undefined || errcod !== TAKEN) {
    throw new ChannelUnavailable(`NTQADINF: ${errcod} for our account`)
  }
  // Both names are misspelt at the bank.
  return {
    booked: amountOf(record, 'onlieBalance'),
    available: amountOf(record, 'availabelBalance'),
  }
}

function amountOf(record: Json, name: string): bigint {
  const amount = parseDecimal(text(record, name), 'CNY', { exact: true, signed: true })
  if (isMoneyRefusal(amount)) throw new ChannelUnavailable(`${name} is not an amount`)
  return amount
}

async function permissions(wire: Wire): Promise<Permission[]> {
  const rights: Permission[] = []
  for (const business of [PAY_BUSINESS, ACCOUNT_BUSINESS]) {
    const modes = await question(wire, FUNCTIONS.modes, { buscod: business })
    for (const record of listOf(modes, 'ntqmdlstz')) {
      const mode = text(record, 'busmod')
      const body = { buscod: business, busmod: mode }
      const answered = await question(wire, FUNCTIONS.accounts, body)
      const accounts = listOf(answered, 'ntqacclstz').map((one) => text(one, 'accnbr'))
      rights.push({ business, mode, accounts })
    }
  }
  return rights
}
