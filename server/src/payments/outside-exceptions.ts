/**
 * What a person does about money that moved without us: give it back, book it to somebody, or have it
 * borne. Each decision takes the entry's money from the account it lay on, once.
 *
 * The one thing to get wrong: the entry's own state. The settlement of a channel's day may find the
 * same money, so whoever moves it says `booked` to `cleared` in the same command.
 */
import { applied, type EffectRow, parsePublicId, publicId, type Uuid } from '#base'
import type { Parts } from '#channels'
import type { Command } from '#ledger'
import type { Carried, Decided, ExceptionCarrier } from './context.ts'
import type { PaymentException } from './exception-store.ts'
import { raise } from './exceptions.ts'
import { type OutsideContext, outsidePublicId, outsideRoot, ownBookParts } from './outside.ts'
import { OUTSIDE_KINDS, type OutsideKind } from './outside-kinds.ts'
import { findOutside, findOutsideBy, moveOutside, type OutsideEntry } from './outside-store.ts'
import { destinationRefusal } from './pay-ins.ts'
import { payeeIndex, payoutOf } from './payout.ts'
import { begun } from './payout-reserve.ts'
import type { Payout } from './payout-store.ts'

const VALID_MS = 30 * 86_400_000

/** What is done about each kind of money that moved without us, by `kind/action`. */
export function outsideCarriers(context: OutsideContext): Record<string, ExceptionCarrier> {
  const on =
    (act: (entry: OutsideEntry, book: number, decided: Decided) => Promise<Carried> | Carried) =>
    async (exception: PaymentException, decided: Decided): Promise<Carried> => {
      const entry = await entryOf(context, exception)
      if (entry?.state === 'waiting') return { refused: 'entry_not_booked' }
      if (entry?.state !== 'booked') return { refused: 'action_not_possible' }
      return act(entry, exception.book, decided)
    }
  const attached = on((entry, book, decided) => attach(context, entry, book, decided))
  const recovered = on((entry, book, decided) => recover(context, entry, book, decided))
  return {
    'unknown_credit/refund': on((entry, book, decided) => giveBack(context, entry, book, decided)),
    'unknown_credit/attach': attached,
    'pool_interest/attach': attached,
    'chargeback/recover': recovered,
    'court_deduction/recover': recovered,
    'unknown_debit/recover': recovered,
  }
}

async function entryOf(
  context: OutsideContext,
  { book, kind, about, evidence }: PaymentException,
): Promise<OutsideEntry | undefined> {
  if (!(kind in OUTSIDE_KINDS)) return undefined
  const channel = String(evidence.channel ?? '')
  return findOutsideBy(context.db, { book, kind: kind as OutsideKind, channel, flow: about })
}

const moved = (
  { id, tries }: OutsideEntry,
  from: 'booked' | 'cleared',
  to: 'booked' | 'cleared',
): EffectRow => applied(moveOutside, { id, tries, from, to })

/** Money that came in is somebody's: out of suspense, or of the pool's interest, to his account. */
function attach(
  context: OutsideContext,
  entry: OutsideEntry,
  book: number,
  { id, account }: Decided,
): Carried {
  if (account === undefined) return { refused: 'account_missing' }
  const refused = accountRefusal(context, book, account)
  if (refused !== undefined) return { refused }
  const legs = [{ debit: entry.account, credit: account, amount: entry.amount }]
  return {
    command: {
      roots: [outsideRoot(entry.id)],
      transfers: [{ type: 'post', id, legs, purpose: 'attached' }],
      effects: [moved(entry, 'booked', 'cleared')],
    },
  }
}

function accountRefusal(context: OutsideContext, book: number, destination: Uuid) {
  const writer = context.ledger.writer(book)
  return destinationRefusal(writer, { destination, currency: writer.book.currency })
}

/**
 * Money that came in goes back to the bank account it came from: a payout that waits for a second
 * person. Whoever decides names the payer in full; where the bank said whose account it was, it has
 * to be that one.
 */
function giveBack(
  context: OutsideContext,
  entry: OutsideEntry,
  book: number,
  { id, payee, by }: Decided,
): Carried {
  if (payee === undefined) return { refused: 'payee_missing' }
  const { payerIndex, amount, account: source, flow } = entry
  if (payerIndex !== '' && payeeIndex(context.seal, payee.account) !== payerIndex) {
    return { refused: 'payee_is_not_payer' }
  }
  const payout = payoutOf(context, book, {
    ...{ id, requestHash: id, source, amount, payee, requestedBy: by, approval: true },
    memo: `back ${flow}`.slice(0, 100),
    about: outsidePublicId(book, entry.id),
    validUntil: context.clock.now() + VALID_MS,
  })
  const command = begun(context, payout)
  return { command: joined(command, outsideRoot(entry.id), [moved(entry, 'booked', 'cleared')]) }
}

const joined = (command: Command, root: string, effects: readonly EffectRow[]): Command => ({
  ...command,
  roots: [...command.roots, root],
  effects: [...(command.effects ?? []), ...effects],
})

/** What left is borne by our own book at once, or by a customer once a second person agrees. */
function recover(
  context: OutsideContext,
  entry: OutsideEntry,
  book: number,
  { id, account, by, note }: Decided,
): Carried {
  const { amount, kind } = entry
  const roots = [outsideRoot(entry.id)]
  const effects = [moved(entry, 'booked', 'cleared')]
  if (account === undefined) {
    const of = { id, kind: 'loss_borne', account: entry.account, amount } as const
    return { command: { roots, effects, ...ownBookParts(context, book, of) } }
  }
  const refused = accountRefusal(context, book, account)
  if (refused !== undefined) return { refused }
  const about = outsidePublicId(book, entry.id)
  const named = publicId('acc', book, account)
  const evidence = { recovers: kind, account: named, requestedBy: by, why: note }
  const raised = { orgId: entry.orgId, kind: 'approval_needed', about, amount, evidence } as const
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  return { command: { roots, effects: [...effects, ...raise(at, raised)] } }
}

/** A second person has looked at what a customer is to bear; `undefined` when it is not about that. */
export async function decideRecovery(
  context: OutsideContext,
  exception: PaymentException,
  { id, by }: Decided,
  verdict: 'approve' | 'reject',
): Promise<Carried | 'not_ours'> {
  const { book, about, evidence } = exception
  const entryId = parsePublicId(about, 'outs')
  const account = parsePublicId(String(evidence.account ?? ''), 'acc')
  if (entryId === undefined || account === undefined) return 'not_ours'
  const entry = await findOutside(context.db, book, entryId.uuid)
  if (entry?.state !== 'cleared') return { refused: 'action_not_possible' }
  const roots = [outsideRoot(entry.id)]
  if (verdict === 'reject') return { command: { roots, effects: reopened(context, entry) } }
  if (evidence.requestedBy === by) return { refused: 'approver_is_requester' }
  const legs = [{ debit: account.uuid, credit: entry.account, amount: entry.amount }]
  return {
    command: {
      roots,
      transfers: [{ type: 'post', id, legs, purpose: 'recovered' }],
      effects: [moved(entry, 'cleared', 'cleared')],
    },
  }
}

/** The entry waits for a person again. */
function reopened(context: OutsideContext, entry: OutsideEntry): EffectRow[] {
  const { kind, amount, channel, flow, about, orgId } = entry
  const evidence = { channel, flow, about, booked: true, turnedDown: true }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  const exception = OUTSIDE_KINDS[kind].exception
  return [
    moved(entry, 'cleared', 'booked'),
    ...raise(at, { orgId, kind: exception, about: flow, amount, evidence }),
  ]
}

/** What the end of a payout that gave money back means; `undefined` for any other payout. */
export async function outsidePayoutFollower(
  context: OutsideContext,
  { book, about }: Payout,
  result: 'succeeded' | 'failed' | 'cancelled',
): Promise<Parts | undefined> {
  const id = parsePublicId(about, 'outs')
  const entry = id && (await findOutside(context.db, book, id.uuid))
  if (entry === undefined) return undefined
  const roots = [outsideRoot(entry.id)]
  return result === 'succeeded' ? { roots } : { roots, effects: reopened(context, entry) }
}
