/** Routes of payment plans. */
import { Type } from 'typebox'
import { derivedUuid, present, publicId, type Route, route, writeInstant } from '#base'
import {
  LegBody,
  NewPlanBody,
  type PayLegJson,
  type PayWithJson,
  PlanId,
  type PlanJson,
  PlanPart,
} from './contract.ts'
import { bookOf, moneyJson, payWithOf, uuidOf } from './payment-wire.ts'
import type { Payments } from './payments.ts'
import type { Plan } from './plan-store.ts'
import type { PlanAnswer } from './plans.ts'
import { type PaymentRefusalCode, paymentProblem } from './refusals.ts'

const create = { permission: 'plans.create' }
const closed = { additionalProperties: false }
const PlanParams = Type.Object({ id: PlanId }, closed)
const LegParams = Type.Object(
  { id: PlanId, number: Type.String({ pattern: '^[1-9][0-9]{0,2}$' }) },
  closed,
)

const refuse = (code: PaymentRefusalCode) => ({ problem: paymentProblem(code) })

/** The routes under `/v1/payment-plans`. */
export function planRoutes(payments: Payments): Route[] {
  return [createRoute(payments), readRoute(payments), legRoute(payments), closeRoute(payments)]
}

function createRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payment-plans',
    name: 'createPaymentPlan',
    summary: 'Splits an amount above the limits of one payment into legs that sum to it.',
    tags: ['payment plans'],
    policy: create,
    body: NewPlanBody,
    idempotency: { kind: 'passed' },
    replies: { 201: PlanPart, 200: PlanPart },
    handle: async ({ body, keyed }) => {
      const { keyHash, requestHash } = present(keyed, 'the key of the request')
      const { destination, amount, subject, bank, account_type: accountType, method } = body
      if (BigInt(amount.amount) < 1n) return refuse('amount_not_positive')
      const answer = await payments.openPlan({
        ...{ book: bookOf(destination), id: derivedUuid('payments.plan', keyHash), requestHash },
        ...{ destination: uuidOf(destination), amount: BigInt(amount.amount) },
        ...{ currency: amount.currency, subject, method, bank: bank ?? '' },
        accountType: accountType ?? '',
        attributes: body.attributes ?? {},
      })
      if ('refused' in answer) return refuse(answer.refused)
      const json = planJson(answer.plan)
      return answer.replayed === true
        ? { status: 200, body: json, headers: { 'idempotency-replayed': 'true' } }
        : { status: 201, body: json }
    },
  })
}

function readRoute(payments: Payments): Route {
  return route({
    method: 'GET',
    path: '/v1/payment-plans/{id}',
    name: 'getPaymentPlan',
    summary: 'A payment plan with its legs.',
    tags: ['payment plans'],
    policy: { permission: 'payments.read' },
    params: PlanParams,
    replies: { 200: PlanPart },
    handle: async ({ params: { id } }) => {
      const plan = await payments.plan(bookOf(id), uuidOf(id))
      return plan === undefined ? refuse('plan_not_found') : { status: 200, body: planJson(plan) }
    },
  })
}

function legRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payment-plans/{id}/legs/{number}',
    name: 'changePaymentPlanLeg',
    summary: 'Changes the amount of a leg, or pays it. A leg is paid by one payment at a time.',
    tags: ['payment plans'],
    policy: create,
    params: LegParams,
    body: LegBody,
    replies: { 200: PlanPart },
    handle: async ({ params: { id, number }, body }) => {
      const at = { book: bookOf(id), id: uuidOf(id), number: Number(number) }
      payments.context.ledger.writer(at.book)
      const plan = await payments.plan(at.book, at.id)
      if (plan === undefined) return refuse('plan_not_found')
      // All that can be refused without moving anything comes first: a refusal changes nothing.
      const pay = body.pay === undefined ? undefined : payWithOf(wishOf(plan, body.pay))
      if (pay !== undefined && 'problem' in pay) return pay
      if (body.amount !== undefined && body.amount.currency !== plan.currency) {
        return refuse('currency_differs')
      }
      let answer: PlanAnswer = { plan }
      if (body.amount !== undefined) {
        answer = await payments.changeLeg(at, BigInt(body.amount.amount))
      }
      if (pay !== undefined && !('refused' in answer)) answer = await payments.payLeg(at, pay)
      return 'refused' in answer
        ? refuse(answer.refused)
        : { status: 200, body: planJson(answer.plan) }
    },
  })
}

function closeRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payment-plans/{id}/close',
    name: 'closePaymentPlan',
    summary: 'Closes a plan that is not paid in full, the payments of its legs first.',
    tags: ['payment plans'],
    policy: create,
    params: PlanParams,
    replies: { 200: PlanPart },
    handle: async ({ params: { id } }) => {
      const at = { book: bookOf(id), id: uuidOf(id) }
      payments.context.ledger.writer(at.book)
      const answer = await payments.closePlan(at)
      return 'refused' in answer
        ? refuse(answer.refused)
        : { status: 200, body: planJson(answer.plan) }
    },
  })
}

/** How a leg is to be paid: as its plan says, where the request says nothing else. */
function wishOf({ bank, accountType, method }: Plan, wish: PayLegJson): PayWithJson {
  return {
    ...(bank === '' ? {} : { bank }),
    ...(accountType === '' ? {} : { account_type: accountType }),
    ...wish,
    methods: wish.methods ?? [method],
  }
}

function planJson(plan: Plan): PlanJson {
  const { book, id, destination, amount, currency, paid, state, subject, method, legs } = plan
  return {
    id: publicId('plan', book, id),
    destination: publicId('acc', book, destination),
    amount: moneyJson(amount, currency),
    paid: moneyJson(paid, currency),
    status: state,
    subject,
    method,
    legs: legs
      .filter((leg) => leg.state !== 'dropped')
      .map((leg) => ({
        number: leg.number,
        amount: moneyJson(leg.amount, currency),
        status: leg.state,
        pay_on: leg.payOn,
        ...(leg.payIn === undefined ? {} : { payment: publicId('pay', book, leg.payIn) }),
      })),
    created_at: writeInstant(plan.madeAt),
  }
}
