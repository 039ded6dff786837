/** The wall in front of handlers: who calls, whether he may, and whether what he names is his. */
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_CALLER, testGuard } from '../../../testing/guards.ts'
import { wallClock } from '../clock.ts'
import { publicId } from '../ids.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { httpNet } from '../net.ts'
import { seededRng } from '../rng.ts'
import type { Permitted } from './caller.ts'
import { createHttp, type Http, type HttpOptions } from './create-http.ts'
import { operatorOnly } from './operator-only.ts'
import { rawRoute, route } from './route.ts'

const ID = 'a'.repeat(32)
const stored = new Map<string, { requestHash: string; status: number; body: unknown }>()
let handled = 0

const asks = (path: string, policy: Permitted | 'public') =>
  route({
    method: 'POST',
    path: `/v1/${path}/{id}`,
    name: path,
    summary: 'Echoes.',
    tags: ['test'],
    policy,
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ of: Type.Optional(Type.String()) }, { additionalProperties: false }),
    body: Type.Object({ any: Type.Unknown() }, { additionalProperties: false }),
    replies: { 200: Type.Object({ who: Type.String() }) },
    handle: ({ caller }) => {
      handled += 1
      return { status: 200, body: { who: policy === 'public' ? 'anyone' : caller.id } }
    },
  })

const Person = Type.Object({
  name: Type.String({ 'x-personal': 'name' }),
  cards: Type.Array(Type.String({ 'x-personal': 'card' })),
  city: Type.String(),
})
const LI = { name: '王小明', cards: ['6228480402564890018', '123456'], city: 'Hangzhou' }

const routes = [
  asks('plain', { permission: 'plain.do' }),
  asks('theirs', { permission: 'plain.do', merchants: true }),
  asks('careful', { permission: 'plain.do', stepUp: true }),
  asks('open', 'public'),
  rawRoute({
    path: '/v1/raw/{id}',
    name: 'raw',
    summary: 'Takes bytes.',
    tags: ['test'],
    policy: { permission: 'plain.do' },
    params: Type.Object({ id: Type.String() }),
    handle: async ({ caller }) => ({ status: 200, contentType: 'text/plain', body: caller.id }),
  }),
  route({
    method: 'POST',
    path: '/v1/once',
    name: 'once',
    summary: 'Answers once.',
    tags: ['test'],
    policy: { permission: 'plain.do', merchants: true },
    idempotency: { kind: 'stored' },
    replies: { 200: Type.Object({ who: Type.String() }) },
    handle: ({ caller, keyed }) => {
      const body = { who: caller.id }
      const { keyHash, ...answer } = keyed!.answer(200, body)
      stored.set(keyHash, answer)
      return { status: 200, body }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/people',
    name: 'people',
    summary: 'Lists people.',
    tags: ['test'],
    policy: { permission: 'plain.do' },
    replies: {
      200: Type.Object({
        data: Type.Array(Type.Union([Person, Type.Object({ n: Type.Integer() })])),
        by: Type.Record(Type.String(), Type.String({ 'x-personal': 'phone' })),
      }),
    },
    handle: () => ({ status: 200, body: { data: [LI, { n: 1 }], by: { boss: '13812341234' } } }),
  }),
]

const guard = testGuard({
  callers: {
    plain: { permissions: ['plain.do'], steppedUpAt: 1_000 },
    colleague: { permissions: ['plain.do', 'personal.read'] },
    present: { permissions: ['plain.do'], steppedUpAt: 5_000 },
    reader: { permissions: ['plain.read'] },
    other: { permissions: ['plain.do'], orgId: 2 },
    shop: { permissions: ['plain.do'], merchant: publicId('mch', 0, ID) },
    stall: { permissions: ['plain.do'], merchant: publicId('mch', 0, 'b'.repeat(32)) },
    key: { kind: 'key', permissions: ['plain.do'] },
    signer: { kind: 'key', permissions: ['plain.do'], signed: true },
  },
  books: { 7: 1, 8: 2 },
  freshSince: 5_000,
})

async function start(more: Partial<HttpOptions> = {}): Promise<Http> {
  const clock = wallClock()
  return createHttp({
    log: createLog({ level: 'silent' }),
    ...{ clock, net: httpNet({ clock }), rng: seededRng(1), metrics: createMetrics() },
    answers: { find: async (_book, keyHash) => stored.get(keyHash) },
    ...{ routes, guard },
    ...more,
  })
}

let http: Http
beforeAll(async () => {
  http = await start()
})
afterAll(() => http.close())

async function post(
  caller: string | undefined,
  url: string,
  payload: string | object = { any: 1 },
  more: Record<string, string> = {},
) {
  const headers = {
    ...{ 'content-type': 'application/json', ...more },
    ...(caller !== undefined && { [TEST_CALLER]: caller }),
  }
  const { app } = http
  const reply = await app.inject({ method: 'POST', url: `/v1/${url}`, headers, payload })
  const isJson = String(reply.headers['content-type']).includes('json')
  const body = isJson ? reply.json() : reply.body
  return { status: reply.statusCode, body, headers: reply.headers }
}

describe('a caller', () => {
  it.each<[string, string | undefined, number, string]>([
    ['plain', undefined, 401, 'test_caller_unknown'],
    ['plain', 'nobody', 401, 'test_caller_unknown'],
    ['plain', 'reader', 403, 'permission_missing'],
    ['plain', 'shop', 403, 'not_for_merchants'],
    ['careful', 'plain', 403, 'step_up_required'],
    ['careful', 'colleague', 403, 'step_up_required'],
    ['careful', 'key', 403, 'step_up_required'],
  ])('of %s who is %s is refused', async (path, caller, status, code) => {
    const before = handled
    expect(await post(caller, `${path}/x`)).toMatchObject({ status, body: { code } })
    expect(handled).toBe(before)
  })

  it.each([
    ['plain', 'plain', 'usr_plain'],
    ['plain', 'key', 'key_key'],
    ['theirs', 'shop', 'usr_shop'],
    ['theirs', 'plain', 'usr_plain'],
    ['careful', 'present', 'usr_present'],
    ['careful', 'signer', 'key_signer'],
    ['open', undefined, 'anyone'],
  ])('of %s who is %s is let in', async (path, caller, who) => {
    expect(await post(caller, `${path}/x`)).toMatchObject({ status: 200, body: { who } })
  })

  it('is told which permission is missing', async () => {
    const { body } = await post('reader', 'plain/x')
    expect(body.detail).toContain('plain.do')
  })

  it('is known before anything of the body is read', async () => {
    expect(await post(undefined, 'plain/x', '{')).toMatchObject({ status: 401 })
    expect(await post('reader', 'plain/x', '{')).toMatchObject({ status: 403 })
    expect(await post('plain', 'plain/x', '{')).toMatchObject({ body: { code: 'body_not_json' } })
    const xml = await post('plain', 'plain/x', '<a/>', { 'content-type': 'text/xml' })
    expect(xml).toMatchObject({ body: { code: 'content_type_wrong' } })
    expect(await post(undefined, 'raw/x', '<a/>')).toMatchObject({ status: 401 })
    expect(await post('plain', 'raw/x', '<a/>')).toMatchObject({ body: 'usr_plain' })
  })
})

describe('what a request names', () => {
  const [mine, theirs, none] = [7, 8, 9].map((book) => publicId('acc', book, ID)) as [
    string,
    string,
    string,
  ]
  it.each<[string, string, unknown, string]>([
    ['in the path', theirs, 1, '/path/id'],
    ['of a book that does not exist', none, 1, '/path/id'],
    ['as a book', 'book_8', 1, '/path/id'],
    ['in the query', `x?of=${theirs}`, 1, '/query/of'],
    ['in a list in the query', `x?of=${mine},book_8`, 1, '/query/of'],
    ['deep in the body', 'x', { a: [{ 'b/c': [mine, theirs] }] }, '/any/a/0/b~1c/1'],
    ['as a key of the body', 'x', { [theirs]: 1 }, `/any/${theirs}`],
  ])('%s and is not his is not there', async (_name, tail, any, pointer) => {
    const before = handled
    const refused = await post('plain', `plain/${tail}`, { any })
    expect(refused).toMatchObject({
      status: 404,
      body: { code: 'object_not_found', errors: [{ pointer, code: 'object_not_found' }] },
    })
    expect(handled).toBe(before)
  })

  it('is answered alike whether it is there for somebody else or not at all', async () => {
    const [there, not] = await Promise.all(
      [theirs, none].map((id) => post('plain', 'plain/x', { any: id })),
    )
    const { request_id: _1, ...one } = there!.body
    const { request_id: _2, ...other } = not!.body
    expect(one).toEqual(other)
    expect((await post('other', `plain/${theirs}`)).status).toBe(200)
    expect((await post('other', `plain/${mine}`)).status).toBe(404)
  })

  it.each<[string, unknown]>([
    ['his own', mine],
    ['many of his own', [mine, 'book_7', { a: mine }]],
    ['of the configuration', publicId('usr', 0, ID)],
    [
      'words that look like ids',
      [`note ${theirs}`, theirs.toUpperCase(), 'book_', `book_8_${ID}x`],
    ],
    ['words that are no ids', ['book_08', 'book_1234567890', `_8_${ID}`, `toolong_8_${ID}`]],
  ])('passes when it is %s', async (_name, any) => {
    expect((await post('plain', 'plain/x', { any })).status).toBe(200)
  })
})

describe('keys of requests', () => {
  const once = (caller: string) => post(caller, 'once', {}, { 'idempotency-key': 'k1' })
  it("are the organisation's, and the merchant's where there is one", async () => {
    expect((await once('plain')).body.who).toBe('usr_plain')
    const again = await once('key')
    expect(again.body.who).toBe('usr_plain')
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect((await once('other')).body.who).toBe('usr_other')
    expect((await once('shop')).body.who).toBe('usr_shop')
    expect((await once('stall')).body.who).toBe('usr_stall')
    expect((await once('stall')).headers['idempotency-replayed']).toBe('true')
  })
})

describe('personal data', () => {
  const people = async (caller: string) =>
    (await http.app.inject({ url: '/v1/people', headers: { [TEST_CALLER]: caller } })).json()

  it('goes out masked to whoever may not read it', async () => {
    expect(await people('plain')).toEqual({
      data: [{ name: '王**', cards: ['622848*********0018', '****'], city: 'Hangzhou' }, { n: 1 }],
      by: { boss: '138****1234' },
    })
    expect(LI.name).toBe('王小明')
  })

  it('goes out as it is to whoever may', async () => {
    expect(await people('colleague')).toEqual({
      data: [LI, { n: 1 }],
      by: { boss: '13812341234' },
    })
  })
})

describe('a server', () => {
  it('with routes that ask for a permission does not start without a guard', async () => {
    const { guard: _, ...without } = { guard }
    const clock = wallClock()
    const bare = {
      ...{ ...without, routes, clock, net: httpNet({ clock }), rng: seededRng(1) },
      ...{ log: createLog({ level: 'silent' }), metrics: createMetrics() },
      answers: { find: async () => undefined },
    }
    await expect(createHttp(bare)).rejects.toThrow(/asks for plain\.do; give createHttp a `guard`/)
  })

  it('for this machine alone lets it do everything, and nobody else anything', async () => {
    const alone = await start({ guard: operatorOnly() })
    const send = (remoteAddress: string) =>
      alone.app.inject({
        ...{ method: 'POST', url: '/v1/careful/book_8', remoteAddress, payload: { any: 1 } },
      })
    expect((await send('127.0.0.1')).json()).toEqual({ who: 'operator' })
    expect((await send('10.0.0.7')).json()).toMatchObject({ code: 'not_from_this_machine' })
    await expect(alone.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow(/this machine only/)
    await alone.close()
  })

  it('that people sign in to listens elsewhere, under the names it was given', async () => {
    const open = await start({ hosts: ['pay.example.com'], origins: ['https://ops.example.com'] })
    const { port } = await open.listen({ host: '0.0.0.0', port: 0 })
    expect(port).toBeGreaterThan(0)
    const call = async (host: string, origin?: string) => {
      const headers = { host, ...(origin !== undefined && { origin }) }
      return (await open.app.inject({ url: '/errors', headers })).statusCode
    }
    expect(await call('pay.example.com')).toBe(200)
    expect(await call('PAY.example.com:443', 'https://ops.example.com')).toBe(200)
    expect(await call('localhost:4000', 'http://localhost:5173')).toBe(200)
    expect(await call('pay.example.com', 'http://localhost:5173')).toBe(403)
    expect(await call('pay.example.com', 'https://ops.example.com.evil.example')).toBe(403)
    expect(await call('ops.example.com')).toBe(421)
    expect(await call('pay.example.com.evil.example')).toBe(421)
    await open.close()
  })

  it.each([false, true])('tells browsers what to keep to themselves, TLS %s', async (tls) => {
    const server = await start({ tls })
    const api = (await server.app.inject('/v1/people')).headers
    expect(api).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    expect(api['strict-transport-security']).toBe(
      tls ? 'max-age=31536000; includeSubDomains' : undefined,
    )
    const page = (await server.app.inject('/docs/')).headers
    expect(page['content-security-policy']).toContain("frame-ancestors 'none'")
    await server.close()
  })

  it('counts what strangers send, whatever they ask for', async () => {
    const limited = testGuard({ callers: {}, admits: (before) => before < 3 })
    const server = await start({ guard: limited })
    const urls = ['/errors', '/openapi.json', '/nowhere', '/errors', '/openapi.json', '/nowhere']
    const statuses: number[] = []
    for (const url of urls) statuses.push((await server.app.inject(url)).statusCode)
    expect(statuses).toEqual([200, 200, 404, 429, 429, 429])
    await server.close()
  })
})
