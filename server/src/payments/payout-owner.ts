/**
 * What it means that an attempt at a payout moved. Success releases the hold; a certain failure tries
 * the next channel or gives the hold up; anything else leaves both alone.
 */
import { applied, Bug, parsePublicId, type Uuid } from '#base'
import { isFinal, type Parts, type PaymentOutcome } from '#channels'
import type { Attempt, AttemptMoved, AttemptOwner } from './attempt.ts'
import { raise } from './exceptions.ts'
import { outsideParts } from './outside.ts'
import {
  chooseChannel,
  payeeRoot,
  payOrderOf,
  payoutHold,
  payoutRoot,
  shanghaiDay,
} from './payout.ts'
import { releaseOf, voidOf } from './payout-money.ts'
import { intended, payoutEvent } from './payout-reserve.ts'
import {
  findPayout,
  giveBackPayeeDay,
  movePayout,
  type Payout,
  usePayeeDay,
} from './payout-store.ts'
import type { PayoutsContext } from './payouts.ts'
import { merchantOf } from './stopped.ts'

export function payoutOwner(context: PayoutsContext): AttemptOwner {
  return {
    order: async (attempt) => payOrderOf(context.seal, await payoutFor(context, attempt), attempt),
    mayBeSent: async (attempt) => {
      const payout = await payoutFor(context, attempt)
      const { book, source, state, attempts } = payout
      // Reserved before its account was frozen: what has not left does not leave any more.
      const isFrozen = context.ledger.writer(book).account(source)?.state === 'frozen'
      return state === 'processing' && attempts === attempt.number && !isFrozen
    },
    merchant: async (attempt) => {
      const { book, source } = await payoutFor(context, attempt)
      return merchantOf(context, { book, account: source }).merchant
    },
    moved: async (attempt, event) => {
      const payout = await payoutFor(context, attempt)
      if (!isFinal(event.to)) return { roots: [payoutRoot(payout.id)] }
      return event.to === 'succeeded'
        ? succeeded(context, payout, event)
        : failed(context, payout, { attempt, event })
    },
    contradicted: async (attempt, outcome) =>
      contradicted(context, await payoutFor(context, attempt), { attempt, outcome }),
  }
}

async function payoutFor(context: PayoutsContext, attempt: Attempt): Promise<Payout> {
  const id = parsePublicId(attempt.owner, 'pout')
  const found = id && (await findPayout(context.db, attempt.book, id.uuid))
  if (found === undefined) throw new Bug(`no payout ${attempt.owner} in book ${attempt.book}`)
  return found
}

const said = (payout: Payout, outcome: PaymentOutcome) => ({
  id: payout.id,
  from: payout.state,
  attempts: payout.attempts,
  holdTry: payout.holdTry,
  addHoldTry: 0 as const,
  approvedBy: '',
  code: outcome.code,
  message: outcome.message,
})

async function succeeded(
  context: PayoutsContext,
  payout: Payout,
  { outcome }: AttemptMoved,
): Promise<Parts> {
  const more = await context.followers[payout.purpose]?.ended(payout, 'succeeded')
  return {
    ...more,
    roots: [payoutRoot(payout.id), ...(more?.roots ?? [])],
    transfers: [releaseOf(payoutHold(payout.id, payout.holdTry)), ...(more?.transfers ?? [])],
    effects: [
      applied(movePayout, { ...said(payout, outcome), to: 'succeeded', addAttempt: 0, tried: '' }),
      ...(more?.effects ?? []),
    ],
    events: [payoutEvent(payout, 'succeeded'), ...(more?.events ?? [])],
  }
}

/** Another channel, where what was said allows one; otherwise the money goes back to its owner. */
async function failed(
  context: PayoutsContext,
  payout: Payout,
  { attempt, event }: { readonly attempt: Attempt; readonly event: AttemptMoved },
): Promise<Parts> {
  const { outcome } = event
  const { channel, amount } = attempt
  const { id, payeeIndex: payee } = payout
  const day = shanghaiDay(attempt.at)
  const roots = [payoutRoot(id), payeeRoot(payee)]
  const givenBack = applied(giveBackPayeeDay, { payee, channel, day, amount })
  const moved = { ...said(payout, outcome), tried: channel }
  const choice = mayGoOn(context, payout, { attempt, outcome })
    ? await chooseChannel(context, { ...payout, tried: [...payout.tried, channel] })
    : undefined
  if (choice?.channel !== undefined) {
    return {
      roots,
      effects: [
        applied(movePayout, { ...moved, to: 'processing', addAttempt: 1 }),
        givenBack,
        applied(usePayeeDay, choice.day),
        ...intended(context, payout, { number: payout.attempts + 1, choice }),
      ],
    }
  }
  const more = await context.followers[payout.purpose]?.ended(payout, 'failed')
  return {
    ...more,
    roots: [...roots, ...(more?.roots ?? [])],
    transfers: [voidOf(payoutHold(id, payout.holdTry)), ...(more?.transfers ?? [])],
    effects: [
      applied(movePayout, { ...moved, to: 'failed', addAttempt: 0 }),
      givenBack,
      ...(more?.effects ?? []),
    ],
    events: [payoutEvent(payout, 'failed'), ...(more?.events ?? [])],
  }
}

/**
 * Whether another channel may be tried. Not once its time is over, which is why an attempt was never
 * sent; and not when it was refused for a cause of the payee's or of risk.
 */
function mayGoOn(
  context: PayoutsContext,
  payout: Payout,
  { attempt, outcome }: { readonly attempt: Attempt; readonly outcome: PaymentOutcome },
): boolean {
  if (context.clock.now() >= payout.validUntil) return false
  if (outcome.code === 'NEVER_SENT') return false
  const { channel, direction } = attempt
  const { certainty, retry } = context.classify({ channel, direction, code: outcome.code })
  // Failed for sure without a code that says so: the rail has never seen it, twice and in time.
  if (certainty !== 'failed') return attempt.notFound > 0
  return retry === 'other_channel'
}

/**
 * A rail takes back what it said for sure. Money that left after all is booked as gone without a
 * reason, for the hold it had was given up or went to another attempt.
 */
async function contradicted(
  context: PayoutsContext,
  payout: Payout,
  { attempt, outcome }: { readonly attempt: Attempt; readonly outcome: PaymentOutcome },
): Promise<Parts | undefined> {
  const { book, orgId, id, reference, channel, amount } = attempt
  const about = attempt.reference
  const now = context.clock.now()
  const evidence = { owner: attempt.owner, channel, said: attempt.state, now: outcome.result }
  if (outcome.result !== 'succeeded') {
    const kind = 'contradicted' as const
    const raised = raise({ now, id: context.ids.uuid() }, { orgId, kind, about, amount, evidence })
    return { roots: [payoutRoot(payout.id)], effects: raised }
  }
  const entry = { kind: 'unknown_debit', amount, channel, flow: reference, about } as const
  const parts = await outsideParts(context, book, { ...entry, key: lateKey(id) })
  if (parts === undefined) return undefined
  const kind = 'hidden_then_found' as const
  const raised = raise({ now, id: context.ids.uuid() }, { orgId, kind, about, amount, evidence })
  return {
    ...parts,
    roots: [payoutRoot(payout.id), ...parts.roots],
    effects: [...(parts.effects ?? []), ...raised],
  }
}

/** What an attempt that moved money after it was said to have failed is known by. */
export const lateKey = (attempt: Uuid) => `late/${attempt}`
