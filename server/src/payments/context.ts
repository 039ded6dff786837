/**
 * What the commands of payments share: the World's parts, the ledger, the desk, and how a command is
 * decided. A decision is made outside the writer on what stands then; when that has moved meanwhile it
 * is made again.
 *
 * The one thing to get wrong: what `decide` returns must carry, in its effects, the state it was
 * decided on. The writer's order protects nothing that no effect guards.
 */
import {
  Bug,
  type Clock,
  type Db,
  type DueHandler,
  derivedUuid,
  doneDue,
  type Effect,
  type EffectRow,
  type Ids,
  type Instant,
  type Log,
  type Metrics,
  type PersonalSeal,
  present,
  type Rng,
  type Uuid,
} from '#base'
import { type BankParty, isBookedSince, type StopGate } from '#channels'
import type { Classification, CodeKey } from '#codes'
import type { AccountOpening, BookWriter, Command, Ledger, RefusalCode } from '#ledger'
import type { Router } from '#routing'
import type { Attempt, AttemptDesk } from './attempt.ts'
import type { PaymentException } from './exception-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'

export interface PaymentsOptions {
  readonly db: Db
  readonly clock: Clock
  readonly rng: Rng
  readonly ids: Ids
  readonly log: Log
  readonly seal: PersonalSeal
  readonly ledger: Pick<Ledger, 'writer' | 'book'>
  readonly router: Router
  readonly classify: (key: CodeKey) => Classification
  readonly orgId: number
  readonly metrics?: Metrics
  /** The book of a channel's pool: who is told of callbacks that name no order. */
  readonly poolOf?: (channel: string) => number | undefined
  /** Work may be due at once: wakes the sweeper. */
  readonly onPlanned?: () => void
  /** What is paused; absent where nothing can be. */
  readonly stops?: StopGate
  /**
   * How long after a payout another one of its amount to its payee takes a second person, ms; a day
   * when absent, never when 0.
   */
  readonly nearDuplicateMs?: number
}

export interface PaymentsContext extends PaymentsOptions {
  readonly desk: AttemptDesk
  /**
   * Decides and submits until the decision was made on what still stands. A refusal by the ledger is
   * answered, not thrown; its `refused` effects are committed.
   */
  command(book: number, decide: () => Promise<Command | undefined>): Promise<Done>
  /**
   * Sends back what a collection brought in and nobody is owed, out of suspense. Set by the part that
   * refunds; until then such money waits for a person in its exception.
   */
  refundAttempt: RefundAttempt | undefined
  /** What an action on a kind of exception moves, by `kind/action`; parts add theirs. */
  readonly carriers: Map<string, ExceptionCarrier>
}

/** Gives a whole collection back; why it cannot be, `undefined` when it was begun. */
export type RefundAttempt = (
  book: number,
  attempt: Attempt,
  why: string,
) => Promise<{ readonly refused: PaymentRefusalCode | RefusalCode } | undefined>

/** What a person has decided about an exception. */
export interface Decided {
  /** Fresh for each call: what the decision moves has this id, for a refused one is used up. */
  readonly id: Uuid
  readonly note: string
  readonly by: string
  /** The account of the book that takes the money, or gives it. */
  readonly account?: Uuid
  /** Whom to pay. */
  readonly payee?: BankParty
}

export type Carried =
  | { readonly refused: PaymentRefusalCode | RefusalCode }
  /** By a command of its own, which has closed the exception. */
  | { readonly closed: true }
  /** What it moves goes into the command that closes the exception. */
  | {
      readonly command: Command
      /** A refusal by the ledger after which it is done all the same, later. */
      readonly waits?: RefusalCode
    }
  /** It moves nothing: the exception is closed. */
  | undefined

/** What an action on a kind of exception does. May be asked more than once for one decision. */
export type ExceptionCarrier = (exception: PaymentException, decided: Decided) => Promise<Carried>

export type Done =
  | { readonly status: 'committed'; readonly at: Instant }
  /** There was nothing to do. */
  | { readonly status: 'nothing' }
  | { readonly status: 'refused'; readonly code: RefusalCode; readonly transfer: number }

/** A part of payments: what it adds to the due work. */
export type Handlers = Readonly<Record<string, DueHandler>>

/** Each round one of the contenders commits, so this many would have to meet on one aggregate. */
const DECISIONS_MAX = 100

/** The sweeper looks this often by itself, so it is woken only for what is due sooner. */
const LOOKS_EVERY_MS = 1_000

/** Wakes the sweeper when one of the effects plans work that is due before it looks by itself. */
export function wakeFor(
  { clock, onPlanned }: Pick<PaymentsOptions, 'clock' | 'onPlanned'>,
  effects: readonly EffectRow[] = [],
): void {
  const soon = clock.now() + LOOKS_EVERY_MS
  const ends = doneDue as Effect<unknown>
  const isSoon = ({ effect, row }: EffectRow) =>
    effect !== ends && ((row as { dueAt?: number }).dueAt ?? soon) < soon
  if (effects.some(isSoon)) onPlanned?.()
}

/** The one way commands of payments are decided. */
export function commandOn(
  options: Pick<PaymentsOptions, 'ledger' | 'onPlanned' | 'clock'>,
): PaymentsContext['command'] {
  return async (book, decide) => {
    for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
      const command = await decide()
      if (command === undefined) return { status: 'nothing' }
      const result = await options.ledger.writer(book).submit(command)
      if (result.status === 'committed') {
        wakeFor(options, command.effects)
        return { status: 'committed', at: result.at }
      }
      if (result.status === 'refused' && !isBookedSince(result.code)) {
        return { status: 'refused', code: result.code, transfer: result.transfer }
      }
      // `replayed` and transfers booked since: another command was faster; looked at again.
    }
    throw new Error(`Book ${book} moved ${DECISIONS_MAX} times while a command was decided.`)
  }
}

/** Submits what the ledger cannot refuse: money that has moved outside already. */
export async function mustCommand(
  context: Pick<PaymentsContext, 'command'>,
  book: number,
  decide: () => Promise<Command | undefined>,
): Promise<boolean> {
  const done = await context.command(book, decide)
  if (done.status === 'refused') {
    throw new Bug(`the ledger refused transfer ${done.transfer}: ${done.code}`)
  }
  return done.status === 'committed'
}

export const attemptRoot = (id: Uuid) => `attempt:${id}`
export const payInRoot = (id: Uuid) => `pay_in:${id}`
export const planRoot = (id: Uuid) => `plan:${id}`

/** The id of the account in transit between a book and a counterpart, such as a channel's name. */
export function transitId(book: number, counterpart: string): Uuid {
  return derivedUuid('payments.transit', `${book}/${counterpart}`)
}

/**
 * The transit account with a channel, and its opening when this is its first use: put `open` into the
 * command that uses it.
 */
export function transitOf(
  writer: Pick<BookWriter, 'book' | 'account'>,
  counterpart: string,
): { readonly id: Uuid; readonly open: readonly AccountOpening[] } {
  const id = transitId(writer.book.number, counterpart)
  if (writer.account(id) !== undefined) return { id, open: [] }
  return { id, open: [{ id, code: '1221.01', name: `In transit with ${counterpart}` }] }
}

/** The book's single suspense account. */
export function suspenseOf(writer: Pick<BookWriter, 'book' | 'accountByCode'>): Uuid {
  return present(
    writer.accountByCode('2241.06'),
    `book ${writer.book.number} has a suspense account`,
  ).id
}
