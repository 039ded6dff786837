/** What people, keys and listeners do over HTTP: endpoints, secrets, replays, samples, listening. */
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, createMetrics, type Http, httpNet, parsePublicId, publicId } from '#base'
import { TEST_CALLER, testGuard } from '../../testing/guards.ts'
import type { DeliveryJson, EndpointJson, EventJson, ListenedJson } from './contract.ts'
import { EVENT_TYPES } from './event-types.ts'
import { webhookRoutes } from './http.ts'
import { WEBHOOK_PROBLEMS } from './refusals.ts'
import { BOOK, ORG, openStage, payoutEvent, type Received, type Stage } from './testing/stage.ts'

const HOUR = 3_600_000
const MERCHANT = publicId('mch', 0, 'a'.repeat(32))
const NOBODY = publicId('whk', 0, 'f'.repeat(32))
const ALL = [...['webhooks.read', 'webhooks.manage', 'events.read', 'events.replay', 'sandbox.use']]
const guard = testGuard({
  callers: {
    engineer: { orgId: ORG, permissions: ALL, steppedUpAt: 1 },
    viewer: { orgId: ORG, permissions: ['webhooks.read', 'events.read'] },
    merchant: { orgId: ORG, permissions: ALL, steppedUpAt: 1, merchant: MERCHANT },
    stranger: { orgId: ORG + 1, permissions: ALL, steppedUpAt: 1 },
    absent: { orgId: ORG, permissions: ALL },
  },
  books: { [BOOK]: ORG, 13: ORG + 1 },
  freshSince: 1,
})

let on: Stage
let http: Http
let production: Stage
beforeAll(async () => {
  on = await openStage()
  http = await server(on)
})
beforeEach(() => on.reset())
afterAll(async () => {
  await http.close()
  await on.close()
  await production?.close()
})

function server({ world, webhooks }: Stage): Promise<Http> {
  const { log, clock, rng } = world
  return createHttp({
    ...{ log, clock, rng, net: httpNet({ clock }), metrics: createMetrics(), guard },
    refusals: WEBHOOK_PROBLEMS,
    routes: webhookRoutes(webhooks),
  })
}

let keys = 0
interface Reply<T = never> {
  readonly status: number
  readonly body: T & { code: string; errors?: { pointer: string; code: string }[]; detail?: string }
}

async function send<T = object>(
  method: 'GET' | 'POST',
  path: string,
  { as = 'engineer', body, key }: { as?: string; body?: object; key?: string } = {},
): Promise<Reply<T>> {
  keys += 1
  const reply = await http.app.inject({
    method,
    url: `/v1${path}`,
    headers: {
      [TEST_CALLER]: as,
      'idempotency-key': key ?? `key-${keys}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { payload: body }),
  })
  return { status: reply.statusCode, body: reply.json() as Reply<T>['body'] }
}

const get = <T = object>(path: string, as = 'engineer') => send<T>('GET', path, { as })
const post = <T = object>(
  path: string,
  body: object = {},
  more: { as?: string; key?: string } = {},
) => send<T>('POST', path, { body, ...more })

type Made = { endpoint: EndpointJson; secret: string }
async function made(more: object = {}, as = 'engineer'): Promise<Made> {
  const body = { url: `${on.url}/hook`, events: ['*'], ...more }
  const reply = await post<Made>('/webhooks/endpoints', body, { as })
  expect(reply).toMatchObject({ status: 201 })
  return reply.body
}

const verify = (secret: string, { body, headers }: Pick<Received, 'body'> & { headers: object }) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as EventJson
const payouts = (list: readonly EventJson[]) =>
  list.map(({ data }) => (data as { payout: string }).payout)
const told = ({ body }: Received) => payouts([JSON.parse(body) as EventJson])[0]

describe('an endpoint', () => {
  test('is made once under a key, and its secret is nowhere but in that answer', async () => {
    const body = { url: `${on.url}/hook`, events: ['payout.*'], description: 'shop 快递' }
    const first = await post<Made>('/webhooks/endpoints', body, { key: 'one' })
    const again = await post<Made>('/webhooks/endpoints', body, { key: 'one' })
    expect(again).toEqual(first)
    const other = await post('/webhooks/endpoints', { ...body, events: ['*'] }, { key: 'one' })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    const { endpoint, secret } = first.body
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(await get('/webhooks/endpoints', 'viewer')).toMatchObject({
      body: { data: [endpoint], next: null },
    })
    for (const table of ['webhooks.endpoint', 'audit.entry', 'base.outbox', 'base.answer']) {
      const rows = await on.rows(`select t::text as row from ${table} t`)
      expect(JSON.stringify(rows)).not.toContain(secret.slice(6))
    }
    const entries = await on.rows(
      'select action, object, actor_id, org_id from audit.entry where object = $1',
      [endpoint.id],
    )
    expect(entries).toEqual([
      expect.objectContaining({ action: 'webhooks.make_endpoint', org_id: ORG }),
    ])
  })

  test.each([
    ['http://example.com/hook', 'scheme_not_https'],
    ['https://10.0.0.1/hook', 'address_private'],
    ['https://0x7f.1/hook', 'address_disguised'],
    ['https://name:word@example.com/', 'credentials_in_url'],
  ])('at %s is refused: %s', async (url, reason) => {
    const reply = await post('/webhooks/endpoints', { url, events: ['*'] })
    expect(reply).toMatchObject({ status: 422, body: { code: 'endpoint_url_refused' } })
    expect(reply.body.detail).toContain(`(${reason})`)
    const { endpoint } = await made()
    const changed = await post(`/webhooks/endpoints/${endpoint.id}/change`, { url })
    expect(changed.body.detail).toContain(`(${reason})`)
  })

  test('is one of at most a hundred', async () => {
    await on.rows(
      `insert into webhooks.endpoint (id, org_id, kind, url, events, state, disabled_because, secret,
         created_at)
       select gen_random_uuid(), $1, 'url', $2, '{*}', 'enabled', '', 'sealed', now()
       from generate_series(1, 99)`,
      [ORG, on.url],
    )
    await made()
    const body = { url: on.url, events: ['*'] }
    const reply = await post('/webhooks/endpoints', body)
    expect(reply).toMatchObject({ status: 409, body: { code: 'endpoints_too_many' } })
    await made({}, 'merchant')
  })

  test('wants types that there are', async () => {
    const reply = await post('/webhooks/endpoints', { url: on.url, events: ['*', 'payout.paid'] })
    expect(reply).toMatchObject({ status: 422, body: { code: 'event_type_unknown' } })
    expect(reply.body.detail).toContain('payout.paid')
  })

  test('belongs to its organisation and its merchant', async () => {
    const { endpoint: ours } = await made()
    const { endpoint: theirs } = await made({}, 'merchant')
    expect(theirs.merchant).toBe(MERCHANT)
    const list = async (as: string) =>
      (await get<{ data: EndpointJson[] }>('/webhooks/endpoints', as)).body.data.map(({ id }) => id)
    expect((await list('engineer')).sort()).toEqual([ours.id, theirs.id].sort())
    expect(await list('merchant')).toEqual([theirs.id])
    expect(await list('stranger')).toEqual([])
    const seen = [
      ['stranger', ours.id, 404],
      ['merchant', ours.id, 404],
      ['merchant', theirs.id, 200],
      ['engineer', NOBODY, 404],
    ] as const
    for (const [as, id, status] of seen) {
      expect((await get(`/webhooks/endpoints/${id}`, as)).status).toBe(status)
      for (const [what, body] of [
        ['change', { description: as }],
        ['replays', { since: '2026-01-01T00:00:00Z' }],
        ...[['rotate', {}] as const, ['disable', {}] as const, ['enable', {}] as const],
      ] as const) {
        const reply = await post(`/webhooks/endpoints/${id}/${what}`, body, { as })
        if (status === 404) expect([what, reply.body.code]).toEqual([what, 'endpoint_not_found'])
      }
    }
    expect(
      await post(
        '/webhooks/endpoints',
        { url: on.url, events: ['*'], merchant: publicId('mch', 0, 'b'.repeat(32)) },
        { as: 'merchant' },
      ),
    ).toMatchObject({ status: 403, body: { code: 'merchant_not_allowed' } })
  })

  test('is made and trusted anew only by those who may, and who are present', async () => {
    const { endpoint } = await made()
    const body = { url: `${on.url}/x`, events: ['*'] }
    expect((await post('/webhooks/endpoints', body, { as: 'viewer' })).status).toBe(403)
    for (const [path, sent] of [
      ['/webhooks/endpoints', body],
      [`/webhooks/endpoints/${endpoint.id}/change`, { url: body.url }],
      [`/webhooks/endpoints/${endpoint.id}/rotate`, {}],
    ] as const) {
      const reply = await post(path, sent, { as: 'absent' })
      expect([path, reply.body.code]).toEqual([path, 'step_up_required'])
    }
  })

  test('is disabled and enabled once each', async () => {
    const { endpoint } = await made()
    const to = async (what: string) =>
      (await post(`/webhooks/endpoints/${endpoint.id}/${what}`)).body
    expect(await to('enable')).toMatchObject({ code: 'endpoint_enabled' })
    expect(await to('disable')).toMatchObject({ state: 'disabled', disabled_because: 'person' })
    expect(await to('disable')).toMatchObject({ code: 'endpoint_disabled' })
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    expect(await to('enable')).toMatchObject({ state: 'enabled', disabled_because: null })
    await on.settle()
    expect(on.received).toEqual([])
  })
})

describe('a secret that is replaced', () => {
  test('signs beside the new one until its end, and then no more', async () => {
    const { endpoint, secret: old } = await made()
    const rotate = (key: string) =>
      post<Made>(`/webhooks/endpoints/${endpoint.id}/rotate`, { keep_hours: 24 }, { key })
    const first = await rotate('r1')
    const fresh = first.body.secret
    expect(fresh).not.toBe(old)
    expect(first.body.endpoint.old_secret_until).not.toBeNull()
    // The answer was lost and the request comes again: nothing is replaced twice.
    expect((await rotate('r1')).body.secret).toBe(fresh)
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    const [both] = on.received as [Received]
    expect(verify(old, both)).toEqual(verify(fresh, both))
    expect(() => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, both)).toThrow()
    on.wall.shift = 24 * HOUR + 1_000
    await on.record([payoutEvent('pout_12_b', 'failed')])
    await on.settle()
    const { headers, body } = on.received[1]!
    const at = new Date(Number(headers['webhook-timestamp']) * 1000)
    const id = String(headers['webhook-id'])
    expect(headers['webhook-signature']).toBe(new Webhook(fresh).sign(id, at, body))
    const third = await rotate('r2')
    expect(third.body.secret).not.toBe(fresh)
  })

  test('by two requests at once is replaced by one of them', async () => {
    const { endpoint, secret: old } = await made()
    const { uuid } = parsePublicId(endpoint.id, 'whk')!
    const path = `/webhooks/endpoints/${endpoint.id}/rotate`
    let both: Promise<Reply<Made>[]> | undefined
    await on.world.db.tx(async (tx) => {
      await tx.query('select from webhooks.endpoint where id = $1 for update', [uuid])
      both = Promise.all([post<Made>(path, {}), post<Made>(path, {})])
      // Each has read the endpoint and waits for it.
      for (let waiting = 0n; waiting < 2n; ) {
        const rows = await on.rows<{ n: bigint }>(
          `select count(*) as n from pg_stat_activity
           where wait_event_type = 'Lock' and datname = current_database()`,
        )
        waiting = rows[0]!.n
      }
    })
    const [won, lost] = (await both!).sort((a, b) => a.status - b.status) as [
      ...[Reply<Made>, Reply<Made>],
    ]
    expect(lost).toMatchObject({ status: 409, body: { code: 'endpoint_moved' } })
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    const [one] = on.received as [Received]
    expect(verify(old, one)).toEqual(verify(won.body.secret, one))
  })

  test('at once stops signing', async () => {
    const { endpoint, secret: old } = await made()
    const path = `/webhooks/endpoints/${endpoint.id}/rotate`
    const { body } = await post<Made>(path, { keep_hours: 0 })
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    expect(verify(body.secret, on.received[0]!)).toMatchObject({ type: 'payout.failed' })
    expect(() => verify(old, on.received[0]!)).toThrow('No matching signature')
  })
})

describe('telling again', () => {
  const three = async () => {
    for (const name of ['a', 'b', 'c']) {
      await on.record([payoutEvent(`pout_12_${name}`, name === 'c' ? 'succeeded' : 'failed')])
      await on.world.clock.advance(HOUR)
    }
    await on.settle()
    const { body } = await get<{ data: EventJson[] }>('/events')
    return body.data.toReversed()
  }

  test('one event keeps its id and says that it is a replay, once per key', async () => {
    const { endpoint, secret } = await made()
    const [first] = (await three()) as [EventJson]
    const path = `/webhooks/endpoints/${endpoint.id}/replays`
    on.received.length = 0
    for (const key of ['p1', 'p1', 'p2']) await post(path, { event: first.id }, { key })
    await on.settle()
    expect(on.received).toHaveLength(2)
    for (const one of on.received) {
      expect(one.headers).toMatchObject({ 'webhook-id': first.id, 'webhook-replay': 'true' })
      expect(verify(secret, one)).toEqual(first)
    }
    const audit = await on.rows(
      `select count(*)::int as n from audit.entry where action = 'webhooks.replay_events'
       and object = $1`,
      [endpoint.id],
    )
    expect(audit).toEqual([{ n: 2 }])
  })

  test('a range goes in order and takes only what was chosen', async () => {
    const { endpoint } = await made()
    const events = await three()
    const path = `/webhooks/endpoints/${endpoint.id}/replays`
    const replay = async (body: object) => {
      on.received.length = 0
      const reply = await post<{ deliveries: number }>(path, body)
      await on.settle()
      expect(reply.body.deliveries).toBe(on.received.length)
      return on.received.map(told).sort()
    }
    const since = events[0]!.created
    expect(await replay({ since })).toEqual(['pout_12_a', 'pout_12_b', 'pout_12_c'])
    expect(await replay({ since: events[1]!.created })).toEqual(['pout_12_b', 'pout_12_c'])
    expect(await replay({ since, until: events[1]!.created })).toEqual(['pout_12_a'])
    expect(await replay({ since, events: ['payout.succeeded'] })).toEqual(['pout_12_c'])
    expect(await replay({ since, failed_only: true })).toEqual([])
    for (const [body, code] of [
      [{}, 'replay_unclear'],
      [{ since, event: events[0]!.id }, 'replay_unclear'],
      [{ since: '2026-02-30T00:00:00Z' }, 'instant_not_real'],
      [{ event: publicId('evt', BOOK, 'e'.repeat(32)) }, 'event_not_found'],
    ] as const) {
      const { body: problem } = await post(path, body)
      expect(problem.errors?.[0]?.code ?? problem.code).toBe(code)
    }
    await on.rows(
      `insert into webhooks.event (book_id, id, seq, n, org_id, type, aggregate, body, at)
       select 12, gen_random_uuid(), 1, n, $1, 'payout.failed', 'pout_12_' || n, '{}', $2
       from generate_series(1, 10001) n`,
      [ORG, since],
    )
    expect((await post(path, { since })).body.code).toBe('replay_too_large')
    await post(`/webhooks/endpoints/${endpoint.id}/disable`)
    expect((await post(path, { since })).body.code).toBe('endpoint_disabled')
  })

  test('the failed ones are those that never got through', async () => {
    const { endpoint } = await made()
    on.answer = ({ body }) => ({ status: body.includes('pout_12_b') ? 500 : 200 })
    const events = await three()
    await on.sweeper.sweepUntil(on.world.clock.now() + 80 * HOUR)
    const dead = await get<{ data: DeliveryJson[] }>('/webhooks/deliveries?state=dead')
    expect(dead.body.data.map(({ event }) => event)).toEqual([events[1]!.id])
    const shown = await get(`/webhooks/deliveries/${dead.body.data[0]!.id}`)
    expect(shown.body).toMatchObject({ delivery: { attempts: 11, replay: false } })
    expect((shown.body as unknown as { attempts: object[] }).attempts).toHaveLength(11)
    on.answer = () => ({ status: 200 })
    on.received.length = 0
    const path = `/webhooks/endpoints/${endpoint.id}/replays`
    const body = { since: events[0]!.created, failed_only: true }
    expect((await post(path, body)).body).toEqual({ deliveries: 1 })
    await on.settle()
    expect(on.received.map(told)).toEqual(['pout_12_b'])
    expect((await post(path, body)).body).toEqual({ deliveries: 0 })
  })

  test('a replay that fails neither waits for what is new nor holds it up', async () => {
    const { endpoint } = await made()
    await on.record([payoutEvent('pout_12_a', 'processing')])
    await on.settle()
    const { body } = await get<{ data: EventJson[] }>('/events')
    on.answer = ({ headers }) => ({ status: headers['webhook-replay'] === 'true' ? 500 : 200 })
    await post(`/webhooks/endpoints/${endpoint.id}/replays`, { event: body.data[0]!.id })
    await on.settle()
    await on.record([payoutEvent('pout_12_a', 'succeeded')])
    await on.settle()
    expect(on.received.map(({ headers }) => headers['webhook-replay'] ?? 'new')).toEqual([
      ...['new', 'true', 'new'],
    ])
  })

  test('events of others are not there', async () => {
    const { endpoint } = await made({}, 'stranger')
    await made()
    const [first] = (await three()) as [EventJson]
    expect((await get(`/events/${first.id}`)).status).toBe(200)
    const { body } = await get<{ data: DeliveryJson[] }>('/webhooks/deliveries')
    const delivery = body.data[0]!.id
    expect((await get(`/webhooks/deliveries/${delivery}`)).status).toBe(200)
    for (const as of ['stranger', 'merchant']) {
      expect((await get(`/events/${first.id}`, as)).status).toBe(404)
      const shown = await get(`/webhooks/deliveries/${delivery}`, as)
      expect(shown.body.code).toBe(as === 'merchant' ? 'delivery_not_found' : 'object_not_found')
      expect((await get('/events', as)).body).toMatchObject({ data: [] })
      expect((await get('/webhooks/deliveries', as)).body).toMatchObject({ data: [] })
      expect((await post(`/events/${first.id}/resend`, {}, { as })).status).toBe(404)
    }
    const path = `/webhooks/endpoints/${endpoint.id}/replays`
    expect((await post(path, { event: first.id }, { as: 'stranger' })).status).toBe(404)
  })
})

test('pages lead through all events once', async () => {
  await on.record(Array.from({ length: 7 }, (_, n) => payoutEvent(`pout_12_${n}`, 'failed')))
  await on.settle()
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const after: string = next === '' ? '' : `&after=${next}`
    const page: Reply<{ data: EventJson[]; next: string | null }> = await get(
      `/events?limit=3${after}`,
    )
    seen.push(...payouts(page.body.data))
    next = page.body.next
  }
  expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, n) => `pout_12_${n}`))
})

describe('a sample', () => {
  test.each(EVENT_TYPES.map(({ type }) => type))(
    'of %s fits its contract and is told',
    async (type) => {
      const { secret } = await made()
      const reply = await post<{ event: EventJson; deliveries: number }>('/webhooks/trigger', {
        type,
      })
      expect(reply).toMatchObject({
        status: 200,
        body: { deliveries: 1, event: { type, test: true } },
      })
      await on.settle()
      expect(verify(secret, on.received[0]!)).toEqual(reply.body.event)
    },
  )

  test('takes what is set, and nothing that is not of its type', async () => {
    const trigger = (set: object) =>
      post<{ event: EventJson }>('/webhooks/trigger', { type: 'payout.failed', set })
    const good = await trigger({ 'amount.amount': '51', payout: 'pout_0_mine' })
    expect(good.body.event.data).toMatchObject({ payout: 'pout_0_mine', amount: { amount: '51' } })
    for (const set of [
      { 'amount.amount': '-1' },
      { amount: '51' },
      { nothing: 'x' },
      { 'amount.nothing': 'x' },
      { 'constructor.prototype': 'x' },
      { 'payout.length': 3 },
    ]) {
      const reply = await trigger(set)
      const seen = [JSON.stringify(set), reply.status, reply.body.errors?.[0]?.code]
      expect(seen).toEqual([JSON.stringify(set), 422, 'sample_not_valid'])
    }
    expect(await post('/webhooks/trigger', { type: 'payout.paid' })).toMatchObject({ status: 422 })
  })

  test('is made in the sandbox only, as is an endpoint on this machine', async () => {
    production = await openStage({ sandbox: false })
    const strict = await server(production)
    const headers = { [TEST_CALLER]: 'engineer', 'content-type': 'application/json' }
    const trigger = await strict.app.inject({
      ...{ method: 'POST', url: '/v1/webhooks/trigger', headers },
      payload: { type: 'payout.failed' },
    })
    expect(trigger.json()).toMatchObject({ status: 409, code: 'not_in_sandbox' })
    const endpoint = await strict.app.inject({
      ...{ method: 'POST', url: '/v1/webhooks/endpoints' },
      headers: { ...headers, 'idempotency-key': 'k' },
      payload: { url: on.url, events: ['*'] },
    })
    expect(endpoint.json()).toMatchObject({ status: 422, code: 'endpoint_url_refused' })
    await strict.close()
  })
})

describe('a listener', () => {
  type Session = { session: string; secret: string }
  const open = async (as = 'engineer', body = {}) =>
    (await post<Session>('/webhooks/listen', body, { as })).body
  const poll = (session: string, { wait = 0, as = 'engineer' } = {}) =>
    get<{ data: ListenedJson[] }>(`/webhooks/listen/${session}?wait=${wait}`, as)
  const report = (session: string, delivery: string, status: number | null) =>
    post<{ taken: boolean }>(`/webhooks/listen/${session}/results`, { delivery, status, ms: 5 })

  test('gets what it wants, signed, and once it has said how it went no more', async () => {
    const { session, secret } = await open('engineer', { events: ['payout.*'] })
    await on.record([payoutEvent('pout_12_a', 'processing'), payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    const { data } = (await poll(session)).body
    expect(data.map((one) => verify(secret, one).type)).toEqual([
      'payout.processing',
      'payout.failed',
    ])
    expect((await poll(session)).body.data).toEqual([])
    expect((await report(session, data[0]!.delivery, 200)).body).toEqual({ taken: true })
    expect((await report(session, data[0]!.delivery, 200)).body).toEqual({ taken: false })
    // No answer for the second: it is offered again.
    on.wall.shift = 61_000
    const again = (await poll(session)).body.data
    expect(again.map(({ delivery }) => delivery)).toEqual([data[1]!.delivery])
    await report(session, again[0]!.delivery, 500)
    on.wall.shift = 130_000
    expect((await poll(session)).body.data).toEqual([])
    const states = await get<{ data: DeliveryJson[] }>(`/webhooks/deliveries?endpoint=${session}`)
    expect(states.body.data.map(({ state }) => state).sort()).toEqual(['dead', 'delivered'])
    expect(on.received).toEqual([])
  })

  test('is reached by resend and by replay', async () => {
    await made()
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    const { session } = await open()
    const event = (await get<{ data: EventJson[] }>('/events')).body.data[0]!
    expect((await post(`/events/${event.id}/resend`)).body).toEqual({ deliveries: 2 })
    await on.settle()
    const [resent] = (await poll(session)).body.data
    expect(resent!.headers).toMatchObject({ 'webhook-id': event.id, 'webhook-replay': 'true' })
    expect(on.received.map(({ headers }) => headers['webhook-replay'])).toEqual([undefined, 'true'])
    await post(`/webhooks/endpoints/${session}/replays`, { event: event.id })
    expect((await poll(session)).body.data).toHaveLength(1)
  })

  test('that waits is answered as soon as something comes', async () => {
    const { session } = await open()
    const waiting = poll(session, { wait: 20 })
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    expect((await waiting).body.data).toHaveLength(1)
  })

  test('is its opener’s alone, and ends when nobody asks', async () => {
    const { session } = await open()
    expect((await poll(session, { as: 'stranger' })).status).toBe(404)
    expect((await poll(session, { as: 'merchant' })).status).toBe(404)
    expect((await poll(NOBODY)).status).toBe(404)
    const { endpoint } = await made({ events: ['refund.created'] })
    expect((await poll(endpoint.id)).status).toBe(404)
    on.wall.shift = 5 * 60_000 + 1_000
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    expect(await on.rows('select 1 from webhooks.delivery')).toEqual([])
    expect((await poll(session)).body.code).toBe('listener_not_found')
  })

  test('is one of a hundred at a time, and is forgotten a day after its last poll', async () => {
    await on.webhooks.start()
    const { session } = await open()
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    await on.rows(
      `insert into webhooks.endpoint (id, org_id, kind, url, events, state, disabled_because, secret,
         polled_at, created_at)
       select gen_random_uuid(), org_id, kind, url, events, state, '', 'sealed', polled_at, created_at
       from webhooks.endpoint, generate_series(1, 99)`,
    )
    const one = await post('/webhooks/listen')
    expect(one).toMatchObject({ status: 409, body: { code: 'endpoints_too_many' } })
    // Those that have ended do not count.
    on.wall.shift = 5 * 60_000 + 1_000
    expect(await post('/webhooks/listen')).toMatchObject({ status: 201 })
    const count = async () =>
      (await on.rows(`select count(*)::int as n from webhooks.endpoint where kind = 'listener'`))[0]
    expect(await count()).toEqual({ n: 101 })
    on.wall.shift = 24 * HOUR + 60_000
    await on.sweeper.sweepUntil(on.world.clock.now() + 25 * HOUR)
    expect(await count()).toEqual({ n: 1 })
    expect(await on.rows('select 1 from webhooks.delivery')).toEqual([])
    expect((await poll(session)).status).toBe(404)
  })
})
