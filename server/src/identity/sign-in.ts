/**
 * Sign-in: login, password and one-time code in one request, or a passkey alone.
 *
 * Whoever is refused learns nothing: an unknown login, a wrong password, a wrong or used code, a
 * disabled and a locked user take the same statements, the same hashing and get the same answer. The
 * easy mistake is to return early where there is nothing to compare.
 *
 * A lock-out closes the way by password. A passkey cannot be guessed and still opens, so that nobody
 * locks a user out by naming him.
 */
import { must, publicId, type Uuid } from '#base'
import { countedAddress } from './address.ts'
import { changeOf, type IdentityContext, PLATFORM, record, type Visit } from './context.ts'
import { normalLogin } from './login.ts'
import { freshSecret, openSecret, stepOf } from './one-time-code.ts'
import { type Assertion, askAssertion, checkAssertion } from './passkey.ts'
import { findPasskey, takeCounter } from './passkey-store.ts'
import { type Refusal, refuse } from './refusals.ts'
import { type SessionCaller, tokenHash, uuidOf } from './session.ts'
import { endByToken, endSessions } from './session-store.ts'
import {
  countAddress,
  countFailure,
  failuresOf,
  findByLogin,
  findSigning,
  type SigningUser,
  takeStep,
} from './user-store.ts'

/** PCI DSS 8.3.4: at most ten tries, then half an hour. */
export const MOST_FAILURES = 10
export const LOCKED_MS = 30 * 60_000
/** An office behind one address mistypes less often than this. */
const ADDRESS_FAILURES = 30
const ADDRESS_MS = 15 * 60_000

/** A session begun: its token, for the cookie and nothing else. */
export interface SignedIn {
  readonly token: string
  readonly userId: Uuid
}

/** A visit that may bring the token of an older session, which then ends. */
export interface SigningVisit extends Visit {
  readonly oldToken?: string
}

export interface SignIn {
  /** Refuses `sign_in_refused` for every reason alike, and `sign_in_slowed` for an address. */
  byPassword(
    of: { readonly login: string; readonly password: string; readonly code: string },
    visit: SigningVisit,
  ): Promise<SignedIn | Refusal>
  /** What the browser is to answer; the same for everybody. */
  passkeyOptions(): Promise<object>
  /** Refuses `passkey_refused` for every reason alike, and `sign_in_slowed` for an address. */
  byPasskey(response: Assertion, visit: SigningVisit): Promise<SignedIn | Refusal>
}

/** The challenge of a sign-in is given to whoever asks: he is nobody yet. */
const ANYONE = { purpose: 'sign_in', givenTo: '' } as const

/** Builds sign-in; what it compares with where there is nothing is made once. */
export function createSignIn(ctx: IdentityContext): SignIn {
  const decoySecret = freshSecret(ctx.rng)
  return {
    byPassword: async (of, visit) => {
      const slowed = await slowedDown(ctx, visit)
      if (slowed !== undefined) return slowed
      const user = await findByLogin(ctx.db, normalLogin(of.login) ?? '')
      const hashed = user?.passwordHash ?? (await ctx.hasher.decoy())
      const passwordFits = await ctx.hasher.verify(hashed, of.password)
      const sealed = user?.totpSecret
      const secret =
        user === undefined || sealed === undefined
          ? decoySecret
          : openSecret(ctx.seal, sealed, secretOf(user))
      const step = await stepOf(secret, of.code, ctx.wall.now())
      if (passwordFits && step !== undefined && user?.passwordHash !== undefined) {
        const taken = { userId: user.id, passwordHash: user.passwordHash, step }
        const signed = await begin(ctx, user, visit, (tx) =>
          takeStep(tx, { ...taken, at: ctx.wall.now() }),
        )
        if (signed !== undefined) return signed
      }
      await fail(ctx, { user, way: 'password', visit })
      return refuse('sign_in_refused')
    },
    passkeyOptions: () => askAssertion(ctx, ANYONE),
    byPasskey: async (response, visit) => {
      const slowed = await slowedDown(ctx, visit)
      if (slowed !== undefined) return slowed
      const passkey = await findPasskey(ctx.db, response.id)
      if (passkey !== undefined) {
        const checked = await checkAssertion(ctx, response, { ...ANYONE, passkey })
        const user = await findSigning(ctx.db, passkey.userId)
        if (checked !== undefined && user?.state === 'active') {
          const at = ctx.wall.now()
          const signed = await begin(ctx, user, visit, (tx) =>
            takeCounter(tx, { id: passkey.id, counter: checked.counter, at }),
          )
          if (signed !== undefined) return signed
        }
      }
      await fail(ctx, { user: undefined, way: 'passkey', visit })
      return refuse('passkey_refused')
    },
  }
}

/** Where a user's seed stands. */
export function secretOf(user: Pick<SigningUser, 'id' | 'orgId'>) {
  return { table: 'identity.user_', orgId: user.orgId, row: user.id } as const
}

/** Starts a session in the tx that takes the proof; `undefined` when the proof was taken before. */
async function begin(
  ctx: IdentityContext,
  user: SigningUser,
  visit: SigningVisit,
  take: (tx: Parameters<Parameters<IdentityContext['db']['tx']>[0]>[0]) => Promise<boolean>,
): Promise<SignedIn | undefined> {
  const { from, agent, requestId, oldToken } = visit
  const { id: userId, orgId } = user
  const id = ctx.ids.uuid()
  const signed = await ctx.db.tx(async (tx) => {
    if (!(await take(tx))) return undefined
    if (oldToken !== undefined) {
      const at = ctx.wall.now()
      await endByToken(tx, { tokenHash: tokenHash(oldToken), at, why: 'replaced' })
    }
    const token = await ctx.sessions.start(tx, { id, orgId, userId, from, agent })
    const object = publicId('usr', 0, userId)
    const person = publicId('per', 0, user.personId)
    const change = { orgId, actor: { kind: 'user', id: object, person } as const, from }
    await record(ctx, tx, { ...change, ...(requestId !== undefined && { requestId }) }, [
      { action: 'identity.sign_in', object, after: { session: publicId('ses', 0, id) } },
    ])
    return { token, userId }
  })
  if (oldToken !== undefined) ctx.sessions.forget()
  return signed
}

/** Counts a failure by user and by address, and writes it down. */
async function fail(
  ctx: IdentityContext,
  of: { readonly user: SigningUser | undefined; readonly way: string; readonly visit: Visit },
): Promise<void> {
  const { user, way, visit } = of
  const at = ctx.wall.now()
  const { from, requestId } = visit
  // Nobody's row is updated for a login that nobody has: as many statements, in the same order.
  const userId = user?.id ?? ctx.ids.uuid()
  await ctx.db.tx(async (tx) => {
    await countAddress(tx, { address: countedAddress(from), at, since: at - ADDRESS_MS })
    const lock = { userId, at, most: MOST_FAILURES, until: at + LOCKED_MS }
    const locked = await countFailure(tx, lock)
    const object = user === undefined ? 'unknown_user' : publicId('usr', 0, user.id)
    const change = { orgId: user?.orgId ?? 0, actor: PLATFORM, from }
    await record(ctx, tx, { ...change, ...(requestId !== undefined && { requestId }) }, [
      { action: 'identity.refuse_sign_in', object, after: { way } },
      ...(locked ? [{ action: 'identity.lock_user', object, after: lockedFor() }] : []),
    ])
  })
}

function lockedFor() {
  return { minutes: LOCKED_MS / 60_000, failures: MOST_FAILURES }
}

/** Refuses an address from which too much failed, whomever it names. */
export async function slowedDown(ctx: IdentityContext, visit: Visit): Promise<Refusal | undefined> {
  must(visit.from !== '', 'a sign-in comes from somewhere')
  const since = ctx.wall.now() - ADDRESS_MS
  const failures = await failuresOf(ctx.db, countedAddress(visit.from), since)
  return failures < ADDRESS_FAILURES ? undefined : refuse('sign_in_slowed', ADDRESS_MS / 1000)
}

/** Ends the session of a token, if it has not ended. */
export async function signOut(ctx: IdentityContext, token: string, visit: Visit): Promise<void> {
  const at = ctx.wall.now()
  await ctx.db.tx(async (tx) => {
    const ended = await endByToken(tx, { tokenHash: tokenHash(token), at, why: 'signed_out' })
    if (ended === undefined) return
    const user = await findSigning(tx, ended.userId)
    const person = user === undefined ? '' : publicId('per', 0, user.personId)
    const actor = { kind: 'user', id: publicId('usr', 0, ended.userId), person } as const
    const { from, requestId } = visit
    const change = {
      orgId: ended.orgId,
      actor,
      from,
      ...(requestId !== undefined && { requestId }),
    }
    const object = publicId('ses', 0, ended.id)
    await record(ctx, tx, change, [{ action: 'identity.sign_out', object }])
  })
  ctx.sessions.forget()
}

/** Ends one session of the caller's own; false when there is no such one. */
export async function endOneSession(
  ctx: IdentityContext,
  by: { readonly caller: SessionCaller; readonly visit: Visit },
  sessionId: Uuid,
): Promise<boolean> {
  const { caller, visit } = by
  const { orgId, id } = caller
  const of = {
    orgId,
    userId: uuidOf(id),
    at: ctx.wall.now(),
    why: 'by_user',
    only: sessionId,
  } as const
  const ended = await ctx.db.tx(async (tx) => {
    if ((await endSessions(tx, of)).length === 0) return false
    const object = publicId('ses', 0, sessionId)
    const change = changeOf(caller, visit.requestId ?? '')
    await record(ctx, tx, change, [{ action: 'identity.end_session', object }])
    return true
  })
  ctx.sessions.forget()
  return ended
}
