/**
 * Resolves exceptions: what a person decides, carried out in the command that closes the exception.
 *
 * The one thing to get wrong: closing what was not done. A decision the ledger refuses, or a question
 * whose answer changes nothing, leaves the exception open and tells why.
 */
import { applied, parsePublicId, present, type Uuid } from '#base'
import { isFinal } from '#channels'
import type { Command, RefusalCode } from '#ledger'
import type { Attempt } from './attempt.ts'
import { attachBooked, findAttempt } from './attempt-store.ts'
import {
  attemptRoot,
  type Carried,
  type Decided,
  type PaymentsContext,
  payInRoot,
  suspenseOf,
} from './context.ts'
import { findException, type PaymentException, resolveException } from './exception-store.ts'
import { type ExceptionAction, exceptionKind } from './exceptions.ts'
import { attachedId, payInOf } from './pay-in-owner.ts'
import { findPayIn, payPayIn } from './pay-in-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'

export type Resolution = Omit<Decided, 'id'> & { readonly action: string }

export type ResolutionRefused = { readonly refused: PaymentRefusalCode | RefusalCode }

/** Closes an exception by an action its kind allows. `undefined` when it is done. */
export async function resolve(
  context: PaymentsContext,
  at: { readonly book: number; readonly id: Uuid },
  asked: Resolution,
): Promise<ResolutionRefused | undefined> {
  const { book, id } = at
  const found = await findException(context.db, book, id)
  if (found === undefined) return { refused: 'exception_not_found' }
  if (found.state === 'resolved') return { refused: 'exception_resolved' }
  const action = exceptionKind(found.kind).actions.find((each) => each === asked.action)
  if (action === undefined) return { refused: 'action_not_allowed' }
  const decided: Decided = { ...asked, id: context.ids.uuid() }
  let refused: ResolutionRefused | undefined
  let waits: RefusalCode | undefined
  const done = await context.command(book, async () => {
    refused = undefined
    const now = present(await findException(context.db, book, id), 'an exception')
    if (now.state === 'resolved') refused = { refused: 'exception_resolved' }
    const carried = refused ?? (await carryOut(context, now, action, decided))
    if (carried === undefined) return closing(now, action, decided, undefined)
    if ('command' in carried) {
      waits = carried.waits
      return closing(now, action, decided, carried)
    }
    if ('refused' in carried) refused = carried
    return undefined
  })
  if (refused !== undefined || done.status !== 'refused') return refused
  return done.code === waits ? undefined : { refused: done.code }
}

/** What an action moves, with the exception closed by it. */
function closing(
  { id }: PaymentException,
  action: ExceptionAction,
  { note, by }: Decided,
  carried: { readonly command: Command; readonly waits?: RefusalCode } | undefined,
): Command {
  const { command = { roots: [] }, waits } = carried ?? {}
  const { refused } = command
  const resolved = applied(resolveException, { id, action, note, by })
  return {
    ...command,
    roots: [...command.roots, `exception:${id}`],
    effects: [...(command.effects ?? []), resolved],
    ...(refused === undefined
      ? {}
      : {
          refused: (code, transfer) => {
            const instead = refused(code, transfer)
            if (code !== waits) return instead
            return { ...instead, effects: [...(instead.effects ?? []), resolved] }
          },
        }),
  }
}

async function carryOut(
  context: PaymentsContext,
  exception: PaymentException,
  action: ExceptionAction,
  decided: Decided,
): Promise<Carried> {
  const carrier = context.carriers.get(`${exception.kind}/${action}`)
  if (carrier !== undefined) return carrier(exception, decided)
  switch (action) {
    case 'explain':
    case 'settle_by_hand':
      return undefined
    case 'ask_again':
      return askAgain(context, exception)
    case 'attach':
      return attach(context, exception)
    case 'refund':
      return refund(context, exception)
    default:
      return { refused: 'action_not_available' }
  }
}

/** The channel's answer is recorded by a command of its own. What stays open stays an exception. */
async function askAgain(context: PaymentsContext, exception: PaymentException): Promise<Carried> {
  const attempt = await attemptOf(context, exception)
  if (attempt === undefined) return { refused: 'action_not_possible' }
  await context.desk.askNow(exception.book, attempt.id)
  const now = present(await attemptOf(context, exception), 'an attempt')
  return isFinal(now.state) ? undefined : { refused: 'still_not_known' }
}

async function attemptOf(
  context: PaymentsContext,
  { about, book }: PaymentException,
): Promise<Attempt | undefined> {
  const parsed = parsePublicId(about, 'att')
  const by = parsed === undefined ? { reference: about } : { id: parsed.uuid }
  return findAttempt(context.db, book, by)
}

/** The refund runs commands of its own; the same one any number of times. */
async function refund(context: PaymentsContext, exception: PaymentException): Promise<Carried> {
  const attempt = await attemptOf(context, exception)
  if (context.refundAttempt === undefined) return { refused: 'action_not_available' }
  if (attempt?.bookedTo !== 'suspense') return { refused: 'action_not_possible' }
  return context.refundAttempt(exception.book, attempt, `exception ${exception.kind}`)
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
    command: {
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
    },
  }
}
