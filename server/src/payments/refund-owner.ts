/**
 * Sends the parts of refunds and decides what it means that an attempt at one moved: given back, short
 * of balance at the channel, later, or the next step of the ladder.
 */
import {
  applied,
  Bug,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  parsePublicId,
  planDue,
  present,
} from '#base'
import { isFinal, type Parts, type PaymentOutcome } from '#channels'
import type { TransferRequest } from '#ledger'
import type { Attempt, AttemptMoved, AttemptOwner } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import { type Handlers, mustCommand, transitOf } from './context.ts'
import { raise } from './exceptions.ts'
import { outsideParts } from './outside.ts'
import { settleException } from './outside-store.ts'
import { payoutHold } from './payout.ts'
import { releaseOf, voidOf } from './payout-money.ts'
import { lateKey } from './payout-owner.ts'
import { listPayouts } from './payout-store.ts'
import type { PayoutFollower, Payouts, PayoutsContext } from './payouts.ts'
import {
  FUND_REFUND,
  partPublicId,
  refundAttemptId,
  refundHold,
  SEND_REFUND,
  sendKey,
} from './refund.ts'
import { afterRefusal, routeClosed } from './refund-ladder.ts'
import { askApproval, leftToPerson, partEnds, partMoved, rootsOf } from './refund-payout.ts'
import { findPart, findRefund, type RefundPart } from './refund-store.ts'
import { movementSent } from './settlement-movement.ts'
import { merchantOf } from './stopped.ts'

const DAY_MS = 86_400_000
const LATER_MS = 300_000
const FUNDED_WAIT_MS = 60_000
const STILL_SHORT_MS = 1_800_000

export function refundOwner(context: PayoutsContext): AttemptOwner {
  return {
    order: async (attempt) => {
      const part = await partFor(context, attempt)
      const collection = await collectionOf(context, part)
      const { reason } = present(
        await findRefund(context.db, part.book, part.refund),
        `refund of part ${part.id} exists`,
      )
      return {
        reference: attempt.reference,
        at: attempt.at,
        amount: attempt.amount,
        currency: attempt.currency,
        reason,
        original: {
          reference: collection.reference,
          channelReference: collection.channelReference,
          at: collection.at,
          amount: collection.amount,
        },
      }
    },
    mayBeSent: async (attempt) => {
      const part = await partFor(context, attempt)
      return part.state === 'processing' && part.attempts === attempt.number
    },
    merchant: async (attempt) => {
      const { book, source } = await partFor(context, attempt)
      return merchantOf(context, { book, account: source }).merchant
    },
    moved: async (attempt, event) => {
      const part = await partFor(context, attempt)
      if (!isFinal(event.to)) return { roots: rootsOf(part) }
      return event.to === 'succeeded'
        ? succeeded(context, part)
        : failed(context, part, { attempt, event })
    },
    contradicted: async (attempt, outcome) =>
      contradicted(context, await partFor(context, attempt), { attempt, outcome }),
  }
}

async function partFor(context: PayoutsContext, attempt: Attempt): Promise<RefundPart> {
  const id = parsePublicId(attempt.owner, 'refp')
  const found = id && (await findPart(context.db, attempt.book, id.uuid))
  if (found === undefined) throw new Bug(`no refund part ${attempt.owner}`)
  return found
}

const collectionOf = async (context: PayoutsContext, { book, collection }: RefundPart) =>
  present(
    await findAttempt(context.db, book, { id: collection }),
    `collection ${collection} of book ${book} exists`,
  )

function succeeded(context: PayoutsContext, part: RefundPart): Parts {
  context.desk.forget(part.collection)
  return {
    roots: rootsOf(part),
    transfers: [releaseOf(refundHold(part.id, part.holdTry))],
    effects: [
      partMoved(part, 'attempt_succeeded', { code: '', message: '' }),
      ...partEnds(part, part.amount),
      shortNoMore(part),
    ],
    events: [
      {
        kind: 'payments.refund_part_succeeded',
        aggregate: partPublicId(part.book, part.id),
        orgId: part.orgId,
        payload: { part: partPublicId(part.book, part.id), amount: String(part.amount) },
      },
    ],
  }
}

const shortNoMore = (part: RefundPart) =>
  applied(settleException, {
    kind: 'refund_waiting_for_funds',
    about: partPublicId(part.book, part.id),
    action: 'retry',
    note: 'The refund went on.',
    by: 'platform',
  })

async function failed(
  context: PayoutsContext,
  part: RefundPart,
  { attempt, event }: { readonly attempt: Attempt; readonly event: AttemptMoved },
): Promise<Parts> {
  const { code, message } = event.outcome
  const { channel, direction } = attempt
  const neverSent = code === 'NEVER_SENT'
  const after = neverSent
    ? 'later'
    : afterRefusal(context.classify({ channel, direction, code }), part.attempts)
  if (after === 'step_down') return stepDown(context, part, { code, message })
  const { book, orgId, amount } = part
  const now = context.clock.now()
  const about = partPublicId(book, part.id)
  if (after === 'later') {
    const sendAt = now + Math.max(LATER_MS, gapOf(context, channel))
    return {
      roots: rootsOf(part),
      effects: [partMoved(part, 'try_later', { code, message, sendAt }), planSend(part, sendAt)],
    }
  }
  const evidence = { channel, code, part: about }
  return {
    roots: rootsOf(part),
    effects: [
      partMoved(part, 'channel_short', { code, message }),
      applied(planDue, { orgId, kind: FUND_REFUND, key: sendKey(part), dueAt: now, payload: null }),
      ...raise(
        { now, id: context.ids.uuid() },
        { orgId, kind: 'refund_waiting_for_funds', about, amount, evidence },
      ),
    ],
  }
}

const gapOf = (context: PayoutsContext, channel: string) =>
  context.desk.channel(channel).capability.refund?.gapMs ?? 0

const planSend = (part: RefundPart, dueAt: number): EffectRow =>
  applied(planDue, {
    orgId: part.orgId,
    kind: SEND_REFUND,
    key: sendKey(part),
    dueAt,
    payload: null,
  })

/** The way back is closed: the verified payer by payout, else a person. Gives the hold up. */
async function stepDown(
  context: PayoutsContext,
  part: RefundPart,
  why: { readonly code: string; readonly message: string },
): Promise<Parts> {
  const refund = present(
    await findRefund(context.db, part.book, part.refund),
    `refund of part ${part.id} exists`,
  )
  const transfers: TransferRequest[] = [voidOf(refundHold(part.id, part.holdTry))]
  const roots = rootsOf(part)
  if (refund.payerAccount === '') {
    const moved = partMoved(part, 'no_route_left', { ...why, route: 'manual' })
    return { roots, transfers, effects: [moved, ...leftToPerson(context, part, why.code)] }
  }
  const moved = partMoved(part, 'route_closed', { ...why, route: 'payout' })
  return { roots, transfers, effects: [moved, ...askApproval(context, refund, part)] }
}

async function contradicted(
  context: PayoutsContext,
  part: RefundPart,
  { attempt, outcome }: { readonly attempt: Attempt; readonly outcome: PaymentOutcome },
): Promise<Parts | undefined> {
  const { book, orgId, id, reference, channel, amount } = attempt
  const now = context.clock.now()
  const evidence = { owner: attempt.owner, channel, said: attempt.state, now: outcome.result }
  const at = { now, id: context.ids.uuid() }
  const about = reference
  if (outcome.result !== 'succeeded') {
    const raised = raise(at, { orgId, kind: 'contradicted', about, amount, evidence })
    return { roots: rootsOf(part), effects: raised }
  }
  const entry = { kind: 'unknown_debit', amount, channel, flow: reference, about } as const
  const parts = await outsideParts(context, book, { ...entry, key: lateKey(id), atChannel: true })
  if (parts === undefined) return undefined
  const raised = raise(at, { orgId, kind: 'hidden_then_found', about, amount, evidence })
  return {
    ...parts,
    roots: [...rootsOf(part), ...parts.roots],
    effects: [...(parts.effects ?? []), ...raised],
  }
}

export function refundHandlers(context: PayoutsContext, payouts: Payouts): Handlers {
  return {
    [SEND_REFUND]: { run: (work) => sendPart(context, work) },
    [FUND_REFUND]: { run: (work) => fund(context, payouts, work) },
  }
}

/** Due work: sends a part back the way the money came, if that is still open. */
async function sendPart(context: PayoutsContext, work: DueWork): Promise<void> {
  const { book } = work
  await mustCommand(context, book, async () => {
    const part = await findPart(context.db, book, work.key.slice(0, 32))
    const done = applied(doneDue, work)
    if (part?.state !== 'planned' || sendKey(part) !== work.key) {
      return { roots: [`refund_part:${work.key}`], effects: [done] }
    }
    const collection = await collectionOf(context, part)
    const now = context.clock.now()
    const { channel, amount, orgId } = part
    const terms = context.desk.channel(channel).capability.refund
    // This part is counted among the refunds of its collection already.
    const before = { ...collection, refunds: collection.refunds - 1 }
    const closed = routeClosed(before, terms, { amount, now })
    if (closed !== undefined) {
      const parts = await stepDown(context, part, { code: closed, message: 'the way back closed' })
      return { ...parts, effects: [...(parts.effects ?? []), done] }
    }
    const number = part.attempts + 1
    const intent = context.desk.intend(book, {
      orgId,
      id: refundAttemptId(part.id, number),
      direction: 'refund',
      owner: partPublicId(book, part.id),
      number,
      channel,
      method: '',
      bank: collection.bank,
      accountType: collection.accountType,
      amount,
      currency: collection.currency,
      at: now,
      validUntil: now + DAY_MS,
      route: undefined,
    })
    return {
      roots: rootsOf(part),
      effects: [partMoved(part, 'gap_over', { addAttempt: 1, sendAt: now }), ...intent, done],
    }
  })
}

/** Due work: moves money from the pool to our balance at the channel, once per part. */
async function fund(context: PayoutsContext, payouts: Payouts, work: DueWork): Promise<void> {
  const { book } = work
  const part = await findPart(context.db, book, work.key.slice(0, 32))
  if (part?.state === 'waiting_for_funds' && sendKey(part) === work.key) {
    const about = partPublicId(book, part.id)
    const before = await listPayouts(context.db, { book, about })
    const funded = before.find(
      ({ purpose, state }) =>
        purpose === 'refund_funding' && state !== 'failed' && state !== 'cancelled',
    )
    const payee = context.places.channelAccount(part.channel)
    if (funded?.state === 'succeeded') return goOn(context, part, work, STILL_SHORT_MS)
    if (funded === undefined && payee !== undefined) {
      const id = derivedUuid('payments.refund_funding', work.key)
      const source = transitOf(context.ledger.writer(book), part.channel).id
      const made = await payouts.create(book, {
        id,
        requestHash: id,
        source,
        amount: part.amount,
        payee,
        memo: about,
        requestedBy: 'platform',
        purpose: 'refund_funding',
        about,
      })
      if ('refused' in made) return goOn(context, part, work, DAY_MS)
    }
  }
  await mustCommand(context, book, async () => ({
    roots: [`refund_part:${work.key}`],
    effects: [applied(doneDue, work)],
  }))
}

/** Tries the refund again after a while: the balance may have come by other ways. */
async function goOn(
  context: PayoutsContext,
  { book, id }: RefundPart,
  work: DueWork,
  waitMs: number,
): Promise<void> {
  await mustCommand(context, book, async () => {
    const part = await findPart(context.db, book, id)
    const sendAt = context.clock.now() + waitMs
    const done = applied(doneDue, work)
    if (part?.state !== 'waiting_for_funds') {
      return { roots: [`refund_part:${work.key}`], effects: [done] }
    }
    return {
      roots: rootsOf(part),
      effects: [partMoved(part, 'funded', { sendAt }), planSend(part, sendAt), done],
    }
  })
}

/** What becomes of a part when the channel has been funded for it, or has not. */
export function refundFundingFollower(context: PayoutsContext): PayoutFollower {
  return {
    ended: async (payout, result): Promise<Parts> => {
      const { book, orgId, about, amount } = payout
      const id = present(parsePublicId(about, 'refp'), `funding ${payout.id} is for a refund part`)
      const part = present(await findPart(context.db, book, id.uuid), `part ${about} exists`)
      const waits = part.state === 'waiting_for_funds'
      const waitMs = result === 'succeeded' ? FUNDED_WAIT_MS : DAY_MS
      const sendAt = context.clock.now() + waitMs
      const to = context.places.channelBook(book, part.channel)
      const movement = releaseOf(payoutHold(payout.id, payout.holdTry)).id
      const kind = 'refund_funding' as const
      const sent =
        result === 'succeeded' && to !== undefined
          ? [movementSent({ book, orgId }, { movement, kind, to, amount })]
          : []
      return {
        roots: rootsOf(part),
        effects: waits ? [partMoved(part, 'funded', { sendAt }), planSend(part, sendAt)] : [],
        events: sent,
      }
    },
  }
}
