/**
 * Taking a request back: its maker cancels it or edits it. An edit voids it, with every approval it
 * had, and makes another request with the new content in the same tx.
 */
import { recordChange } from '#audit'
import type { Problem, Uuid } from '#base'
import { type ApprovalsContext, type Asker, entry, event, requestId, whyOver } from './context.ts'
import { forgetWaiting } from './decide.ts'
import { approvalProblem, type Refused, refuse } from './refusals.ts'
import { keep, newRequest, prepare, recorded } from './request.ts'
import { endRequest, findRequest, type Request } from './store.ts'

export interface WithdrawAsk {
  readonly book: number
  readonly id: Uuid
  readonly contentHash: string
  readonly note: string
}

/** Cancels a request that waits. Only its maker, with any user of his. */
export async function cancel(
  context: ApprovalsContext,
  asker: Asker,
  ask: WithdrawAsk,
): Promise<Request | Refused> {
  const request = await findOwn(context, asker, ask)
  if ('problem' in request) return request
  const { db, clock } = context.world
  const now = clock.now()
  const { note } = ask
  await db.tx(async (tx) => {
    const end = { state: 'canceled', by: asker.id, note, at: now } as const
    if (!(await endRequest(tx, request, end))) return
    await forgetWaiting(tx, request, now)
    await recordChange(tx, now, {
      entries: [entry('cancel_request', request, { after: { note } }, asker)],
      events: [event('canceled', request, { by: asker.id })],
    })
  })
  const after = (await findRequest(db, { ...request }))!
  if (after.state === 'canceled') return after
  return { problem: whyOver(after, clock.now()) ?? approvalProblem('content_differs') }
}

/** Voids a request and asks for other content instead. Gives back the new one. */
export async function edit(
  context: ApprovalsContext,
  asker: Asker,
  ask: WithdrawAsk & { readonly content: unknown; readonly reason: string },
): Promise<Request | Refused> {
  const old = await findOwn(context, asker, ask)
  if ('problem' in old) return old
  const { action, breakGlass } = old
  const { content, reason } = ask
  const prepared = await prepare(context, asker, { action, content, breakGlass })
  if ('problem' in prepared) return prepared
  if (prepared.hash === old.hash) return refuse('nothing_changed')
  const { db, clock, ids } = context.world
  const now = clock.now()
  const fresh = newRequest(
    context,
    asker,
    { action, content, reason, breakGlass, id: ids.uuid(), replaces: requestId(old) },
    prepared,
  )
  const replacedBy = requestId(fresh)
  const done = await db.tx(async (tx) => {
    const end = { state: 'canceled', by: asker.id, note: ask.note, replacedBy, at: now } as const
    if (!(await endRequest(tx, old, end))) return false
    await forgetWaiting(tx, old, now)
    await keep(tx, fresh, prepared.policy)
    const { entries, events } = recorded(fresh, asker)
    await recordChange(tx, now, {
      entries: [
        entry('edit_request', old, { before: { hash: old.hash }, after: { replacedBy } }, asker),
        ...entries,
      ],
      events: [event('canceled', old, { by: asker.id, replaced_by: replacedBy }), ...events],
    })
    return true
  })
  context.onPlanned?.()
  if (done) return (await findRequest(db, { ...fresh }))!
  const after = (await findRequest(db, { ...old }))!
  return { problem: whyOver(after, clock.now()) ?? approvalProblem('content_differs') }
}

/** The request, when the asker made it, it waits, and he saw it as it is. */
async function findOwn(
  context: ApprovalsContext,
  asker: Asker,
  ask: WithdrawAsk,
): Promise<Request | Refused> {
  const { book, id } = ask
  const { db, clock } = context.world
  const request = await findRequest(db, { book, id, orgId: asker.orgId })
  if (request === undefined) return refuse('approval_not_found')
  const problem: Problem | undefined =
    asker.merchant !== undefined
      ? approvalProblem('merchants_do_not_decide')
      : request.makerPerson !== asker.person
        ? approvalProblem('not_the_maker')
        : whyOver(request, clock.now())
  if (problem !== undefined) return { problem }
  return ask.contentHash === request.hash ? request : refuse('content_differs')
}
