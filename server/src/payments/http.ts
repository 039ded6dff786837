/** Routes of payments, exceptions and the address rails send their callbacks to. */
import { Type } from 'typebox'
import {
  actingPerson,
  derivedUuid,
  type Refused as HttpRefused,
  type Keyed,
  type Problem,
  present,
  type Route,
  rawRoute,
  route,
} from '#base'
import type { CallbackRequest } from '#channels'
import {
  ExceptionId,
  ExceptionPage,
  ExceptionPart,
  ExceptionQuery,
  NewAttemptBody,
  NewPaymentBody,
  type NewPaymentJson,
  PaymentId,
  PaymentPart,
  ResolutionBody,
} from './contract.ts'
import { findException, listExceptions } from './exception-store.ts'
import type { NewPayIn, PayWith } from './pay-in.ts'
import { claimKey } from './pay-in-store.ts'
import type { Opened, Refused } from './pay-ins.ts'
import { bookOf, exceptionJson, paymentJson, payWithOf, uuidOf } from './payment-wire.ts'
import type { Payments } from './payments.ts'
import { outflowProblem, payeeOf } from './payouts-http.ts'
import { type PaymentRefusalCode, paymentProblem } from './refusals.ts'
import { stoppedText } from './stopped.ts'

const read = { permission: 'payments.read' }
const create = { permission: 'payments.create' }
const closed = { additionalProperties: false }
const PaymentParams = Type.Object({ id: PaymentId }, closed)
const ExceptionParams = Type.Object({ id: ExceptionId }, closed)
const ChannelParams = Type.Object(
  { channel: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }) },
  closed,
)
const EXPIRES_MINUTES = 30
const MINUTE_MS = 60_000
const REPLAYED = { 'idempotency-replayed': 'true' }

const refuse = (code: PaymentRefusalCode, detail?: string) => ({
  problem: paymentProblem(code, detail),
})

/** The routes of collecting money. */
export function paymentRoutes(payments: Payments): Route[] {
  return [
    createRoute(payments),
    readRoute(payments),
    attemptRoute(payments),
    closeRoute(payments),
    listExceptionsRoute(payments),
    resolveRoute(payments),
    callbackRoute(payments),
  ]
}

function createRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payments',
    name: 'createPayment',
    summary: 'Opens a payment and asks a channel to collect it; one key makes one payment.',
    tags: ['payments'],
    policy: create,
    body: NewPaymentBody,
    idempotency: { kind: 'passed' },
    replies: { 201: PaymentPart, 200: PaymentPart },
    handle: async ({ body, keyed }) => {
      const key = present(keyed, 'the key of the request')
      const pay = payWithOf(body)
      if ('problem' in pay) return pay
      if (BigInt(body.amount.amount) < 1n) return refuse('amount_not_positive')
      const place = await placeOf(payments, body, pay, key)
      if ('problem' in place) return place
      const wanted = wantedOf(payments, body, pay, { ...place, key })
      return answered(payments, await payments.openPayIn(wanted))
    },
  })
}

/**
 * The destination. Where several of different books are named, the key is claimed for one of them
 * first, so that a request sent again makes no second payment in another book.
 */
async function placeOf(
  { context }: Payments,
  body: NewPaymentJson,
  pay: PayWith,
  key: Keyed,
): Promise<{ book: number; destination: string } | HttpRefused> {
  const named = typeof body.destination === 'string' ? [body.destination] : body.destination
  const places = named.map((id) => ({ book: bookOf(id), destination: uuidOf(id) }))
  const first = present(places[0], 'a destination')
  if (places.length === 1) return first
  const { router, db, orgId, clock } = context
  const able = places.find(({ book }) => {
    const { amount, currency } = body.amount
    const request = { direction: 'collect' as const, book, amount: BigInt(amount), currency }
    const { bank, methods, accountType } = pay
    const decision = router.decide({
      ...{ ...request, bank, methods, tried: [], attributes: body.attributes ?? {} },
      ...(accountType === '' ? {} : { accountType }),
      at: clock.now(),
    })
    return decision.channel !== undefined
  })
  const { keyHash, requestHash } = key
  const chosen = { ...(able ?? first), keyHash, requestHash, orgId, at: clock.now() }
  const claim = await claimKey(db, chosen)
  return claim.requestHash === requestHash ? claim : refuse('key_reused')
}

function wantedOf(
  { context }: Payments,
  body: NewPaymentJson,
  pay: PayWith,
  at: { readonly book: number; readonly destination: string; readonly key: Keyed },
): NewPayIn {
  const minutes = body.expires_in_minutes ?? EXPIRES_MINUTES
  return {
    ...pay,
    book: at.book,
    id: derivedUuid('payments.pay_in', at.key.keyHash),
    destination: at.destination,
    amount: BigInt(body.amount.amount),
    currency: body.amount.currency,
    subject: body.subject,
    late: body.late ?? 'refund',
    attributes: body.attributes ?? {},
    expiresAt: context.clock.now() + minutes * MINUTE_MS,
    requestHash: at.key.requestHash,
  }
}

function answered({ context }: Payments, result: Opened | Refused) {
  if ('refused' in result) return { problem: problemOf(result) }
  const { payIn, attempts, replayed } = result
  const body = paymentJson(payIn, attempts, context)
  return replayed
    ? { status: 200 as const, body, as: PaymentPart, headers: REPLAYED }
    : { status: 201 as const, body, as: PaymentPart }
}

function problemOf({ refused, decision, stopped }: Refused): Problem {
  if (stopped !== undefined) return paymentProblem(refused, stoppedText(stopped))
  const whys = decision?.candidates.map(({ channel, why }) => `${channel}: ${why}`)
  const detail = whys === undefined || whys.length === 0 ? undefined : `(${whys.join('; ')})`
  return paymentProblem(refused, detail)
}

function readRoute(payments: Payments): Route {
  return route({
    method: 'GET',
    path: '/v1/payments/{id}',
    name: 'getPayment',
    summary: 'One payment with its attempts, and why each went over its channel.',
    tags: ['payments'],
    policy: read,
    params: PaymentParams,
    replies: { 200: PaymentPart },
    handle: async ({ params: { id } }) => {
      const payIn = await payments.payIn(bookOf(id), uuidOf(id))
      if (payIn === undefined) return refuse('payment_not_found')
      const attempts = await payments.attempts(bookOf(id), id)
      const { classify } = payments.context
      return { status: 200, body: paymentJson(payIn, attempts, { classify, why: true }) }
    },
  })
}

function attemptRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payments/{id}/attempts',
    name: 'createAttempt',
    summary: 'One more attempt at a payment, in another way; the payer may have paid the first.',
    tags: ['payments'],
    policy: create,
    params: PaymentParams,
    body: NewAttemptBody,
    idempotency: { kind: 'passed' },
    replies: { 201: PaymentPart, 200: PaymentPart },
    handle: async ({ params: { id }, body, keyed }) => {
      const pay = payWithOf(body)
      if ('problem' in pay) return pay
      const { keyHash } = present(keyed, 'the key of the request')
      const attemptId = derivedUuid('payments.attempt', keyHash)
      const at = { book: bookOf(id), id: uuidOf(id), attemptId }
      payments.context.ledger.writer(at.book)
      return answered(payments, await payments.attemptPayIn(at, pay))
    },
  })
}

function closeRoute(payments: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/payments/{id}/close',
    name: 'closePayment',
    summary: 'Closes an unpaid payment, at its channels first. Sent again it answers the same.',
    tags: ['payments'],
    policy: create,
    params: PaymentParams,
    replies: { 200: PaymentPart },
    handle: async ({ params: { id } }) => {
      const at = { book: bookOf(id), id: uuidOf(id) }
      payments.context.ledger.writer(at.book)
      const payIn = await payments.closePayIn(at)
      if (payIn === undefined) return refuse('payment_not_found')
      if (payIn.state === 'succeeded') return refuse('payment_paid')
      if (payIn.state === 'open') return refuse('payment_not_closed')
      const attempts = await payments.attempts(at.book, id)
      return { status: 200, body: paymentJson(payIn, attempts, payments.context) }
    },
  })
}

function listExceptionsRoute({ context }: Payments): Route {
  return route({
    method: 'GET',
    path: '/v1/exceptions',
    name: 'listExceptions',
    summary: 'What needs a person in a book, the nearest deadline first.',
    tags: ['exceptions'],
    policy: { permission: 'exceptions.read' },
    query: ExceptionQuery,
    replies: { 200: ExceptionPage },
    handle: async ({ query: { book, status, about, limit }, caller }) => {
      const found = await listExceptions(context.db.forOrg(caller.orgId), {
        book: bookOf(book),
        ...(status === undefined ? {} : { state: status }),
        ...(about === undefined ? {} : { about }),
        limit: limit ?? 50,
      })
      return {
        status: 200,
        body: { data: found.map((each) => exceptionJson(each, context.clock.now())) },
      }
    },
  })
}

function resolveRoute({ context, resolveException }: Payments): Route {
  return route({
    method: 'POST',
    path: '/v1/exceptions/{id}/resolution',
    name: 'resolveException',
    summary: 'Resolves an exception by one of the actions of its kind.',
    tags: ['exceptions'],
    policy: { permission: 'exceptions.resolve' },
    params: ExceptionParams,
    body: ResolutionBody,
    replies: { 200: ExceptionPart },
    handle: async ({ params: { id }, body, caller }) => {
      const at = { book: bookOf(id), id: uuidOf(id) }
      context.ledger.writer(at.book)
      const { action, note, account } = body
      if (account !== undefined && bookOf(account) !== at.book) {
        return refuse('destination_not_found')
      }
      const payee = body.payee === undefined ? undefined : payeeOf(body.payee)
      if (payee !== undefined && 'says' in payee) return refuse('payee_malformed', payee.says)
      const refused = await resolveException(at, {
        ...{ action, note, by: actingPerson(caller, body.by) },
        ...(account === undefined ? {} : { account: uuidOf(account) }),
        ...(payee === undefined ? {} : { payee }),
      })
      if (refused !== undefined) return { problem: outflowProblem(refused.refused) }
      const found = await findException(context.db, at.book, at.id)
      return {
        status: 200,
        body: exceptionJson(present(found, 'an exception'), context.clock.now()),
      }
    },
  })
}

function callbackRoute({ context, takeCallback }: Payments): Route {
  const refusals = context.metrics?.counter(
    'tenon_callbacks_refused_total',
    'Callbacks of payment channels that were turned away.',
    ['channel', 'why'],
  )
  return rawRoute({
    path: '/v1/channels/{channel}/callbacks',
    name: 'takeCallback',
    summary: 'Takes a callback of a payment channel, in its own words, signed over its bytes.',
    tags: ['channels'],
    policy: 'public',
    params: ChannelParams,
    handle: async ({ params: { channel }, received }) => {
      const taken = await takeCallback(channel, requestOf(received))
      if (taken === undefined) return refuse('channel_not_found')
      if (taken.refused !== undefined) refusals?.inc({ channel, why: taken.refused })
      return taken.reply
    },
  })
}

/** A header that came twice counts as missing: nobody could say which one was signed. */
function requestOf(received: {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array | undefined
}): CallbackRequest {
  const { method, path, headers, body } = received
  const single = Object.entries(headers).filter(([, value]) => typeof value === 'string')
  return {
    method,
    path,
    headers: Object.fromEntries(single) as Record<string, string>,
    body: body ?? new Uint8Array(),
  }
}
