/**
 * Sends what was intended. The instruction is `sending` by a committed command before the first byte
 * leaves; what a crash leaves behind is found by the question planned in the same command.
 */
import { applied, Bug, type DueWork, postponeDue } from '#base'
import { ASK, type DeskContext, dueKey, finish, instructionRoot, plan, readKey } from './context.ts'
import type { Instruction } from './instruction.ts'
import type { NotSent, Outcome } from './port.ts'
import { record } from './record.ts'
import { STOPPED_LOOK_MS, type Stopped } from './stop-gate.ts'
import * as store from './store.ts'

/** Due work: sends an instruction once, if it is still to be sent. */
export async function send(desk: DeskContext, work: DueWork): Promise<void> {
  const { book } = work
  const { id, sends } = readKey(work.key)
  const instruction = await store.findInstruction(desk.db, book, { id })
  if (instruction === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
  if (instruction.state !== 'intended' || instruction.sends !== sends) {
    const ended = { roots: [instructionRoot(id)], effects: [finish(work)] }
    await desk.command(book, async () => ended)
    return
  }
  if (desk.clock.now() >= instruction.validUntil) {
    const message = 'its time was over before it could be sent'
    const outcome: Outcome = { result: 'failed', code: 'NEVER_SENT', message }
    await record(desk, instruction, { on: 'expired', outcome, also: [finish(work)] })
    return
  }
  if (stopOf(desk, instruction) !== undefined) {
    const dueAt = Math.min(desk.clock.now() + STOPPED_LOOK_MS, instruction.validUntil)
    const effects = [applied(postponeDue, { ...work, dueAt })]
    await desk.writer(book).submit({ roots: [instructionRoot(id)], effects })
    return
  }
  await sendNow(desk, work, instruction)
}

/** Why a call may not be sent now. Only what pays money out can be paused: a freeze never is. */
function stopOf(desk: DeskContext, instruction: Instruction): Stopped | undefined {
  const { operation, orgId, book, channel } = instruction
  if (operation !== 'pay' && operation !== 'withdraw') return undefined
  if (desk.stops?.any() !== true) return undefined
  return desk.stops.stoppedBy({ orgId, book, direction: 'pay', channel })
}

async function sendNow(desk: DeskContext, work: DueWork, instruction: Instruction): Promise<void> {
  const { book, id, orgId, sends, reference } = instruction
  const { channel } = desk.place(book)
  const call = await desk.owner.call(instruction)
  const { sendWithinMs, timeoutMs } = channel.timing
  const sendBeforeMono = desk.clock.mono() + sendWithinMs
  const sendBefore = desk.clock.now() + sendWithinMs
  const marked = await desk.writer(book).submit({
    roots: [instructionRoot(id)],
    effects: [
      applied(store.markSending, { id, sendBefore }),
      finish(work),
      plan(ASK, { orgId, key: dueKey(id, sends, 'lost'), dueAt: sendBefore + timeoutMs }),
    ],
  })
  if (marked.status !== 'committed') return
  // Asked again: it may have been paused while it was marked.
  const stopped: NotSent | undefined = stopOf(desk, instruction) && {
    result: 'not_sent',
    message: 'it was paused',
  }
  const outcome = stopped ?? (await channel.perform(call, { reference, sendBeforeMono }))
  if (outcome.result !== 'not_sent') {
    await record(desk, instruction, { on: outcome.result, outcome })
    return
  }
  const told: Outcome = { result: 'unknown', code: 'NOT_SENT', message: outcome.message }
  await record(desk, instruction, { on: 'not_sent', outcome: told })
}
