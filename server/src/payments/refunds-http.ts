/** Routes of refunds. The id of a refund follows from its Idempotency-Key. */
import { Type } from 'typebox'
import { actingPerson, derivedUuid, present, type Route, route, writeInstant } from '#base'
import type { PaymentsContext } from './context.ts'
import type { Outflows } from './outflows.ts'
import { bookOf, moneyJson, uuidOf } from './payment-wire.ts'
import {
  ByBody,
  NewRefundBody,
  RefundId,
  type RefundJson,
  RefundPartOut,
} from './payout-contract.ts'
import { payeeOf, refusedProblem } from './payouts-http.ts'
import { refundPublicId } from './refund.ts'
import type { RefundAnswer } from './refunds.ts'
import { paymentProblem } from './refusals.ts'

const tags = ['refunds']
const RefundParams = Type.Object({ id: RefundId }, { additionalProperties: false })

/** The routes of giving money back. */
export function refundRoutes(context: PaymentsContext, flows: Outflows): Route[] {
  return [createRoute(context, flows), readRoute(context, flows), approveRoute(context, flows)]
}

function createRoute(context: PaymentsContext, flows: Outflows): Route {
  return route({
    method: 'POST',
    path: '/v1/refunds',
    name: 'createRefund',
    summary: 'Gives money back over one or many payments; one key makes one refund.',
    tags,
    policy: { permission: 'refunds.create' },
    body: NewRefundBody,
    idempotency: { kind: 'passed' },
    replies: { 201: RefundPartOut, 200: RefundPartOut },
    handle: async ({ body, keyed, caller }) => {
      const { keyHash, requestHash } = present(keyed, 'the key of the request')
      const [first = ''] = body.payments
      const book = bookOf(first)
      const writer = context.ledger.writer(book)
      const { source } = body
      const others = [...body.payments, ...(source === undefined ? [] : [source])]
      if (others.some((id) => bookOf(id) !== book)) {
        return { problem: paymentProblem('refund_of_unpaid') }
      }
      const amount = BigInt(body.amount.amount)
      if (amount < 1n) return { problem: paymentProblem('amount_not_positive') }
      if (body.amount.currency !== writer.book.currency) {
        return { problem: paymentProblem('currency_differs') }
      }
      if (source !== undefined && writer.account(uuidOf(source))?.side !== 'credit') {
        return { problem: paymentProblem('source_not_payable') }
      }
      const payer = body.payer === undefined ? undefined : payeeOf(body.payer)
      if (payer !== undefined && 'says' in payer) {
        return { problem: paymentProblem('payee_malformed', payer.says) }
      }
      const answer = await flows.refund(book, {
        id: derivedUuid('payments.refund', keyHash),
        requestHash,
        amount,
        reason: body.reason,
        requestedBy: actingPerson(caller, body.requested_by),
        payIns: [...new Set(body.payments)],
        ...(source === undefined ? {} : { source: uuidOf(source) }),
        ...(payer === undefined ? {} : { payer }),
      })
      if ('refused' in answer) return { problem: refusedProblem(answer) }
      const json = refundJson(context, book, answer)
      return answer.created
        ? { status: 201, body: json }
        : { status: 200, body: json, headers: { 'idempotency-replayed': 'true' } }
    },
  })
}

function readRoute(context: PaymentsContext, flows: Outflows): Route {
  return route({
    method: 'GET',
    path: '/v1/refunds/{id}',
    name: 'getRefund',
    summary: 'One refund with its parts, and by which way each goes back.',
    tags,
    policy: { permission: 'payments.read' },
    params: RefundParams,
    replies: { 200: RefundPartOut },
    handle: async ({ params: { id } }) => {
      const answer = await flows.findRefund(bookOf(id), uuidOf(id))
      if ('refused' in answer) return { problem: refusedProblem(answer) }
      return { status: 200, body: refundJson(context, bookOf(id), answer) }
    },
  })
}

function approveRoute(context: PaymentsContext, flows: Outflows): Route {
  return route({
    method: 'POST',
    path: '/v1/refunds/{id}/approval',
    name: 'approveRefund',
    summary: 'A second person lets parts whose way back is closed be paid out to the payer.',
    tags,
    policy: { permission: 'approvals.decide', stepUp: true },
    params: RefundParams,
    body: ByBody,
    replies: { 200: RefundPartOut },
    handle: async ({ params: { id }, body, caller }) => {
      const by = actingPerson(caller, body.by)
      const answer = await flows.approveRefund(bookOf(id), uuidOf(id), by)
      if ('refused' in answer) return { problem: refusedProblem(answer) }
      return { status: 200, body: refundJson(context, bookOf(id), answer) }
    },
  })
}

function refundJson(
  context: PaymentsContext,
  book: number,
  { refund, parts }: Exclude<RefundAnswer, { readonly refused: unknown }>,
): RefundJson {
  const { currency } = context.ledger.writer(book).book
  return {
    id: refundPublicId(book, refund.id),
    amount: moneyJson(refund.amount, currency),
    succeeded: moneyJson(refund.succeeded, currency),
    status: refund.state,
    reason: refund.reason,
    requested_by: refund.requestedBy,
    parts: parts.map(({ number, amount, route: way, state, channel, code }) => ({
      number,
      amount: moneyJson(amount, currency),
      route: way,
      status: state,
      channel,
      ...(code === '' ? {} : { code }),
    })),
    created_at: writeInstant(refund.madeAt),
  }
}
