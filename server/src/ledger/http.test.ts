import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LedgerServer, startLedgerServer } from '../../testing/ledger-server.ts'

let server: LedgerServer
beforeAll(async () => {
  server = await startLedgerServer()
})
afterAll(() => server?.stop())

interface Answer {
  status: number
  headers: Record<string, unknown>
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many routes, each asserted by its case
  body: any
}

async function send(
  method: 'GET' | 'POST',
  url: string,
  body?: object | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const payload = typeof body === 'object' ? JSON.stringify(body) : body
  const reply = await server.http.app.inject({
    method,
    url,
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && { payload }),
  })
  const text = reply.body
  const isJson = String(reply.headers['content-type']).includes('json')
  return {
    status: reply.statusCode,
    headers: reply.headers,
    body: isJson ? JSON.parse(text) : text,
  }
}

let keys = 0
const key = () => ({ 'idempotency-key': `key-${++keys}` })
const uuid = () => server.world.ids.uuid()
const yuan = (fen: number | bigint, currency = 'CNY') => ({ amount: String(fen), currency })

interface Fixture {
  book: string
  number: number
  cash: string
  alice: string
  bob: string
  tr(): string
}

/** A book with an asset account without floor and two liabilities; Alice has 1,000. */
async function fixture(chart = 'plain', funds = 1_000): Promise<Fixture> {
  const made = await send('POST', '/v1/books', { name: 'Test', currency: 'CNY', chart }, key())
  expect(made.status).toBe(201)
  const book = made.body.id as string
  const number = Number(book.slice(5))
  const open = async (code: string, name: string) => {
    const opened = await send('POST', '/v1/accounts', { book, code, name }, key())
    expect(opened.status).toBe(201)
    return opened.body.id as string
  }
  const tr = () => `tr_${number}_${uuid()}`
  const [cash, alice, bob] = [
    await open('A-open', 'Cash'),
    await open('L', 'Alice'),
    await open('L', 'Bob'),
  ]
  const one = { book, number, cash, alice, bob, tr }
  if (funds > 0) {
    const paid = await send('POST', '/v1/transfers', post(one, tr(), cash, alice, funds))
    expect(paid.status).toBe(201)
  }
  return one
}

const post = (_on: Fixture, id: string, debit: string, credit: string, fen: number) => ({
  type: 'post',
  id,
  debit_account: debit,
  credit_account: credit,
  amount: yuan(fen),
})

async function balances(account: string) {
  const { body } = await send('GET', `/v1/accounts/${account}`)
  return { posted: body.balances.posted.amount, available: body.balances.available.amount }
}

describe('books', () => {
  it('are created, listed, read, and page by page', async () => {
    const { book } = await fixture('plain', 0)
    expect((await send('GET', `/v1/books/${book}`)).body).toEqual({
      id: book,
      name: 'Test',
      currency: 'CNY',
      chart: 'plain',
    })
    const more = await fixture('plain', 0)
    const page = await send('GET', '/v1/books?limit=1')
    expect(page.body).toMatchObject({ has_more: true, data: [{ id: expect.any(String) }] })
    const after = await send('GET', `/v1/books?limit=200&starting_after=${page.body.data[0].id}`)
    const ids = after.body.data.map((one: { id: string }) => one.id)
    expect(ids).toContain(more.book)
    expect(ids).not.toContain(page.body.data[0].id)
    expect(after.body.has_more).toBe(false)
  })

  it('close periods forward only', async () => {
    const { book } = await fixture()
    const path = `/v1/books/${book}/close-period`
    const closed = await send('POST', path, { before: '2026-03-01T00:00:00+08:00' }, key())
    expect(closed).toMatchObject({
      status: 200,
      body: { closed_before: '2026-02-28T16:00:00.000Z' },
    })
    const same = await send('POST', path, { before: '2026-02-28T16:00:00Z' }, key())
    expect(same).toMatchObject({ status: 200, body: { closed_before: '2026-02-28T16:00:00.000Z' } })
    const back = await send('POST', path, { before: '2026-02-01T00:00:00Z' }, key())
    expect(back).toMatchObject({ status: 409, body: { code: 'period_closed_already' } })
  })

  it('prove themselves and show their trial balance, now and then', async () => {
    const one = await fixture()
    const before = new Date(server.world.clock.now()).toISOString()
    await server.world.clock.advanceTo(server.world.clock.now() + 60_000)
    await send('POST', '/v1/transfers', post(one, one.tr(), one.alice, one.bob, 300))
    const proofs = await send('GET', `/v1/books/${one.book}/proofs`)
    expect(proofs.body).toMatchObject({ holds: true, book: one.book })
    expect(proofs.body.proofs).toHaveLength(3)
    const now = await send('GET', `/v1/books/${one.book}/trial-balance`)
    expect(now.body.debits).toEqual(now.body.credits)
    expect(now.body.debits).toEqual(yuan(1_300))
    const bob = now.body.rows.find((row: { account: string }) => row.account === one.bob)
    expect(bob).toMatchObject({ side: 'credit', balance: yuan(300), credits: yuan(300) })
    const then = await send(
      'GET',
      `/v1/books/${one.book}/trial-balance?at=${encodeURIComponent(before)}`,
    )
    expect(then.body).toMatchObject({ at: before, debits: yuan(1_000) })
  })
})

describe('accounts', () => {
  it('are opened under an id of the caller’s, which does the work of a key', async () => {
    const { book, number } = await fixture('plain', 0)
    const id = `acc_${number}_${uuid()}`
    const body = {
      book,
      id,
      code: 'L',
      name: 'Carol',
      holder: 'party_1_x',
      credit_limit: yuan(500),
    }
    const opened = await send('POST', '/v1/accounts', body)
    expect(opened).toMatchObject({
      status: 201,
      body: { id, book, code: 'L', side: 'credit', state: 'open', credit_limit: yuan(500) },
    })
    const again = await send('POST', '/v1/accounts', body)
    expect(again).toMatchObject({ status: 200, headers: { 'idempotency-replayed': 'true' } })
    expect(again.body).toEqual(opened.body)
    for (const [change, code] of [
      [{ code: 'A' }, 'account_exists_with_different_code'],
      [{ name: 'Dave' }, 'account_exists_with_different_name'],
      [{ holder: 'party_1_y' }, 'account_exists_with_different_holder'],
      [{ credit_limit: null }, 'account_exists_with_different_credit_limit'],
    ] as const) {
      const other = await send('POST', '/v1/accounts', { ...body, ...change })
      expect(other).toMatchObject({ status: 409, body: { code } })
    }
  })

  it('opened ten times at once under one id are opened once', async () => {
    const { book, number } = await fixture('plain', 0)
    const body = { book, id: `acc_${number}_${uuid()}`, code: 'L', name: 'Once' }
    const all = await Promise.all(
      Array.from({ length: 10 }, () => send('POST', '/v1/accounts', body)),
    )
    expect(all.map((one) => one.status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 200, 200, 200, 201,
    ])
  })

  it('are listed by book, page by page', async () => {
    const { book, cash, alice, bob } = await fixture('plain', 0)
    const first = await send('GET', `/v1/accounts?book=${book}&limit=2`)
    expect(first.body).toMatchObject({ has_more: true, data: [{ id: cash }, { id: alice }] })
    const second = await send('GET', `/v1/accounts?book=${book}&limit=2&starting_after=${alice}`)
    expect(second.body).toMatchObject({ has_more: false, data: [{ id: bob }] })
  })

  it('show balances now and at a time', async () => {
    const one = await fixture()
    const before = new Date(server.world.clock.now()).toISOString()
    await server.world.clock.advanceTo(server.world.clock.now() + 60_000)
    const hold = { ...post(one, one.tr(), one.alice, one.bob, 100), type: 'hold' }
    expect((await send('POST', '/v1/transfers', hold)).status).toBe(201)
    const now = await send('GET', `/v1/accounts/${one.alice}`)
    expect(now.body.balances).toEqual({
      posted: yuan(1_000),
      available: yuan(900),
      pending_debits: yuan(100),
      pending_credits: yuan(0),
    })
    const then = await send('GET', `/v1/accounts/${one.alice}?at=${encodeURIComponent(before)}`)
    expect(then.body).toMatchObject({ at: before, balances: { available: yuan(1_000) } })
  })

  it('freeze, unfreeze and close', async () => {
    const one = await fixture()
    const act = (account: string, verb: string) =>
      send('POST', `/v1/accounts/${account}/${verb}`, undefined, key())
    expect((await act(one.alice, 'freeze')).body).toMatchObject({ id: one.alice, state: 'frozen' })
    const pay = await send('POST', '/v1/transfers', post(one, one.tr(), one.alice, one.bob, 1))
    expect(pay.body.code).toBe('debit_account_frozen')
    expect((await act(one.alice, 'unfreeze')).body.state).toBe('open')
    expect(await act(one.alice, 'close')).toMatchObject({
      status: 409,
      body: { code: 'account_not_empty' },
    })
    expect((await act(one.bob, 'close')).body.state).toBe('closed')
    expect(await act(one.bob, 'freeze')).toMatchObject({
      status: 409,
      body: { code: 'account_closed' },
    })
    expect((await send('GET', `/v1/accounts/${one.bob}`)).body.state).toBe('closed')
  })

  it('give statements, newest first, page by page', async () => {
    const one = await fixture()
    for (const fen of [10, 20, 30]) {
      await send('POST', '/v1/transfers', {
        ...post(one, one.tr(), one.alice, one.bob, fen),
        purpose: `p${fen}`,
      })
    }
    const path = `/v1/accounts/${one.bob}/statement`
    const first = await send('GET', `${path}?limit=2`)
    expect(first.body).toMatchObject({
      has_more: true,
      data: [
        {
          amount: yuan(30),
          balance_after: yuan(60),
          side: 'credit',
          counterpart: one.alice,
          purpose: 'p30',
        },
        { amount: yuan(20), balance_after: yuan(30), type: 'post', leg: 0 },
      ],
    })
    const last = first.body.data[1].number
    const second = await send('GET', `${path}?limit=2&starting_after=${last}`)
    expect(second.body).toMatchObject({ has_more: false, data: [{ amount: yuan(10) }] })
  })
})

describe('transfers', () => {
  it('are booked once under their id', async () => {
    const one = await fixture()
    const body = { ...post(one, one.tr(), one.alice, one.bob, 250), purpose: '定金 deposit' }
    const first = await send('POST', '/v1/transfers', body)
    expect(first.body).toEqual({
      id: body.id,
      type: 'post',
      status: 'accepted',
      replayed: false,
      number: expect.stringMatching(/^[0-9]+$/),
      booked_at: new Date(server.world.clock.now()).toISOString(),
    })
    const again = await send('POST', '/v1/transfers', body)
    expect(again).toMatchObject({ status: 200, headers: { 'idempotency-replayed': 'true' } })
    expect(again.body).toEqual({ ...first.body, replayed: true })
    const other = await send('POST', '/v1/transfers', { ...body, amount: yuan(251) })
    expect(other).toMatchObject({
      status: 409,
      body: {
        code: 'exists_with_different_amount',
        errors: [{ pointer: '/amount' }],
        retryable: false,
      },
    })
    expect(await balances(one.bob)).toEqual({ posted: '250', available: '250' })
    expect((await send('GET', `/v1/transfers/${body.id}`)).body).toMatchObject({
      id: body.id,
      status: 'accepted',
      type: 'post',
      purpose: '定金 deposit',
      legs: [{ debit_account: one.alice, credit_account: one.bob, amount: yuan(250) }],
    })
  })

  it('with legs move all or none', async () => {
    const one = await fixture()
    const leg = (debit: string, credit: string, fen: number) => ({
      debit_account: debit,
      credit_account: credit,
      amount: yuan(fen),
    })
    const legs = [leg(one.alice, one.bob, 600), leg(one.alice, one.cash, 500)]
    const refused = await send('POST', '/v1/transfers', { type: 'post', id: one.tr(), legs })
    expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient_funds' } })
    expect(await balances(one.alice)).toEqual({ posted: '1000', available: '1000' })
    legs[1] = leg(one.alice, one.cash, 400)
    const id = one.tr()
    expect((await send('POST', '/v1/transfers', { type: 'post', id, legs })).status).toBe(201)
    expect(await balances(one.alice)).toEqual({ posted: '0', available: '0' })
    expect((await send('GET', `/v1/transfers/${id}`)).body.legs).toEqual(legs)
  })

  it('are reversed once', async () => {
    const one = await fixture()
    const paid = post(one, one.tr(), one.alice, one.bob, 70)
    await send('POST', '/v1/transfers', paid)
    const reverse = { type: 'reverse', id: one.tr(), subject: paid.id }
    expect((await send('POST', '/v1/transfers', reverse)).status).toBe(201)
    expect(await balances(one.bob)).toEqual({ posted: '0', available: '0' })
    const twice = await send('POST', '/v1/transfers', { ...reverse, id: one.tr() })
    expect(twice).toMatchObject({
      status: 409,
      body: { code: 'already_reversed', errors: [{ pointer: '/subject' }] },
    })
    expect((await send('GET', `/v1/transfers/${reverse.id}`)).body.subject).toBe(paid.id)
  })

  it('of a batch are answered one by one', async () => {
    const one = await fixture()
    const good = post(one, one.tr(), one.alice, one.bob, 1)
    const poor = post(one, one.tr(), one.bob, one.alice, 5_000)
    await send('POST', '/v1/transfers', good)
    const fresh = post(one, one.tr(), one.alice, one.bob, 2)
    const { status, body } = await send('POST', '/v1/transfers', { transfers: [good, poor, fresh] })
    expect(status).toBe(200)
    expect(body.transfers).toMatchObject([
      { id: good.id, status: 'accepted', replayed: true },
      {
        id: poor.id,
        status: 'refused',
        replayed: false,
        code: 'insufficient_funds',
        detail: expect.any(String),
      },
      { id: fresh.id, status: 'accepted', replayed: false, number: expect.any(String) },
    ])
    const thousand = Array.from({ length: 1000 }, () => post(one, one.tr(), one.cash, one.bob, 1))
    const all = await send('POST', '/v1/transfers', { transfers: thousand })
    expect(
      all.body.transfers.filter((item: { status: string }) => item.status === 'accepted'),
    ).toHaveLength(1000)
    expect((await balances(one.bob)).posted).toBe('1003')
  })

  it('refused keep their answer', async () => {
    const one = await fixture()
    const poor = post(one, one.tr(), one.bob, one.alice, 5_000)
    const first = await send('POST', '/v1/transfers', poor)
    expect(first).toMatchObject({
      status: 409,
      body: { code: 'insufficient_funds', errors: [{ pointer: '/amount' }] },
    })
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    await send('POST', '/v1/transfers', post(one, one.tr(), one.cash, one.bob, 9_000))
    const again = await send('POST', '/v1/transfers', poor)
    expect(again).toMatchObject({
      status: 409,
      headers: { 'idempotency-replayed': 'true' },
      body: { code: 'insufficient_funds' },
    })
    expect((await send('GET', `/v1/transfers/${poor.id}`)).body).toMatchObject({
      status: 'refused',
      code: 'insufficient_funds',
    })
  })
})

describe('holds', () => {
  async function held(fen = 500) {
    const one = await fixture()
    const body = {
      ...post(one, one.tr(), one.alice, one.bob, fen),
      type: 'hold',
      expires_at: '2030-01-01T00:00:00Z',
    }
    const opened = await send('POST', '/v1/transfers', body)
    expect(opened.status).toBe(201)
    return { ...one, hold: opened.body.hold as string }
  }

  it('are released in parts, to several accounts', async () => {
    const one = await held()
    expect((await send('GET', `/v1/holds/${one.hold}`)).body).toEqual({
      id: one.hold,
      debit_account: one.alice,
      credit_account: one.bob,
      amount: yuan(500),
      remaining: yuan(500),
      state: 'open',
      expires_at: '2030-01-01T00:00:00.000Z',
      pinned: false,
    })
    const path = `/v1/holds/${one.hold}/release`
    const parts = [{ amount: yuan(200) }, { credit_account: one.cash, amount: yuan(100) }]
    const some = await send('POST', path, { id: one.tr(), parts })
    expect(some).toMatchObject({ status: 201, body: { type: 'release' } })
    expect((await send('GET', `/v1/holds/${one.hold}`)).body).toMatchObject({
      remaining: yuan(200),
      state: 'open',
    })
    const over = await send('POST', path, { id: one.tr(), parts: [{ amount: yuan(201) }] })
    expect(over).toMatchObject({
      status: 409,
      body: { code: 'release_exceeds_hold', errors: [{ pointer: '/parts' }] },
    })
    const headers = key()
    const rest = await send('POST', path, {}, headers)
    expect(rest.status).toBe(201)
    const again = await send('POST', path, {}, headers)
    expect(again.status).toBe(200)
    expect(again.body).toEqual({ ...rest.body, replayed: true })
    expect(await balances(one.bob)).toEqual({ posted: '400', available: '400' })
    expect((await send('GET', `/v1/holds/${one.hold}`)).body.state).toBe('released')
  })

  it('are voided', async () => {
    const one = await held()
    const path = `/v1/holds/${one.hold}/void`
    expect((await send('POST', path, { id: one.tr() })).body).toMatchObject({ type: 'void' })
    expect(await balances(one.alice)).toEqual({ posted: '1000', available: '1000' })
    const again = await send('POST', path, { id: one.tr() })
    expect(again).toMatchObject({ status: 409, body: { code: 'hold_already_voided' } })
  })

  it('need an id or a key to be released', async () => {
    const one = await held()
    const none = await send('POST', `/v1/holds/${one.hold}/release`, {})
    expect(none).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } })
  })
})

describe('Idempotency-Key', () => {
  it('replays the answer, refuses another body, and asks for the header', async () => {
    const { book } = await fixture('plain', 0)
    const headers = key()
    const body = { book, code: 'L', name: 'Keyed' }
    const first = await send('POST', '/v1/accounts', body, headers)
    const again = await send('POST', '/v1/accounts', { name: 'Keyed', code: 'L', book }, headers)
    expect(again).toMatchObject({ status: 201, headers: { 'idempotency-replayed': 'true' } })
    expect(again.body).toEqual(first.body)
    const other = await send('POST', '/v1/accounts', { ...body, name: 'Other' }, headers)
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(await send('POST', '/v1/accounts', body)).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_missing' },
    })
    const blank = await send('POST', '/v1/accounts', body, { 'idempotency-key': 'a b' })
    expect(blank).toMatchObject({ status: 400, body: { code: 'idempotency_key_malformed' } })
  })

  it.each(['/v1/books', '/v1/accounts'])(
    'fifty times at once has one effect on %s',
    async (path) => {
      const { book } = await fixture('plain', 0)
      const name = `fifty ${uuid()}`
      const body =
        path === '/v1/books'
          ? { name, currency: 'CNY', chart: 'custody_pool' }
          : { book, code: 'L', name }
      const headers = key()
      const bodies = new Set<string>()
      let waiting = 0
      let answered = (): void => undefined
      const first = new Promise<void>((resolve) => {
        answered = resolve
      })
      const once = async (): Promise<void> => {
        const { status, body: answer, headers: got } = await send('POST', path, body, headers)
        if (status === 201) {
          bodies.add(JSON.stringify(answer))
          return answered()
        }
        expect([status, answer.code, got['retry-after']]).toEqual([
          409,
          'idempotency_key_in_flight',
          '1',
        ])
        waiting += 1
        await first
        return once()
      }
      await Promise.all(Array.from({ length: 50 }, once))
      expect(bodies.size).toBe(1)
      expect(waiting).toBeGreaterThan(0)
      const table = path === '/v1/books' ? 'ledger.book' : 'ledger.account'
      const rows = await server.database.db.query(`select 1 from ${table} where name = $1`, [name])
      expect(rows).toHaveLength(1)
    },
  )

  it('holds across servers: the answer is found by one that did not give it', async () => {
    const neighbour = await startLedgerServer({ database: server.database, seed: 2 })
    try {
      const { book } = await fixture('plain', 0)
      const body = JSON.stringify({ book, code: 'L', name: 'Across' })
      const headers = { 'content-type': 'application/json', ...key() }
      const at = (url: string) => fetch(`${url}/v1/accounts`, { method: 'POST', body, headers })
      const racing = [server.url, neighbour.url, server.url, neighbour.url]
      for (const answer of await Promise.all(racing.map(at))) {
        expect([201, 409, 503]).toContain(answer.status)
      }
      const settled = [await at(server.url), await at(neighbour.url)]
      const texts = await Promise.all(settled.map((one) => one.text()))
      expect(settled.map((one) => one.status)).toEqual([201, 201])
      expect(texts[0]).toBe(texts[1])
      expect(settled[1]?.headers.get('idempotency-replayed')).toBe('true')
    } finally {
      await neighbour.stop()
    }
  })
})

describe('a book of another server', () => {
  it('is written through any server: requests are forwarded once', async () => {
    const neighbour = await startLedgerServer({ database: server.database, seed: 3 })
    try {
      const one = await fixture()
      const at = (path: string, init?: RequestInit) => fetch(`${neighbour.url}${path}`, init)
      // The neighbour looks for owners four times a second.
      let read = await at(`/v1/accounts/${one.alice}`)
      while (read.status === 503) {
        expect(read.headers.get('retry-after')).toBe('1')
        read = await at(`/v1/accounts/${one.alice}`)
      }
      expect(read.headers.get('request-id')).toMatch(/^req_/)
      expect(await read.json()).toMatchObject({ id: one.alice, balances: { posted: yuan(1_000) } })
      const paid = post(one, one.tr(), one.alice, one.bob, 9)
      const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const first = await at('/v1/transfers', { ...json, body: JSON.stringify(paid) })
      expect(first.status).toBe(201)
      const again = await at('/v1/transfers', { ...json, body: JSON.stringify(paid) })
      expect(again.headers.get('idempotency-replayed')).toBe('true')
      const poor = { ...paid, id: one.tr(), amount: yuan(99_999) }
      const refused = await at('/v1/transfers', { ...json, body: JSON.stringify(poor) })
      expect(refused.headers.get('content-type')).toContain('application/problem+json')
      expect(await refused.json()).toMatchObject({ code: 'insufficient_funds' })
      expect((await balances(one.bob)).posted).toBe('9')
      // A request that was forwarded already is not sent round in a ring.
      const twice = await at(`/v1/accounts/${one.alice}`, { headers: { 'tenon-forwarded': '1' } })
      expect(twice.status).toBe(503)
      expect(await twice.json()).toMatchObject({ code: 'not_here', retryable: true })
    } finally {
      await neighbour.stop()
    }
  })
})
