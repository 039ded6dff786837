/** What an operation is handed and what it gives back. */
import type { Desk } from '../book.ts'
import type { Body } from '../fields.ts'

export interface Call extends Desk {
  body: Body
  /** The request's CnsmrSeqNo. */
  seq: string
}

/** What a status query will be told of an instruction. */
export interface Outcome {
  state: 'succeeded' | 'processing'
  bookingFlag: string
  fen: bigint
  inAcct: string
  outAcct: string
  frontSeqNo: string
}

export interface Answer {
  /** Fields after TxnReturnCode, TxnReturnMsg and CnsmrSeqNo. */
  fields: Record<string, unknown>
  /** Absent for queries and for what cannot be asked about. */
  outcome?: Outcome
}

/** Refuses by throwing `Refused`; its database tx is then rolled back. */
export type Operation = (call: Call) => Promise<Answer>

const PAGE_ROWS = 20

/** The paging fields of a list: 20 rows a page, pages from 1. */
export function paged<Row>(
  rows: readonly Row[],
  pageNum: string,
): { fields: Record<string, string>; rows: Row[] } {
  const start = (Number(pageNum) - 1) * PAGE_ROWS
  const page = rows.slice(start, start + PAGE_ROWS)
  return {
    rows: page,
    fields: {
      ResultNum: String(page.length),
      StartRecordNo: String(start + 1),
      EndFlag: start + page.length >= rows.length ? '1' : '0',
      TotalNum: String(rows.length),
    },
  }
}
