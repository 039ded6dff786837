/**
 * Routes of users: seen, invited, given roles, disabled. All of it within the caller's organisation;
 * who is in no position to know gets the same answer as for nobody.
 */
import { type Static, Type } from 'typebox'
import {
  type Call,
  type Caller,
  parsePublicId,
  publicId,
  type Route,
  route,
  writeInstant,
} from '#base'
import { changeOf } from './context.ts'
import { Login, Name, StaffNumber } from './http-links.ts'
import { closed, refused } from './http-session.ts'
import type { Identity } from './identity.ts'
import { permissionsOf, ROLES, roleTitle } from './permissions.ts'
import { type Refusal, refuse } from './refusals.ts'
import { USER_STATES } from './states.ts'
import { ALLOW_RESET, GRANT_ROLE, REVOKE_ROLE } from './user-actions.ts'
import { hasOtherHolder, type ListedUser, listUsers } from './user-store.ts'
import {
  disableUser,
  endUserSessions,
  grantRole,
  inviteUser,
  type MadeLink,
  resetUser,
  revokeRole,
} from './users.ts'

const UserId = Type.String({
  pattern: '^usr_0_[0-9a-f]{32}$',
  description: 'an id such as usr_0_…',
})
const MerchantId = Type.String({
  pattern: '^mch_0_[0-9a-f]{32}$',
  description: 'an id such as mch_0_…',
})
const RoleWord = Type.Enum(ROLES)
const Params = Type.Object({ id: UserId }, closed)
const UserPart = Type.Object(
  {
    id: Type.String(),
    person: Type.String(),
    staff_number: Type.String(),
    login: Type.String(),
    name: Type.String(),
    merchant: Type.Union([Type.String(), Type.Null()]),
    state: Type.Enum(USER_STATES),
    roles: Type.Array(RoleWord),
    has_password: Type.Boolean(),
    passkeys: Type.Integer(),
    locked_until: Type.Union([Type.String(), Type.Null()]),
    made_at: Type.String(),
  },
  { ...closed, $id: 'User' },
)
const LinkPart = Type.Object(
  {
    user: Type.String(),
    token: Type.String({ description: 'For the user alone; shown this once.' }),
    expires_at: Type.String(),
  },
  { ...closed, $id: 'UserLink' },
)
const RolePart = Type.Object(
  {
    role: RoleWord,
    title: Type.Object({ en: Type.String(), zh: Type.String() }, closed),
    permissions: Type.Array(Type.String()),
  },
  { ...closed, $id: 'Role' },
)
const Page = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    starting_after: Type.Optional(UserId),
  },
  closed,
)
const tags = ['users']
const reading = { tags, method: 'GET', policy: { permission: 'users.read' } } as const
const managing = {
  tags,
  method: 'POST',
  policy: { permission: 'users.manage', stepUp: true },
} as const

/** Whether an action with this content takes a second person by the policies in force. */
export type Review = (orgId: number, action: string, content: object) => Promise<boolean>

/** The routes under `/v1/users` and `/v1/roles`. Without `review` nothing takes a second person. */
export function userRoutes(identity: Identity, review: Review = async () => false): Route[] {
  const reviewed = reviewedBy(identity, review)
  return [
    ...readingRoutes(identity),
    inviteRoute(identity, reviewed),
    ...changeRoutes(identity, reviewed),
  ]
}

type Reviewed = (caller: Caller, action: string, content: object) => Promise<boolean>

/** As long as nobody else could ever decide, an administrator sets the house up alone. */
function reviewedBy({ context: { db } }: Identity, review: Review): Reviewed {
  const roles = ROLES.filter((role) => permissionsOf([role]).has('approvals.decide'))
  return async ({ orgId, person }, action, content) => {
    if (!(await review(orgId, action, content))) return false
    const personId = parsePublicId(person, 'per')?.uuid ?? '0'.repeat(32)
    return hasOtherHolder(db, { orgId, personId, roles })
  }
}

function readingRoutes({ context: { db } }: Identity): Route[] {
  return [
    route({
      ...reading,
      path: '/v1/users',
      name: 'listUsers',
      summary: "The organisation's users, in the order they were added.",
      query: Page,
      replies: {
        200: Type.Object({ data: Type.Array(UserPart), has_more: Type.Boolean() }, closed),
      },
      handle: async ({ query, caller: { orgId } }) => {
        const { limit = 50, starting_after } = query
        const after = starting_after === undefined ? {} : { after: uuidIn(starting_after) }
        const users = await listUsers(db, { orgId, limit: limit + 1, ...after })
        const data = users.slice(0, limit).map(userJson)
        return { status: 200, body: { data, has_more: users.length > limit } }
      },
    }),
    route({
      ...reading,
      path: '/v1/users/{id}',
      name: 'getUser',
      summary: 'One user.',
      params: Params,
      replies: { 200: UserPart },
      handle: async ({ params, caller: { orgId } }) => {
        const [user] = await listUsers(db, { orgId, only: uuidIn(params.id), limit: 1 })
        if (user === undefined) return refused(refuse('user_not_found'))
        return { status: 200, body: userJson(user) }
      },
    }),
    route({
      ...reading,
      path: '/v1/roles',
      name: 'listRoles',
      summary: 'The roles there are, and what each may do.',
      replies: { 200: Type.Object({ data: Type.Array(RolePart) }, closed) },
      handle: () => ({ status: 200, body: { data: ROLES.map(roleJson) } }),
    }),
  ]
}

function inviteRoute({ context }: Identity, reviewed: Reviewed): Route {
  return route({
    ...managing,
    path: '/v1/users',
    name: 'inviteUser',
    summary: 'Adds a user and makes the link by which he sets his credentials.',
    body: Type.Object(
      {
        ...{ login: Login, name: Name, staff_number: StaffNumber },
        roles: Type.Array(RoleWord, { maxItems: ROLES.length }),
        merchant: Type.Optional(MerchantId),
      },
      closed,
    ),
    replies: { 201: LinkPart },
    handle: async ({ body, caller, requestId }) => {
      const { login, name, staff_number: staffNumber, roles, merchant } = body
      const bound = merchant === undefined ? {} : { merchantId: uuidIn(merchant) }
      const invitation = { login, name, staffNumber, roles, ...bound }
      // Who has no role can do nothing; those of the organisation are given by approval then.
      for (const role of merchant === undefined ? roles : []) {
        const content = { user: publicId('usr', 0, '0'.repeat(32)), role }
        if (await reviewed(caller, GRANT_ROLE, content)) return refused(refuse('review_required'))
      }
      const change = changeOf(caller, requestId)
      const made = await context.db.tx((tx) => inviteUser(context, tx, change, invitation))
      return 'refused' in made ? refused(made) : { status: 201, body: linkJson(made) }
    },
  })
}

function changeRoutes(identity: Identity, reviewed: Reviewed): Route[] {
  const { context } = identity
  const { db } = context
  const role = Type.Object({ role: RoleWord }, closed)
  const named = { params: Params, replies: { 200: UserPart } }
  return [
    route({
      ...{ ...managing, ...named },
      path: '/v1/users/{id}/roles/grant',
      name: 'grantRole',
      summary: 'Gives a user a role. His sessions end.',
      body: role,
      handle: async (call) => {
        const of = { userId: uuidIn(call.params.id), role: call.body.role }
        const content = { user: call.params.id, role: of.role }
        if (await reviewed(call.caller, GRANT_ROLE, content))
          return refused(refuse('review_required'))
        return changed(identity, call, (change) =>
          db.tx((tx) => grantRole(context, tx, change, of)),
        )
      },
    }),
    route({
      ...{ ...managing, ...named },
      path: '/v1/users/{id}/roles/revoke',
      name: 'revokeRole',
      summary: 'Takes a role from a user. His sessions end.',
      body: role,
      handle: async (call) => {
        const of = { userId: uuidIn(call.params.id), role: call.body.role }
        const content = { user: call.params.id, role: of.role }
        if (await reviewed(call.caller, REVOKE_ROLE, content))
          return refused(refuse('review_required'))
        return changed(identity, call, (change) =>
          db.tx((tx) => revokeRole(context, tx, change, of)),
        )
      },
    }),
    route({
      ...{ ...managing, ...named },
      path: '/v1/users/{id}/disable',
      name: 'disableUser',
      summary: 'Disables a user for good. His sessions end.',
      handle: (call) => {
        const of = { userId: uuidIn(call.params.id) }
        return changed(identity, call, (change) =>
          db.tx((tx) => disableUser(context, tx, change, of)),
        )
      },
    }),
    route({
      ...{ ...managing, ...named },
      path: '/v1/users/{id}/sessions/end',
      name: 'endUserSessions',
      summary: 'Ends all sessions of a user.',
      handle: (call) => {
        const of = { userId: uuidIn(call.params.id) }
        return changed(identity, call, (change) =>
          db.tx((tx) => endUserSessions(context, tx, change, of)),
        )
      },
    }),
    route({
      ...managing,
      path: '/v1/users/{id}/reset',
      name: 'resetUser',
      summary: 'Makes the link by which a user sets new credentials in the place of those he has.',
      params: Params,
      replies: { 201: LinkPart },
      handle: async ({ params, caller, requestId }) => {
        const change = changeOf(caller, requestId)
        const needsLeave = await reviewed(caller, ALLOW_RESET, { user: params.id })
        const of = { userId: uuidIn(params.id), reviewed: needsLeave }
        const made = await db.tx((tx) => resetUser(context, tx, change, of))
        return 'refused' in made ? refused(made) : { status: 201, body: linkJson(made) }
      },
    }),
  ]
}

/** Carries a change out and answers with the user as he then stands. */
async function changed(
  { context: { db } }: Identity,
  call: Pick<Call<{ id: string }, unknown, unknown>, 'params' | 'caller' | 'requestId'>,
  act: (change: ReturnType<typeof changeOf>) => Promise<object | undefined>,
) {
  const outcome = await act(changeOf(call.caller, call.requestId))
  if (outcome !== undefined && 'refused' in outcome) return refused(outcome as Refusal)
  const { orgId } = call.caller
  const [user] = await listUsers(db, { orgId, only: uuidIn(call.params.id), limit: 1 })
  return { status: 200 as const, body: userJson(user!) }
}

/** The contract has seen to the form. */
function uuidIn(id: string): string {
  return parsePublicId(id)!.uuid
}

function userJson(user: ListedUser): Static<typeof UserPart> {
  const { id, personId, merchantId, lockedUntil } = user
  return {
    id: publicId('usr', 0, id),
    person: publicId('per', 0, personId),
    ...{ staff_number: user.staffNumber, login: user.login, name: user.name },
    merchant: merchantId === undefined ? null : publicId('mch', 0, merchantId),
    ...{ state: user.state, roles: [...user.roles] },
    ...{ has_password: user.hasPassword, passkeys: user.passkeys },
    locked_until: lockedUntil === undefined ? null : writeInstant(lockedUntil),
    made_at: writeInstant(user.madeAt),
  }
}

function linkJson({ userId, token, expiresAt }: MadeLink): Static<typeof LinkPart> {
  return { user: publicId('usr', 0, userId), token, expires_at: writeInstant(expiresAt) }
}

function roleJson(role: (typeof ROLES)[number]): Static<typeof RolePart> {
  return { role, title: { ...roleTitle(role) }, permissions: [...permissionsOf([role])] }
}
