/**
 * Users of an organisation: invited, given roles, disabled. Each act is one tx that the caller opens,
 * so that an approval is marked as carried out in the same one; a refusal has written nothing.
 *
 * The easy mistake: comparing users. Nobody changes what he himself may do, and "himself" is the
 * person, so that a second user of his does not help him.
 */
import { type Instant, publicId, type Tx, type Uuid } from '#base'
import { type Change, type IdentityContext, record } from './context.ts'
import { dropLinks } from './link-store.ts'
import { makeLink } from './links.ts'
import { normalLogin } from './login.ts'
import type { Role } from './permissions.ts'
import { type Refusal, refuse } from './refusals.ts'
import { endSessions } from './session-store.ts'
import {
  allowReset,
  deletePerson,
  deleteRole,
  ensurePerson,
  findPerson,
  hasMerchant,
  hasOtherAdministrator,
  insertMerchant,
  insertRole,
  insertUser,
  type ListedUser,
  listUsers,
  lockOrganisation,
  moveUser,
  takeReset,
} from './user-store.ts'

/** A user to be. */
export interface Invitation {
  readonly login: string
  readonly name: string
  /** The natural person: who has this number already is the same person. */
  readonly staffNumber: string
  readonly roles: readonly Role[]
  /** For a user of a merchant, whose only role is `merchant`. */
  readonly merchantId?: Uuid
}

/** A link for its user alone; the token is shown once. */
export interface MadeLink {
  readonly userId: Uuid
  readonly token: string
  readonly expiresAt: Instant
}

type Acting = IdentityContext

/**
 * Adds a user with roles and a link to enrol by. Refuses `login_malformed`, `login_taken`,
 * `merchant_not_found`, `role_not_for_user`, and `own_roles` for a second user of the inviter.
 */
export async function inviteUser(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: Invitation,
): Promise<MadeLink | Refusal> {
  const { orgId } = change
  const { name, staffNumber, roles, merchantId } = of
  const login = normalLogin(of.login)
  if (login === undefined) return refuse('login_malformed')
  if (!fits(roles, merchantId)) return refuse('role_not_for_user')
  await lockOrganisation(tx, { id: orgId })
  if (merchantId !== undefined && !(await hasMerchant(tx, orgId, merchantId))) {
    return refuse('merchant_not_found')
  }
  const before = await findPerson(tx, orgId, staffNumber)
  if (before !== undefined && isSelf(change, before)) return refuse('own_roles')
  const userId = ctx.ids.uuid()
  const personId = before ?? (await ensurePerson(tx, { orgId, staffNumber, id: ctx.ids.uuid() }))
  const user = { id: userId, orgId, personId, login, name, merchantId, at: ctx.wall.now() }
  if (!(await insertUser(tx, user))) {
    // A refusal has written nothing.
    if (before === undefined) await deletePerson(tx, orgId, personId)
    return refuse('login_taken')
  }
  const granted = { orgId, userId, by: change.actor.person, at: ctx.wall.now() }
  for (const role of new Set(roles)) await insertRole(tx, { ...granted, role })
  const link = await makeLink(ctx, tx, { orgId, userId, purpose: 'invite' })
  const after = {
    ...{ login, name, staff_number: staffNumber, roles: [...new Set(roles)] },
    ...(merchantId !== undefined && { merchant: publicId('mch', 0, merchantId) }),
  }
  const object = publicId('usr', 0, userId)
  await record(ctx, tx, change, [{ action: 'identity.invite_user', object, after }])
  return { userId, ...link }
}

/** A merchant's user has the role merchant alone; all others have any of the rest, or none yet. */
function fits(roles: readonly Role[], merchantId: Uuid | undefined): boolean {
  return merchantId === undefined
    ? !roles.includes('merchant')
    : roles.length > 0 && roles.every((role) => role === 'merchant')
}

function isSelf(change: Change, personId: Uuid): boolean {
  return change.actor.person === publicId('per', 0, personId)
}

/** The user if he can be changed by this actor. Locks the organisation's people until the tx ends. */
async function changeable(tx: Tx, change: Change, userId: Uuid): Promise<ListedUser | Refusal> {
  const { orgId } = change
  await lockOrganisation(tx, { id: orgId })
  const [user] = await listUsers(tx, { orgId, only: userId, limit: 1 })
  if (user === undefined) return refuse('user_not_found')
  if (isSelf(change, user.personId)) return refuse('own_roles')
  return user.state === 'active' ? user : refuse('user_is_disabled')
}

/**
 * Gives a user a role; his sessions end. Refuses `user_not_found`, `user_is_disabled`,
 * `user_has_role`, `role_not_for_user`, and `own_roles` for a user of the actor's own person.
 */
export async function grantRole(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid; readonly role: Role },
): Promise<Refusal | undefined> {
  const user = await changeable(tx, change, of.userId)
  if ('refused' in user) return user
  if (!fits([...user.roles, of.role], user.merchantId)) return refuse('role_not_for_user')
  const by = { by: change.actor.person, at: ctx.wall.now() }
  if (!(await insertRole(tx, { orgId: change.orgId, ...of, ...by }))) return refuse('user_has_role')
  return rolesChanged(ctx, tx, change, { user, action: 'identity.grant_role' })
}

/**
 * Takes a role from a user; his sessions end. Refuses as `grantRole` does, `user_lacks_role`, and
 * `last_administrator` when nobody else could sign in as one.
 */
export async function revokeRole(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid; readonly role: Role },
): Promise<Refusal | undefined> {
  const user = await changeable(tx, change, of.userId)
  if ('refused' in user) return user
  const at = { orgId: change.orgId, ...of }
  if (!user.roles.includes(of.role)) return refuse('user_lacks_role')
  if (of.role === 'administrator' && !(await hasOtherAdministrator(tx, at))) {
    return refuse('last_administrator')
  }
  if (!(await deleteRole(tx, at))) return refuse('user_lacks_role')
  return rolesChanged(ctx, tx, change, { user, action: 'identity.revoke_role' })
}

async function rolesChanged(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly user: ListedUser; readonly action: string },
): Promise<undefined> {
  const { user, action } = of
  const { orgId } = change
  const [now] = await listUsers(tx, { orgId, only: user.id, limit: 1 })
  const at = ctx.wall.now()
  await endSessions(tx, { orgId, userId: user.id, at, why: 'roles_changed' })
  const [before, after] = [{ roles: user.roles }, { roles: now!.roles }]
  const object = publicId('usr', 0, user.id)
  await record(ctx, tx, change, [{ action, object, before, after }])
  ctx.sessions.forget()
}

/**
 * Disables a user for good: his sessions and unused links end. Refuses `user_not_found`,
 * `user_is_disabled`, `own_roles` and `last_administrator`.
 */
export async function disableUser(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid },
): Promise<Refusal | undefined> {
  const { orgId } = change
  const { userId } = of
  const user = await changeable(tx, change, userId)
  if ('refused' in user) return user
  const isAdministrator = user.roles.includes('administrator')
  if (isAdministrator && !(await hasOtherAdministrator(tx, { orgId, userId }))) {
    return refuse('last_administrator')
  }
  const moved = await moveUser(tx, { orgId, userId, from: 'active', to: 'disabled' })
  if (!moved) return refuse('user_is_disabled')
  const at = ctx.wall.now()
  await endSessions(tx, { orgId, userId, at, why: 'disabled' })
  await dropLinks(tx, { userId, at })
  const object = publicId('usr', 0, userId)
  const [before, after] = [{ state: 'active' }, { state: 'disabled' }]
  await record(ctx, tx, change, [{ action: 'identity.disable_user', object, before, after }])
  ctx.sessions.forget()
  return undefined
}

/** How long others' leave to give a user new credentials lasts. */
const RESET_MS = 24 * 3_600_000

/**
 * Others have agreed that a user gets new credentials: an administrator may make the link within a
 * day. Refuses `user_not_found`, `user_is_disabled` and `own_roles`.
 */
export async function allowUserReset(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid },
): Promise<Refusal | undefined> {
  const user = await changeable(tx, change, of.userId)
  if ('refused' in user) return user
  const { orgId } = change
  const until = ctx.wall.now() + RESET_MS
  if (!(await allowReset(tx, { orgId, userId: user.id, until }))) return refuse('user_is_disabled')
  const object = publicId('usr', 0, user.id)
  await record(ctx, tx, change, [{ action: 'identity.allow_reset', object }])
  return undefined
}

/**
 * A link by which a user sets new credentials; those he has work until it is used. `reviewed`: whoever
 * has credentials needs the leave of `allowUserReset`, because with the link one could act as him.
 * Refuses `user_not_found`, `user_is_disabled`, `own_roles` and `review_required`.
 */
export async function resetUser(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid; readonly reviewed?: boolean },
): Promise<MadeLink | Refusal> {
  const user = await changeable(tx, change, of.userId)
  if ('refused' in user) return user
  const { orgId } = change
  const isNew = !user.hasPassword && user.passkeys === 0
  const leave = { orgId, userId: user.id, at: ctx.wall.now() }
  const needsLeave = of.reviewed === true && !isNew
  if (needsLeave && !(await takeReset(tx, leave))) return refuse('review_required')
  const purpose = isNew ? 'invite' : 'reset'
  const link = await makeLink(ctx, tx, { orgId, userId: user.id, purpose })
  const object = publicId('usr', 0, user.id)
  await record(ctx, tx, change, [{ action: 'identity.make_link', object, after: { purpose } }])
  return { userId: user.id, ...link }
}

/** Ends all sessions of a user of the organisation. Refuses `user_not_found`. */
export async function endUserSessions(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid },
): Promise<{ readonly ended: number } | Refusal> {
  const { orgId } = change
  const { userId } = of
  const [user] = await listUsers(tx, { orgId, only: userId, limit: 1 })
  if (user === undefined) return refuse('user_not_found')
  const at = ctx.wall.now()
  const ended = await endSessions(tx, { orgId, userId, at, why: 'by_administrator' })
  const object = publicId('usr', 0, userId)
  const after = { ended: ended.length }
  await record(ctx, tx, change, [{ action: 'identity.end_sessions', object, after }])
  ctx.sessions.forget()
  return after
}

/** Adds a merchant: its id and name, until it has a module of its own. */
export async function addMerchant(
  ctx: Acting,
  tx: Tx,
  change: Change,
  of: { readonly name: string },
): Promise<{ readonly merchantId: Uuid }> {
  const merchantId = ctx.ids.uuid()
  await insertMerchant(tx, { id: merchantId, orgId: change.orgId, name: of.name })
  const object = publicId('mch', 0, merchantId)
  await record(ctx, tx, change, [{ action: 'identity.add_merchant', object, after: { ...of } }])
  return { merchantId }
}
