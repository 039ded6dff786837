/** Routes of payouts. The id of a payout follows from its Idempotency-Key. */
import { Type } from 'typebox'
import {
  actingPerson,
  derivedUuid,
  type Permitted,
  type Problem,
  present,
  publicId,
  type Route,
  route,
  writeInstant,
} from '#base'
import type { Stopped } from '#channels'
import { type RefusalCode, refusal } from '#ledger'
import { listAttempts } from './attempt-store.ts'
import type { PaymentsContext } from './context.ts'
import type { PayeeJson } from './contract.ts'
import type { Outflows } from './outflows.ts'
import { bookOf, moneyJson, partyOf, uuidOf } from './payment-wire.ts'
import { payoutPublicId } from './payout.ts'
import { ByBody, NewPayoutBody, PayoutId, type PayoutJson, PayoutPart } from './payout-contract.ts'
import { findPayout, listReturnsOf, type Payout } from './payout-store.ts'
import type { PayoutAnswer } from './payouts.ts'
import { PAYMENT_PROBLEMS, type PaymentRefusalCode, paymentProblem } from './refusals.ts'
import { stoppedText } from './stopped.ts'

const create = { permission: 'payouts.create' }
const tags = ['payouts']
const PayoutParams = Type.Object({ id: PayoutId }, { additionalProperties: false })
const MINUTE_MS = 60_000

/** The routes of paying money out. */
export function payoutRoutes(context: PaymentsContext, flows: Outflows): Route[] {
  return [
    createRoute(context, flows),
    readRoute(context),
    byRoute(context, {
      path: '/v1/payouts/{id}/cancellation',
      name: 'cancelPayout',
      summary: 'Gives up a payout that waits and has not been sent.',
      policy: create,
      act: flows.payouts.cancel,
    }),
    byRoute(context, {
      path: '/v1/payouts/{id}/approval',
      name: 'approvePayout',
      summary: 'A second person lets a payout go.',
      policy: { permission: 'approvals.decide', stepUp: true },
      act: flows.payouts.approve,
    }),
  ]
}

/** The problem of a refusal of payments or of the ledger. */
export function outflowProblem(code: PaymentRefusalCode | RefusalCode): Problem {
  if (PAYMENT_PROBLEMS.some((row) => row.code === code)) {
    return paymentProblem(code as PaymentRefusalCode)
  }
  const { status, says } = refusal(code as RefusalCode)
  return { code, status, detail: says }
}

/** The problem of a refusal, with who paused it where somebody did. */
export function refusedProblem({
  refused,
  stopped,
}: {
  readonly refused: PaymentRefusalCode | RefusalCode
  readonly stopped?: Stopped
}): Problem {
  return stopped === undefined
    ? outflowProblem(refused)
    : paymentProblem('stopped', stoppedText(stopped))
}

/** A payee as it came; a sentence when its data is not right. */
export function payeeOf(json: PayeeJson) {
  const { cnaps, ...payer } = json
  const party = partyOf(payer)
  return 'says' in party ? party : { ...party, ...(cnaps === undefined ? {} : { cnaps }) }
}

function createRoute(context: PaymentsContext, flows: Outflows): Route {
  return route({
    method: 'POST',
    path: '/v1/payouts',
    name: 'createPayout',
    summary: 'Reserves money and pays it out; one key makes one payout. It waits for cleared cash.',
    tags,
    policy: create,
    body: NewPayoutBody,
    idempotency: { kind: 'passed' },
    replies: { 201: PayoutPart, 200: PayoutPart },
    handle: async ({ body, keyed, caller }) => {
      const { keyHash, requestHash } = present(keyed, 'the key of the request')
      const book = bookOf(body.source)
      const writer = context.ledger.writer(book)
      const payee = payeeOf(body.payee)
      if ('says' in payee) return { problem: paymentProblem('payee_malformed', payee.says) }
      const amount = BigInt(body.amount.amount)
      if (amount < 1n) return { problem: paymentProblem('amount_not_positive') }
      if (body.amount.currency !== writer.book.currency) {
        return { problem: paymentProblem('currency_differs') }
      }
      const source = uuidOf(body.source)
      if (writer.account(source)?.side !== 'credit') {
        return { problem: paymentProblem('source_not_payable') }
      }
      const minutes = body.expires_in_minutes ?? 1440
      const answer = await flows.payouts.create(book, {
        id: derivedUuid('payments.payout', keyHash),
        requestHash,
        source,
        amount,
        payee,
        memo: body.memo,
        requestedBy: actingPerson(caller, body.requested_by),
        approval: body.approval ?? false,
        validUntil: context.clock.now() + minutes * MINUTE_MS,
      })
      return answered(context, answer)
    },
  })
}

async function answered(context: PaymentsContext, answer: PayoutAnswer) {
  if ('refused' in answer) return { problem: refusedProblem(answer) }
  const body = await payoutJson(context, answer.payout)
  return answer.created
    ? { status: 201 as const, body }
    : { status: 200 as const, body, headers: { 'idempotency-replayed': 'true' } }
}

function readRoute(context: PaymentsContext): Route {
  return route({
    method: 'GET',
    path: '/v1/payouts/{id}',
    name: 'getPayout',
    summary: 'One payout with its attempts, and whether it came back.',
    tags,
    policy: { permission: 'payments.read' },
    params: PayoutParams,
    replies: { 200: PayoutPart },
    handle: async ({ params: { id }, caller }) => {
      const db = context.db.forOrg(caller.orgId)
      const payout = await findPayout(db, bookOf(id), uuidOf(id))
      if (payout === undefined) return { problem: paymentProblem('payout_not_found') }
      return { status: 200, body: await payoutJson(context, payout) }
    },
  })
}

function byRoute(
  context: PaymentsContext,
  of: {
    readonly path: string
    readonly name: string
    readonly summary: string
    readonly policy: Permitted
    readonly act: (book: number, id: string, by: string) => Promise<PayoutAnswer>
  },
): Route {
  const { act, ...spec } = of
  return route({
    ...spec,
    method: 'POST',
    tags,
    params: PayoutParams,
    body: ByBody,
    replies: { 200: PayoutPart },
    handle: async ({ params: { id }, body, caller }) => {
      const answer = await act(bookOf(id), uuidOf(id), actingPerson(caller, body.by))
      if ('refused' in answer) return { problem: refusedProblem(answer) }
      return { status: 200, body: await payoutJson(context, answer.payout) }
    },
  })
}

async function payoutJson(context: PaymentsContext, payout: Payout): Promise<PayoutJson> {
  const { book, id, about, code, approvedBy } = payout
  const { currency } = context.ledger.writer(book).book
  const [attempts, returns] = await Promise.all([
    listAttempts(context.db, book, payoutPublicId(book, id)),
    listReturnsOf(context.db, book, id),
  ])
  return {
    id: payoutPublicId(book, id),
    source: publicId('acc', book, payout.source),
    amount: moneyJson(payout.amount, currency),
    status: payout.state,
    purpose: payout.purpose,
    ...(about === '' ? {} : { about }),
    memo: payout.memo,
    ...(code === '' ? {} : { code }),
    attempts: attempts.map(({ number, channel, state, reference, code: said }) => ({
      number,
      channel,
      status: state,
      reference,
      ...(said === '' ? {} : { channel_code: said }),
    })),
    returns: returns.map((each) => ({
      amount: moneyJson(each.amount, currency),
      channel: each.channel,
      flow: each.flow,
      code: each.code,
      says: each.says,
      date: each.date,
      booked_to: each.bookedTo,
    })),
    requested_by: payout.requestedBy,
    ...(approvedBy === '' ? {} : { approved_by: approvedBy }),
    valid_until: writeInstant(payout.validUntil),
    created_at: writeInstant(payout.madeAt),
  }
}
