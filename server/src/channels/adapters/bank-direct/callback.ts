/** Notices of the bank: first the signature on the text as it came, then whose they are, then fields. */
import { isMoneyRefusal, parseDecimal } from '#money'
import type {
  Callback,
  CallbackReply,
  CallbackRequest,
  PaymentOutcome,
  PayoutReturned,
} from '../../payment-channel.ts'
import type { NoticeRefusal } from '../../port.ts'
import { printedAccount } from '../../printed-account.ts'
import { textIsSigned, textOf } from './signature.ts'
import { CNY, NOTICES } from './spec.ts'
import { resultOfStatus, TAKEN } from './status.ts'
import { instantOfShanghai, isObject, type Json, parsed, text, type Wire } from './wire.ts'

/** How far a notice's time may be from wall time, either way. */
export const WINDOW_MS = 300_000

const malformed = (name: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `The field ${name} of the notice is missing or malformed.`,
})

/** Reads a notice; never throws, whatever the bytes are. */
export function readCallback(wire: Wire, request: CallbackRequest): Callback | NoticeRefusal {
  const source = textOf(request.body)
  if (source === undefined || !textIsSigned(wire.bankKey, wire.userId, source)) {
    return { refused: 'forged', says: 'The notice is not signed by the bank.' }
  }
  const fields = parsed(source)
  if (fields === undefined) return malformed('body')
  const at = instantOfShanghai(text(fields, 'sigtim'))
  if (at === undefined) return malformed('sigtim')
  if (Math.abs(wire.wall.now() - at) > WINDOW_MS) {
    return { refused: 'stale', says: 'The notice was signed too long ago; sign it afresh.' }
  }
  const about = isObject(fields.notdat) ? fields.notdat : undefined
  if (about === undefined) return malformed('notdat')
  if (text(fields, 'usrnbr') !== wire.userId || text(about, 'dbtAcc') !== wire.account) {
    return { refused: 'other_pool', says: 'The notice is about a bank account that is not ours.' }
  }
  const id = text(fields, 'notkey')
  if (!/^[0-9A-Za-z-]{1,64}$/.test(id)) return malformed('notkey')
  const type = text(fields, 'nottyp')
  if (type === NOTICES.result) return resultNotice(id, about)
  if (type === NOTICES.returned) return returnNotice(id, about)
  return { refused: 'unknown_event', says: 'The notice tells of an event that is not known.' }
}

const REFERENCE = /^[0-9A-Za-z-]{1,30}$/

function resultNotice(id: string, about: Json): Callback | NoticeRefusal {
  const reference = text(about, 'yurRef')
  if (!REFERENCE.test(reference)) return malformed('yurRef')
  const outcome = readPayment(about)
  if (typeof outcome === 'string') return malformed(outcome)
  return { kind: 'outcome', id, direction: 'pay', reference, outcome }
}

function returnNotice(id: string, about: Json): Callback | NoticeRefusal {
  const reference = text(about, 'yurRef')
  if (!REFERENCE.test(reference)) return malformed('yurRef')
  const returned = readReturned(about)
  return typeof returned === 'string'
    ? malformed(returned)
    : { kind: 'payout_returned', id, returned }
}

/**
 * What a notice or a record of BB1PAYQB tells of a payout that came back; the name of the field that
 * is malformed otherwise. The reference stands as it came: payments made at the bank's own desk come
 * back as well, and carry none of ours.
 */
export function readReturned(record: Json): PayoutReturned | string {
  const amount = parseDecimal(text(record, 'trsAmt'), 'CNY', { exact: true })
  if (isMoneyRefusal(amount) || amount <= 0n) return 'trsAmt'
  const flow = text(record, 'trxSeq')
  if (!/^[0-9A-Za-z]{1,15}$/.test(flow)) return 'trxSeq'
  const date = text(record, 'rtnDat')
  if (!/^\d{8}$/.test(date)) return 'rtnDat'
  const currency = currencyOf(record)
  if (currency === undefined) return 'ccyNbr'
  const reference = text(record, 'yurRef')
  const [code, says] = [text(record, 'rtnCod'), text(record, 'rtnNar')]
  return { flow, reference, amount, currency, code, says, date }
}

/** `CNY` for the bank's 10; any other code stands as it came, and nobody takes it for renminbi. */
export function currencyOf(fields: Json): string | undefined {
  const code = text(fields, 'ccyNbr')
  return code === CNY ? 'CNY' : /^[0-9A-Z]{2}$/.test(code) ? code : undefined
}

/**
 * The outcome in a record of BB1PAYQR or a notice; the name of the field that is malformed otherwise.
 * It hands on amount, currency and account as the bank says them; comparing is done elsewhere.
 */
export function readPayment(record: Json): PaymentOutcome | string {
  const amount = parseDecimal(text(record, 'trsAmt'), 'CNY', { exact: true })
  if (isMoneyRefusal(amount) || amount <= 0n) return 'trsAmt'
  const currency = currencyOf(record)
  if (currency === undefined) return 'ccyNbr'
  const reqSts = text(record, 'reqSts')
  const rtnFlg = text(record, 'rtnFlg')
  const errCod = text(record, 'errCod')
  const status = rtnFlg === '' ? reqSts : `${reqSts}/${rtnFlg}`
  const bankReference = text(record, 'reqNbr')
  const account = text(record, 'crtAcc')
  const done = instantOfShanghai(text(record, 'oprDat') + text(record, 'oprTim'))
  return {
    result: resultOfStatus(reqSts, rtnFlg),
    code: errCod === '' || errCod === TAKEN ? status : errCod,
    message: text(record, 'rtnNar'),
    amount,
    currency,
    ...(bankReference === '' ? {} : { bankReference }),
    ...(account === '' ? {} : { payeeAccount: printedAccount(account) }),
    ...(done === undefined ? {} : { doneAt: done }),
    ...(rtnFlg === 'B' ? { facts: { returned: 'yes' } } : {}),
  }
}

/** The bank repeats a notice until it hears this. */
export function answerCallback(taken: boolean): CallbackReply {
  const contentType = 'application/json'
  return taken
    ? { status: 200, contentType, body: '{"retcod":"SUC0000"}' }
    : { status: 500, contentType, body: '{"retcod":"ERR0001"}' }
}
