/** The door of approvals: actions that take a second person, and the requests that wait for one. */
export {
  type ActionRefused,
  type ApprovalRef,
  type EffectPreview,
  type GuardedAction,
  guardedAction,
  type PreviewLine,
  type Shown,
  type Texts,
} from './action.ts'
export { type Approvals, createApprovals } from './approvals.ts'
export type { ApprovalsOptions, Asker, People } from './context.ts'
export { describePolicies } from './describe.ts'
export {
  type ExecutedOnce,
  executedEvent,
  executedOnce,
  executionOf,
  markExecuted,
} from './execution-store.ts'
export { approvalRoutes } from './http.ts'
export { type Policies, PoliciesRefused, type Policy, readPolicies } from './policy.ts'
export { APPROVAL_PROBLEMS } from './refusals.ts'
export type { Ask } from './request.ts'
export type { RequestState } from './states.ts'
export type { Request as ApprovalRequest } from './store.ts'
