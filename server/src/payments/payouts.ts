/**
 * Payouts: reserved, sent, and either gone or given back.
 *
 * The money is reserved by one pinned hold of the owner's account for the book's cash, so that a payout
 * is refused both when its owner has too little and when the bank has not got the money yet. The one
 * thing to get wrong: giving the hold up, or trying another channel, while an attempt is not final.
 * Both happen only in `moved`, on a certain failure.
 */
import { applied, type DueWork, doneDue, type EffectRow, postponeDue, type Uuid } from '#base'
import type { Parts, Stopped } from '#channels'
import { type Command, REFUSALS, type RefusalCode } from '#ledger'
import { type Handlers, mustCommand, type PaymentsContext } from './context.ts'
import { claimed, nearDuplicate } from './near-duplicate.ts'
import type { OutsideContext } from './outside.ts'
import { chooseChannel, type PayoutOrder, paying, payoutOf, payoutRoot } from './payout.ts'
import {
  approvalEnds,
  begun,
  EXPIRE_PAYOUT,
  payoutEvent,
  RETRY_MS,
  RETRY_PAYOUT,
  reserving,
} from './payout-reserve.ts'
import { isPayoutOver, type PayoutPurpose } from './payout-states.ts'
import { findPayout, listPayouts, movePayout, type Payout } from './payout-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'
import { stopOf } from './stopped.ts'

/** What else a payout causes for what it is for. */
export interface PayoutFollower {
  /** A second person has agreed. */
  approved?(payout: Payout): Promise<Parts>
  /** A second person has turned it down; as `ended` with `cancelled` when absent. */
  rejected?(payout: Payout): Promise<Parts>
  ended(payout: Payout, result: 'succeeded' | 'failed' | 'cancelled'): Promise<Parts>
}

/** Who decides, and why. */
export interface Decider {
  readonly by: string
  readonly note?: string
}

export interface PayoutsContext extends OutsideContext {
  readonly followers: Partial<Record<PayoutPurpose, PayoutFollower>>
}

export type PayoutAnswer =
  | { readonly payout: Payout; readonly created: boolean }
  /** With who paused it, for `stopped`. */
  | { readonly refused: PaymentRefusalCode | RefusalCode; readonly stopped?: Stopped }

export interface Payouts {
  /** Makes a payout, or answers the one made before under its id. */
  create(book: number, order: PayoutOrder): Promise<PayoutAnswer>
  /** A second person agrees; refused to the one who asked. */
  approve(book: number, id: Uuid, by: string, note?: string): Promise<PayoutAnswer>
  /** Turned down while it waits for an approval. */
  reject(book: number, id: Uuid, by: string, note?: string): Promise<PayoutAnswer>
  /** Gives up what has not been sent. */
  cancel(book: number, id: Uuid, by: string): Promise<PayoutAnswer>
  /** Tries every payout of the book that waits for cash, oldest first; those that fit go. */
  retryWaiting(book: number): Promise<void>
  readonly handlers: Handlers
}

export function createPayouts(context: PayoutsContext): Payouts {
  return {
    create: (book, order) => create(context, book, order),
    approve: (book, id, by, note = '') => approve(context, book, { id, by, note }),
    reject: (book, id, by, note = '') => reject(context, book, { id, by, note }),
    cancel: (book, id, by) => cancel(context, book, { id, by }),
    retryWaiting: async (book) => {
      const waiting = await listPayouts(context.db, { book, state: 'waiting_for_cash' })
      for (const { id } of waiting) await retry(context, book, id)
    },
    handlers: {
      [RETRY_PAYOUT]: { run: (work) => retryWhenDue(context, work) },
      [EXPIRE_PAYOUT]: { run: (work) => retryWhenDue(context, work) },
    },
  }
}

async function create(
  context: PayoutsContext,
  book: number,
  order: PayoutOrder,
): Promise<PayoutAnswer> {
  const { id, requestHash } = order
  let answer: PayoutAnswer | undefined
  let created = false
  await context.command(book, async () => {
    const found = await findPayout(context.db, book, id)
    if (found !== undefined) {
      answer = madeBefore(found, requestHash)
      return undefined
    }
    const payout = payoutOf(context, book, order)
    const stopped = stopOf(context, paying(context, payout))
    if (stopped !== undefined) {
      answer = { refused: 'stopped', stopped }
      return undefined
    }
    created = true
    const like = await nearDuplicate(context, payout)
    if (order.approval === true || like !== undefined) return begun(context, payout, like)
    const choice = await chooseChannel(context, payout)
    if (choice.channel === undefined) {
      answer = noChannel(choice)
      return undefined
    }
    const also = claimed(context, payout, 'unreviewed')
    return reserving(context, payout, choice, 'made', { also })
  })
  if (answer !== undefined) return answer
  return answerNow(context, book, { id, created })
}

const noChannel = ({ stopped }: { readonly stopped?: Stopped }): PayoutAnswer =>
  stopped === undefined ? { refused: 'no_channel_for_payout' } : { refused: 'stopped', stopped }

/** The same request gets what became of the first; another one under its id is refused. */
function madeBefore(payout: Payout, requestHash: string): PayoutAnswer {
  if (payout.requestHash !== requestHash) return { refused: 'key_reused' }
  return answerOf(payout, false)
}

const answerOf = (payout: Payout, created: boolean): PayoutAnswer =>
  payout.state === 'failed' && payout.attempts === 0 && isRefusal(payout.code)
    ? { refused: payout.code }
    : { payout, created }

const isRefusal = (code: string): code is RefusalCode => REFUSALS.some(([each]) => each === code)

async function answerNow(
  context: PaymentsContext,
  book: number,
  of: { readonly id: Uuid; readonly created: boolean },
): Promise<PayoutAnswer> {
  const payout = await findPayout(context.db, book, of.id)
  return payout === undefined ? { refused: 'payout_not_found' } : answerOf(payout, of.created)
}

async function approve(
  context: PayoutsContext,
  book: number,
  of: { readonly id: Uuid } & Decider,
): Promise<PayoutAnswer> {
  const { id, by, note = '' } = of
  let answer: PayoutAnswer | undefined
  const done = await context.command(book, async () => {
    const payout = await findPayout(context.db, book, id)
    answer = undefined
    if (payout === undefined) answer = { refused: 'payout_not_found' }
    else if (payout.requestedBy === by) answer = { refused: 'approver_is_requester' }
    else if (payout.state !== 'waiting_for_approval') {
      answer =
        payout.approvedBy === by ? { payout, created: false } : { refused: 'payout_not_waiting' }
    }
    if (answer !== undefined || payout === undefined) return undefined
    if (context.clock.now() >= payout.validUntil) {
      answer = { refused: 'payout_expired' }
      return undefined
    }
    const stopped = stopOf(context, paying(context, payout))
    if (stopped !== undefined) {
      answer = { refused: 'stopped', stopped }
      return undefined
    }
    const choice = await chooseChannel(context, payout)
    if (choice.channel === undefined) {
      answer = noChannel(choice)
      return undefined
    }
    const more = await context.followers[payout.purpose]?.approved?.(payout)
    const command = reserving(context, payout, choice, 'approved', {
      by,
      note,
      also: [...(more?.effects ?? []), ...claimed(context, payout, 'reviewed')],
    })
    return { ...command, roots: [...command.roots, ...(more?.roots ?? [])] }
  })
  if (answer !== undefined) return answer
  const waits = done.status === 'refused' && done.code !== 'credit_account_overdrawn'
  return waits ? { refused: done.code } : answerNow(context, book, { id, created: false })
}

async function cancel(
  context: PayoutsContext,
  book: number,
  of: { readonly id: Uuid; readonly by: string },
): Promise<PayoutAnswer> {
  const { id, by } = of
  let answer: PayoutAnswer | undefined
  await context.command(book, async () => {
    const payout = await findPayout(context.db, book, id)
    answer = undefined
    if (payout === undefined) answer = { refused: 'payout_not_found' }
    else if (payout.state === 'cancelled') answer = { payout, created: false }
    else if (payout.state !== 'waiting_for_cash' && payout.state !== 'waiting_for_approval') {
      answer = { refused: 'payout_not_waiting' }
    }
    if (answer !== undefined || payout === undefined) return undefined
    const to = { to: 'cancelled', code: 'cancelled', message: `by ${by}` } as const
    return ending(context, payout, to, { by, note: 'The payout was cancelled.' })
  })
  return answer ?? answerNow(context, book, { id, created: false })
}

async function reject(
  context: PayoutsContext,
  book: number,
  of: { readonly id: Uuid } & Decider,
): Promise<PayoutAnswer> {
  const { id, by, note } = of
  let answer: PayoutAnswer | undefined
  await context.command(book, async () => {
    const payout = await findPayout(context.db, book, id)
    answer = undefined
    if (payout === undefined) answer = { refused: 'payout_not_found' }
    else if (payout.state !== 'waiting_for_approval') answer = { refused: 'payout_not_waiting' }
    if (answer !== undefined || payout === undefined) return undefined
    const to = { to: 'cancelled', code: 'rejected', message: `by ${by}` } as const
    return ending(context, payout, to, { by, ...(note === undefined ? {} : { note }) })
  })
  return answer ?? answerNow(context, book, { id, created: false })
}

/** Ends a payout that has reserved nothing. */
async function ending(
  context: PayoutsContext,
  payout: Payout,
  to: { readonly to: 'cancelled' | 'failed'; readonly code: string; readonly message: string },
  decider: Decider,
): Promise<Command> {
  const { id, state, attempts, holdTry } = payout
  const follower = context.followers[payout.purpose]
  const rejected = to.code === 'rejected' ? follower?.rejected : undefined
  const more = await (rejected?.(payout) ?? follower?.ended(payout, to.to))
  const { by, note = '' } = decider
  const waited: EffectRow[] =
    state === 'waiting_for_approval' ? [approvalEnds(payout, { action: 'reject', by, note })] : []
  return {
    ...more,
    roots: [payoutRoot(id), ...(more?.roots ?? [])],
    effects: [
      applied(movePayout, {
        id,
        from: state,
        attempts,
        holdTry,
        addAttempt: 0,
        addHoldTry: 0,
        tried: '',
        approvedBy: '',
        ...to,
      }),
      ...waited,
      ...(more?.effects ?? []),
    ],
    events: [payoutEvent(payout, to.to), ...(more?.events ?? [])],
  }
}

/** Tries again to reserve a payout that waits for cash; nothing when it does not wait any more. */
async function retry(context: PayoutsContext, book: number, id: Uuid): Promise<void> {
  await context.command(book, async () => {
    const payout = await findPayout(context.db, book, id)
    if (payout?.state !== 'waiting_for_cash') return undefined
    if (context.clock.now() >= payout.validUntil) return expired(context, payout)
    const choice = await chooseChannel(context, payout)
    if (choice.channel === undefined) return undefined
    const failed = await context.followers[payout.purpose]?.ended(payout, 'failed')
    return reserving(context, payout, choice, 'cash_came', { failed })
  })
}

const expired = (context: PayoutsContext, payout: Payout) => {
  const message = 'its time was over before it could be sent'
  const to = { to: 'failed', code: 'expired', message } as const
  return ending(context, payout, to, { by: 'platform', note: 'Its time was over.' })
}

/** Due work: retries what waits for cash, ends what waited too long. */
async function retryWhenDue(context: PayoutsContext, work: DueWork): Promise<void> {
  const { book, key: id } = work
  await retry(context, book, id)
  await mustCommand(context, book, async () => {
    const payout = await findPayout(context.db, book, id)
    const roots = [payoutRoot(id)]
    const now = context.clock.now()
    if (payout === undefined || isPayoutOver(payout.state) || payout.state === 'processing') {
      return { roots, effects: [applied(doneDue, work)] }
    }
    if (now >= payout.validUntil) {
      const command = await expired(context, payout)
      return { ...command, effects: [...(command.effects ?? []), applied(doneDue, work)] }
    }
    const dueAt = Math.min(now + RETRY_MS, payout.validUntil)
    return { roots, effects: [applied(postponeDue, { ...work, dueAt })] }
  })
}
