/** Resolves exceptions: what a person decides, carried out in the command that closes the exception. */
import { applied, parsePublicId, present, type Uuid } from '#base'
import type { Command } from '#ledger'
import type { Attempt } from './attempt.ts'
import { attachBooked, findAttempt } from './attempt-store.ts'
import { attemptRoot, mustCommand, type PaymentsContext, payInRoot, suspenseOf } from './context.ts'
import {
  findException,
  type PaymentException,
  type Resolution,
  resolveException,
} from './exception-store.ts'
import { type ExceptionAction, exceptionKind } from './exceptions.ts'
import { attachedId, payInOf } from './pay-in-owner.ts'
import { findPayIn, payPayIn } from './pay-in-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'

type Carried = Command | { readonly refused: PaymentRefusalCode } | undefined

/** Closes an exception by an action its kind allows. `undefined` when it is done. */
export async function resolve(
  context: PaymentsContext,
  at: { readonly book: number; readonly id: Uuid },
  decided: Omit<Resolution, 'id' | 'action'> & { readonly action: string },
): Promise<{ readonly refused: PaymentRefusalCode } | undefined> {
  const { book, id } = at
  const found = await findException(context.db, book, id)
  if (found === undefined) return { refused: 'exception_not_found' }
  if (found.state === 'resolved') return { refused: 'exception_resolved' }
  const action = exceptionKind(found.kind).actions.find((each) => each === decided.action)
  if (action === undefined) return { refused: 'action_not_allowed' }
  let refused: PaymentRefusalCode | undefined
  await mustCommand(context, book, async () => {
    refused = undefined
    const now = present(await findException(context.db, book, id), 'an exception')
    if (now.state === 'resolved') refused = 'exception_resolved'
    else {
      const carried = await carryOut(context, now, action)
      if (carried !== undefined && 'refused' in carried && typeof carried.refused === 'string') {
        refused = carried.refused
        return undefined
      }
      const parts = carried as Command | undefined
      const resolved = applied(resolveException, { id, action, note: decided.note, by: decided.by })
      const roots = [...(parts?.roots ?? []), `exception:${id}`]
      return { ...parts, roots, effects: [...(parts?.effects ?? []), resolved] }
    }
    return undefined
  })
  return refused === undefined ? undefined : { refused }
}

/** What an action moves; `undefined` for one that only closes the exception. */
async function carryOut(
  context: PaymentsContext,
  exception: PaymentException,
  action: ExceptionAction,
): Promise<Carried> {
  const carrier = context.carriers.get(`${exception.kind}/${action}`)
  if (carrier !== undefined) return carrier(exception)
  switch (action) {
    case 'explain':
    case 'settle_by_hand':
      return undefined
    case 'ask_again': {
      const attempt = await attemptOf(context, exception)
      if (attempt === undefined) return { refused: 'action_not_possible' }
      await context.desk.askNow(exception.book, attempt.id)
      return undefined
    }
    case 'attach':
      return attach(context, exception)
    case 'refund':
      return refund(context, exception)
    default:
      return { refused: 'action_not_available' }
  }
}

async function attemptOf(
  context: PaymentsContext,
  { about, book }: PaymentException,
): Promise<Attempt | undefined> {
  const parsed = parsePublicId(about, 'att')
  return parsed === undefined ? undefined : findAttempt(context.db, book, { id: parsed.uuid })
}

/** The refund runs commands of its own; the same one any number of times. */
async function refund(context: PaymentsContext, exception: PaymentException): Promise<Carried> {
  const attempt = await attemptOf(context, exception)
  if (context.refundAttempt === undefined) return { refused: 'action_not_available' }
  if (attempt?.bookedTo !== 'suspense') return { refused: 'action_not_possible' }
  await context.refundAttempt(exception.book, attempt, `exception ${exception.kind}`)
  return undefined
}

/** Late money is kept after all: out of suspense to where it was meant to go. */
async function attach(context: PaymentsContext, exception: PaymentException): Promise<Carried> {
  const { book } = exception
  const attempt = await attemptOf(context, exception)
  if (attempt?.direction !== 'collect') return { refused: 'action_not_available' }
  const payIn = present(await findPayIn(context.db, book, payInOf(attempt.owner)), 'a pay-in')
  const free = attempt.refunding + attempt.refunded === 0n
  if (payIn.state === 'succeeded' || attempt.bookedTo !== 'suspense' || !free) {
    return { refused: 'action_not_possible' }
  }
  const { id, state, attempts, destination } = payIn
  const writer = context.ledger.writer(book)
  if (writer.account(destination)?.state === 'closed') return { refused: 'destination_closed' }
  context.desk.forget(attempt.id)
  return {
    roots: [payInRoot(id), attemptRoot(attempt.id)],
    transfers: [
      {
        type: 'post',
        id: attachedId(attempt.id),
        legs: [{ debit: suspenseOf(writer), credit: destination, amount: attempt.amount }],
      },
    ],
    effects: [
      applied(attachBooked, { id: attempt.id }),
      applied(payPayIn, { id, from: state, by: attempt.id, attempts, ended: 0 }),
    ],
  }
}
