/** Roles and new credentials by approval: identity's acts, carried out by approvals with a second person. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApprovalRequest,
  type Approvals,
  createApprovals,
  executedEvent,
  guardedAction,
  markExecuted,
  readPolicies,
} from './approvals/index.ts'
import { createDueSweeper, createOutboxRelay } from './base/index.ts'
import { createPeople, userActions } from './identity/index.ts'
import {
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  VISIT,
} from './identity/testing/identity-world.ts'

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
