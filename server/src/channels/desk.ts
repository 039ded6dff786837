/**
 * The desk between a book and its bank: sends what was intended, asks about what is not final, and
 * records what the bank says, by whichever way it says it. All ways — reply, question, notice, list —
 * end in one command that carries the state it was decided on.
 *
 * The one thing to get wrong: sending again. Only an instruction that is `intended` is sent, and it
 * becomes `sending` by a committed command before the first byte leaves. From there it moves by what
 * the bank says, never by another send.
 */
import { applied, type DueHandler, type EffectRow } from '#base'
import { ask } from './ask.ts'
import {
  ASK,
  createContext,
  type DeskContext,
  type DeskOptions,
  dueKey,
  LIST,
  plan,
  SEND,
} from './context.ts'
import { EVERY, type InboundTaken, readList, readListWhenDue, recordInbound } from './inbound.ts'
import type { Intent } from './instruction.ts'
import type { CustodyChannel, Inbound, NoticeRefusal, NoticeRequest, Outcome } from './port.ts'
import { record } from './record.ts'
import { send } from './send.ts'
import type { InboundWay } from './states.ts'
import * as store from './store.ts'

export interface Desk {
  /** Connects a book to its bank. A book has one channel. */
  attach(book: number, orgId: number, channel: CustodyChannel): void
  channel(book: number): CustodyChannel
  /** The effects that intend a call; put them into the command that causes it. */
  intend(book: number, intent: Intent): EffectRow[]
  /** The effects that start reading the list of what came in; for the command that opens the pool. */
  startLists(book: number, orgId: number): EffectRow[]
  readonly handlers: Readonly<Record<string, DueHandler>>
  /** Takes a notice to the book it is for. */
  takeNotice(book: number, request: NoticeRequest): Promise<NoticeTaken>
  /** Records an entry; the same one any number of times, by any way. */
  recordInbound(book: number, inbound: Inbound, way: InboundWay): Promise<InboundTaken>
  /** Reads the bank's list of what came in and records it. */
  readList(book: number): Promise<void>
}

export type NoticeTaken =
  | { readonly taken: true; readonly effect: InboundTaken | 'moved' | 'nothing' }
  | { readonly taken: false; readonly refusal: NoticeRefusal }

export function createDesk(options: DeskOptions): Desk {
  const desk = createContext(options)
  return {
    attach: (book, orgId, channel) => desk.attach(book, { orgId, channel }),
    channel: (book) => desk.place(book).channel,
    intend: (book, intent) => intend(desk, book, intent),
    startLists: (_book, orgId) => [
      plan(LIST, { orgId, key: EVERY, dueAt: desk.clock.now() + desk.listEveryMs }),
    ],
    handlers: {
      [SEND]: { run: (work) => send(desk, work) },
      [ASK]: { run: (work) => ask(desk, work) },
      [LIST]: { run: (work) => readListWhenDue(desk, work) },
    },
    takeNotice: (book, request) => takeNotice(desk, book, request),
    recordInbound: (book, inbound, way) => recordInbound(desk, { book, inbound, way }),
    readList: (book) => readList(desk, book),
  }
}

function intend(desk: DeskContext, book: number, intent: Intent): EffectRow[] {
  const { channel } = desk.place(book)
  const now = desk.clock.now()
  const { id, orgId } = intent
  return [
    applied(store.insertInstruction, {
      ...intent,
      channel: channel.name,
      reference: channel.reference(book, id),
      validUntil: now + desk.validMs,
    }),
    plan(SEND, { orgId, key: dueKey(id, 0), dueAt: now }),
  ]
}

async function takeNotice(
  desk: DeskContext,
  book: number,
  request: NoticeRequest,
): Promise<NoticeTaken> {
  const { channel } = desk.place(book)
  const notice = channel.readNotice(request)
  if ('refused' in notice) {
    desk.log.warn({ book, refused: notice.refused }, 'a notice was turned away')
    return { taken: false, refusal: notice }
  }
  if (notice.kind === 'inbound') {
    const effect = await recordInbound(desk, { book, inbound: notice.inbound, way: 'notice' })
    return { taken: true, effect }
  }
  return { taken: true, effect: await takeOutcome(desk, book, notice) }
}

async function takeOutcome(
  desk: DeskContext,
  book: number,
  { reference, outcome }: { readonly reference: string; readonly outcome: Outcome },
): Promise<'moved' | 'nothing'> {
  const ours = desk.place(book).channel.bookOf(reference) === book
  const found = ours ? await store.findInstruction(desk.db, book, { reference }) : undefined
  if (found === undefined) {
    desk.log.warn({ book, reference }, 'a notice is about an instruction we do not know')
    return 'nothing'
  }
  if (outcome.amount !== undefined && outcome.amount !== found.amount) {
    const why = `a notice tells ${outcome.amount} minor units of it`
    await desk.command(book, () => desk.owner.doubtful(found, why))
    return 'nothing'
  }
  return (await record(desk, found, { on: outcome.result, outcome })) ? 'moved' : 'nothing'
}
