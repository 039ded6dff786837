import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentityContext } from './context.ts'
import { CHALLENGE_MS, type RelyingParty } from './passkey.ts'
import type { SignedIn } from './sign-in.ts'
import type { Present } from './step-up.ts'
import { authenticator, type Credential, type Wrong } from './testing/authenticator.ts'
import {
  BY_OPERATOR,
  freshLogin,
  type IdentityWorld,
  identityWorld,
  ORIGIN,
  VISIT,
} from './testing/identity-world.ts'
import { disableUser, inviteUser } from './users.ts'

const browser = authenticator(ORIGIN)
let on: IdentityWorld
beforeAll(async () => {
  on = await identityWorld()
})
afterAll(() => on.close())

let addresses = 0
const visit = () => {
  addresses += 1
  return { ...VISIT, from: `203.0.113.${addresses % 250}` }
}

async function invited() {
  const invitation = { login: freshLogin(), name: 'Bo', staffNumber: freshLogin(), roles: [] }
  const made = await on.db.tx((tx) => inviteUser(on.context, tx, BY_OPERATOR, invitation))
  if ('refused' in made) throw new Error(made.refused)
  return made
}

async function optionsOf(token: string): Promise<object> {
  const asked = await on.links.passkeyOptions({ token })
  if (!('options' in asked)) throw new Error(asked.refused)
  return asked.options
}

interface Owner extends SignedIn {
  readonly credential: Credential
}

async function enrolled(): Promise<Owner> {
  const { token } = await invited()
  const { credential, response } = browser.create(await optionsOf(token))
  const signed = await on.links.setPasskey({ token, response, passkeyName: 'laptop' }, visit())
  if ('refused' in signed) throw new Error(signed.refused)
  return { ...signed, credential }
}

async function answer(credential: Credential, wrong: Wrong = {}) {
  const options = await on.signIn.passkeyOptions()
  return on.signIn.byPasskey(browser.get(options, credential, wrong), visit())
}

async function presentOf(owner: SignedIn): Promise<Present> {
  const caller = await on.sessions.identify(owner.token, VISIT.from)
  return { caller: caller!, token: owner.token, visit: visit() }
}

const REFUSED = { refused: 'passkey_refused' }

describe('a passkey', () => {
  it('is made by a link and signs in without a name', async () => {
    const owner = await enrolled()
    const signed = await answer(owner.credential)
    expect(signed).toMatchObject({ userId: owner.userId })
    const caller = await on.sessions.identify((signed as SignedIn).token, '192.0.2.1')
    expect(caller).toMatchObject({ kind: 'user', steppedUpAt: on.wall.now() })
  })

  it('asks every visitor the same: no list, presence and a verified user required', async () => {
    const options = JSON.parse(JSON.stringify(await on.signIn.passkeyOptions()))
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options).not.toHaveProperty('allowCredentials')
  })

  it('without a counter signs in again and again', async () => {
    const { credential } = await enrolled()
    for (let at = 0; at < 3; at += 1) {
      expect(await answer(credential, { counter: 0 })).toHaveProperty('token')
    }
  })

  it('of a disabled user is refused', async () => {
    const { credential, userId } = await enrolled()
    await on.db.tx((tx) => disableUser(on.context, tx, BY_OPERATOR, { userId }))
    expect(await answer(credential)).toEqual(REFUSED)
  })

  it('nobody knows is refused, and slows the address that tries', async () => {
    const { credential } = browser.create(await optionsOf((await invited()).token))
    const from = { ...VISIT, from: '198.51.100.77' }
    for (let at = 0; at < 30; at += 1) {
      const response = browser.get({ challenge: 'AAAA' }, credential)
      expect(await on.signIn.byPasskey(response, from)).toEqual(REFUSED)
    }
    const response = browser.get(await on.signIn.passkeyOptions(), credential)
    expect(await on.signIn.byPasskey(response, from)).toMatchObject({ refused: 'sign_in_slowed' })
  })
})

describe('a wrong ceremony of signing in is refused', () => {
  const table: [string, (owner: Owner, other: Owner) => Wrong][] = [
    ['another origin', () => ({ origin: 'http://localhost:4001' })],
    ['an origin that begins like ours', () => ({ origin: `${ORIGIN}.evil.example` })],
    ['TLS in the place of none', () => ({ origin: 'https://localhost:4000' })],
    ['another site', () => ({ rpId: 'evil.example' })],
    ['the answer to a creation', () => ({ type: 'webauthn.create' })],
    ['a challenge we did not give', () => ({ challenge: 'A'.repeat(43) })],
    ['the user not verified', () => ({ userVerified: false })],
    ['nobody present', () => ({ userPresent: false })],
    ['the counter back', () => ({ counter: 1 })],
    ['the counter as it was', ({ credential }) => ({ counter: credential.counter })],
    ["another user's key", (_, other) => ({ signedBy: other.credential })],
    ["another user's handle", (_, other) => ({ userHandle: other.credential.userHandle })],
    ['a signature of nothing', () => ({ signature: 'MAYCAQECAQE' })],
    ['a frame of another site', () => ({ crossOrigin: true, topOrigin: 'https://evil.example' })],
  ]
  it.each(table)('%s', async (_, wrongOf) => {
    const [owner, other] = [await enrolled(), await enrolled()]
    expect(await answer(owner.credential)).toHaveProperty('token')
    expect(await answer(owner.credential)).toHaveProperty('token')
    const wrong = wrongOf(owner, other)
    expect(await answer(owner.credential, wrong)).toEqual(REFUSED)
    // What was wrong was the one thing: the next answer is good again.
    expect(await answer(owner.credential)).toHaveProperty('token')
  })

  it('a challenge that was answered', async () => {
    const { credential } = await enrolled()
    const options = await on.signIn.passkeyOptions()
    const good = () => on.signIn.byPasskey(browser.get(options, credential), visit())
    expect(await good()).toHaveProperty('token')
    expect(await good()).toEqual(REFUSED)
  })

  it('a challenge that was answered wrongly', async () => {
    const { credential } = await enrolled()
    const options = await on.signIn.passkeyOptions()
    const bad = browser.get(options, credential, { userVerified: false })
    expect(await on.signIn.byPasskey(bad, visit())).toEqual(REFUSED)
    expect(await on.signIn.byPasskey(browser.get(options, credential), visit())).toEqual(REFUSED)
  })

  it('one good answer given eight times at once, to two servers', async () => {
    const { credential } = await enrolled()
    const response = browser.get(await on.signIn.passkeyOptions(), credential)
    const servers = [on, on.replica()]
    const tries = Array.from({ length: 8 }, (_, at) =>
      servers[at % 2]!.signIn.byPasskey(response, visit()),
    )
    const answers = await Promise.all(tries)
    expect(answers.filter((each) => 'token' in each)).toHaveLength(1)
  })

  it.each([
    ['just in time', CHALLENGE_MS - 1, true],
    ['late', CHALLENGE_MS, false],
  ])('a challenge answered %s after %d ms: %s', async (_, ms, isGood) => {
    const { credential } = await enrolled()
    const options = await on.signIn.passkeyOptions()
    on.wall.advance(ms)
    const answered = await on.signIn.byPasskey(browser.get(options, credential), visit())
    expect('token' in answered).toBe(isGood)
  })

  it('a challenge given for a step-up', async () => {
    const owner = await enrolled()
    const options = await on.stepUp.passkeyOptions(await presentOf(owner))
    const response = browser.get(options, owner.credential)
    expect(await on.signIn.byPasskey(response, visit())).toEqual(REFUSED)
  })
})

describe('a wrong ceremony of enrolment is refused, and the link stays good', () => {
  const table: [string, Wrong][] = [
    ['another origin', { origin: 'http://localhost:4001' }],
    ['another site', { rpId: 'evil.example' }],
    ['the answer to a request', { type: 'webauthn.get' }],
    ['a challenge we did not give', { challenge: 'A'.repeat(43) }],
    ['the user not verified', { userVerified: false }],
    ['nobody present', { userPresent: false }],
  ]
  it.each(table)('%s', async (_, wrong) => {
    const { token } = await invited()
    const set = async (how: Wrong) => {
      const { response } = browser.create(await optionsOf(token), how)
      return on.links.setPasskey({ token, response, passkeyName: 'x' }, visit())
    }
    expect(await set(wrong)).toEqual(REFUSED)
    expect(await set({})).toHaveProperty('token')
  })

  it("the challenge of another user's link", async () => {
    const [one, two] = [await invited(), await invited()]
    const { response } = browser.create(await optionsOf(one.token))
    const of = { token: two.token, response, passkeyName: 'x' }
    expect(await on.links.setPasskey(of, visit())).toEqual(REFUSED)
  })

  it('a credential that is known', async () => {
    const owner = await enrolled()
    const { token } = await invited()
    const { response } = browser.create(await optionsOf(token), { as: owner.credential })
    const set = on.links.setPasskey({ token, response, passkeyName: 'x' }, visit())
    expect(await set).toEqual({ refused: 'passkey_known' })
    expect(await answer(owner.credential)).toMatchObject({ userId: owner.userId })
    expect(await on.links.open(token)).toHaveProperty('secret')
  })
})

describe('a step-up by passkey', () => {
  it('makes the proof fresh and gives the session a new token', async () => {
    const owner = await enrolled()
    on.wall.advance(6 * 60_000)
    const by = await presentOf(owner)
    expect(on.sessions.isFresh(by.caller.steppedUpAt)).toBe(false)
    const response = browser.get(await on.stepUp.passkeyOptions(by), owner.credential)
    const proved = (await on.stepUp.byPasskey(by, response)) as { token: string }
    expect(await on.sessions.identify(owner.token, 'x')).toBeUndefined()
    const caller = await on.sessions.identify(proved.token, 'x')
    expect(caller).toMatchObject({ session: by.caller.session, steppedUpAt: on.wall.now() })
    expect(on.sessions.isFresh(caller!.steppedUpAt)).toBe(true)
  })

  it.each([
    ["another user's passkey", (_: Owner, other: Owner) => other.credential],
    ['his own', ({ credential }: Owner) => credential],
  ])('with %s', async (whose, pick) => {
    const [owner, other] = [await enrolled(), await enrolled()]
    const by = await presentOf(owner)
    const response = browser.get(await on.stepUp.passkeyOptions(by), pick(owner, other))
    const proved = await on.stepUp.byPasskey(by, response)
    expect('token' in proved).toBe(whose === 'his own')
  })

  it('is refused for a challenge of another session, and names his own keys only', async () => {
    const owner = await enrolled()
    const second = (await answer(owner.credential)) as SignedIn
    const options = await on.stepUp.passkeyOptions(await presentOf(owner))
    expect(options).toMatchObject({ allowCredentials: [{ id: owner.credential.id }] })
    const response = browser.get(options, owner.credential)
    const by = await presentOf({ ...second })
    expect(await on.stepUp.byPasskey(by, response)).toEqual(REFUSED)
  })
})

describe('his own passkeys', () => {
  it('are added and taken away, but never the last way in', async () => {
    const owner = await enrolled()
    const by = await presentOf(owner)
    const { credential, response } = browser.create(await on.own.passkeyOptions(by))
    expect(await on.own.addPasskey(by, response, 'phone')).toBeUndefined()
    expect((await on.own.list(by)).map(({ name }) => name).sort()).toEqual(['laptop', 'phone'])
    expect(await on.own.removePasskey(by, owner.credential.id)).toBeUndefined()
    expect(await on.own.removePasskey(by, credential.id)).toEqual({ refused: 'last_way_in' })
    expect(await answer(owner.credential)).toEqual(REFUSED)
    expect(await answer(credential)).toHaveProperty('token')
  })

  it('two taken away at once leave one', async () => {
    const owner = await enrolled()
    const by = await presentOf(owner)
    const { credential, response } = browser.create(await on.own.passkeyOptions(by))
    await on.own.addPasskey(by, response, 'phone')
    const ids = [owner.credential.id, credential.id]
    await Promise.all(ids.map((id) => on.own.removePasskey(by, id)))
    expect(await on.own.list(by)).toHaveLength(1)
  })

  it("another user's cannot be taken away", async () => {
    const [owner, other] = [await enrolled(), await enrolled()]
    const not = await on.own.removePasskey(await presentOf(owner), other.credential.id)
    expect(not).toEqual({ refused: 'passkey_not_found' })
  })
})

it('a site of its own name and port takes its own origin alone', async () => {
  const relyingParty: RelyingParty = {
    ...{ id: 'pay.example.com', name: 'Pay' },
    origins: ['https://pay.example.com', 'https://console.pay.example.com'],
  }
  const context: IdentityContext = { ...on.context, relyingParty }
  const { createSignIn } = await import('./sign-in.ts')
  const { createLinks } = await import('./links.ts')
  const links = createLinks(context)
  const page = authenticator('https://console.pay.example.com')
  const { token } = await invited()
  const asked = (await links.passkeyOptions({ token })) as { options: object }
  const { credential, response } = page.create(asked.options)
  expect(await links.setPasskey({ token, response, passkeyName: 'x' }, visit())).toHaveProperty(
    'token',
  )
  const sites = createSignIn(context)
  const get = async (wrong: Wrong) =>
    sites.byPasskey(page.get(await sites.passkeyOptions(), credential, wrong), visit())
  expect(await get({})).toHaveProperty('token')
  expect(await get({ origin: 'https://evil.pay.example.com' })).toEqual(REFUSED)
})
