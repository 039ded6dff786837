/**
 * Orders of courts and authorities: a party's money is let in and none out, in every book of the
 * organisation. An order is in force when every book has acknowledged it; until then it says which have
 * not, and why. It ends at its time, or when two persons lift it.
 */
import { type Static, Type } from 'typebox'
import {
  type ApprovalRef,
  executedEvent,
  type GuardedAction,
  guardedAction,
  markExecuted,
} from '#approvals'
import { recordChange } from '#audit'
import { type Instant, parsePublicId, type StoredAnswer, storeAnswer, type Uuid } from '#base'
import type { By, StopsContext } from './context.ts'
import { type FreezeInBook, insertTargets, listFreezeBooks } from './freeze-store.ts'
import { notApproved } from './pauses.ts'
import { refusedAs, type StopRefusalCode } from './refusals.ts'
import {
  endFreeze,
  type Freeze,
  findFreeze,
  freezeId,
  insertFreeze,
  isInForce,
  tellReplicas,
} from './store.ts'

export interface NewFreeze {
  readonly id: Uuid
  readonly orgId: number
  /** Public id of the party or merchant, as accounts name their holder. */
  readonly holder: string
  readonly orderNumber: string
  readonly authority: string
  readonly reason: string
  /** It ends by itself then; without, when it is lifted. */
  readonly until?: Instant
}

export interface FreezeView {
  readonly freeze: Freeze
  /** `in_force`: all books have acknowledged it. `ended`: all have opened the accounts again. */
  readonly status: 'ordered' | 'in_force' | 'ending' | 'ended'
  readonly books: readonly FreezeInBook[]
}

const BOOKS_PAGE = 500

/** Orders a freeze and sends it to every book of the organisation. */
export async function freeze(
  context: StopsContext,
  asked: NewFreeze,
  by: By,
  answer?: (view: FreezeView) => StoredAnswer,
): Promise<FreezeView | { readonly refused: StopRefusalCode }> {
  const { db, clock, watch } = context
  const at = clock.now()
  if (asked.until !== undefined && asked.until <= at) return { refused: 'until_is_past' }
  const made: Freeze = { ...asked, state: 'ordered', orderedBy: by.actor.id, orderedAt: at }
  const books = await booksOf(context, asked.orgId)
  const isNew = await db.tx(async (tx) => {
    if (!(await insertFreeze(tx, made))) return false
    await insertTargets(tx, { orgId: made.orgId, freeze: made.id, books })
    if (answer !== undefined) {
      const first = answer({
        freeze: made,
        status: 'ordered',
        books: await listFreezeBooks(tx, made.id),
      })
      await tx.query(storeAnswer.sql, [0, new Date(at), ...storeAnswer.columns([first])])
    }
    await tellReplicas(tx)
    await recordChange(tx, at, orderedChange(made, by))
    return true
  })
  if (!isNew) return (await viewFreeze(context, made)) ?? { refused: 'freeze_exists' }
  await watch.refresh().catch((error: unknown) => {
    context.log.error({ error }, 'a freeze was ordered and could not be read back at once')
  })
  return (await viewFreeze(context, made))!
}

async function booksOf({ ledger }: StopsContext, orgId: number): Promise<number[]> {
  const found: number[] = []
  for (let after = 0; ; ) {
    const page = await ledger.books(after, BOOKS_PAGE)
    found.push(...page.filter((book) => book.orgId === orgId).map(({ number }) => number))
    const last = page.at(-1)
    if (last === undefined || page.length < BOOKS_PAGE) return found
    after = last.number
  }
}

function shown({ holder, orderNumber, authority, reason, until }: Freeze) {
  return {
    ...{ holder, order_number: orderNumber, authority, reason },
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  }
}

function orderedChange(made: Freeze, { actor, from, requestId }: By) {
  const { orgId, id } = made
  const object = freezeId(id)
  const after = shown(made)
  const who = { orgId, actor, from, ...(requestId === undefined ? {} : { requestId }) }
  return {
    entries: [{ ...who, action: 'stops.order_freeze', object, after }],
    events: [{ kind: 'stops.freeze_ordered', aggregate: object, orgId, payload: after }],
  }
}

/** An order and how far it is in each book; `undefined` when the organisation has none of this id. */
export async function viewFreeze(
  { db, clock }: Pick<StopsContext, 'db' | 'clock'>,
  of: { readonly orgId: number; readonly id: Uuid },
): Promise<FreezeView | undefined> {
  const found = await findFreeze(db, of.orgId, of.id)
  if (found === undefined) return undefined
  const books = await listFreezeBooks(db, of.id)
  const all = (state: string) => books.every((each) => each.state === state)
  const status = isInForce(found, clock.now())
    ? all('frozen')
      ? 'in_force'
      : 'ordered'
    : all('lifted')
      ? 'ended'
      : 'ending'
  return { freeze: found, status, books }
}

const LiftContent = Type.Object(
  { freeze: Type.String({ pattern: '^frz_0_[0-9a-f]{32}$' }) },
  { additionalProperties: false },
)

/** Ends an order before its time, when two persons have said so. */
export function liftAction(context: StopsContext): GuardedAction {
  return guardedAction<Static<typeof LiftContent>>({
    action: 'stops.lift_freeze',
    title: { en: 'Lift a freeze', zh: '解除司法冻结' },
    content: LiftContent,
    permission: 'stops.resume',
    book: () => 0,
    preview: async (orgId, content) => {
      const view = await viewFreeze(context, { orgId, id: uuidOf(content.freeze) })
      if (view === undefined) return refusedAs('freeze_not_found')
      if (!isInForce(view.freeze, context.clock.now())) return refusedAs('freeze_over')
      const { holder, orderNumber, authority } = view.freeze
      const what = {
        en: `Accounts of ${holder}, frozen by order ${orderNumber} of ${authority}`,
        zh: `${holder} 的账户(${authority} ${orderNumber})`,
      }
      return { lines: [{ what, before: 'frozen', after: 'open' }] }
    },
    execute: (orgId, content, approval) => lift(context, orgId, uuidOf(content.freeze), approval),
  })
}

const uuidOf = (id: string): Uuid => parsePublicId(id)?.uuid ?? ''

async function lift(context: StopsContext, orgId: number, id: Uuid, approval: ApprovalRef) {
  const { db, clock } = context
  const at = clock.now()
  const done = { done: { freeze: freezeId(id) } } as const
  const result = await db.tx(async (tx) => {
    const found = await findFreeze(tx, orgId, id)
    if (found === undefined) return refusedAs('freeze_not_found')
    if (found.approval === approval.id) return done
    const ended =
      isInForce(found, at) && (await endFreeze(tx, { orgId, id, approval: approval.id, at }))
    if (!ended) return refusedAs('freeze_over')
    if (!(await markExecuted(tx, at, orgId, approval))) throw notApproved(approval, 'a freeze')
    await tellReplicas(tx)
    await recordChange(tx, at, liftedChange(found, approval))
    return done
  })
  await context.watch.refresh().catch(() => undefined)
  return result
}

function liftedChange(found: Freeze, approval: ApprovalRef) {
  const { orgId, id } = found
  const object = freezeId(id)
  const actor = { kind: 'platform', id: 'stops', person: '' } as const
  return {
    entries: [
      {
        ...{ orgId, actor, from: '', action: 'stops.lift_freeze', object, approval: approval.id },
        before: { ...shown(found), state: 'ordered' },
        after: { state: 'lifted', maker: approval.maker, checkers: approval.checkers },
      },
    ],
    events: [
      executedEvent(orgId, approval),
      {
        ...{ kind: 'stops.freeze_lifted', aggregate: object, orgId },
        payload: { ...shown(found), approval: approval.id },
      },
    ],
  }
}
