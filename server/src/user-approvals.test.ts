/** Roles and new credentials by approval: identity's acts, carried out by approvals with a second person. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ApprovalRequest,
  type Approvals,
  createApprovals,
  executedEvent,
  guardedAction,
  markExecuted,
  readPolicies,
} from './approvals/index.ts'
import {
  createDueSweeper,
  createHttp,
  createMetrics,
  createOutboxRelay,
  type Http,
} from './base/index.ts'
import {
  allowUserReset,
  createPeople,
  ensureOrganisation,
  SESSION_COOKIE,
  sessionToken,
  userActions,
  userRoutes,
} from './identity/index.ts'
import {
  BY_OPERATOR,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  VISIT,
} from './identity/testing/index.ts'

const file = new URL('../../schemes/approvals/default.yaml', import.meta.url)

let on: IdentityWorld
let approvals: Approvals
let administrator: Member
let approver: Member
beforeAll(async () => {
  on = await identityWorld()
  const actions = userActions(on.context, { mark: markExecuted, event: executedEvent })
  approvals = createApprovals({
    world: on.world,
    actions: actions.map((action) => guardedAction(action)),
    policies: readPolicies(readFileSync(file, 'utf8')),
    people: createPeople(on.context),
    isFresh: (at) => on.sessions.isFresh(at),
    orgOf: () => undefined,
  })
  administrator = await member(on, { roles: ['administrator', 'viewer'] })
  approver = await member(on, { roles: ['approver'] })
})
afterAll(() => on.close())

const askerOf = async (who: Member) => (await on.sessions.identify(who.token, VISIT.from))!
const rolesOf = async (who: Pick<Member, 'userId'>) => {
  const rows = await on.db.query<{ role: string }>(
    'select role from identity.user_role where user_id = $1 order by 1',
    [who.userId],
  )
  return rows.map(({ role }) => role)
}

async function ask(action: string, of: Pick<Member, 'userId'>, role?: string) {
  const content = { user: `usr_0_${of.userId}`, ...(role !== undefined && { role }) }
  return approvals.request(await askerOf(administrator), { action, content, reason: 'a test' })
}

async function approve(request: ApprovalRequest) {
  const { book, id, hash } = request
  const decision = { book, id, contentHash: hash, verdict: 'approve', note: '' } as const
  return approvals.decide(await askerOf(approver), decision)
}

/** Carries out what is due and delivers what happened. */
async function run(): Promise<void> {
  const { clock, rng, log } = on.world
  const common = { db: on.db, clock, rng, log, books: () => [0] }
  const sweeper = createDueSweeper({ ...common, handlers: approvals.handlers })
  await sweeper.sweepNow()
  await sweeper.stop()
  const relay = createOutboxRelay({ ...common, subscribers: [approvals.subscriber] })
  await relay.pump()
  await relay.stop()
}

async function stateOf(request: ApprovalRequest): Promise<string> {
  const seen = await approvals.view(await askerOf(approver), request)
  return 'problem' in seen ? seen.problem.code : seen.request.state
}

function made(request: Awaited<ReturnType<typeof ask>>): ApprovalRequest {
  if ('problem' in request) throw new Error(request.problem.code)
  return request
}

describe('a role', () => {
  it('is given when a second person has agreed, in the name of whoever asked', async () => {
    const who = await member(on, { roles: ['viewer'] })
    on.wall.advance(-60_000)
    const request = made(await ask('identity.grant_role', who, 'finance'))
    await run()
    expect(await rolesOf(who)).toEqual(['viewer'])
    expect(await approve(request)).toMatchObject({ state: 'approved' })
    await run()
    expect(await rolesOf(who)).toEqual(['finance', 'viewer'])
    expect(await stateOf(request)).toBe('executed')
    const [entry] = await on.db.query(
      `select actor_id, approval from audit.entry
       where action = 'identity.grant_role' order by seq desc limit 1`,
    )
    expect(entry).toMatchObject({
      actor_id: `usr_0_${administrator.userId}`,
      approval: `areq_0_${request.id}`,
    })
  })

  it('is taken away likewise', async () => {
    const who = await member(on, { roles: ['viewer', 'product'] })
    on.wall.advance(-60_000)
    await approve(made(await ask('identity.revoke_role', who, 'product')))
    await run()
    expect(await rolesOf(who)).toEqual(['viewer'])
  })

  it('that cannot be given is not asked for', async () => {
    const who = await member(on, { roles: ['viewer'] })
    on.wall.advance(-60_000)
    const asked = await ask('identity.grant_role', who, 'viewer')
    expect(asked).toMatchObject({ problem: { code: 'action_refused' } })
    expect(await rolesOf(who)).toEqual(['viewer'])
  })

  it('of whoever asked is refused when it is carried out, and changes nothing', async () => {
    const request = made(await ask('identity.grant_role', administrator, 'approver'))
    await approve(request)
    await run()
    expect(await stateOf(request)).toBe('failed')
    expect(await rolesOf(administrator)).toEqual(['administrator', 'viewer'])
    const [known] = await on.db.query<{ count: bigint }>(
      'select count(*) from identity.user_ where org_id = $1',
      [ORG],
    )
    expect(known!.count).toBeGreaterThan(2n)
  })
})

describe('by the routes, while the policies ask for a second person', () => {
  /** An organisation of its own, with its first administrator. */
  let orgs = 500
  let http: Http
  let first: Member
  beforeEach(async () => {
    orgs += 1
    const [id, uuid] = [orgs, on.context.ids.uuid()]
    await on.db.tx((tx) => ensureOrganisation(tx, { id, uuid, name: 'House' }))
    const change = { ...BY_OPERATOR, orgId: id }
    first = await member(on, { roles: ['administrator'], change })
    on.wall.advance(-60_000)
  })
  beforeAll(async () => {
    const { log, clock, rng, net } = on.world
    http = await createHttp({
      ...{ log, clock, rng, net, metrics: createMetrics() },
      routes: userRoutes(on, async (orgId, action, content) => {
        return (await approvals.policyFor(orgId, action, content)).checkers > 0
      }),
      guard: {
        identify: async ({ headers, from }) =>
          (await on.sessions.identify(sessionToken(headers.cookie) ?? '', from)) ?? {
            refused: { code: 'nobody', status: 401, detail: 'Sign in.' },
          },
        admit: async () => undefined,
        orgOf: () => undefined,
        isFresh: (at) => on.sessions.isFresh(at),
      },
    })
  })
  afterAll(() => http.close())

  const post = async (path: string, payload: object = {}) => {
    const headers = { host: 'localhost', cookie: `${SESSION_COOKIE}=${first.token}` }
    const reply = await http.app.inject({ method: 'POST', url: path, headers, payload })
    return { status: reply.statusCode, json: JSON.parse(reply.body) }
  }
  const invite = (roles: string[]) => {
    const staff = `S${Math.floor(on.wall.now())}${roles.length}`
    const login = `u${orgs}-${roles.join('-')}x`
    return post('/v1/users', { login, name: 'New', staff_number: staff, roles })
  }
  /** Somebody who may decide, and has enrolled. */
  const decider = async () => {
    const change = { ...BY_OPERATOR, orgId: orgs }
    const who = await member(on, { roles: ['approver'], change })
    on.wall.advance(-60_000)
    return `/v1/users/usr_0_${who.userId}`
  }
  const REVIEW = { status: 409, json: { code: 'review_required' } }

  it('the first administrator sets the house up alone, until somebody else could decide', async () => {
    const made = await invite(['approver'])
    expect(made.status).toBe(201)
    // He was only invited: nobody could decide yet.
    expect((await invite(['finance'])).status).toBe(201)
    await decider()
    expect(await invite(['operator'])).toMatchObject(REVIEW)
    expect((await invite([])).status).toBe(201)
  })

  it('then gives and takes no role, and resets nobody who has credentials, alone', async () => {
    const user = await decider()
    expect(await post(`${user}/roles/grant`, { role: 'finance' })).toMatchObject(REVIEW)
    expect(await post(`${user}/roles/revoke`, { role: 'approver' })).toMatchObject(REVIEW)
    expect(await post(`${user}/reset`)).toMatchObject(REVIEW)
    const { json } = await invite([])
    expect((await post(`/v1/users/${json.user}/reset`)).status).toBe(201)
  })

  it('nor by disabling whoever could decide', async () => {
    const user = await decider()
    expect((await post(`${user}/disable`)).status).toBe(200)
    expect(await invite(['approver'])).toMatchObject(REVIEW)
  })

  it('leave for new credentials is good once, for a day', async () => {
    const user = await decider()
    const userId = user.slice(-32)
    const change = { ...BY_OPERATOR, orgId: orgs }
    const allow = () => on.db.tx((tx) => allowUserReset(on.context, tx, change, { userId }))
    await allow()
    expect((await post(`${user}/reset`)).status).toBe(201)
    expect(await post(`${user}/reset`)).toMatchObject(REVIEW)
    await allow()
    await on.db.query(`update identity.user_ set reset_until = $2 where id = $1`, [
      ...[userId, new Date(on.wall.now())],
    ])
    expect(await post(`${user}/reset`)).toMatchObject(REVIEW)
  })
})
