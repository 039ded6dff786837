/** Records what became of an instruction, by whichever way it was learnt, with all that it causes. */
import { applied, Bug, type EffectRow, type Uuid } from '#base'
import { ASK, type DeskContext, dueKey, instructionRoot, plan, SEND } from './context.ts'
import type { Instruction } from './instruction.ts'
import type { Parts } from './owner.ts'
import type { Outcome } from './port.ts'
import { type InstructionEvent, type InstructionState, isFinal, next } from './states.ts'
import * as store from './store.ts'

export interface RecordedEvent {
  readonly on: InstructionEvent
  readonly outcome: Outcome
  /** Effects of the due work that learnt it. */
  readonly also?: readonly EffectRow[]
}

/** Moves an instruction by an event, as one command; false when it changes nothing. */
export function record(
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid },
  event: RecordedEvent,
): Promise<boolean> {
  const { book, id } = at
  return desk.command(book, async () => {
    const instruction = await store.findInstruction(desk.db, book, { id })
    if (instruction === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
    const to = next(instruction.state, event.on)
    return to === undefined
      ? standing(desk, instruction, event)
      : moving(desk, instruction, { ...event, to })
  })
}

/** What does not move an instruction may still contradict it. */
async function standing(
  desk: DeskContext,
  instruction: Instruction,
  { outcome, also = [] }: RecordedEvent,
): Promise<Parts | undefined> {
  const { id, state } = instruction
  const { result } = outcome
  const final = result === 'succeeded' || result === 'failed'
  const against = isFinal(state) && final && result !== state
  const parts = against ? await desk.owner.contradicted(instruction, outcome) : undefined
  if (parts === undefined && also.length === 0) return undefined
  const roots = parts?.roots ?? [instructionRoot(id)]
  return { ...parts, roots, effects: [...(parts?.effects ?? []), ...also] }
}

async function moving(
  desk: DeskContext,
  instruction: Instruction,
  event: RecordedEvent & { readonly to: InstructionState },
): Promise<Parts> {
  const { to, outcome, also = [] } = event
  const { id, state } = instruction
  const root = instructionRoot(id)
  const unsent = to === 'intended'
  const parts: Parts = unsent
    ? { roots: [root] }
    : await desk.owner.moved(instruction, { to, outcome })
  const moved = applied(store.moveInstruction, {
    id,
    from: state,
    to,
    unsent: unsent ? 1 : 0,
    code: outcome.code,
    message: outcome.message,
    bankReference: outcome.bankReference ?? '',
  })
  const roots = parts.roots.includes(root) ? parts.roots : [...parts.roots, root]
  const effects = [moved, ...(parts.effects ?? []), ...following(desk, instruction, to), ...also]
  return { ...parts, roots, effects }
}

/** What is due after the call itself has ended: another send of what never left, or the question. */
function following(desk: DeskContext, instruction: Instruction, to: InstructionState): EffectRow[] {
  const { book, id, orgId, sends, state } = instruction
  const now = desk.clock.now()
  const wait = desk.place(book).channel.timing.askAfterMs[0]!
  if (to === 'intended') {
    return [plan(SEND, { orgId, key: dueKey(id, sends + 1), dueAt: now + wait })]
  }
  if (state !== 'sending' || isFinal(to)) return []
  const dueAt = to === 'accepted' ? now : now + wait
  return [plan(ASK, { orgId, key: dueKey(id, sends, 'told'), dueAt })]
}
