import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRng } from '#base'
import { firstAdministratorLink } from './links.ts'
import { createHasher, refusePassword } from './password.ts'
import { LOCKED_MS, MOST_FAILURES } from './sign-in.ts'
import {
  audited,
  BY_OPERATOR,
  codeAt,
  freshLogin,
  GOOD_PASSWORD,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  signIn,
  VISIT,
  wrongCode,
} from './testing/identity-world.ts'
import { disableUser } from './users.ts'

let on: IdentityWorld
let lin: Member
beforeAll(async () => {
  on = await identityWorld()
  const made = await firstAdministratorLink(on.context, { orgId: 1, organisation: 'Harbour' })
  const opened = await on.links.open(made!.token)
  if ('refused' in opened) throw new Error(opened.refused)
  const secret = opened.secret.reveal('a test')
  const who = { login: 'Lin.Wei', name: '林伟', staffNumber: '0001' }
  const code = codeAt(secret, on.wall.now())
  const signed = await on.links.setPassword(
    { token: made!.token, password: GOOD_PASSWORD, code, who },
    VISIT,
  )
  if ('refused' in signed) throw new Error(signed.refused)
  on.wall.advance(60_000)
  lin = { ...signed, login: 'lin.wei', name: '林伟', secret }
})
afterAll(() => on.close())

/** Each test comes from an address of its own, so that none slows another down. */
let addresses = 0
const visit = () => {
  addresses += 1
  return { ...VISIT, from: `198.51.100.${addresses}` }
}
const REFUSED = { refused: 'sign_in_refused' }

describe('from an empty installation', () => {
  it('the one-time link made an administrator, who is signed in and may not touch money', async () => {
    const caller = await on.sessions.identify(lin.token, VISIT.from)
    expect(caller).toMatchObject({ kind: 'user', orgId: 1, signed: false, from: VISIT.from })
    expect(caller!.permissions.has('users.manage')).toBe(true)
    expect(caller!.permissions.has('payouts.create')).toBe(false)
  })

  it('there is no second first administrator', async () => {
    const again = firstAdministratorLink(on.context, { orgId: 1, organisation: 'Harbour' })
    expect(await again).toBeUndefined()
  })
})

describe('a one-time code', () => {
  it('opens with the login in any spelling', async () => {
    const code = codeAt(lin.secret, on.wall.now())
    const of = { login: ' Ｌin.WEI ', password: GOOD_PASSWORD, code }
    expect(await on.signIn.byPassword(of, visit())).toHaveProperty('token')
    on.wall.advance(60_000)
  })

  it('counts once', async () => {
    const of = { login: lin.login, password: GOOD_PASSWORD }
    const code = codeAt(lin.secret, on.wall.now())
    expect(await on.signIn.byPassword({ ...of, code }, visit())).toHaveProperty('token')
    expect(await on.signIn.byPassword({ ...of, code }, visit())).toEqual(REFUSED)
    // An older one that was never used counts no more either.
    const older = codeAt(lin.secret, on.wall.now() - 30_000)
    expect(await on.signIn.byPassword({ ...of, code: older }, visit())).toEqual(REFUSED)
    on.wall.advance(60_000)
  })

  it('counts once when it is given eight times at once, to two servers', async () => {
    const code = codeAt(lin.secret, on.wall.now())
    const of = { login: lin.login, password: GOOD_PASSWORD, code }
    const other = on.replica()
    const tries = Array.from({ length: 8 }, (_, at) =>
      (at % 2 === 0 ? on : other).signIn.byPassword(of, visit()),
    )
    const answers = await Promise.all(tries)
    expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
    on.wall.advance(LOCKED_MS)
    await signIn(on, lin, visit())
  })

  it.each([
    ['the step before', -30_000, true],
    ['the step after', 30_000, true],
    ['two steps before', -60_000, false],
    ['two steps after', 60_000, false],
  ])('of %s: %s ms, taken: %s', async (_, ms, isTaken) => {
    on.wall.advance(300_000)
    const who = await member(on)
    on.wall.advance(300_000)
    // The middle of a step, so that whole steps are counted.
    on.wall.advance(15_000 - (on.wall.now() % 30_000))
    const code = codeAt(who.secret, on.wall.now() + ms)
    const of = { login: who.login, password: GOOD_PASSWORD, code }
    expect('token' in (await on.signIn.byPassword(of, visit()))).toBe(isTaken)
  })
})

describe('whoever is refused learns nothing', () => {
  type Try = { login: string; password: string; code: string }
  const cases: [string, () => Promise<Try>][] = [
    ['a login nobody has', async () => good(freshLogin())],
    ['what is no login', async () => good('<script>')],
    ['a wrong password', async () => ({ ...(await fresh()), password: 'another long password' })],
    ['a wrong code', async () => wrong(await member(on))],
    ['a disabled user with a wrong password', async () => disabled('another long password')],
    ['a locked user with a wrong password', async () => locked('another long password')],
    ['a user without a password', async () => ({ ...good(freshLogin()), ...(await invited()) })],
  ]
  const good = (login: string): Try => ({ login, password: GOOD_PASSWORD, code: '123456' })
  const fresh = async (): Promise<Try> => {
    const who = await member(on)
    return { ...good(who.login), code: codeAt(who.secret, on.wall.now()) }
  }
  const wrong = (who: Member): Try => ({
    ...good(who.login),
    code: wrongCode(who.secret, on.wall.now()),
  })
  const disabled = async (password: string): Promise<Try> => {
    const who = await member(on)
    await on.db.tx((tx) => disableUser(on.context, tx, BY_OPERATOR, { userId: who.userId }))
    return { ...good(who.login), password, code: codeAt(who.secret, on.wall.now()) }
  }
  const locked = async (password: string): Promise<Try> => {
    const who = await member(on)
    await on.db.query('update identity.user_ set locked_until = $2 where id = $1', [
      ...[who.userId, new Date(on.wall.now() + LOCKED_MS)],
    ])
    return { ...good(who.login), password, code: codeAt(who.secret, on.wall.now()) }
  }
  const invited = async () => {
    const who = await member(on)
    await on.db.query(
      'update identity.user_ set password_hash = null, totp_secret = null where id = $1',
      [who.userId],
    )
    return { login: who.login }
  }

  const measure = async (of: Try) => {
    const from = visit()
    on.work.verified = 0
    on.work.statements.length = 0
    const answer = await on.signIn.byPassword(of, from)
    return { answer, verified: on.work.verified, statements: [...on.work.statements] }
  }

  it.each(cases)('%s: one answer, one hash, the same statements', async (_, make) => {
    const nobody = await measure(good(freshLogin()))
    expect(nobody.statements.length).toBeGreaterThan(3)
    expect(nobody).toMatchObject({ answer: REFUSED, verified: 1 })
    expect(await measure(await make())).toEqual(nobody)
  })

  it.each([
    ['disabled', disabled],
    ['locked', locked],
  ])('nor does all that is right open a %s user', async (_, make) => {
    expect(await measure(await make(GOOD_PASSWORD))).toMatchObject({ answer: REFUSED, verified: 1 })
  })

  it('and the log names no login that nobody has', async () => {
    const [last] = (await audited(on)).slice(-1)
    const secretive = `nobody-${Math.floor(1e9)}`
    await on.signIn.byPassword(good(secretive), visit())
    const entries = await audited(on, last!.seq)
    expect(entries.map(({ action, object }) => [action, object])).toEqual([
      ['identity.refuse_sign_in', 'unknown_user'],
    ])
    const print = (value: unknown) =>
      JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each))
    expect(print(entries)).not.toContain(secretive)
  })
})

describe('wrong tries', () => {
  it(`${MOST_FAILURES} lock a user for 30 minutes, also from many addresses`, async () => {
    const who = await member(on)
    const bad = { login: who.login, password: 'another long password', code: '000000' }
    for (let at = 1; at < MOST_FAILURES; at += 1) await on.signIn.byPassword(bad, visit())
    const [before] = (await audited(on)).slice(-1)
    await on.signIn.byPassword(bad, visit())
    const actions = (await audited(on, before!.seq)).map(({ action }) => action)
    expect(actions).toEqual(['identity.refuse_sign_in', 'identity.lock_user'])
    const right = () => ({
      ...{ login: who.login, password: GOOD_PASSWORD },
      code: codeAt(who.secret, on.wall.now()),
    })
    expect(await on.signIn.byPassword(right(), visit())).toEqual(REFUSED)
    on.wall.advance(LOCKED_MS - 1)
    expect(await on.signIn.byPassword(right(), visit())).toEqual(REFUSED)
    // Tries while locked neither count nor lengthen it.
    on.wall.advance(1)
    expect(await on.signIn.byPassword(right(), visit())).toHaveProperty('token')
  })

  it('are forgotten after a sign-in', async () => {
    const who = await member(on)
    const bad = { login: who.login, password: 'another long password', code: '000000' }
    for (let round = 0; round < 2; round += 1) {
      for (let at = 1; at < MOST_FAILURES; at += 1) await on.signIn.byPassword(bad, visit())
      await signIn(on, who, visit())
    }
  })

  it('of one address over many logins slow that address down, and its whole /64', async () => {
    const from = (last: string) => ({ ...VISIT, from: `2001:db8:7:1::${last}` })
    const bad = () => ({ login: freshLogin(), password: 'another long password', code: '000000' })
    for (let at = 0; at < 30; at += 1) {
      expect(await on.signIn.byPassword(bad(), from(at.toString(16)))).toEqual(REFUSED)
    }
    const slowed = { refused: 'sign_in_slowed', retryAfterS: 900 }
    on.work.verified = 0
    expect(await on.signIn.byPassword(bad(), from('ffff'))).toEqual(slowed)
    expect(on.work.verified).toBe(0)
    expect(await on.signIn.byPassword(bad(), visit())).toEqual(REFUSED)
    on.wall.advance(15 * 60_000)
    expect(await on.signIn.byPassword(bad(), from('1'))).toEqual(REFUSED)
  })
})

describe('a password', () => {
  const user = { login: 'lin.wei@harbour.example', name: '林伟 Lin Wei' }
  it.each([
    ['elevenchars', 'password_too_short'],
    ['密码密码密码密码密码密', 'password_too_short'],
    ['my lin.wei 2026 pass', 'password_names_user'],
    ['LIN.WEI@harbour.EXAMPLE', 'password_names_user'],
    ['Password1234!', 'password_too_common'],
    ['P@ssw0rd2026!!', 'password_too_common'],
    ['qwertyuiop[]12', 'password_too_common'],
    ['123456789012', 'password_too_common'],
    ['abcdefghijklm', 'password_too_common'],
    ['aaaaaaaaaaaaaa', 'password_too_common'],
    ['1q2w3e4r5t6y', 'password_too_common'],
    ['Administrator2026', 'password_too_common'],
    ['hunter7hunter7', 'password_too_common'],
    ['woaini5201314', 'password_too_common'],
    [GOOD_PASSWORD, undefined],
    ['六月的风吹过蓝色的大门口', undefined],
    ['Kx7-tulip-ferry-92', undefined],
  ])('%s: %s', (password, refusal) => {
    expect(refusePassword(password, user)).toBe(refusal)
  })

  it('is kept as argon2id of the agreed cost, salted anew', async () => {
    const hasher = createHasher(seededRng(7))
    const [one, two] = [await hasher.hash(GOOD_PASSWORD), await hasher.hash(GOOD_PASSWORD)]
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
    expect(await hasher.verify(one, GOOD_PASSWORD)).toBe(true)
    expect(await hasher.verify(one, `${GOOD_PASSWORD} `)).toBe(false)
    // Full width and half width are one.
    expect(await hasher.verify(one, GOOD_PASSWORD.replace('ferns', 'ｆｅｒｎｓ'))).toBe(true)
    expect(await hasher.verify(await hasher.decoy(), '')).toBe(false)
  })
})
