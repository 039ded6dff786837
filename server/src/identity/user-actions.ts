/**
 * What changes who may do what, as actions that take a second person: giving and taking a role, and
 * leave for new credentials of somebody who has some. An invited user has no role and needs no one.
 *
 * The easy mistake: judging "himself" by the checker. Whoever asked is the one who would gain, so the
 * change is made in the maker's name. Approvals stands above this module: how its approval is marked
 * comes in as an argument.
 */
import { type TSchema, Type } from 'typebox'
import { type Instant, type OutboxEvent, parsePublicId, publicId, type Tx, type Uuid } from '#base'
import type { Change, IdentityContext } from './context.ts'
import { ROLES, type Role, roleTitle } from './permissions.ts'
import { identityProblem, type Refusal } from './refusals.ts'
import { findSigning, listUsers } from './user-store.ts'
import { allowUserReset, grantRole, revokeRole } from './users.ts'

export const GRANT_ROLE = 'identity.grant_role'
export const REVOKE_ROLE = 'identity.revoke_role'
export const ALLOW_RESET = 'identity.allow_reset'

/** An approved request, as approvals hands it in. */
export interface Approval {
  readonly id: string
  readonly hash: string
  readonly maker: string
  readonly checkers: readonly string[]
}

/** How a tx carries an approval: approvals' `markExecuted` and `executedEvent`. */
export interface Carrying {
  mark(tx: Tx, at: Instant, orgId: number, approval: Approval): Promise<boolean>
  event(orgId: number, approval: Approval): OutboxEvent
}

interface ActionRefusal {
  readonly refused: string
  readonly detail: string
}

interface Content {
  readonly user: string
  /** Only of roles. */
  readonly role?: Role
}

/** An action in the form approvals takes. */
export interface UserAction {
  readonly action: string
  readonly title: { readonly en: string; readonly zh: string }
  readonly content: TSchema
  readonly permission: string
  book(): number
  preview(
    orgId: number,
    content: unknown,
  ): Promise<{ readonly lines: readonly UserLine[] } | ActionRefusal>
  execute(
    orgId: number,
    content: unknown,
    approval: Approval,
  ): Promise<{ readonly done: unknown } | ActionRefusal>
}

interface UserLine {
  readonly what: { readonly en: string; readonly zh: string }
  readonly account?: string
  readonly before?: string
  readonly after?: string
}

const closed = { additionalProperties: false }
const UserId = Type.String({ pattern: '^usr_0_[0-9a-f]{32}$' })
const OfRole = Type.Object({ user: UserId, role: Type.Enum(ROLES) }, closed)
const OfUser = Type.Object({ user: UserId }, closed)

type Act = (
  tx: Tx,
  change: Change,
  of: { readonly userId: Uuid; readonly role: Role },
) => Promise<Refusal | undefined>

/** The actions, for the list that approvals is made with. */
export function userActions(ctx: IdentityContext, carrying: Carrying): readonly UserAction[] {
  const make = (
    of: Pick<UserAction, 'action' | 'title' | 'content'>,
    act: Act,
    line: (content: Content) => Partial<UserLine> & Pick<UserLine, 'what'>,
  ): UserAction => ({
    ...of,
    permission: 'users.manage',
    book: () => 0,
    preview: (orgId, content) => preview(ctx, { orgId, content: content as Content, act, line }),
    execute: (orgId, content, approval) =>
      execute(ctx, carrying, { orgId, content: content as Content, act, approval }),
  })
  return [
    make(
      { action: GRANT_ROLE, title: { en: 'Give a role', zh: '授予角色' }, content: OfRole },
      (tx, change, of) => grantRole(ctx, tx, change, of),
      ({ role }) => ({ what: { en: 'Gets the role', zh: '获得角色' }, after: titled(role!) }),
    ),
    make(
      { action: REVOKE_ROLE, title: { en: 'Take a role away', zh: '收回角色' }, content: OfRole },
      (tx, change, of) => revokeRole(ctx, tx, change, of),
      ({ role }) => ({ what: { en: 'Loses the role', zh: '失去角色' }, before: titled(role!) }),
    ),
    make(
      {
        ...{ action: ALLOW_RESET, content: OfUser },
        title: { en: 'Allow new credentials', zh: '允许重置登录凭证' },
      },
      (tx, change, of) => allowUserReset(ctx, tx, change, of),
      () => ({
        what: {
          en: 'An administrator may make a link for new credentials within a day',
          zh: '管理员可在一天内生成重置登录凭证的链接',
        },
      }),
    ),
  ]
}

function titled(role: Role): string {
  const { en, zh } = roleTitle(role)
  return `${zh} ${en}`
}

/** Rolls the tx back: a preview, a refusal, or an approval that was carried out before. */
class RolledBack extends Error {
  override name = 'RolledBack'
  readonly refusal: Refusal | undefined
  constructor(refusal: Refusal | undefined) {
    super(refusal?.refused ?? 'rolled back')
    this.refusal = refusal
  }
}

function refusedAs({ refused }: Refusal): ActionRefusal {
  return { refused, detail: identityProblem(refused).detail }
}

function ofContent({ user, role }: Content) {
  return { userId: parsePublicId(user)!.uuid, role: role ?? ('viewer' as const) }
}

/** Tries the act out and takes it back, so that what is shown is what would happen. */
async function preview(
  ctx: IdentityContext,
  of: {
    readonly orgId: number
    readonly content: Content
    readonly act: Act
    readonly line: (content: Content) => Partial<UserLine> & Pick<UserLine, 'what'>
  },
) {
  const { orgId, content, act, line } = of
  const actor = { kind: 'platform', id: 'identity', person: '' } as const
  const named = ofContent(content)
  const refusal = await ctx.db
    .tx(async (tx): Promise<never> => {
      throw new RolledBack(await act(tx, { orgId, actor, from: '' }, named))
    })
    .catch(rolledBack)
  if (refusal !== undefined) return refusedAs(refusal)
  const [user] = await listUsers(ctx.db, { orgId, only: named.userId, limit: 1 })
  return { lines: [{ account: user!.login, ...line(content) }] }
}

async function execute(
  ctx: IdentityContext,
  carrying: Carrying,
  of: {
    readonly orgId: number
    readonly content: Content
    readonly act: Act
    readonly approval: Approval
  },
): Promise<{ readonly done: unknown } | ActionRefusal> {
  const { orgId, content, act, approval } = of
  const at = ctx.clock.now()
  const makerId = parsePublicId(approval.maker, 'usr')?.uuid
  const maker = makerId === undefined ? undefined : await findSigning(ctx.db, makerId)
  const change: Change = {
    ...{ orgId, from: '', approval: approval.id, events: [carrying.event(orgId, approval)] },
    actor: {
      kind: makerId === undefined ? 'key' : 'user',
      id: approval.maker,
      person: maker === undefined ? '' : publicId('per', 0, maker.personId),
    },
  }
  const refusal = await ctx.db
    .tx(async (tx) => {
      if (!(await carrying.mark(tx, at, orgId, approval))) throw new RolledBack(undefined)
      const refused = await act(tx, change, ofContent(content))
      if (refused !== undefined) throw new RolledBack(refused)
      return undefined
    })
    .catch(rolledBack)
  ctx.sessions.forget()
  // Carried out before, or by another server meanwhile: approvals looks whether it was.
  return refusal === undefined ? { done: content } : refusedAs(refusal)
}

function rolledBack(error: unknown): Refusal | undefined {
  if (error instanceof RolledBack) return error.refusal
  throw error
}
