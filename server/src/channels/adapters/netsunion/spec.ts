/**
 * Messages of the clearing house as data, EPCC-like: the real specification is for members, so field
 * and message names follow what is public and the codes stand in a table of their own (`status.ts`).
 *
 * The one thing to get wrong is the two layers of a result: `SysRtnInf.SysRtnCd` says whether the
 * message was processed, and only then `BizInf.BizStsCd` what became of the payout.
 */
import { createHash } from 'node:crypto'
import type { Instant } from '#base'

export const MESSAGES = {
  pay: 'epcc.221.001.01',
  payReply: 'epcc.222.001.01',
  batch: 'epcc.223.001.01',
  batchReply: 'epcc.224.001.01',
  result: 'epcc.207.001.01',
  query: 'epcc.301.001.01',
  queryReply: 'epcc.302.001.01',
  summary: 'epcc.601.001.01',
  summaryReply: 'epcc.602.001.01',
  detail: 'epcc.603.001.01',
  detailReply: 'epcc.604.001.01',
} as const

export type MessageType = (typeof MESSAGES)[keyof typeof MESSAGES]

/** Categories of a payout: paid, and come back (退票). */
export const CATEGORIES = { paid: '0221', returned: '0222' } as const

/** Business type of a payout to a payee. */
export const BUSINESS = '100004'

/** Kinds of the payee's account. */
export const ACCOUNT_KINDS = { personal: '00', corporate: '01' } as const

/** Fields of one payout, in the order they are sent, under the element they stand in. */
export const PAY_FIELDS: readonly {
  readonly element: string
  readonly name: string
  readonly says: string
}[] = [
  {
    element: 'TrxInf',
    name: 'TrxId',
    says: '31 digits: yyyyMMdd, 9 of the book, 14 of the attempt',
  },
  { element: 'TrxInf', name: 'TrxDtTm', says: 'when we made it, Shanghai time' },
  { element: 'TrxInf', name: 'TrxAmt', says: 'currency and amount, CNY1.00' },
  { element: 'TrxInf', name: 'TrxCtgy', says: '0221' },
  { element: 'TrxInf', name: 'BizTp', says: '100004' },
  { element: 'TrxInf', name: 'TrxRmk', says: 'memo, at most 60 characters' },
  { element: 'PyeeInf', name: 'PyeeAcctIssrId', says: "short code of the payee's bank" },
  { element: 'PyeeInf', name: 'PyeeAcctTp', says: '00 personal, 01 corporate' },
  { element: 'PyeeInf', name: 'PyeeAcctId', says: 'account number, encrypted' },
  { element: 'PyeeInf', name: 'PyeeNm', says: 'name, encrypted' },
  { element: 'ResfdInf', name: 'InstgAcctId', says: 'our reserve account (备付金)' },
  { element: 'BatchInf', name: 'BatchId', says: 'the clearing batch it is sent in' },
]

/** When each clearing window of a day begins; it ends where the next one begins. */
export const WINDOWS = [
  '00:00',
  '03:00',
  '06:00',
  '09:00',
  '12:00',
  '15:00',
  '18:00',
  '21:00',
] as const

/** Most payouts of one batch message, and most rows of one page of a detail file. */
export const ROWS_MOST = 500

const SHANGHAI_MS = 8 * 3_600_000

/** `yyyy-mm-ddThh:mm:ss` in Shanghai, which keeps one time the whole year. */
export function shanghaiTime(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 19)
}

/** `yyyymmdd` in Shanghai. */
export function shanghaiDate(at: Instant): string {
  return shanghaiTime(at).slice(0, 10).replace(/-/g, '')
}

/** The instant of `yyyy-mm-ddThh:mm:ss` in Shanghai; `undefined` when it is none. */
export function instantOf(text: string): Instant | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const at = Date.parse(`${text}+08:00`)
  return Number.isNaN(at) || shanghaiTime(at) !== text ? undefined : at
}

/** The clearing batch of an instant: `B`, the date, and the number of its window from 0001. */
export function batchIdOf(at: Instant): string {
  const time = shanghaiTime(at).slice(11, 16)
  const window = WINDOWS.filter((start) => start <= time).length
  return `B${shanghaiDate(at)}${String(window).padStart(4, '0')}`
}

const BOOK_DIGITS = 9
const TAIL_DIGITS = 14

/** The payout's number: `yyyyMMdd`, 9 digits of the book and 14 of the attempt's hash. */
export function trxIdOf(book: number, attempt: string, at: Instant): string {
  const digest = createHash('sha256').update(attempt).digest('hex').slice(0, 32)
  const tail = BigInt(`0x${digest}`) % 10n ** BigInt(TAIL_DIGITS)
  return (
    shanghaiDate(at) +
    String(book).padStart(BOOK_DIGITS, '0') +
    String(tail).padStart(TAIL_DIGITS, '0')
  )
}

/** The book of a number of ours; `undefined` for any other text. */
export function bookOfTrxId(trxId: string): number | undefined {
  const match = /^20\d{6}(\d{9})\d{14}$/.exec(trxId)
  return match === null ? undefined : Number.parseInt(match[1]!, 10)
}
