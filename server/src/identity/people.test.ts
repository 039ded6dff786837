import { afterAll, beforeAll, expect, it } from 'vitest'
import { publicId } from '#base'
import type { Change } from './context.ts'
import { createPeople, type People } from './people.ts'
import {
  BY_OPERATOR,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  VISIT,
} from './testing/identity-world.ts'
import { disableUser, grantRole, revokeRole } from './users.ts'

const HOUR_MS = 3_600_000

let on: IdentityWorld
let people: People
let administrator: Member
let by: Change
beforeAll(async () => {
  on = await identityWorld()
  people = createPeople(on.context)
  administrator = await member(on, { roles: ['administrator'] })
  const { id, person } = (await on.sessions.identify(administrator.token, VISIT.from))!
  by = { orgId: ORG, actor: { kind: 'user', id, person }, from: VISIT.from }
})
afterAll(() => on.close())

const idOf = ({ userId }: Member) => publicId('usr', 0, userId)
const personOf = async (who: Member) => (await on.sessions.identify(who.token, VISIT.from))!.person

it('a right counts while its role is held and its user is active', async () => {
  const who = await member(on, { roles: ['approver'] })
  const may = () => people.may(ORG, idOf(who), 'approvals.decide')
  expect(await may()).toBe(true)
  expect(await people.may(ORG, idOf(who), 'users.manage')).toBe(false)
  expect(await people.may(2, idOf(who), 'approvals.decide')).toBe(false)
  expect(await people.may(ORG, idOf(who), 'everything')).toBe(false)
  expect(await people.may(ORG, `key_0_${who.userId}`, 'approvals.decide')).toBe(false)
  const { userId } = who
  await on.db.tx((tx) => revokeRole(on.context, tx, by, { userId, role: 'approver' }))
  expect(await may()).toBe(false)
  await on.db.tx((tx) => grantRole(on.context, tx, by, { userId, role: 'approver' }))
  expect(await may()).toBe(true)
  await on.db.tx((tx) => disableUser(on.context, tx, BY_OPERATOR, { userId }))
  expect(await may()).toBe(false)
})

it('whoever gave a role that holds the right is named, for as long as is asked', async () => {
  const who = await member(on, { roles: ['viewer'] })
  const person = await personOf(who)
  const { userId } = who
  await on.db.tx((tx) => grantRole(on.context, tx, by, { userId, role: 'approver' }))
  const appointers = (permission = 'approvals.decide') =>
    people.appointersOf(ORG, person, permission, 24 * HOUR_MS)
  expect(await appointers()).toEqual([by.actor.person])
  // No role of his that this person gave holds it.
  expect(await appointers('payouts.create')).toEqual([])
  expect(await people.appointersOf(2, person, 'approvals.decide', 24 * HOUR_MS)).toEqual([])
  on.wall.advance(24 * HOUR_MS)
  expect(await appointers()).toEqual([])
})
