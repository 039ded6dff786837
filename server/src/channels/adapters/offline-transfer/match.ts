/**
 * Whose money an incoming transfer is: by the virtual number it was paid to, else by the code in its
 * memo, else by amount and payer's name. Pure: it decides nothing about the money, it says what it is.
 *
 * The one thing to get wrong is to guess. Where two orders fit and nothing tells them apart the answer
 * is `none`, and a person looks.
 */
import { type Instant, isPersonalRefusal, type Personal, personal } from '#base'
import type { BankLine } from '../../payment-channel.ts'
import { codesIn, transferCode } from './transfer-code.ts'

/** An order that waits for a transfer. */
export interface AwaitedTransfer {
  readonly reference: string
  /** Minor units. */
  readonly amount: bigint
  readonly currency: string
  /** What came in for it so far, minor units. */
  readonly received: bigint
  /** The number only this payer was given, where there is one. */
  readonly virtualNumber?: string
  /** Who has to pay; nobody in particular when absent. */
  readonly payerName?: Personal
  /** Money that comes after this is late. */
  readonly expiresAt: Instant
}

/** An entry of the bank; the caller takes each `flow` once. */
export type IncomingTransfer = Pick<
  BankLine,
  'flow' | 'amount' | 'currency' | 'memo' | 'paidTo' | 'counterpartName'
> & { readonly at: Instant }

export type MatchedBy = 'virtual_number' | 'code' | 'amount_and_name'

export type TransferMatch =
  | {
      /**
       * `wrong_name`: somebody else paid. `duplicate`: the order had all its money. `late`: it came
       * after the order's end. The money is held in all three.
       */
      readonly result: 'matched' | 'wrong_name' | 'duplicate' | 'late'
      readonly by: MatchedBy
      readonly reference: string
    }
  | {
      readonly result: 'under_paid'
      readonly by: MatchedBy
      readonly reference: string
      /** What is still to come after this entry, minor units. */
      readonly missing: bigint
    }
  | {
      readonly result: 'over_paid'
      readonly by: MatchedBy
      readonly reference: string
      /** Minor units above what was asked for. */
      readonly over: bigint
    }
  | { readonly result: 'none'; readonly why: 'nothing_fits' | 'more_than_one_fits' }

/** Finds the order an incoming transfer is for. `awaited` holds paid and expired orders too. */
export function matchTransfer(
  entry: IncomingTransfer,
  awaited: readonly AwaitedTransfer[],
): TransferMatch {
  const open = awaited.filter(({ currency }) => currency === entry.currency)
  const codes = new Set(codesIn(entry.memo))
  const coded = (orders: readonly AwaitedTransfer[]) =>
    codes.size === 0 ? [] : orders.filter(({ reference }) => codes.has(transferCode(reference)))
  const { paidTo } = entry
  const sameNumber =
    paidTo === undefined || paidTo === ''
      ? []
      : open.filter(({ virtualNumber }) => virtualNumber === paidTo)
  if (sameNumber.length > 0) {
    const named = coded(sameNumber)
    return choose(entry, named.length > 0 ? named : sameNumber, 'virtual_number')
  }
  const named = coded(open)
  if (named.length > 0) return choose(entry, named, 'code')
  const fitting = open.filter(
    (order) =>
      rest(order) === entry.amount && order.payerName !== undefined && isPayer(entry, order),
  )
  if (fitting.length === 0) return { result: 'none', why: 'nothing_fits' }
  return choose(entry, fitting, 'amount_and_name')
}

const rest = ({ amount, received }: AwaitedTransfer) => amount - received

/** Tells several orders apart: those still open and in time, then those the amount fits exactly. */
function choose(
  entry: IncomingTransfer,
  orders: readonly AwaitedTransfer[],
  by: MatchedBy,
): TransferMatch {
  const narrowed = narrow(
    narrow(orders, (order) => rest(order) > 0n && entry.at <= order.expiresAt),
    (order) => rest(order) === entry.amount,
  )
  if (narrowed.length > 1) return { result: 'none', why: 'more_than_one_fits' }
  return judge(entry, narrowed[0]!, by)
}

/** Those that pass, or all when none does. */
function narrow(
  orders: readonly AwaitedTransfer[],
  passes: (order: AwaitedTransfer) => boolean,
): readonly AwaitedTransfer[] {
  if (orders.length <= 1) return orders
  const passing = orders.filter(passes)
  return passing.length > 0 ? passing : orders
}

function judge(entry: IncomingTransfer, order: AwaitedTransfer, by: MatchedBy): TransferMatch {
  const found = { by, reference: order.reference }
  if (rest(order) <= 0n) return { result: 'duplicate', ...found }
  if (!isPayer(entry, order)) return { result: 'wrong_name', ...found }
  if (entry.at > order.expiresAt) return { result: 'late', ...found }
  const missing = rest(order) - entry.amount
  if (missing > 0n) return { result: 'under_paid', ...found, missing }
  if (missing < 0n) return { result: 'over_paid', ...found, over: -missing }
  return { result: 'matched', ...found }
}

/** Whether the entry names the payer wanted; an entry that names nobody does not. */
function isPayer(entry: IncomingTransfer, { payerName }: AwaitedTransfer): boolean {
  if (payerName === undefined) return true
  const [wanted, came] = [normal(payerName), normal(entry.counterpartName)]
  return wanted !== undefined && came !== undefined && wanted.equals(came)
}

/** Banks write names in full width, with blanks and other middle dots. */
function normal(name: Personal | undefined): Personal | undefined {
  const read = personal('name', name?.reveal('offline transfer: compare the payer'))
  return isPersonalRefusal(read) ? undefined : read
}
