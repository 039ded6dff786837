import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttp, createMetrics, type Guard, type Http, publicId, type Route } from '#base'
import { signInRoutes } from './http-auth.ts'
import { linkRoutes } from './http-links.ts'
import { ownRoutes } from './http-own.ts'
import { userRoutes } from './http-users.ts'
import { keyProblem } from './key-refusals.ts'
import { SESSION_COOKIE, sessionToken } from './session.ts'
import { authenticator } from './testing/authenticator.ts'
import {
  BY_OPERATOR,
  codeAt,
  freshLogin,
  GOOD_PASSWORD,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORIGIN,
} from './testing/identity-world.ts'
import { addMerchant } from './users.ts'

let on: IdentityWorld
let http: Http
let routes: Route[]
beforeAll(async () => {
  on = await identityWorld()
  const { log, clock, rng, net } = on.world
  routes = [...signInRoutes(on), ...ownRoutes(on), ...linkRoutes(on), ...userRoutes(on)]
  const metrics = createMetrics()
  http = await createHttp({ log, clock, rng, net, metrics, routes, guard: sessionGuard() })
})
afterAll(async () => {
  await http.close()
  await on.close()
})

/** A guard that knows sessions alone. */
function sessionGuard(): Guard {
  return {
    identify: async ({ headers, from }) => {
      const token = sessionToken(headers.cookie)
      const caller = token === undefined ? undefined : await on.sessions.identify(token, from)
      return caller ?? { refused: keyProblem('session_over') }
    },
    admit: async () => undefined,
    orgOf: () => undefined,
    isFresh: (at) => on.sessions.isFresh(at),
  }
}

interface Sent {
  readonly token?: string
  readonly body?: object
  readonly from?: string
  readonly headers?: Record<string, string>
}

async function send(method: 'GET' | 'POST', url: string, of: Sent = {}) {
  const { token, body, from = '192.0.2.10', headers } = of
  const reply = await http.app.inject({
    ...{ method, url, remoteAddress: from },
    headers: {
      host: 'localhost:4000',
      ...(token !== undefined && { cookie: `${SESSION_COOKIE}=${token}` }),
      ...headers,
    },
    ...(method === 'POST' && { payload: body ?? {} }),
  })
  const json = reply.body === '' ? {} : JSON.parse(reply.body)
  return { status: reply.statusCode, json, cookie: reply.headers['set-cookie'], reply }
}

/** The token a reply's cookie carries. */
function tokenOf(cookie: unknown): string {
  return sessionToken(String(cookie).split(';')[0])!
}

const credentials = (who: Member) => ({
  ...{ login: who.login, password: GOOD_PASSWORD },
  code: codeAt(who.secret, on.wall.now()),
})

describe('signing in', () => {
  it('by password sets one cookie that only this host gets, and shows who is in', async () => {
    const who = await member(on, { roles: ['approver', 'viewer'] })
    const { status, json, cookie } = await send('POST', '/v1/auth/password', {
      body: credentials(who),
    })
    expect(status).toBe(200)
    expect(cookie).toMatch(/^__Host-tenon=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
    expect(json).toMatchObject({
      user: { id: publicId('usr', 0, who.userId), login: who.login },
      organisation: { number: 1, name: 'Harbour' },
      roles: [{ role: 'approver', title: { zh: '审批人' } }, { role: 'viewer' }],
    })
    const names = json.permissions.map((each: { permission: string }) => each.permission)
    expect(names).toContain('approvals.decide')
    expect(JSON.stringify(json)).not.toContain(tokenOf(cookie))
    const again = await send('GET', '/v1/auth/session', { token: tokenOf(cookie) })
    expect(again.json).toEqual(json)
  })

  it('by passkey, from the link on, as a browser does it', async () => {
    const administrator = await member(on, { roles: ['administrator'] })
    const body = {
      ...{ login: freshLogin(), name: '赵敏', staff_number: freshLogin() },
      roles: ['approver'],
    }
    const invited = await send('POST', '/v1/users', { token: administrator.token, body })
    expect(invited.status).toBe(201)
    const { token } = invited.json
    const opened = await send('POST', '/v1/auth/links/open', { body: { token } })
    expect(opened.json).toMatchObject({ purpose: 'invite', login: body.login, name: '赵敏' })
    const asked = await send('POST', '/v1/auth/links/passkey/options', { body: { token } })
    expect(asked.json.options).toMatchObject({
      ...{ rp: { id: 'localhost' }, attestation: 'none' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    const browser = authenticator(ORIGIN)
    const { credential, response } = browser.create(asked.json.options)
    const made = await send('POST', '/v1/auth/links/passkey', {
      body: { token, name: 'laptop', response },
    })
    expect(made.status).toBe(200)
    const challenge = await send('POST', '/v1/auth/passkey/options')
    const answer = browser.get(challenge.json.options, credential)
    const signed = await send('POST', '/v1/auth/passkey/verify', { body: answer })
    expect(signed.json.user.login).toBe(body.login)
  })

  it('refuses all alike: one status, one body', async () => {
    const who = await member(on)
    const tries = [
      { ...credentials(who), login: freshLogin() },
      { ...credentials(who), login: '../../etc' },
      { ...credentials(who), password: 'another long password' },
      { ...credentials(who), code: '000000' },
    ]
    const replies = []
    for (const body of tries) replies.push(await send('POST', '/v1/auth/password', { body }))
    const seen = replies.map(({ status, json: { request_id: _, ...json }, cookie, reply }) => {
      const { 'content-length': length, 'content-type': type } = reply.headers
      return { status, json, cookie, length, type }
    })
    expect(seen[0]).toMatchObject({ status: 401, json: { code: 'sign_in_refused' } })
    expect(seen[0]!.cookie).toBeUndefined()
    for (const each of seen) expect(each).toEqual(seen[0])
  })

  it('of a slowed address says when to come again', async () => {
    const body = { login: 'nobody', password: 'another long password', code: '000000' }
    const from = '198.51.100.200'
    for (let at = 0; at < 30; at += 1) await send('POST', '/v1/auth/password', { body, from })
    const { status, json, reply } = await send('POST', '/v1/auth/password', { body, from })
    expect([status, json.code]).toEqual([429, 'sign_in_slowed'])
    expect(reply.headers['retry-after']).toBe('900')
  })

  it('from a page of another origin is refused', async () => {
    const who = await member(on)
    const headers = { origin: 'https://evil.example' }
    const sent = await send('POST', '/v1/auth/password', { body: credentials(who), headers })
    expect([sent.status, sent.cookie]).toEqual([403, undefined])
  })
})

describe('a session', () => {
  it('is needed, and a wrong cookie is none', async () => {
    for (const token of [undefined, 'A'.repeat(43), 'x']) {
      const sent = await send('GET', '/v1/auth/session', token === undefined ? {} : { token })
      expect([sent.status, sent.json.code]).toEqual([401, 'session_over'])
    }
  })

  it('ends on sign-out, which takes the cookie away and may be sent twice', async () => {
    const { token } = await member(on)
    for (let at = 0; at < 2; at += 1) {
      const { status, cookie } = await send('POST', '/v1/auth/sign-out', { token })
      expect(status).toBe(200)
      expect(cookie).toMatch(/^__Host-tenon=; .*Max-Age=0$/)
    }
    expect((await send('GET', '/v1/auth/session', { token })).status).toBe(401)
  })

  it('is listed and ended by its user, and nobody else’s is', async () => {
    const [one, two] = [await member(on), await member(on)]
    const signed = await send('POST', '/v1/auth/password', { body: credentials(one) })
    const { json } = await send('GET', '/v1/auth/sessions', { token: tokenOf(signed.cookie) })
    expect(json.data.map((each: { current: boolean }) => each.current)).toEqual([true, false])
    const other = json.data[1].id
    const url = `/v1/auth/sessions/${other}/end`
    const foreign = await send('POST', url, { token: two.token })
    expect([foreign.status, foreign.json.code]).toEqual([404, 'session_not_found'])
    expect((await send('GET', '/v1/auth/session', { token: one.token })).status).toBe(200)
    expect((await send('POST', url, { token: tokenOf(signed.cookie) })).status).toBe(200)
    expect((await send('GET', '/v1/auth/session', { token: one.token })).status).toBe(401)
  })

  it('gets a new cookie by a step-up, without which nothing dangerous goes', async () => {
    const who = await member(on, { roles: ['administrator'] })
    on.wall.advance(5 * 60_000)
    const { token } = who
    const dangerous = (of: string): [string, object][] => [
      ['/v1/users', { login: freshLogin(), name: 'x', staff_number: 'S1', roles: [] }],
      [`/v1/users/${of}/roles/grant`, { role: 'viewer' }],
      [`/v1/users/${of}/roles/revoke`, { role: 'viewer' }],
      [`/v1/users/${of}/disable`, {}],
      [`/v1/users/${of}/reset`, {}],
      [`/v1/users/${of}/sessions/end`, {}],
      ['/v1/auth/passkeys/options', {}],
      ['/v1/auth/passkeys/remove', { id: 'x' }],
      ['/v1/auth/password/change', { current: 'x', password: 'x' }],
    ]
    for (const [url, body] of dangerous(publicId('usr', 0, who.userId))) {
      const sent = await send('POST', url, { token, body })
      expect([url, sent.status, sent.json.code]).toEqual([url, 403, 'step_up_required'])
    }
    const code = codeAt(who.secret, on.wall.now())
    const proved = await send('POST', '/v1/auth/step-up/code', { token, body: { code } })
    expect(proved.status).toBe(200)
    expect((await send('GET', '/v1/auth/session', { token })).status).toBe(401)
    const fresh = tokenOf(proved.cookie)
    const body = { login: freshLogin(), name: 'x', staff_number: 'S1', roles: [] }
    expect((await send('POST', '/v1/users', { token: fresh, body })).status).toBe(201)
  })
})

describe('users', () => {
  it('are seen page by page, within the organisation', async () => {
    const { token } = await member(on, { roles: ['administrator'] })
    await member(on)
    const first = await send('GET', '/v1/users?limit=1', { token })
    expect([first.json.data.length, first.json.has_more]).toEqual([1, true])
    const { id } = first.json.data[0]
    const next = await send('GET', `/v1/users?limit=100&starting_after=${id}`, { token })
    expect(next.json.has_more).toBe(false)
    expect(next.json.data.map((each: { id: string }) => each.id)).not.toContain(id)
    expect((await send('GET', `/v1/users/${id}`, { token })).json).toEqual(first.json.data[0])
  })

  it.each(['viewer', 'operator', 'approver', 'finance', 'product', 'engineer'] as const)(
    'are neither seen nor changed by a %s',
    async (role) => {
      const { token, userId } = await member(on, { roles: [role] })
      const seen = await send('GET', '/v1/users', { token })
      expect([seen.status, seen.json.code]).toEqual([403, 'permission_missing'])
      const url = `/v1/users/${publicId('usr', 0, userId)}/disable`
      expect((await send('POST', url, { token })).status).toBe(403)
    },
  )

  it('of a merchant sign in and see whose they are, and no users', async () => {
    const made = await on.db.tx((tx) => addMerchant(on.context, tx, BY_OPERATOR, { name: 'A' }))
    const { token } = await member(on, { roles: ['merchant'], merchantId: made.merchantId })
    const { json } = await send('GET', '/v1/auth/session', { token })
    expect(json.merchant).toBe(publicId('mch', 0, made.merchantId))
    expect((await send('GET', '/v1/users', { token })).status).toBe(403)
  })

  it('who is nobody is not found', async () => {
    const { token } = await member(on, { roles: ['administrator'] })
    const nobody = publicId('usr', 0, '0'.repeat(32))
    expect((await send('GET', `/v1/users/${nobody}`, { token })).json.code).toBe('user_not_found')
    const sent = await send('POST', `/v1/users/${nobody}/disable`, { token })
    expect([sent.status, sent.json.code]).toEqual([404, 'user_not_found'])
  })

  it('are disabled, and out at once', async () => {
    const administrator = await member(on, { roles: ['administrator'] })
    const who = await member(on)
    const url = `/v1/users/${publicId('usr', 0, who.userId)}/disable`
    const { json } = await send('POST', url, { token: administrator.token })
    expect(json).toMatchObject({ state: 'disabled', login: who.login })
    expect((await send('GET', '/v1/auth/session', { token: who.token })).status).toBe(401)
    const back = await send('POST', '/v1/auth/password', { body: credentials(who) })
    expect([back.status, back.json.code]).toEqual([401, 'sign_in_refused'])
  })

  it('roles are listed with what they may do', async () => {
    const { token } = await member(on, { roles: ['administrator'] })
    const { json } = await send('GET', '/v1/roles', { token })
    expect(json.data).toHaveLength(8)
    expect(json.data[7]).toMatchObject({ role: 'merchant', title: { en: 'Merchant' } })
  })
})

it('a link that is none is answered alike on every route of links', async () => {
  const token = 'B'.repeat(43)
  const browser = authenticator(ORIGIN)
  const { response } = browser.create({ challenge: 'AAAA', rp: {}, user: { id: 'AAAA' } })
  const of: [string, object][] = [
    ['open', { token }],
    ['password', { token, password: GOOD_PASSWORD, code: '123456' }],
    ['passkey/options', { token }],
    ['passkey', { token, name: 'x', response }],
  ]
  for (const [path, body] of of) {
    const { status, json, reply } = await send('POST', `/v1/auth/links/${path}`, { body })
    expect([path, status, json.code]).toEqual([path, 404, 'link_refused'])
    expect(reply.body).not.toContain(token)
  }
})

it('every route under /v1/auth is public by itself, and every other asks for a permission', () => {
  for (const { path, policy } of routes) {
    if (path.startsWith('/v1/auth/')) expect(policy, path).toBe('public')
    else expect(JSON.stringify(policy), path).toMatch(/"permission":"users\.(read|manage)"/)
  }
})
