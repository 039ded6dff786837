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
export {
  type ExecutedOnce,
  executedEvent,
  executedOnce,
  executionOf,
  markExecuted,
} from './execution-store.ts'
