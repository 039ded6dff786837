/**
 * Payouts: reserved, sent, and either gone or given back.
 *
 * The money is reserved by one pinned hold of the owner's account for the book's cash, so that a payout
 * is refused both when its owner has too little and when the bank has not got the money yet. The one
 * thing to get wrong: giving the hold up, or trying another channel, while an attempt is not final.
 * Both happen only in `moved`, on a certain failure.
 */
import {
  applied,
  type DueWork,
  doneDue,
  type EffectRow,
  type OutboxEvent,
  planDue,
  postponeDue,
  type Uuid,
} from '#base'
import type { Parts } from '#channels'
import {
  type BookWriter,
  type Command,
  type HoldRequest,
  REFUSALS,
  type RefusalCode,
} from '#ledger'
import type { RouteDecision } from '#routing'
import { type Handlers, mustCommand, type PaymentsContext } from './context.ts'
import { raise } from './exceptions.ts'
import type { OutsideContext } from './outside.ts'
import { settleException } from './outside-store.ts'
import { routeJson } from './pay-in.ts'
import {
  type Choice,
  chooseChannel,
  type PayoutOrder,
  payeeRoot,
  payoutAttempt,
  payoutHold,
  payoutOf,
  payoutPublicId,
  payoutRoot,
} from './payout.ts'
import { cashOf } from './payout-cash.ts'
import { isPayoutOver, type PayoutPurpose, type PayoutState } from './payout-states.ts'
import {
  findPayout,
  insertPayout,
  listPayouts,
  movePayout,
  type Payout,
  type PayoutMove,
  usePayeeDay,
} from './payout-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'

export const RETRY_PAYOUT = 'payments.retry_payout'
export const EXPIRE_PAYOUT = 'payments.expire_payout'

/** How long until a payout that waits for cash is tried again when nothing else wakes it. */
const RETRY_MS = 600_000

/** What else a payout causes for what it is for. */
export interface PayoutFollower {
  /** A second person has agreed. */
  approved?(payout: Payout): Promise<Parts>
  ended(payout: Payout, result: 'succeeded' | 'failed' | 'cancelled'): Promise<Parts>
}

export interface PayoutsContext extends OutsideContext {
  readonly followers: Partial<Record<PayoutPurpose, PayoutFollower>>
}

export type PayoutAnswer =
  | { readonly payout: Payout; readonly created: boolean }
  | { readonly refused: PaymentRefusalCode | RefusalCode }

export interface Payouts {
  /** Makes a payout, or answers the one made before under its id. */
  create(book: number, order: PayoutOrder): Promise<PayoutAnswer>
  /** A second person agrees; refused to the one who asked. */
  approve(book: number, id: Uuid, by: string): Promise<PayoutAnswer>
  /** Gives up what has not been sent. */
  cancel(book: number, id: Uuid, by: string): Promise<PayoutAnswer>
  /** Tries every payout of the book that waits for cash, oldest first; those that fit go. */
  retryWaiting(book: number): Promise<void>
  readonly handlers: Handlers
}

export function createPayouts(context: PayoutsContext): Payouts {
  return {
    create: (book, order) => create(context, book, order),
    approve: (book, id, by) => approve(context, book, { id, by }),
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
    created = true
    if (order.approval === true) return begun(context, payout)
    const choice = await chooseChannel(context, payout)
    if (choice.channel === undefined) {
      answer = { refused: 'no_channel_for_payout' }
      return undefined
    }
    return reserving(context, payout, choice, 'made')
  })
  if (answer !== undefined) return answer
  return answerNow(context, book, { id, created })
}

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

/** Writes a payout that waits for its approval. */
export function begun(context: PaymentsContext, payout: Payout): Command {
  const { id, orgId, book, validUntil, amount, purpose, about } = payout
  const now = context.clock.now()
  const publicId = payoutPublicId(book, id)
  return {
    roots: [payoutRoot(id)],
    effects: [
      applied(insertPayout, payout),
      applied(planDue, { orgId, kind: EXPIRE_PAYOUT, key: id, dueAt: validUntil, payload: null }),
      raise(
        { now, id: context.ids.uuid() },
        {
          orgId,
          kind: 'approval_needed',
          about: publicId,
          amount,
          evidence: { payout: publicId, purpose, about },
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
function reserving(
  context: PaymentsContext,
  payout: Payout,
  choice: Choice & { readonly channel: string },
  how: 'made' | 'approved' | 'cash_came',
  more: { readonly by?: string; readonly also?: readonly EffectRow[] } = {},
): Command {
  const { also = [] } = more
  const { book, id, orgId, holdTry, attempts } = payout
  const writer = context.ledger.writer(book)
  const made = how === 'made'
  const moved = (to: PayoutState, addAttempt: 0 | 1, code = '') =>
    made
      ? applied(insertPayout, { ...payout, state: to, attempts: addAttempt, holdTry: 1, code })
      : applied(movePayout, moveOf(payout, { to, addAttempt, code, by: more.by ?? '' }))
  const dueAt = context.clock.now() + RETRY_MS
  const due = () => applied(planDue, { orgId, kind: RETRY_PAYOUT, key: id, dueAt, payload: null })
  const approved = how === 'approved' ? [approvalGiven(payout, more.by ?? '')] : []
  return {
    roots: [payoutRoot(id), payeeRoot(payout.payeeIndex)],
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
      return { effects: [moved('failed', 0, code)], events: [payoutEvent(payout, 'failed')] }
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
    at: context.clock.now(),
    validUntil,
    route: routeJson(choice.route) as RouteDecision,
  })
}

async function approve(
  context: PayoutsContext,
  book: number,
  of: { readonly id: Uuid; readonly by: string },
): Promise<PayoutAnswer> {
  const { id, by } = of
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
    const choice = await chooseChannel(context, payout)
    if (choice.channel === undefined) {
      answer = { refused: 'no_channel_for_payout' }
      return undefined
    }
    const more = await context.followers[payout.purpose]?.approved?.(payout)
    const command = reserving(context, payout, choice, 'approved', {
      by,
      also: more?.effects ?? [],
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
    return ending(context, payout, { to: 'cancelled', code: 'cancelled', message: `by ${by}` })
  })
  return answer ?? answerNow(context, book, { id, created: false })
}

/** Ends a payout that has reserved nothing. */
async function ending(
  context: PayoutsContext,
  payout: Payout,
  to: { readonly to: 'cancelled' | 'failed'; readonly code: string; readonly message: string },
  also: readonly EffectRow[] = [],
): Promise<Command> {
  const { id, state, attempts, holdTry } = payout
  const more = await context.followers[payout.purpose]?.ended(payout, to.to)
  const waited = state === 'waiting_for_approval' ? [approvalGiven(payout, to.code)] : []
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
      ...also,
    ],
    events: [payoutEvent(payout, to.to), ...(more?.events ?? [])],
  }
}

const approvalGiven = (payout: Payout, by: string) =>
  applied(settleException, {
    kind: 'approval_needed',
    about: payoutPublicId(payout.book, payout.id),
    action: 'approve',
    note: '',
    by,
  })

/** Tries again to reserve a payout that waits for cash; false when it does not wait any more. */
async function retry(context: PayoutsContext, book: number, id: Uuid): Promise<boolean> {
  let waits = false
  await context.command(book, async () => {
    const payout = await findPayout(context.db, book, id)
    waits = payout?.state === 'waiting_for_cash'
    if (payout === undefined || !waits) return undefined
    if (context.clock.now() >= payout.validUntil) return expired(context, payout)
    const choice = await chooseChannel(context, payout)
    return choice.channel === undefined
      ? undefined
      : reserving(context, payout, choice, 'cash_came')
  })
  return waits
}

const expired = (context: PayoutsContext, payout: Payout) =>
  ending(context, payout, {
    to: 'failed',
    code: 'expired',
    message: 'its time was over before it could be sent',
  })

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
