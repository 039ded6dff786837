import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicId, type Uuid } from '#base'
import type { Change } from './context.ts'
import { isPermission, PERMISSIONS, permissionsOf, ROLES, type Role } from './permissions.ts'
import { CHALLENGE_PURPOSES, LINK_PURPOSES, SESSION_ENDS, USER_STATES } from './states.ts'
import {
  audited,
  BY_OPERATOR,
  freshLogin,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  VISIT,
} from './testing/identity-world.ts'
import { lockOrganisation } from './user-store.ts'
import {
  addMerchant,
  allowUserReset,
  disableUser,
  endUserSessions,
  grantRole,
  inviteUser,
  resetUser,
  revokeRole,
} from './users.ts'

let on: IdentityWorld
let merchantId: Uuid
beforeAll(async () => {
  on = await identityWorld()
  const made = await on.db.tx((tx) => addMerchant(on.context, tx, BY_OPERATOR, { name: 'Agency' }))
  merchantId = made.merchantId
})
afterAll(() => on.close())

async function actingAs(who: Member): Promise<Change> {
  const caller = (await on.sessions.identify(who.token, VISIT.from))!
  const { id, person } = caller
  return { orgId: ORG, actor: { kind: 'user', id, person }, from: VISIT.from, requestId: 'req_x' }
}

const grant = (by: Change, userId: Uuid, role: Role) =>
  on.db.tx((tx) => grantRole(on.context, tx, by, { userId, role }))
const revoke = (by: Change, userId: Uuid, role: Role) =>
  on.db.tx((tx) => revokeRole(on.context, tx, by, { userId, role }))
const disable = (by: Change, userId: Uuid) =>
  on.db.tx((tx) => disableUser(on.context, tx, by, { userId }))
const invite = (by: Change, of: object = {}) =>
  on.db.tx((tx) =>
    inviteUser(on.context, tx, by, {
      ...{ login: freshLogin(), name: 'New', staffNumber: freshLogin(), roles: [] },
      ...of,
    }),
  )

describe('permissions and roles', () => {
  it('every role has permissions that exist, each once', () => {
    for (const role of ROLES) {
      const permissions = [...permissionsOf([role])]
      expect(permissions.length).toBeGreaterThan(0)
      expect(permissions.every(isPermission)).toBe(true)
    }
  })

  it('every permission is in some role and has both titles', () => {
    const given = permissionsOf(ROLES)
    for (const [permission, { en, zh }] of PERMISSIONS) {
      expect(given.has(permission), permission).toBe(true)
      expect(en).toMatch(/^[A-Z]/)
      expect(zh).toMatch(/\p{Script=Han}/u)
    }
  })

  it.each([
    ['viewer', ['books.read', 'webhooks.read'], ['audit.read', 'users.read', 'personal.read']],
    ['operator', ['payouts.create', 'stops.pause'], ['approvals.decide', 'stops.resume']],
    ['approver', ['approvals.decide', 'audit.read'], ['payouts.create', 'approvals.request']],
    ['finance', ['transfers.create', 'personal.read'], ['approvals.decide', 'users.manage']],
    ['product', ['routing.propose', 'codes.propose'], ['payouts.create', 'keys.manage']],
    ['engineer', ['keys.manage', 'sandbox.use'], ['payouts.create', 'users.manage']],
    ['administrator', ['users.manage', 'stops.resume'], ['books.read', 'approvals.decide']],
    ['merchant', ['payments.create', 'keys.manage'], ['payouts.create', 'books.read']],
  ] as const)('%s may %j, and not %j', (role, may, mayNot) => {
    const permissions = permissionsOf([role])
    for (const permission of may) expect(permissions.has(permission), permission).toBe(true)
    for (const permission of mayNot) expect(permissions.has(permission), permission).toBe(false)
  })

  it('of two roles add up', () => {
    const both = permissionsOf(['approver', 'engineer'])
    expect(both.has('approvals.decide') && both.has('sandbox.use')).toBe(true)
  })
})

describe('nobody changes what he himself may do', () => {
  it.each([
    ['grant', (by: Change, id: Uuid) => grant(by, id, 'approver')],
    ['revoke', (by: Change, id: Uuid) => revoke(by, id, 'viewer')],
    ['disable', disable],
    [
      'reset',
      (by: Change, userId: Uuid) => on.db.tx((tx) => resetUser(on.context, tx, by, { userId })),
    ],
  ])('%s: neither of his own user nor of his second one', async (_, act) => {
    const staffNumber = freshLogin()
    const roles = ['administrator', 'viewer'] as const
    const one = await member(on, { roles, staffNumber })
    const two = await member(on, { roles: ['viewer'], staffNumber })
    const by = await actingAs(one)
    expect(await act(by, one.userId)).toEqual({ refused: 'own_roles' })
    expect(await act(by, two.userId)).toEqual({ refused: 'own_roles' })
  })

  it('nor makes himself a second user', async () => {
    const staffNumber = freshLogin()
    const by = await actingAs(await member(on, { roles: ['administrator'], staffNumber }))
    expect(await invite(by, { staffNumber, roles: ['approver'] })).toEqual({
      refused: 'own_roles',
    })
  })
})

describe('the last administrator', () => {
  /** An organisation with administrators of its own. */
  let orgs = 200
  async function organisation(administrators: number): Promise<[Change, Member[]]> {
    orgs += 1
    const id = orgs
    await on.db.tx((tx) => lockOrganisation(tx, { id, uuid: on.context.ids.uuid(), name: 'O' }))
    const change = { ...BY_OPERATOR, orgId: id }
    const members: Member[] = []
    for (let at = 0; at < administrators; at += 1) {
      members.push(await member(on, { roles: ['administrator'], change }))
    }
    return [change, members]
  }

  it('is neither disabled nor stripped, not even by the operator', async () => {
    const [by, [only]] = await organisation(1)
    expect(await disable(by, only!.userId)).toEqual({ refused: 'last_administrator' })
    expect(await revoke(by, only!.userId, 'administrator')).toEqual({
      refused: 'last_administrator',
    })
  })

  it('one who was only invited does not count', async () => {
    const [by, [only]] = await organisation(1)
    await invite(by, { roles: ['administrator'] })
    expect(await disable(by, only!.userId)).toEqual({ refused: 'last_administrator' })
  })

  it('two who disable each other at once: one stays', async () => {
    const [, [one, two]] = await organisation(2)
    const orgId = orgs
    const [byOne, byTwo] = await Promise.all([one!, two!].map(actingAs))
    const outcomes = await Promise.all([
      disable({ ...byOne!, orgId }, two!.userId),
      disable({ ...byTwo!, orgId }, one!.userId),
    ])
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1)
  })
})

describe('roles', () => {
  it('are given once, taken once, and each change is in the log with before and after', async () => {
    const { userId } = await member(on)
    const [before] = (await audited(on)).slice(-1)
    expect(await grant(BY_OPERATOR, userId, 'approver')).toBeUndefined()
    expect(await grant(BY_OPERATOR, userId, 'approver')).toEqual({ refused: 'user_has_role' })
    expect(await revoke(BY_OPERATOR, userId, 'viewer')).toBeUndefined()
    expect(await revoke(BY_OPERATOR, userId, 'viewer')).toEqual({ refused: 'user_lacks_role' })
    const entries = await on.db.query(
      'select action, object, before, after from audit.entry where book_id = 0 and seq > $1',
      [before!.seq],
    )
    const object = publicId('usr', 0, userId)
    const json = (value: unknown) => (typeof value === 'string' ? JSON.parse(value) : value)
    const read = entries.map((row) => ({
      ...{ action: row.action, object: row.object },
      ...{ before: json(row.before), after: json(row.after) },
    }))
    expect(read).toEqual([
      {
        ...{ action: 'identity.grant_role', object },
        ...{ before: { roles: ['viewer'] }, after: { roles: ['approver', 'viewer'] } },
      },
      {
        ...{ action: 'identity.revoke_role', object },
        ...{ before: { roles: ['approver', 'viewer'] }, after: { roles: ['approver'] } },
      },
    ])
  })

  it('given eight times at once, it is given once', async () => {
    const { userId } = await member(on)
    const tries = Array.from({ length: 8 }, () => grant(BY_OPERATOR, userId, 'finance'))
    const outcomes = await Promise.all(tries)
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1)
  })

  type Bound = { roles: Role[]; merchant?: boolean }
  const invitations: [string, Bound, string | undefined][] = [
    ['merchant, without a merchant', { roles: ['merchant'] }, 'role_not_for_user'],
    ['viewer, of a merchant', { roles: ['viewer'], merchant: true }, 'role_not_for_user'],
    ['both, of a merchant', { roles: ['merchant', 'viewer'], merchant: true }, 'role_not_for_user'],
    ['none, of a merchant', { roles: [], merchant: true }, 'role_not_for_user'],
    ['merchant, of a merchant', { roles: ['merchant'], merchant: true }, undefined],
    ['none', { roles: [] }, undefined],
  ]
  it.each(invitations)('an invitation with %s', async (_, { merchant, ...of }, refused) => {
    const made = await invite(BY_OPERATOR, { ...of, ...(merchant && { merchantId }) })
    expect('refused' in made ? made.refused : undefined).toBe(refused)
  })

  it('of a merchant bind the session to it', async () => {
    const who = await member(on, { roles: ['merchant'], merchantId })
    const caller = await on.sessions.identify(who.token, 'x')
    expect(caller!.merchant).toBe(publicId('mch', 0, merchantId))
    expect(await grant(BY_OPERATOR, who.userId, 'viewer')).toEqual({ refused: 'role_not_for_user' })
  })

  it.each([
    ['viewer to a merchant’s user', true, 'viewer'],
    ['merchant to the organisation’s own', false, 'merchant'],
  ])('the database itself refuses %s', async (_, bound, role) => {
    const of = bound ? { roles: ['merchant'] as const, merchantId } : {}
    const { userId } = await member(on, of)
    const insert = on.db.query(
      `insert into identity.user_role (user_id, org_id, role, granted_by, granted_at)
       values ($1, $2, $3, 'x', now())`,
      [userId, ORG, role],
    )
    await expect(insert).rejects.toMatchObject({ code: '23503' })
  })
})

describe('users', () => {
  it('of one staff number are one person', async () => {
    const staffNumber = freshLogin()
    const [one, two] = [await member(on, { staffNumber }), await member(on, { staffNumber })]
    const [first, second] = await Promise.all([one, two].map(actingAs))
    expect(first!.actor.person).toBe(second!.actor.person)
    expect(first!.actor.id).not.toBe(second!.actor.id)
  })

  it('a login that is taken, in any spelling, leaves no person behind', async () => {
    const { login } = await member(on)
    const staffNumber = freshLogin()
    const made = await invite(BY_OPERATOR, { login: ` ${login.toUpperCase()}`, staffNumber })
    expect(made).toEqual({ refused: 'login_taken' })
    const rows = await on.db.query('select 1 from identity.person where staff_number = $1', [
      staffNumber,
    ])
    expect(rows).toEqual([])
  })

  it.each(['ab', 'a b c', '-abc', 'a/b/c', '林伟', 'x'.repeat(101)])(
    'the login %s is none',
    async (login) => {
      expect(await invite(BY_OPERATOR, { login })).toEqual({ refused: 'login_malformed' })
    },
  )

  it.each([
    ['grant', (by: Change, id: Uuid) => grant(by, id, 'approver')],
    ['revoke', (by: Change, id: Uuid) => revoke(by, id, 'viewer')],
    ['disable', disable],
    [
      'reset',
      (by: Change, userId: Uuid) => on.db.tx((tx) => resetUser(on.context, tx, by, { userId })),
    ],
    [
      'end sessions',
      (by: Change, userId: Uuid) =>
        on.db.tx((tx) => endUserSessions(on.context, tx, by, { userId })),
    ],
  ])('of another organisation are not found: %s', async (_, act) => {
    const { userId, token } = await member(on)
    expect(await act({ ...BY_OPERATOR, orgId: 77 }, userId)).toEqual({ refused: 'user_not_found' })
    expect(await on.sessions.identify(token, 'x')).toBeDefined()
  })

  it('disabled are disabled for good', async () => {
    const { userId } = await member(on)
    expect(await disable(BY_OPERATOR, userId)).toBeUndefined()
    expect(await disable(BY_OPERATOR, userId)).toEqual({ refused: 'user_is_disabled' })
    expect(await grant(BY_OPERATOR, userId, 'approver')).toEqual({ refused: 'user_is_disabled' })
  })

  it('with credentials get others only with the leave of others, once; without any at once', async () => {
    const { userId } = await member(on)
    const reset = (of: { userId: Uuid }) =>
      on.db.tx((tx) => resetUser(on.context, tx, BY_OPERATOR, { ...of, reviewed: true }))
    expect(await reset({ userId })).toEqual({ refused: 'review_required' })
    await on.db.tx((tx) => allowUserReset(on.context, tx, BY_OPERATOR, { userId }))
    expect(await reset({ userId })).toHaveProperty('token')
    expect(await reset({ userId })).toEqual({ refused: 'review_required' })
    const invited = await invite(BY_OPERATOR)
    expect(await reset(invited as { userId: Uuid })).toHaveProperty('token')
  })

  it('a merchant of another organisation is not found', async () => {
    await on.db.tx((tx) =>
      lockOrganisation(tx, { id: 300, uuid: on.context.ids.uuid(), name: 'Other' }),
    )
    const made = await invite({ ...BY_OPERATOR, orgId: 300 }, { roles: ['merchant'], merchantId })
    expect(made).toEqual({ refused: 'merchant_not_found' })
  })
})

it('the lists of the database are those of the code', () => {
  const folder = new URL('../../migrations/0072-identity-users.sql', import.meta.url)
  const sql = readFileSync(folder, 'utf8')
  const listed = (column: string) =>
    [...sql.matchAll(new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`, 'g'))].map((match) =>
      [...match[1]!.matchAll(/'([a-z_]+)'/g)].map(([, word]) => word),
    )
  expect(listed('state')).toEqual([USER_STATES])
  expect(listed('role')).toEqual([ROLES])
  expect(listed('purpose')).toEqual([LINK_PURPOSES, CHALLENGE_PURPOSES])
  expect(listed('ended_why')).toEqual([SESSION_ENDS])
})
