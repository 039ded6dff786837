import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ABSOLUTE_MS, FRESH_MS, IDLE_MS, sessionToken, tokenHash, uuidOf } from './session.ts'
import { endOneSession, MOST_FAILURES, signOut } from './sign-in.ts'
import type { Present } from './step-up.ts'
import {
  BY_OPERATOR,
  codeAt,
  GOOD_PASSWORD,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  signIn,
  VISIT,
  wrongCode,
} from './testing/identity-world.ts'
import { disableUser, endUserSessions, grantRole, revokeRole } from './users.ts'

let on: IdentityWorld
beforeAll(async () => {
  on = await identityWorld()
})
afterAll(() => on.close())

const seen = (token: string) => on.sessions.identify(token, VISIT.from)
const present = async (token: string): Promise<Present> => ({
  ...{ caller: (await seen(token))!, token, visit: VISIT },
})
/** As another replica sees it, which has read nothing yet. */
const seenElsewhere = (token: string) => on.replica().sessions.identify(token, VISIT.from)

describe('a session ends', () => {
  it('after 15 minutes without a request, and not before', async () => {
    const { token } = await member(on)
    expect(await seen(token)).toBeDefined()
    for (let at = 0; at < 3; at += 1) {
      on.wall.advance(IDLE_MS - 31_000)
      expect(await seen(token)).toBeDefined()
    }
    on.wall.advance(IDLE_MS)
    expect(await seen(token)).toBeUndefined()
    expect(await seenElsewhere(token)).toBeUndefined()
  })

  it('after 8 hours however busy', async () => {
    const { token } = await member(on)
    on.wall.advance(-60_000)
    for (let gone = 0; gone < ABSOLUTE_MS - 60_000; gone += 600_000) {
      expect(await seen(token)).toBeDefined()
      on.wall.advance(600_000)
    }
    expect(await seen(token)).toBeUndefined()
  })

  it('business time, which tests and the sandbox move, has no part in it', async () => {
    const { token } = await member(on)
    await on.world.clock.advance(10 * ABSOLUTE_MS)
    expect(await seen(token)).toBeDefined()
  })

  const acts: [string, (who: Member) => Promise<unknown>][] = [
    ['on sign-out', (who) => signOut(on.context, who.token, VISIT)],
    [
      'when the user ends it',
      async (who) => {
        const by = await present(who.token)
        return endOneSession(on.context, by, uuidOf(by.caller.session))
      },
    ],
    [
      'when an administrator ends it',
      (who) => on.db.tx((tx) => endUserSessions(on.context, tx, BY_OPERATOR, who)),
    ],
    [
      'when the user is disabled',
      (who) => on.db.tx((tx) => disableUser(on.context, tx, BY_OPERATOR, who)),
    ],
    [
      'when a role is given',
      (who) =>
        on.db.tx((tx) =>
          grantRole(on.context, tx, BY_OPERATOR, { userId: who.userId, role: 'approver' }),
        ),
    ],
    [
      'when a role is taken',
      (who) =>
        on.db.tx((tx) =>
          revokeRole(on.context, tx, BY_OPERATOR, { userId: who.userId, role: 'viewer' }),
        ),
    ],
    [
      'when another sign-in brings its cookie',
      (who) => signIn(on, who, { ...VISIT, oldToken: who.token } as typeof VISIT),
    ],
  ]
  it.each(acts)('%s, here at once and elsewhere within a second', async (_, act) => {
    const who = await member(on)
    const elsewhere = on.replica().sessions
    expect(await elsewhere.identify(who.token, 'x')).toBeDefined()
    expect(await seen(who.token)).toBeDefined()
    await act(who)
    expect(await seen(who.token)).toBeUndefined()
    on.wall.advance(1_000)
    expect(await elsewhere.identify(who.token, 'x')).toBeUndefined()
  })
})

describe('rights', () => {
  it('are read anew: a role given without a new sign-in counts within a second', async () => {
    const { token, userId } = await member(on, { roles: [] })
    const elsewhere = on.replica().sessions
    expect((await elsewhere.identify(token, 'x'))!.permissions.size).toBe(0)
    await on.db.query(
      `insert into identity.user_role (user_id, org_id, role, granted_by, granted_at)
       values ($1, $2, 'approver', 'operator', now())`,
      [userId, ORG],
    )
    on.wall.advance(999)
    expect((await elsewhere.identify(token, 'x'))!.permissions.has('approvals.decide')).toBe(false)
    on.wall.advance(1)
    expect((await elsewhere.identify(token, 'x'))!.permissions.has('approvals.decide')).toBe(true)
  })
})

describe('the token', () => {
  it('is not in the database, its hash is', async () => {
    const { token } = await member(on)
    const [row] = await on.db.query<{ token_hash: Buffer; whole: string }>(
      `select token_hash, s::text as whole from identity.session s where token_hash = $1`,
      [tokenHash(token)],
    )
    expect(row!.whole).not.toContain(token)
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  })

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['other=1', undefined],
    ['__Host-tenon=abc', 'abc'],
    ['a=1; __Host-tenon=abc; b=2', 'abc'],
    ['__Host-tenon=', undefined],
    ['__host-tenon=abc', undefined],
    ['x__Host-tenon=abc', undefined],
    // A second of the name was put there by somebody else.
    ['__Host-tenon=abc; __Host-tenon=def', undefined],
  ])('in the header %s is %s', (header, token) => {
    expect(sessionToken(header)).toBe(token)
  })

  it.each(['', 'abc', `${'A'.repeat(42)}=`, 'A'.repeat(43), 'A'.repeat(4_000)])(
    '%s is nobody’s',
    async (token) => {
      expect(await seen(token)).toBeUndefined()
    },
  )
})

describe('a step-up by code', () => {
  it('gives a new token, ends the old one, and lasts 5 minutes', async () => {
    const who = await member(on)
    on.wall.advance(FRESH_MS)
    const by = await present(who.token)
    expect(on.sessions.isFresh(by.caller.steppedUpAt)).toBe(false)
    const code = codeAt(who.secret, on.wall.now())
    const { token } = (await on.stepUp.byCode(by, code)) as { token: string }
    expect(await seen(who.token)).toBeUndefined()
    const { caller } = await present(token)
    expect(caller.session).toBe(by.caller.session)
    on.wall.advance(FRESH_MS - 1)
    expect(on.sessions.isFresh(caller.steppedUpAt)).toBe(true)
    on.wall.advance(1)
    expect(on.sessions.isFresh(caller.steppedUpAt)).toBe(false)
  })

  it('does not take the code of the sign-in again', async () => {
    const who = await member(on)
    const code = codeAt(who.secret, on.wall.now())
    const of = { login: who.login, password: GOOD_PASSWORD, code }
    const signed = (await on.signIn.byPassword(of, VISIT)) as { token: string }
    const again = await on.stepUp.byCode(await present(signed.token), code)
    expect(again).toEqual({ refused: 'step_up_refused' })
  })

  it('rotates once when it is asked twice at once with one code', async () => {
    const who = await member(on)
    const by = await present(who.token)
    const code = codeAt(who.secret, on.wall.now())
    const answers = await Promise.all([on.stepUp.byCode(by, code), on.stepUp.byCode(by, code)])
    expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
  })

  it('ends the session at the tenth wrong code, and leaves other sessions alone', async () => {
    const who = await member(on)
    const second = await signIn(on, who)
    const by = await present(who.token)
    for (let at = 0; at < MOST_FAILURES; at += 1) {
      expect(await seen(who.token)).toBeDefined()
      const answer = await on.stepUp.byCode(by, wrongCode(who.secret, on.wall.now()))
      expect(answer).toEqual({ refused: 'step_up_refused' })
    }
    expect(await seen(who.token)).toBeUndefined()
    expect(await seen(second)).toBeDefined()
  })
})

describe('another password', () => {
  const NEXT = 'a lamp behind the harbour wall'
  it('ends the other sessions, keeps this one, and the old one opens nothing', async () => {
    const who = await member(on)
    const second = await signIn(on, who)
    const by = await present(who.token)
    expect(
      await on.own.changePassword(by, { current: GOOD_PASSWORD, password: NEXT }),
    ).toBeUndefined()
    expect(await seen(who.token)).toBeDefined()
    expect(await seen(second)).toBeUndefined()
    const code = codeAt(who.secret, on.wall.now())
    const old = { login: who.login, password: GOOD_PASSWORD, code }
    expect(await on.signIn.byPassword(old, VISIT)).toEqual({ refused: 'sign_in_refused' })
    const now = { ...old, password: NEXT }
    expect(await on.signIn.byPassword(now, VISIT)).toHaveProperty('token')
  })

  it.each([
    ['wrong now', { current: 'not this one at all', password: NEXT }, 'password_refused'],
    ['too short', { current: GOOD_PASSWORD, password: 'short' }, 'password_too_short'],
    ['common', { current: GOOD_PASSWORD, password: 'Password1234!' }, 'password_too_common'],
  ])('is refused: %s', async (_, of, refused) => {
    const by = await present((await member(on)).token)
    expect(await on.own.changePassword(by, of)).toEqual({ refused })
  })
})

it('a list shows the sessions that count, the newest first', async () => {
  const who = await member(on)
  const second = await signIn(on, who, { ...VISIT, from: '192.0.2.99', agent: 'phone' })
  await signOut(on.context, await signIn(on, who), VISIT)
  const listed = await on.sessions.list(ORG, who.userId)
  expect(listed.map(({ from, agent }) => [from, agent])).toEqual([
    ['192.0.2.99', 'phone'],
    [VISIT.from, 'test'],
  ])
  expect(await seen(second)).toBeDefined()
  on.wall.advance(IDLE_MS - 60_000)
  expect(await on.sessions.list(ORG, who.userId)).toHaveLength(1)
})
