/**
 * Clears collections order by order, for pools where a channel pays each order on to the virtual number
 * its payer has at the bank. Who keeps the pool asks what an entry of the bank is before it credits
 * anybody: the payer was credited when the payment succeeded, against the channel's transit account.
 *
 * The one thing to get wrong: crediting the payer twice. So an entry that names a collection and does
 * not agree with it is `differs`, and never new money of the payer.
 */
import { applied, type EffectRow, present, type Uuid } from '#base'
import type { AccountOpening } from '#ledger'
import type { Attempt } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import {
  clearedBy,
  collectionsNamed,
  insertCleared,
  listOnItsWay,
  type OnItsWay,
  transferTakenBy,
} from './clearing-store.ts'
import { attemptRoot, type PaymentsContext, suspenseOf, transitOf } from './context.ts'
import type { MatchTransfer } from './outside-lines.ts'
import { payInOf } from './pay-in-owner.ts'
import { findPayIn } from './pay-in-store.ts'

/** An entry of the bank on the sub-account of a party. */
export interface EntryForAccount {
  /** The bank's number of it. */
  readonly flow: string
  /** Minor units. */
  readonly amount: bigint
  readonly currency: string
  readonly memo: string
  /** Business date, `yyyymmdd`. */
  readonly date: string
  /** The ledger account of whoever has the sub-account. */
  readonly account: Uuid
  /** False while only a notice has told it. */
  readonly confirmed: boolean
}

export type Recognised =
  | {
      readonly kind: 'clears'
      /** The channel's transit account: credit it, and debit the cash. */
      readonly transit: Uuid
      /** Where the payer's success was credited: the entry's account, or suspense. */
      readonly credited: Uuid
      /** What belongs into the same command: it clears the collection once. */
      readonly roots: readonly string[]
      readonly open: readonly AccountOpening[]
      readonly effects: readonly EffectRow[]
    }
  /** It may be the first we hear of a payer's success: ask again when the bank's list has told it. */
  | { readonly kind: 'waits' }
  /** It names a collection and does not agree with it; `says` why, without personal data. */
  | { readonly kind: 'differs'; readonly reference: string; readonly says: string }

export interface Clearing {
  /** What an entry is to payments; `undefined` when it names no collection of the book. */
  recognise(book: number, entry: EntryForAccount): Promise<Recognised | undefined>
  /** What channels still owe to accounts, or may. Accounts with nothing on its way are absent. */
  onItsWay(book: number, accounts: readonly Uuid[]): Promise<ReadonlyMap<Uuid, OnItsWay>>
}

export interface ClearingOptions {
  /** Recognises payers' own transfers by the code they carry. */
  readonly transfers?: MatchTransfer
}

export function createClearing(context: PaymentsContext, options: ClearingOptions = {}): Clearing {
  return {
    recognise: (book, entry) => recognise(context, options, book, entry),
    onItsWay: (book, accounts) => listOnItsWay(context.db, book, accounts),
  }
}

async function recognise(
  context: PaymentsContext,
  options: ClearingOptions,
  book: number,
  entry: EntryForAccount,
): Promise<Recognised | undefined> {
  const found = await collectionOf(context, options, book, entry)
  if (found === undefined || 'kind' in found) return found
  const { reference, amount, currency, id } = found
  const differs = (says: string): Recognised => ({ kind: 'differs', reference, says })
  if (entry.amount !== amount || entry.currency !== currency) {
    return differs(
      `it brings ${entry.amount} minor units of ${entry.currency}, the payment ${reference} was ` +
        `${amount} of ${currency}`,
    )
  }
  const before = await clearedBy(context.db, book, id)
  if (before !== undefined) return differs(`flow ${before} has brought the cash of ${reference}`)
  if (found.bookedTo === '' && !entry.confirmed) return { kind: 'waits' }
  const attempt = found.bookedTo === '' ? await learn(context, found, entry) : found
  if (attempt.bookedTo === '') return differs(`the payment ${reference} is ${attempt.state}`)
  const writer = context.ledger.writer(book)
  const payIn = present(await findPayIn(context.db, book, payInOf(attempt.owner)), attempt.owner)
  const credited = attempt.bookedTo === 'destination' ? payIn.destination : suspenseOf(writer)
  if (payIn.destination !== entry.account) {
    return differs(`the payment ${reference} was for another account`)
  }
  const transit = transitOf(writer, attempt.channel)
  const { orgId } = attempt
  const { flow } = entry
  return {
    kind: 'clears',
    transit: transit.id,
    credited,
    roots: [attemptRoot(id)],
    open: transit.open,
    effects: [applied(insertCleared, { orgId, attempt: id, flow, amount })],
  }
}

/** The collection an entry names: by our reference, or by the code of a payer's own transfer. */
async function collectionOf(
  context: PaymentsContext,
  { transfers }: ClearingOptions,
  book: number,
  entry: EntryForAccount,
): Promise<Attempt | Recognised | undefined> {
  const { memo, flow, amount, currency, date } = entry
  const named = await collectionsNamed(context.db, book, wordsOf(memo))
  const [reference, other] = named
  if (reference !== undefined && other !== undefined) {
    return { kind: 'differs', reference, says: `it names ${reference} and ${other}` }
  }
  if (reference !== undefined) return findAttempt(context.db, book, { reference })
  if (transfers === undefined) return undefined
  // Recorded by this very entry, and not cleared: somebody was faster, or the process died between.
  const taken = await transferTakenBy(context.db, book, flow)
  if (taken !== undefined) return findAttempt(context.db, book, { reference: taken })
  const line = { flow, side: 'in', amount, currency, date, memo, reference: '', kind: 'plain' }
  return (await transfers(book, line as Parameters<MatchTransfer>[1]))?.attempt
}

/** What a reference of ours may be among the words of a memo. */
const wordsOf = (memo: string): string[] => [
  ...new Set(memo.split(/[^0-9A-Za-z]+/).filter((word) => word.length >= 12 && word.length <= 64)),
]

/** Cash at the bank is one more way to learn that a payer has paid. */
async function learn(
  context: PaymentsContext,
  { book, id }: Attempt,
  { amount, currency, flow }: EntryForAccount,
): Promise<Attempt> {
  const told = { code: 'BANK_LINE', message: 'an entry of the bank', bankReference: flow }
  await context.desk.record(book, id, { result: 'succeeded', amount, currency, ...told })
  context.desk.forget(id)
  return present(await findAttempt(context.db, book, { id }), `attempt ${id}`)
}
