/**
 * The clearing house behind the port: payouts to bank accounts from our reserve account, one by one or
 * in batches. Whatever it does not recognise is `unknown`.
 *
 * The one thing to get wrong with a batch: it is no unit. Each row has a number of its own, is taken or
 * refused on its own and is asked about on its own; the batch is never sent again.
 */
import type { Clock, Net, Rng } from '#base'
import { toDecimal } from '#money'
import {
  ASK_AFTER_MS,
  type PaymentAnswer,
  type PaymentChannel,
  type PaymentOutcome,
  type PaymentTiming,
  type PayOrder,
  type Question,
  type SendOptions,
} from '../../payment-channel.ts'
import type { NotSent } from '../../port.ts'
import { unanswered, unsettled } from '../../unreplied.ts'
import { answerCallback, readCallback, readPayout } from './callback.ts'
import { CAPABILITY } from './capability.ts'
import { downloadDay } from './file.ts'
import { openSuite, type SealedEnvelope, type Suite, type SuiteName } from './signature.ts'
import {
  ACCOUNT_KINDS,
  BUSINESS,
  batchIdOf,
  bookOfTrxId,
  CATEGORIES,
  MESSAGES,
  ROWS_MOST,
  shanghaiDate,
  shanghaiTime,
  trxIdOf,
} from './spec.ts'
import { NO_SUCH_PAYOUT, PROCESSED, resultOf } from './status.ts'
import { post, type Wire } from './wire.ts'
import { type Element, inner, rows, text } from './xml.ts'

export interface NetsunionSettings {
  /** Unique among the channels of an installation; `netsunion` when absent. */
  readonly name?: string
  /** Without a slash at the end. */
  readonly url: string
  /** Our number as an institution, such as `Z2004944000010`. */
  readonly issuerId: string
  /** Our reserve account (备付金). */
  readonly reserveAccount: string
  readonly suite: SuiteName
  /** Serials of the certificates: ours for signing, the clearing house's for the envelope. */
  readonly signSerial: string
  readonly encryptSerial: string
  readonly privateKeyPem: string
  readonly platformPublicKeyPem: string
  readonly timing?: Partial<PaymentTiming>
}

/** What became of a batch message. Rows the reply does not name are `unknown`. */
export type BatchOutcome =
  | NotSent
  | { readonly result: 'answered'; readonly rows: ReadonlyMap<string, PaymentOutcome> }

/** What the clearing house offers beyond the port. */
export interface Netsunion extends PaymentChannel {
  /**
   * Sends up to 500 payouts in one message; `batch` is its number, 1–32 letters or digits, used once
   * for ever: the clearing house refuses a batch it has seen, so it is never sent again. Amounts in CNY.
   */
  payBatch(batch: string, orders: readonly PayOrder[], options: SendOptions): Promise<BatchOutcome>
  /** The clearing batch of an instant. */
  clearingBatch(at: number): string
}

export const DEFAULT_TIMING: PaymentTiming = {
  sendWithinMs: 5_000,
  timeoutMs: 10_000,
  // A payout is known to questions until its clearing window has closed, and a while after.
  notFoundAfterMs: 3 * 3_600_000 + 600_000,
  askAfterMs: ASK_AFTER_MS,
}

/** Reads the keys of the settings. Throws a sentence when one is not of the suite. */
export function readNetsunionKeys(settings: NetsunionSettings): Suite {
  return openSuite(settings.suite, settings.privateKeyPem, settings.platformPublicKeyPem)
}

/**
 * Builds the channel. `wall` is wall time, for headers; a test clock does not move it. Reading keys of
 * SM2 takes a while, so keys that are read already may be handed in.
 */
export function netsunion(
  settings: NetsunionSettings,
  world: { net: Net; rng: Rng; clock: Pick<Clock, 'now'>; wall: Pick<Clock, 'now'> },
  keys: Suite = readNetsunionKeys(settings),
): Netsunion {
  const timing = { ...DEFAULT_TIMING, ...settings.timing }
  const name = settings.name ?? 'netsunion'
  const wire: Wire = {
    url: settings.url,
    issuerId: settings.issuerId,
    reserveAccount: settings.reserveAccount,
    signSerial: settings.signSerial,
    encryptSerial: settings.encryptSerial,
    suite: keys,
    ...world,
    timeoutMs: timing.timeoutMs,
  }
  return {
    name,
    capability: { ...CAPABILITY, channel: name },
    timing,
    reference: trxIdOf,
    bookOf: bookOfTrxId,
    pay: (order, options) => pay(wire, order, options),
    payBatch: (batch, orders, options) => payBatch(wire, batch, orders, options),
    clearingBatch: batchIdOf,
    query: (question) => query(wire, question),
    parseCallback: (request) => readCallback(wire, request),
    answerCallback,
    downloadFile: (date) => downloadDay(wire, date),
    businessDate: shanghaiDate,
  }
}

/** The elements of one payout, names and account hidden. */
function payoutElements(order: PayOrder, envelope: SealedEnvelope) {
  const { payee } = order
  return {
    TrxInf: {
      TrxId: order.reference,
      TrxDtTm: shanghaiTime(order.at),
      TrxAmt: `CNY${toDecimal({ amount: order.amount, currency: 'CNY' })}`,
      TrxCtgy: CATEGORIES.paid,
      BizTp: BUSINESS,
      TrxRmk: [...order.memo].slice(0, 60).join(''),
    },
    PyeeInf: {
      PyeeAcctIssrId: payee.bank,
      PyeeAcctTp: ACCOUNT_KINDS[payee.accountType],
      PyeeAcctId: envelope.hide(payee.account.reveal('netsunion: pay')),
      PyeeNm: envelope.hide(payee.name.reveal('netsunion: pay')),
    },
  }
}

const notCny: PaymentOutcome = {
  result: 'failed',
  code: 'CURRENCY',
  message: 'The clearing house pays renminbi only.',
}

/** Elements both kinds of payout message end with. */
const ending = (wire: Wire) => ({
  ResfdInf: { InstgId: wire.issuerId, InstgAcctId: wire.reserveAccount },
  BatchInf: { BatchId: batchIdOf(wire.clock.now()) },
})

async function pay(
  wire: Wire,
  order: PayOrder,
  { sendBeforeMono }: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  if (order.currency !== 'CNY') return notCny
  const reply = await post(wire, {
    type: MESSAGES.pay,
    replyType: MESSAGES.payReply,
    hides: true,
    body: (envelope) => ({ ...payoutElements(order, envelope), ...ending(wire) }),
    sendBeforeMono,
  })
  if (reply.kind !== 'replied') return unsettled(reply)
  const { system, says, body } = reply
  return system === PROCESSED
    ? outcomeOf(order.reference, inner(body, 'BizInf'))
    : { result: resultOf(system, ''), code: system, message: says }
}

/** The outcome in the second layer of a reply. */
function outcomeOf(reference: string, told: Element): PaymentOutcome {
  if (text(told, 'TrxId') !== reference) {
    return { result: 'unknown', code: 'OTHER_REFERENCE', message: 'the reply names another payout' }
  }
  const code = text(told, 'BizStsCd')
  const bankReference = text(told, 'PltfrmSeqNo')
  return {
    result: resultOf(PROCESSED, code),
    code: code === '' ? 'NO_CODE' : code,
    message: text(told, 'BizStsDesc'),
    ...(bankReference === '' ? {} : { bankReference }),
  }
}

async function payBatch(
  wire: Wire,
  batch: string,
  orders: readonly PayOrder[],
  { sendBeforeMono }: SendOptions,
): Promise<BatchOutcome> {
  const refused = batchRefusal(batch, orders)
  if (refused !== undefined) return { result: 'not_sent', message: refused }
  const reply = await post(wire, {
    type: MESSAGES.batch,
    replyType: MESSAGES.batchReply,
    hides: true,
    body: (envelope) => ({
      FileInf: {
        FileNo: batch,
        TrxCnt: String(orders.length),
        TrxAmt: `CNY${toDecimal({ amount: sumOf(orders), currency: 'CNY' })}`,
      },
      TrxList: { Row: orders.map((order) => payoutElements(order, envelope)) },
      ...ending(wire),
    }),
    sendBeforeMono,
  })
  if (reply.kind === 'not_sent') return { result: 'not_sent', message: reply.why }
  const told = new Map<string, PaymentOutcome>()
  const all = (outcome: PaymentOutcome) => {
    for (const { reference } of orders) told.set(reference, outcome)
  }
  if (reply.kind === 'unknown') {
    all(unanswered(reply))
  } else if (reply.system !== PROCESSED) {
    const { system, says } = reply
    all({ result: resultOf(system, ''), code: system, message: says })
  } else {
    all({ result: 'unknown', code: 'NOT_NAMED', message: 'the reply does not name this payout' })
    for (const row of rows(inner(reply.body, 'TrxList')) ?? []) {
      const reference = text(row, 'TrxId')
      if (told.has(reference)) told.set(reference, outcomeOf(reference, row))
    }
  }
  return { result: 'answered', rows: told }
}

const sumOf = (orders: readonly PayOrder[]) => orders.reduce((sum, one) => sum + one.amount, 0n)

/** Why a batch is not sent at all. */
function batchRefusal(batch: string, orders: readonly PayOrder[]): string | undefined {
  if (!/^[0-9A-Za-z]{1,32}$/.test(batch)) return 'Number a batch by 1 to 32 letters or digits.'
  if (orders.length === 0 || orders.length > ROWS_MOST) {
    return `Put 1 to ${ROWS_MOST} payouts in a batch, not ${orders.length}.`
  }
  if (new Set(orders.map(({ reference }) => reference)).size !== orders.length) {
    return 'Give each payout of a batch a reference of its own.'
  }
  if (orders.some(({ currency }) => currency !== 'CNY')) return 'Pay renminbi only in a batch.'
  return undefined
}

async function query(wire: Wire, { reference }: Question): Promise<PaymentAnswer> {
  const reply = await post(wire, {
    type: MESSAGES.query,
    replyType: MESSAGES.queryReply,
    body: () => ({ OriTrxInf: { OriTrxId: reference, OriTrxCtgy: CATEGORIES.paid } }),
  })
  if (reply.kind !== 'replied') return unanswered(reply)
  const { system, says, header, body } = reply
  if (system !== PROCESSED) return { result: 'unknown', code: system, message: says }
  const told = inner(body, 'BizInf')
  if (text(told, 'TrxId') !== reference) {
    return { result: 'unknown', code: 'OTHER_REFERENCE', message: 'the reply names another payout' }
  }
  const code = text(told, 'BizStsCd')
  if (code === NO_SUCH_PAYOUT) {
    return { result: 'not_found', code, message: text(told, 'BizStsDesc') }
  }
  const outcome = readPayout(wire, header, body)
  if (typeof outcome !== 'string') return outcome
  return { result: 'unknown', code: 'NOT_READABLE', message: `the field ${outcome} is malformed` }
}
