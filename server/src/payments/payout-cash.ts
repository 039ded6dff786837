/** The account that stands for the money at a book's bank, which payouts leave from. */
import type { Uuid } from '#base'
import type { BookWriter } from '#ledger'

const CASH_CODES: Readonly<Record<string, string>> = { custody_pool: '1012.02', own: '1002.01' }

export function cashOf(writer: Pick<BookWriter, 'book' | 'accountByCode'>): Uuid {
  const { chart, number } = writer.book
  const cash = writer.accountByCode(CASH_CODES[chart] ?? '')
  if (cash === undefined) throw new Error(`Book ${number} has no account at a bank to pay from.`)
  return cash.id
}
