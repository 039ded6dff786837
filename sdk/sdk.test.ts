import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LedgerServer, startLedgerServer } from '../server/testing/ledger-server.ts'
import {
  createTenon,
  holdIdOf,
  minorUnits,
  money,
  newTransferId,
  problemOf,
  type Tenon,
  TenonProblem,
  type TransferRequest,
} from './index.ts'

let server: LedgerServer
let tenon: Tenon
beforeAll(async () => {
  server = await startLedgerServer()
  tenon = createTenon({ baseUrl: server.url })
})
afterAll(() => server?.stop())

async function openBook() {
  const book = await tenon.books.create({ name: 'SDK', currency: 'CNY', chart: 'plain' })
  const cash = await tenon.accounts.open({ book: book.id, code: 'A-open', name: 'Cash' })
  const alice = await tenon.accounts.open({ book: book.id, code: 'L', name: 'Alice' })
  const bob = await tenon.accounts.open({ book: book.id, code: 'L', name: 'Bob' })
  const pay = (from: string, to: string, fen: bigint): TransferRequest => ({
    type: 'post',
    id: newTransferId(book.id),
    debit_account: from,
    credit_account: to,
    amount: money(fen, 'CNY'),
  })
  return { book: book.id, cash: cash.id, alice: alice.id, bob: bob.id, pay }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('the client', () => {
  it('carries a day of a book from the first yuan to the proofs', async () => {
    const { book, cash, alice, bob, pay } = await openBook()
    const paid = pay(cash, alice, 680_000_000_00n)
    expect(await tenon.transfers.create(paid)).toMatchObject({
      status: 'accepted',
      replayed: false,
    })
    expect(await tenon.transfers.create(paid)).toMatchObject({ replayed: true })
    const hold: TransferRequest = {
      type: 'hold',
      id: newTransferId(book),
      debit_account: alice,
      credit_account: bob,
      amount: money(500n, 'CNY'),
    }
    const opened = await tenon.transfers.create(hold)
    expect(opened.hold).toBe(holdIdOf(hold.id))
    await tenon.holds.release(opened.hold!, { parts: [{ amount: money(200n, 'CNY') }] })
    expect((await tenon.holds.get(opened.hold!)).remaining).toEqual(money(300n, 'CNY'))
    await tenon.holds.void(opened.hold!)
    const items = await tenon.transfers.createMany([pay(alice, bob, 1n), pay(bob, alice, 999n)])
    expect(items.map((item) => item.status)).toEqual(['accepted', 'refused'])
    await tenon.accounts.freeze(bob)
    await tenon.accounts.unfreeze(bob)
    const account = await tenon.accounts.get(alice)
    expect(minorUnits(account.balances.posted)).toBe(680_000_000_00n - 201n)
    expect((await tenon.transfers.get(paid.id)).legs[0]?.amount).toEqual(
      money(680_000_000_00n, 'CNY'),
    )
    expect((await tenon.books.trialBalance(book)).debits.amount).toBe('68000000201')
    expect((await tenon.books.proofs(book)).holds).toBe(true)
    await tenon.books.closePeriod(book, '2026-01-01T00:00:00Z')
    expect(await tenon.books.get(book)).toMatchObject({ closed_before: '2026-01-01T00:00:00.000Z' })
  })

  it('walks all pages', async () => {
    const { book, cash, alice, bob, pay } = await openBook()
    await tenon.transfers.createMany([
      pay(cash, alice, 100n),
      pay(alice, bob, 1n),
      pay(alice, bob, 2n),
    ])
    const lines = await all(tenon.accounts.statement(alice, { pageSize: 2 }))
    expect(lines.map((line) => line.amount.amount)).toEqual(['2', '1', '100'])
    const accounts = await all(tenon.accounts.list(book, { pageSize: 1 }))
    expect(accounts.map((account) => account.id)).toEqual([cash, alice, bob])
    const books = await all(tenon.books.list({ pageSize: 1 }))
    expect(books.map((one) => one.id)).toContain(book)
  })

  it('walks any list by its path', async () => {
    const { book, cash, alice, bob, pay } = await openBook()
    await tenon.transfers.createMany([pay(cash, alice, 9n), pay(alice, bob, 1n)])
    const accounts = await all(tenon.list('/v1/accounts', { query: { book } }, { pageSize: 2 }))
    expect(accounts.map((account) => account.id)).toEqual([cash, alice, bob])
    const path = { id: alice }
    const lines = tenon.list('/v1/accounts/{id}/statement', { path }, { pageSize: 1 })
    expect((await all(lines)).map((line) => line.amount.amount)).toEqual(['1', '9'])
    const codes = await all(tenon.list('/errors', {}))
    expect(codes.map(({ code }) => code)).toContain('insufficient_funds')
    const wrong = tenon.list('/v1/accounts', { query: { book: 'book_x' } })
    await expect(wrong.next()).rejects.toMatchObject({ code: 'contract_violated' })
  })

  it('goes on by the cursor a page names', async () => {
    const asked: string[] = []
    const paged = createTenon({
      baseUrl: server.url,
      fetch: async ({ url }) => {
        const after = new URL(url).searchParams.get('after')
        asked.push(new URL(url).search)
        const next = after === null ? 'b' : null
        return Response.json({ data: [{ id: after ?? 'a' }], next })
      },
    })
    const found = await all(paged.list('/v1/routing/learnt', {}, { pageSize: 1 }))
    expect([found.length, asked]).toEqual([2, ['?limit=1', '?limit=1&after=b']])
  })

  it('gives the reply of any request, and the problem it holds', async () => {
    const reply = await tenon.fetch('/v1/books/book_999999')
    expect(await problemOf(reply)).toMatchObject({ code: 'book_not_found', status: 404 })
    const page = await problemOf(new Response('<h1>Bad gateway</h1>', { status: 502 }))
    expect(page).toMatchObject({ code: 'not_a_problem', status: 502 })
  })

  it('throws typed problems', async () => {
    const { cash, bob, alice, pay } = await openBook()
    const problem = await tenon.transfers.create(pay(bob, alice, 5n)).catch((error) => error)
    expect(problem).toBeInstanceOf(TenonProblem)
    expect(problem).toMatchObject({
      code: 'insufficient_funds',
      status: 409,
      retryable: false,
      requestId: expect.stringMatching(/^req_/),
      errors: [{ pointer: '/amount', code: 'insufficient_funds' }],
    })
    await expect(tenon.accounts.get(cash.slice(0, -1))).rejects.toMatchObject({
      code: 'contract_violated',
    })
  })

  it('fifty times at once under one key opens one account', async () => {
    const { book } = await openBook()
    const opened = await Promise.all(
      Array.from({ length: 50 }, () =>
        createTenon({ baseUrl: server.url, retries: 20, sleep: soon }).accounts.open(
          { book, code: 'L', name: 'Fifty' },
          { key: 'fifty' },
        ),
      ),
    )
    expect(new Set(opened.map((account) => JSON.stringify(account))).size).toBe(1)
    const names = (await all(tenon.accounts.list(book))).map((account) => account.name)
    expect(names.filter((name) => name === 'Fifty')).toHaveLength(1)
    const other = tenon.accounts.open({ book, code: 'L', name: 'Other' }, { key: 'fifty' })
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 })
  })
})

/** A sleep that lets everything that is ready run first. */
const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1))

describe('sending again', () => {
  /** A server that answers by a script; `cut` closes the connection without an answer. */
  async function scripted(script: (number | 'cut')[]) {
    const seen: { key: string | undefined; body: string }[] = []
    const http = createServer((request, response) => {
      let body = ''
      request.on('data', (bytes) => {
        body += bytes
      })
      request.on('end', () => {
        seen.push({ key: request.headers['idempotency-key'] as string | undefined, body })
        const step = script[seen.length - 1] ?? 201
        if (step === 'cut') return request.socket.destroy()
        response.statusCode = step
        if (step === 409 || step === 429) response.setHeader('retry-after', '2')
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ id: 'book_1', code: 'scripted', detail: 'Scripted.' }))
      })
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as { port: number }
    const slept: number[] = []
    const client = createTenon({
      baseUrl: `http://127.0.0.1:${port}`,
      random: () => 1,
      sleep: async (ms) => {
        slept.push(ms)
      },
    })
    return { client, seen, slept, close: () => http.close() }
  }

  const book = { name: 'x', currency: 'CNY', chart: 'plain' } as const

  it.each<[string, (number | 'cut')[], number, number[]]>([
    ['after 503 and a cut connection', [503, 'cut', 201], 3, [100, 200]],
    ['when asked to wait', [429, 201], 2, [2000]],
    ['while the first is in flight', [409, 201], 2, [2000]],
  ])('%s, under the same key and body', async (_name, script, tries, delays) => {
    const { client, seen, slept, close } = await scripted(script)
    expect(await client.books.create(book)).toMatchObject({ id: 'book_1' })
    expect(seen).toHaveLength(tries)
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(seen[0]?.key).toMatch(/^[0-9a-f-]{36}$/)
    expect(slept).toEqual(delays)
    close()
  })

  it.each<[string, (number | 'cut')[], number]>([
    ['a refusal', [422], 1],
    ['what stays broken', [503, 503, 503, 503, 503, 503], 5],
  ])('gives up on %s', async (_name, script, tries) => {
    const { client, seen, close } = await scripted(script)
    await expect(client.books.create(book)).rejects.toMatchObject({ code: 'scripted' })
    expect(seen).toHaveLength(tries)
    close()
  })

  it('takes a fresh key for each call', async () => {
    const { client, seen, close } = await scripted([])
    await client.books.create(book)
    await client.books.create(book)
    expect(new Set(seen.map((one) => one.key)).size).toBe(2)
    close()
  })
})

describe('types', () => {
  it('refuse what the contract refuses, before anything is sent', () => {
    // Never called: it only has to be refused by the compiler.
    const compiled = (book: string) => {
      // @ts-expect-error no such currency
      money(1n, 'RMB')
      // @ts-expect-error an amount is a string of digits
      void tenon.transfers.create({
        type: 'post',
        id: 'x',
        debit_account: 'a',
        credit_account: 'b',
        amount: { amount: 1, currency: 'CNY' },
      })
      // @ts-expect-error minor units are bigint
      money(1, 'CNY')
      // @ts-expect-error a hold has both accounts
      void tenon.transfers.create({
        type: 'hold',
        id: 'x',
        debit_account: 'a',
        amount: money(1n, 'CNY'),
      })
      // @ts-expect-error no such field
      void tenon.books.create({ name: 'x', currency: 'CNY', chart: 'plain', colour: 'red' })
      // @ts-expect-error no such currency
      void tenon.books.create({ name: 'x', currency: 'CNH', chart: 'plain' })
      // @ts-expect-error lists nothing
      void tenon.list('/v1/books/{id}', { path: { id: 'book_1' } })
      // @ts-expect-error of which book is missing
      void tenon.list('/v1/accounts', {})
      // @ts-expect-error the pages are turned by the client
      void tenon.list('/v1/accounts', { query: { book: 'book_1', starting_after: 'x' } })
      // @ts-expect-error a key either has a secret or signs
      createTenon({ baseUrl: 'x', key: { id: 'key_0_1', alg: 'ed25519' } })
      // @ts-expect-error no such state
      return tenon.accounts.get(book).then((account) => account.state === 'asleep')
    }
    expect(compiled).toBeTypeOf('function')
  })
})
