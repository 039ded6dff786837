/** A payer's bank takes a collection back: told by callback or by the file of the day, booked once. */
import { applied } from '#base'
import { findAttempt } from './attempt-store.ts'
import { attemptRoot, mustCommand } from './context.ts'
import { type OutsideContext, outsideParts } from './outside.ts'
import { chargeBack } from './refund-store.ts'

/** A payer's bank took a collection back. What is left of it to refund shrinks in the same command. */
export async function takeChargeback(
  context: OutsideContext,
  at: { readonly book: number; readonly channel: string },
  told: { readonly reference: string; readonly amount: bigint },
): Promise<void> {
  const { book, channel } = at
  const { reference, amount } = told
  await mustCommand(context, book, async () => {
    const attempt = await findAttempt(context.db, book, { reference })
    const parts = await outsideParts(context, book, {
      kind: 'chargeback',
      amount,
      channel,
      flow: reference,
      about: attempt?.owner ?? reference,
      key: `chargeback/${channel}/${reference}`,
    })
    if (parts === undefined || attempt?.direction !== 'collect') return parts
    context.desk.forget(attempt.id)
    const charged = applied(chargeBack, { collection: attempt.id, amount })
    return {
      ...parts,
      roots: [...parts.roots, attemptRoot(attempt.id)],
      effects: [...(parts.effects ?? []), charged],
    }
  })
}
