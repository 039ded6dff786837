/**
 * Refunds: allocated over pay-ins, reserved on each collection, sent back the way the money came, and
 * down the ladder when that way is closed.
 *
 * Two reservations stand behind each part: on the collection's row, so that no more is given back than
 * came in, and a hold on the account the money lies in now, so that it cannot leave twice. The one
 * thing to get wrong: ending either while an attempt or a payout for the part is not final.
 */
import { applied, type EffectRow, parsePublicId, planDue, type Uuid } from '#base'
import type { BankParty, Stopped } from '#channels'
import type { Command, HoldRequest, RefusalCode } from '#ledger'
import type { Attempt } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import { attemptRoot, suspenseOf, transitOf } from './context.ts'
import { raise } from './exceptions.ts'
import type { PayoutsContext } from './payouts.ts'
import {
  partId,
  partPublicId,
  payerPlace,
  refundHold,
  refundPublicId,
  refundRoot,
  SEND_REFUND,
  sendKey,
} from './refund.ts'
import { allocateRefund, type RefundShare } from './refund-allocation.ts'
import { closesAt, routeClosed, sendAt } from './refund-ladder.ts'
import { askApproval } from './refund-payout.ts'
import {
  collectionsOf,
  destinationOf,
  findRefund,
  insertPart,
  insertRefund,
  lastSendAt,
  listParts,
  REFUNDS_MOST,
  type Refund,
  type RefundPart,
  reserveRefund,
} from './refund-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'
import { merchantOf, stopOf } from './stopped.ts'

/** What somebody asks for. Amounts are minor units of the book's currency. */
export interface RefundRequest {
  readonly id: Uuid
  /** SHA-256 of the request, hex. */
  readonly requestHash: string
  readonly amount: bigint
  readonly reason: string
  readonly requestedBy: string
  /** Public ids of the pay-ins to take it from. */
  readonly payIns?: readonly string[]
  /** Or the very attempts that collected it. */
  readonly collections?: readonly Uuid[]
  /** The account the money lies in now; where each pay-in was booked to when absent. */
  readonly source?: Uuid
  /** The verified payer, for when the way back is closed. */
  readonly payer?: BankParty
}

export type RefundAnswer =
  | { readonly refund: Refund; readonly parts: readonly RefundPart[]; readonly created: boolean }
  /** With who paused it, for `stopped`. */
  | { readonly refused: PaymentRefusalCode | RefusalCode; readonly stopped?: Stopped }

/** Makes a refund, or answers the one made before under its id. */
export async function refund(
  context: PayoutsContext,
  book: number,
  request: RefundRequest,
): Promise<RefundAnswer> {
  let refused: PaymentRefusalCode | undefined
  let stopped: Stopped | undefined
  let created = false
  const touched = new Set<Uuid>()
  await context.command(book, async () => {
    const found = await findRefund(context.db, book, request.id)
    refused = undefined
    stopped = undefined
    if (found !== undefined) {
      if (found.requestHash !== request.requestHash) refused = 'key_reused'
      return undefined
    }
    const decided = await decide(context, book, request)
    if ('refused' in decided) {
      refused = decided.refused
      stopped = decided.stopped
      return undefined
    }
    created = true
    for (const { collection } of decided.parts) touched.add(collection)
    return decided.command
  })
  for (const id of touched) context.desk.forget(id)
  if (refused === undefined) return answer(context, book, request.id, created)
  return { refused, ...(stopped && { stopped }) }
}

export async function answer(
  context: PayoutsContext,
  book: number,
  id: Uuid,
  created: boolean,
): Promise<RefundAnswer> {
  const found = await findRefund(context.db, book, id)
  if (found === undefined) return { refused: 'refund_not_found' }
  if (found.code !== '') return { refused: found.code as RefusalCode }
  return { refund: found, parts: await listParts(context.db, book, id), created }
}

type Decided =
  | { readonly refused: PaymentRefusalCode; readonly stopped?: Stopped }
  | { readonly command: Command; readonly parts: readonly RefundPart[] }

async function decide(
  context: PayoutsContext,
  book: number,
  request: RefundRequest,
): Promise<Decided> {
  const collections = await sourcesOf(context, book, request)
  if (collections === undefined) return { refused: 'refund_of_unpaid' }
  const now = context.clock.now()
  const sources = collections.map((each) => {
    const terms = context.desk.channel(each.channel).capability.refund
    return {
      collection: each.id,
      room: each.refunds < REFUNDS_MOST ? each.amount - each.refunding - each.refunded : 0n,
      open: routeClosed(each, terms, { amount: each.amount, now }) === undefined,
      closesAt: terms === undefined ? 0 : closesAt(each, terms),
      partial: terms?.partial ?? false,
    }
  })
  const shares = allocateRefund(request.amount, sources)
  if (shares === undefined) return { refused: 'refund_exceeds_payments' }
  const parts: RefundPart[] = []
  for (const [index, share] of shares.entries()) {
    const collection = collections.find(({ id }) => id === share.collection)!
    const part = await planned(context, { request, collection, share, number: index + 1 })
    if (part === undefined) return { refused: 'refund_of_unpaid' }
    parts.push(part)
  }
  const stopped = stopOfParts(context, request, parts)
  if (stopped !== undefined) return { refused: 'stopped', stopped }
  return { command: commandOf(context, book, { request, parts, collections }), parts }
}

/** What the platform gives back by itself is begun all the same, and waits before it is sent. */
function stopOfParts(
  context: PayoutsContext,
  { requestedBy }: RefundRequest,
  parts: readonly RefundPart[],
): Stopped | undefined {
  if (requestedBy === 'platform') return undefined
  for (const { book, channel, source } of parts) {
    const merchant = merchantOf(context, { book, account: source })
    const stopped = stopOf(context, { direction: 'refund', book, channel, ...merchant })
    if (stopped !== undefined) return stopped
  }
  return undefined
}

async function sourcesOf(
  context: PayoutsContext,
  book: number,
  { payIns = [], collections }: RefundRequest,
): Promise<Attempt[] | undefined> {
  const { db } = context
  if (collections === undefined) {
    const found = await collectionsOf(db, book, payIns)
    const unpaid = payIns.some((id) => !found.some(({ owner }) => owner === id))
    return unpaid || found.length === 0 ? undefined : found
  }
  const found = await Promise.all(collections.map((id) => findAttempt(db, book, { id })))
  const booked = found.filter((each) => each?.direction === 'collect' && each.bookedTo !== '')
  return booked.length === collections.length ? (booked as Attempt[]) : undefined
}

async function planned(
  context: PayoutsContext,
  of: {
    readonly request: RefundRequest
    readonly collection: Attempt
    readonly share: RefundShare
    readonly number: number
  },
): Promise<RefundPart | undefined> {
  const { request, collection, share, number } = of
  const { book, orgId, id, channel } = collection
  const source = await placeOf(context, collection, request.source)
  if (source === undefined) return undefined
  const now = context.clock.now()
  const terms = context.desk.channel(channel).capability.refund
  const last = await lastSendAt(context.db, book, id)
  const route = share.open ? 'original' : request.payer === undefined ? 'manual' : 'payout'
  return {
    book,
    orgId,
    id: partId(request.id, number),
    refund: request.id,
    number,
    collection: id,
    channel,
    source,
    amount: share.amount,
    route,
    state: STATE_BY_ROUTE[route],
    attempts: 0,
    holdTry: share.open ? 1 : 0,
    sendAt: share.open ? sendAt(terms, last, now) : now,
    code: '',
    message: '',
  }
}

const STATE_BY_ROUTE = {
  original: 'planned',
  payout: 'waiting_for_approval',
  manual: 'manual',
} as const

/** The account the money of a collection lies in now. */
async function placeOf(
  context: PayoutsContext,
  collection: Attempt,
  given: Uuid | undefined,
): Promise<Uuid | undefined> {
  const { book, bookedTo, owner } = collection
  if (bookedTo === 'suspense') return suspenseOf(context.ledger.writer(book))
  if (given !== undefined) return given
  const payIn = parsePublicId(owner, 'pay')
  return payIn && destinationOf(context.db, book, payIn.uuid)
}

function commandOf(
  context: PayoutsContext,
  book: number,
  of: {
    readonly request: RefundRequest
    readonly parts: readonly RefundPart[]
    readonly collections: readonly Attempt[]
  },
): Command {
  const { request, parts, collections } = of
  const row = rowOf(context, book, request, parts.length)
  const writer = context.ledger.writer(book)
  const original = parts.filter(({ route }) => route === 'original')
  const transits = new Map(original.map(({ channel }) => [channel, transitOf(writer, channel)]))
  const refunds = new Map(collections.map((each) => [each.id, each.refunds]))
  const reserved = parts.map(({ collection, amount }) =>
    applied(reserveRefund, { collection, amount, refunds: refunds.get(collection) ?? 0 }),
  )
  const aggregate = refundPublicId(book, request.id)
  const payload = { refund: aggregate, amount: String(request.amount), reason: request.reason }
  return {
    roots: [refundRoot(request.id), ...parts.map(({ collection }) => attemptRoot(collection))],
    open: [...transits.values()].flatMap(({ open }) => open),
    transfers: original.map((part) => refundHoldOf(part, transits.get(part.channel)!.id)),
    effects: [
      applied(insertRefund, row),
      ...parts.map((part) => applied(insertPart, part)),
      ...reserved,
      ...parts.flatMap((part) => following(context, row, part)),
    ],
    events: [{ kind: 'payments.refund_made', aggregate, orgId: context.orgId, payload }],
    // The refusal stays with the id, so that the same request is answered the same.
    refused: (code) => ({
      effects: [applied(insertRefund, { ...row, state: 'failed', openParts: 0, code })],
    }),
  }
}

function refundHoldOf(part: RefundPart, transit: Uuid): HoldRequest {
  const { id, holdTry, source, amount } = part
  return {
    type: 'hold',
    id: refundHold(id, holdTry),
    debit: source,
    credit: transit,
    amount,
    pinned: true,
    purpose: 'refund',
  }
}

/** What each part begins with: its send, its approval, or a person. */
function following(context: PayoutsContext, row: Refund, part: RefundPart): EffectRow[] {
  const { book, orgId, amount, channel } = part
  if (part.route === 'original') {
    const key = sendKey(part)
    return [applied(planDue, { orgId, kind: SEND_REFUND, key, dueAt: part.sendAt, payload: null })]
  }
  if (part.route === 'payout') return askApproval(context, row, part)
  const about = partPublicId(book, part.id)
  const evidence = { refund: refundPublicId(book, row.id), part: about, channel }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  return raise(at, { orgId, kind: 'refund_route_closed', about, amount, evidence })
}

function rowOf(
  context: PayoutsContext,
  book: number,
  request: RefundRequest,
  parts: number,
): Refund {
  const { seal, orgId } = context
  const { id, payer } = request
  const now = context.clock.now()
  const row = refundPublicId(book, id)
  const sealed = (value: BankParty['name'] | undefined, column: 'payer_name' | 'payer_account') =>
    value === undefined ? '' : seal.seal(value, payerPlace(column, orgId, row))
  return {
    book,
    orgId,
    id,
    amount: request.amount,
    reason: request.reason,
    state: 'processing',
    openParts: parts,
    succeeded: 0n,
    requestedBy: request.requestedBy,
    requestHash: request.requestHash,
    payerName: sealed(payer?.name, 'payer_name'),
    payerAccount: sealed(payer?.account, 'payer_account'),
    payerBank: payer?.bank ?? '',
    payerAccountType: payer?.accountType ?? '',
    code: '',
    madeAt: now,
    movedAt: now,
  }
}
