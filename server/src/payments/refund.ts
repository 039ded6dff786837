/** Ids of refunds and their parts; each follows from the refund's own. */
import { derivedUuid, publicId, type Uuid } from '#base'

export const SEND_REFUND = 'payments.send_refund'
export const FUND_REFUND = 'payments.fund_refund'

export const refundRoot = (id: Uuid) => `refund:${id}`
export const refundPublicId = (book: number, id: Uuid) => publicId('ref', book, id)
export const partPublicId = (book: number, id: Uuid) => publicId('refp', book, id)

export const partId = (refund: Uuid, number: number): Uuid =>
  derivedUuid('payments.refund_part', `${refund}/${number}`)

export const refundHold = (part: Uuid, holdTry: number): Uuid =>
  derivedUuid('payments.refund_hold', `${part}/${holdTry}`)

export const refundAttemptId = (part: Uuid, number: number): Uuid =>
  derivedUuid('payments.refund_attempt', `${part}/${number}`)

/** A part is sent once per attempt: its number fences off earlier due rows. */
export const sendKey = (part: { readonly id: Uuid; readonly attempts: number }) =>
  `${part.id}/${part.attempts}`

/** Where the payer's sealed fields stand. */
export const payerPlace = (column: 'payer_name' | 'payer_account', org: number, id: string) => ({
  table: 'payments.refund',
  column,
  org,
  row: id,
})
