/** Keys made, rotated and ended; what the guard believes of them, and the routes. */
import { createSigner, httpbis } from 'http-message-signatures'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Caller,
  createHttp,
  createLog,
  createMetrics,
  type Guard,
  type Http,
  parsePublicId,
} from '#base'
import { contentDigest } from '#vault'
import { keyRoutes } from './http-keys.ts'
import { KEY_ROLES, KEY_STATES } from './key.ts'
import type { KeyDraft, KeyRefusal, MadeKey } from './keys.ts'
import { permissionsOf } from './permissions.ts'
import { LIMITS } from './rate-limit-classes.ts'
import { SESSION_COOKIE } from './session.ts'
import {
  bearer,
  draft,
  FOREIGN_MERCHANT,
  type KeyWorld,
  keyId,
  keyWorld,
  MAKER,
  MERCHANT,
  made,
  OTHER_MERCHANT,
  pairOf,
  type Replica,
} from './testing/key-world.ts'

let world: KeyWorld
let replica: Replica
let orgId = 3

beforeAll(async () => {
  world = await keyWorld()
  replica = world.replica()
})
beforeEach(async () => {
  // Each test has an organisation of its own, with room for two keys.
  orgId += 1
  await world.db.query(
    `insert into identity.organisation (id, uuid, name) values ($1, gen_random_uuid(), 'own')
     on conflict do nothing`,
    [orgId],
  )
})
afterAll(() => world.close())

const own = (of: Partial<KeyDraft> = {}) => draft({ orgId, ...of })
const codeOf = (result: MadeKey | KeyRefusal | object) =>
  'refused' in result ? (result as KeyRefusal).refused.code : 'done'
const identify = (secret: string, by = replica) => by.guard.identify(bearer(secret))

describe('a key', () => {
  test('opens with its secret what its role allows, and the secret is nowhere', async () => {
    const { key, secret } = await made(replica.keys.make(own(), MAKER))
    expect(secret).toMatch(/^tk_test_[0-9a-f]{64}$/)
    const caller = (await identify(secret!)) as Caller
    expect(caller).toMatchObject({
      ...{ kind: 'key', id: keyId(key.id), person: 'per_0_maker', orgId, signed: false },
    })
    expect([...caller.permissions].sort()).toEqual([...permissionsOf(['operator'])].sort())
    const tables = ['identity.api_key', 'audit.entry', 'base.outbox']
    for (const table of tables) {
      const rows = await world.db.query<{ row: string }>(`select t::text as row from ${table} t`)
      expect(rows.length).toBeGreaterThan(0)
      const tail = secret!.slice(24)
      for (const { row } of rows) expect(row).not.toContain(tail)
    }
    const [entry] = await world.db.query<{ action: string; actor_person: string; after: string }>(
      'select action, actor_person, after from audit.entry where object = $1',
      [keyId(key.id)],
    )
    expect(entry).toMatchObject({ action: 'identity.create_key', actor_person: 'per_0_maker' })
    expect(JSON.parse(entry!.after)).toMatchObject({ state: 'live', role: 'operator' })
  })

  test('is refused like any other when a digit of its secret differs', async () => {
    const { secret } = await made(replica.keys.make(own(), MAKER))
    const wrong = secret!.slice(0, -1) + (secret!.endsWith('0') ? '1' : '0')
    const unknown = `tk_test_${'ab'.repeat(32)}`
    const [one, two] = [await identify(wrong), await identify(unknown)]
    expect(one).toMatchObject({ refused: { code: 'key_not_accepted', status: 401 } })
    expect(two).toEqual(one)
  })

  test('ends at once here, and within a second on another replica', async () => {
    const other = world.replica()
    const { key, secret } = await made(replica.keys.make(own(), MAKER))
    expect(await identify(secret!, other)).toMatchObject({ id: keyId(key.id) })
    await replica.keys.revoke({ orgId, id: key.id }, MAKER)
    expect(await identify(secret!)).toHaveProperty('refused')
    world.wall.advance(1_000)
    expect(await identify(secret!, other)).toHaveProperty('refused')
    expect(codeOf(await replica.keys.revoke({ orgId, id: key.id }, MAKER))).toBe('key_not_live')
  })

  test('ends when its time is over, to the millisecond, and makes room', async () => {
    const expiresAt = world.wall.now() + 500
    const { secret } = await made(replica.keys.make(own({ expiresAt }), MAKER))
    await made(replica.keys.make(own(), MAKER))
    expect(codeOf(await replica.keys.make(own(), MAKER))).toBe('keys_full')
    expect(await identify(secret!)).toHaveProperty('id')
    world.wall.advance(500)
    expect(await identify(secret!)).toHaveProperty('refused')
    expect(codeOf(await replica.keys.make(own(), MAKER))).toBe('done')
  })

  test('stands beside one other at the most, however many are asked for at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => replica.keys.make(own(), MAKER)),
    )
    expect(results.map(codeOf).sort()).toEqual([
      ...Array(2).fill('done'),
      ...Array(6).fill('keys_full'),
    ])
    const merchant = { orgId: 1, merchantId: MERCHANT, role: 'merchant' as const }
    expect(codeOf(await replica.keys.make(own(merchant), MAKER))).toBe('done')
    const other = { ...merchant, merchantId: OTHER_MERCHANT }
    expect(codeOf(await replica.keys.make(own(other), MAKER))).toBe('done')
    await expect(
      world.db.query(
        "update identity.api_key set state = 'live', slot = 1, ended_at = null where org_id = $1",
        [orgId],
      ),
    ).rejects.toThrow('api_key_slot')
  })

  test('rotates: both open for a while, then the new one alone', async () => {
    const first = await made(replica.keys.make(own({ name: 'till 4' }), MAKER))
    const of = { orgId, id: first.key.id, graceMs: 60_000 }
    const second = await made(replica.keys.rotate(of, MAKER))
    expect(second.secret).not.toBe(first.secret)
    expect(second.key).toMatchObject({ name: 'till 4', role: 'operator' })
    expect(await identify(first.secret!)).toHaveProperty('id')
    expect(await identify(second.secret!)).toHaveProperty('id')
    expect(codeOf(await replica.keys.rotate(of, MAKER))).toBe('key_not_live')
    const again = { orgId, id: second.key.id }
    expect(codeOf(await replica.keys.rotate(again, MAKER))).toBe('keys_full')
    world.wall.advance(60_000)
    expect(await identify(first.secret!)).toHaveProperty('refused')
    expect(await identify(second.secret!)).toHaveProperty('id')
    expect(codeOf(await replica.keys.rotate(again, MAKER))).toBe('done')
  })

  test('rotated by many at once gets one successor', async () => {
    const { key } = await made(replica.keys.make(own(), MAKER))
    const results = await Promise.all(
      Array.from({ length: 5 }, () => replica.keys.rotate({ orgId, id: key.id }, MAKER)),
    )
    expect(results.filter((one) => codeOf(one) === 'done')).toHaveLength(1)
    const live = (await replica.keys.list({ orgId }, 10)).filter(({ state }) => state === 'live')
    expect(live).toHaveLength(2)
  })

  test('is not there for another organisation or merchant', async () => {
    const { key } = await made(replica.keys.make(own(), MAKER))
    const { id } = key
    const reaches = [{ orgId: orgId + 1 }, { orgId, merchantId: MERCHANT }]
    for (const reach of reaches) {
      expect(codeOf(await replica.keys.revoke({ ...reach, id }, MAKER))).toBe('key_not_found')
      expect(codeOf(await replica.keys.rotate({ ...reach, id }, MAKER))).toBe('key_not_found')
      expect(await replica.keys.find({ ...reach, id })).toBeUndefined()
      const listed = await replica.keys.list(reach, 100)
      expect(listed.some((one) => one.id === id)).toBe(false)
    }
    expect(await replica.keys.find({ orgId, id })).toMatchObject({ id, state: 'live' })
  })

  const ed = pairOf('ed25519')
  const YEAR = 365 * 86_400_000
  const WRONG: [string, Partial<KeyDraft>, string][] = [
    ['a merchant without its role', { merchantId: MERCHANT }, 'key_role_wrong'],
    ['its role without a merchant', { role: 'merchant' }, 'key_role_wrong'],
    [
      'a merchant of another organisation',
      { orgId: 1, role: 'merchant', merchantId: FOREIGN_MERCHANT },
      'merchant_not_found',
    ],
    ['a permission its role has not', { permissions: ['users.manage'] }, 'key_permission_wrong'],
    ['nothing that proves', { secret: false }, 'key_proves_nothing'],
    ['an algorithm without a key', { algorithm: 'ed25519' }, 'key_proves_nothing'],
    ['signatures without a key', { requiresSignature: true }, 'key_cannot_sign'],
    [
      'a key of another algorithm',
      { algorithm: 'sm2-sm3', publicKey: ed.publicKey },
      'key_public_wrong',
    ],
    ['its private key', { algorithm: 'ed25519', publicKey: ed.privateKey }, 'key_public_wrong'],
    ['a time that is over', { expiresAt: 1 }, 'key_expires_wrong'],
    ['a time too far', { expiresAt: 5 * YEAR + Date.UTC(2027, 1) }, 'key_expires_wrong'],
  ]
  test.each(WRONG)('with %s is not made', async (_, of, code) => {
    expect(codeOf(await replica.keys.make(own(of), MAKER))).toBe(code)
    expect(await replica.keys.list({ orgId }, 10)).toEqual([])
  })

  test('has the states and roles the database knows', async () => {
    const rows = await world.db.query<{ text: string }>(
      `select pg_get_constraintdef(oid) as text from pg_constraint
       where conrelid = 'identity.api_key'::regclass and contype = 'c'`,
    )
    const listOf = (column: string) => {
      const row = rows.find(({ text }) => text.startsWith(`CHECK ((${column} = ANY`))
      return [...(row?.text ?? '').matchAll(/'([a-z]+)'/g)].map(([, value]) => value)
    }
    expect(listOf('state')).toEqual([...KEY_STATES])
    expect(listOf('role')).toEqual([...KEY_ROLES])
  })
})

describe('the guard', () => {
  const ask = (headers: Record<string, string>) =>
    replica.guard.identify({ ...bearer(''), headers: { host: 'api.example.com', ...headers } })
  const CASES: [string, Record<string, string>, number, string][] = [
    ['nothing', {}, 401, 'credentials_missing'],
    [
      'a session and a key',
      { cookie: `${SESSION_COOKIE}=x`, authorization: 'Bearer y' },
      400,
      'credentials_ambiguous',
    ],
    [
      'a key and a signature',
      { authorization: 'Bearer y', 'signature-input': 'z' },
      400,
      'credentials_ambiguous',
    ],
    [
      'a session and a signature',
      { cookie: `a=1; ${SESSION_COOKIE}=x`, signature: 'z' },
      400,
      'credentials_ambiguous',
    ],
    [
      'a session that is none',
      { cookie: `${SESSION_COOKIE}=${'x'.repeat(43)}` },
      401,
      'session_over',
    ],
    ['two sessions', { cookie: `${SESSION_COOKIE}=a; ${SESSION_COOKIE}=b` }, 401, 'session_over'],
    ['another scheme', { authorization: 'Basic dXNlcg==' }, 401, 'authorization_malformed'],
    ['a secret of another form', { authorization: 'Bearer sk_live_1' }, 401, 'key_not_accepted'],
    [
      'a key of the other mode',
      { authorization: `Bearer tk_live_${'0'.repeat(64)}` },
      401,
      'key_of_other_mode',
    ],
  ]
  test.each(CASES)('refuses %s', async (_, headers, status, code) => {
    expect(await ask(headers)).toMatchObject({ refused: { status, code } })
  })

  test('knows a user by his session, and counts his requests', async () => {
    const [person, user, session] = ['7', '8', '9'].map((digit) => digit.repeat(32))
    await world.db.query(
      `insert into identity.person (id, org_id, staff_number) values ($1, $2, '1')`,
      [person, orgId],
    )
    await world.db.query(
      `insert into identity.user_ (id, org_id, person_id, login, name, state, made_at)
       values ($1, $2, $3, 'by-session', 'User', 'active', now())`,
      [user, orgId, person],
    )
    const of = { orgId, userId: user!, id: session!, from: '192.0.2.1', agent: 'test' }
    const token = await world.db.tx((tx) => replica.sessions.start(tx, of))
    const few = { requests: 2, windowMs: 1_000 }
    const { guard } = world.replica({ ...LIMITS, user: { read: few, write: few } })
    const headers = { host: 'localhost', cookie: `a=1; ${SESSION_COOKIE}=${token}` }
    const knock = { ...bearer(''), headers }
    const caller = (await guard.identify(knock)) as Caller
    expect(caller).toMatchObject({
      ...{ kind: 'user', id: `usr_0_${user}`, person: `per_0_${person}`, orgId, signed: false },
    })
    expect(guard.isFresh(caller.steppedUpAt!)).toBe(true)
    expect(await guard.identify(knock)).toHaveProperty('id')
    expect(await guard.identify(knock)).toMatchObject({ refused: { code: 'rate_limited' } })
  })

  test('asks for a signature where the key does, though the secret is right', async () => {
    const { algorithm, publicKey } = pairOf('ed25519')
    const of = own({ algorithm, publicKey, requiresSignature: true })
    const { secret } = await made(replica.keys.make(of, MAKER))
    expect(await identify(secret!)).toMatchObject({ refused: { code: 'signature_required' } })
  })

  test('counts reading and writing apart, and a merchant over all its keys', async () => {
    const few = { requests: 3, windowMs: 1_000 }
    const table = {
      ...LIMITS,
      key: { read: few, write: few },
      merchant: { read: { requests: 4, windowMs: 1_000 }, write: few },
    }
    const limited = world.replica(table)
    world.wall.advance(2_000 - (world.wall.now() % 1_000))
    const { secret } = await made(limited.keys.make(own(), MAKER))
    const codes = async (method: string, times: number) => {
      const found: unknown[] = []
      for (let n = 0; n < times; n += 1) {
        const result = await limited.guard.identify(bearer(secret!, { method }))
        found.push('refused' in result ? result.refused : 'in')
      }
      return found
    }
    const refused = expect.objectContaining({ code: 'rate_limited', status: 429, retryAfterS: 1 })
    expect(await codes('GET', 4)).toEqual(['in', 'in', 'in', refused])
    expect(await codes('POST', 4)).toEqual(['in', 'in', 'in', refused])
    world.wall.advance(1_000)
    expect(await codes('GET', 1)).toEqual(['in'])

    await world.db.query(
      'insert into identity.merchant (id, org_id, name) values (gen_random_uuid(), $1, $2)',
      [orgId, 'm'],
    )
    const [merchant] = await world.db.query<{ id: string }>(
      'select id from identity.merchant where org_id = $1',
      [orgId],
    )
    const role = { role: 'merchant' as const, merchantId: merchant!.id }
    const [a, b] = [
      await made(limited.keys.make(own(role), MAKER)),
      await made(limited.keys.make(own(role), MAKER)),
    ]
    let let_in = 0
    for (const { secret: each } of [a, b, a, b, a, b]) {
      if (!('refused' in (await limited.guard.identify(bearer(each!))))) let_in += 1
    }
    expect(let_in).toBe(4)
  })

  test('counts addresses on public routes, sign-in apart', async () => {
    const two = { requests: 2, windowMs: 60_000 }
    const address = { sign_in: two, notice: two, public: two }
    const limited = world.replica({ ...LIMITS, address })
    const at = (route: string, from: string) =>
      limited.guard.admit({ ...bearer(''), method: 'POST', route, from })
    for (const route of ['/v1/auth/password', '/v1/channels/{channel}/callbacks', '/docs']) {
      expect(await at(route, '203.0.113.9')).toBeUndefined()
      expect(await at(route, '203.0.113.9')).toBeUndefined()
      expect(await at(route, '203.0.113.9')).toMatchObject({ code: 'rate_limited', status: 429 })
      expect(await at(route, '203.0.113.10')).toBeUndefined()
    }
  })
})

describe('over HTTP, with a client that is not ours', () => {
  let http: Http
  let address: string
  beforeAll(async () => {
    const { guard, keys } = world.replica()
    const { clock, rng, net } = world.world
    const log = createLog({ level: 'silent' })
    const routes = keyRoutes(keys)
    http = await createHttp({
      ...{ log, clock, rng, net, guard, routes },
      metrics: createMetrics(),
    })
    address = (await http.listen({ port: 0 })).url
  })
  afterAll(() => http.close())

  const body = '{"name":"till","role":"engineer","permissions":["books.read"]}'
  const post = async (headers: Record<string, string>, sent = body) => {
    const reply = await fetch(`${address}/v1/keys`, { method: 'POST', headers, body: sent })
    return { status: reply.status, body: (await reply.json()) as { code?: string } }
  }

  test('a key that signs makes another one; changed, sent again or unsigned it does not', async () => {
    const { algorithm, publicKey, privateKey } = pairOf('ed25519')
    const both = { algorithm, publicKey, requiresSignature: false, role: 'engineer' as const }
    const { key, secret } = await made(replica.keys.make(own(both), MAKER))
    const plain = { 'content-type': 'application/json', 'idempotency-key': `order-${orgId}` }
    const signer = createSigner(privateKey, 'ed25519', keyId(key.id))
    const now = world.wall.now()
    const request: { headers: Record<string, string | string[]> } = await httpbis.signMessage(
      {
        key: signer,
        fields: ['@method', '@target-uri', 'content-digest', 'idempotency-key'],
        params: ['created', 'expires', 'nonce', 'keyid', 'alg'],
        paramValues: {
          ...{ created: new Date(now), expires: new Date(now + 60_000) },
          nonce: 'a-nonce-of-the-other-client',
        },
      },
      {
        ...{ method: 'POST', url: `${address}/v1/keys` },
        headers: { ...plain, 'content-digest': contentDigest(Buffer.from(body)) },
      },
    )
    const headers = request.headers as Record<string, string>
    const changed = body.replace('till', 'tile')
    expect(await post(headers, changed)).toMatchObject({
      ...{ status: 401, body: { code: 'signature_digest_differs' } },
    })
    expect(await post(headers)).toMatchObject({ status: 201, body: { key: { name: 'till' } } })
    expect(await post(headers)).toMatchObject({
      ...{ status: 401, body: { code: 'signature_nonce_reused' } },
    })
    const unsigned = { ...plain, authorization: `Bearer ${secret}` }
    expect(await post(unsigned)).toMatchObject({ status: 403 })
    expect(await post(plain)).toMatchObject({ status: 401, body: { code: 'credentials_missing' } })
  })
})

describe('the routes', () => {
  let http: Http
  let caller: Caller
  beforeEach(async () => {
    const { guard: real, keys } = world.replica()
    const guard: Guard = { ...real, identify: async () => caller, isFresh: () => true }
    const { clock, rng, net } = world.world
    const log = createLog({ level: 'silent' })
    http = await createHttp({
      log,
      clock,
      rng,
      net,
      metrics: createMetrics(),
      guard,
      routes: keyRoutes(keys),
    })
    caller = {
      ...{ kind: 'user', id: 'usr_0_1', person: 'per_0_1', orgId, signed: false, from: '::1' },
      permissions: permissionsOf(['engineer', 'operator', 'merchant']),
      steppedUpAt: world.wall.now(),
    }
  })
  const send = async (method: 'GET' | 'POST', url: string, body?: object) => {
    const reply = await http.app.inject({
      ...{ method, url, headers: { host: 'localhost' } },
      ...(body !== undefined && { payload: body }),
    })
    return { status: reply.statusCode, body: reply.json() as Record<string, unknown> }
  }

  test('make, show, rotate and revoke a key', async () => {
    const one = await send('POST', '/v1/keys', {
      name: 'till',
      role: 'operator',
      permissions: ['payments.read'],
    })
    expect(one).toMatchObject({
      status: 201,
      body: {
        secret: expect.stringMatching(/^tk_test_/),
        key: { state: 'live', permissions: ['payments.read'] },
      },
    })
    const { id } = one.body.key as { id: string }
    expect(parsePublicId(id, 'key')?.book).toBe(0)
    const two = await send('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 60 })
    expect(two.status).toBe(201)
    const all = await send('GET', '/v1/keys')
    expect(all.body.data).toHaveLength(2)
    expect(JSON.stringify(all.body)).not.toContain(String(one.body.secret).slice(24))
    const gone = await send('POST', `/v1/keys/${id}/revoke`)
    expect(gone).toMatchObject({ status: 200, body: { id, state: 'revoked' } })
    expect(await send('POST', `/v1/keys/${id}/revoke`)).toMatchObject({ status: 409 })
  })

  test('hand on no permission the caller has not got', async () => {
    caller = { ...caller, permissions: permissionsOf(['engineer']) }
    const refused = { status: 403, body: { code: 'key_permission_not_yours' } }
    const asked = { name: 'x', role: 'operator', permissions: ['payments.create'] }
    expect(await send('POST', '/v1/keys', asked)).toMatchObject(refused)
    expect(await send('POST', '/v1/keys', { name: 'x', role: 'operator' })).toMatchObject(refused)
    const { key } = await made(replica.keys.make(own(), MAKER))
    expect(await send('POST', `/v1/keys/${keyId(key.id)}/rotate`, {})).toMatchObject(refused)
    expect(
      await send('POST', '/v1/keys', { ...asked, permissions: ['payments.read'] }),
    ).toMatchObject({ status: 201 })
  })

  test('keep a merchant to its own keys', async () => {
    const merchant = `mch_0_${OTHER_MERCHANT}`
    caller = { ...caller, orgId: 1, merchant, permissions: permissionsOf(['merchant']) }
    const named = { name: 'shop', role: 'merchant', merchant: `mch_0_${MERCHANT}` }
    expect(await send('POST', '/v1/keys', named)).toMatchObject({
      status: 404,
      body: { code: 'merchant_not_found' },
    })
    const [theirs] = await replica.keys.list({ orgId: 1, merchantId: MERCHANT }, 1)
    expect(await send('POST', `/v1/keys/${keyId(theirs!.id)}/revoke`)).toMatchObject({
      status: 404,
      body: { code: 'key_not_found' },
    })
    const { body } = await send('GET', '/v1/keys')
    expect(new Set((body.data as { merchant: string }[]).map((one) => one.merchant))).toEqual(
      new Set([merchant]),
    )
    expect(await send('POST', '/v1/keys', { name: 'shop', role: 'merchant' })).toMatchObject({
      status: 201,
      body: { key: { merchant } },
    })
  })

  test.each([
    ['an unknown role', { name: 'x', role: 'administrator' }, 422, 'contract_violated'],
    [
      'an unknown permission',
      { name: 'x', role: 'operator', permissions: ['all'] },
      422,
      'contract_violated',
    ],
    [
      'a time that is none',
      { name: 'x', role: 'engineer', permissions: ['books.read'], expires_at: 'soon' },
      422,
      'contract_violated',
    ],
    ['no name', { role: 'operator' }, 422, 'contract_violated'],
  ])('refuse %s', async (_, body, status, code) => {
    expect(await send('POST', '/v1/keys', body)).toMatchObject({ status, body: { code } })
  })
})
