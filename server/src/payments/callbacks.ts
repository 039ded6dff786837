/**
 * Takes callbacks to their books. A rail is answered "taken" only when what it says has been
 * committed, or is known already; anything else it will say again.
 */
import { createHash } from 'node:crypto'
import type { Callback, CallbackRequest, NoticeRefusal, PaymentChannel } from '#channels'
import type { CallbackTaken } from './attempt.ts'
import { record } from './attempt-record.ts'
import { findAttempt } from './attempt-store.ts'
import { type DeskContext, loadAttempt } from './desk-context.ts'
import { raise } from './exceptions.ts'

export async function takeCallback(
  desk: DeskContext,
  name: string,
  request: CallbackRequest,
): Promise<CallbackTaken | undefined> {
  const channel = desk.channelOrNone(name)
  if (channel === undefined) return undefined
  const callback = channel.parseCallback(request)
  const refused = 'refused' in callback ? callback.refused : await taken(desk, channel, callback)
  if (refused === undefined) return { taken: true, reply: channel.answerCallback(true) }
  desk.log.warn({ channel: name, refused }, 'a callback was turned away')
  if (refused === 'malformed') await unreadable(desk, channel, callback, request)
  return { taken: false, reply: channel.answerCallback(false), refused }
}

/** Why it was not taken; `undefined` when it was. */
async function taken(
  desk: DeskContext,
  channel: PaymentChannel,
  callback: Callback,
): Promise<string | undefined> {
  const reference =
    callback.kind === 'payout_returned' ? callback.returned.reference : callback.reference
  const book = channel.bookOf(reference)
  if (book === undefined) return 'unknown_order'
  switch (callback.kind) {
    case 'outcome':
      return outcome(desk, channel, book, callback)
    case 'payout_returned':
      if (desk.ears.payoutReturned === undefined) return 'unknown_event'
      await desk.ears.payoutReturned(book, channel.name, callback)
      return undefined
    case 'chargeback':
      if (desk.ears.chargeback === undefined) return 'unknown_event'
      await desk.ears.chargeback(book, channel.name, callback)
      return undefined
  }
}

async function outcome(
  desk: DeskContext,
  channel: PaymentChannel,
  book: number,
  { reference, direction, outcome }: Extract<Callback, { kind: 'outcome' }>,
): Promise<string | undefined> {
  // Throws when another server writes the book: then that one takes it.
  desk.ledger.writer(book)
  const attempt = desk.recent.find(reference) ?? (await findAttempt(desk.db, book, { reference }))
  if (attempt === undefined || attempt.book !== book) return 'unknown_order'
  // A signature proves who speaks, not that he speaks of his own order.
  if (attempt.channel !== channel.name || attempt.direction !== direction) return 'other_order'
  // What is remembered as still to be sent may have been sent since. If it has not, the rail has to say
  // it again: until the attempt is sent or given up, its result could not be recorded.
  const { state } =
    attempt.state === 'intended' ? await loadAttempt(desk, book, attempt.id) : attempt
  if (state === 'intended') return 'not_sent'
  await record(desk, attempt, { on: outcome.result, outcome })
  return undefined
}

/** One exception per channel, however many come: what cannot be read may have been sent by anyone. */
async function unreadable(
  desk: DeskContext,
  { name }: PaymentChannel,
  callback: Callback | NoticeRefusal,
  { body }: CallbackRequest,
): Promise<void> {
  const book = desk.poolOf?.(name)
  if (book === undefined || !('refused' in callback)) return
  const { orgId } = desk
  const hash = createHash('sha256').update(body).digest('hex')
  const evidence = { channel: name, says: callback.says, bytes: body.length, hash }
  const at = { now: desk.clock.now(), id: desk.ids.uuid() }
  const kind = 'callback_malformed' as const
  const raised = { orgId, kind, about: name, amount: 0n, evidence }
  await desk.ledger.writer(book).submit({ roots: [`channel:${name}`], effects: raise(at, raised) })
}
