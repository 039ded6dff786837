/** Routes of accounts: opening, reading, freezing and closing them, and their statements. */

import { type Static, Type } from 'typebox'
import {
  derivedUuid,
  HttpProblem,
  type Keyed,
  type Problem,
  publicId,
  type Route,
  route,
  type Uuid,
  writeInstant,
} from '#base'
import type { Account, AccountOpening, AccountState } from './account.ts'
import type { Book } from './book.ts'
import { CHARTS, type ChartRow } from './charts.ts'
import {
  AccountId,
  AccountPage,
  AccountPart,
  AccountWithBalances,
  BookId,
  InstantText,
  Limit,
  NewAccountBody,
  type NewAccountJson,
  type StatementLinePart,
  StatementPage,
} from './contract.ts'
import type { BookWriter, StatementLine } from './ledger.ts'
import { faulty, routeProblem } from './route-refusals.ts'
import { faultsOf, type LedgerRoutes, submitPlain } from './routes.ts'
import { accountJson, balancesJson, bookOf, moneyJson, Reading, uuidOf } from './wire.ts'

const tags = ['accounts']
const read = { permission: 'books.read' }
const write = { permission: 'books.write' }
const freeze = { permission: 'accounts.freeze' }
const closed = { additionalProperties: false }
const AccountParams = Type.Object({ id: AccountId }, closed)
const INT8_MOST = 9223372036854775807n

/** The routes under `/v1/accounts`. */
export function accountRoutes(on: LedgerRoutes): Route[] {
  return [
    openRoute(on),
    listRoute(on),
    readRoute(on),
    statementRoute(on),
    stateRoute(on, 'freeze', 'frozen', 'Lets money in and none out, as a court order asks.'),
    stateRoute(on, 'unfreeze', 'open', 'Lets money out of a frozen account again.'),
    stateRoute(on, 'close', 'closed', 'Closes an empty account for good.'),
  ]
}

function openRoute({ ledger }: LedgerRoutes): Route {
  return route({
    method: 'POST',
    path: '/v1/accounts',
    name: 'openAccount',
    summary: 'Opens an account. Send an Idempotency-Key, or choose the id.',
    tags,
    policy: write,
    body: NewAccountBody,
    idempotency: {
      kind: 'stored',
      book: ({ body }) => bookOf(body.book),
      unless: (body) => body.id !== undefined,
    },
    replies: { 201: AccountPart, 200: AccountPart },
    handle: async ({ body, keyed }) => {
      const writer = ledger.writer(bookOf(body.book))
      const opening = readOpening(writer, body, keyed)
      if ('problem' in opening) return opening
      const again = await committedAccount(writer, opening.id)
      if (again !== undefined) return sameAccount(again, opening, writer.book, keyed)
      const opened = accountJson(newAccount(opening, writer.book), writer.book)
      const result = await writer.submit({
        roots: [opened.id],
        open: [opening],
        ...(keyed && { answer: keyed.answer(201, opened) }),
      })
      if (result.status === 'stale') {
        // Two requests under one id of the caller's: the second finds the account of the first.
        const first = await committedAccount(writer, opening.id)
        if (first === undefined) throw moved()
        return sameAccount(first, opening, writer.book, keyed)
      }
      return { status: 201, body: opened }
    },
  })
}

function idFrom(keyed: Keyed): Uuid {
  return derivedUuid('ledger.account', keyed.keyHash)
}

function moved(): HttpProblem {
  return new HttpProblem(routeProblem('moved_meanwhile'))
}

/** The account under an id, once what opened it is committed. */
async function committedAccount(writer: BookWriter, id: Uuid): Promise<Account | undefined> {
  return (await writer.balance(id)) === undefined ? undefined : writer.account(id)
}

function readOpening(
  writer: BookWriter,
  body: NewAccountJson,
  keyed: Keyed | undefined,
): AccountOpening | { problem: Problem } {
  const { book } = writer
  const { code, name, holder, credit_limit: limit } = body
  const reading = new Reading(book)
  const creditLimit =
    limit === undefined || limit === null ? limit : reading.amount(limit, '/credit_limit')
  if (typeof creditLimit === 'bigint' && creditLimit > INT8_MOST) {
    return { problem: faulty('/credit_limit/amount', 'number_too_large') }
  }
  const id = body.id === undefined ? idFrom(keyed!) : reading.id(body.id, '/id')
  const faults = faultsOf(reading)
  if (faults !== undefined) return faults
  const row = chartRow(book, code)
  if (row === undefined) {
    const codes = (CHARTS[book.chart] ?? []).map((one) => one.code).join(', ')
    return { problem: faulty('/code', 'code_not_in_chart', { chart: book.chart, codes }) }
  }
  if (row.single) {
    const account = publicId('acc', book.number, writer.accountByCode(code)!.id)
    return { problem: routeProblem('code_is_single', { account }) }
  }
  return {
    id,
    code,
    name,
    ...(holder !== undefined && { holder }),
    ...(creditLimit !== undefined && { creditLimit }),
  }
}

function chartRow(book: Book, code: string): ChartRow | undefined {
  return CHARTS[book.chart]?.find((row) => row.code === code)
}

function newAccount(opening: AccountOpening, book: Book): Account {
  const { side, creditLimit } = chartRow(book, opening.code)!
  return { side, creditLimit, ...opening, book: book.number, number: 0, state: 'open' }
}

/** The answer to an opening under an id that is taken. */
function sameAccount(
  account: Account,
  opening: AccountOpening,
  book: Book,
  keyed: Keyed | undefined,
) {
  // An id made from the key is taken only when the answer under the key is stored: look again.
  if (keyed !== undefined && opening.id === idFrom(keyed)) throw moved()
  const wanted = newAccount(opening, book)
  for (const field of ['code', 'name', 'holder'] as const) {
    if (account[field] === wanted[field]) continue
    return { problem: routeProblem(`account_exists_with_different_${field}`) }
  }
  if (account.creditLimit !== wanted.creditLimit) {
    return { problem: routeProblem('account_exists_with_different_credit_limit') }
  }
  const headers = { 'idempotency-replayed': 'true' }
  return { status: 200 as const, body: accountJson(account, book), headers }
}

function listRoute({ ledger }: LedgerRoutes): Route {
  return route({
    method: 'GET',
    path: '/v1/accounts',
    name: 'listAccounts',
    summary: 'The accounts of a book, oldest first.',
    tags,
    policy: read,
    query: Type.Object(
      {
        book: BookId,
        limit: Type.Optional(Limit),
        starting_after: Type.Optional(AccountId),
      },
      closed,
    ),
    replies: { 200: AccountPage },
    handle: async ({ query: { book: id, limit = 50, starting_after: after } }) => {
      const writer = ledger.writer(bookOf(id))
      const { book } = writer
      const reading = new Reading(book)
      const last =
        after === undefined ? undefined : writer.account(reading.id(after, '/query/starting_after'))
      const faults = faultsOf(reading)
      if (faults !== undefined) return faults
      if (after !== undefined && last === undefined) {
        return { problem: routeProblem('page_not_found') }
      }
      const found = writer.accounts(last?.number ?? 0, limit + 1)
      const data = found.slice(0, limit).map((account) => accountJson(account, book))
      return { status: 200, body: { data, has_more: found.length > limit } }
    },
  })
}

function readRoute({ ledger, reads }: LedgerRoutes): Route {
  return route({
    method: 'GET',
    path: '/v1/accounts/{id}',
    name: 'getAccount',
    summary: 'One account with its balances, now or as they were at a time.',
    tags,
    policy: read,
    params: AccountParams,
    query: Type.Object({ at: Type.Optional(InstantText) }, closed),
    replies: { 200: AccountWithBalances },
    handle: async ({ params, query, caller }) => {
      const writer = ledger.writer(bookOf(params.id))
      const { book } = writer
      const reading = new Reading(book)
      const at = query.at === undefined ? undefined : reading.instant(query.at, '/query/at')
      const faults = faultsOf(reading)
      if (faults !== undefined) return faults
      const now = await writer.balance(uuidOf(params.id))
      const account = writer.account(uuidOf(params.id))
      if (now === undefined || account === undefined) {
        return { problem: routeProblem('account_not_found') }
      }
      const balance =
        at === undefined
          ? now
          : await reads.forOrg(caller.orgId).balanceAt(book.number, account.id, at)
      return {
        status: 200,
        body: {
          ...accountJson(account, book),
          balances: balancesJson(balance, account, book),
          ...(at !== undefined && { at: writeInstant(at) }),
        },
      }
    },
  })
}

function statementRoute({ ledger, reads }: LedgerRoutes): Route {
  return route({
    method: 'GET',
    path: '/v1/accounts/{id}/statement',
    name: 'getStatement',
    summary: 'What moved on an account, newest first, with the balance after each line.',
    tags,
    policy: read,
    params: AccountParams,
    query: Type.Object(
      {
        limit: Type.Optional(Limit),
        starting_after: Type.Optional(
          Type.String({ pattern: '^[1-9][0-9]{0,18}$', description: 'the number of a line' }),
        ),
      },
      closed,
    ),
    replies: { 200: StatementPage },
    handle: async ({ params, query: { limit = 50, starting_after: after }, caller }) => {
      const writer = ledger.writer(bookOf(params.id))
      const { book } = writer
      const account = writer.account(uuidOf(params.id))
      if (account === undefined) return { problem: routeProblem('account_not_found') }
      const before = after === undefined ? undefined : BigInt(after)
      if (before !== undefined && before > INT8_MOST) {
        return { problem: faulty('/query/starting_after', 'number_too_large') }
      }
      const found = await reads.forOrg(caller.orgId).statement(book.number, account.id, {
        limit: limit + 1,
        ...(before !== undefined && { before }),
      })
      const data = found.slice(0, limit).map((line) => lineJson(line, book))
      return { status: 200, body: { data, has_more: found.length > limit } }
    },
  })
}

function lineJson(line: StatementLine, book: Book): Static<typeof StatementLinePart> {
  const { leg, type, side, purpose } = line
  return {
    number: line.number.toString(),
    transfer: publicId('tr', book.number, line.id),
    leg,
    type,
    side,
    counterpart: publicId('acc', book.number, line.counterpart),
    amount: moneyJson(line.amount, book),
    balance_after: moneyJson(line.balanceAfter, book),
    booked_at: writeInstant(line.bookedAt),
    effective_at: writeInstant(line.effectiveAt),
    ...(purpose !== undefined && { purpose }),
  }
}

function stateRoute(
  { ledger }: LedgerRoutes,
  verb: 'freeze' | 'unfreeze' | 'close',
  state: AccountState,
  summary: string,
): Route {
  return route({
    method: 'POST',
    path: `/v1/accounts/{id}/${verb}`,
    name: `${verb}Account`,
    summary,
    tags,
    policy: verb === 'close' ? write : freeze,
    params: AccountParams,
    idempotency: { kind: 'stored', book: ({ params }) => bookOf(params.id) },
    replies: { 200: AccountPart },
    handle: async ({ params, keyed }) => {
      const writer = ledger.writer(bookOf(params.id))
      const account = writer.account(uuidOf(params.id))
      if (account === undefined) return { problem: routeProblem('account_not_found') }
      if (account.state === 'closed' && state !== 'closed') {
        return { problem: routeProblem('account_closed') }
      }
      const changed = accountJson({ ...account, state }, writer.book)
      const refused = await submitPlain(
        writer,
        {
          roots: [params.id],
          change: [{ account: account.id, state }],
          ...(keyed && { answer: keyed.answer(200, changed) }),
        },
        {
          'ledger.change_account': routeProblem(
            verb === 'unfreeze' ? 'account_frozen_by_order' : 'account_not_empty',
          ),
        },
      )
      if (refused !== undefined) return refused
      return { status: 200, body: changed }
    },
  })
}
