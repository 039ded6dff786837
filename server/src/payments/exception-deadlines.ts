/** Deadlines of exceptions: one nobody has resolved in time is marked, and others hear of it. */
import { applied, type DueWork, doneDue, type OutboxEvent, postponeDue, publicId } from '#base'
import { type Handlers, mustCommand, type PaymentsContext } from './context.ts'
import { findOpenException, markLate, type PaymentException } from './exception-store.ts'
import { EXCEPTION_DUE, type ExceptionKind, exceptionKind } from './exceptions.ts'

const EXCEPTION_OVERDUE = 'payments.exception_overdue'

export function exceptionHandlers(context: PaymentsContext): Handlers {
  return { [EXCEPTION_DUE]: { run: (work) => whenDue(context, work) } }
}

/**
 * Due work: marks what is open past its deadline. The work belongs to a kind and a thing; a later
 * exception about the same thing, raised once the first was resolved, has a later deadline.
 */
async function whenDue(context: PaymentsContext, work: DueWork): Promise<void> {
  const { book, key } = work
  const [kind, ...rest] = key.split(' ')
  const of = { book, kind: kind as ExceptionKind, about: rest.join(' ') }
  await mustCommand(context, book, async () => {
    const found = await findOpenException(context.db, of)
    const roots = [`exception:${key}`]
    const done = applied(doneDue, work)
    if (found === undefined || found.overdue) return { roots, effects: [done] }
    if (context.clock.now() < found.deadline) {
      return { roots, effects: [applied(postponeDue, { ...work, dueAt: found.deadline })] }
    }
    return { roots, effects: [applied(markLate, { id: found.id }), done], events: [late(found)] }
  })
}

function late({ book, id, orgId, kind, about, amount, deadline }: PaymentException): OutboxEvent {
  const aggregate = publicId('exc', book, id)
  const { owner } = exceptionKind(kind)
  const payload = { exception: aggregate, kind, about, owner, amount: String(amount), deadline }
  return { kind: EXCEPTION_OVERDUE, aggregate, orgId, payload }
}
