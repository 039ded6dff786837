/**
 * Deciding: who may, on what he saw, once. Everything is checked before for the sake of the sentence,
 * and again by the statements and the tables for the sake of the truth.
 *
 * The easy mistake: comparing users. One person may have several users and keys; persons are compared.
 */
import { recordChange } from '#audit'
import { applied, ensureDue, forgetDue, type Problem, type Uuid } from '#base'
import type { EffectPreview, GuardedAction } from './action.ts'
import { contentOf } from './canonical.ts'
import {
  type ApprovalsContext,
  type Asker,
  EXECUTE,
  EXPIRE,
  entry,
  event,
  hours,
  planned,
  policiesOf,
  REMIND,
  requestId,
  whyOver,
} from './context.ts'
import { breakGlassPolicy, type Policies, policyFor } from './policy.ts'
import { effectHash } from './preview.ts'
import { approvalProblem, type Refused, refuse } from './refusals.ts'
import type { Verdict } from './states.ts'
import {
  applyWithin,
  countApproval,
  endRequest,
  findRequest,
  insertDecision,
  type NewDecision,
  type Request,
} from './store.ts'

export interface DecisionAsk {
  readonly book: number
  readonly id: Uuid
  readonly verdict: Verdict
  /** The hash of the content the checker saw. */
  readonly contentHash: string
  /** The hash of the effect the checker saw; when given, the effect must still be that one. */
  readonly effectHash?: string
  readonly note: string
}

/** Approves or rejects a request in the name of a person, or says why he may not. */
export async function decide(
  context: ApprovalsContext,
  asker: Asker,
  ask: DecisionAsk,
): Promise<Request | Refused> {
  const { book, id } = ask
  const request = await findRequest(context.world.db, { book, id, orgId: asker.orgId })
  if (request === undefined) return refuse('approval_not_found')
  const problem =
    whyNotThisCaller(context, asker, request, ask) ?? whyNotOnThis(context, asker, request, ask)
  if (problem !== undefined) return { problem }
  if (ask.verdict === 'reject') return reject(context, asker, request, ask)
  const refused =
    (await whyNotByPolicy(context, request)) ?? (await whyNotThisPerson(context, asker, request))
  if (refused !== undefined) return { problem: refused }
  const seen = await effectNow(context, request)
  if ('problem' in seen) return seen
  if (ask.effectHash !== undefined && ask.effectHash !== effectHash(seen)) {
    return refuse('effect_changed')
  }
  return approve(context, asker, request, { ask, seen })
}

/** What of the caller alone stands against his deciding. */
function whyNotThisCaller(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { verdict }: DecisionAsk,
): Problem | undefined {
  if (asker.merchant !== undefined) return approvalProblem('merchants_do_not_decide')
  if (asker.kind !== 'user') return approvalProblem('only_users_decide')
  const permission = ['approvals.decide', request.permission].find(
    (one) => !asker.permissions.has(one),
  )
  if (permission !== undefined) return approvalProblem('permission_missing', { permission })
  const { steppedUpAt } = asker
  const isStale = steppedUpAt === undefined || !context.isFresh(steppedUpAt)
  return verdict === 'approve' && isStale ? approvalProblem('step_up_stale') : undefined
}

/** What of the request, as the caller saw it, stands against it. */
function whyNotOnThis(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { contentHash }: DecisionAsk,
): Problem | undefined {
  const over = whyOver(request, context.world.clock.now())
  if (over !== undefined) return over
  if (contentHash !== request.hash) return approvalProblem('content_differs')
  if (request.makerPerson === asker.person) return approvalProblem('checker_is_maker')
  const before = request.decisions.some(({ person }) => person === asker.person)
  return before ? approvalProblem('already_decided') : undefined
}

/** A request keeps what its policy asked; one that would be asked more by now is not good any more. */
async function whyNotByPolicy(
  context: ApprovalsContext,
  request: Request,
): Promise<Problem | undefined> {
  const { document } = await policiesOf(context, request.orgId)
  const now = policyNow(document, request)
  const isEnough = now.checkers <= request.needed && now.permission === request.permission
  return isEnough ? undefined : approvalProblem('policy_changed')
}

function policyNow(document: Policies, request: Request) {
  if (request.breakGlass) return breakGlassPolicy(document)
  return policyFor(document, request.action, contentOf(request.bound))
}

/** How far back along a chain of appointments is looked. */
const CHAIN = 5

/** Whether his right comes, directly or by others, from somebody who takes part in the request. */
async function whyNotThisPerson(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
): Promise<Problem | undefined> {
  const { people } = context
  const { orgId, permission } = request
  for (const { checker } of request.decisions) {
    if (!(await people.may(orgId, checker, permission))) {
      return approvalProblem('earlier_checker_lost_right')
    }
  }
  const { document } = await policiesOf(context, orgId)
  const withinMs = hours(document.appointment_hours)
  if (withinMs === 0) return undefined
  const parties = new Set([request.makerPerson, ...request.decisions.map(({ person }) => person)])
  const seen = new Set([asker.person])
  let step: readonly string[] = [asker.person]
  for (let depth = 1; depth <= CHAIN && step.length > 0; depth += 1) {
    const lists = await Promise.all(
      step.map((person) => people.appointersOf(orgId, person, permission, withinMs)),
    )
    const appointers = lists.flat()
    if (depth === 1 && appointers.includes(request.makerPerson)) {
      return approvalProblem('checker_appointed_by_maker')
    }
    if (appointers.some((person) => parties.has(person))) return approvalProblem('delegate_loop')
    step = [...new Set(appointers)].filter((person) => !seen.has(person))
    for (const person of step) seen.add(person)
  }
  return undefined
}

/** What a request would do at this moment. */
export async function effectNow(
  context: Pick<ApprovalsContext, 'actions'>,
  request: Request,
): Promise<EffectPreview | Refused> {
  const action: GuardedAction | undefined = context.actions.get(request.action)
  if (action === undefined) return refuse('action_unknown')
  const shown = await action.preview(request.orgId, contentOf(request.bound))
  return 'refused' in shown ? refuse('effect_refused', { detail: shown.detail }) : shown
}

/** Rolls the tx back: somebody else was first. */
class Lost extends Error {}

async function approve(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { ask, seen }: { readonly ask: DecisionAsk; readonly seen: EffectPreview },
): Promise<Request | Refused> {
  const { clock } = context.world
  const now = clock.now()
  const { note } = ask
  return settle(context, asker, request, async (tx) => {
    const decision: NewDecision = {
      ...{ person: asker.person, checker: asker.id, verdict: 'approve' as const, note, seen },
      ...{ from: asker.from, at: now, steppedUpAt: asker.steppedUpAt! },
    }
    if (!(await insertDecision(tx, request, decision))) throw new Lost()
    const state = await countApproval(tx, request, now)
    if (state === undefined) throw new Lost()
    const { book } = request
    const isLast = state === 'approved'
    if (isLast) {
      await forgetWaiting(tx, request, now)
      const work = planned(request, EXECUTE, now)
      await applyWithin(tx, { book, now }, [applied(ensureDue, work)])
    }
    const { hash, breakGlass, needed } = request
    const after = { verdict: 'approve', content_hash: hash, effect_hash: effectHash(seen), state }
    const counts = { by: asker.id, needed, approvals: request.decisions.length + 1 }
    await recordChange(tx, now, {
      entries: [entry('approve_request', request, { after, approval: requestId(request) }, asker)],
      events: [
        event(isLast ? 'approved' : 'decided', request, counts),
        ...(isLast && breakGlass ? [event('break_glass', request, { at: 'approval' })] : []),
      ],
    })
  })
}

async function reject(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { note }: DecisionAsk,
): Promise<Request | Refused> {
  const now = context.world.clock.now()
  return settle(context, asker, request, async (tx) => {
    const decision: NewDecision = {
      ...{ person: asker.person, checker: asker.id, verdict: 'reject' as const, note },
      ...{ from: asker.from, at: now },
    }
    if (!(await insertDecision(tx, request, decision))) throw new Lost()
    const end = { state: 'rejected', by: asker.id, note, at: now } as const
    if (!(await endRequest(tx, request, end))) throw new Lost()
    await forgetWaiting(tx, request, now)
    const after = { verdict: 'reject', content_hash: request.hash, note }
    await recordChange(tx, now, {
      entries: [entry('reject_request', request, { after, approval: requestId(request) }, asker)],
      events: [event('rejected', request, { by: asker.id })],
    })
  })
}

type Tx = Parameters<typeof applyWithin>[0]

/** Runs the tx of a decision; when it lost to another move, says what that was. */
async function settle(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  work: (tx: Tx) => Promise<void>,
): Promise<Request | Refused> {
  const { db, clock } = context.world
  const lost = await db.tx(work).then(
    () => false,
    (error: unknown) => {
      if (error instanceof Lost) return true
      throw error
    },
  )
  context.onPlanned?.()
  const now = (await findRequest(db, { ...request }))!
  if (!lost) return now
  const problem = whyOver(now, clock.now())
  if (problem !== undefined) return { problem }
  const before = now.decisions.some(({ person }) => person === asker.person)
  return refuse(before ? 'already_decided' : 'content_differs')
}

/** Nothing has to end or be reminded of any more. */
export function forgetWaiting(tx: Tx, request: Request, now: number): Promise<void> {
  const key = requestId(request)
  return applyWithin(
    tx,
    { book: request.book, now },
    [EXPIRE, REMIND].map((kind) => applied(forgetDue, { kind, key })),
  )
}
