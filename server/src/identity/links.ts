/**
 * One-time links: how the first administrator, an invited user, or one who lost his credentials gets
 * a way to sign in. Whoever holds the link is believed once, within 24 hours; nobody is ever given a
 * password by somebody else.
 *
 * The easy mistake: using a link up when it is opened. Mail scanners open links. It is used up in
 * the tx that keeps the new credentials, and the seed of one-time codes is a new one at each opening,
 * so that who looked before has seen nothing.
 */
import { type Instant, type Personal, publicId, type Tx, type Uuid } from '#base'
import { type Change, type IdentityContext, OPERATOR, record, type Visit } from './context.ts'
import { findLink, insertLink, type Link, putSecret, takeLink } from './link-store.ts'
import { normalLogin } from './login.ts'
import { freshSecret, openSecret, sealSecret, secretUri, stepOf } from './one-time-code.ts'
import { type Attestation, askAttestation, checkAttestation, type Passkey } from './passkey.ts'
import { deletePasskeys, insertPasskey } from './passkey-store.ts'
import { refusePassword } from './password.ts'
import { type Refusal, refuse } from './refusals.ts'
import { freshToken, tokenHash } from './session.ts'
import { endSessions } from './session-store.ts'
import { type SignedIn, secretOf } from './sign-in.ts'
import type { LinkPurpose } from './states.ts'
import {
  clearPassword,
  ensurePerson,
  findSigning,
  hasUsers,
  insertRole,
  insertUser,
  lockOrganisation,
  setPassword,
} from './user-store.ts'

export const LINK_MS = 24 * 3_600_000

/** Who the first administrator is; every other link knows its user. */
export interface Who {
  readonly login: string
  readonly name: string
  readonly staffNumber: string
}

/** What the holder of a link is shown. */
export interface OpenedLink {
  readonly purpose: LinkPurpose
  /** Absent for the first administrator, who chooses one. */
  readonly login: string | undefined
  readonly name: string | undefined
  readonly expiresAt: Instant
  /** The seed for an authenticator app, and as a URI to be scanned. */
  readonly secret: Personal
  readonly uri: string
}

export interface Links {
  /** Shows a link with a fresh seed. Refuses `link_refused`. */
  open(token: string): Promise<OpenedLink | Refusal>
  /** Sets password and one-time codes and signs in. Uses the link up. */
  setPassword(
    of: {
      readonly token: string
      readonly password: string
      readonly code: string
      readonly who?: Who
    },
    visit: Visit,
  ): Promise<SignedIn | Refusal>
  /** What the browser makes a passkey from. */
  passkeyOptions(of: {
    readonly token: string
    readonly who?: Who
  }): Promise<{ readonly options: object } | Refusal>
  /** Keeps a passkey and signs in. Uses the link up. */
  setPasskey(
    of: {
      readonly token: string
      readonly response: Attestation
      readonly passkeyName: string
      readonly who?: Who
    },
    visit: Visit,
  ): Promise<SignedIn | Refusal>
}

/** The links of one database. */
export function createLinks(ctx: IdentityContext): Links {
  const found = async (token: string, who: Who | undefined) => {
    const link = await findLink(ctx.db, { tokenHash: tokenHash(token), at: ctx.wall.now() })
    if (link === undefined) return refuse('link_refused')
    return holderOf(ctx, link, who)
  }
  return {
    open: (token) => open(ctx, token),
    setPassword: async ({ token, password, code, who }, visit) => {
      const holder = await found(token, who)
      if ('refused' in holder) return holder
      const refused = refusePassword(password, holder)
      if (refused !== undefined) return refuse(refused)
      const { link } = holder
      const sealed = link.totpSecret
      if (sealed === undefined) return refuse('one_time_code_refused')
      const secret = openSecret(ctx.seal, sealed, draftOf(link, token))
      const step = await stepOf(secret, code, ctx.wall.now())
      if (step === undefined) return refuse('one_time_code_refused')
      const passwordHash = await ctx.hasher.hash(password)
      const { userId } = link
      const totpSecret = sealSecret(ctx.seal, secret, secretOf({ id: userId, orgId: link.orgId }))
      const keep = async (tx: Tx): Promise<undefined> => {
        await setPassword(tx, { userId, passwordHash, totpSecret, step })
      }
      return use(ctx, { holder, token, way: 'password', totpSecret: sealed, keep }, visit)
    },
    passkeyOptions: async ({ token, who }) => {
      const holder = await found(token, who)
      if ('refused' in holder) return holder
      const { link, login, name } = holder
      const user = { id: link.userId, login, name }
      return { options: await askAttestation(ctx, { ...enrolmentOf(token), user, known: [] }) }
    },
    setPasskey: async ({ token, response, passkeyName, who }, visit) => {
      const holder = await found(token, who)
      if ('refused' in holder) return holder
      const passkey = await checkAttestation(ctx, response, enrolmentOf(token))
      if (passkey === undefined) return refuse('passkey_refused')
      const keep = (tx: Tx) => keepPasskey(ctx, tx, { ...holder.link, passkey, name: passkeyName })
      return use(ctx, { holder, token, way: 'passkey', keep }, visit)
    },
  }
}

/** A link's token as its hash in hex: what challenges and drafts of seeds are bound to. */
function linkRow(token: string): string {
  return tokenHash(token).toString('hex')
}

function draftOf(link: Pick<Link, 'orgId'>, token: string) {
  return { table: 'identity.one_time_link', orgId: link.orgId, row: linkRow(token) } as const
}

function enrolmentOf(token: string) {
  return { purpose: 'enrol', givenTo: linkRow(token) } as const
}

/** Makes a link in the caller's tx; the token is shown once. Unused ones of the user end. */
export async function makeLink(
  ctx: IdentityContext,
  tx: Tx,
  of: { readonly orgId: number; readonly userId: Uuid; readonly purpose: LinkPurpose },
): Promise<{ readonly token: string; readonly expiresAt: Instant }> {
  const token = freshToken(ctx.rng)
  const at = ctx.wall.now()
  const expiresAt = at + LINK_MS
  await insertLink(tx, { ...of, tokenHash: tokenHash(token), at, expiresAt })
  return { token, expiresAt }
}

/**
 * The link that makes the first administrator of an organisation, which is added when it is not
 * there; `undefined` when somebody can be signed in already. A new one replaces an unused one.
 */
export async function firstAdministratorLink(
  ctx: IdentityContext,
  of: { readonly orgId: number; readonly organisation: string },
): Promise<{ readonly token: string; readonly expiresAt: Instant } | undefined> {
  const { orgId, organisation: name } = of
  const [uuid, userId] = [ctx.ids.uuid(), ctx.ids.uuid()]
  return ctx.db.tx(async (tx) => {
    await lockOrganisation(tx, { id: orgId, uuid, name })
    if (await hasUsers(tx, orgId)) return undefined
    const link = await makeLink(ctx, tx, { orgId, userId, purpose: 'first_administrator' })
    const after = { purpose: 'first_administrator' }
    const object = publicId('usr', 0, userId)
    await record(ctx, tx, { orgId, actor: OPERATOR, from: '' }, [
      { action: 'identity.make_link', object, after },
    ])
    return link
  })
}

async function open(ctx: IdentityContext, token: string): Promise<OpenedLink | Refusal> {
  const at = ctx.wall.now()
  const link = await findLink(ctx.db, { tokenHash: tokenHash(token), at })
  if (link === undefined) return refuse('link_refused')
  const isFirst = link.purpose === 'first_administrator'
  const user = isFirst ? undefined : await findSigning(ctx.db, link.userId)
  if (!isFirst && user?.state !== 'active') return refuse('link_refused')
  const secret = freshSecret(ctx.rng)
  const totpSecret = sealSecret(ctx.seal, secret, draftOf(link, token))
  const kept = await putSecret(ctx.db, { tokenHash: tokenHash(token), at, totpSecret })
  if (!kept) return refuse('link_refused')
  return {
    ...{ purpose: link.purpose, login: user?.login, name: user?.name },
    ...{
      expiresAt: link.expiresAt,
      secret,
      uri: secretUri(secret, user?.login ?? 'administrator'),
    },
  }
}

interface Holder {
  readonly link: Link
  readonly login: string
  readonly name: string
  /** Only of the first administrator, who becomes a user now. */
  readonly staffNumber: string | undefined
}

async function holderOf(
  ctx: IdentityContext,
  link: Link,
  who: Who | undefined,
): Promise<Holder | Refusal> {
  if (link.purpose === 'first_administrator') {
    if (who === undefined) return refuse('who_missing')
    const login = normalLogin(who.login)
    if (login === undefined) return refuse('login_malformed')
    return { link, login, name: who.name, staffNumber: who.staffNumber }
  }
  if (who !== undefined) return refuse('who_known')
  const user = await findSigning(ctx.db, link.userId)
  if (user?.state !== 'active') return refuse('link_refused')
  return { link, login: user.login, name: user.name, staffNumber: undefined }
}

interface Use {
  readonly holder: Holder
  readonly token: string
  readonly way: 'password' | 'passkey'
  /** The seed, sealed, whose code was given. */
  readonly totpSecret?: string
  /** Keeps the new credential; a refusal undoes the whole. */
  readonly keep: (tx: Tx) => Promise<Refusal | undefined>
}

/** A refusal on its way out of a tx, which it undoes. */
class Undone extends Error {
  override name = 'Undone'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.refused)
    this.refusal = refusal
  }
}

/** Uses the link up, puts the new credential in the place of all others, and signs in. */
async function use(ctx: IdentityContext, of: Use, visit: Visit): Promise<SignedIn | Refusal> {
  const { holder, token, way, totpSecret } = of
  const { orgId, userId, purpose } = holder.link
  const at = ctx.wall.now()
  const ids = { person: ctx.ids.uuid(), session: ctx.ids.uuid() }
  const once = { tokenHash: tokenHash(token), at, ...(totpSecret !== undefined && { totpSecret }) }
  const work = async (tx: Tx): Promise<SignedIn> => {
    await lockOrganisation(tx, { id: orgId })
    if (!(await takeLink(tx, once))) throw new Undone(refuse('link_refused'))
    if (holder.staffNumber !== undefined) await addFirst(tx, { holder, person: ids.person, at })
    await clearPassword(tx, userId)
    await deletePasskeys(tx, userId)
    await endSessions(tx, { orgId, userId, at, why: 'credentials_reset' })
    const refused = await of.keep(tx)
    if (refused !== undefined) throw new Undone(refused)
    const user = (await findSigning(tx, userId))!
    if (user.state !== 'active') throw new Undone(refuse('link_refused'))
    const { from, agent, requestId } = visit
    const signedIn = await ctx.sessions.start(tx, { id: ids.session, orgId, userId, from, agent })
    const object = publicId('usr', 0, userId)
    const actor = { kind: 'user', id: object, person: publicId('per', 0, user.personId) } as const
    const change: Change = { orgId, actor, from, ...(requestId !== undefined && { requestId }) }
    await record(ctx, tx, change, [
      ...(holder.staffNumber === undefined ? [] : [madeFirst(holder, object)]),
      { action: 'identity.set_credentials', object, after: { purpose, way } },
    ])
    return { token: signedIn, userId }
  }
  try {
    return await ctx.db.tx(work)
  } catch (error) {
    if (error instanceof Undone) return error.refusal
    throw error
  } finally {
    ctx.sessions.forget()
  }
}

function madeFirst({ login, name, staffNumber }: Holder, object: string) {
  const after = { login, name, staff_number: staffNumber, roles: ['administrator'] }
  return { action: 'identity.make_first_administrator', object, after }
}

async function addFirst(
  tx: Tx,
  of: { readonly holder: Holder; readonly person: Uuid; readonly at: Instant },
): Promise<void> {
  const { holder, at } = of
  const { orgId, userId } = holder.link
  if (await hasUsers(tx, orgId)) throw new Undone(refuse('link_refused'))
  const personId = await ensurePerson(tx, {
    ...{ orgId, staffNumber: holder.staffNumber!, id: of.person },
  })
  const { login, name } = holder
  const user = { id: userId, orgId, personId, login, name, merchantId: undefined, at }
  if (!(await insertUser(tx, user))) throw new Undone(refuse('login_taken'))
  await insertRole(tx, { orgId, userId, role: 'administrator', by: OPERATOR.person, at })
}

async function keepPasskey(
  ctx: IdentityContext,
  tx: Tx,
  of: {
    readonly orgId: number
    readonly userId: Uuid
    readonly passkey: Passkey
    readonly name: string
  },
): Promise<Refusal | undefined> {
  const { orgId, userId, passkey, name } = of
  const at = ctx.wall.now()
  const kept = await insertPasskey(tx, { ...passkey, orgId, userId, name, at })
  return kept ? undefined : refuse('passkey_known')
}
