/** What a person does about payouts that came back, and about payouts that wait for an approval. */
import { applied, parsePublicId, type Uuid } from '#base'
import type { Parts } from '#channels'
import type { Carried, Decided, ExceptionCarrier } from './context.ts'
import { suspenseOf } from './context.ts'
import type { PaymentException } from './exception-store.ts'
import { raise } from './exceptions.ts'
import { ownBookParts } from './outside.ts'
import { decideRecovery } from './outside-exceptions.ts'
import { chooseChannel, payeePlace, payoutOf, payoutPublicId, payoutRoot } from './payout.ts'
import { reserving } from './payout-reserve.ts'
import {
  findPayout,
  listPayouts,
  listReturnsOf,
  type Payout,
  type PayoutReturn,
  returnToSource,
} from './payout-store.ts'
import type { Payouts, PayoutsContext } from './payouts.ts'

/** What is done about payouts, by `kind/action`. */
export function payoutCarriers(
  context: PayoutsContext,
  payouts: Payouts,
): Record<string, ExceptionCarrier> {
  const on =
    (act: (back: CameBack, decided: Decided) => Promise<Carried> | Carried) =>
    async (exception: PaymentException, decided: Decided): Promise<Carried> => {
      const back = await cameBack(context, exception)
      return back === undefined ? { refused: 'action_not_possible' } : act(back, decided)
    }
  return {
    'payout_returned/retry': on((back, decided) => again(context, back, decided)),
    'payout_returned/refund': on((back, decided) => toSource(context, back, decided)),
    'payout_returned/settle_by_hand': on((back, decided) => byHand(context, back, decided)),
    'approval_needed/approve': (each, decided) =>
      decide(context, payouts, each, decided, 'approve'),
    'approval_needed/reject': (each, decided) => decide(context, payouts, each, decided, 'reject'),
  }
}

interface CameBack {
  readonly payout: Payout
  readonly returned: PayoutReturn
  /** The account the money lies on since. */
  readonly place: Uuid
}

async function cameBack(
  context: PayoutsContext,
  { book, about, evidence }: PaymentException,
): Promise<CameBack | undefined> {
  const id = parsePublicId(about, 'pout')
  const payout = id && (await findPayout(context.db, book, id.uuid))
  if (payout === undefined) return undefined
  const returns = await listReturnsOf(context.db, book, payout.id)
  const returned = returns.find(({ flow }) => flow === evidence.flow) ?? returns.at(-1)
  if (returned === undefined) return undefined
  const inSuspense = returned.bookedTo === 'suspense'
  const place = inSuspense ? suspenseOf(context.ledger.writer(book)) : payout.source
  return { payout, returned, place }
}

/** Pays the same payee again what came back, once at a time: a payout of its own about the first. */
async function again(
  context: PayoutsContext,
  { payout, returned, place }: CameBack,
  { id, by }: Decided,
): Promise<Carried> {
  const { book, orgId, about: _, memo, bank, accountType, cnaps } = payout
  const about = payoutPublicId(book, payout.id)
  const before = await listPayouts(context.db, { book, about })
  const alive = before.some(({ state }) => state !== 'failed' && state !== 'cancelled')
  if (alive) return { refused: 'action_not_possible' }
  const { seal } = context
  const account = seal.open('card', payout.payeeAccount, payeePlace('payee_account', orgId, about))
  const name = seal.open('name', payout.payeeName, payeePlace('payee_name', orgId, about))
  const successor = payoutOf(context, book, {
    ...{ id, requestHash: id, source: place, amount: returned.amount, memo, about },
    payee: { name, account, bank, accountType, ...(cnaps === '' ? {} : { cnaps }) },
    requestedBy: by,
  })
  const choice = await chooseChannel(context, successor)
  if (choice.channel === undefined) return { refused: 'no_channel_for_payout' }
  const command = reserving(context, successor, choice, 'made')
  const roots = [...command.roots, payoutRoot(payout.id)]
  return { command: { ...command, roots }, waits: 'credit_account_overdrawn' }
}

/** What came back to suspense is its owner's again. */
function toSource(
  context: PayoutsContext,
  { payout, returned, place }: CameBack,
  { id }: Decided,
): Carried {
  if (returned.bookedTo === 'source') return { refused: 'already_at_source' }
  const { book, source } = payout
  if (context.ledger.writer(book).account(source)?.state === 'closed') {
    return { refused: 'destination_closed' }
  }
  const legs = [{ debit: place, credit: source, amount: returned.amount }]
  return {
    command: {
      roots: [payoutRoot(payout.id)],
      transfers: [{ type: 'post', id, legs, purpose: 'returned_to_source' }],
      effects: [applied(returnToSource, { attempt: returned.attempt })],
    },
  }
}

/** The payee was paid with our own money: what came back is owed to our own book. */
function byHand(
  context: PayoutsContext,
  { payout, returned, place }: CameBack,
  { id }: Decided,
): Carried {
  const of = { id, kind: 'settled_by_hand', account: place, amount: returned.amount } as const
  return {
    command: { roots: [payoutRoot(payout.id)], ...ownBookParts(context, payout.book, of) },
  }
}

/** A second person's word on a payout, or on what a customer is to bear. */
async function decide(
  context: PayoutsContext,
  payouts: Payouts,
  exception: PaymentException,
  decided: Decided,
  verdict: 'approve' | 'reject',
): Promise<Carried> {
  const recovery = await decideRecovery(context, exception, decided, verdict)
  if (recovery !== 'not_ours') return recovery
  const id = parsePublicId(exception.about, 'pout')
  if (id === undefined) return { refused: 'action_not_possible' }
  const { by, note } = decided
  const answer = await payouts[verdict](exception.book, id.uuid, by, note)
  return 'refused' in answer ? { refused: answer.refused } : { closed: true }
}

/** A payout made again for one that came back has not gone: somebody looks at the first again. */
export async function successorEnded(
  context: PayoutsContext,
  payout: Payout,
  result: 'succeeded' | 'failed' | 'cancelled',
): Promise<Parts | undefined> {
  const { book, orgId, about, amount } = payout
  const first = parsePublicId(about, 'pout')
  if (first === undefined) return undefined
  const roots = [payoutRoot(first.uuid)]
  if (result === 'succeeded') return { roots }
  const successor = payoutPublicId(book, payout.id)
  const evidence = { payout: about, successor, result }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  const raised = { orgId, kind: 'payout_returned', about, amount, evidence } as const
  return { roots, effects: raise(at, raised) }
}
