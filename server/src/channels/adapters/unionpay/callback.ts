/** Back notices: first the signature on the form as it came, then the fields, then whose they are. */
import type { Callback, CallbackRequest } from '../../payment-channel.ts'
import type { NoticeRefusal } from '../../port.ts'
import { CURRENCY_NUMBER, directionOf, type Fields, ORDER_ID, VERSION } from './spec.ts'
import { resultOfOrder } from './status.ts'
import { field, readForm, type Wire } from './wire.ts'

const malformed = (name: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `The field ${name} of the notice is missing or malformed.`,
})

/** Fen from digits, as ACP writes amounts; `undefined` for anything else. */
export function amountOf(text: string): bigint | undefined {
  return /^(0|[1-9]\d{0,11})$/.test(text) ? BigInt(text) : undefined
}

/** `CNY` for 156; another currency by its number, so that a difference shows. */
export const currencyOf = (number: string): string => (number === CURRENCY_NUMBER ? 'CNY' : number)

/** Reads a notice; never throws, whatever the bytes are. */
export function readCallback(wire: Wire, request: CallbackRequest): Callback | NoticeRefusal {
  if (request.method !== 'POST') {
    return { refused: 'malformed', says: 'A notice comes by POST.' }
  }
  const fields = readForm(request.body)
  if (fields === undefined || field(fields, 'signature') === '') {
    return { refused: 'forged', says: 'The notice is not a signed form.' }
  }
  if (!wire.signer.verify(fields, wire.wall.now())) {
    return { refused: 'forged', says: 'The notice is not signed by UnionPay.' }
  }
  if (field(fields, 'version') !== VERSION) return malformed('version')
  if (field(fields, 'merId') !== wire.merId) {
    return { refused: 'other_pool', says: 'The notice is about a merchant that is not ours.' }
  }
  return outcomeOf(fields)
}

function outcomeOf(fields: Fields): Callback | NoticeRefusal {
  const direction = directionOf(field(fields, 'txnType'))
  if (direction === undefined) {
    return { refused: 'unknown_event', says: 'The notice tells of a kind of order not known here.' }
  }
  const reference = field(fields, 'orderId')
  if (!ORDER_ID.test(reference)) return malformed('orderId')
  const code = field(fields, 'respCode')
  if (!/^[0-9A-Z]{2}$/.test(code)) return malformed('respCode')
  const queryId = field(fields, 'queryId')
  if (!/^\d{21}$/.test(queryId)) return malformed('queryId')
  const amount = amountOf(field(fields, 'txnAmt'))
  if (amount === undefined) return malformed('txnAmt')
  const currency = field(fields, 'currencyCode')
  if (!/^\d{3}$/.test(currency)) return malformed('currencyCode')
  return {
    kind: 'outcome',
    // A late success follows a failure under the same queryId, and is news of its own.
    id: `${queryId}-${code}`,
    direction,
    reference,
    outcome: {
      result: resultOfOrder(code),
      code,
      message: field(fields, 'respMsg'),
      bankReference: queryId,
      amount,
      currency: currencyOf(currency),
    },
  }
}
