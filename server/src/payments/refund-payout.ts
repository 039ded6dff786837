/**
 * The second step of a refund's ladder: a payout to the verified payer, which waits for a second
 * person; and what its end means to the part it is for.
 */
import { applied, Bug, derivedUuid, type EffectRow, parsePublicId, present, type Uuid } from '#base'
import type { AccountType, BankParty, Parts } from '#channels'
import { attemptRoot } from './context.ts'
import { raise } from './exceptions.ts'
import { payoutOf } from './payout.ts'
import { begun } from './payout-reserve.ts'
import type { Payout } from './payout-store.ts'
import type { PayoutFollower, PayoutsContext } from './payouts.ts'
import { partPublicId, payerPlace, refundPublicId, refundRoot } from './refund.ts'
import { nextPart, type RefundPartEvent } from './refund-states.ts'
import {
  endPart,
  endReservation,
  findPart,
  movePart,
  type PartMove,
  type Refund,
  type RefundPart,
} from './refund-store.ts'

/** The payout of a part, once its way back is closed. */
const refundPayoutId = (part: Uuid): Uuid => derivedUuid('payments.refund_payout', part)

const VALID_MS = 30 * 86_400_000

/** The effects that ask a second person to let a part be paid out to the payer. */
export function askApproval(
  context: PayoutsContext,
  refund: Refund,
  part: RefundPart,
): EffectRow[] {
  const { book } = part
  const payee = present(payerOf(context, refund), `refund ${refund.id} has a verified payer`)
  const payout = payoutOf(context, book, {
    id: refundPayoutId(part.id),
    requestHash: refund.requestHash,
    source: part.source,
    amount: part.amount,
    payee,
    memo: refund.reason,
    requestedBy: refund.requestedBy,
    purpose: 'refund',
    about: partPublicId(book, part.id),
    approval: true,
    validUntil: context.clock.now() + VALID_MS,
  })
  return [...(begun(context, payout).effects ?? [])]
}

/** The verified payer of a refund; `undefined` when none is known. */
export function payerOf(context: PayoutsContext, refund: Refund): BankParty | undefined {
  if (refund.payerAccount === '') return undefined
  const { seal, orgId } = context
  const row = refundPublicId(refund.book, refund.id)
  return {
    name: seal.open('name', refund.payerName, payerPlace('payer_name', orgId, row)),
    account: seal.open('card', refund.payerAccount, payerPlace('payer_account', orgId, row)),
    bank: refund.payerBank,
    accountType: refund.payerAccountType as AccountType,
  }
}

/** The effect that moves a part by an event. */
export function partMoved(
  part: RefundPart,
  event: RefundPartEvent,
  more: Partial<Omit<PartMove, 'id' | 'from' | 'to' | 'attempts'>> = {},
): EffectRow {
  const { id, attempts, route, holdTry, sendAt, code, message } = part
  const to = nextPart(part.state, event)
  if (to === undefined) throw new Bug(`a refund part that is ${part.state} got ${event}`)
  const from = part.state
  const as = {
    id,
    from,
    to,
    attempts,
    addAttempt: 0 as const,
    route,
    holdTry,
    sendAt,
    code,
    message,
  }
  return applied(movePart, { ...as, ...more })
}

/** What the end of a part means to its collection and its refund. */
export function partEnds(part: RefundPart, refunded: bigint): EffectRow[] {
  const { collection, amount, refund } = part
  return [
    applied(endReservation, { collection, amount, refunded }),
    applied(endPart, { refund, succeeded: refunded }),
  ]
}

export const rootsOf = (part: RefundPart) => [refundRoot(part.refund), attemptRoot(part.collection)]

/** Nothing more is given back by a part: what it reserved can be refunded again. */
export function givenUp(
  part: RefundPart,
  why: { readonly code: string; readonly message: string },
): Parts {
  const publicId = partPublicId(part.book, part.id)
  return {
    roots: rootsOf(part),
    effects: [partMoved(part, 'given_up', why), ...partEnds(part, 0n)],
    events: [
      {
        kind: 'payments.refund_part_given_up',
        aggregate: publicId,
        orgId: part.orgId,
        payload: { part: publicId, amount: String(part.amount) },
      },
    ],
  }
}

/** A person has to settle it. */
export function leftToPerson(context: PayoutsContext, part: RefundPart, why: string): EffectRow[] {
  const { book, orgId, amount, channel } = part
  const about = partPublicId(book, part.id)
  const evidence = { refund: refundPublicId(book, part.refund), part: about, channel, why }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  return raise(at, { orgId, kind: 'refund_route_closed', about, amount, evidence })
}

/** What becomes of a part whose payout moved. */
export function refundPayoutFollower(context: PayoutsContext): PayoutFollower {
  return {
    approved: async (payout) => {
      const part = await partFor(context, payout)
      return { roots: rootsOf(part), effects: [partMoved(part, 'approved')] }
    },
    rejected: async (payout): Promise<Parts> => {
      const part = await partFor(context, payout)
      context.desk.forget(part.collection)
      return givenUp(part, { code: 'rejected', message: '' })
    },
    ended: async (payout, result): Promise<Parts> => {
      const part = await partFor(context, payout)
      const roots = rootsOf(part)
      if (result === 'succeeded') {
        const effects = [partMoved(part, 'payout_succeeded'), ...partEnds(part, part.amount)]
        context.desk.forget(part.collection)
        return { roots, effects }
      }
      const event = part.state === 'paying_out' ? 'payout_failed' : 'turned_down'
      const more = { route: 'manual', code: result } as const
      const effects = [
        partMoved(part, event, more),
        ...leftToPerson(context, part, `payout ${result}`),
      ]
      return { roots, effects }
    },
  }
}

async function partFor(context: PayoutsContext, payout: Payout): Promise<RefundPart> {
  const id = present(
    parsePublicId(payout.about, 'refp'),
    `payout ${payout.id} is for a refund part`,
  )
  const part = await findPart(context.db, payout.book, id.uuid)
  return present(part, `refund part ${payout.about} exists`)
}
