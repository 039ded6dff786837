/**
 * What a person does about parts of refunds that cannot go on by themselves.
 *
 * The one thing to get wrong: the two reservations behind a part. A part that ends here ends the one on
 * its collection, and gives up the hold while it still has one.
 */
import { applied, forgetDue, parsePublicId, planDue, present } from '#base'
import type { BankParty } from '#channels'
import type { TransferRequest } from '#ledger'
import type { Carried, Decided, ExceptionCarrier } from './context.ts'
import type { PaymentException } from './exception-store.ts'
import { ownBookParts } from './outside.ts'
import { chooseChannel, payoutOf } from './payout.ts'
import { voidOf } from './payout-money.ts'
import { begun, reserving } from './payout-reserve.ts'
import type { PayoutsContext } from './payouts.ts'
import { partPublicId, refundHold, SEND_REFUND, sendKey } from './refund.ts'
import { givenUp, partEnds, partMoved, payerOf, rootsOf } from './refund-payout.ts'
import { findPart, findRefund, type Refund, type RefundPart } from './refund-store.ts'

const VALID_MS = 30 * 86_400_000

/** What is done about parts of refunds, by `kind/action`. */
export function refundCarriers(context: PayoutsContext): Record<string, ExceptionCarrier> {
  const on =
    (act: (part: RefundPart, decided: Decided) => Promise<Carried> | Carried) =>
    async ({ book, about }: PaymentException, decided: Decided): Promise<Carried> => {
      const id = parsePublicId(about, 'refp')
      const part = id && (await findPart(context.db, book, id.uuid))
      return part === undefined ? { refused: 'action_not_possible' } : act(part, decided)
    }
  const byHand = on((part, decided) => settleByHand(context, part, decided))
  return {
    'refund_route_closed/approve': on((part, decided) => payOut(context, part, decided)),
    'refund_route_closed/reject': on((part, decided) => giveUp(context, part, decided)),
    'refund_route_closed/settle_by_hand': byHand,
    'refund_waiting_for_funds/retry': on((part) => sendNow(context, part)),
    'refund_waiting_for_funds/settle_by_hand': byHand,
  }
}

/**
 * A second person lets a part be paid out: to the verified payer of the refund, at once; or to a payee
 * he names, when yet another person has approved that.
 */
async function payOut(
  context: PayoutsContext,
  part: RefundPart,
  { id, by, payee }: Decided,
): Promise<Carried> {
  if (part.state !== 'manual') return { refused: 'action_not_possible' }
  const refund = present(await findRefund(context.db, part.book, part.refund), 'its refund')
  if (refund.requestedBy === by) return { refused: 'approver_is_requester' }
  if (payee !== undefined) return askAnother(context, part, refund, { id, by, payee })
  const verified = payerOf(context, refund)
  if (verified === undefined) return { refused: 'payee_missing' }
  const order = orderOf(context, part, refund, { id, payee: verified, by: refund.requestedBy })
  const payout = { ...payoutOf(context, part.book, order), approvedBy: by }
  const choice = await chooseChannel(context, payout)
  if (choice.channel === undefined) return { refused: 'no_channel_for_payout' }
  const also = [partMoved(part, 'approved', { route: 'payout' })]
  const command = reserving(context, payout, choice, 'made', { also })
  const roots = [...command.roots, ...rootsOf(part)]
  return { command: { ...command, roots }, waits: 'credit_account_overdrawn' }
}

function askAnother(
  context: PayoutsContext,
  part: RefundPart,
  refund: Refund,
  of: { readonly id: string; readonly by: string; readonly payee: BankParty },
): Carried {
  const order = { ...orderOf(context, part, refund, of), approval: true }
  const command = begun(context, payoutOf(context, part.book, order))
  const named = partMoved(part, 'payee_named', { route: 'payout' })
  const roots = [...command.roots, ...rootsOf(part)]
  return { command: { ...command, roots, effects: [...(command.effects ?? []), named] } }
}

function orderOf(
  context: PayoutsContext,
  part: RefundPart,
  { reason }: Refund,
  { id, by, payee }: { readonly id: string; readonly by: string; readonly payee: BankParty },
) {
  const about = partPublicId(part.book, part.id)
  return {
    ...{ id, requestHash: id, source: part.source, amount: part.amount, payee, about },
    ...{ memo: reason, requestedBy: by, purpose: 'refund' as const },
    validUntil: context.clock.now() + VALID_MS,
  }
}

/** The payer gets nothing from this part; what it reserved can be refunded again. */
async function giveUp(
  context: PayoutsContext,
  part: RefundPart,
  { by, note }: Decided,
): Promise<Carried> {
  if (part.state !== 'manual') return { refused: 'action_not_possible' }
  const refund = present(await findRefund(context.db, part.book, part.refund), 'its refund')
  if (refund.requestedBy === by) return { refused: 'approver_is_requester' }
  context.desk.forget(part.collection)
  return { command: givenUp(part, { code: 'given_up', message: `by ${by}: ${note}` }) }
}

/**
 * The payer has been paid with our own money. What the part had reserved is owed to our own book; the
 * part has succeeded.
 */
function settleByHand(
  context: PayoutsContext,
  part: RefundPart,
  { id, by, note }: Decided,
): Carried {
  const { book, state, source, amount, holdTry } = part
  const held = state === 'planned' || state === 'waiting_for_funds'
  if (!held && state !== 'manual') return { refused: 'action_not_possible' }
  const own = ownBookParts(context, book, { id, kind: 'settled_by_hand', account: source, amount })
  const freed: TransferRequest[] = held ? [voidOf(refundHold(part.id, holdTry))] : []
  context.desk.forget(part.collection)
  const why = { code: 'settled_by_hand', message: `by ${by}: ${note}` }
  return {
    command: {
      ...own,
      roots: rootsOf(part),
      transfers: [...freed, ...own.transfers],
      effects: [partMoved(part, 'settled_by_hand', why), ...partEnds(part, amount)],
    },
  }
}

/** Sends a part now that waits for its channel to be funded, or for its time. */
function sendNow(context: PayoutsContext, part: RefundPart): Carried {
  const { orgId, state } = part
  const now = context.clock.now()
  const kind = SEND_REFUND
  const key = sendKey(part)
  if (state !== 'waiting_for_funds' && state !== 'planned') {
    return { refused: 'action_not_possible' }
  }
  const moved = state === 'planned' ? [] : [partMoved(part, 'funded', { sendAt: now })]
  const planned = applied(planDue, { orgId, kind, key, dueAt: now, payload: null })
  return {
    command: {
      roots: rootsOf(part),
      effects: [...moved, applied(forgetDue, { kind, key }), planned],
    },
  }
}
