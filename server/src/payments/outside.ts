/**
 * Money that moves without us: taken or brought by a bank, a court or a payer's bank. It is booked as
 * it happened, on an account that names it, with an exception for whoever answers for it.
 *
 * It cannot be refused, for it has happened. When the cash it took is reserved by payouts on their
 * way, it waits visibly and is booked once the reservation ends.
 */
import {
  applied,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  type Personal,
  planDue,
  postponeDue,
  publicId,
  type Uuid,
} from '#base'
import type { Parts } from '#channels'
import { type BookWriter, bookId, type Leg } from '#ledger'
import { type Handlers, mustCommand, type PaymentsContext, transitOf } from './context.ts'
import { raise } from './exceptions.ts'
import { accountOf, OUTSIDE_KINDS, type OutsideKind } from './outside-kinds.ts'
import { findOutside, insertOutside, moveOutside, type OutsideEntry } from './outside-store.ts'
import { payeeIndex } from './payout.ts'
import { cashOf, isThere } from './payout-cash.ts'
import { type MoneyPlaces, movementSent } from './settlement-movement.ts'

const BOOK_OUTSIDE = 'payments.book_outside_entry'

const RETRY_MS = 600_000

export interface OutsideContext extends PaymentsContext {
  readonly places: MoneyPlaces
}

export interface OutsideMoney {
  readonly kind: OutsideKind
  /** Minor units, positive. */
  readonly amount: bigint
  readonly channel: string
  /** The number it goes by outside. */
  readonly flow: string
  readonly about: string
  /** What tells it from every other: the same any number of times. */
  readonly key: string
  /** Whose bank account it came from, where the bank says. */
  readonly payer?: Personal
  /** Out of what the channel owes us, as chargebacks are, instead of the cash at the bank. */
  readonly atChannel?: boolean
}

/**
 * What books money that moved outside; `undefined` when it is known already. A chargeback comes out of
 * what the channel owes us, everything else out of, or into, the cash.
 */
export async function outsideParts(
  context: OutsideContext,
  book: number,
  money: OutsideMoney,
): Promise<Parts | undefined> {
  const { kind, amount, channel, flow, about } = money
  const id = outsideId(book, money.key)
  if ((await findOutside(context.db, book, id)) !== undefined) return undefined
  const { orgId } = context
  const writer = context.ledger.writer(book)
  const { account, open, leg } = placeOf(context, writer, money)
  const waits = !(await isThere(writer, leg))
  const state = waits ? 'waiting' : 'booked'
  const payerIndex = money.payer === undefined ? '' : payeeIndex(context.seal, money.payer)
  const facts = { kind, state, account, amount, channel, flow, about, payerIndex } as const
  const entry = { orgId, id, tries: 1, ...facts }
  const now = context.clock.now()
  const dueAt = now + RETRY_MS
  const exception = OUTSIDE_KINDS[kind].exception
  return {
    roots: [outsideRoot(id)],
    open,
    transfers: waits ? [] : [{ type: 'post', id, legs: [leg], purpose: kind }],
    effects: [
      applied(insertOutside, entry),
      ...raise(
        { now, id: context.ids.uuid() },
        {
          orgId,
          kind: exception,
          about: flow,
          amount,
          evidence: { channel, flow, about, booked: !waits },
        },
      ),
      ...(waits
        ? [applied(planDue, { orgId, kind: BOOK_OUTSIDE, key: id, dueAt, payload: null })]
        : []),
    ],
    events: waits ? [] : booked(context, book, entry),
  }
}

/** Records money that moved outside, in a command of its own. False when it was known. */
export function recordOutside(
  context: OutsideContext,
  book: number,
  money: OutsideMoney,
  also: readonly EffectRow[] = [],
): Promise<boolean> {
  return mustCommand(context, book, async () => {
    const parts = await outsideParts(context, book, money)
    return parts && { ...parts, effects: [...(parts.effects ?? []), ...also] }
  })
}

function placeOf(
  context: OutsideContext,
  writer: BookWriter,
  money: Pick<OutsideMoney, 'kind' | 'amount' | 'channel' | 'atChannel'>,
) {
  const { kind, amount, channel } = money
  const { side, account: code, name } = OUTSIDE_KINDS[kind]
  const place =
    code === 'transit_own'
      ? transitOf(writer, ownName(context, writer.book.number))
      : accountOf(writer, code, name)
  const atChannel = kind === 'chargeback' || money.atChannel === true
  const transit = atChannel ? transitOf(writer, channel) : undefined
  const from = transit?.id ?? cashOf(writer)
  const leg: Leg =
    side === 'in'
      ? { debit: from, credit: place.id, amount }
      : { debit: place.id, credit: from, amount }
  return { account: place.id, open: [...place.open, ...(transit?.open ?? [])], leg }
}

/** What the transit account with our own book is called. */
export function ownName(context: OutsideContext, pool: number): string {
  const own = context.places.ownBook(pool)
  return own === undefined ? 'own' : bookId(own)
}

/** A fee is a movement: our own book pays it. */
function booked(context: OutsideContext, book: number, entry: OutsideEntry) {
  const to = context.places.ownBook(book)
  const { orgId, id, amount, kind } = entry
  if ((kind !== 'bank_fee' && kind !== 'channel_fee') || to === undefined) return []
  return [movementSent({ book, orgId }, { movement: id, kind, to, amount })]
}

export function outsideHandlers(context: OutsideContext): Handlers {
  return { [BOOK_OUTSIDE]: { run: (work) => bookWaiting(context, work) } }
}

/** Due work: books an entry that had to wait for its cash. */
async function bookWaiting(context: OutsideContext, work: DueWork): Promise<void> {
  const { book, key: id } = work
  await mustCommand(context, book, async () => {
    const entry = await findOutside(context.db, book, id)
    const roots = [outsideRoot(id)]
    if (entry?.state !== 'waiting') return { roots, effects: [applied(doneDue, work)] }
    const writer = context.ledger.writer(book)
    const { open, leg } = placeOf(context, writer, entry)
    const { tries } = entry
    if (!(await isThere(writer, leg))) {
      const dueAt = context.clock.now() + RETRY_MS
      return { roots, effects: [applied(postponeDue, { ...work, dueAt })] }
    }
    return {
      roots,
      open,
      transfers: [{ type: 'post', id, legs: [leg], purpose: entry.kind }],
      effects: [
        applied(moveOutside, { id, tries, from: 'waiting', to: 'booked' }),
        applied(doneDue, work),
      ],
      events: booked(context, book, entry),
    }
  })
}

/** The id of the entry that `key` tells from every other. */
export const outsideId = (book: number, key: string): Uuid =>
  derivedUuid('payments.outside', `${book}/${key}`)

/** The key of money a bank's line told. */
export const lineKey = (channel: string, flow: string) => `line/${channel}/${flow}`

export const outsideRoot = (id: Uuid) => `outside:${id}`
export const outsidePublicId = (book: number, id: Uuid) => publicId('outs', book, id)

/**
 * What our own book pays, or bears, for a pool: one transfer here against the transit account with our
 * own book, and the event that takes the other half there.
 *
 * `settled_by_hand`: somebody has paid with our own money what `account` owed; the pool owes it to our
 * own book. `loss_borne`: our own book owes the pool what is missing on `account`.
 */
export function ownBookParts(
  context: OutsideContext,
  book: number,
  of: {
    readonly id: Uuid
    readonly kind: 'settled_by_hand' | 'loss_borne'
    readonly account: Uuid
    readonly amount: bigint
  },
): Pick<Required<Parts>, 'open' | 'transfers' | 'events'> {
  const { id, kind, account, amount } = of
  const { orgId } = context
  const transit = transitOf(context.ledger.writer(book), ownName(context, book))
  const leg: Leg =
    kind === 'settled_by_hand'
      ? { debit: account, credit: transit.id, amount }
      : { debit: transit.id, credit: account, amount }
  const to = context.places.ownBook(book)
  const movement = { movement: id, kind, amount }
  return {
    open: transit.open,
    transfers: [{ type: 'post', id, legs: [leg], purpose: kind }],
    events: to === undefined ? [] : [movementSent({ book, orgId }, { ...movement, to })],
  }
}
