import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PaymentsServer, startPaymentsServer } from '../../testing/payments.ts'
import type { ExceptionJson, PaymentJson } from './contract.ts'

let on: PaymentsServer

beforeAll(async () => {
  on = await startPaymentsServer()
})

afterAll(() => on.stop())

const body = (more: object = {}) => ({
  destination: `acc_${on.test.book}_${on.test.destination}`,
  amount: { amount: '25000', currency: 'CNY' },
  subject: 'Deposit',
  methods: ['wechat_native'],
  ...more,
})

async function send<T>(path: string, json: unknown, key?: string) {
  const reply = await fetch(`${on.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(json),
  })
  const read = (await reply.json()) as T & { code?: string; detail?: string }
  return { status: reply.status, body: read, headers: reply.headers }
}

const get = async <T>(path: string) => (await (await fetch(`${on.url}${path}`)).json()) as T

const pay = (key: string, more?: object) => send<PaymentJson>('/v1/payments', body(more), key)

test('a payment from the request over the callback to the money', async () => {
  const made = await pay('whole')
  expect(made.status).toBe(201)
  const { id, attempts } = made.body
  const { reference, payer_action: action } = attempts[0]!
  expect(action).toEqual({ kind: 'qr_code', value: `rail://${reference}` })
  on.test.rail.finish(reference)
  const bytes = on.test.rail.callback(reference).body
  const told = await on.callBack('rail', bytes, 'text/xml')
  expect([told.status, told.type, told.text]).toEqual([200, 'text/plain', 'success'])
  const read = await get<PaymentJson>(`/v1/payments/${id}`)
  expect(read.status).toBe('succeeded')
  expect(read.attempts[0]).toMatchObject({ status: 'succeeded', booked_to: 'destination' })
  expect(read.attempts[0]?.why?.candidates.map(({ channel, why }) => [channel, why])).toEqual([
    ['rail', 'chosen'],
    ['other', 'dearer'],
  ])
})

test('one key makes one payment, in its present state; another body is refused', async () => {
  const first = await pay('same')
  const again = await pay('same')
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
  expect(again.body.id).toBe(first.body.id)
  expect(again.body.attempts).toEqual(first.body.attempts)
  const other = await pay('same', { subject: 'Another' })
  expect([other.status, other.body.code]).toEqual([422, 'key_reused'])
})

test('one key in two books makes a payment in each, and the money of each stays in its book', async () => {
  const pool = { orgId: 1, name: 'Third', currency: 'CNY', chart: 'custody_pool' }
  const { number } = await on.test.ledger.createBook(pool)
  const account = 'c'.repeat(32)
  const writer = on.test.ledger.writer(number)
  await writer.submit({ roots: [], open: [{ id: account, code: '2241.02', name: 'Buyer' }] })
  const before = await on.test.balance(on.test.destination)
  const here = await pay('two-books')
  const there = await pay('two-books', { destination: `acc_${number}_${account}` })
  expect([here.status, there.status]).toEqual([201, 201])
  for (const { body } of [here, there]) {
    const { reference } = body.attempts[0]!
    on.test.rail.finish(reference)
    const told = await on.callBack('rail', on.test.rail.callback(reference).body, 'text/plain')
    expect(told.status).toBe(200)
    expect((await get<PaymentJson>(`/v1/payments/${body.id}`)).status).toBe('succeeded')
  }
  expect((await on.test.balance(on.test.destination)) - before).toBe(25_000n)
  const balance = (await writer.balance(account))!
  expect(balance.creditsPosted - balance.debitsPosted).toBe(25_000n)
})

test('nobody is debited who was not named: another way that is open is taken', async () => {
  const methods = ['collection', 'wechat_native']
  const { body: made } = await pay('nobody-named', { methods })
  expect(made.attempts[0]?.method).toBe('wechat_native')
  const payer = { name: '张三', account: '6222020200112233', bank: 'ICBC' }
  const named = { ...payer, account_type: 'corporate' }
  const { body: other } = await pay('somebody-named', { methods, payer: named })
  expect(other.attempts[0]?.method).toBe('collection')
})

test('fifty at once under one key make one order at the channel', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => pay('burst')))
  expect(new Set(all.map((each) => each.body.id)).size).toBe(1)
  expect(all.filter(({ status }) => status === 201)).toHaveLength(1)
  const orders = await get<PaymentJson>(`/v1/payments/${all[0]!.body.id}`)
  expect(orders.attempts).toHaveLength(1)
  expect(on.test.rail.arrivals.get(orders.attempts[0]!.reference)).toBe(1)
})

test('a key claimed for one of several books stays with it when routes change', async () => {
  const pool = { orgId: 1, name: 'Second', currency: 'CNY', chart: 'custody_pool' }
  const { number } = await on.test.ledger.createBook(pool)
  const account = 'b'.repeat(32)
  const open = [{ id: account, code: '2241.02', name: 'Buyer' }]
  await on.test.ledger.writer(number).submit({ roots: [], open })
  const mine = `acc_${on.test.book}_${on.test.destination}`
  const request = { destination: [`acc_${number}_${account}`, mine] }
  const first = await pay('claimed', request)
  expect(first.body.destination).toBe(`acc_${number}_${account}`)
  on.test.noRouteTo(number)
  expect((await pay('claimed', request)).body.id).toBe(first.body.id)
  const fresh = await pay('claimed-anew', request)
  expect(fresh.body.destination).toBe(mine)
  const changed = await pay('claimed', { ...request, subject: 'Another' })
  expect(changed.body.code).toBe('key_reused')
})

test.each([
  ['amount_not_positive', { amount: { amount: '0', currency: 'CNY' } }],
  ['currency_differs', { amount: { amount: '5', currency: 'USD' } }],
  ['payer_missing', { methods: ['collection'] }],
  ['no_channel', { methods: ['alipay_page'] }],
  [
    'payer_malformed',
    {
      methods: ['collection'],
      payer: { name: '张三', account: '622', bank: 'ICBC', account_type: 'personal' },
    },
  ],
])('a payment is refused: %s', async (code, more) => {
  const refused = await pay(`refused-${code}`, more)
  expect(refused.body.code).toBe(code)
})

test.each(['cash', 'suspense'] as const)('money is not collected for %s', async (which) => {
  const code = which === 'cash' ? '1012.02' : '2241.06'
  const account = on.test.ledger.writer(on.test.book).accountByCode(code)!.id
  const refused = await pay(`to-${which}`, { destination: `acc_${on.test.book}_${account}` })
  expect(refused.body.code).toBe('destination_not_payable')
})

test('callbacks: forged ones, unknown channels and bytes of any kind', async () => {
  const forged = await on.callBack('rail', Buffer.from('<xml/>'), 'application/json')
  expect([forged.status, forged.text]).toEqual([500, 'fail'])
  const nowhere = await on.callBack('nobody', Buffer.from('x'), 'text/plain')
  expect([nowhere.status, JSON.parse(nowhere.text).code]).toEqual([404, 'channel_not_found'])
  const huge = await on.callBack('rail', Buffer.alloc(1_100_000), 'text/plain')
  expect(huge.status).toBe(413)
  const metrics = await (await fetch(`${on.url}/metrics`)).text()
  expect(metrics).toContain('tenon_callbacks_refused_total{channel="rail",why="forged"} 1')
})

test('a closed payment paid late waits in suspense until somebody attaches it', async () => {
  const made = await pay('late')
  const { reference } = made.body.attempts[0]!
  const closed = await send<PaymentJson>(`/v1/payments/${made.body.id}/close`, {})
  expect([closed.body.status, closed.body.attempts[0]?.channel_code]).toEqual(['closed', 'CLOSED'])
  on.test.rail.finish(reference)
  await on.callBack('rail', on.test.rail.callback(reference).body, 'text/plain')
  expect(await on.test.suspense()).toBe(25_000n)
  const { data } = await get<{ data: ExceptionJson[] }>(
    `/v1/exceptions?book=book_${on.test.book}&status=open`,
  )
  const [late] = data.filter(({ kind }) => kind === 'late_success')
  expect(late?.owner).toBe('operations')
  const path = `/v1/exceptions/${late!.id}/resolution`
  const wrong = await send<ExceptionJson>(path, { action: 'approve', note: 'x', by: 'wang' })
  expect(wrong.body.code).toBe('action_not_allowed')
  const decided = { action: 'attach', note: 'the payer wants it', by: 'wang' }
  expect((await send<ExceptionJson>(path, decided)).body.status).toBe('resolved')
  expect((await send<ExceptionJson>(path, decided)).body.code).toBe('exception_resolved')
  expect(await on.test.suspense()).toBe(0n)
  expect((await get<PaymentJson>(`/v1/payments/${made.body.id}`)).status).toBe('succeeded')
  expect(await on.test.proofs()).toEqual([])
})

test('the document shows that callbacks are bytes', async () => {
  const { paths } = await get<{ paths: Record<string, { post?: { requestBody?: object } }> }>(
    '/openapi.json',
  )
  expect(paths['/v1/channels/{channel}/callbacks']?.post?.requestBody).toMatchObject({
    content: { '*/*': { schema: { format: 'binary' } } },
  })
})

const nobody = 'f'.repeat(32)

test.each([
  ['payment_not_found', (book: number) => `/v1/payments/pay_${book}_${nobody}`],
  ['plan_not_found', (book: number) => `/v1/payment-plans/plan_${book}_${nobody}`],
])('reads nothing: %s', async (code, path) => {
  expect((await get<{ code: string }>(path(on.test.book))).code).toBe(code)
})

test('an exception nobody knows is not resolved: exception_not_found', async () => {
  const path = `/v1/exceptions/exc_${on.test.book}_${nobody}/resolution`
  const decided = { action: 'explain', note: 'seen', by: 'wang' }
  expect((await send(path, decided)).body.code).toBe('exception_not_found')
})

test('money is collected only for open accounts of pools', async () => {
  const { ledger, book } = on.test
  const unknown = await pay('unknown', { destination: `acc_${book}_${nobody}` })
  expect(unknown.body.code).toBe('destination_not_found')
  const own = await ledger.createBook({ orgId: 1, name: 'Own', currency: 'CNY', chart: 'own' })
  const elsewhere = await pay('own', { destination: `acc_${own.number}_${nobody}` })
  expect(elsewhere.body.code).toBe('book_takes_no_payments')
  const shut = 'e'.repeat(32)
  const writer = ledger.writer(book)
  await writer.submit({ roots: [], open: [{ id: shut, code: '2241.02', name: 'Gone' }] })
  await writer.submit({ roots: [], change: [{ account: shut, state: 'closed' }] })
  const gone = await pay('shut', { destination: `acc_${book}_${shut}` })
  expect(gone.body.code).toBe('destination_closed')
})

test('a payment that is paid, closed or kept open by its channel takes no more', async () => {
  const attempt = (id: string, key: string) =>
    send<PaymentJson>(`/v1/payments/${id}/attempts`, { methods: ['alipay_qr'] }, key)
  const close = (id: string) => send<PaymentJson>(`/v1/payments/${id}/close`, {})
  const paid = (await pay('is-paid')).body
  on.test.rail.closes = false
  expect((await close(paid.id)).body.code).toBe('payment_not_closed')
  on.test.rail.closes = true
  const { reference } = paid.attempts[0]!
  on.test.rail.finish(reference)
  await on.callBack('rail', on.test.rail.callback(reference).body, 'text/plain')
  expect((await attempt(paid.id, 'more-1')).body.code).toBe('payment_paid')
  expect((await close(paid.id)).body.code).toBe('payment_paid')
  const closed = (await pay('is-closed')).body
  await close(closed.id)
  expect((await attempt(closed.id, 'more-2')).body.code).toBe('payment_closed')
  const many = (await pay('many')).body
  for (let number = 2; number <= 20; number += 1) await attempt(many.id, `many-${number}`)
  expect((await attempt(many.id, 'many-21')).body.code).toBe('attempts_too_many')
})
