/**
 * Asks the rail what became of an attempt, on the channel's schedule, until that is final. An order
 * nobody paid in its time is closed at the rail first.
 *
 * "Not found" proves something only when the rail had time to see the order, and says it twice, a wait
 * apart. Until then the order may still arrive.
 */
import {
  applied,
  type DueWork,
  type EffectRow,
  type Instant,
  postponeDue,
  present,
  publicId,
} from '#base'
import { isFinal, next, type PaymentAnswer, type PaymentOutcome } from '#channels'
import type { Command } from '#ledger'
import type { Attempt } from './attempt.ts'
import { record } from './attempt-record.ts'
import { countNotFound, markOverdue } from './attempt-store.ts'
import { attemptRoot, mustCommand } from './context.ts'
import { type DeskContext, forget, loadAttempt, questionOf } from './desk-context.ts'
import { raise } from './exceptions.ts'
import { attemptEnded } from './facts.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** When an attempt should be final, from when it was made: later it counts as overdue. */
const MATURITY_MS = { collect: 30 * MINUTE_MS, pay: 24 * HOUR_MS, refund: 72 * HOUR_MS }

/** After this long in `unknown`, or past its time, a person is told. */
export const DOUBT_MS = 30 * MINUTE_MS

/** Due work: one question, or the end of the questions. */
export async function askDue(desk: DeskContext, work: DueWork): Promise<void> {
  await ask(desk, await loadAttempt(desk, work.book, work.key), work)
}

/** Asks now; with `work` the next question is planned. */
export async function ask(desk: DeskContext, attempt: Attempt, work?: DueWork): Promise<void> {
  if (isFinal(attempt.state) || attempt.state === 'intended') {
    if (work !== undefined) await end(desk, attempt, work)
    return
  }
  if (attempt.state === 'sending') {
    if (work === undefined) return
    const message = 'the outcome of the call was not recorded in time'
    const outcome: PaymentOutcome = { result: 'unknown', code: 'NO_OUTCOME', message }
    const nextQuestion = later(desk, attempt, work)
    await record(desk, attempt, { on: 'unknown', outcome, nextQuestion })
    return
  }
  const answer = (await closeInTime(desk, attempt)) ?? (await query(desk, attempt))
  await learn(desk, attempt, answer, work)
}

/** Closes a collection whose time is over; `undefined` when the rail did not close it. */
async function closeInTime(
  desk: DeskContext,
  attempt: Attempt,
): Promise<PaymentAnswer | undefined> {
  const { direction, validUntil } = attempt
  if (direction !== 'collect' || desk.clock.now() < validUntil) return undefined
  return closeAtRail(desk, attempt)
}

/** Closes at the rail; `undefined` when it did not, or nobody knows: then ask. */
export async function closeAtRail(
  desk: DeskContext,
  attempt: Attempt,
): Promise<PaymentOutcome | undefined> {
  const channel = desk.channel(attempt.channel)
  if (channel.close === undefined) return undefined
  try {
    const closed = await channel.close(questionOf(attempt))
    if (closed.result !== 'accepted') return undefined
    return { ...closed, result: 'failed', code: 'CLOSED', message: 'closed before it was paid' }
  } catch (error) {
    desk.log.warn({ error, attempt: attempt.id }, 'an order could not be closed at its channel')
    return undefined
  }
}

async function query(desk: DeskContext, attempt: Attempt): Promise<PaymentAnswer> {
  try {
    const owner = desk.owner(attempt.direction)
    const question = await (owner.question?.(attempt) ?? questionOf(attempt))
    return await desk.channel(attempt.channel).query(question)
  } catch (error) {
    desk.log.warn({ error, attempt: attempt.id }, 'a channel could not be asked')
    return { result: 'unknown', code: 'NOT_ASKED', message: 'the channel could not be asked' }
  }
}

async function learn(
  desk: DeskContext,
  attempt: Attempt,
  answer: PaymentAnswer,
  work: DueWork | undefined,
): Promise<void> {
  if (answer.result === 'not_found') return notFound(desk, attempt, answer.code, work)
  const to = next(attempt.state, answer.result)
  if (answer.result === 'unknown' || to === undefined) return goOn(desk, attempt, work)
  const asked = work === undefined ? {} : { nextQuestion: later(desk, attempt, work) }
  const event = { on: answer.result, outcome: answer, ...(isFinal(to) ? {} : asked) }
  const recorded = await record(desk, attempt, event)
  // Told otherwise than ordered: nothing has moved, and the question stays.
  if (recorded === 'disagrees' && isFinal(to)) await goOn(desk, attempt, work)
}

async function notFound(
  desk: DeskContext,
  attempt: Attempt,
  code: string,
  work: DueWork | undefined,
): Promise<void> {
  const { id, state, sendBefore, notFoundAt } = attempt
  const { timeoutMs, notFoundAfterMs, askAfterMs } = desk.channel(attempt.channel).timing
  const now = desk.clock.now()
  const seen = sendBefore !== undefined && now >= sendBefore + timeoutMs + notFoundAfterMs
  if (state !== 'unknown' || !seen) return goOn(desk, attempt, work)
  if (notFoundAt === undefined || now - notFoundAt < present(askAfterMs[0], 'a wait')) {
    const counted = applied(countNotFound, { id, before: attempt.notFound })
    return goOn(desk, attempt, work, notFoundAt === undefined ? [counted] : [])
  }
  const message = 'the channel knew no such order, twice, after the time it needs to know one'
  const outcome: PaymentOutcome = { result: 'failed', code: code || 'NOT_FOUND', message }
  await record(desk, attempt, { on: 'never_acted', outcome })
}

/** Still open: the next question, the fact that it is overdue, and a person told of what stays unknown. */
async function goOn(
  desk: DeskContext,
  attempt: Attempt,
  work: DueWork | undefined,
  also: readonly EffectRow[] = [],
): Promise<void> {
  const now = desk.clock.now()
  const { id, orgId, amount, book, channel, reference } = attempt
  const effects = [...also]
  if (work !== undefined) effects.push(later(desk, attempt, work))
  const overdue = !attempt.overdue && now >= attempt.at + MATURITY_MS[attempt.direction]
  if (overdue) effects.push(applied(markOverdue, { id }))
  const since = attempt.sendBefore ?? attempt.at
  if (isDoubtful(attempt, now)) {
    const evidence = { channel, reference, since, code: attempt.code }
    const about = publicId('att', book, id)
    const kind = 'unknown_too_long' as const
    effects.push(...raise({ now, id: desk.ids.uuid() }, { orgId, kind, about, amount, evidence }))
  }
  if (effects.length === 0) return
  const command: Command = {
    roots: [attemptRoot(id)],
    effects,
    ...(overdue ? { events: [attemptEnded(attempt, now, 'overdue', { code: attempt.code })] } : {}),
  }
  const result = await desk.ledger.writer(book).submit(command)
  desk.recent.forget(id)
  if (result.status === 'committed' || work === undefined) return
  // It has moved meanwhile: what is right to do next depends on where to.
  await askAgainOrEnd(desk, attempt, work)
}

/**
 * Whether a person should hear of it: unknown for long, or taken by the rail and never done. A
 * collection may wait for its payer until its time is over.
 */
function isDoubtful({ state, direction, at, sendBefore, validUntil }: Attempt, now: Instant) {
  if (state === 'unknown') return now - (sendBefore ?? at) >= DOUBT_MS
  const patience = direction === 'collect' ? validUntil + DOUBT_MS : at + MATURITY_MS[direction]
  return state === 'accepted' && now >= patience
}

async function askAgainOrEnd(desk: DeskContext, before: Attempt, work: DueWork): Promise<void> {
  const attempt = await loadAttempt(desk, before.book, before.id)
  if (isFinal(attempt.state) || attempt.state === 'intended') await end(desk, attempt, work)
  // Else the mark of this try stands, and the work comes due again when its lease is over.
}

const end = (desk: DeskContext, { book, id }: Attempt, work: DueWork) =>
  mustCommand(desk, book, async () => ({ roots: [attemptRoot(id)], effects: [forget(work)] }))

/** The next question: after the schedule's wait, or when something else falls due before that. */
function later(desk: DeskContext, attempt: Attempt, work: DueWork): EffectRow {
  const { timing } = desk.channel(attempt.channel)
  const waits = timing.askAfterMs
  const now = desk.clock.now()
  const wait = present(waits[Math.min(work.attempts, waits.length) - 1], 'a wait')
  const dues = [now + wait]
  const maturity = attempt.at + MATURITY_MS[attempt.direction]
  if (!attempt.overdue && maturity > now) dues.push(maturity)
  if (attempt.direction === 'collect' && attempt.validUntil > now) dues.push(attempt.validUntil)
  return applied(postponeDue, { ...work, dueAt: Math.min(...dues) })
}
