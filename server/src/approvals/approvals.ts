/**
 * Approvals: one object for every action that takes a second person. It is asked for, shown, decided
 * on by other persons than its maker, and carried out once by the module it belongs to.
 */
import { type DueHandler, must, type Subscriber, type Uuid } from '#base'
import type { EffectPreview, GuardedAction } from './action.ts'
import { dueHandlers, executedSubscriber } from './carry-out.ts'
import { changePolicies } from './change-policies.ts'
import { type ApprovalsContext, type ApprovalsOptions, type Asker, policiesOf } from './context.ts'
import { type DecisionAsk, decide, effectNow } from './decide.ts'
import { type Policies, type Policy, policyFor } from './policy.ts'
import { changesBetween, effectHash, type PreviewChange } from './preview.ts'
import { type Refused, refuse } from './refusals.ts'
import { type Ask, makeRequest } from './request.ts'
import { findRequest, listRequests, type Request, type RequestFilter } from './store.ts'
import { cancel, edit, type WithdrawAsk } from './withdraw.ts'

/** A request with what it would do at this moment. */
export interface ApprovalView {
  readonly request: Request
  readonly action: GuardedAction | undefined
  /** Only while it waits: the effect now, its hash, and what differs from what its maker saw. */
  readonly now?:
    | {
        readonly effect: EffectPreview
        readonly hash: string
        readonly changed: readonly PreviewChange[]
      }
    | Refused
}

export interface Approvals {
  /** By action. */
  readonly actions: ReadonlyMap<string, GuardedAction>
  /** What an action with this content takes; 0 checkers: do it directly. */
  policyFor(orgId: number, action: string, content: unknown): Promise<Policy>
  /** The policies in force and their number; 0 for those of the files. */
  policies(orgId: number): Promise<{ readonly version: number; readonly document: Policies }>
  request(asker: Asker, ask: Ask): Promise<Request | Refused>
  decide(asker: Asker, ask: DecisionAsk): Promise<Request | Refused>
  /** By its maker alone. */
  cancel(asker: Asker, ask: WithdrawAsk): Promise<Request | Refused>
  /** Cancels it and makes another with the new content, which is given back. */
  edit(
    asker: Asker,
    ask: WithdrawAsk & { readonly content: unknown; readonly reason: string },
  ): Promise<Request | Refused>
  view(
    asker: Asker,
    of: { readonly book: number; readonly id: Uuid },
  ): Promise<ApprovalView | Refused>
  /** One statement; `forMe` and `mine` are about the asker's person. */
  list(
    asker: Asker,
    of: Omit<RequestFilter, 'maker' | 'waitingFor'> & {
      readonly mine?: boolean
      readonly forMe?: boolean
    },
  ): Promise<Request[]>
  /** For the sweeper; the books are those of the requests, 0 among them. */
  readonly handlers: Readonly<Record<string, DueHandler>>
  /** For the relay; it delivers `approvals.executed` of every book, 0 among them. */
  readonly subscriber: Subscriber
}

/** Binds the parts together. Changing the policies is an action of its own, added here. */
export function createApprovals(options: ApprovalsOptions): Approvals {
  const own = [...options.actions, changePolicies(options)]
  const actions = new Map(own.map((action) => [action.action, action]))
  must(actions.size === own.length, 'two actions that take approval have one name')
  const context: ApprovalsContext = { ...options, actions }
  return {
    actions,
    policyFor: async (orgId, action, content) =>
      policyFor((await policiesOf(context, orgId)).document, action, content),
    policies: (orgId) => policiesOf(context, orgId),
    request: (asker, ask) => makeRequest(context, asker, ask),
    decide: (asker, ask) => decide(context, asker, ask),
    cancel: (asker, ask) => cancel(context, asker, ask),
    edit: (asker, ask) => edit(context, asker, ask),
    view: (asker, of) => view(context, asker, of),
    list: (asker, { mine, forMe, ...filter }) =>
      listRequests(context.world.db, {
        ...{ ...filter, orgId: asker.orgId, now: context.world.clock.now() },
        ...(mine === true && { maker: asker.person }),
        ...(forMe === true && {
          waitingFor: { person: asker.person, permissions: [...asker.permissions] },
        }),
      }),
    handlers: dueHandlers(context),
    subscriber: executedSubscriber(context),
  }
}

async function view(
  context: ApprovalsContext,
  asker: Asker,
  of: { readonly book: number; readonly id: Uuid },
): Promise<ApprovalView | Refused> {
  const request = await findRequest(context.world.db, { ...of, orgId: asker.orgId })
  if (request === undefined || asker.merchant !== undefined) return refuse('approval_not_found')
  const action = context.actions.get(request.action)
  if (request.state !== 'requires_review') return { request, action }
  const effect = await effectNow(context, request)
  if ('problem' in effect) return { request, action, now: effect }
  const changed = changesBetween(request.preview, effect)
  return { request, action, now: { effect, hash: effectHash(effect), changed } }
}
