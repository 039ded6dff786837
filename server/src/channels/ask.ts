/**
 * Asks the bank what became of an instruction, on the channel's schedule, until that is final.
 *
 * "No such flow" proves something only when the bank had time to see the call, and says it twice, a
 * wait apart. Until then the call may still arrive.
 */
import { applied, Bug, type DueWork, type EffectRow, postponeDue } from '#base'
import { type DeskContext, finish, instructionRoot, readKey } from './context.ts'
import type { Instruction } from './instruction.ts'
import type { Answer, Outcome } from './port.ts'
import { record } from './record.ts'
import { isFinal, next } from './states.ts'
import * as store from './store.ts'

/** After this long without an answer a person is told. */
const DOUBT_MS = 30 * 60_000

/** Due work: one question, or the end of the questions. */
export async function ask(desk: DeskContext, work: DueWork): Promise<void> {
  const { book } = work
  const { id, sends, why } = readKey(work.key)
  const found = await store.findInstruction(desk.db, book, { id })
  if (found === undefined) throw new Bug(`no instruction ${id} in book ${book}`)
  const settled = isFinal(found.state) || found.state === 'intended' || found.sends !== sends
  // The sender has learnt something, and its own question was planned with that.
  if (settled || (why === 'lost' && found.state !== 'sending')) {
    await goOn(desk, found, [finish(work)])
    return
  }
  if (found.state === 'sending') {
    const message = 'the outcome of the call was not recorded in time'
    const outcome: Outcome = { result: 'unknown', code: 'NO_OUTCOME', message }
    await record(desk, found, { on: 'unknown', outcome, also: [finish(work)] })
    return
  }
  const { channel } = desk.place(book)
  await learn(desk, work, found, await channel.ask(await desk.owner.call(found), found.reference))
}

/** Records the answer to a question, and asks again while it is not final. */
async function learn(
  desk: DeskContext,
  work: DueWork,
  found: Instruction,
  answer: Answer,
): Promise<void> {
  if (answer.result === 'not_found') return notFound(desk, work, found)
  const to = next(found.state, answer.result)
  if (answer.result === 'unknown' || to === undefined) {
    await doubt(desk, found, answer.message)
    await goOn(desk, found, [later(desk, work)])
    return
  }
  const also = [isFinal(to) ? finish(work) : later(desk, work)]
  await record(desk, found, { on: answer.result, outcome: answer, also })
}

async function notFound(desk: DeskContext, work: DueWork, found: Instruction): Promise<void> {
  const { id, state, sendBefore, notFoundAt } = found
  const { timeoutMs, visibilityMs, askAfterMs } = desk.place(found.book).channel.timing
  const now = desk.clock.now()
  const seen = sendBefore !== undefined && now >= sendBefore + timeoutMs + visibilityMs
  if (state !== 'unknown' || !seen) {
    await doubt(desk, found, 'the bank knows no such flow')
    await goOn(desk, found, [later(desk, work)])
    return
  }
  if (notFoundAt === undefined || now - notFoundAt < askAfterMs[0]!) {
    const counted = applied(store.countNotFound, { id, before: found.notFound })
    await goOn(desk, found, [counted, later(desk, work)])
    return
  }
  const message = 'the bank knows no such flow, after time enough'
  const outcome: Outcome = { result: 'failed', code: 'NEVER_ACTED', message }
  await record(desk, found, { on: 'never_acted', outcome, also: [finish(work)] })
}

async function doubt(desk: DeskContext, found: Instruction, why: string): Promise<void> {
  const { sendBefore, book } = found
  if (sendBefore === undefined || desk.clock.now() - sendBefore < DOUBT_MS) return
  await desk.command(book, () => desk.owner.doubtful(found, why))
}

function later(desk: DeskContext, work: DueWork): EffectRow {
  const waits = desk.place(work.book).channel.timing.askAfterMs
  const wait = waits[Math.min(work.attempts, waits.length) - 1]!
  return applied(postponeDue, { ...work, dueAt: desk.clock.now() + wait })
}

const goOn = (desk: DeskContext, { book, id }: Instruction, effects: EffectRow[]) =>
  desk.command(book, async () => ({ roots: [instructionRoot(id)], effects }))
