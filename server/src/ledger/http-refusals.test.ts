/**
 * What the ledger's routes refuse, one row per route and case, and hostile input of all kinds: no
 * request may be answered with a 5xx, and none may leave a trace in the books.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied, type Effect, seededRng } from '#base'
import { type LedgerServer, startLedgerServer } from '../../testing/ledger-server.ts'
import { StorageFull } from './command.ts'
import { LEDGER_PROBLEMS } from './route-refusals.ts'
import { ledgerFaults, submitPlain } from './routes.ts'

let server: LedgerServer
let book: string
let foreign: string
let cash: string
let alice: string
let bob: string
let single: string

beforeAll(async () => {
  server = await startLedgerServer()
  const made = await server.ledger.createBook({
    orgId: 1,
    name: 'A',
    currency: 'CNY',
    chart: 'plain',
  })
  const pool = await server.ledger.createBook({
    orgId: 1,
    name: 'B',
    currency: 'USD',
    chart: 'custody_pool',
  })
  const open = [
    { id: server.world.ids.uuid(), code: 'A-open', name: 'Cash' },
    { id: server.world.ids.uuid(), code: 'L', name: 'Alice' },
    { id: server.world.ids.uuid(), code: 'L', name: 'Bob' },
  ]
  await server.ledger.writer(made.number).submit({ roots: [], open })
  const ids = open.map((one) => `acc_${made.number}_${one.id}`)
  ;[cash, alice, bob] = ids as [string, string, string]
  book = `book_${made.number}`
  foreign = `book_${pool.number}`
  single = `acc_${pool.number}_${server.ledger.writer(pool.number).accountByCode('1012.02')!.id}`
})
afterAll(() => server?.stop())

const NONE = '00000000000000000000000000000000'
const tr = () => `tr_${book.slice(5)}_${server.world.ids.uuid()}`
const absent = (prefix: string) => `${prefix}_${book.slice(5)}_${NONE}`
const cny = { amount: '100', currency: 'CNY' }
const post = (more: object = {}) => ({
  type: 'post',
  id: tr(),
  debit_account: cash,
  credit_account: alice,
  amount: cny,
  ...more,
})

let keys = 0
async function send(method: string, url: string, body?: unknown) {
  const reply = await server.http.app.inject({
    method: method as 'GET',
    url,
    headers: {
      'idempotency-key': `refusal-${++keys}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  return { status: reply.statusCode, headers: reply.headers, body: JSON.parse(reply.body) }
}

type Case = [
  name: string,
  method: 'GET' | 'POST',
  url: () => string,
  body: (() => unknown) | undefined,
  status: number,
  code: string,
  pointer?: string,
  fieldCode?: string,
]

const cases: Case[] = [
  [
    'a chart nobody knows',
    'POST',
    () => '/v1/books',
    () => ({ name: 'x', currency: 'CNY', chart: 'none' }),
    422,
    'contract_violated',
    '/chart',
    'chart_unknown',
  ],
  [
    'a chart named like a method',
    'POST',
    () => '/v1/books',
    () => ({ name: 'x', currency: 'CNY', chart: 'to_string' }),
    422,
    'contract_violated',
    '/chart',
    'chart_unknown',
  ],
  [
    'a currency nobody knows',
    'POST',
    () => '/v1/books',
    () => ({ name: 'x', currency: 'RMB', chart: 'plain' }),
    422,
    'contract_violated',
    '/currency',
    'not_one_of',
  ],
  [
    'a name with a line end',
    'POST',
    () => '/v1/books',
    () => ({ name: 'a\nb', currency: 'CNY', chart: 'plain' }),
    422,
    'contract_violated',
    '/name',
    'malformed',
  ],
  [
    'a book that is not there',
    'GET',
    () => '/v1/books/book_999999999',
    undefined,
    404,
    'book_not_found',
  ],
  [
    'a book id that is none',
    'GET',
    () => '/v1/books/7',
    undefined,
    422,
    'contract_violated',
    '/path/id',
    'malformed',
  ],
  [
    'proofs of a book that is not there',
    'GET',
    () => '/v1/books/book_999999999/proofs',
    undefined,
    404,
    'book_not_found',
  ],
  [
    'a trial balance of no day',
    'GET',
    () => `/v1/books/${book}/trial-balance?at=2026-02-30T00:00:00Z`,
    undefined,
    422,
    'contract_violated',
    '/query/at',
    'instant_unreal',
  ],
  [
    'a limit too large',
    'GET',
    () => '/v1/books?limit=201',
    undefined,
    422,
    'contract_violated',
    '/query/limit',
    'too_large',
  ],
  [
    'a period closed to no time',
    'POST',
    () => `/v1/books/${book}/close-period`,
    () => ({ before: 'today' }),
    422,
    'contract_violated',
    '/before',
    'malformed',
  ],

  [
    'an account of no chart',
    'POST',
    () => '/v1/accounts',
    () => ({ book, code: '9999', name: 'x' }),
    422,
    'contract_violated',
    '/code',
    'code_not_in_chart',
  ],
  [
    'a second single account',
    'POST',
    () => '/v1/accounts',
    () => ({ book: foreign, code: '1012.02', name: 'x' }),
    409,
    'code_is_single',
  ],
  [
    'an account under an id of another book',
    'POST',
    () => '/v1/accounts',
    () => ({ book: foreign, id: absent('acc'), code: '2241.02', name: 'x' }),
    422,
    'contract_violated',
    '/id',
    'book_differs',
  ],
  [
    'a credit limit in another currency',
    'POST',
    () => '/v1/accounts',
    () => ({ book, code: 'L', name: 'x', credit_limit: { amount: '1', currency: 'USD' } }),
    422,
    'contract_violated',
    '/credit_limit/currency',
    'currency_differs',
  ],
  [
    'a credit limit over int8',
    'POST',
    () => '/v1/accounts',
    () => ({
      book,
      code: 'L',
      name: 'x',
      credit_limit: { amount: '9223372036854775808', currency: 'CNY' },
    }),
    422,
    'contract_violated',
    '/credit_limit/amount',
    'number_too_large',
  ],
  [
    'an account in a book that is not there',
    'POST',
    () => '/v1/accounts',
    () => ({ book: 'book_999999999', code: 'L', name: 'x' }),
    404,
    'book_not_found',
  ],
  [
    'accounts of no book',
    'GET',
    () => '/v1/accounts',
    undefined,
    422,
    'contract_violated',
    '/query/book',
    'missing',
  ],
  [
    'accounts after none',
    'GET',
    () => `/v1/accounts?book=${book}&starting_after=${absent('acc')}`,
    undefined,
    404,
    'page_not_found',
  ],
  [
    'accounts after one of another book',
    'GET',
    () => `/v1/accounts?book=${book}&starting_after=${single}`,
    undefined,
    422,
    'contract_violated',
    '/query/starting_after',
    'book_differs',
  ],
  [
    'an account that is not there',
    'GET',
    () => `/v1/accounts/${absent('acc')}`,
    undefined,
    404,
    'account_not_found',
  ],
  [
    'a balance at no time',
    'GET',
    () => `/v1/accounts/${alice}?at=2026-03-01T24:01:00Z`,
    undefined,
    422,
    'contract_violated',
    '/query/at',
    'instant_unreal',
  ],
  [
    'a statement of no account',
    'GET',
    () => `/v1/accounts/${absent('acc')}/statement`,
    undefined,
    404,
    'account_not_found',
  ],
  [
    'a statement after no number',
    'GET',
    () => `/v1/accounts/${alice}/statement?starting_after=x`,
    undefined,
    422,
    'contract_violated',
    '/query/starting_after',
    'malformed',
  ],
  [
    'a statement after a number over int8',
    'GET',
    () => `/v1/accounts/${alice}/statement?starting_after=9223372036854775808`,
    undefined,
    422,
    'contract_violated',
    '/query/starting_after',
    'number_too_large',
  ],
  [
    'freezing no account',
    'POST',
    () => `/v1/accounts/${absent('acc')}/freeze`,
    undefined,
    404,
    'account_not_found',
  ],
  [
    'freezing with a body',
    'POST',
    () => `/v1/accounts/${alice}/freeze`,
    () => ({ why: 'x' }),
    422,
    'contract_violated',
    '/why',
    'unknown_field',
  ],

  ['a transfer without a body', 'POST', () => '/v1/transfers', undefined, 400, 'body_missing'],
  [
    'a transfer of no type',
    'POST',
    () => '/v1/transfers',
    () => ({ ...post(), type: 'release' }),
    422,
    'contract_violated',
    '/type',
    'not_one_of',
  ],
  [
    'a transfer without an id',
    'POST',
    () => '/v1/transfers',
    () => ({ ...post(), id: undefined }),
    422,
    'contract_violated',
    '/id',
    'missing',
  ],
  [
    'a number for an amount',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: 100, currency: 'CNY' } }),
    422,
    'contract_violated',
    '/amount/amount',
    'wrong_type',
  ],
  [
    'a decimal amount',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '1.00', currency: 'CNY' } }),
    422,
    'contract_violated',
    '/amount/amount',
    'malformed',
  ],
  [
    'full-width digits',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '１００', currency: 'CNY' } }),
    422,
    'contract_violated',
    '/amount/amount',
    'malformed',
  ],
  [
    'a negative amount',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '-1', currency: 'CNY' } }),
    422,
    'contract_violated',
    '/amount/amount',
    'malformed',
  ],
  [
    'another currency',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '1', currency: 'USD' } }),
    422,
    'contract_violated',
    '/amount/currency',
    'currency_differs',
  ],
  [
    'an account of another book',
    'POST',
    () => '/v1/transfers',
    () => post({ credit_account: single }),
    422,
    'contract_violated',
    '/credit_account',
    'book_differs',
  ],
  [
    'capital letters in an id',
    'POST',
    () => '/v1/transfers',
    () => post({ id: tr().toUpperCase() }),
    422,
    'contract_violated',
    '/id',
    'malformed',
  ],
  [
    'a day that does not exist',
    'POST',
    () => '/v1/transfers',
    () => post({ effective_at: '2026-02-29T00:00:00Z' }),
    422,
    'contract_violated',
    '/effective_at',
    'instant_unreal',
  ],
  [
    'a purpose too long',
    'POST',
    () => '/v1/transfers',
    () => post({ purpose: 'x'.repeat(65) }),
    422,
    'contract_violated',
    '/purpose',
    'too_long',
  ],
  [
    'an item of a batch in another currency',
    'POST',
    () => '/v1/transfers',
    () => ({ transfers: [post(), post({ amount: { amount: '1', currency: 'JPY' } })] }),
    422,
    'contract_violated',
    '/transfers/1/amount/currency',
    'currency_differs',
  ],
  [
    'an item of a batch of another book',
    'POST',
    () => '/v1/transfers',
    () => ({ transfers: [post(), post({ id: `tr_${foreign.slice(5)}_${NONE}` })] }),
    422,
    'contract_violated',
    '/transfers/1/id',
    'book_differs',
  ],
  [
    'a batch of none',
    'POST',
    () => '/v1/transfers',
    () => ({ transfers: [] }),
    422,
    'contract_violated',
    '/transfers',
    'too_few',
  ],
  [
    'a batch of 1,001',
    'POST',
    () => '/v1/transfers',
    () => ({ transfers: Array.from({ length: 1001 }, () => post()) }),
    422,
    'contract_violated',
    '/transfers',
    'too_many',
  ],
  [
    '1,001 legs',
    'POST',
    () => '/v1/transfers',
    () => ({
      type: 'post',
      id: tr(),
      legs: Array.from({ length: 1001 }, () => ({
        debit_account: cash,
        credit_account: alice,
        amount: cny,
      })),
    }),
    422,
    'contract_violated',
    '/legs',
    'too_many',
  ],
  [
    'a leg of another book',
    'POST',
    () => '/v1/transfers',
    () => ({
      type: 'post',
      id: tr(),
      legs: [{ debit_account: cash, credit_account: single, amount: cny }],
    }),
    422,
    'contract_violated',
    '/legs/0/credit_account',
    'book_differs',
  ],
  [
    'a book that is not there',
    'POST',
    () => '/v1/transfers',
    () => post({ id: `tr_999999999_${NONE}` }),
    404,
    'book_not_found',
  ],
  [
    'nothing moved',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '0', currency: 'CNY' } }),
    422,
    'amount_not_positive',
    '/amount',
  ],
  [
    'an amount over int8',
    'POST',
    () => '/v1/transfers',
    () => post({ amount: { amount: '9223372036854775808', currency: 'CNY' } }),
    422,
    'amount_too_large',
    '/amount',
  ],
  [
    'one account on both sides',
    'POST',
    () => '/v1/transfers',
    () => post({ credit_account: cash }),
    422,
    'accounts_are_the_same',
    '/credit_account',
  ],
  [
    'no debit account',
    'POST',
    () => '/v1/transfers',
    () => post({ debit_account: absent('acc') }),
    404,
    'debit_account_not_found',
    '/debit_account',
  ],
  [
    'no credit account',
    'POST',
    () => '/v1/transfers',
    () => post({ credit_account: absent('acc') }),
    404,
    'credit_account_not_found',
    '/credit_account',
  ],
  [
    'a time to come',
    'POST',
    () => '/v1/transfers',
    () => post({ effective_at: '2999-01-01T00:00:00Z' }),
    422,
    'effective_at_in_future',
    '/effective_at',
  ],
  [
    'more than there is',
    'POST',
    () => '/v1/transfers',
    () => post({ debit_account: bob }),
    409,
    'insufficient_funds',
    '/amount',
  ],
  [
    'a hold that has expired',
    'POST',
    () => '/v1/transfers',
    () => post({ type: 'hold', expires_at: '2020-01-01T00:00:00Z' }),
    409,
    'hold_expired',
    '/expires_at',
  ],
  [
    'a reversal of nothing',
    'POST',
    () => '/v1/transfers',
    () => ({ type: 'reverse', id: tr(), subject: absent('tr') }),
    404,
    'transfer_not_found',
    '/subject',
  ],
  [
    'a transfer that is not there',
    'GET',
    () => `/v1/transfers/${absent('tr')}`,
    undefined,
    404,
    'transfer_not_found',
  ],
  [
    'a transfer by the id of an account',
    'GET',
    () => `/v1/transfers/${absent('acc')}`,
    undefined,
    422,
    'contract_violated',
    '/path/id',
    'malformed',
  ],

  [
    'a hold that is not there',
    'GET',
    () => `/v1/holds/${absent('hold')}`,
    undefined,
    404,
    'hold_not_found',
  ],
  [
    'releasing no hold',
    'POST',
    () => `/v1/holds/${absent('hold')}/release`,
    () => ({}),
    404,
    'hold_not_found',
  ],
  [
    'releasing parts of nothing',
    'POST',
    () => `/v1/holds/${absent('hold')}/release`,
    () => ({ parts: [] }),
    422,
    'contract_violated',
    '/parts',
    'too_few',
  ],
  [
    'releasing to another book',
    'POST',
    () => `/v1/holds/${absent('hold')}/release`,
    () => ({ parts: [{ amount: cny, credit_account: single }] }),
    422,
    'contract_violated',
    '/parts/0/credit_account',
    'book_differs',
  ],
  [
    'releasing another currency',
    'POST',
    () => `/v1/holds/${absent('hold')}/release`,
    () => ({ parts: [{ amount: { amount: '1', currency: 'EUR' } }] }),
    422,
    'contract_violated',
    '/parts/0/amount/currency',
    'currency_differs',
  ],
  [
    'voiding under an id of another book',
    'POST',
    () => `/v1/holds/${absent('hold')}/void`,
    () => ({ id: `tr_${foreign.slice(5)}_${NONE}` }),
    422,
    'contract_violated',
    '/id',
    'book_differs',
  ],
  [
    'voiding no hold',
    'POST',
    () => `/v1/holds/${absent('hold')}/void`,
    () => ({ id: tr() }),
    404,
    'hold_not_found',
  ],
]

describe('refused', () => {
  it.each(cases)('%s: %s', async (_name, method, url, body, status, code, pointer, fieldCode) => {
    const reply = await send(method, url(), body?.())
    expect(reply.body).toMatchObject({ status, code })
    expect(reply.status).toBe(status)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.body.detail).toMatch(/^[A-Z].+\.$/)
    const [error] = reply.body.errors ?? []
    expect(error?.pointer).toBe(pointer)
    if (fieldCode !== undefined) expect(error.code).toBe(fieldCode)
  })

  it('every code is explained', async () => {
    for (const { code, status } of LEDGER_PROBLEMS) {
      const reply = await server.http.app.inject(`/errors/${code}`)
      expect(reply.json()).toMatchObject({ code, status })
    }
  })
})

describe('what the ledger throws', () => {
  const number = () => Number(book.slice(5))
  const problemOf = async (thrown: unknown) => ledgerFaults(server.ledger)(thrown)

  it('data that the database refuses is the caller’s to correct', async () => {
    const broken: Effect<string> = {
      name: 'test.broken',
      sql: 'select u.n::int::text as moved, $1::int, $2::timestamptz from unnest($3::text[]) as u (n)',
      columns: (rows) => [[...rows]],
      key: (row) => row,
    }
    const command = { roots: [], effects: [applied(broken, 'no number')] }
    const thrown = await server.ledger
      .writer(number())
      .submit(command)
      .catch((error) => error)
    expect(await problemOf(thrown)).toMatchObject({
      problem: { code: 'data_refused', status: 422 },
    })
  })

  it('a database without room is to be tried again', async () => {
    const problem = { code: 'storage_full', status: 503, retryAfterS: 1, retryable: true }
    expect(await problemOf(new StorageFull('no space left'))).toMatchObject({ problem })
  })

  it('an answer that was stored meanwhile is looked up again', async () => {
    const answer = { keyHash: 'ab'.repeat(32), requestHash: 'cd'.repeat(32), status: 200, body: {} }
    const writer = server.ledger.writer(number())
    expect(await submitPlain(writer, { roots: [], answer })).toBeUndefined()
    await expect(submitPlain(writer, { roots: [], answer })).rejects.toMatchObject({
      problem: { code: 'moved_meanwhile', status: 503, retryAfterS: 1 },
    })
  })

  it('anything else is not the ledger’s to answer', async () => {
    expect(await problemOf(new Error('another'))).toBeUndefined()
  })
})

describe('a party under an order', () => {
  it('gets accounts that are frozen from the start, and nobody alone opens them', async () => {
    const ordered = await startLedgerServer({
      isFrozen: (org, holder) => org === 1 && holder === 'p',
    })
    try {
      const book = { orgId: 1, name: 'O', currency: 'CNY', chart: 'plain' } as const
      const { number } = await ordered.ledger.createBook(book)
      const [theirs, others] = [ordered.world.ids.uuid(), ordered.world.ids.uuid()]
      const open = [
        { id: theirs, code: 'L', name: 'Party', holder: 'p' },
        { id: others, code: 'L', name: 'Other', holder: 'q' },
      ]
      await ordered.ledger.writer(number).submit({ roots: [], open })
      const unfreeze = (id: string) =>
        ordered.http.app.inject({
          method: 'POST',
          url: `/v1/accounts/acc_${number}_${id}/unfreeze`,
          headers: { 'idempotency-key': id },
        })
      const refused = await unfreeze(theirs)
      expect(refused.statusCode).toBe(409)
      expect(refused.json()).toMatchObject({ code: 'account_frozen_by_order' })
      expect((await ordered.ledger.writer(number).account(theirs))?.state).toBe('frozen')
      expect((await unfreeze(others)).statusCode).toBe(200)
    } finally {
      await ordered.stop()
    }
  })
})

describe('a queue that is full', () => {
  it('answers 429, and the items of a batch that were not taken say so', async () => {
    const narrow = await startLedgerServer({ queueMax: 3 })
    try {
      const made = await narrow.ledger.createBook({
        orgId: 1,
        name: 'N',
        currency: 'CNY',
        chart: 'plain',
      })
      const ids = [narrow.world.ids.uuid(), narrow.world.ids.uuid()]
      const open = [
        { id: ids[0]!, code: 'A-open', name: 'a' },
        { id: ids[1]!, code: 'L', name: 'b' },
      ]
      await narrow.ledger.writer(made.number).submit({ roots: [], open })
      const one = () => ({
        type: 'post',
        id: `tr_${made.number}_${narrow.world.ids.uuid()}`,
        debit_account: `acc_${made.number}_${ids[0]}`,
        credit_account: `acc_${made.number}_${ids[1]}`,
        amount: cny,
      })
      const at = (payload: object) =>
        narrow.http.app.inject({ method: 'POST', url: '/v1/transfers', payload })
      const batch = (await at({ transfers: [one(), one(), one(), one(), one()] })).json()
      expect(batch.transfers.map((item: { status: string }) => item.status)).toEqual([
        'accepted',
        'accepted',
        'accepted',
        'not_taken',
        'not_taken',
      ])
      const many = await Promise.all(Array.from({ length: 40 }, () => at(one())))
      const full = many.filter((reply) => reply.statusCode === 429)
      expect(full.length).toBeGreaterThan(0)
      expect(full[0]?.headers['retry-after']).toBe('1')
      expect(full[0]?.json()).toMatchObject({ code: 'queue_full', retryable: true })
    } finally {
      await narrow.stop()
    }
  })
})

describe('hostile input', () => {
  const rng = seededRng(20260302)
  const pick = <T>(list: readonly T[]): T => list[rng.below(list.length)]!
  const values: (() => unknown)[] = [
    () => null,
    () => rng.below(1_000_000) - 500_000,
    () => 1e308,
    () => -0.1,
    () => true,
    () => '',
    () => 'x'.repeat(rng.below(5_000)),
    () => '\u202e\ud83d\ude00\ufeff',
    () => "'; drop table ledger.book; --",
    () => '../../etc/passwd',
    () => '{"$ref":"#"}',
    () => cny,
    () => ({ amount: '9'.repeat(1 + rng.below(25)), currency: 'CNY' }),
    () => alice,
    () => cash,
    () => absent('acc'),
    () => tr(),
    () => `acc_${rng.below(1_000_000_000)}_${NONE}`,
    () => [],
    () => [post(), null, [[[]]]],
    () => ({ length: 5, toString: 1, valueOf: null, toJSON: 'x' }),
    () => '2026-02-31T00:00:00Z',
    () => '+275760-09-13T00:00:00Z',
  ]
  const fields = [
    'type',
    'id',
    'debit_account',
    'credit_account',
    'amount',
    'legs',
    'expires_at',
    'subject',
    'effective_at',
    'purpose',
    'parts',
    'transfers',
    'book',
    'code',
    'name',
    'holder',
    'credit_limit',
    'before',
    'chart',
    'currency',
    'hasOwnProperty',
    'then',
  ]
  const urls = (): [string, string][] => [
    ['POST', '/v1/transfers'],
    ['POST', '/v1/transfers'],
    ['POST', '/v1/transfers'],
    ['POST', '/v1/books'],
    ['POST', '/v1/accounts'],
    ['POST', `/v1/holds/${absent('hold')}/release`],
    ['POST', `/v1/holds/${absent('hold')}/void`],
    ['POST', `/v1/accounts/${absent('acc')}/freeze`],
    ['POST', `/v1/books/${foreign}/close-period`],
  ]
  const bases: (() => Record<string, unknown>)[] = [
    () => ({}),
    () => post({ debit_account: absent('acc') }),
    () => ({
      transfers: [post({ debit_account: absent('acc') }), post({ debit_account: absent('acc') })],
    }),
    () => post({ type: 'hold', debit_account: absent('acc') }),
    () => ({ type: 'reverse', id: tr(), subject: absent('tr') }),
    () => ({
      type: 'post',
      id: tr(),
      legs: [{ debit_account: absent('acc'), credit_account: alice, amount: cny }],
    }),
  ]

  function hostileBody(): string {
    const body = pick(bases)()
    for (let changes = rng.below(4); changes > 0; changes -= 1) body[pick(fields)] = pick(values)()
    let text = JSON.stringify(body)
    switch (rng.below(8)) {
      case 0:
        text = text.slice(0, rng.below(text.length + 1))
        break
      case 1:
        text = text.replace(/"[a-z_]+":/, (key) => `${key}1,${key}`)
        break
      case 2: {
        const at = rng.below(text.length + 1)
        text =
          text.slice(0, at) +
          pick(['\\u0000', '\\ud800', '\0', '{', '"', ',', '__proto__', '😀']) +
          text.slice(at)
        break
      }
      case 3:
        text = `${'{"a":'.repeat(rng.below(60))}${text}${'}'.repeat(rng.below(60))}`
        break
      default:
    }
    return text
  }

  it('never breaks the server: 10,000 bodies, no 5xx, no money moved', async () => {
    const statuses = new Map<number, number>()
    for (let round = 0; round < 100; round += 1) {
      const replies = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const [method, url] = pick(urls())
          const payload = hostileBody()
          const reply = await server.http.app.inject({
            method: method as 'POST',
            url,
            headers: {
              'content-type': 'application/json',
              'idempotency-key': `fuzz-${rng.below(1_000_000)}`,
            },
            payload,
          })
          return { status: reply.statusCode, url, payload, body: reply.body }
        }),
      )
      for (const { status, url, payload, body } of replies) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status >= 500) expect.fail(`${status} for ${url} ${payload.slice(0, 500)}: ${body}`)
        JSON.parse(body)
      }
    }
    for (const status of [400, 404, 422]) expect(statuses.get(status)).toBeGreaterThan(100)
    const { body } = await send('GET', `/v1/books/${book}/proofs`)
    expect(body.holds).toBe(true)
    const moved = await server.database.db.query('select 1 from ledger.transfer where amount = 100')
    expect(moved).toEqual([])
  }, 60_000)

  it.each([
    '/v1/accounts/acc_1_%00',
    '/v1/accounts/..%2f..%2fetc',
    '/v1/accounts/acc_99999999999999999999_00000000000000000000000000000000',
    '/v1/books/book_0',
    '/v1/books/book_1000000000',
    '/v1/books/book_-1/proofs',
    '/v1/accounts?book=book_1&book=book_2',
    '/v1/accounts?book[]=book_1',
    '/v1/transfers/tr_1_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ',
  ])('in the URL %s is refused', async (url) => {
    const reply = await server.http.app.inject(url)
    expect(reply.statusCode).toBeGreaterThanOrEqual(400)
    expect(reply.statusCode).toBeLessThan(500)
    expect(reply.json().code).toEqual(expect.any(String))
  })
})
