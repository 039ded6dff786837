/**
 * Opens pay-ins, adds attempts, closes them. The first attempt is written as `sending` by the command
 * that opens the pay-in and sent right after its commit, so that a payment costs one command here, one
 * when the rail has answered, and one when the money has come.
 *
 * The one thing to get wrong: a pay-in is closed at the rail before it is closed here. Closed the other
 * way round, a payer could pay an order we no longer know as open.
 */
import {
  applied,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  present,
  publicId,
  type Uuid,
} from '#base'
import { type CollectOrder, isFinal, type Stopped } from '#channels'
import type { BookWriter } from '#ledger'
import { type RouteDecision, routeJson } from '#routing'
import type { Attempt, SendWindow, Sent } from './attempt.ts'
import { closeAtRail } from './attempt-ask.ts'
import { record } from './attempt-record.ts'
import { findAttempt, listAttempts } from './attempt-store.ts'
import {
  attemptRoot,
  mustCommand,
  type PaymentsContext,
  payInRoot,
  planRoot,
  wakeFor,
} from './context.ts'
import { type DeskContext, forget } from './desk-context.ts'
import type { NewPayIn, PayIn, PayWith } from './pay-in.ts'
import { CLOSE_OTHERS, EXPIRE, payInOf, REFUND_SURPLUS, refundSurplus } from './pay-in-owner.ts'
import { addAttempt, closePayIn, findPayIn, insertPayIn } from './pay-in-store.ts'
import type { Recent } from './recent.ts'
import type { PaymentRefusalCode } from './refusals.ts'
import { merchantOf, stopOf, stoppedChannels } from './stopped.ts'

/** Channels tried in one request before the caller is asked how to go on. */
const CHANNELS_MAX = 3
/** Attempts one pay-in may have. */
const ATTEMPTS_MAX = 20

export interface PayInsOptions {
  readonly context: PaymentsContext
  readonly desk: DeskContext
  readonly recent: Recent<PayIn>
  /** What a plan adds to the command that closes the pay-in of one of its legs. */
  readonly legMoved: (payIn: PayIn, to: 'closed') => Promise<readonly EffectRow[]>
}

export interface Refused {
  readonly refused: PaymentRefusalCode
  /** Why each channel cannot take it. */
  readonly decision?: RouteDecision
  /** Who paused it, for `stopped`. */
  readonly stopped?: Stopped
}

export interface Opened {
  readonly payIn: PayIn
  readonly attempts: readonly Attempt[]
  /** True when it was there before, made by the same request. */
  readonly replayed: boolean
}

/** Why money cannot be collected for this account; `undefined` when it can. */
export function destinationRefusal(
  writer: Pick<BookWriter, 'book' | 'account'>,
  at: { readonly destination: Uuid; readonly currency: string },
): PaymentRefusalCode | undefined {
  const { book } = writer
  if (book.chart !== 'custody_pool') return 'book_takes_no_payments'
  const account = writer.account(at.destination)
  if (account === undefined) return 'destination_not_found'
  if (account.side !== 'credit' || account.code === '2241.06') return 'destination_not_payable'
  if (account.state === 'closed') return 'destination_closed'
  return at.currency === book.currency ? undefined : 'currency_differs'
}

/** Opens a pay-in and sends its first attempt. The same id and request hash again finds it. */
export async function openPayIn(on: PayInsOptions, wanted: NewPayIn): Promise<Opened | Refused> {
  const { context } = on
  const { book, id } = wanted
  const refused = destinationRefusal(context.ledger.writer(book), wanted)
  if (refused !== undefined) return (await existing(on, wanted)) ?? { refused }
  if (on.recent.get(book, id) !== undefined)
    return present(await existing(on, wanted), 'it was opened')
  const stopped = collectingStopped(on, wanted)
  if (stopped !== undefined) return (await existing(on, wanted)) ?? stopped
  const decision = decide(on, wanted, wanted, [])
  const first = attemptWith(on, wanted, decision, derivedUuid('payments.attempt', `${id}/1`), 1)
  if (first === undefined) {
    const refusal = noChannel(on, wanted, wanted, { decision, tried: [] })
    return (await existing(on, wanted)) ?? refusal
  }
  const payIn = freshPayIn(on, wanted)
  const effects = [applied(insertPayIn, payIn), ...first.effects, ...(wanted.also ?? [])]
  const submitted = await context.ledger.writer(book).submit({
    roots: [payInRoot(id), ...(wanted.plan === undefined ? [] : [planRoot(wanted.plan.id)])],
    effects,
  })
  // It was opened meanwhile; or what it was to be opened with has moved.
  if (submitted.status !== 'committed') {
    return (await existing(on, wanted)) ?? { refused: 'plan_moved' }
  }
  wakeFor(context, effects)
  on.recent.keep(id, payIn)
  const attempts = await sendFirst(on, payIn, wanted, first)
  const last = attempts.at(-1)
  const ended = last !== undefined && isFinal(last.state)
  const settled = ended ? await findPayIn(context.db, book, id) : undefined
  return { payIn: settled ?? { ...payIn, attempts: attempts.length }, attempts, replayed: false }
}

const collecting = (
  { context }: PayInsOptions,
  { book, destination }: Pick<NewPayIn, 'book' | 'destination'>,
) => ({
  ...{ direction: 'collect' as const, book },
  ...merchantOf(context, { book, account: destination }),
})

/** Why nothing can be collected for this account now, over whatever channel. */
function collectingStopped(
  on: PayInsOptions,
  place: Pick<NewPayIn, 'book' | 'destination'>,
): Refused | undefined {
  if (on.context.stops?.any() !== true) return undefined
  const stopped = stopOf(on.context, collecting(on, place))
  return stopped && { refused: 'stopped', stopped }
}

/** No channel takes it: because the one that would is paused, or for the reasons of the decision. */
function noChannel(
  on: PayInsOptions,
  target: Target,
  pay: PayWith,
  of: { readonly decision: RouteDecision; readonly tried: readonly string[] },
): Refused {
  const { decision, tried } = of
  const none: Refused = { refused: 'no_channel', decision }
  if (on.context.stops?.any() !== true) return none
  const { channel } = routeOver(on, target, pay, tried)
  const stopped = channel && stopOf(on.context, { ...collecting(on, target), channel })
  return stopped ? { refused: 'stopped', stopped } : none
}

/** The pay-in of an id, in its present state; refused when another request made it. */
async function existing(
  { context }: PayInsOptions,
  { book, id, requestHash }: NewPayIn,
): Promise<Opened | Refused | undefined> {
  const payIn = await findPayIn(context.db, book, id)
  if (payIn === undefined) return undefined
  if (payIn.requestHash !== requestHash) return { refused: 'key_reused' }
  const attempts = await listAttempts(context.db, book, publicId('pay', book, id))
  return { payIn, attempts, replayed: true }
}

function freshPayIn({ context }: PayInsOptions, wanted: NewPayIn): PayIn {
  const { book, id, destination, amount, currency, subject, late, attributes } = wanted
  const now = context.clock.now()
  return {
    ...{ book, orgId: context.orgId, id, destination, amount, currency, subject, late, attributes },
    state: 'open',
    ...(wanted.plan === undefined ? {} : { plan: wanted.plan.id, leg: wanted.plan.leg }),
    attempts: 1,
    openAttempts: 1,
    expiresAt: wanted.expiresAt,
    requestHash: wanted.requestHash,
    madeAt: now,
    movedAt: now,
  }
}

type Target = Pick<NewPayIn, 'book' | 'id' | 'destination' | 'amount' | 'currency'> &
  Pick<NewPayIn, 'attributes' | 'subject' | 'expiresAt'>

/** The decision among the channels that are not paused. */
function decide(
  on: PayInsOptions,
  target: Target,
  pay: PayWith,
  tried: readonly string[],
): RouteDecision {
  if (on.context.stops?.any() !== true) return routeOver(on, target, pay, tried)
  const stopped = stoppedChannels(on.context, collecting(on, target))
  return routeOver(on, target, pay, [...tried, ...stopped])
}

function routeOver(
  { context }: PayInsOptions,
  { book, amount, currency, attributes }: Target,
  { methods, bank, accountType }: PayWith,
  tried: readonly string[],
): RouteDecision {
  return context.router.decide({
    ...{ direction: 'collect', book, amount, currency, attributes, bank, methods, tried },
    ...(accountType === '' ? {} : { accountType }),
    at: context.clock.now(),
  })
}

interface Prepared {
  readonly attempt: Attempt
  readonly order: CollectOrder
  readonly window: SendWindow
  readonly effects: ReturnType<PaymentsContext['desk']['intend']>
}

/** An attempt on the channel that was chosen, with its order; `undefined` when none was. */
function attemptWith(
  { context }: PayInsOptions,
  target: Target & PayWith,
  decision: RouteDecision,
  id: Uuid,
  number: number,
): Prepared | undefined {
  const { channel, method } = decision
  if (channel === undefined || method === undefined) return undefined
  const { desk, clock, orgId } = context
  const { book, amount, currency, bank, accountType, subject, expiresAt } = target
  const at = clock.now()
  const window = desk.sendWindow({ channel, validUntil: expiresAt })
  const fresh = {
    ...{ orgId, id, direction: 'collect' as const, owner: publicId('pay', book, target.id) },
    ...{ number, channel, method, bank, accountType, amount, currency, at },
    validUntil: expiresAt,
    route: routeJson(decision),
  }
  const attempt = desk.fresh(book, fresh, window)
  const { payer, payerId, payerIp } = target
  const order: CollectOrder = {
    ...{ reference: attempt.reference, at, amount, currency, method, subject, expiresAt },
    ...(payer === undefined ? {} : { payer }),
    ...(payerId === undefined ? {} : { payerId }),
    ...(payerIp === undefined ? {} : { payerIp }),
  }
  return { attempt, order, window, effects: desk.intend(book, fresh, { sending: window }) }
}

/** Sends the first attempt, and goes on to other channels while that is proved to be safe. */
async function sendFirst(
  on: PayInsOptions,
  payIn: PayIn,
  wanted: Target & PayWith,
  first: Prepared,
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  const tried: string[] = []
  let sending: Prepared | undefined = first
  while (sending !== undefined) {
    const { attempt } = sending
    attempts.push(await sendOne(on, sending))
    tried.push(attempt.channel)
    const { state, code } = attempts.at(-1)!
    if (state !== 'failed' || !mayTryOther(on, attempt.channel, code)) break
    if (tried.length >= CHANNELS_MAX || on.context.clock.now() >= payIn.expiresAt) break
    sending = await nextAttempt(on, payIn, wanted, { tried, number: attempt.number + 1 })
  }
  return attempts
}

/** Sends one and answers it as it stands afterwards. One that never left is given up at once. */
async function sendOne(on: PayInsOptions, prepared: Prepared): Promise<Attempt> {
  const { context, desk } = on
  const { attempt, window, order } = prepared
  const { book, id } = attempt
  desk.recent.keep(attempt)
  const sent: Sent = await context.desk.sendNow(book, id, window, order)
  // Whoever waits for the payer does not wait for the channel: another one may take it now.
  if (sent.result === 'not_sent')
    await context.desk.cancel(book, id, 'the channel was out of reach')
  return (
    desk.recent.get(book, id) ?? present(await findAttempt(context.db, book, { id }), 'an attempt')
  )
}

function mayTryOther({ context }: PayInsOptions, channel: string, code: string): boolean {
  if (code === 'NEVER_SENT') return true
  const { certainty, retry } = context.classify({ channel, direction: 'collect', code })
  return certainty === 'failed' && retry === 'other_channel'
}

async function nextAttempt(
  on: PayInsOptions,
  { book, id }: PayIn,
  wanted: Target & PayWith,
  by: { readonly tried: readonly string[]; readonly number: number },
): Promise<Prepared | undefined> {
  const { number } = by
  const decision = decide(on, wanted, wanted, by.tried)
  const attemptId = derivedUuid('payments.attempt', `${id}/${number}`)
  const prepared = attemptWith(on, wanted, decision, attemptId, number)
  if (prepared === undefined) return undefined
  const submitted = await on.context.ledger.writer(book).submit({
    roots: [payInRoot(id), attemptRoot(attemptId)],
    effects: [applied(addAttempt, { id, before: number - 1 }), ...prepared.effects],
  })
  on.recent.forget(id)
  return submitted.status === 'committed' ? prepared : undefined
}

/** One more attempt, in another way than before, whatever became of the earlier ones. */
export async function attemptPayIn(
  on: PayInsOptions,
  at: { readonly book: number; readonly id: Uuid; readonly attemptId: Uuid },
  pay: PayWith,
): Promise<Opened | Refused> {
  const { context } = on
  const { book, id, attemptId } = at
  for (;;) {
    const payIn = await findPayIn(context.db, book, id)
    if (payIn === undefined) return { refused: 'payment_not_found' }
    const attempts = await listAttempts(context.db, book, publicId('pay', book, id))
    if (attempts.some((each) => each.id === attemptId)) return { payIn, attempts, replayed: true }
    const refused = notPayable(on, payIn)
    if (refused !== undefined) return { refused }
    const stopped = collectingStopped(on, payIn)
    if (stopped !== undefined) return stopped
    const tried = attempts.filter(({ state }) => state === 'failed').map(({ channel }) => channel)
    const target = { ...payIn, ...pay }
    const decision = decide(on, payIn, pay, tried)
    const prepared = attemptWith(on, target, decision, attemptId, payIn.attempts + 1)
    if (prepared === undefined) return noChannel(on, target, pay, { decision, tried })
    const submitted = await context.ledger.writer(book).submit({
      roots: [payInRoot(id), attemptRoot(attemptId)],
      effects: [applied(addAttempt, { id, before: payIn.attempts }), ...prepared.effects],
    })
    on.recent.forget(id)
    // Another attempt was faster, and there are only so many; or the pay-in is no longer open.
    if (submitted.status !== 'committed') continue
    wakeFor(context, prepared.effects)
    const sent = await sendOne(on, prepared)
    const now = present(await findPayIn(context.db, book, id), 'a pay-in')
    return { payIn: now, attempts: [...attempts, sent], replayed: false }
  }
}

function notPayable({ context }: PayInsOptions, payIn: PayIn): PaymentRefusalCode | undefined {
  if (payIn.state === 'succeeded') return 'payment_paid'
  if (payIn.state === 'closed' || context.clock.now() >= payIn.expiresAt) return 'payment_closed'
  return payIn.attempts >= ATTEMPTS_MAX ? 'attempts_too_many' : undefined
}

/**
 * Closes what nobody has paid: every open attempt at its channel first, then the pay-in. Answers the
 * state reached: `open` when a channel would not close, so that the payer may still pay.
 */
export async function closePayment(
  on: PayInsOptions,
  { book, id }: { readonly book: number; readonly id: Uuid },
): Promise<PayIn | undefined> {
  const { context } = on
  const found = await findPayIn(context.db, book, id)
  if (found === undefined || found.state !== 'open') return found
  await closeAttempts(on, book, id)
  await mustCommand(context, book, async () => {
    const payIn = present(await findPayIn(context.db, book, id), 'a pay-in')
    if (payIn.state !== 'open' || payIn.openAttempts > 0) return undefined
    const roots = [payInRoot(id), ...(payIn.plan === undefined ? [] : [planRoot(payIn.plan)])]
    const legs = payIn.plan === undefined ? [] : await on.legMoved(payIn, 'closed')
    return { roots, effects: [applied(closePayIn, { id }), ...legs] }
  })
  on.recent.forget(id)
  return findPayIn(context.db, book, id)
}

/** Closes the open attempts at their channels; what a channel does not close is asked about. */
async function closeAttempts(on: PayInsOptions, book: number, id: Uuid): Promise<void> {
  const { context, desk } = on
  for (const attempt of await listAttempts(context.db, book, publicId('pay', book, id))) {
    if (isFinal(attempt.state)) continue
    if (attempt.state === 'intended') {
      await context.desk.cancel(book, attempt.id, 'the payment was closed')
      continue
    }
    // Bytes may still leave: it is closed once it is known where it stands.
    if (attempt.state === 'sending') continue
    const closed = await closeAtRail(desk, attempt)
    if (closed === undefined) await context.desk.askNow(book, attempt.id)
    else await record(desk, attempt, { on: closed.result, outcome: closed })
  }
}

/** Due work of pay-ins. */
export function payInHandlers(on: PayInsOptions) {
  const { context } = on
  return {
    [EXPIRE]: { run: (work: DueWork) => expire(on, work) },
    [CLOSE_OTHERS]: {
      run: async (work: DueWork) => {
        const id = work.key.slice(0, 32)
        await closeAttempts(on, work.book, id)
        const command = { roots: [payInRoot(id)], effects: [applied(doneDue, work)] }
        await context.ledger.writer(work.book).submit(command)
      },
    },
    [REFUND_SURPLUS]: { run: (work: DueWork) => refundSurplus(context, work) },
  }
}

/** The time to pay is over. Due once for each attempt that ended unpaid; the last one closes it. */
async function expire(on: PayInsOptions, work: DueWork): Promise<void> {
  const { context } = on
  const { book, key } = work
  const attempt = present(await findAttempt(context.db, book, { id: key }), `attempt ${key}`)
  const id = payInOf(attempt.owner)
  await closePayment(on, { book, id })
  await mustCommand(context, book, async () => ({
    roots: [payInRoot(id)],
    effects: [forget(work)],
  }))
}
