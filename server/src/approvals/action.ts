/**
 * What another module hands in so that its action needs a second person, and what it gets back.
 *
 * The easy mistake: an `execute` whose command leaves out `applied(executedOnce, …)` or
 * `markExecuted`. It would carry the action out again at every try; such a request never becomes
 * executed, and its due work dies with an error that says so.
 */
import type { TSchema } from 'typebox'

export interface Texts {
  readonly en: string
  readonly zh: string
}

/** An approved request, as it goes into the command that carries it out. */
export interface ApprovalRef {
  /** `areq_<book>_…`; for the audit entry. */
  readonly id: string
  /** SHA-256 of the exact content, 64 hex digits. */
  readonly hash: string
  /** Public ids of the users, or of the key, behind it. */
  readonly maker: string
  readonly checkers: readonly string[]
}

/** Money as on every wire, or a text for what is not money, such as a state. */
export type Shown = string | { readonly amount: string; readonly currency: string }

export interface PreviewLine {
  readonly what: Texts
  /** The public id or name of the account it touches. */
  readonly account?: string
  readonly before?: Shown
  readonly after?: Shown
  readonly amount?: Shown
}

/** What leaves which account, and what changes. */
export interface EffectPreview {
  readonly lines: readonly PreviewLine[]
}

/** A module's refusal: its code, and a sentence that says what to do. */
export interface ActionRefused {
  readonly refused: string
  readonly detail: string
}

export interface GuardedAction<C = unknown> {
  /** `<module>.<verb>_<noun>`: `payouts.pay`. */
  readonly action: string
  readonly title: Texts
  /** The contract of the content. It names personal data and secrets by id, never by value. */
  readonly content: TSchema
  /** What a requester must hold besides `approvals.request`, such as `payouts.create`. */
  readonly permission?: string
  /** The book whose command carries it out; 0 for configuration. */
  book(content: C): number
  /** What it would do now; nothing moves. */
  preview(orgId: number, content: C): Promise<EffectPreview | ActionRefused>
  /**
   * Does it. Its own command or tx carries the approval by `executedOnce` or `markExecuted`, and
   * `executedEvent`. Called again after a success, it says `done` again. It throws when it cannot
   * tell: then it is called again. What it refuses is refused for good.
   */
  execute(
    orgId: number,
    content: C,
    approval: ApprovalRef,
  ): Promise<{ readonly done: unknown } | ActionRefused>
}

/** Lets actions of different contents stand in one list; each sees only what its contract let in. */
export function guardedAction<C>(action: GuardedAction<C>): GuardedAction {
  return action as GuardedAction
}
