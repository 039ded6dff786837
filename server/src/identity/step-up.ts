/**
 * Proving presence again, and what a signed-in user does with his own ways to sign in.
 *
 * A proof gives the session a new token: one that was copied before the proof is worth nothing after
 * it. The easy mistake: letting a session try codes for ever. They count with the wrong passwords,
 * and the tenth ends the session.
 */
import { publicId, type Tx } from '#base'
import { type Change, changeOf, type IdentityContext, record, type Visit } from './context.ts'
import { openSecret, stepOf } from './one-time-code.ts'
import {
  type Assertion,
  type Attestation,
  askAssertion,
  askAttestation,
  checkAssertion,
  checkAttestation,
} from './passkey.ts'
import {
  deletePasskey,
  findPasskey,
  insertPasskey,
  type ListedPasskey,
  listPasskeys,
  takeCounter,
} from './passkey-store.ts'
import { refusePassword } from './password.ts'
import { type Refusal, refuse } from './refusals.ts'
import { type SessionCaller, tokenHash, uuidOf } from './session.ts'
import { endByToken, endSessions } from './session-store.ts'
import { LOCKED_MS, MOST_FAILURES, secretOf } from './sign-in.ts'
import {
  countFailure,
  findSigning,
  lockOrganisation,
  replacePassword,
  type SigningUser,
  takeStep,
} from './user-store.ts'

/** Whose session a request carries, and the token it carried. */
export interface Present {
  readonly caller: SessionCaller
  readonly token: string
  readonly visit: Visit
}

export interface StepUp {
  /** A code of the authenticator app. The new token, or `step_up_refused`. */
  byCode(by: Present, code: string): Promise<{ readonly token: string } | Refusal>
  /** What the browser is to answer with one of the user's own passkeys. */
  passkeyOptions(by: Present): Promise<object>
  byPasskey(by: Present, response: Assertion): Promise<{ readonly token: string } | Refusal>
}

export function createStepUp(ctx: IdentityContext): StepUp {
  return {
    byCode: async (by, code) => {
      const user = await findSigning(ctx.db, uuidOf(by.caller.id))
      const { totpSecret, passwordHash } = user ?? {}
      if (user !== undefined && totpSecret !== undefined && passwordHash !== undefined) {
        const secret = openSecret(ctx.seal, totpSecret, secretOf(user))
        const step = await stepOf(secret, code, ctx.wall.now())
        if (step !== undefined) {
          const proof = { userId: user.id, passwordHash, step, at: ctx.wall.now() }
          const proved = await prove(ctx, by, 'code', (tx) => takeStep(tx, proof))
          if (proved !== undefined) return proved
        }
      }
      await refuseProof(ctx, by, 'code')
      return refuse('step_up_refused')
    },
    passkeyOptions: async (by) => {
      const allow = await listPasskeys(ctx.db, uuidOf(by.caller.id))
      return askAssertion(ctx, { ...challengeOf(by), allow })
    },
    byPasskey: async (by, response) => {
      const passkey = await findPasskey(ctx.db, response.id)
      if (passkey?.userId === uuidOf(by.caller.id)) {
        const checked = await checkAssertion(ctx, response, { ...challengeOf(by), passkey })
        if (checked !== undefined) {
          const proof = { id: passkey.id, counter: checked.counter, at: ctx.wall.now() }
          const proved = await prove(ctx, by, 'passkey', (tx) => takeCounter(tx, proof))
          if (proved !== undefined) return proved
        }
      }
      await refuseProof(ctx, by, 'passkey')
      return refuse('passkey_refused')
    },
  }
}

function challengeOf(by: Present) {
  return { purpose: 'step_up', givenTo: by.caller.session } as const
}

function changeBy(by: Present): Change {
  return changeOf(by.caller, by.visit.requestId ?? '')
}

/** A refusal on its way out of a tx, which it undoes. */
class NotProved extends Error {
  override name = 'NotProved'
}

async function prove(
  ctx: IdentityContext,
  by: Present,
  way: 'code' | 'passkey',
  take: (tx: Tx) => Promise<boolean>,
): Promise<{ readonly token: string } | undefined> {
  try {
    return await ctx.db.tx(async (tx) => {
      const token = (await take(tx)) ? await ctx.sessions.rotate(tx, by.token) : undefined
      // A proof whose session ended meanwhile is undone, not used up.
      if (token === undefined) throw new NotProved()
      await record(ctx, tx, changeBy(by), [
        { action: 'identity.step_up', object: by.caller.session, after: { way } },
      ])
      return { token }
    })
  } catch (error) {
    if (error instanceof NotProved) return undefined
    throw error
  } finally {
    ctx.sessions.forget()
  }
}

/** Writes a refused proof down. What can be guessed counts, and the tenth ends the session. */
async function refuseProof(
  ctx: IdentityContext,
  by: Present,
  way: 'code' | 'passkey' | 'password',
): Promise<void> {
  const at = ctx.wall.now()
  const lock = { userId: uuidOf(by.caller.id), at, most: MOST_FAILURES, until: at + LOCKED_MS }
  const { session: object, id } = by.caller
  await ctx.db.tx(async (tx) => {
    const locked = way !== 'passkey' && (await countFailure(tx, lock))
    if (locked) await endByToken(tx, { tokenHash: tokenHash(by.token), at, why: 'locked' })
    await record(ctx, tx, changeBy(by), [
      { action: 'identity.refuse_step_up', object, after: { way } },
      ...(locked ? [{ action: 'identity.lock_user', object: id }] : []),
    ])
  })
  ctx.sessions.forget()
}

/** A user's own passkeys and password. All of it wants a fresh proof, which the routes see to. */
export interface OwnCredentials {
  list(by: Present): Promise<readonly ListedPasskey[]>
  passkeyOptions(by: Present): Promise<object>
  addPasskey(by: Present, response: Attestation, name: string): Promise<Refusal | undefined>
  /** Refuses `last_way_in` when the user could not sign in any more. */
  removePasskey(by: Present, id: string): Promise<Refusal | undefined>
  /** Ends the user's other sessions. Refuses `password_refused` when the present one is wrong. */
  changePassword(
    by: Present,
    of: { readonly current: string; readonly password: string },
  ): Promise<Refusal | undefined>
}

export function createOwnCredentials(ctx: IdentityContext): OwnCredentials {
  const enrolment = (by: Present) => ({ purpose: 'enrol', givenTo: by.caller.session }) as const
  return {
    list: (by) => listPasskeys(ctx.db, uuidOf(by.caller.id)),
    passkeyOptions: async (by) => {
      const user = (await findSigning(ctx.db, uuidOf(by.caller.id)))!
      const known = await listPasskeys(ctx.db, user.id)
      return askAttestation(ctx, { ...enrolment(by), user, known })
    },
    addPasskey: async (by, response, name) => {
      const passkey = await checkAttestation(ctx, response, enrolment(by))
      if (passkey === undefined) return refuse('passkey_refused')
      const userId = uuidOf(by.caller.id)
      const kept = { ...passkey, orgId: by.caller.orgId, userId, name, at: ctx.wall.now() }
      return ctx.db.tx(async (tx) => {
        if (!(await insertPasskey(tx, kept))) return refuse('passkey_known')
        const after = { passkey: passkey.id, name }
        const added = { action: 'identity.add_passkey', object: by.caller.id, after }
        await record(ctx, tx, changeBy(by), [added])
        return undefined
      })
    },
    removePasskey: (by, id) =>
      ctx.db.tx(async (tx) => {
        // Two removed at once would each see the other as the way that is left.
        await lockOrganisation(tx, { id: by.caller.orgId })
        const userId = uuidOf(by.caller.id)
        const user = await findSigning(tx, userId)
        const own = await listPasskeys(tx, userId)
        if (!own.some((passkey) => passkey.id === id)) return refuse('passkey_not_found')
        if (own.length === 1 && user?.passwordHash === undefined) return refuse('last_way_in')
        await deletePasskey(tx, { userId, id })
        const before = { passkey: id }
        const removed = { action: 'identity.remove_passkey', object: by.caller.id, before }
        await record(ctx, tx, changeBy(by), [removed])
        return undefined
      }),
    changePassword: (by, of) => changePassword(ctx, by, of),
  }
}

async function changePassword(
  ctx: IdentityContext,
  by: Present,
  of: { readonly current: string; readonly password: string },
): Promise<Refusal | undefined> {
  const user: SigningUser | undefined = await findSigning(ctx.db, uuidOf(by.caller.id))
  const passwordHash = user?.passwordHash
  if (user === undefined || passwordHash === undefined) return refuse('password_refused')
  if (!(await ctx.hasher.verify(passwordHash, of.current))) {
    // Guessing it here counts with guessing it at the door.
    await refuseProof(ctx, by, 'password')
    return refuse('password_refused')
  }
  const refused = refusePassword(of.password, user)
  if (refused !== undefined) return refuse(refused)
  const newHash = await ctx.hasher.hash(of.password)
  const { id: userId, orgId } = user
  const at = ctx.wall.now()
  const except = uuidOf(by.caller.session)
  const done = await ctx.db.tx(async (tx) => {
    if (!(await replacePassword(tx, { userId, passwordHash, newHash }))) return false
    await endSessions(tx, { orgId, userId, at, why: 'password_changed', except })
    const object = publicId('usr', 0, userId)
    await record(ctx, tx, changeBy(by), [{ action: 'identity.change_password', object }])
    return true
  })
  ctx.sessions.forget()
  return done ? undefined : refuse('password_refused')
}
