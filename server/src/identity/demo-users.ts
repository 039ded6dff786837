/**
 * The four people of the demonstration: each with one role, so that making and checking are seen
 * apart. Only in the sandbox, and like everybody else they choose their own credentials by a link.
 */
import { type Instant, must, publicId, type Uuid } from '#base'
import { type IdentityContext, OPERATOR, record } from './context.ts'
import { makeLink } from './links.ts'
import type { Role } from './permissions.ts'
import {
  ensurePerson,
  findByLogin,
  insertRole,
  insertUser,
  listUsers,
  lockOrganisation,
} from './user-store.ts'

interface DemoPerson {
  readonly login: string
  readonly name: string
  readonly staffNumber: string
  readonly role: Role
}

export const DEMO_USERS: readonly DemoPerson[] = [
  { login: 'chen.jing', name: '陈静', staffNumber: 'D001', role: 'operator' },
  { login: 'zhao.min', name: '赵敏', staffNumber: 'D002', role: 'approver' },
  { login: 'sun.hao', name: '孙浩', staffNumber: 'D003', role: 'finance' },
  { login: 'lin.wei', name: '林伟', staffNumber: 'D004', role: 'administrator' },
]

/** A demonstration user who has not enrolled yet, with his link. */
export interface DemoLink extends DemoPerson {
  readonly token: string
  readonly expiresAt: Instant
}

/**
 * Adds the users of the demonstration where they are missing and makes links for those who cannot
 * sign in yet; unused links of before end. Returns the links, for the caller to print. Stops outside
 * the sandbox.
 */
export async function seedDemoUsers(
  ctx: IdentityContext,
  of: { readonly sandbox: boolean; readonly orgId: number; readonly organisation: string },
): Promise<readonly DemoLink[]> {
  must(of.sandbox, 'demonstration users exist in the sandbox alone')
  const { orgId, organisation: name } = of
  const uuid = ctx.ids.uuid()
  const ids = DEMO_USERS.map(() => ({ user: ctx.ids.uuid(), person: ctx.ids.uuid() }))
  return ctx.db.tx(async (tx) => {
    await lockOrganisation(tx, { id: orgId, uuid, name })
    const links: DemoLink[] = []
    const happened: { action: string; object: string; after: unknown }[] = []
    for (const [at, person] of DEMO_USERS.entries()) {
      const userId = await ensureUser(ctx, tx, { orgId, person, ids: ids[at]! })
      if (userId === undefined) continue
      const link = await makeLink(ctx, tx, { orgId, userId, purpose: 'invite' })
      links.push({ ...person, ...link })
      const { login, role } = person
      const object = publicId('usr', 0, userId)
      happened.push({ action: 'identity.seed_user', object, after: { login, roles: [role] } })
    }
    if (happened.length > 0) {
      await record(ctx, tx, { orgId, actor: OPERATOR, from: '' }, happened)
    }
    return links
  })
}

/** The user's id, `undefined` when he can sign in or is not of this organisation. */
async function ensureUser(
  ctx: IdentityContext,
  tx: Parameters<typeof ensurePerson>[0],
  of: {
    readonly orgId: number
    readonly person: DemoPerson
    readonly ids: { readonly user: Uuid; readonly person: Uuid }
  },
): Promise<Uuid | undefined> {
  const { orgId, ids } = of
  const { login, name, staffNumber, role } = of.person
  const found = await findByLogin(tx, login)
  if (found !== undefined) {
    if (found.orgId !== orgId || found.state !== 'active') return undefined
    const [user] = await listUsers(tx, { orgId, only: found.id, limit: 1 })
    return user!.hasPassword || user!.passkeys > 0 ? undefined : found.id
  }
  const personId = await ensurePerson(tx, { orgId, staffNumber, id: ids.person })
  const at = ctx.wall.now()
  const user = { id: ids.user, orgId, personId, login, name, merchantId: undefined, at }
  must(await insertUser(tx, user), `the login ${login} is free while its organisation is locked`)
  await insertRole(tx, { orgId, userId: ids.user, role, by: OPERATOR.person, at })
  return ids.user
}
