/** An order or a refund as WeChat Pay tells it, in replies and notices alike, in the port's words. */
import { parseInstant } from '#base'
import type { PaymentOutcome } from '../../payment-channel.ts'
import type { Result } from '../../port.ts'
import { resultOf } from './status.ts'
import { type Fields, fenOf, fieldsIn, textOf } from './wire.ts'

/** Fields that are absent when they were not told. */
function told(fields: Fields, number: string, amount: bigint | undefined, currency: string) {
  const reference = textOf(fields, number)
  const doneAt = parseInstant(textOf(fields, 'success_time'))
  return {
    ...(reference === '' ? {} : { bankReference: reference }),
    ...(amount === undefined ? {} : { amount }),
    ...(currency === '' ? {} : { currency }),
    ...(doneAt === undefined ? {} : { doneAt }),
  }
}

/** A success without an amount is none: it cannot be compared with what was asked for. */
const withAmount = (result: Result, amount: bigint | undefined): Result =>
  result === 'succeeded' && amount === undefined ? 'unknown' : result

/** What an order's fields say. */
export function tradeOutcome(fields: Fields): PaymentOutcome {
  const state = textOf(fields, 'trade_state')
  const amounts = fieldsIn(fields.amount)
  const amount = fenOf(amounts, 'total')
  const bank = /^([A-Z0-9]+)_(?:DEBIT|CREDIT)$/.exec(textOf(fields, 'bank_type'))?.[1]
  return {
    result: withAmount(resultOf('trade_state', state), amount),
    code: state === '' ? 'NO_STATE' : state,
    message: textOf(fields, 'trade_state_desc'),
    ...told(fields, 'transaction_id', amount, textOf(amounts, 'currency')),
    ...(bank === undefined ? {} : { bank }),
  }
}

/** What a refund's fields say; `status` is called `refund_status` in notices. */
export function refundOutcome(fields: Fields, stateField: 'status' | 'refund_status') {
  const state = textOf(fields, stateField)
  const amounts = fieldsIn(fields.amount)
  const amount = fenOf(amounts, 'refund')
  const outcome: PaymentOutcome = {
    result: withAmount(resultOf('refund_state', state), amount),
    code: state === '' ? 'NO_STATE' : state,
    message: textOf(fields, 'user_received_account'),
    ...told(fields, 'refund_id', amount, textOf(amounts, 'currency')),
  }
  return outcome
}
