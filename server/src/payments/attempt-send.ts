/**
 * Sends attempts. One is `sending` by a committed command before the first byte leaves, and may leave
 * only before the end of its window, on the clock that never steps back: a sender that slept through
 * it sends nothing.
 */
import { applied, type DueWork, doneDue, postponeDue, type Uuid } from '#base'
import {
  type CollectOrder,
  type NotSent,
  type PaymentChannel,
  type PaymentOutcome,
  type PayOrder,
  type RefundOrder,
  type SendOptions,
  STOPPED_LOOK_MS,
} from '#channels'
import type { Attempt, SendWindow, Sent } from './attempt.ts'
import { record } from './attempt-record.ts'
import { markSending } from './attempt-store.ts'
import { attemptRoot, mustCommand } from './context.ts'
import { type DeskContext, forget, loadAttempt, planAsk, sendKey } from './desk-context.ts'
import { stopOfAttempt } from './stopped.ts'

export type Order = CollectOrder | PayOrder | RefundOrder

/** The window that opens now: as long as the channel sets it, and closed when the attempt's time is over. */
export function sendWindow(
  desk: DeskContext,
  { channel, validUntil }: Pick<Attempt, 'channel' | 'validUntil'>,
): SendWindow {
  const now = desk.clock.now()
  const wideMs = Math.min(desk.channel(channel).timing.sendWithinMs, Math.max(0, validUntil - now))
  return { sendBefore: now + wideMs, sendBeforeMono: desk.clock.mono() + wideMs }
}

/** Sends what has been committed as `sending`, and records the outcome. */
export async function sendNow(
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid },
  window: SendWindow,
  order?: Order,
): Promise<Sent> {
  const attempt = desk.recent.get(at.book, at.id) ?? (await loadAttempt(desk, at.book, at.id))
  if (attempt.state !== 'sending') return { result: 'nothing' }
  const outcome = await perform(desk, attempt, window, order)
  if (outcome.result === 'not_sent') {
    const { message } = outcome
    const told: PaymentOutcome = { result: 'unknown', code: 'NOT_SENT', message }
    const recorded = await record(desk, at, { on: 'not_sent', outcome: told })
    return recorded === 'moved' ? { result: 'not_sent' } : { result: 'nothing' }
  }
  await record(desk, at, { on: outcome.result, outcome })
  return outcome
}

async function perform(
  desk: DeskContext,
  attempt: Attempt,
  { sendBeforeMono }: SendWindow,
  given: Order | undefined,
): Promise<PaymentOutcome | NotSent> {
  const channel = desk.channel(attempt.channel)
  let order: Order
  try {
    order = given ?? (await desk.owner(attempt.direction).order(attempt))
  } catch (error) {
    desk.log.error({ error, attempt: attempt.id }, 'the order of an attempt could not be made')
    return { result: 'not_sent', message: 'its order could not be made' }
  }
  // Asked last of all: it may have been paused since it was marked.
  if (desk.stops?.any() === true && (await stopOfAttempt(desk, attempt)) !== undefined) {
    return { result: 'not_sent', message: 'it was paused' }
  }
  if (desk.clock.mono() >= sendBeforeMono) {
    return { result: 'not_sent', message: 'the time to send it was over' }
  }
  try {
    return await dispatch(channel, attempt, order, { sendBeforeMono })
  } catch (error) {
    // Whatever broke, bytes may have left: it is asked about.
    desk.log.error({ error, attempt: attempt.id }, 'an adapter threw while it sent')
    return { result: 'unknown', code: 'ADAPTER_FAILED', message: 'the call broke off' }
  }
}

function dispatch(
  channel: PaymentChannel,
  { direction }: Attempt,
  order: Order,
  options: SendOptions,
): Promise<PaymentOutcome | NotSent> {
  const none = async (): Promise<NotSent> => ({
    result: 'not_sent',
    message: `channel ${channel.name} cannot ${direction}`,
  })
  switch (direction) {
    case 'collect':
      return channel.collect?.(order as CollectOrder, options) ?? none()
    case 'pay':
      return channel.pay?.(order as PayOrder, options) ?? none()
    case 'refund':
      return channel.refund?.(order as RefundOrder, options) ?? none()
  }
}

/** Due work: sends an attempt once, if it is still to be sent. */
export async function sendDue(desk: DeskContext, work: DueWork): Promise<void> {
  const { book } = work
  const id = work.key.slice(0, 32)
  const attempt = await loadAttempt(desk, book, id)
  if (attempt.state !== 'intended' || sendKey(attempt) !== work.key) {
    await mustCommand(desk, book, async () => ({
      roots: [attemptRoot(id)],
      effects: [forget(work)],
    }))
    return
  }
  const late = desk.clock.now() >= attempt.validUntil
  if (late || !(await desk.owner(attempt.direction).mayBeSent(attempt))) {
    const why = late ? 'its time was over before it could be sent' : 'it may not be sent any more'
    await neverSend(desk, { book, id }, why, work)
    return
  }
  if ((await stopOfAttempt(desk, attempt)) !== undefined) {
    const dueAt = Math.min(desk.clock.now() + STOPPED_LOOK_MS, attempt.validUntil)
    const effects = [applied(postponeDue, { ...work, dueAt })]
    await desk.ledger.writer(book).submit({ roots: [attemptRoot(id)], effects })
    return
  }
  const window = sendWindow(desk, attempt)
  const { sendBefore } = window
  const { timeoutMs } = desk.channel(attempt.channel).timing
  const marked = await desk.ledger.writer(book).submit({
    roots: [attemptRoot(id)],
    effects: [
      applied(markSending, { id, sendBefore }),
      applied(doneDue, work),
      planAsk(attempt, sendBefore + timeoutMs),
    ],
  })
  if (marked.status !== 'committed') return
  desk.recent.keep({ ...attempt, state: 'sending', sendBefore })
  await sendNow(desk, { book, id }, window)
}

/** Ends an attempt that never left. */
export function neverSend(
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid },
  message: string,
  work?: DueWork,
) {
  const outcome: PaymentOutcome = { result: 'failed', code: 'NEVER_SENT', message }
  const also = work === undefined ? [] : [forget(work)]
  return record(desk, at, { on: 'expired', outcome, also })
}
