/**
 * Carries orders out in the books this server writes. After each look at what stands, every book is
 * brought to it: what an order freezes and is open is frozen, what ended is opened again. A book whose
 * writer does not answer is tried at the next look; one that another server takes over is looked at
 * there from the start.
 *
 * The one thing to get wrong: an account opened between the list of accounts and the command. From the
 * look on that found the order, the writer opens the party's accounts frozen (`isFrozen`), and the list
 * is read after all that was decided before it has committed: accounts in flight are in no list. So an
 * account is in one or the other. The same holds, the other way round, for an order that ends.
 */
import { auditEffect } from '#audit'
import { applied, type Uuid } from '#base'
import type { Account, BookWriter, Command } from '#ledger'
import type { StopsContext } from './context.ts'
import {
  acknowledgeFreeze,
  endFreezeInBook,
  findFreezeInBook,
  findFrozenParty,
  noteTry,
  ordersToEnd,
  putFrozenParty,
} from './freeze-store.ts'
import type { Party } from './standing.ts'
import { type Freeze, findFreeze, freezeId } from './store.ts'

/** Each round another order against the same party has come first; there are never many. */
const DECISIONS_MAX = 20
const PAGE = 1_000

export interface FreezeBooks {
  /** Notes what of these parties was frozen before any order counted. */
  noteFrozenBefore(parties: readonly Party[]): void
  /** Begins to bring every book this server writes to what stands. */
  reconcile(standing: readonly Freeze[]): void
  /** Waits for what has begun. */
  settled(): Promise<void>
}

type Context = Omit<StopsContext, 'watch'>

export function createFreezeBooks(context: Context): FreezeBooks {
  /** Orders seen through by a writer; one that was taken over is another writer. */
  const done = new WeakMap<BookWriter, Set<Uuid>>()
  /** Accounts frozen by hand, by book and party, as they stood when the first order became known. */
  const before = new Map<string, readonly Uuid[]>()
  /** Writers that had nothing to freeze and nothing to end at the last look. */
  const quiet = new WeakSet<BookWriter>()
  const busy = new Map<BookWriter, Promise<void>>()
  const key = (book: number, holder: string) => `${book} ${holder}`

  const writers = (): BookWriter[] =>
    context.ledger.owned().flatMap((book) => {
      try {
        return [context.ledger.writer(book)]
      } catch {
        // Lost since: whoever writes it now sees to it.
        return []
      }
    })

  const freezeIn = async (writer: BookWriter, freeze: Freeze): Promise<void> => {
    const seen = done.get(writer) ?? new Set()
    done.set(writer, seen)
    if (seen.has(freeze.id)) return
    const kept = before.get(key(writer.book.number, freeze.holder)) ?? []
    await settledSoFar(writer, freeze)
    await submit(writer, () => freezing(context, writer, freeze, kept))
    seen.add(freeze.id)
  }

  /** Brings one book to what stands. Where nothing stood or ended at the last look, nothing is read. */
  const bring = async (writer: BookWriter, standing: readonly Freeze[]): Promise<void> => {
    const { number: book, orgId } = writer.book
    const orders = standing.filter((freeze) => freeze.orgId === orgId)
    if (orders.length === 0 && quiet.has(writer)) return
    quiet.delete(writer)
    for (const order of orders)
      await attempt(context, { book, freeze: order.id }, () => freezeIn(writer, order))
    try {
      const now = context.clock.now()
      const over = await ordersToEnd(context.db, { book, now })
      for (const freeze of over) {
        const order = await findFreeze(context.db, orgId, freeze)
        if (order === undefined) continue
        await attempt(context, { book, freeze }, async () => {
          await settledSoFar(writer, order)
          await submit(writer, () => ending(context, writer, order))
        })
      }
      if (orders.length === 0 && over.length === 0) quiet.add(writer)
    } catch (error) {
      context.log.warn({ book, error }, 'the orders that ended cannot be read')
    }
  }

  return {
    noteFrozenBefore: (parties) => {
      for (const { orgId, holder } of parties) {
        for (const writer of writers().filter(({ book }) => book.orgId === orgId)) {
          const frozen = accountsOf(writer, holder).filter(({ state }) => state === 'frozen')
          const ids = frozen.map(({ id }) => id)
          before.set(key(writer.book.number, holder), ids)
        }
      }
    },
    reconcile: (standing) => {
      for (const writer of writers()) {
        // One whose writer does not answer keeps no other book waiting.
        if (busy.has(writer)) continue
        const run = bring(writer, standing).finally(() => busy.delete(writer))
        busy.set(writer, run)
      }
    },
    settled: async () => {
      await Promise.all(busy.values())
    },
  }
}

/** Does what a book is to do of an order, or notes why it could not. */
async function attempt(
  { db, clock, log }: Context,
  of: { readonly book: number; readonly freeze: Uuid },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    await noteTry(db, { ...of, why, at: clock.now() }).catch(() => undefined)
    log.warn({ book: of.book, freeze: freezeId(of.freeze), error }, 'a freeze waits for its book')
  }
}

/** Waits until everything the writer has decided so far is committed, or taken back. */
async function settledSoFar(writer: BookWriter, { holder }: Freeze): Promise<void> {
  const { status } = await writer.submit({ roots: [rootOf(holder)] })
  if (status !== 'committed') throw new Error(`Book ${writer.book.number} answered ${status}.`)
}

/** Decides and submits until the decision was made on what still stands. */
async function submit(
  writer: BookWriter,
  decide: () => Promise<Command | undefined>,
): Promise<void> {
  for (let round = 1; round <= DECISIONS_MAX; round += 1) {
    const command = await decide()
    if (command === undefined) return
    const result = await writer.submit(command)
    if (result.status === 'committed') return
  }
  throw new Error(`Book ${writer.book.number} moved ${DECISIONS_MAX} times meanwhile.`)
}

/** All accounts of a holder in a book. */
function accountsOf(writer: BookWriter, holder: string): Account[] {
  const found: Account[] = []
  for (let after = 0; ; ) {
    const page = writer.accounts(after, PAGE)
    found.push(...page.filter((each) => each.holder === holder))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return found
    after = last.number
  }
}

const rootOf = (holder: string) => `party:${holder}`

async function freezing(
  context: Context,
  writer: BookWriter,
  freeze: Freeze,
  frozenBefore: readonly Uuid[],
): Promise<Command | undefined> {
  const { id, orgId, holder } = freeze
  const book = writer.book.number
  const state = await findFreezeInBook(context.db, book, id)
  if (state === 'lifted') return undefined
  const party = await findFrozenParty(context.db, book, holder)
  const accounts = accountsOf(writer, holder).filter((each) => each.state !== 'closed')
  const open = accounts.filter((each) => each.state === 'open')
  if (state === 'frozen' && open.length === 0) return undefined
  const isFirst = party.orders.length === 0
  const kept = isFirst ? frozenBefore : party.kept
  const orders = party.orders.includes(id) ? party.orders : [...party.orders, id]
  return {
    roots: [rootOf(holder)],
    change: open.map((each) => ({ account: each.id, state: 'frozen' as const })),
    effects: [
      applied(putFrozenParty, { orgId, holder, orders, kept, version: party.version }),
      applied(acknowledgeFreeze, { orgId, freeze: id, accounts: accounts.length }),
      applied(auditEffect, entryOf(freeze, 'stops.freeze_in_book', open)),
    ],
    events: [eventOf(freeze, 'stops.freeze_acknowledged', book)],
  }
}

async function ending(
  context: Context,
  writer: BookWriter,
  freeze: Freeze,
): Promise<Command | undefined> {
  const { id, orgId, holder } = freeze
  const book = writer.book.number
  if ((await findFreezeInBook(context.db, book, id)) === 'lifted') return undefined
  const party = await findFrozenParty(context.db, book, holder)
  const orders = party.orders.filter((each) => each !== id)
  const accounts = accountsOf(writer, holder).filter((each) => each.state !== 'closed')
  // The last order out opens what orders have frozen, accounts opened meanwhile included.
  const opens = party.orders.length > 0 && orders.length === 0
  const frozen = accounts.filter((each) => each.state === 'frozen' && !party.kept.includes(each.id))
  const change = opens ? frozen : []
  return {
    roots: [rootOf(holder)],
    change: change.map((each) => ({ account: each.id, state: 'open' as const })),
    effects: [
      applied(putFrozenParty, {
        ...{ orgId, holder, orders, version: party.version },
        kept: orders.length === 0 ? [] : party.kept,
      }),
      applied(endFreezeInBook, { orgId, freeze: id, accounts: accounts.length }),
      applied(auditEffect, entryOf(freeze, 'stops.end_freeze_in_book', change)),
    ],
    events: [eventOf(freeze, 'stops.freeze_ended', book)],
  }
}

function entryOf(freeze: Freeze, action: string, moved: readonly Account[]) {
  const { orgId, id, holder, approval } = freeze
  return {
    ...{ orgId, actor: { kind: 'platform', id: 'stops', person: '' } as const, from: '' },
    ...{ action, object: freezeId(id), after: { holder, accounts: moved.length } },
    ...(approval === undefined ? {} : { approval }),
  }
}

function eventOf(freeze: Freeze, kind: string, book: number) {
  const { orgId, id, holder } = freeze
  const aggregate = freezeId(id)
  return { kind, aggregate, orgId, payload: { freeze: aggregate, holder, book } }
}
