import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DEMO_USERS, seedDemoUsers } from './demo-users.ts'
import { firstAdministratorLink, LINK_MS, type Who } from './links.ts'
import { tokenHash } from './session.ts'
import { authenticator } from './testing/authenticator.ts'
import {
  BY_OPERATOR,
  codeAt,
  GOOD_PASSWORD,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORIGIN,
  seedOf,
  signIn,
  VISIT,
  wrongCode,
} from './testing/identity-world.ts'
import { disableUser, resetUser } from './users.ts'

let on: IdentityWorld
beforeAll(async () => {
  on = await identityWorld()
})
afterAll(() => on.close())

const REFUSED = { refused: 'link_refused' }
const NEXT = 'a lamp behind the harbour wall'

async function reset(who: Pick<Member, 'userId'>): Promise<string> {
  const made = await on.db.tx((tx) => resetUser(on.context, tx, BY_OPERATOR, who))
  if ('refused' in made) throw new Error(made.refused)
  return made.token
}

/** Opens a link and sets a password by it with the code of now. */
async function enrol(token: string, who?: Who, password = NEXT) {
  const code = codeAt(await seedOf(on, token), on.wall.now())
  return on.links.setPassword({ token, password, code, ...(who && { who }) }, VISIT)
}

describe('the first administrator', () => {
  /** Each test has an organisation of its own, without users. */
  let orgId = 100
  beforeEach(() => {
    orgId += 1
  })
  const make = async () => {
    const made = await firstAdministratorLink(on.context, { orgId, organisation: 'New' })
    return made!.token
  }
  const who = (): Who => ({ login: `first-${orgId}`, name: 'First', staffNumber: '1' })

  it('says who he is, and then is one', async () => {
    const token = await make()
    expect(await enrol(token)).toEqual({ refused: 'who_missing' })
    expect(await enrol(token, { ...who(), login: 'a b' })).toEqual({ refused: 'login_malformed' })
    const signed = await enrol(token, who())
    const caller = await on.sessions.identify((signed as { token: string }).token, 'x')
    expect(caller).toMatchObject({ orgId })
    expect(caller!.permissions.has('users.manage')).toBe(true)
  })

  it('a new link replaces an unused one', async () => {
    const [first, second] = [await make(), await make()]
    expect(await on.links.open(first)).toEqual(REFUSED)
    expect(await enrol(second, who())).toHaveProperty('token')
    expect(await firstAdministratorLink(on.context, { orgId, organisation: 'New' })).toBeUndefined()
  })

  it('two at once: one is made', async () => {
    const token = await make()
    const code = codeAt(await seedOf(on, token), on.wall.now())
    const other = on.replica()
    const set = (at: number) =>
      (at % 2 === 0 ? on : other).links.setPassword(
        { token, password: NEXT, code, who: { ...who(), login: `first-${orgId}-${at}` } },
        VISIT,
      )
    const answers = await Promise.all([0, 1, 2, 3].map(set))
    expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
    const users = await on.db.query('select 1 from identity.user_ where org_id = $1', [orgId])
    expect(users).toHaveLength(1)
  })

  it('two servers that start at once leave one link that works', async () => {
    const start = () =>
      firstAdministratorLink(on.context, { orgId, organisation: 'New' }).then((made) => made!.token)
    const tokens = await Promise.all([start(), start(), start()])
    const opened = await Promise.all(tokens.map((token) => on.links.open(token)))
    expect(opened.filter((each) => 'secret' in each)).toHaveLength(1)
  })

  it('a login that is taken leaves the link good and nothing behind', async () => {
    const taken = (await member(on)).login
    const token = await make()
    expect(await enrol(token, { ...who(), login: taken })).toEqual({ refused: 'login_taken' })
    const rows = await on.db.query('select 1 from identity.person where org_id = $1', [orgId])
    expect(rows).toEqual([])
    expect(await enrol(token, who())).toHaveProperty('token')
  })
})

describe('a link', () => {
  it('works once', async () => {
    const token = await reset(await member(on))
    expect(await enrol(token)).toHaveProperty('token')
    expect(await on.links.open(token)).toEqual(REFUSED)
    expect(await on.links.passkeyOptions({ token })).toEqual(REFUSED)
    const of = { token, password: NEXT, code: '123456' }
    expect(await on.links.setPassword(of, VISIT)).toEqual(REFUSED)
  })

  it('works once when it is used by password and by passkey at once', async () => {
    const token = await reset(await member(on))
    const code = codeAt(await seedOf(on, token), on.wall.now())
    const asked = (await on.links.passkeyOptions({ token })) as { options: object }
    const { response } = authenticator(ORIGIN).create(asked.options)
    const answers = await Promise.all([
      on.links.setPassword({ token, password: NEXT, code }, VISIT),
      on.replica().links.setPasskey({ token, response, passkeyName: 'x' }, VISIT),
    ])
    expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
  })

  it.each([
    ['just in time', LINK_MS - 1, true],
    ['a millisecond late', LINK_MS, false],
  ])('%s: %d ms, good: %s', async (_, ms, isGood) => {
    const token = await reset(await member(on))
    on.wall.advance(ms)
    expect('secret' in (await on.links.open(token))).toBe(isGood)
  })

  it('late by business time alone is good', async () => {
    const token = await reset(await member(on))
    await on.world.clock.advance(2 * LINK_MS)
    expect(await on.links.open(token)).toHaveProperty('secret')
  })

  it('of a disabled user is worth nothing', async () => {
    const who = await member(on)
    const token = await reset(who)
    await on.db.tx((tx) => disableUser(on.context, tx, BY_OPERATOR, who))
    expect(await on.links.open(token)).toEqual(REFUSED)
  })

  it('shows a new seed at each opening, and the one before no longer counts', async () => {
    const token = await reset(await member(on))
    const first = await seedOf(on, token)
    const second = await seedOf(on, token)
    expect(second).not.toBe(first)
    const set = (secret: string) =>
      on.links.setPassword({ token, password: NEXT, code: codeAt(secret, on.wall.now()) }, VISIT)
    expect(await set(first)).toEqual({ refused: 'one_time_code_refused' })
    expect(await set(second)).toHaveProperty('token')
  })

  it.each([
    ['an unopened link', async (token: string) => ({ token, password: NEXT, code: '123456' })],
    [
      'a wrong code',
      async (token: string) => ({
        ...{ token, password: NEXT },
        code: wrongCode(await seedOf(on, token), on.wall.now()),
      }),
    ],
  ])('takes no password with %s', async (_, of) => {
    const token = await reset(await member(on))
    const answer = await on.links.setPassword(await of(token), VISIT)
    expect(answer).toEqual({ refused: 'one_time_code_refused' })
    expect(await enrol(token)).toHaveProperty('token')
  })

  it('takes no weak password, and stays good', async () => {
    const token = await reset(await member(on))
    expect(await enrol(token, undefined, 'Password1234!')).toEqual({
      refused: 'password_too_common',
    })
    expect(await enrol(token)).toHaveProperty('token')
  })

  it('for a known user takes no other name', async () => {
    const token = await reset(await member(on))
    const who = { login: 'somebody-else', name: 'x', staffNumber: 'x' }
    expect(await enrol(token, who)).toEqual({ refused: 'who_known' })
  })

  it('is not in the database, nor in the log, nor is the seed or the password', async () => {
    const who = await member(on)
    const token = await reset(who)
    const secret = await seedOf(on, token)
    const tables = ['one_time_link', 'user_', 'session', 'challenge'].map((t) => `identity.${t}`)
    for (const table of [...tables, 'audit.entry']) {
      const rows = await on.db.query<{ whole: string }>(`select t::text as whole from ${table} t`)
      const whole = rows.map((row) => row.whole).join('\n')
      for (const hidden of [token, secret, who.secret, GOOD_PASSWORD]) {
        expect(whole).not.toContain(hidden)
      }
    }
    const [row] = await on.db.query('select 1 from identity.one_time_link where token_hash = $1', [
      tokenHash(token),
    ])
    expect(row).toBeDefined()
  })
})

describe('a reset', () => {
  it('leaves everything as it was until it is used, then replaces all of it', async () => {
    const who = await member(on)
    const token = await reset(who)
    const session = await signIn(on, who)
    await enrol(token)
    on.wall.advance(60_000)
    expect(await on.sessions.identify(session, 'x')).toBeUndefined()
    const code = codeAt(who.secret, on.wall.now())
    const old = { login: who.login, password: GOOD_PASSWORD, code }
    expect(await on.signIn.byPassword(old, VISIT)).toEqual({ refused: 'sign_in_refused' })
    const mixed = { ...old, password: NEXT }
    expect(await on.signIn.byPassword(mixed, VISIT)).toEqual({ refused: 'sign_in_refused' })
  })

  it('opens what was locked', async () => {
    const who = await member(on)
    await on.db.query(`update identity.user_ set locked_until = '2999-01-01' where id = $1`, [
      who.userId,
    ])
    const token = await reset(who)
    const secret = await seedOf(on, token)
    await on.links.setPassword(
      { token, password: NEXT, code: codeAt(secret, on.wall.now()) },
      VISIT,
    )
    on.wall.advance(60_000)
    const code = codeAt(secret, on.wall.now())
    const of = { login: who.login, password: NEXT, code }
    expect(await on.signIn.byPassword(of, VISIT)).toHaveProperty('token')
  })
})

describe('the users of the demonstration', () => {
  const of = { sandbox: true, orgId: 900, organisation: 'Demonstration' }

  it('exist in the sandbox alone', async () => {
    await expect(seedDemoUsers(on.context, { ...of, sandbox: false })).rejects.toThrow('sandbox')
    const rows = await on.db.query('select 1 from identity.organisation where id = 900')
    expect(rows).toEqual([])
  })

  it('are four persons with a role each, who enrol by links; twice makes no more', async () => {
    const first = await seedDemoUsers(on.context, of)
    expect(first.map(({ role }) => role)).toEqual([
      ...['operator', 'approver', 'finance', 'administrator'],
    ])
    const again = await seedDemoUsers(on.context, of)
    expect(await on.links.open(first[0]!.token)).toEqual(REFUSED)
    const signed = await enrol(again[0]!.token)
    const caller = await on.sessions.identify((signed as { token: string }).token, 'x')
    expect(caller!.permissions.has('payouts.create')).toBe(true)
    expect(await seedDemoUsers(on.context, of)).toHaveLength(DEMO_USERS.length - 1)
    const persons = await on.db.query('select 1 from identity.person where org_id = 900')
    expect(persons).toHaveLength(DEMO_USERS.length)
  })
})
