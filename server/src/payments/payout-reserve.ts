/**
 * Commands that begin payouts: written to wait for an approval, or reserved with their first attempt.
 *
 * The one thing to get wrong: the money is reserved by one hold of the owner's account for the book's
 * cash, and a refused hold keeps its id. So each try to reserve has its own, counted by the payout.
 */
import { applied, type EffectRow, type OutboxEvent, planDue } from '#base'
import type { Parts } from '#channels'
import type { BookWriter, Command, HoldRequest } from '#ledger'
import { routeJson } from '#routing'
import type { PaymentsContext } from './context.ts'
import { raise } from './exceptions.ts'
import { claimed, NEAR_DUPLICATE } from './near-duplicate.ts'
import { settleException } from './outside-store.ts'
import {
  type Choice,
  payeeRoot,
  payoutAttempt,
  payoutHold,
  payoutPublicId,
  payoutRoot,
} from './payout.ts'
import { cashOf } from './payout-cash.ts'
import type { PayoutState } from './payout-states.ts'
import {
  insertPayout,
  movePayout,
  type Payout,
  type PayoutMove,
  usePayeeDay,
} from './payout-store.ts'

export const RETRY_PAYOUT = 'payments.retry_payout'
export const EXPIRE_PAYOUT = 'payments.expire_payout'

/** How long until a payout that waits for cash is tried again when nothing else wakes it. */
export const RETRY_MS = 600_000

/** Writes a payout that waits for its approval; `like` is the public id of one it looks like. */
export function begun(context: PaymentsContext, payout: Payout, like?: string): Command {
  const { id, orgId, book, validUntil, amount, purpose, about } = payout
  const near = like === undefined ? {} : { code: NEAR_DUPLICATE, message: like }
  const now = context.clock.now()
  const publicId = payoutPublicId(book, id)
  return {
    roots: [payoutRoot(id), payeeRoot(payout.payeeIndex)],
    effects: [
      applied(insertPayout, { ...payout, ...near, state: 'waiting_for_approval' }),
      ...claimed(context, payout, 'reviewed'),
      applied(planDue, { orgId, kind: EXPIRE_PAYOUT, key: id, dueAt: validUntil, payload: null }),
      ...raise(
        { now, id: context.ids.uuid() },
        {
          orgId,
          kind: 'approval_needed',
          about: publicId,
          amount,
          evidence: {
            ...{ payout: publicId, purpose, about },
            ...(like === undefined ? {} : { reason: NEAR_DUPLICATE, other: like }),
          },
        },
      ),
    ],
    events: [payoutEvent(payout, 'waiting_for_approval')],
  }
}

/**
 * Reserves the money and intends the first attempt. When the bank has not got the cash, the payout
 * waits; when its owner has too little, it fails.
 */
export function reserving(
  context: PaymentsContext,
  payout: Payout,
  choice: Choice & { readonly channel: string },
  how: 'made' | 'approved' | 'cash_came',
  more: {
    readonly by?: string
    readonly note?: string
    readonly also?: readonly EffectRow[]
    /** What it means to what the payout is for, when its owner has too little by then. */
    readonly failed?: Parts | undefined
  } = {},
): Command {
  const { also = [], failed } = more
  const { book, id, orgId, holdTry, attempts } = payout
  const writer = context.ledger.writer(book)
  const made = how === 'made'
  const moved = (to: PayoutState, addAttempt: 0 | 1, code = '') =>
    made
      ? applied(insertPayout, { ...payout, state: to, attempts: addAttempt, holdTry: 1, code })
      : applied(movePayout, moveOf(payout, { to, addAttempt, code, by: more.by ?? '' }))
  const dueAt = context.clock.now() + RETRY_MS
  const due = () => applied(planDue, { orgId, kind: RETRY_PAYOUT, key: id, dueAt, payload: null })
  const approved =
    how === 'approved'
      ? [approvalEnds(payout, { action: 'approve', by: more.by ?? '', note: more.note ?? '' })]
      : []
  return {
    roots: [payoutRoot(id), payeeRoot(payout.payeeIndex), ...(failed?.roots ?? [])],
    transfers: [holdOf(writer, payout, holdTry + 1)],
    effects: [
      moved('processing', 1),
      applied(usePayeeDay, choice.day),
      ...intended(context, payout, { number: attempts + 1, choice }),
      ...also,
      ...approved,
    ],
    events: [payoutEvent(payout, 'processing')],
    refused: (code) => {
      if (code === 'credit_account_overdrawn') {
        if (how === 'cash_came') return { effects: [moved('waiting_for_cash', 0, code)] }
        const effects = [moved('waiting_for_cash', 0, code), due(), ...also, ...approved]
        return { effects, events: [payoutEvent(payout, 'waiting_for_cash')] }
      }
      // An approval that cannot be carried out leaves the payout waiting for the next one.
      if (how === 'approved') return { effects: [moved('waiting_for_approval', 0, code)] }
      return {
        effects: [moved('failed', 0, code), ...(failed?.effects ?? [])],
        events: [payoutEvent(payout, 'failed'), ...(failed?.events ?? [])],
      }
    },
  }
}

function moveOf(
  payout: Payout,
  to: { readonly to: PayoutState; readonly addAttempt: 0 | 1; readonly code: string; by?: string },
): PayoutMove {
  const { id, state, attempts, holdTry } = payout
  return {
    id,
    from: state,
    to: to.to,
    attempts,
    holdTry,
    addAttempt: to.addAttempt,
    addHoldTry: 1,
    tried: '',
    approvedBy: to.to === 'waiting_for_approval' ? '' : (to.by ?? ''),
    code: to.code,
    message: '',
  }
}

function holdOf(writer: BookWriter, payout: Payout, holdTry: number): HoldRequest {
  const { id, source, amount } = payout
  const cash = cashOf(writer)
  const purpose = payout.purpose
  return {
    type: 'hold',
    id: payoutHold(id, holdTry),
    debit: source,
    credit: cash,
    amount,
    pinned: true,
    purpose,
  }
}

/** The effects that intend a payout's attempt. */
export function intended(
  context: PaymentsContext,
  payout: Payout,
  of: { readonly number: number; readonly choice: Choice & { readonly channel: string } },
): EffectRow[] {
  const { book, id, orgId, bank, accountType, amount, validUntil } = payout
  const { number, choice } = of
  return context.desk.intend(book, {
    orgId,
    id: payoutAttempt(id, number),
    direction: 'pay',
    owner: payoutPublicId(book, id),
    number,
    channel: choice.channel,
    method: '',
    bank,
    accountType,
    amount,
    currency: context.ledger.writer(book).book.currency,
    at: choice.at,
    validUntil,
    route: routeJson(choice.route),
  })
}

/** The effect that ends the wait for a second person. */
export const approvalEnds = (
  payout: Payout,
  how: { readonly action: 'approve' | 'reject'; readonly by: string; readonly note: string },
): EffectRow =>
  applied(settleException, {
    kind: 'approval_needed',
    about: payoutPublicId(payout.book, payout.id),
    ...how,
  })

/** What other modules hear of a payout. */
export function payoutEvent(payout: Payout, what: string): OutboxEvent {
  const { book, id, orgId, amount, purpose, about } = payout
  const aggregate = payoutPublicId(book, id)
  return {
    kind: `payments.payout_${what}`,
    aggregate,
    orgId,
    payload: { payout: aggregate, amount: String(amount), purpose, about },
  }
}
