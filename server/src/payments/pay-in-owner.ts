/**
 * What it means for a pay-in that one of its attempts moved: the first money is booked to its
 * destination; any other money goes to suspense, where it is refunded, or attached by the pay-in's
 * policy. A payer may pay two open attempts, and a rail may pay one out that it had called failed.
 */
import {
  applied,
  Bug,
  type DueWork,
  derivedUuid,
  type EffectRow,
  type OutboxEvent,
  parsePublicId,
  planDue,
  present,
  publicId,
} from '#base'
import type { PaymentOutcome } from '#channels'
import type { AccountOpening, TransferRequest } from '#ledger'
import type { Attempt, AttemptMoved, AttemptOwner, AttemptParts } from './attempt.ts'
import { bookLate, findAttempt } from './attempt-store.ts'
import {
  mustCommand,
  type PaymentsContext,
  payInRoot,
  planRoot,
  suspenseOf,
  transitOf,
} from './context.ts'
import { forget } from './desk-context.ts'
import { type ExceptionKind, raise } from './exceptions.ts'
import type { PayIn } from './pay-in.ts'
import { endAttempt, findPayIn, payPayIn } from './pay-in-store.ts'
import type { Recent } from './recent.ts'

/** Kinds of due work. */
export const EXPIRE = 'payments.expire_pay_in'
export const CLOSE_OTHERS = 'payments.close_other_attempts'
export const REFUND_SURPLUS = 'payments.refund_surplus'

interface PayInOwnerOptions {
  readonly context: PaymentsContext
  readonly recent: Recent<PayIn>
  /** What a plan adds when the money of one of its legs has come. */
  readonly legMoved: (payIn: PayIn, to: 'paid') => Promise<readonly EffectRow[]>
}

/** The pay-in's uuid in an attempt's owner. */
export function payInOf(owner: string): string {
  return present(parsePublicId(owner, 'pay'), `owner ${owner} is a pay-in`).uuid
}

export function createPayInOwner(options: PayInOwnerOptions): AttemptOwner {
  return {
    order: async ({ id }) => {
      // Orders to collect are sent by whoever made them, at once; nothing of the payer is kept.
      throw new Bug(`attempt ${id} to collect is not sent later`)
    },
    mayBeSent: async () => false,
    moved: (attempt, event) => moved(options, attempt, event),
    contradicted: (attempt, outcome) => contradicted(options, attempt, outcome),
  }
}

async function load({ context, recent }: PayInOwnerOptions, attempt: Attempt): Promise<PayIn> {
  const id = payInOf(attempt.owner)
  const known = recent.get(attempt.book, id)
  // Remembered once: if it has moved since, the command is stale and the row is read.
  recent.forget(id)
  if (known !== undefined) return known
  return present(await findPayIn(context.db, attempt.book, id), `pay-in ${attempt.owner}`)
}

async function moved(
  options: PayInOwnerOptions,
  attempt: Attempt,
  { to, outcome }: AttemptMoved,
): Promise<AttemptParts> {
  const id = payInOf(attempt.owner)
  const roots = [payInRoot(id)]
  if (to === 'failed') {
    options.recent.forget(id)
    return { roots, effects: [applied(endAttempt, { id }), planExpiry(attempt)] }
  }
  if (to !== 'succeeded') return { roots: [] }
  const payIn = await load(options, attempt)
  if (payIn.state === 'open' && takesMoney(options, payIn)) {
    return toDestination(options, payIn, attempt, 'open')
  }
  const kind = payIn.state === 'succeeded' ? 'paid_twice' : 'late_success'
  const parts = toSuspense(options, payIn, attempt, { kind, outcome })
  // A pay-in that stays open, because its account takes nothing any more, still ends with its time.
  const ends = payIn.state === 'open' ? [planExpiry(attempt)] : []
  return { ...parts, effects: [...(parts.effects ?? []), applied(endAttempt, { id }), ...ends] }
}

/** A closed account takes nothing any more. */
function takesMoney({ context }: PayInOwnerOptions, { book, destination }: PayIn): boolean {
  return context.ledger.writer(book).account(destination)?.state !== 'closed'
}

async function toDestination(
  options: PayInOwnerOptions,
  payIn: PayIn,
  attempt: Attempt,
  was: 'open' | 'final',
): Promise<AttemptParts> {
  const { id, state, attempts, openAttempts, book, orgId } = payIn
  const ended = was === 'open' ? 1 : 0
  const effects = [applied(payPayIn, { id, from: state, by: attempt.id, attempts, ended })]
  if (openAttempts > ended) {
    const key = `${id}/${attempt.id}`
    const dueAt = options.context.clock.now()
    effects.push(applied(planDue, { orgId, kind: CLOSE_OTHERS, key, dueAt, payload: null }))
  }
  if (payIn.plan !== undefined) effects.push(...(await options.legMoved(payIn, 'paid')))
  const { open, transfer } = booking(options, attempt, payIn.destination, book)
  const bookedTo = 'destination' as const
  return {
    roots: [payInRoot(id), ...planRoots(payIn)],
    open,
    transfers: [transfer],
    effects,
    events: [paymentSucceeded(payIn, attempt)],
    bookedTo,
  }
}

/** What other modules hear of a payment that was paid, once for ever. */
function paymentSucceeded({ book, id, orgId }: PayIn, { amount }: Attempt): OutboxEvent {
  const payment = publicId('pay', book, id)
  const payload = { payment, amount: String(amount) }
  return { kind: 'payments.payment_succeeded', aggregate: payment, orgId, payload }
}

const planRoots = ({ plan }: PayIn) => (plan === undefined ? [] : [planRoot(plan)])

function toSuspense(
  { context }: PayInOwnerOptions,
  payIn: PayIn,
  attempt: Attempt,
  why: { readonly kind: ExceptionKind; readonly outcome: PaymentOutcome },
): AttemptParts {
  const { book, orgId, id } = payIn
  const writer = context.ledger.writer(book)
  const { open, transfer } = booking({ context }, attempt, suspenseOf(writer), book)
  const now = context.clock.now()
  const about = publicId('att', book, attempt.id)
  const { amount, channel, reference } = attempt
  const evidence = { payment: attempt.owner, channel, reference, code: why.outcome.code }
  const effects = [
    ...raise({ now, id: context.ids.uuid() }, { orgId, kind: why.kind, about, amount, evidence }),
    applied(planDue, { orgId, kind: REFUND_SURPLUS, key: attempt.id, dueAt: now, payload: null }),
  ]
  return { roots: [payInRoot(id)], open, transfers: [transfer], effects, bookedTo: 'suspense' }
}

function booking(
  { context }: Pick<PayInOwnerOptions, 'context'>,
  attempt: Attempt,
  credit: string,
  book: number,
): { open: readonly AccountOpening[]; transfer: TransferRequest } {
  const transit = transitOf(context.ledger.writer(book), attempt.channel)
  const transfer: TransferRequest = {
    type: 'post',
    id: bookedId(attempt.id),
    legs: [{ debit: transit.id, credit, amount: attempt.amount }],
  }
  return { open: transit.open, transfer }
}

/** The transfer that books a collection, once for ever. */
const bookedId = (attempt: string) => derivedUuid('payments.transfer', `${attempt}/booked`)

const planExpiry = ({ orgId, id, validUntil }: Attempt): EffectRow =>
  applied(planDue, { orgId, kind: EXPIRE, key: id, dueAt: validUntil, payload: null })

/** The rail takes back what it said of a final attempt. */
async function contradicted(
  options: PayInOwnerOptions,
  attempt: Attempt,
  outcome: PaymentOutcome,
): Promise<AttemptParts | undefined> {
  if (attempt.state === 'succeeded') return toldFailed(options, attempt, outcome)
  const { context, recent } = options
  // What is remembered does not say where a final attempt was booked since.
  const now = present(
    await findAttempt(context.db, attempt.book, { id: attempt.id }),
    `attempt ${attempt.id}`,
  )
  if (now.bookedTo !== '') return undefined
  recent.forget(payInOf(attempt.owner))
  const payIn = await load(options, attempt)
  const parts = await bookFound(options, payIn, attempt, outcome)
  const to = present(parts.bookedTo, 'it was booked')
  const channelReference = outcome.bankReference ?? ''
  const late = applied(bookLate, { id: attempt.id, to, channelReference })
  return { ...parts, effects: [...(parts.effects ?? []), late] }
}

async function bookFound(
  options: PayInOwnerOptions,
  payIn: PayIn,
  attempt: Attempt,
  outcome: PaymentOutcome,
): Promise<AttemptParts> {
  const kind: ExceptionKind = attempt.notFound > 0 ? 'hidden_then_found' : 'late_success'
  const stillWanted =
    payIn.state === 'open' || (payIn.state === 'closed' && payIn.late === 'attach')
  if (!stillWanted || !takesMoney(options, payIn)) {
    const why = payIn.state === 'succeeded' ? 'paid_twice' : kind
    return toSuspense(options, payIn, attempt, { kind: why, outcome })
  }
  const parts = await toDestination(options, payIn, attempt, 'final')
  const raised = noteOn(options, attempt, kind, outcome)
  return { ...parts, effects: [...(parts.effects ?? []), ...raised] }
}

async function toldFailed(
  options: PayInOwnerOptions,
  attempt: Attempt,
  outcome: PaymentOutcome,
): Promise<AttemptParts> {
  return { roots: [], effects: noteOn(options, attempt, 'contradicted', outcome) }
}

function noteOn(
  { context }: PayInOwnerOptions,
  attempt: Attempt,
  kind: ExceptionKind,
  { result, code }: PaymentOutcome,
): EffectRow[] {
  const { orgId, amount, book, owner, channel, reference, state } = attempt
  const about = publicId('att', book, attempt.id)
  const evidence = { payment: owner, channel, reference, was: state, told: result, code }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  return raise(at, { orgId, kind, about, amount, evidence })
}

/** Due work: sends surplus money back by itself, where the part that refunds is there. */
export async function refundSurplus(context: PaymentsContext, work: DueWork): Promise<void> {
  const { book, key } = work
  const attempt = present(await findAttempt(context.db, book, { id: key }), `attempt ${key}`)
  if (attempt.bookedTo === 'suspense' && attempt.refunding + attempt.refunded === 0n) {
    await context.refundAttempt?.(book, attempt, 'nobody is owed this payment')
  }
  await mustCommand(context, book, async () => ({
    roots: [`surplus:${key}`],
    effects: [forget(work)],
  }))
}

/** The transfer that takes late money out of suspense, once for ever. */
export const attachedId = (attempt: string) =>
  derivedUuid('payments.transfer', `${attempt}/attached`)
