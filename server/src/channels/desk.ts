/**
 * The desk between a book and its bank: sends what was intended, asks about what is not final, and
 * records what the bank says, by whichever way it says it. All four ways — reply, question, notice,
 * list — end in one command that carries the state it was decided on.
 *
 * The one thing to get wrong: sending again. Only an instruction that is `intended` is sent, and it
 * becomes `sending` by a committed command before the first byte leaves. From there it moves by what
 * the bank says, never by another send.
 */
import {
  applied,
  Bug,
  type Clock,
  type Db,
  type DueHandler,
  type DueWork,
  doneDue,
  type EffectRow,
  type Instant,
  type Log,
  type PersonalSeal,
  planDue,
  postponeDue,
  type Uuid,
} from '#base'
import type { BookWriter, Command } from '#ledger'
import type { Instruction, Intent } from './instruction.ts'
import type {
  Answer,
  Channel,
  ChannelCall,
  Inbound,
  NoticeRefusal,
  NoticeRequest,
  Outcome,
} from './port.ts'
import { ChannelUnavailable } from './port.ts'
import { type InboundWay, type InstructionEvent, isFinal, next } from './states.ts'
import * as store from './store.ts'

/** The parts of a command its owner contributes; it is decided anew when the command was stale. */
export type Parts = Omit<Command, 'answer' | 'refused'>

/** What owns instructions and incoming money: decides what they mean. */
export interface ChannelOwner {
  /** The call of an instruction, with the personal data it needs. */
  call(instruction: Instruction): Promise<ChannelCall>
  /** What it causes that an instruction moved to `event.to`. */
  moved(
    instruction: Instruction,
    event: { readonly to: Instruction['state']; readonly outcome: Outcome },
  ): Promise<Parts>
  /** The bank said of a final instruction what its state does not allow. */
  contradicted(instruction: Instruction, outcome: Outcome): Promise<Parts | undefined>
  /** Nobody could say for long what became of it. */
  doubtful(instruction: Instruction, why: string): Promise<Parts | undefined>
  /** Money came in. `held`: nobody expects this, wait for the bank's list. */
  received(
    book: number,
    inbound: Inbound,
    options: { readonly confirmed: boolean },
  ): Promise<{ readonly state: 'booked' | 'held'; readonly parts: Parts }>
  /** Two ways of the bank tell different things of one entry. */
  toldDifferently(
    book: number,
    first: store.RecordedInbound,
    inbound: Inbound,
  ): Promise<Parts | undefined>
}

export interface DeskOptions {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly seal: PersonalSeal
  readonly writer: (book: number) => BookWriter
  readonly owner: ChannelOwner
  /** How long an intent stays good; after that it is cancelled as never sent. */
  readonly validMs?: number
  /** How often the list of what came in is read. */
  readonly listEveryMs?: number
  /** Work may be due at once: wakes the sweeper. */
  readonly onPlanned?: () => void
}

export interface Desk {
  /** Connects a book to its bank. A book has one channel. */
  attach(book: number, orgId: number, channel: Channel): void
  channel(book: number): Channel
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

export type InboundTaken = 'booked' | 'held' | 'known' | 'differs'

const SEND = 'channels.send_instruction'
const ASK = 'channels.ask_instruction'
const LIST = 'channels.read_list'

const DAY_MS = 86_400_000
/** How far back the list is read: a notice may be lost over a long weekend. */
const LIST_DAYS = 5
/** After this long without an answer a person is told. */
const DOUBT_MS = 30 * 60_000
const DECISIONS_MAX = 100

interface Place {
  readonly orgId: number
  readonly channel: Channel
}

export function createDesk(options: DeskOptions): Desk {
  const { db, clock, log, owner, validMs = DAY_MS, listEveryMs = 120_000 } = options
  const places = new Map<number, Place>()

  const place = (book: number): Place => {
    const found = places.get(book)
    if (found === undefined) throw new Bug(`book ${book} is not attached to a channel`)
    return found
  }

  /** Decides and submits until the decision was made on what still stands. */
  const command = async (
    book: number,
    decide: () => Promise<Parts | undefined>,
  ): Promise<boolean> => {
    for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
      const parts = await decide()
      if (parts === undefined) return false
      const result = await options.writer(book).submit(parts)
      if (result.status === 'committed') {
        options.onPlanned?.()
        return true
      }
      // `replayed`: another command booked the same transfers since this was decided, but perhaps for
      // something else of the aggregate; what this one was about is looked at again, as when stale.
      if (result.status === 'refused') {
        throw new Bug(`the ledger refused transfer ${result.transfer}: ${result.code}`)
      }
    }
    throw new Error(`Book ${book} moved ${DECISIONS_MAX} times while a command was decided.`)
  }

  const due = (kind: string, at: { orgId: number; key: string; dueAt: Instant }) =>
    applied(planDue, { ...at, kind, payload: null })

  const intend: Desk['intend'] = (book, intent) => {
    const { channel } = place(book)
    const now = clock.now()
    const reference = channel.reference(book, intent.id)
    return [
      applied(store.insertInstruction, {
        ...intent,
        channel: channel.name,
        reference,
        validUntil: now + validMs,
      }),
      due(SEND, { orgId: intent.orgId, key: `${intent.id}/0`, dueAt: now }),
    ]
  }

  /** Moves an instruction by an event, with what that causes; nothing when it changes nothing. */
  const record = async (
    book: number,
    id: Uuid,
    event: {
      readonly on: InstructionEvent
      readonly outcome: Outcome
      readonly also?: EffectRow[]
    },
  ): Promise<boolean> => {
    const { outcome, also = [] } = event
    return command(book, async () => {
      const instruction = await store.findInstruction(db, book, { id })
      if (instruction === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
      const { state, orgId, sends } = instruction
      const to = next(state, event.on)
      if (to === undefined) {
        const against =
          isFinal(state) && isFinal(outcome.result as never) && outcome.result !== state
        const parts = against ? await owner.contradicted(instruction, outcome) : undefined
        if (parts === undefined && also.length === 0) return undefined
        return {
          ...parts,
          roots: parts?.roots ?? [root(id)],
          effects: [...(parts?.effects ?? []), ...also],
        }
      }
      const parts =
        to === 'intended' ? { roots: [root(id)] } : await owner.moved(instruction, { to, outcome })
      const now = clock.now()
      const { timing } = place(book).channel
      const follow: EffectRow[] = []
      if (to === 'intended') {
        const dueAt = now + timing.askAfterMs[0]!
        follow.push(due(SEND, { orgId, key: `${id}/${sends + 1}`, dueAt }))
      } else if (state === 'sending' && !isFinal(to)) {
        const dueAt = to === 'accepted' ? now : now + timing.askAfterMs[0]!
        follow.push(due(ASK, { orgId, key: `${id}/${sends}/told`, dueAt }))
      }
      const moved = applied(store.moveInstruction, {
        id,
        from: state,
        to,
        unsent: to === 'intended' ? 1 : 0,
        code: outcome.code,
        message: outcome.message,
        bankReference: outcome.bankReference ?? '',
      })
      const roots = parts.roots.includes(root(id)) ? parts.roots : [...parts.roots, root(id)]
      return { ...parts, roots, effects: [moved, ...(parts.effects ?? []), ...follow, ...also] }
    })
  }

  const finish = (work: DueWork) => applied(doneDue, work)

  const end = (work: DueWork, id: Uuid) =>
    command(work.book, async () => ({ roots: [root(id)], effects: [finish(work)] }))

  const send = async (work: DueWork): Promise<void> => {
    const { book, orgId } = work
    const { id, sends } = readKey(work.key)
    const instruction = await store.findInstruction(db, book, { id })
    if (instruction === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
    if (instruction.state !== 'intended' || instruction.sends !== sends) {
      await end(work, id)
      return
    }
    const now = clock.now()
    if (now >= instruction.validUntil) {
      const outcome = failure('NEVER_SENT', 'its time was over before it could be sent')
      await record(book, id, { on: 'expired', outcome, also: [finish(work)] })
      return
    }
    const { channel } = place(book)
    const call = await owner.call(instruction)
    const { sendWithinMs, timeoutMs } = channel.timing
    const sendBeforeMono = clock.mono() + sendWithinMs
    const sendBefore = now + sendWithinMs
    const marked = await options.writer(book).submit({
      roots: [root(id)],
      effects: [
        applied(store.markSending, { id, sendBefore }),
        finish(work),
        // Finds the instruction if this process ends before it learns the outcome.
        due(ASK, { orgId, key: `${id}/${sends}/lost`, dueAt: sendBefore + timeoutMs }),
      ],
    })
    if (marked.status !== 'committed') return
    const outcome = await channel.perform(call, {
      reference: instruction.reference,
      sendBeforeMono,
    })
    if (outcome.result === 'not_sent') {
      const told: Outcome = { result: 'unknown', code: 'NOT_SENT', message: outcome.message }
      await record(book, id, { on: 'not_sent', outcome: told })
    } else {
      await record(book, id, { on: outcome.result, outcome })
    }
  }

  const postpone = (work: DueWork, channel: Channel) => {
    const waits = channel.timing.askAfterMs
    const wait = waits[Math.min(work.attempts, waits.length) - 1]!
    return applied(postponeDue, { ...work, dueAt: clock.now() + wait })
  }

  const ask = async (work: DueWork): Promise<void> => {
    const { book } = work
    const { id, sends, why } = readKey(work.key)
    const found = await store.findInstruction(db, book, { id })
    if (found === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
    const lost = why === 'lost'
    const settled = isFinal(found.state) || found.state === 'intended' || found.sends !== sends
    // The sender has learnt something and asks by itself.
    if (settled || (lost && found.state !== 'sending')) {
      await end(work, id)
      return
    }
    if (found.state === 'sending') {
      const outcome: Outcome = {
        result: 'unknown',
        code: 'NO_OUTCOME',
        message: 'the outcome of the call was not recorded in time',
      }
      await record(book, id, { on: 'unknown', outcome, also: [finish(work)] })
      return
    }
    const { channel } = place(book)
    const answer = await channel.ask(await owner.call(found), found.reference)
    await learn(work, found, answer)
  }

  /** Records the answer to a question, and asks again while it is not final. */
  const learn = async (work: DueWork, found: Instruction, answer: Answer): Promise<void> => {
    const { book } = work
    const { id } = found
    const { channel } = place(book)
    if (answer.result === 'not_found') return notFound(work, found)
    if (answer.result === 'unknown' || next(found.state, answer.result) === undefined) {
      await doubt(found, answer.message)
      await command(book, async () => ({ roots: [root(id)], effects: [postpone(work, channel)] }))
      return
    }
    const to = next(found.state, answer.result)!
    const also = [isFinal(to) ? finish(work) : postpone(work, channel)]
    await record(book, id, { on: answer.result, outcome: answer, also })
  }

  /**
   * "No such flow" proves something only when the bank had time to see the call, and says it twice,
   * a wait apart. Until then the call may still arrive.
   */
  const notFound = async (work: DueWork, found: Instruction): Promise<void> => {
    const { book } = work
    const { id } = found
    const { channel } = place(book)
    const { timeoutMs, visibilityMs, askAfterMs } = channel.timing
    const now = clock.now()
    const counts =
      found.state === 'unknown' &&
      found.sendBefore !== undefined &&
      now >= found.sendBefore + timeoutMs + visibilityMs
    if (!counts) {
      await doubt(found, 'the bank knows no such flow')
      await command(book, async () => ({ roots: [root(id)], effects: [postpone(work, channel)] }))
      return
    }
    if (found.notFoundAt !== undefined && now - found.notFoundAt >= askAfterMs[0]!) {
      const outcome = failure('NEVER_ACTED', 'the bank knows no such flow, after time enough')
      await record(book, id, { on: 'never_acted', outcome, also: [finish(work)] })
      return
    }
    const counted = applied(store.countNotFound, { id, before: found.notFound })
    await command(book, async () => ({
      roots: [root(id)],
      effects: [counted, postpone(work, channel)],
    }))
  }

  const doubt = async (found: Instruction, why: string): Promise<void> => {
    if (found.sendBefore === undefined || clock.now() - found.sendBefore < DOUBT_MS) return
    await command(found.book, () => owner.doubtful(found, why))
  }

  const recordInbound: Desk['recordInbound'] = async (book, inbound, way) => {
    const { channel, orgId } = place(book)
    const at = { book, channel: channel.name, flow: inbound.flow }
    let taken: InboundTaken = 'known'
    await command(book, async () => {
      const known = await store.findInbound(db, at)
      if (known === undefined) {
        const { state, parts } = await owner.received(book, inbound, {
          confirmed: way !== 'notice',
        })
        taken = state
        const row = sealed(options.seal, {
          orgId,
          channel: channel.name,
          inbound,
          state,
          toldBy: way,
        })
        const effects = [applied(store.insertInbound, row), ...(parts.effects ?? [])]
        if (state === 'held') {
          // The bank's list settles it; the flow makes the question its own.
          effects.push(due(LIST, { orgId, key: inbound.flow, dueAt: clock.now() }))
        }
        return { ...parts, roots: [...parts.roots, inboundRoot(at.flow)], effects }
      }
      if (known.amount !== inbound.amount || known.subAccount !== inbound.subAccount) {
        taken = 'differs'
        return owner.toldDifferently(book, known, inbound)
      }
      taken = 'known'
      if (known.state === 'booked' || way === 'notice') return undefined
      const { parts } = await owner.received(book, inbound, { confirmed: true })
      taken = 'booked'
      const booked = applied(store.bookHeld, { ...at, amount: inbound.amount })
      const roots = [...parts.roots, inboundRoot(at.flow)]
      return { ...parts, roots, effects: [booked, ...(parts.effects ?? [])] }
    })
    return taken
  }

  const readList = async (book: number): Promise<void> => {
    const { channel } = place(book)
    const now = clock.now()
    const from = channel.businessDate(now - LIST_DAYS * DAY_MS)
    for (const inbound of await channel.listInbound(from, channel.businessDate(now))) {
      await recordInbound(book, inbound, 'list')
    }
  }

  const list = async (work: DueWork): Promise<void> => {
    await readList(work.book)
    const again = work.key === 'every'
    const effect = again
      ? applied(postponeDue, { ...work, dueAt: clock.now() + listEveryMs })
      : finish(work)
    await command(work.book, async () => ({ roots: [`list:${work.key}`], effects: [effect] }))
  }

  const takeNotice: Desk['takeNotice'] = async (book, request) => {
    const { channel } = place(book)
    const notice = channel.readNotice(request)
    if ('refused' in notice) {
      log.warn({ book, refused: notice.refused }, 'a notice was turned away')
      return { taken: false, refusal: notice }
    }
    if (notice.kind === 'inbound') {
      return { taken: true, effect: await recordInbound(book, notice.inbound, 'notice') }
    }
    const { reference, outcome } = notice
    const found =
      channel.bookOf(reference) === book
        ? await store.findInstruction(db, book, { reference })
        : undefined
    if (found === undefined) {
      log.warn({ book, reference }, 'a notice is about an instruction we do not know')
      return { taken: true, effect: 'nothing' }
    }
    if (outcome.amount !== undefined && outcome.amount !== found.amount) {
      const parts = () =>
        owner.doubtful(found, `a notice tells ${outcome.amount} minor units of it`)
      await command(book, parts)
      return { taken: true, effect: 'nothing' }
    }
    const moved = await record(book, found.id, { on: outcome.result, outcome })
    return { taken: true, effect: moved ? 'moved' : 'nothing' }
  }

  return {
    attach: (book, orgId, channel) => {
      places.set(book, { orgId, channel })
    },
    channel: (book) => place(book).channel,
    intend,
    startLists: (_book, orgId) => [
      due(LIST, { orgId, key: 'every', dueAt: clock.now() + listEveryMs }),
    ],
    handlers: {
      [SEND]: { run: send },
      [ASK]: { run: ask },
      [LIST]: { run: (work) => list(work).catch((error) => unreachable(work, error)) },
    },
    takeNotice,
    recordInbound,
    readList,
  }

  /** A bank that cannot be reached now is asked again later, for as long as it takes. */
  async function unreachable(work: DueWork, error: unknown): Promise<void> {
    if (!(error instanceof ChannelUnavailable)) throw error
    log.warn({ book: work.book, error }, 'the list of what came in could not be read')
    const again = applied(postponeDue, { ...work, dueAt: clock.now() + listEveryMs })
    await command(work.book, async () => ({ roots: [`list:${work.key}`], effects: [again] }))
  }
}

const root = (id: Uuid) => `instruction:${id}`
const inboundRoot = (flow: string) => `inbound:${flow}`

const failure = (code: string, message: string): Outcome => ({ result: 'failed', code, message })

/** `<instruction>/<how often it came back unsent>[/<why it is asked>]`. */
function readKey(key: string): { id: Uuid; sends: number; why: string } {
  const [id = '', sends = '', why = ''] = key.split('/')
  return { id, sends: Number(sends), why }
}

/** Where the payer's data of an entry is sealed. */
export function inboundPlace(orgId: number, channel: string, flow: string) {
  return { table: 'channels.inbound', org: orgId, row: `${channel}/${flow}` }
}

function sealed(
  seal: PersonalSeal,
  row: Omit<store.NewInbound, 'payerName' | 'payerAccount'>,
): store.NewInbound {
  const { payerName, payerAccount } = row.inbound
  const at = inboundPlace(row.orgId, row.channel, row.inbound.flow)
  return {
    ...row,
    payerName:
      payerName === undefined ? null : seal.seal(payerName, { ...at, column: 'payer_name' }),
    payerAccount:
      payerAccount === undefined
        ? null
        : seal.seal(payerAccount, { ...at, column: 'payer_account' }),
  }
}
