/**
 * Routes of transfers and holds. The id of a transfer is its idempotency key: what is sent again
 * under it gets the first answer, and no header is needed.
 *
 * `POST /v1/transfers` is the hot path of the whole platform: one call to the writer for one
 * transfer, and no work between that could be done before the server started.
 */

import { type Static, Type } from 'typebox'
import {
  type Call,
  derivedUuid,
  type Problem,
  publicId,
  type Route,
  route,
  type Uuid,
  writeInstant,
} from '#base'
import type { Book } from './book.ts'
import { NotOwner, QueueFull, type TransferResult } from './command.ts'
import {
  HoldId,
  HoldPart,
  ReleaseBody,
  TransferBatchPart,
  TransferId,
  type TransferItemJson,
  type TransferJson,
  TransferPart,
  TransferRecordPart,
  type TransferResultJson,
  TransfersBody,
  VoidBody,
} from './contract.ts'
import type { Hold, Ledger } from './ledger.ts'
import { type RefusalCode, refusal } from './refusals.ts'
import { faultsOf, type LedgerRoutes, type TransferRecord } from './routes.ts'
import type { TransferRequest } from './transfer.ts'
import {
  acceptedJson,
  bookOf,
  fieldOf,
  itemJson,
  moneyJson,
  notTakenJson,
  Reading,
  uuidOf,
} from './wire.ts'

const read = { permission: 'books.read' }
const create = { permission: 'transfers.create' }
const closed = { additionalProperties: false }
const TransferParams = Type.Object({ id: TransferId }, closed)
const HoldParams = Type.Object({ id: HoldId }, closed)

/** The routes under `/v1/transfers` and `/v1/holds`. */
export function transferRoutes(on: LedgerRoutes): Route[] {
  return [createRoute(on), readRoute(on), readHoldRoute(on), releaseRoute(on), voidRoute(on)]
}

function createRoute({ ledger }: LedgerRoutes): Route {
  return route({
    method: 'POST',
    path: '/v1/transfers',
    name: 'createTransfers',
    summary: 'Books one transfer, or up to 1,000 of one book, each on its own.',
    tags: ['transfers'],
    policy: create,
    body: TransfersBody,
    replies: { 201: TransferPart, 200: Type.Union([TransferPart, TransferBatchPart]) },
    handle: ({ body }) =>
      'transfers' in body ? bookSeveral(ledger, body.transfers) : bookOne(ledger, body),
  })
}

async function bookOne(ledger: Ledger, body: TransferJson) {
  const writer = ledger.writer(bookOf(body.id))
  const reading = new Reading(writer.book)
  const request = reading.transfer(body, '')
  const faults = faultsOf(reading)
  if (faults !== undefined) return faults
  return answered(body.id, body, request, await writer.transfer(request))
}

/** The answer to one transfer; `body` is where the field a refusal is about stands. */
function answered(id: string, body: object, request: TransferRequest, result: TransferResult) {
  if (result.status === 'refused') return refused(result.code, body, result.replayed)
  const accepted = acceptedJson(id, request.type, result)
  return result.replayed ? replayed(accepted) : { status: 201 as const, body: accepted }
}

const REPLAYED = { 'idempotency-replayed': 'true' }

function replayed(body: TransferResultJson) {
  return { status: 200 as const, body, as: TransferPart, headers: REPLAYED }
}

function refused(code: RefusalCode, body: object, again: boolean) {
  const { status, says } = refusal(code)
  const pointer = fieldOf(code, body)
  const errors = pointer === undefined ? undefined : [{ pointer, code, detail: says }]
  const problem: Problem = { code, status, detail: says, ...(errors && { errors }) }
  return { problem, ...(again && { headers: REPLAYED }) }
}

async function bookSeveral(ledger: Ledger, bodies: readonly TransferJson[]) {
  const writer = ledger.writer(bookOf(bodies[0]!.id))
  const reading = new Reading(writer.book)
  const requests = bodies.map((body, index) => reading.transfer(body, `/transfers/${index}`))
  const faults = faultsOf(reading)
  if (faults !== undefined) return faults
  const settled = await Promise.allSettled(requests.map((request) => writer.transfer(request)))
  const transfers: TransferItemJson[] = []
  let taken = 0
  for (const [index, one] of settled.entries()) {
    const { id } = bodies[index]!
    if (one.status === 'fulfilled') {
      transfers.push(itemJson(id, one.value))
      taken += 1
    } else if (one.reason instanceof QueueFull || one.reason instanceof NotOwner) {
      transfers.push(notTakenJson(id))
    } else throw one.reason
  }
  const [first] = settled
  if (taken === 0 && first?.status === 'rejected') throw first.reason
  return { status: 200 as const, body: { transfers }, as: TransferBatchPart }
}

function readRoute({ ledger, reads }: LedgerRoutes): Route {
  return route({
    method: 'GET',
    path: '/v1/transfers/{id}',
    name: 'getTransfer',
    summary: 'One transfer as it was booked or refused.',
    tags: ['transfers'],
    policy: read,
    params: TransferParams,
    replies: { 200: TransferRecordPart },
    handle: async ({ params, caller }) => {
      const { book } = ledger.writer(bookOf(params.id))
      const found = await reads.forOrg(caller.orgId).transfer(book.number, uuidOf(params.id))
      if (found === undefined) return refused('transfer_not_found', {}, false)
      return { status: 200, body: recordJson(params.id, found, book) }
    },
  })
}

function recordJson(
  id: string,
  record: TransferRecord,
  book: Book,
): Static<typeof TransferRecordPart> {
  const { type, legs, booked, refused: code, hold, subject, purpose } = record
  const of = (prefix: string, uuid: Uuid): string => publicId(prefix, book.number, uuid)
  return {
    id,
    type,
    status: booked === undefined ? 'refused' : 'accepted',
    ...(code !== undefined && { code }),
    ...(booked !== undefined && {
      number: booked.number.toString(),
      booked_at: writeInstant(booked.at),
      effective_at: writeInstant(booked.effectiveAt),
    }),
    legs: legs.map((leg) => ({
      debit_account: of('acc', leg.debit),
      credit_account: of('acc', leg.credit),
      amount: moneyJson(leg.amount, book),
    })),
    ...(hold !== undefined && { hold: of('hold', hold) }),
    ...(subject !== undefined && { subject: of('tr', subject) }),
    ...(purpose !== undefined && { purpose }),
  }
}

function readHoldRoute({ ledger }: LedgerRoutes): Route {
  return route({
    method: 'GET',
    path: '/v1/holds/{id}',
    name: 'getHold',
    summary: 'One hold. Its id is that of the transfer that opened it, with the prefix hold.',
    tags: ['holds'],
    policy: read,
    params: HoldParams,
    replies: { 200: HoldPart },
    handle: async ({ params }) => {
      const writer = ledger.writer(bookOf(params.id))
      const hold = await writer.hold(uuidOf(params.id))
      if (hold === undefined) return refused('hold_not_found', {}, false)
      return { status: 200, body: holdJson(params.id, hold, writer.book) }
    },
  })
}

function holdJson(id: string, hold: Hold, book: Book): Static<typeof HoldPart> {
  return {
    id,
    debit_account: publicId('acc', book.number, hold.debit),
    credit_account: publicId('acc', book.number, hold.credit),
    amount: moneyJson(hold.amount, book),
    remaining: moneyJson(hold.remaining, book),
    state: hold.state,
    ...(hold.expiresAt !== undefined && { expires_at: writeInstant(hold.expiresAt) }),
    pinned: hold.pinned,
  }
}

const onHold = {
  method: 'POST',
  tags: ['holds'],
  policy: create,
  params: HoldParams,
  idempotency: { kind: 'passed', unless: (body: { id?: string }) => body.id !== undefined },
  replies: { 201: TransferPart, 200: TransferPart },
} as const

type HoldCall = Call<Static<typeof HoldParams>, unknown, { readonly id?: string }>

function releaseRoute({ ledger }: LedgerRoutes): Route {
  return route({
    ...onHold,
    path: '/v1/holds/{id}/release',
    name: 'releaseHold',
    summary: 'Releases parts of a hold, each to an account, or all that is left.',
    body: ReleaseBody,
    handle: (call) =>
      bookOnHold(ledger, call, 'ledger.release', (reading, id, hold) =>
        reading.release(call.body, id, hold),
      ),
  })
}

function voidRoute({ ledger }: LedgerRoutes): Route {
  return route({
    ...onHold,
    path: '/v1/holds/{id}/void',
    name: 'voidHold',
    summary: 'Gives what is left of a hold back to its debit account.',
    body: VoidBody,
    handle: (call) =>
      bookOnHold(ledger, call, 'ledger.void', (reading, id, hold) =>
        reading.voiding(call.body, id, hold),
      ),
  })
}

/** Books a transfer on the hold of the path; its id is the body's, or follows from the key. */
async function bookOnHold(
  ledger: Ledger,
  { params, body, keyed }: HoldCall,
  name: string,
  read: (reading: Reading, id: Uuid, hold: Uuid) => TransferRequest,
) {
  const writer = ledger.writer(bookOf(params.id))
  const reading = new Reading(writer.book)
  const id = body.id === undefined ? derivedUuid(name, keyed!.keyHash) : reading.id(body.id, '/id')
  const request = read(reading, id, uuidOf(params.id))
  const faults = faultsOf(reading)
  if (faults !== undefined) return faults
  const result = await writer.transfer(request)
  return answered(publicId('tr', writer.book.number, id), body, request, result)
}
