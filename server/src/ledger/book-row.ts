/** A row of `ledger.book` as a book. */
import type { Book } from './book.ts'

export interface BookRow {
  readonly book_id: number
  readonly org_id: number
  readonly name: string
  readonly currency: string
  readonly chart: string
  readonly closed_before: Date | null
}

export function bookOfRow(row: BookRow): Book {
  return {
    number: row.book_id,
    orgId: row.org_id,
    name: row.name,
    currency: row.currency,
    chart: row.chart,
    ...(row.closed_before === null ? {} : { closedBefore: row.closed_before.getTime() }),
  }
}
