/**
 * The attempt desk: sends what was intended, asks about what is not final, and records what rails say
 * by whichever way they say it. Reply, callback, question and file all end in one command that carries
 * the state it was decided on.
 *
 * The one thing to get wrong: sending again. An attempt is `sending` by a committed command before the
 * first byte leaves, and from there it moves by what the rail says, never by another send.
 */
import { applied, type EffectRow } from '#base'
import type { Attempt, AttemptDesk, NewAttempt, SendWindow } from './attempt.ts'
import { ask, askDue } from './attempt-ask.ts'
import { record } from './attempt-record.ts'
import { neverSend, sendDue, sendNow, sendWindow } from './attempt-send.ts'
import { insertAttempt } from './attempt-store.ts'
import { takeCallback } from './callbacks.ts'
import type { PaymentsContext, PaymentsOptions } from './context.ts'
import {
  ASK,
  createDeskContext,
  type DeskContext,
  loadAttempt,
  planAsk,
  planSend,
  SEND,
} from './desk-context.ts'

export function createAttemptDesk(
  options: PaymentsOptions,
  command: PaymentsContext['command'],
): AttemptDesk & { readonly context: DeskContext } {
  const desk = createDeskContext(options, command)
  return {
    context: desk,
    attach: desk.attach,
    channel: desk.channel,
    channels: desk.channels,
    channelOrNone: desk.channelOrNone,
    register: desk.register,
    listen: desk.listen,
    fresh: (book, attempt, sending) => freshAttempt(desk, book, attempt, sending),
    intend: (book, attempt, more = {}) => intend(desk, book, attempt, more.sending),
    sendWindow: (attempt) => sendWindow(desk, attempt),
    sendNow: (book, id, window, order) => sendNow(desk, { book, id }, window, order),
    record: (book, id, outcome) => record(desk, { book, id }, { on: outcome.result, outcome }),
    takeCallback: (channel, request) => takeCallback(desk, channel, request),
    cancel: (book, id, why) => neverSend(desk, { book, id }, why),
    forget: (id) => desk.recent.forget(id),
    askNow: async (book, id) => ask(desk, await loadAttempt(desk, book, id)),
    handlers: {
      [SEND]: { run: (work) => sendDue(desk, work) },
      [ASK]: { run: (work) => askDue(desk, work) },
    },
  }
}

function freshAttempt(
  desk: DeskContext,
  book: number,
  attempt: NewAttempt,
  sending: SendWindow | undefined,
): Attempt {
  return {
    ...attempt,
    book,
    reference: desk.channel(attempt.channel).reference(book, attempt.id, attempt.at),
    state: sending === undefined ? 'intended' : 'sending',
    ...(sending === undefined ? {} : { sendBefore: sending.sendBefore }),
    sends: 0,
    notFound: 0,
    overdue: false,
    code: '',
    message: '',
    channelReference: '',
    bookedTo: '',
    refunding: 0n,
    refunded: 0n,
    refunds: 0,
    movedAt: attempt.at,
  }
}

function intend(
  desk: DeskContext,
  book: number,
  attempt: NewAttempt,
  sending: SendWindow | undefined,
): EffectRow[] {
  const fresh = freshAttempt(desk, book, attempt, sending)
  const { timeoutMs } = desk.channel(attempt.channel).timing
  const due =
    sending === undefined
      ? planSend(fresh, desk.clock.now())
      : planAsk(fresh, sending.sendBefore + timeoutMs)
  return [applied(insertAttempt, fresh), due]
}
