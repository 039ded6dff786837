/**
 * The ledger's routes as data: books here, accounts and transfers in the files beside.
 *
 * One request stays in one book, and the book's number stands in every id, so a handler asks for the
 * book's writer first: a server that does not write the book throws `NotOwner` before anything else
 * was done, and the request can be forwarded as received.
 */

import { Type } from 'typebox'
import { type Instant, type Route, route, writeInstant } from '#base'
import { type Book, bookId } from './book.ts'
import { CHARTS } from './charts.ts'
import {
  BookId,
  BookPage,
  BookPart,
  ClosePeriodBody,
  InstantText,
  Limit,
  NewBookBody,
  ProofsPart,
  TrialBalancePart,
} from './contract.ts'
import { accountRoutes } from './http-accounts.ts'
import { transferRoutes } from './http-transfers.ts'
import type { Ledger, TrialBalanceRow } from './ledger.ts'
import { faulty, routeProblem } from './route-refusals.ts'
import { faultsOf, type LedgerRoutes, submitPlain } from './routes.ts'
import { bookOf, moneyJson, Reading } from './wire.ts'

/** All routes of the ledger. */
export function ledgerRoutes(on: LedgerRoutes): Route[] {
  return [...bookRoutes(on), ...accountRoutes(on), ...transferRoutes(on)]
}

const tags = ['books']
const read = { permission: 'books.read' }
const write = { permission: 'books.write' }
const BookParams = Type.Object({ id: BookId }, { additionalProperties: false })
const AtQuery = Type.Object({ at: Type.Optional(InstantText) }, { additionalProperties: false })

function bookRoutes({ ledger, reads }: LedgerRoutes): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/books',
      name: 'createBook',
      summary: 'Opens a book with the single accounts of its chart.',
      tags,
      policy: write,
      body: NewBookBody,
      idempotency: { kind: 'stored', book: () => 0 },
      replies: { 201: BookPart },
      handle: async ({ body, keyed, caller: { orgId } }) => {
        const { name, currency, chart } = body
        if (!Object.hasOwn(CHARTS, chart)) {
          const charts = Object.keys(CHARTS).join(', ')
          return { problem: faulty('/chart', 'chart_unknown', { charts }) }
        }
        const book = await ledger.createBook({
          orgId,
          name,
          currency,
          chart,
          ...(keyed && { answer: (made: Book) => keyed.answer(201, bookJson(made)) }),
        })
        return { status: 201, body: bookJson(book) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/books',
      name: 'listBooks',
      summary: 'All books, oldest first.',
      tags,
      policy: read,
      query: Type.Object(
        { limit: Type.Optional(Limit), starting_after: Type.Optional(BookId) },
        { additionalProperties: false },
      ),
      replies: { 200: BookPage },
      handle: async ({ query: { limit = 50, starting_after: after }, caller }) => {
        const from = after === undefined ? 0 : bookOf(after)
        const found = await reads.forOrg(caller.orgId).books(from, limit + 1)
        const data = found.slice(0, limit).map(bookJson)
        return { status: 200, body: { data, has_more: found.length > limit } }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/books/{id}',
      name: 'getBook',
      summary: 'One book.',
      tags,
      policy: read,
      params: BookParams,
      replies: { 200: BookPart },
      handle: async ({ params }) => {
        const book = await ledger.book(bookOf(params.id))
        if (book === undefined) return { problem: routeProblem('book_not_found') }
        return { status: 200, body: bookJson(book) }
      },
    }),
    ...bookProofRoutes({ ledger, reads }),
    closePeriodRoute(ledger),
  ]
}

function bookProofRoutes({ ledger, reads }: LedgerRoutes): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/books/{id}/trial-balance',
      name: 'getTrialBalance',
      summary: 'Debits, credits and balance of every account, now or at a time, and their sums.',
      tags,
      policy: read,
      params: BookParams,
      query: AtQuery,
      replies: { 200: TrialBalancePart },
      handle: async ({ params, query, caller }) => {
        const { book } = ledger.writer(bookOf(params.id))
        const reading = new Reading(book)
        const at = query.at === undefined ? undefined : reading.instant(query.at, '/query/at')
        const faults = faultsOf(reading)
        if (faults !== undefined) return faults
        const rows = await reads.forOrg(caller.orgId).trialBalance(book.number, at)
        return { status: 200, body: trialBalanceJson(rows, book, at) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/books/{id}/proofs',
      name: 'getProofs',
      summary: 'What must be equal in a book, both sides as sums, and whether they are.',
      tags,
      policy: read,
      params: BookParams,
      replies: { 200: ProofsPart },
      handle: async ({ params, caller }) => {
        const { book } = ledger.writer(bookOf(params.id))
        const found = await reads.forOrg(caller.orgId).proofs(book.number)
        const proofs = found.map((proof) => ({
          ...proof,
          left: proof.left.toString(),
          right: proof.right.toString(),
        }))
        const holds = proofs.every((proof) => proof.holds)
        return { status: 200, body: { book: params.id, holds, proofs } }
      },
    }),
  ]
}

function closePeriodRoute(ledger: Ledger): Route {
  return route({
    method: 'POST',
    path: '/v1/books/{id}/close-period',
    name: 'closePeriod',
    summary: 'Refuses from now on what is effective before a time. A closed period stays closed.',
    tags,
    policy: write,
    params: BookParams,
    body: ClosePeriodBody,
    idempotency: { kind: 'stored', book: ({ params }) => bookOf(params.id) },
    replies: { 200: BookPart },
    handle: async ({ params, body, keyed }) => {
      const writer = ledger.writer(bookOf(params.id))
      const { book } = writer
      const reading = new Reading(book)
      const closeBefore = reading.instant(body.before, '/before')
      const faults = faultsOf(reading)
      if (faults !== undefined) return faults
      const closed = bookJson({ ...book, closedBefore: closeBefore })
      if (closeBefore === book.closedBefore) return { status: 200, body: closed }
      const refused = await submitPlain(
        writer,
        {
          roots: [params.id],
          closeBefore,
          ...(keyed && { answer: keyed.answer(200, closed) }),
        },
        { 'ledger.close_before': routeProblem('period_closed_already') },
      )
      if (refused !== undefined) return refused
      return { status: 200, body: closed }
    },
  })
}

function bookJson({ number, name, currency, chart, closedBefore }: Book) {
  return {
    id: bookId(number),
    name,
    currency: moneyJson(0n, { currency } as Book).currency,
    chart,
    ...(closedBefore !== undefined && { closed_before: writeInstant(closedBefore) }),
  }
}

function trialBalanceJson(rows: readonly TrialBalanceRow[], book: Book, at: Instant | undefined) {
  let debits = 0n
  let credits = 0n
  const lines = rows.map(({ account, balance }) => {
    debits += balance.debitsPosted
    credits += balance.creditsPosted
    const net = balance.debitsPosted - balance.creditsPosted
    return {
      account: `acc_${book.number}_${account.id}`,
      code: account.code,
      name: account.name,
      side: account.side,
      debits: moneyJson(balance.debitsPosted, book),
      credits: moneyJson(balance.creditsPosted, book),
      balance: moneyJson(account.side === 'debit' ? net : -net, book),
    }
  })
  return {
    book: bookId(book.number),
    ...(at !== undefined && { at: writeInstant(at) }),
    rows: lines,
    debits: moneyJson(debits, book),
    credits: moneyJson(credits, book),
  }
}
