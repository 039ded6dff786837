/** Notices of the clearing house: the signature on the bytes first, then whose they are, then fields. */
import { isMoneyRefusal, parseDecimal } from '#money'
import type {
  Callback,
  CallbackReply,
  CallbackRequest,
  PaymentOutcome,
} from '../../payment-channel.ts'
import type { NoticeRefusal } from '../../port.ts'
import { printedAccount } from '../../printed-account.ts'
import { openEnvelope, signedXml } from './signature.ts'
import { CATEGORIES, instantOf, MESSAGES } from './spec.ts'
import { NO_SUCH_PAYOUT, PROCESSED, resultOfBusiness } from './status.ts'
import type { Wire } from './wire.ts'
import { type Element, inner, parseXml, printXml, text } from './xml.ts'

/** How far a notice's time may be from wall time, either way. */
export const WINDOW_MS = 300_000

const malformed = (name: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `The field ${name} of the notice is missing or malformed.`,
})

/** Reads a notice; never throws, whatever the bytes are. */
export function readCallback(wire: Wire, request: CallbackRequest): Callback | NoticeRefusal {
  const xml = signedXml(wire.suite, request.body)
  if (xml === undefined) {
    return { refused: 'forged', says: 'The notice is not signed by the clearing house.' }
  }
  const root = parseXml(xml)
  if (root === undefined) return malformed('body')
  const header = inner(root, 'MsgHeader')
  const body = inner(root, 'MsgBody')
  const at = instantOf(text(header, 'SndDt'))
  if (at === undefined) return malformed('SndDt')
  if (Math.abs(wire.wall.now() - at) > WINDOW_MS) {
    return { refused: 'stale', says: 'The notice was signed too long ago; sign it afresh.' }
  }
  const about = inner(body, 'ResfdInf')
  const ours = text(about, 'InstgId') === wire.issuerId
  if (!ours || text(about, 'InstgAcctId') !== wire.reserveAccount) {
    return {
      refused: 'other_pool',
      says: 'The notice is about a reserve account that is not ours.',
    }
  }
  if (text(header, 'MsgTp') !== MESSAGES.result) {
    return { refused: 'unknown_event', says: 'The notice tells of an event that is not known.' }
  }
  const id = text(header, 'MsgId')
  if (!/^[0-9A-Za-z-]{1,64}$/.test(id)) return malformed('MsgId')
  const payout = inner(body, 'TrxInf')
  const reference = text(payout, 'TrxId')
  if (!/^\d{29,31}$/.test(reference)) return malformed('TrxId')
  switch (text(payout, 'TrxCtgy')) {
    case CATEGORIES.paid: {
      const outcome = readPayout(wire, header, body)
      if (typeof outcome === 'string') return malformed(outcome)
      return { kind: 'outcome', id, direction: 'pay', reference, outcome }
    }
    case CATEGORIES.returned:
      return returnNotice(id, reference, body)
    default:
      return malformed('TrxCtgy')
  }
}

function returnNotice(id: string, reference: string, body: Element): Callback | NoticeRefusal {
  const amount = amountOf(text(inner(body, 'TrxInf'), 'TrxAmt'))
  if (amount === undefined) return malformed('TrxAmt')
  const told = inner(body, 'BizInf')
  const flow = text(told, 'PltfrmSeqNo')
  if (!/^[0-9A-Za-z]{1,40}$/.test(flow)) return malformed('PltfrmSeqNo')
  const date = text(told, 'BizDt')
  if (!/^\d{8}$/.test(date)) return malformed('BizDt')
  const code = text(told, 'BizStsCd')
  const says = text(told, 'BizStsDesc')
  return {
    kind: 'payout_returned',
    id,
    returned: { flow, reference, ...amount, code, says, date },
  }
}

/** `CNY1.00`: three letters of the currency and the amount; minor units by that currency. */
export function amountOf(
  written: string,
): { readonly amount: bigint; readonly currency: string } | undefined {
  const match = /^([A-Z]{3})(\d{1,15}\.\d{2})$/.exec(written)
  if (match === null) return undefined
  // All currencies travel with two decimals; what is not renminbi is told as it came and refused
  // where amounts are compared.
  const amount = parseDecimal(match[2], 'CNY', { exact: true })
  if (isMoneyRefusal(amount) || amount <= 0n) return undefined
  return { amount, currency: match[1]! }
}

/**
 * The outcome in a reply to a question or in a notice; the name of the field that is malformed
 * otherwise. It hands on amount, currency and account as told; comparing is done elsewhere.
 */
export function readPayout(wire: Wire, header: Element, body: Element): PaymentOutcome | string {
  const amount = amountOf(text(inner(body, 'TrxInf'), 'TrxAmt'))
  if (amount === undefined) return 'TrxAmt'
  const told = inner(body, 'BizInf')
  const code = text(told, 'BizStsCd')
  if (code === '' || code === NO_SUCH_PAYOUT) return 'BizStsCd'
  const hidden = text(inner(body, 'PyeeInf'), 'PyeeAcctId')
  let account: string | undefined
  if (hidden !== '') {
    account = openEnvelope(wire.suite, text(header, 'DgtlEnvlp'))?.(hidden)
    if (account === undefined) return 'PyeeAcctId'
  }
  const done = instantOf(text(told, 'BizTm'))
  const bankReference = text(told, 'PltfrmSeqNo')
  const batch = text(inner(body, 'BatchInf'), 'BatchId')
  return {
    result: resultOfBusiness(code),
    code,
    message: text(told, 'BizStsDesc'),
    ...amount,
    ...(bankReference === '' ? {} : { bankReference }),
    ...(account === undefined ? {} : { payeeAccount: printedAccount(account) }),
    ...(done === undefined ? {} : { doneAt: done }),
    ...(batch === '' ? {} : { facts: { batch } }),
  }
}

/** The clearing house repeats a notice until it hears `00000000`. */
export function answerCallback(taken: boolean): CallbackReply {
  const SysRtnInf = { SysRtnCd: taken ? PROCESSED : 'PS500099' }
  const body = printXml({ MsgHeader: { MsgTp: 'epcc.208.001.01' }, MsgBody: { SysRtnInf } })
  return { status: taken ? 200 : 500, contentType: 'application/xml; charset=utf-8', body }
}
