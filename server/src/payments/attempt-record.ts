/**
 * Records what became of an attempt, by whichever way it was learnt, with all that it causes: one
 * command, the same any number of times.
 *
 * The one thing to get wrong: deciding on what is remembered and not guarding it. Every move names the
 * state it was decided on; when that has gone the row is read and the decision made again.
 */
import { applied, type EffectRow, present, publicId, type Uuid } from '#base'
import type { PaymentOutcome, PayOrder } from '#channels'
import { type InstructionEvent, type InstructionState, isFinal, next } from '#channels'
import type { Command } from '#ledger'
import { type Disagreed, disagreement } from './agreement.ts'
import type { Attempt } from './attempt.ts'
import { moveAttempt } from './attempt-store.ts'
import { attemptRoot, mustCommand } from './context.ts'
import { type DeskContext, forgetAsk, loadAttempt, planSend } from './desk-context.ts'
import { raise } from './exceptions.ts'
import { attemptEnded } from './facts.ts'

export interface AttemptEvent {
  readonly on: InstructionEvent
  readonly outcome: PaymentOutcome
  /** Effects of the due work that learnt it; they always move. */
  readonly also?: readonly EffectRow[]
  /**
   * Plans the next question. Left out when the attempt is found final: whoever ended it has taken the
   * question away, and a command that would move it could never be committed.
   */
  readonly nextQuestion?: EffectRow
}

export type Recorded = 'moved' | 'nothing' | 'disagrees'

/** Moves an attempt by an event, as one command, after what is being recorded of it here. */
export function record(
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid },
  event: AttemptEvent,
): Promise<Recorded> {
  return desk.turns.take(at.id, () => recordNow(desk, at, event))
}

async function recordNow(
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid },
  event: AttemptEvent,
): Promise<Recorded> {
  const { book, id } = at
  let known = desk.recent.get(book, id)
  let recorded: Recorded = 'nothing'
  let after: Attempt | undefined
  try {
    await mustCommand(desk, book, async () => {
      const attempt = known ?? (await loadAttempt(desk, book, id))
      known = undefined
      const decided = await decide(desk, attempt, event)
      recorded = decided.recorded
      after = decided.after
      return decided.command
    })
  } catch (error) {
    desk.recent.forget(id)
    throw error
  }
  if (after !== undefined) desk.recent.keep(after)
  return recorded
}

interface Decided {
  readonly recorded: Recorded
  readonly command: Command | undefined
  /** The attempt as it stands when the command has committed. */
  readonly after?: Attempt
}

async function decide(desk: DeskContext, attempt: Attempt, event: AttemptEvent): Promise<Decided> {
  const disagreed = disagreement(attempt, event.outcome, await payeeOf(desk, attempt, event))
  if (disagreed !== undefined) return disagreeing(desk, attempt, event, disagreed)
  const to = next(attempt.state, event.on)
  if (to === undefined) return standing(desk, attempt, event)
  return moving(desk, attempt, { ...event, to })
}

/** Whom we ordered to pay, read only when the rail tells whom it paid. */
async function payeeOf(desk: DeskContext, attempt: Attempt, { outcome }: AttemptEvent) {
  if (outcome.payeeAccount === undefined || attempt.direction !== 'pay') return undefined
  const order = (await desk.owner('pay').order(attempt)) as PayOrder
  return order.payee.account
}

/** What goes with an attempt that is then in this state. */
function withIt(state: InstructionState, { also = [], nextQuestion }: AttemptEvent): EffectRow[] {
  return nextQuestion === undefined || isFinal(state) ? [...also] : [...also, nextQuestion]
}

/** Nothing moves; what learnt it goes on. */
function disagreeing(
  desk: DeskContext,
  attempt: Attempt,
  event: AttemptEvent,
  { kind, evidence }: Disagreed,
): Decided {
  const { orgId, amount } = attempt
  const about = publicId('att', attempt.book, attempt.id)
  const at = { now: desk.clock.now(), id: desk.ids.uuid() }
  const raised = raise(at, { orgId, kind, about, amount, evidence })
  const effects = [...raised, ...withIt(attempt.state, event)]
  return { recorded: 'disagrees', command: { roots: [attemptRoot(attempt.id)], effects } }
}

/** What does not move an attempt may still contradict it. */
async function standing(
  desk: DeskContext,
  attempt: Attempt,
  event: AttemptEvent,
): Promise<Decided> {
  const { id, state, direction } = attempt
  const { outcome } = event
  const { result } = outcome
  const also = withIt(state, event)
  const final = result === 'succeeded' || result === 'failed'
  const against = isFinal(state) && final && result !== state
  const parts = against ? await desk.owner(direction).contradicted(attempt, outcome) : undefined
  if (parts !== undefined) desk.recent.forget(id)
  if (parts === undefined && also.length === 0) return { recorded: 'nothing', command: undefined }
  const roots = withRoot(parts?.roots ?? [], attempt)
  const command = { ...parts, roots, effects: [...(parts?.effects ?? []), ...also] }
  return { recorded: parts === undefined ? 'nothing' : 'moved', command }
}

async function moving(
  desk: DeskContext,
  attempt: Attempt,
  event: AttemptEvent & { readonly to: InstructionState },
): Promise<Decided> {
  const { to, outcome } = event
  const unsent = to === 'intended'
  const { bookedTo = '' as const, ...parts } = unsent
    ? { roots: [] }
    : await desk.owner(attempt.direction).moved(attempt, { to, outcome })
  const move = applied(moveAttempt, {
    id: attempt.id,
    from: attempt.state,
    to,
    unsent: unsent ? 1 : 0,
    code: outcome.code,
    message: outcome.message,
    channelReference: outcome.bankReference ?? '',
    bank: outcome.bank ?? '',
    accountType: outcome.accountType ?? '',
    payerAction: outcome.payerAction,
    bookedTo,
  })
  const now = desk.clock.now()
  const events = isFinal(to)
    ? [...(parts.events ?? []), attemptEnded(attempt, now, to as 'succeeded' | 'failed', outcome)]
    : parts.events
  const after = movedTo(attempt, { to, outcome, bookedTo, now })
  const command: Command = {
    ...parts,
    roots: withRoot(parts.roots, attempt),
    effects: [
      ...[move, ...(parts.effects ?? [])],
      ...[...following(desk, attempt, after), ...withIt(to, event)],
    ],
    ...(events === undefined ? {} : { events }),
  }
  return { recorded: 'moved', command, after }
}

/** What is due after a move: another send of what never left, and no question of what is final. */
function following(desk: DeskContext, before: Attempt, after: Attempt): EffectRow[] {
  if (after.state === 'intended') {
    const waits = desk.channel(before.channel).timing.askAfterMs
    const wait = present(waits[0], `channel ${before.channel} has waits`)
    return [forgetAsk(before.id), planSend(after, desk.clock.now() + wait)]
  }
  return isFinal(after.state) ? [forgetAsk(before.id)] : []
}

function movedTo(
  attempt: Attempt,
  by: {
    readonly to: InstructionState
    readonly outcome: PaymentOutcome
    readonly bookedTo: Attempt['bookedTo']
    readonly now: number
  },
): Attempt {
  const { to, outcome, bookedTo, now } = by
  const { payerAction = attempt.payerAction } = outcome
  return {
    ...attempt,
    state: to,
    sends: attempt.sends + (to === 'intended' ? 1 : 0),
    code: outcome.code,
    message: outcome.message.slice(0, 300),
    channelReference: outcome.bankReference || attempt.channelReference,
    bank: outcome.bank || attempt.bank,
    accountType: outcome.accountType ?? attempt.accountType,
    ...(payerAction === undefined ? {} : { payerAction }),
    bookedTo,
    movedAt: now,
  }
}

function withRoot(roots: readonly string[], { id }: Attempt): readonly string[] {
  const root = attemptRoot(id)
  return roots.includes(root) ? roots : [...roots, root]
}
