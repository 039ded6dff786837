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
  findPolicies,
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
  for (;;) {
    const decided = await decideOnce(context, asker, ask)
    if (decided !== 'again') return decided
  }
}

/**
 * `again`: another checker, or other policies, came in between, so that what was checked has to be
 * checked anew. A request takes two decisions, and policies change by hand: it does not go on for long.
 */
async function decideOnce(
  context: ApprovalsContext,
  asker: Asker,
  ask: DecisionAsk,
): Promise<Request | Refused | 'again'> {
  const { book, id } = ask
  const request = await findRequest(context.world.db, { book, id, orgId: asker.orgId })
  if (request === undefined) return refuse('approval_not_found')
  const problem =
    whyNotThisCaller(context, asker, request, ask) ?? whyNotOnThis(context, asker, request, ask)
  if (problem !== undefined) return { problem }
  if (ask.verdict === 'reject') return reject(context, asker, request, ask)
  const policies = await policiesOf(context, asker.orgId)
  const refused =
    whyNotByPolicy(policies.document, request) ??
    (await whyNotThisPerson(context, policies.document, asker, request))
  if (refused !== undefined) return { problem: refused }
  const seen = await effectNow(context, request)
  if ('problem' in seen) return seen
  if (ask.effectHash !== undefined && ask.effectHash !== effectHash(seen)) {
    return refuse('effect_changed')
  }
  return approve(context, asker, request, { ask, seen, version: policies.version })
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
function whyNotByPolicy(document: Policies, request: Request): Problem | undefined {
  const now = request.breakGlass
    ? breakGlassPolicy(document)
    : policyFor(document, request.action, contentOf(request.bound))
  const isEnough = now.checkers <= request.needed && now.permission === request.permission
  return isEnough ? undefined : approvalProblem('policy_changed')
}

/**
 * Whether the rights of those who decide come, directly or by others, from one who takes part: his own
 * from the maker or an earlier checker, or an earlier checker's from him.
 */
async function whyNotThisPerson(
  { people }: ApprovalsContext,
  document: Policies,
  asker: Asker,
  request: Request,
): Promise<Problem | undefined> {
  const { orgId, permission, decisions, makerPerson: maker } = request
  for (const { checker } of decisions) {
    if (!(await people.may(orgId, checker, permission))) {
      return approvalProblem('earlier_checker_lost_right')
    }
  }
  const withinMs = hours(document.appointment_hours)
  if (withinMs === 0) return undefined
  const appointersOf = (person: string) => people.appointersOf(orgId, person, permission, withinMs)
  if ((await appointersOf(asker.person)).includes(maker)) {
    return approvalProblem('checker_appointed_by_maker')
  }
  const checkers = [asker.person, ...decisions.map(({ person }) => person)]
  for (const checker of checkers) {
    const others = [maker, ...checkers].filter((person) => person !== checker)
    const chain = await chainBehind(checker, appointersOf)
    if (others.some((person) => chain.has(person))) return approvalProblem('delegate_loop')
  }
  return undefined
}

/** How far back along a chain of appointments is looked. */
const CHAIN = 5

/** Everybody from whom a person's right comes, step by step. */
async function chainBehind(
  person: string,
  appointersOf: (person: string) => Promise<readonly string[]>,
): Promise<Set<string>> {
  const found = new Set<string>()
  let step = [person]
  for (let depth = 0; depth < CHAIN && step.length > 0; depth += 1) {
    const lists = await Promise.all(step.map(appointersOf))
    step = [...new Set(lists.flat())].filter((one) => !found.has(one))
    for (const one of step) found.add(one)
  }
  return found
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

interface Approval {
  readonly ask: DecisionAsk
  readonly seen: EffectPreview
  /** The policies that were asked. */
  readonly version: number
}

async function approve(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { ask, seen, version }: Approval,
): Promise<Request | Refused | 'again'> {
  const { clock } = context.world
  const now = clock.now()
  const { note } = ask
  return settle(context, asker, request, async (tx) => {
    const decision: NewDecision = {
      ...{ person: asker.person, checker: asker.id, verdict: 'approve' as const, note, seen },
      ...{ from: asker.from, at: now, steppedUpAt: asker.steppedUpAt! },
    }
    if (!(await insertDecision(tx, request, decision))) throw new Lost()
    const counted = await countApproval(tx, request, now)
    if (counted?.approvals !== request.decisions.length + 1) throw new Lost()
    const { state, approvals } = counted
    const { book } = request
    const isLast = state === 'approved'
    if (isLast) {
      await forgetWaiting(tx, request, now)
      const work = planned(request, EXECUTE, now)
      await applyWithin(tx, { book, now }, [applied(ensureDue, work)])
    }
    const { hash, breakGlass, needed } = request
    const after = { verdict: 'approve', content_hash: hash, effect_hash: effectHash(seen), state }
    const counts = { by: asker.id, needed, approvals }
    await recordChange(tx, now, {
      entries: [entry('approve_request', request, { after, approval: requestId(request) }, asker)],
      events: [
        event(isLast ? 'approved' : 'decided', request, counts),
        ...(isLast && breakGlass ? [event('break_glass', request, { at: 'approval' })] : []),
      ],
    })
    // Changes of policies end with the same lock, so from here on none can commit before this does.
    const inForce = await findPolicies(tx, request.orgId)
    if ((inForce?.version ?? 0) !== version) throw new Lost()
  })
}

async function reject(
  context: ApprovalsContext,
  asker: Asker,
  request: Request,
  { note }: DecisionAsk,
): Promise<Request | Refused | 'again'> {
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
): Promise<Request | Refused | 'again'> {
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
  return before ? refuse('already_decided') : 'again'
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
