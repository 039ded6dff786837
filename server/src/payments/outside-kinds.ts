/** Money that moves without us: each kind with the account it lies on until somebody answers for it. */
import { derivedUuid, type Uuid } from '#base'
import type { AccountOpening, BookWriter } from '#ledger'
import type { ExceptionKind } from './exceptions.ts'

export interface OutsideKindRow {
  /** Which way the bank's or the channel's money moved. */
  readonly side: 'in' | 'out'
  /** The code of the account it lies on; `transit_own`: our own book owes it. */
  readonly account: '1221.03' | '1221.04' | '1221.05' | '2241.06' | '2241.08' | 'transit_own'
  readonly name: string
  /** Who is told, and until when, stands with the kind of exception. */
  readonly exception: ExceptionKind
}

export const OUTSIDE_KINDS = {
  chargeback: {
    side: 'out',
    account: '1221.04',
    name: "Taken back by payers' banks",
    exception: 'chargeback',
  },
  court_deduction: {
    side: 'out',
    account: '1221.03',
    name: 'Taken by courts',
    exception: 'court_deduction',
  },
  bank_fee: { side: 'out', account: 'transit_own', name: 'Own book', exception: 'bank_fee' },
  /** A channel's bill of the fees it does not keep back. */
  channel_fee: { side: 'out', account: 'transit_own', name: 'Own book', exception: 'bank_fee' },
  pool_interest: {
    side: 'in',
    account: '2241.08',
    name: 'Interest of the pool',
    exception: 'pool_interest',
  },
  unknown_credit: {
    side: 'in',
    account: '2241.06',
    name: 'Suspense',
    exception: 'unknown_credit',
  },
  unknown_debit: {
    side: 'out',
    account: '1221.05',
    name: 'Left for unknown reasons',
    exception: 'unknown_debit',
  },
} as const satisfies Readonly<Record<string, OutsideKindRow>>

export type OutsideKind = keyof typeof OUTSIDE_KINDS

/**
 * The book's one account of a code that is opened on first use, and its opening when this is that use:
 * put `open` into the command that books on it.
 */
export function accountOf(
  writer: Pick<BookWriter, 'book' | 'account' | 'accountByCode'>,
  code: string,
  name: string,
): { readonly id: Uuid; readonly open: readonly AccountOpening[] } {
  const single = writer.accountByCode(code)
  if (single !== undefined) return { id: single.id, open: [] }
  const id = derivedUuid('payments.account', `${writer.book.number}/${code}`)
  if (writer.account(id) !== undefined) return { id, open: [] }
  return { id, open: [{ id, code, name }] }
}
