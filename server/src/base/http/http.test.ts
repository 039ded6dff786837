import { connect } from 'node:net'
import fc from 'fast-check'
import { type Static, Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wallClock } from '../clock.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { httpNet } from '../net.ts'
import { seededRng } from '../rng.ts'
import { createHttp, type Http, type HttpOptions } from './create-http.ts'
import { canonicalJson } from './idempotency.ts'
import { parseInstant, writeInstant } from './instant.ts'
import { HttpProblem } from './problem.ts'
import { type Route, route } from './route.ts'
import { parseStrictJson } from './strict-json.ts'

const Money = Type.Object(
  {
    amount: Type.String({ pattern: '^[0-9]+$' }),
    currency: Type.Enum(['CNY', 'USD'], { type: 'string' }),
  },
  { additionalProperties: false, $id: 'Money' },
)
const Cash = Type.Object(
  { type: Type.Literal('cash'), amount: Money },
  { additionalProperties: false },
)
const Card = Type.Object(
  {
    type: Type.Literal('card'),
    amount: Money,
    number: Type.String({ description: 'the number of a card', pattern: '^[0-9]{16}$' }),
  },
  { additionalProperties: false },
)
const Payment = Type.Union([Cash, Card])
const Payments = Type.Object(
  { payments: Type.Array(Payment, { minItems: 1, maxItems: 3 }) },
  { additionalProperties: false },
)
const Echo = Type.Object({ got: Type.String() })

let slow: { started: () => void; finish: Promise<void> } | undefined

const routes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/payments',
    name: 'pay',
    summary: 'Takes payments.',
    tags: ['test'],
    policy: 'loopback',
    query: Type.Object(
      { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })) },
      { additionalProperties: false },
    ),
    body: Type.Union([Cash, Card, Payments]),
    replies: { 200: Echo },
    handle: ({ body }: { body: Static<typeof Payment> | Static<typeof Payments> }) => ({
      status: 200,
      body: { got: JSON.stringify(body) },
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/slow',
    name: 'getSlow',
    summary: 'Waits.',
    tags: ['test'],
    policy: 'loopback',
    replies: { 200: Echo },
    handle: async () => {
      slow?.started()
      await slow?.finish
      return { status: 200, body: { got: 'slow' } }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/broken',
    name: 'breakDown',
    summary: 'Throws.',
    tags: ['test'],
    policy: 'loopback',
    replies: { 200: Echo },
    handle: () => {
      throw new Error('a secret: hunter2')
    },
  }),
]

async function start(more: Partial<HttpOptions> = {}): Promise<Http> {
  const clock = wallClock()
  return createHttp({
    log: createLog({ level: 'silent' }),
    clock,
    rng: seededRng(1),
    net: httpNet({ clock }),
    metrics: createMetrics(),
    routes,
    ...more,
  })
}

let http: Http
beforeAll(async () => {
  http = await start()
})
afterAll(() => http.close())

async function pay(payload: string | Buffer, headers: Record<string, string> = {}, query = '') {
  const reply = await http.app.inject({
    method: 'POST',
    url: `/v1/payments${query}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  })
  return { status: reply.statusCode, headers: reply.headers, body: JSON.parse(reply.body) }
}

const cny = { amount: '1', currency: 'CNY' }
const cash = { type: 'cash', amount: cny }

describe('bodies', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  it.each<[string, string | Buffer, number, string, string | undefined]>([
    ['no body', '', 400, 'body_missing', undefined],
    ['not JSON', '{"type":', 400, 'body_not_json', undefined],
    ['a byte order mark', '\uFEFF{}', 400, 'body_not_json', undefined],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'body_not_utf8', undefined],
    ['a duplicate key', '{"type":"cash","a":1,"type":"card"}', 422, 'json_duplicate_key', '/type'],
    ['a duplicate by escape', '{"a":[{"b":1,"\\u0062":2}]}', 422, 'json_duplicate_key', '/a/0/b'],
    ['__proto__', '{"amount":{"__proto__":{}}}', 422, 'json_prototype_key', '/amount/__proto__'],
    ['constructor', '{"constructor":1}', 422, 'json_prototype_key', '/constructor'],
    ['33 levels', deep(33), 422, 'json_too_deep', '/0'.repeat(32)],
    ['100,000 levels', deep(100_000), 422, 'json_too_deep', '/0'.repeat(32)],
    ['a NUL character', '{"a":"x\\u0000"}', 422, 'json_nul_character', '/a'],
    ['half a surrogate pair', '{"a":["\\ud83d"]}', 422, 'json_lone_surrogate', '/a/0'],
    ['half a pair in a key', '{"\\udc00":1}', 422, 'json_lone_surrogate', '/\uFFFD'],
    ['over 1 MB', JSON.stringify('x'.repeat(1_048_576)), 413, 'body_too_large', undefined],
  ])('with %s are refused', async (_name, payload, status, code, pointer) => {
    const reply = await pay(payload)
    expect(reply).toMatchObject({ status, body: { status, code, retryable: false } })
    expect(reply.body.errors?.[0]?.pointer).toBe(pointer)
  })

  it.each<[string, string]>([
    [
      'a whole pair by escapes',
      '{"type":"cash","amount":{"amount":"1","currency":"CNY"},"note":"\\ud83d\\ude00"}',
    ],
    ['colons and quotes in texts', '{"a":"b:\\"c\\": {","d":[":",{"e":":"}]}'],
    ['32 levels', '['.repeat(32) + ']'.repeat(32)],
    ['an empty key', '{"":1}'],
  ])('with %s pass the parser', (_name, text) => {
    expect(parseStrictJson(Buffer.from(text))).toEqual(JSON.parse(text))
  })

  it('of any JSON are read as JSON.parse reads them, or refused for a reason that is there', () => {
    const text = fc.json({ depthSize: 'small', noUnicodeString: false } as never)
    fc.assert(
      fc.property(text, (json) => {
        try {
          expect(parseStrictJson(Buffer.from(json))).toEqual(JSON.parse(json))
        } catch (error) {
          if (!(error instanceof HttpProblem)) throw error
          expect(error.problem.code).toMatch(
            /^json_(prototype_key|too_deep|nul_character|lone_surrogate)$/,
          )
          expect(json).toMatch(/__proto__|constructor|prototype|\\u0000|\\u[dD][89a-fA-F]|[[{]{3}/)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('need the content type of JSON', async () => {
    const reply = await pay('{}', { 'content-type': 'text/plain' })
    expect(reply).toMatchObject({ status: 415, body: { code: 'content_type_wrong' } })
  })
})

describe('contracts', () => {
  it.each<[string, unknown, [string, string][]]>([
    ['a list', [], [['', 'wrong_type']]],
    ['a missing field', { type: 'cash' }, [['/amount', 'missing']]],
    ['an unknown type', { ...cash, type: 'coin' }, [['/type', 'not_one_of']]],
    ['an unknown field', { ...cash, tip: 1 }, [['/tip', 'unknown_field']]],
    [
      'every failing field',
      { type: 'card', amount: { amount: 1, currency: 'RMB' }, number: 'x' },
      [
        ['/amount/amount', 'wrong_type'],
        ['/amount/currency', 'not_one_of'],
        ['/number', 'malformed'],
      ],
    ],
    [
      'the branch meant, without a type',
      { amount: cny, number: '1' },
      [
        ['/type', 'missing'],
        ['/number', 'malformed'],
      ],
    ],
    [
      'items of a list',
      { payments: [cash, { ...cash, amount: { ...cny, amount: '-1' } }, 7] },
      [
        ['/payments/1/amount/amount', 'malformed'],
        ['/payments/2', 'wrong_type'],
      ],
    ],
    ['too many items, by that alone', { payments: [1, 2, 3, 4] }, [['/payments', 'too_many']]],
    ['keys that need escaping', { ...cash, 'a/b~c': 1 }, [['/a~1b~0c', 'unknown_field']]],
  ])('name %s', async (_name, body, expected) => {
    const reply = await pay(JSON.stringify(body))
    expect(reply).toMatchObject({ status: 422, body: { code: 'contract_violated' } })
    const found = reply.body.errors.map((one: { pointer: string; code: string }) => [
      one.pointer,
      one.code,
    ])
    expect(found.sort()).toEqual([...expected].sort())
    for (const { detail } of reply.body.errors) expect(detail).toMatch(/^(Send|Add|Remove) .+[.]$/)
  })

  it('say what to send', async () => {
    const reply = await pay(
      JSON.stringify({ type: 'card', amount: { amount: 1, currency: 'CNY' }, number: 'x' }),
    )
    const details = reply.body.errors.map((one: { detail: string }) => one.detail)
    expect(details).toContain('Send a string here, in quotes.')
    expect(details).toContain('Send this instead: the number of a card.')
  })

  it.each([
    ['?limit=10', '/query/limit', 'too_large'],
    ['?limit=x', '/query/limit', 'wrong_type'],
    ['?limit=1&limit=2', '/query/limit', 'wrong_type'],
    ['?other=1', '/query/other', 'unknown_field'],
    ['?__proto__=1', '/query/__proto__', 'unknown_field'],
  ])('hold the query %s', async (query, pointer, code) => {
    const reply = await pay(JSON.stringify(cash), {}, query)
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ pointer, code }] } })
  })

  it('let good requests through', async () => {
    const reply = await pay(JSON.stringify({ payments: [cash] }), {}, '?limit=9')
    expect(reply).toMatchObject({
      status: 200,
      body: { got: JSON.stringify({ payments: [cash] }) },
    })
  })
})

describe('problems', () => {
  it('are RFC 9457 documents with a request id, explained under their type', async () => {
    const reply = await pay('{')
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.body).toEqual({
      type: '/errors/body_not_json',
      title: 'Body not JSON',
      status: 400,
      detail: expect.stringMatching(/^Send the body as JSON\. The parser says: .+\.$/),
      instance: '/v1/payments',
      code: 'body_not_json',
      request_id: reply.headers['request-id'],
      retryable: false,
    })
    const explained = await http.app.inject(reply.body.type)
    expect(explained.json()).toMatchObject({ code: 'body_not_json', status: 400 })
    expect((await http.app.inject('/errors/nonsense')).json()).toMatchObject({
      code: 'error_code_not_found',
    })
    expect((await http.app.inject('/errors')).json().data.length).toBeGreaterThan(20)
  })

  it.each([
    ['/nowhere', 404, 'route_not_found'],
    ['/v1/%', 400, 'url_malformed'],
    [`/errors/${'x'.repeat(300)}`, 414, 'url_too_long'],
  ])('answer GET %s', async (url, status, code) => {
    const reply = await http.app.inject(url)
    expect({ status: reply.statusCode, code: reply.json().code }).toEqual({ status, code })
    expect(reply.headers['request-id']).toMatch(/^req_/)
  })

  it('of our own making tell nothing but the request id', async () => {
    const reply = await http.app.inject({ method: 'POST', url: '/v1/broken' })
    expect(reply.statusCode).toBe(500)
    expect(reply.body).not.toContain('hunter2')
    expect(reply.json()).toMatchObject({ code: 'internal_error', retryable: true })
  })
})

describe('access', () => {
  it.each([
    ['evil.example', undefined, 421, 'host_not_allowed'],
    ['localhost.evil.example', undefined, 421, 'host_not_allowed'],
    ['127.0.0.1:4000@evil.example', undefined, 421, 'host_not_allowed'],
    ['localhost:4000', 'https://evil.example', 403, 'origin_not_allowed'],
    ['localhost:4000', 'null', 403, 'origin_not_allowed'],
  ])('refuses Host %s with Origin %s', async (host, origin, status, code) => {
    const headers = { host, ...(origin !== undefined && { origin }) }
    const reply = await pay(JSON.stringify(cash), headers)
    expect(reply).toMatchObject({ status, body: { code } })
  })

  it.each(['localhost', 'localhost:4000', '127.0.0.1:1', '[::1]:4000'])(
    'takes Host %s',
    async (host) => {
      const reply = await pay(JSON.stringify(cash), { host, origin: `http://${host}` })
      expect(reply.status).toBe(200)
    },
  )

  it('takes routes for this machine from this machine only', async () => {
    const url = '/v1/slow'
    const far = await http.app.inject({ url, remoteAddress: '10.0.0.7' })
    expect(far.json()).toMatchObject({ status: 403, code: 'not_from_this_machine' })
    const open = await http.app.inject({ url: '/healthz', remoteAddress: '10.0.0.7' })
    expect(open.statusCode).toBe(200)
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.com'])('does not listen on %s', async (host) => {
    await expect(http.listen({ host, port: 0 })).rejects.toThrow(/listens on this machine only/)
  })
})

describe('operations', () => {
  it('tell health, readiness and metrics', async () => {
    const waiting = [{ name: 'database', says: 'The database cannot be reached; start it.' }]
    let checks = waiting
    const server = await start({ ready: async () => checks })
    expect((await server.app.inject('/healthz')).json()).toEqual({ status: 'up' })
    const not = await server.app.inject('/readyz')
    expect(not.statusCode).toBe(503)
    expect(not.json()).toEqual({ status: 'not_ready', checks: waiting })
    checks = []
    expect((await server.app.inject('/readyz')).json()).toEqual({ status: 'ready', checks: [] })
    const page = await server.app.inject('/metrics')
    expect(page.headers['content-type']).toContain('text/plain')
    expect(page.body).toContain(
      'tenon_http_request_seconds_count{method="GET",route="/readyz",status="5xx"} 1',
    )
    await server.close()
  })

  it('show the document and its pages with assets of our own', async () => {
    const document = (await http.app.inject('/openapi.json')).json()
    expect(document.openapi).toBe('3.1.0')
    expect(document.paths['/v1/payments'].post.operationId).toBe('pay')
    expect(document.components.schemas.Money.properties.amount.type).toBe('string')
    const page = await http.app.inject('/docs/')
    expect(page.statusCode).toBe(200)
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect((await http.app.inject('/docs/static/swagger-ui.css')).statusCode).toBe(200)
  })
})

describe('shutdown', () => {
  it('lets a running request end and takes no more', async () => {
    const server = await start()
    const { url, port } = await server.listen({ port: 0 })
    let started = (): void => undefined
    let finish = (): void => undefined
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    slow = {
      started,
      finish: new Promise((resolve) => {
        finish = resolve
      }),
    }
    const reply = fetch(`${url}/v1/slow`)
    await running
    const closed = server.close(5_000)
    await expect(refusedConnection(port)).resolves.toBe(true)
    finish()
    expect(await (await reply).json()).toEqual({ got: 'slow' })
    await closed
    slow = undefined
  })

  it('cuts off what is still running at the deadline', async () => {
    const server = await start()
    const { url } = await server.listen({ port: 0 })
    let started = (): void => undefined
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    slow = { started, finish: new Promise(() => undefined) }
    const reply = fetch(`${url}/v1/slow`).then(
      () => 'answered',
      () => 'cut',
    )
    await running
    await server.close(20)
    expect(await reply).toBe('cut')
    slow = undefined
  })
})

/** Whether a new connection is refused, once the listener has closed. */
async function refusedConnection(port: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (!open) return true
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}

describe('bytes that are no HTTP request', () => {
  it('get a problem too', async () => {
    const server = await start()
    const { port } = await server.listen({ port: 0 })
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'))
      let got = ''
      socket.on('data', (bytes) => {
        got += bytes.toString()
      })
      socket.on('close', () => resolve(got))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(text).toContain('"code":"request_malformed"')
    await server.close()
  })
})

describe('instants', () => {
  it.each<[string, string | undefined]>([
    ['2026-03-01T09:30:00+08:00', '2026-03-01T01:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2026-03-01T09:30:00.12Z', '2026-03-01T09:30:00.120Z'],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-03-01T25:00:00Z', undefined],
    ['2026-03-01T09:30:00.1234Z', undefined],
    ['2026-03-01T09:30:00', undefined],
    ['2026-03-01', undefined],
  ])('%s is %s', (text, expected) => {
    const instant = parseInstant(text)
    expect(instant === undefined ? undefined : writeInstant(instant)).toBe(expected)
  })
})

describe('canonical JSON', () => {
  it('does not depend on the order of keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: '"' })).toBe(
      '{"a":"\\"","b":[1,{"c":"x","d":null}]}',
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(turned)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
