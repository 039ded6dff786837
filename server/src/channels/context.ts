/**
 * What the parts of the desk share: where a book's bank is, and how a command is decided. A decision
 * is made outside the writer on what stands then; when that has moved it is made again.
 */
import {
  applied,
  Bug,
  type Clock,
  type Db,
  type DueWork,
  doneDue,
  type EffectRow,
  type Instant,
  type Log,
  type PersonalSeal,
  planDue,
  type Uuid,
} from '#base'
import type { BookWriter, RefusalCode } from '#ledger'
import type { ChannelOwner, Parts } from './owner.ts'
import type { CustodyChannel } from './port.ts'
import type { StopGate } from './stop-gate.ts'

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
  /** What is paused; absent where nothing can be. */
  readonly stops?: StopGate
}

export interface Place {
  readonly orgId: number
  readonly channel: CustodyChannel
}

export interface DeskContext extends DeskOptions {
  readonly validMs: number
  readonly listEveryMs: number
  /** The channel of a book. */
  place(book: number): Place
  attach(book: number, place: Place): void
  /**
   * Decides and submits until the decision was made on what still stands. False when there was
   * nothing to do.
   */
  command(book: number, decide: () => Promise<Parts | undefined>): Promise<boolean>
}

/** Kinds of due work. */
export const SEND = 'channels.send_instruction'
export const ASK = 'channels.ask_instruction'
export const LIST = 'channels.read_list'

const DAY_MS = 86_400_000
const LIST_EVERY_MS = 120_000
/** Each round one of the contenders commits, so this many would have to meet on one aggregate. */
const DECISIONS_MAX = 100

export function createContext(options: DeskOptions): DeskContext {
  const places = new Map<number, Place>()
  return {
    ...options,
    validMs: options.validMs ?? DAY_MS,
    listEveryMs: options.listEveryMs ?? LIST_EVERY_MS,
    attach: (book, place) => {
      places.set(book, place)
    },
    place: (book) => {
      const found = places.get(book)
      if (found === undefined) throw new Bug(`book ${book} is not attached to a channel`)
      return found
    },
    command: async (book, decide) => {
      for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
        const parts = await decide()
        if (parts === undefined) return false
        const result = await options.writer(book).submit(parts)
        if (result.status === 'committed') {
          options.onPlanned?.()
          return true
        }
        if (result.status === 'refused' && !isBookedSince(result.code)) {
          throw new Bug(`the ledger refused transfer ${result.transfer}: ${result.code}`)
        }
        // `replayed`: another command booked the same transfers since this was decided, but perhaps
        // for something else of the aggregate; what this one was about is looked at again.
      }
      throw new Error(`Book ${book} moved ${DECISIONS_MAX} times while a command was decided.`)
    },
  }
}

/**
 * Whether a refusal says that another command has booked some of these transfers, and not all: what
 * the reply to a withdrawal books is also the first half of what its last notice would have booked.
 * The money is decided before the effects, so such a decision is refused and never found stale.
 */
export const isBookedSince = (code: RefusalCode) => code.startsWith('exists_with_different_')

/** The root of an instruction. */
export const instructionRoot = (id: Uuid) => `instruction:${id}`

export function plan(
  kind: string,
  at: { readonly orgId: number; readonly key: string; readonly dueAt: Instant },
): EffectRow {
  return applied(planDue, { ...at, kind, payload: null })
}

export const finish = (work: DueWork): EffectRow => applied(doneDue, work)

/** The key of an instruction's due work: how often it came back unsent fences off the earlier ones. */
export function dueKey(id: Uuid, sends: number, why?: 'told' | 'lost'): string {
  return why === undefined ? `${id}/${sends}` : `${id}/${sends}/${why}`
}

export function readKey(key: string): { id: Uuid; sends: number; why: string } {
  const [id = '', sends = '', why = ''] = key.split('/')
  return { id, sends: Number(sends), why }
}
