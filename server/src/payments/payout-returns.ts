/**
 * Payouts that came back (退票), days after they had succeeded: an entity and an entry of their own.
 * The payout stays as it is; its money is the owner's again, or in suspense, by policy.
 *
 * A return is told by callback, by list and by the bank's statement, under flow numbers that may
 * differ. It is recorded once per attempt, for an attempt moves its amount once.
 */
import {
  applied,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  parsePublicId,
  planDue,
  postponeDue,
} from '#base'
import type { PayoutReturned } from '#channels'
import { findAttempt } from './attempt-store.ts'
import { attemptRoot, type Handlers, mustCommand, suspenseOf } from './context.ts'
import { raise } from './exceptions.ts'
import { attemptEnded } from './facts.ts'
import { lineKey, recordOutside } from './outside.ts'
import { payoutRoot, shanghaiDay } from './payout.ts'
import { cashOf } from './payout-cash.ts'
import { payoutEvent } from './payout-reserve.ts'
import { findPayout, findReturn, insertReturn } from './payout-store.ts'
import type { PayoutsContext } from './payouts.ts'

const LIST_RETURNS = 'payments.list_payout_returns'

const LIST_EVERY_MS = 3_600_000
/** A payout may come back some days after it succeeded. */
const DAYS_BACK = 7
const DAY_MS = 86_400_000

export type ReturnPolicy = 'source' | 'suspense'

export type ReturnTaken = 'recorded' | 'known' | 'not_ours'

/**
 * Records a payout that came back; the same one any number of times, by any way. One nobody knew to
 * have gone is recorded as gone first.
 */
export async function recordReturn(
  context: PayoutsContext & { readonly returnsTo: ReturnPolicy },
  at: { readonly book: number; readonly channel: string },
  returned: PayoutReturned,
  /** Effects of what told it, as they stand at each decision. */
  alsoNow: () => Promise<readonly EffectRow[]> = async () => [],
): Promise<ReturnTaken> {
  const { book, channel } = at
  const { db, clock, orgId } = context
  let taken: ReturnTaken = 'known'
  await succeededBefore(context, book, returned)
  await mustCommand(context, book, async () => {
    const attempt = await findAttempt(db, book, { reference: returned.reference })
    const owner = attempt && parsePublicId(attempt.owner, 'pout')
    const payout = owner && (await findPayout(db, book, owner.uuid))
    const writer = context.ledger.writer(book)
    const paid = payout !== undefined && attempt?.state === 'succeeded'
    const ours = paid && returned.currency === attempt.currency
    taken = ours ? 'recorded' : 'not_ours'
    if (!ours) return undefined
    const also = await alsoNow()
    const { flow, amount, code, says, date } = returned
    const asked = { book, attempt: attempt.id, channel, flow }
    if ((await findReturn(db, asked)) !== undefined) {
      taken = 'known'
      return also.length === 0 ? undefined : { roots: [payoutRoot(payout.id)], effects: also }
    }
    const whole = amount === payout.amount
    const bookedTo = whole && context.returnsTo === 'source' ? 'source' : 'suspense'
    const credit = bookedTo === 'source' ? payout.source : suspenseOf(writer)
    const row = { orgId, attempt: attempt.id, payout: payout.id, channel, flow, amount, code, says }
    const now = clock.now()
    const evidence = {
      payout: attempt.owner,
      channel,
      flow,
      code,
      bookedTo,
      paid: `${payout.amount}`,
    }
    const about = attempt.owner
    const legs = [{ debit: cashOf(writer), credit, amount }]
    const id = derivedUuid('payments.payout_return', attempt.id)
    return {
      roots: [payoutRoot(payout.id), attemptRoot(attempt.id)],
      transfers: [{ type: 'post', id, legs, purpose: 'payout_returned' }],
      effects: [
        applied(insertReturn, { ...row, date, bookedTo }),
        ...raise(
          { now, id: context.ids.uuid() },
          { orgId, kind: 'payout_returned', about, amount, evidence },
        ),
        ...also,
      ],
      events: [payoutEvent(payout, 'returned'), attemptEnded(attempt, now, 'returned', { code })],
    }
  })
  return taken
}

/** A return of something we never paid is money that came in, and nobody knows why. */
export async function takeReturn(
  context: PayoutsContext & { readonly returnsTo: ReturnPolicy },
  at: { readonly book: number; readonly channel: string },
  returned: PayoutReturned,
): Promise<ReturnTaken> {
  const taken = await recordReturn(context, at, returned)
  if (taken !== 'not_ours') return taken
  const { flow, amount, reference } = returned
  await recordOutside(context, at.book, {
    kind: 'unknown_credit',
    amount,
    channel: at.channel,
    flow,
    about: reference,
    key: lineKey(at.channel, flow),
  })
  return taken
}

/** What comes back had been paid, whatever we knew of it until now. */
async function succeededBefore(
  context: PayoutsContext,
  book: number,
  returned: PayoutReturned,
): Promise<void> {
  const attempt = await findAttempt(context.db, book, { reference: returned.reference })
  if (attempt?.direction !== 'pay' || attempt.state === 'succeeded') return
  const { code, says, amount, currency } = returned
  const result = 'succeeded'
  await context.desk.record(book, attempt.id, { result, code, message: says, amount, currency })
}

/** The effect that begins to list a channel's returns for a book. */
export const startReturns = (context: PayoutsContext, channel: string): EffectRow =>
  applied(planDue, {
    orgId: context.orgId,
    kind: LIST_RETURNS,
    key: channel,
    dueAt: context.clock.now() + LIST_EVERY_MS,
    payload: null,
  })

export function returnHandlers(
  context: PayoutsContext & { readonly returnsTo: ReturnPolicy },
): Handlers {
  return { [LIST_RETURNS]: { run: (work) => listWhenDue(context, work) } }
}

async function listWhenDue(
  context: PayoutsContext & { readonly returnsTo: ReturnPolicy },
  work: DueWork,
): Promise<void> {
  const { book, key: name } = work
  const channel = context.desk.channel(name)
  const now = context.clock.now()
  const from = shanghaiDay(now - DAYS_BACK * DAY_MS)
  const returns = (await channel.listReturns?.(from, shanghaiDay(now))) ?? []
  for (const returned of returns) {
    if (channel.bookOf(returned.reference) !== book) continue
    await takeReturn(context, { book, channel: name }, returned)
  }
  const again = channel.listReturns !== undefined
  await mustCommand(context, book, async () => ({
    roots: [`returns:${name}`],
    effects: [
      again
        ? applied(postponeDue, { ...work, dueAt: now + LIST_EVERY_MS })
        : applied(doneDue, work),
    ],
  }))
}
