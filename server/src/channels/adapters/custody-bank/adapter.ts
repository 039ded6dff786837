/**
 * The custody bank behind the port: builds and signs its messages, and tells its answers in the port's
 * words. Whatever it does not recognise is `unknown`.
 */
import { createHash } from 'node:crypto'
import type { Clock, Net, Rng } from '#base'
import { isMoneyRefusal, parseDecimal } from '#money'
import {
  type Answer,
  type ChannelCall,
  type ChannelTiming,
  ChannelUnavailable,
  type CustodyChannel,
  type FileKind,
  type Inbound,
  type NotSent,
  type Outcome,
  type StatementFile,
  type StatementProblem,
  type SubAccountBalance,
} from '../../port.ts'
import { unanswered, unsettled } from '../../unreplied.ts'
import { readInbound, readNotice } from './notice.ts'
import { readPrivateKey, readPublicKey } from './signature.ts'
import {
  ASK_FLAG,
  FILE_TYPES,
  type Fields,
  FUNCTION_ACCOUNTS,
  fieldsOf,
  NUMBER_OF,
  type ServiceNumber,
} from './spec.ts'
import { readStatement } from './statement.ts'
import {
  ACCEPTED,
  FILE_NOT_READY,
  NO_SUB_ACCOUNT,
  NO_SUCH_FLOW,
  resultOf,
  resultOfStatus,
} from './status.ts'
import { exchange, post, shanghai, type Wire, type WireReply } from './wire.ts'

export interface CustodyBankSettings {
  /** Without a slash at the end. */
  readonly url: string
  readonly clientId: string
  readonly mrchCode: string
  /** The number of the pool at the bank. */
  readonly poolNo: string
  readonly privateKeyPem: string
  readonly bankPublicKeyPem: string
  readonly timing?: Partial<ChannelTiming>
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const DEFAULT_TIMING: ChannelTiming = {
  sendWithinMs: 5 * SECOND,
  timeoutMs: 10 * SECOND,
  visibilityMs: 10 * MINUTE,
  askAfterMs: [5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR],
}

/** Our six letters at the start of every reference. */
const CLIENT_CODE = 'TENON0'

/** `TENON0`, the book in base 36 (6 digits), and 10 base-36 digits of the instruction's hash. */
export function referenceOf(book: number, instruction: string): string {
  const digest = createHash('sha256').update(instruction).digest().readBigUInt64BE(0)
  const tail = (digest % 36n ** 10n).toString(36).padStart(10, '0')
  return (CLIENT_CODE + book.toString(36).padStart(6, '0') + tail).toUpperCase()
}

function bookOf(reference: string): number | undefined {
  const match = /^TENON0([0-9A-Z]{6})[0-9A-Z]{10}$/.exec(reference)
  return match === null ? undefined : Number.parseInt(match[1]!, 36)
}

export function custodyBank(
  settings: CustodyBankSettings,
  world: {
    net: Net
    rng: Rng
    clock: Pick<Clock, 'now'>
    /** Wall time, for signatures; a test clock does not move it. */
    wall: Pick<Clock, 'now'>
  },
): CustodyChannel {
  const timing = { ...DEFAULT_TIMING, ...settings.timing }
  const wire: Wire = {
    url: settings.url,
    clientId: settings.clientId,
    mrchCode: settings.mrchCode,
    poolNo: settings.poolNo,
    ourKey: readPrivateKey(settings.privateKeyPem),
    bankKey: readPublicKey(settings.bankPublicKeyPem),
    ...world,
    timeoutMs: timing.timeoutMs,
  }
  return {
    name: 'custody-bank',
    timing,
    reference: referenceOf,
    bookOf,
    perform: async (call, { reference, sendBeforeMono }) => {
      const service = NUMBER_OF[call.operation]
      const fields = fieldsOf(call)
      return outcomeOf(call, await post(wire, { service, reference, fields, sendBeforeMono }))
    },
    ask: (call, reference) => ask(wire, call, reference),
    readNotice: (request) => readNotice(wire, request),
    listInbound: (from, to) => listInbound(wire, from, to),
    functionBalances: () => functionBalances(wire),
    poolBalance: async () => {
      const fields = await question(wire, '6011', {})
      return amountOf(fields, 'Balance')
    },
    statement: (kind, date) => statement(wire, kind, date),
    businessDate: (at) => shanghai(at).slice(0, 8),
    functionAccounts: FUNCTION_ACCOUNTS,
  }
}

const text = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

/** Says what a reply to a call is worth. */
function outcomeOf(call: ChannelCall, reply: WireReply): Outcome | NotSent {
  if (reply.kind !== 'replied') return unsettled(reply)
  const { code, fields } = reply
  const bankReference = text(fields, 'FrontSeqNo')
  const subAccount = text(fields, 'SubAcctNo')
  const opened = call.operation === 'open_sub_account' && code === ACCEPTED
  if (opened && subAccount === '') {
    return { result: 'unknown', code: 'NOT_READABLE', message: 'no SubAcctNo in the reply' }
  }
  return {
    result: resultOf(call.operation, code),
    code,
    message: text(fields, 'TxnReturnMsg'),
    ...(bankReference === '' ? {} : { bankReference }),
    ...(opened ? { facts: { subAccount, payTo: text(fields, 'ReservedMsg') } } : {}),
  }
}

/** A fresh number for a question; questions leave nothing behind at the bank. */
function questionReference(wire: Wire): string {
  return `${CLIENT_CODE}${Buffer.from(wire.rng.bytes(8)).toString('hex').toUpperCase()}`
}

async function tryQuestion(wire: Wire, service: ServiceNumber, fields: Fields): Promise<WireReply> {
  return post(wire, { service, reference: questionReference(wire), fields })
}

/** The fields of an answered question; throws when it was not answered with `000000`. */
async function question(wire: Wire, service: ServiceNumber, fields: Fields): Promise<Fields> {
  const reply = await tryQuestion(wire, service, fields)
  if (reply.kind !== 'replied') throw new ChannelUnavailable(`${service}: ${reply.why}`)
  if (reply.code === ACCEPTED) return reply.fields
  throw new ChannelUnavailable(`${service}: ${reply.code} ${text(reply.fields, 'TxnReturnMsg')}`)
}

async function ask(wire: Wire, call: ChannelCall, reference: string): Promise<Answer> {
  if (call.operation === 'open_sub_account') return askSubAccount(wire, call.member)
  if (call.operation === 'bind_account') return askBinding(wire, call, reference)
  const asked = { FunctionFlag: ASK_FLAG[call.operation], TranNetSeqNo: reference }
  const reply = await tryQuestion(wire, '6110', asked)
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, fields } = reply
  if (code === NO_SUCH_FLOW) return { result: 'not_found', message: text(fields, 'TxnReturnMsg') }
  if (code !== ACCEPTED) return { result: 'unknown', code, message: text(fields, 'TxnReturnMsg') }
  const amount = parseDecimal(text(fields, 'TranAmt'), 'CNY', { exact: true })
  const wanted = amountWanted(call)
  const result = resultOfStatus(text(fields, 'TranStatus'))
  if (result !== 'failed' && (isMoneyRefusal(amount) || amount !== wanted)) {
    const message = `the bank says ${text(fields, 'TranAmt')}, we asked for ${wanted} minor units`
    return { result: 'unknown', code: 'AMOUNT_DIFFERS', message }
  }
  const bankReference = text(fields, 'OldTranFrontSeqNo')
  return {
    result,
    code: `STATUS_${text(fields, 'TranStatus')}`,
    message: text(fields, 'FailMsg'),
    ...(bankReference === '' ? {} : { bankReference }),
  }
}

function amountWanted(call: ChannelCall): bigint | undefined {
  if ('amount' in call) return call.amount
  return call.operation === 'pay' ? call.legs.reduce((sum, leg) => sum + leg.amount, 0n) : undefined
}

async function askSubAccount(wire: Wire, member: string): Promise<Answer> {
  const reply = await tryQuestion(wire, '6037', { TranNetMemberCode: member })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { code, fields } = reply
  const message = text(fields, 'TxnReturnMsg')
  if (code === NO_SUB_ACCOUNT) return { result: 'not_found', message }
  const subAccount = text(fields, 'SubAcctNo')
  if (code !== ACCEPTED || subAccount === '') return { result: 'unknown', code, message }
  const facts = { subAccount, payTo: text(fields, 'ReservedMsg') }
  return { result: 'succeeded', code, message, facts }
}

/**
 * The bank has no question about a binding. It moves no money, and the bank gives one reference one
 * answer, so the same request under the same reference asks and completes it at once.
 */
async function askBinding(wire: Wire, call: ChannelCall, reference: string): Promise<Answer> {
  const posted = { service: NUMBER_OF[call.operation], reference, fields: fieldsOf(call) }
  const outcome = outcomeOf(call, await post(wire, posted))
  if (outcome.result !== 'not_sent') return outcome
  return { result: 'unknown', code: 'NOT_SENT', message: outcome.message }
}

function amountOf(fields: Fields, name: string): bigint {
  const amount = parseDecimal(text(fields, name), 'CNY', { exact: true })
  if (isMoneyRefusal(amount)) throw new ChannelUnavailable(`${name} is not an amount`)
  return amount
}

/** The rows of a list; `undefined` when it is no list of objects. */
function listOf(fields: Fields, name: string): readonly Fields[] | undefined {
  const rows: unknown = fields[name]
  const isRow = (row: unknown) => typeof row === 'object' && row !== null
  return Array.isArray(rows) && rows.every(isRow) ? (rows as Fields[]) : undefined
}

function rowsOf(fields: Fields, name: string): readonly Fields[] {
  const rows = listOf(fields, name)
  if (rows === undefined) throw new ChannelUnavailable(`${name} is not a list of rows`)
  return rows
}

/** No pool has this many pages in a day; a bank that never ends its list is not read for ever. */
const MOST_PAGES = 5_000

async function paged(wire: Wire, service: ServiceNumber, fields: Fields, list: string) {
  const all: Fields[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const reply = await question(wire, service, { ...fields, PageNum: String(page) })
    all.push(...rowsOf(reply, list))
    if (text(reply, 'EndFlag') === '1') return all
  }
  throw new ChannelUnavailable(`${service}: the list does not end`)
}

/** The inbound list does not tell a returned withdrawal from other money; the list of returns does. */
async function listInbound(wire: Wire, from: string, to: string): Promise<Inbound[]> {
  const range = { StartDate: from, EndDate: to }
  const rows = await paged(wire, '6050', { FunctionFlag: '0', ...range }, 'TranItemArray')
  const back = await question(wire, '6048', { FunctionFlag: '1', ...range })
  const returned = new Map(
    rowsOf(back, 'TranItemArray').map((row) => [
      text(row, 'RejectInAcctTranSeqNo'),
      text(row, 'OldMarketSeqNo'),
    ]),
  )
  return rows.map((row) => {
    const inbound = readInbound(row)
    if ('refused' in inbound) throw new ChannelUnavailable(`6050: ${inbound.says}`)
    const returnOf = returned.get(inbound.flow)
    if (returnOf === undefined) return inbound
    return { ...inbound, kind: 'returned', ...(returnOf === '' ? {} : { returnOf }) }
  })
}

async function functionBalances(wire: Wire): Promise<SubAccountBalance[]> {
  const rows = await paged(wire, '6010', { QueryFlag: '3' }, 'AcctArray')
  return rows.map((row) => ({
    subAccount: text(row, 'SubAcctNo'),
    available: amountOf(row, 'AcctAvailBal'),
    withdrawable: amountOf(row, 'CashAmt'),
  }))
}

async function statement(
  wire: Wire,
  kind: FileKind,
  date: string,
): Promise<StatementFile | StatementProblem> {
  const reply = await tryQuestion(wire, '6103', { FileType: FILE_TYPES[kind], FileDate: date })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  const message = text(reply.fields, 'TxnReturnMsg')
  if (reply.code === FILE_NOT_READY) return { problem: 'not_ready', says: message }
  if (reply.code !== ACCEPTED) return { problem: 'refused', says: `${reply.code} ${message}` }
  const [item = {}] = listOf(reply.fields, 'TranItemArray') ?? []
  const path = `${text(item, 'FilePath')}?DrawCode=${text(item, 'DrawCode')}`
  if (!path.startsWith('/')) return { problem: 'refused', says: 'the bank names no file' }
  const got = await exchange(wire, { method: 'GET', path, body: new Uint8Array(0) })
  if (got.kind !== 'bytes') return { problem: 'unreachable', says: got.why }
  if (got.status !== 200) return { problem: 'refused', says: `HTTP ${got.status} for ${path}` }
  return readStatement(kind, date, got.body)
}
