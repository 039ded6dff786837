/**
 * What happens to requests by themselves: reminders, the end of their time, and carrying out what was
 * approved.
 *
 * The easy mistake: taking the module's word for it. What was done is what `approvals.execution` says,
 * written in the module's own command; a second try collides there, and so does a refusal that comes
 * while the first try commits after all.
 */
import { recordChange } from '#audit'
import {
  applied,
  Bug,
  type DeliveredEvent,
  type DueHandler,
  type DueWork,
  doneDue,
  parsePublicId,
  postponeDue,
  present,
  type Subscriber,
  type Tx,
} from '#base'
import type { ActionRefused, ApprovalRef } from './action.ts'
import { contentOf } from './canonical.ts'
import {
  type ApprovalsContext,
  EXECUTE,
  EXPIRE,
  entry,
  event,
  REMIND,
  requestId,
} from './context.ts'
import { EXECUTED, markRefused, outcomeOf } from './execution-store.ts'
import {
  applyWithin,
  concludeRequest,
  expireRequest,
  findRequest,
  keepResult,
  type Request,
} from './store.ts'

/** The handlers of due work; the books are those of the requests. */
export function dueHandlers(context: ApprovalsContext): Readonly<Record<string, DueHandler>> {
  const of = (work: (request: Request, due: DueWork) => Promise<void>): DueHandler => ({
    run: async (due) => work(await requestOf(context, due), due),
  })
  return {
    [EXPIRE]: of((request, due) => expire(context, request, due)),
    [REMIND]: of((request, due) => remind(context, request, due)),
    [EXECUTE]: of((request, due) => execute(context, request, due)),
  }
}

async function requestOf(context: ApprovalsContext, { book, key }: DueWork): Promise<Request> {
  const { uuid: id } = present(parsePublicId(key, 'areq'), 'due work of requests names one')
  return present(await findRequest(context.world.db, { book, id }), 'a request is never deleted')
}

const done = (tx: Tx, { book, kind, key, attempts }: DueWork, now: number): Promise<void> =>
  applyWithin(tx, { book, now }, [applied(doneDue, { kind, key, attempts })])

async function expire(context: ApprovalsContext, request: Request, due: DueWork): Promise<void> {
  const { db, clock } = context.world
  const now = clock.now()
  await db.tx(async (tx) => {
    if (await expireRequest(tx, { ...request, at: now })) {
      await done(tx, due, now)
      await recordChange(tx, now, {
        entries: [entry('expire_request', request)],
        events: [event('expired', request)],
      })
    } else if (request.state === 'requires_review' && request.expiresAt > now) {
      // The clock has stepped back since the work came due.
      const { kind, key, attempts } = due
      const later = { kind, key, attempts, dueAt: request.expiresAt }
      await applyWithin(tx, { book: due.book, now }, [applied(postponeDue, later)])
    } else {
      await done(tx, due, now)
    }
  })
}

async function remind(context: ApprovalsContext, request: Request, due: DueWork): Promise<void> {
  const { db, clock } = context.world
  const now = clock.now()
  await db.tx(async (tx) => {
    await done(tx, due, now)
    if (request.state !== 'requires_review') return
    const { needed, decisions, expiresAt } = request
    const missing = needed - decisions.length
    await recordChange(tx, now, {
      entries: [entry('remind_checkers', request, { after: { missing } })],
      events: [event('reminder', request, { missing, expires_at: expiresAt })],
    })
  })
}

/** What a module is told of the approval it acts under. */
export function approvalOf(request: Request): ApprovalRef {
  const { hash, makerId, decisions } = request
  const checkers = decisions.flatMap(({ verdict, checker }) =>
    verdict === 'approve' ? [checker] : [],
  )
  return { id: requestId(request), hash, maker: makerId, checkers }
}

async function execute(context: ApprovalsContext, request: Request, due: DueWork): Promise<void> {
  const { db, clock } = context.world
  const { state, result: known, book, id, orgId } = request
  const isOver = known !== null || (state !== 'approved' && state !== 'executed')
  if (isOver) return db.tx((tx) => done(tx, due, clock.now()))
  const action = context.actions.get(request.action)
  if (action === undefined) throw new Error(`No part of this server carries ${request.action} out.`)
  const result = await action.execute(orgId, contentOf(request.bound), approvalOf(request))
  if ('refused' in result) return fail(context, request, due, result)
  if ((await outcomeOf(db, book, id)) !== 'done') {
    throw new Bug(
      `${request.action} says it is done, but nothing it committed carried the approval`,
    )
  }
  await db.tx(async (tx) => {
    await keepResult(tx, request, { done: result.done ?? null })
    await done(tx, due, clock.now())
  })
}

/** Ends a request its module refused, unless an earlier try has carried it out after all. */
async function fail(
  context: ApprovalsContext,
  request: Request,
  due: DueWork,
  { refused, detail }: ActionRefused,
): Promise<void> {
  const { db, clock, log } = context.world
  const { book, id, orgId, hash } = request
  const now = clock.now()
  await db.tx(async (tx) => {
    await done(tx, due, now)
    if (!(await markRefused(tx, now, { book, orgId, approval: id, hash }))) {
      log.warn({ request: due.key, refused }, 'an approval was refused after it was carried out')
      return
    }
    const result = { refused, detail }
    const moved = await concludeRequest(tx, request, { state: 'failed', result, at: now })
    if (!moved) throw new Bug(`${due.key} was refused and is not approved`)
    await recordChange(tx, now, {
      entries: [entry('fail_request', request, { after: result, approval: due.key })],
      events: [event('failed', request, { refused, detail })],
    })
  })
}

/** Makes a request `executed` once the command that carried it out has committed. */
export function executedSubscriber(context: ApprovalsContext): Subscriber {
  return {
    name: 'approvals.executed',
    kinds: [EXECUTED],
    deliver: (delivered) => conclude(context, delivered),
  }
}

async function conclude(context: ApprovalsContext, delivered: DeliveredEvent): Promise<void> {
  const { db, clock } = context.world
  const { approval, hash } = delivered.payload as { approval: string; hash: string }
  const parsed = present(parsePublicId(approval, 'areq'), 'an executed approval has a public id')
  const { uuid: id, book } = parsed
  if (book !== delivered.book) {
    throw new Bug(`${approval} was carried out by book ${delivered.book}, not by its own`)
  }
  const request = present(await findRequest(db, { book, id }), 'no such approval was given')
  if (request.state === 'executed') return
  await db.tx(async (tx) => {
    const now = clock.now()
    const moved = await concludeRequest(tx, { book, id, hash }, { state: 'executed', at: now })
    if (!moved) throw new Bug(`${approval} was carried out while it was ${request.state}`)
    const after = { at: delivered.at, seq: String(delivered.seq) }
    await recordChange(tx, now, {
      entries: [entry('execute_request', request, { after, approval })],
    })
  })
}
