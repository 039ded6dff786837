/** What the parts of approvals share: the actions, who people are, and how a request is spoken of. */
import type { AuditActor, AuditEntry } from '#audit'
import {
  type Caller,
  type Instant,
  type OutboxEvent,
  type PlannedDue,
  type Problem,
  publicId,
  type Uuid,
  type World,
} from '#base'
import type { GuardedAction } from './action.ts'
import type { Policies } from './policy.ts'
import { approvalProblem } from './refusals.ts'
import { findPolicies, type NewRequest, type Request } from './store.ts'

/** What approvals have to know of users; identity answers. */
export interface People {
  /** Whether a user is active and holds a permission at this moment. */
  may(orgId: number, user: string, permission: string): Promise<boolean>
  /**
   * The persons who gave this person a role that holds the permission, within the last `withinMs`
   * milliseconds of wall time.
   */
  appointersOf(
    orgId: number,
    person: string,
    permission: string,
    withinMs: number,
  ): Promise<readonly string[]>
}

export interface ApprovalsOptions {
  readonly world: Pick<World, 'clock' | 'ids' | 'db' | 'log'>
  /** Every action that takes approval, by the modules that carry them out. */
  readonly actions: readonly GuardedAction[]
  /** In force where an organisation has put none of its own in force. */
  readonly policies: Policies
  readonly people: People
  /** Whether a proof of presence still counts, on wall time. */
  readonly isFresh: (steppedUpAt: Instant) => boolean
  /** The organisation of a book; `undefined` when there is no such book. */
  readonly orgOf: (book: number) => number | undefined
  /** Due work was planned: the sweeper may look at once. */
  readonly onPlanned?: () => void
}

export interface ApprovalsContext extends Omit<ApprovalsOptions, 'actions'> {
  readonly actions: ReadonlyMap<string, GuardedAction>
}

/** Who asks, and the request it came with, for the audit log. */
export type Asker = Caller & { readonly requestId?: string }

/** Due work of requests. */
export const EXECUTE = 'approvals.execute_request'
export const EXPIRE = 'approvals.expire_request'
export const REMIND = 'approvals.remind_checkers'

const HOUR_MS = 3_600_000
export const hours = (count: number): number => count * HOUR_MS

/** The policies in force for an organisation, and their number; 0 for those of the files. */
export async function policiesOf(
  context: Pick<ApprovalsContext, 'world' | 'policies'>,
  orgId: number,
): Promise<{ readonly version: number; readonly document: Policies }> {
  const own = await findPolicies(context.world.db, orgId)
  return own ?? { version: 0, document: context.policies }
}

export const requestId = ({ book, id }: { readonly book: number; readonly id: Uuid }): string =>
  publicId('areq', book, id)

export function planned(of: NewRequest, kind: string, dueAt: Instant): PlannedDue {
  return { orgId: of.orgId, kind, key: requestId(of), dueAt, payload: {} }
}

const PLATFORM: AuditActor = { kind: 'platform', id: 'approvals', person: '' }

/** The audit entry of something that happened to a request; by the platform itself without asker. */
export function entry(
  action: string,
  request: Pick<Request, 'book' | 'id' | 'orgId'>,
  more: { readonly before?: unknown; readonly after?: unknown; readonly approval?: string } = {},
  asker?: Asker,
): AuditEntry {
  const actor = asker === undefined ? PLATFORM : actorOf(asker)
  return {
    ...{ orgId: request.orgId, actor, from: asker?.from ?? '' },
    ...{ action: `approvals.${action}`, object: requestId(request), ...more },
    ...(asker?.requestId !== undefined && { requestId: asker.requestId }),
  }
}

const actorOf = ({ kind, id, person }: Caller): AuditActor => ({ kind, id, person })

/** A fact about a request, for webhooks and the console. */
export function event(
  kind: string,
  request: Pick<Request, 'book' | 'id' | 'orgId' | 'action' | 'hash'>,
  more: Readonly<Record<string, unknown>> = {},
): OutboxEvent {
  const id = requestId(request)
  const { action, hash, orgId } = request
  return {
    kind: `approvals.${kind}`,
    aggregate: id,
    payload: { approval: id, action, hash, ...more },
    orgId,
  }
}

/** Why a request takes no decision at this moment; `undefined` when it does. */
export function whyOver(request: Request, now: Instant): Problem | undefined {
  if (request.state !== 'requires_review') return approvalProblem(`approval_${request.state}`)
  return request.expiresAt > now ? undefined : approvalProblem('approval_expired')
}
