/** The account that stands for the money at a book's bank, which payouts leave from. */
import type { Uuid } from '#base'
import { available, type BookWriter, type Leg } from '#ledger'

const CASH_CODES: Readonly<Record<string, string>> = { custody_pool: '1012.02', own: '1002.01' }

export function cashOf(writer: Pick<BookWriter, 'book' | 'accountByCode'>): Uuid {
  const { chart, number } = writer.book
  const cash = writer.accountByCode(CASH_CODES[chart] ?? '')
  if (cash === undefined) throw new Error(`Book ${number} has no account at a bank to pay from.`)
  return cash.id
}

/** Whether the cash a leg takes is there and not reserved. */
export async function isThere(writer: BookWriter, leg: Leg): Promise<boolean> {
  const account = writer.account(leg.credit)
  if (account === undefined || account.side === 'credit' || account.creditLimit === null)
    return true
  const balance = await writer.balance(leg.credit)
  return balance !== undefined && available(balance, 'debit') + account.creditLimit >= leg.amount
}
