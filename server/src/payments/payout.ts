/**
 * A payout as others ask for it, the ids that follow from it, and which channel may take its next
 * attempt. Every id follows from the payout's own, so that a command decided again, or by another
 * server, makes no second thing.
 */
import {
  derivedUuid,
  type Instant,
  type Personal,
  type PersonalSeal,
  publicId,
  type Uuid,
} from '#base'
import type { BankParty, Limit, PayOrder, Stopped } from '#channels'
import type { RouteDecision } from '#routing'
import type { Attempt } from './attempt.ts'
import type { PaymentsContext } from './context.ts'
import type { PayoutPurpose } from './payout-states.ts'
import { type PayeeDay, type Payout, readPayeeDay } from './payout-store.ts'
import { merchantOf, stopOf } from './stopped.ts'

/** What somebody asks for. Amounts are minor units of the book's currency. */
export interface PayoutOrder {
  readonly id: Uuid
  /** SHA-256 of the request, hex: the same id with another one is refused. */
  readonly requestHash: string
  /** The account whose owner's money leaves. */
  readonly source: Uuid
  readonly amount: bigint
  readonly payee: BankParty
  readonly memo: string
  readonly requestedBy: string
  readonly purpose?: PayoutPurpose
  /** Public id of what it is for. */
  readonly about?: string
  /** A second person has to approve it first. */
  readonly approval?: boolean
  /** Nothing is sent after this; a day from now when absent. */
  readonly validUntil?: Instant
}

export const payoutRoot = (id: Uuid) => `payout:${id}`
export const payeeRoot = (payee: string) => `payee:${payee}`
export const payoutPublicId = (book: number, id: Uuid) => publicId('pout', book, id)

/** The hold of a try to reserve; a refused one keeps its id, so each try has its own. */
export const payoutHold = (id: Uuid, holdTry: number): Uuid =>
  derivedUuid('payments.payout_hold', `${id}/${holdTry}`)

export const payoutAttempt = (id: Uuid, number: number): Uuid =>
  derivedUuid('payments.payout_attempt', `${id}/${number}`)

/** Where the payee's sealed fields stand. */
export const payeePlace = (column: 'payee_name' | 'payee_account', org: number, id: string) => ({
  table: 'payments.payout',
  column,
  org,
  row: id,
})

const SHANGHAI_MS = 8 * 3_600_000

/** Shanghai's calendar day, `yyyymmdd`. */
export function shanghaiDay(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '')
}

/** Tells payees apart without telling who they are. */
export const payeeIndex = (seal: PersonalSeal, account: Personal): string =>
  Buffer.from(seal.blindIndex(account)).toString('hex')

/** The row of a payout that has just been asked for. */
export function payoutOf(
  context: Pick<PaymentsContext, 'seal' | 'clock' | 'orgId'>,
  book: number,
  order: PayoutOrder,
): Payout {
  const { seal, orgId } = context
  const { payee } = order
  const now = context.clock.now()
  const row = payoutPublicId(book, order.id)
  return {
    book,
    orgId,
    id: order.id,
    source: order.source,
    amount: order.amount,
    purpose: order.purpose ?? 'payout',
    about: order.about ?? '',
    payeeName: seal.seal(payee.name, payeePlace('payee_name', orgId, row)),
    payeeAccount: seal.seal(payee.account, payeePlace('payee_account', orgId, row)),
    payeeIndex: payeeIndex(seal, payee.account),
    bank: payee.bank,
    accountType: payee.accountType,
    cnaps: payee.cnaps ?? '',
    memo: order.memo,
    state: order.approval === true ? 'waiting_for_approval' : 'processing',
    attempts: 0,
    tried: [],
    holdTry: 0,
    validUntil: order.validUntil ?? now + DAY_MS,
    requestedBy: order.requestedBy,
    approvedBy: '',
    requestHash: order.requestHash,
    code: '',
    message: '',
    madeAt: now,
    movedAt: now,
  }
}

const DAY_MS = 86_400_000

/** What the rail is told. */
export function payOrderOf(seal: PersonalSeal, payout: Payout, attempt: Attempt): PayOrder {
  const { orgId } = payout
  const row = payoutPublicId(payout.book, payout.id)
  return {
    reference: attempt.reference,
    at: attempt.at,
    amount: attempt.amount,
    currency: attempt.currency,
    memo: payout.memo,
    payee: {
      name: seal.open('name', payout.payeeName, payeePlace('payee_name', orgId, row)),
      account: seal.open('card', payout.payeeAccount, payeePlace('payee_account', orgId, row)),
      bank: payout.bank,
      accountType: payout.accountType,
      ...(payout.cnaps === '' ? {} : { cnaps: payout.cnaps }),
    },
  }
}

const NO_LIMIT = 2n ** 62n
const NO_COUNT = 2_147_483_647

export type Choice =
  | {
      readonly channel: string
      readonly route: RouteDecision
      readonly day: PayeeDay
      /** The moment of `day`: an attempt made then gives the same day back when it fails. */
      readonly at: Instant
    }
  /** `stopped`: a channel would take it and is paused. */
  | {
      readonly channel: undefined
      readonly route: RouteDecision
      readonly stopped?: Stopped
    }

/** The channel that takes the payout's next attempt, within what the payee may still have today. */
export async function chooseChannel(context: PaymentsContext, payout: Payout): Promise<Choice> {
  const { desk, router, clock, db } = context
  const { book, bank, accountType, amount, payeeIndex: payee, orgId } = payout
  const now = clock.now()
  const day = shanghaiDay(now)
  const { currency } = context.ledger.writer(book).book
  const used = await readPayeeDay(db, { book, payee, day })
  const usedToday = Object.fromEntries([...used].map(([channel, each]) => [channel, each.used]))
  const countToday = Object.fromEntries([...used].map(([channel, each]) => [channel, each.count]))
  const tried = [...payout.tried]
  let stopped: Stopped | undefined
  for (;;) {
    const route = router.decide({
      direction: 'pay',
      amount,
      currency,
      book,
      bank,
      accountType,
      at: now,
      tried,
      attributes: { purpose: payout.purpose },
      usedToday,
      countToday,
    })
    const { channel } = route
    if (channel === undefined || tried.includes(channel)) {
      const { channel: _, ...closed } = route
      return { channel: undefined, route: closed, ...(stopped && { stopped }) }
    }
    const paused = stopOf(context, { ...paying(context, payout), channel })
    if (paused !== undefined) {
      stopped ??= paused
      tried.push(channel)
      continue
    }
    const limit = dayLimit(desk.channel(channel).capability.limits, { bank, accountType })
    const had = used.get(channel)
    const fits = (had?.used ?? 0n) + amount <= limit.most && (had?.count ?? 0) < limit.countMost
    if (fits) {
      return { channel, route, day: { orgId, payee, channel, day, amount, ...limit }, at: now }
    }
    tried.push(channel)
  }
}

/** A payout as pauses see it. */
export const paying = (
  context: Pick<PaymentsContext, 'ledger'>,
  { book, source }: Pick<Payout, 'book' | 'source'>,
) => ({ direction: 'pay' as const, book, ...merchantOf(context, { book, account: source }) })

/** The strictest day limits that apply to a payee. */
export function dayLimit(
  limits: readonly Limit[],
  of: { readonly bank: string; readonly accountType: string },
): { readonly most: bigint; readonly countMost: number } {
  let [most, countMost] = [NO_LIMIT, NO_COUNT]
  for (const limit of limits) {
    const applies =
      (limit.direction ?? 'pay') === 'pay' &&
      (limit.bank ?? of.bank) === of.bank &&
      (limit.accountType ?? of.accountType) === of.accountType
    if (!applies) continue
    if (limit.perDay !== undefined && limit.perDay < most) most = limit.perDay
    if (limit.countPerDay !== undefined) countMost = Math.min(countMost, limit.countPerDay)
  }
  return { most, countMost }
}
