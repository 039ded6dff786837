/**
 * Passkeys: WebAuthn ceremonies (W3C Web Authentication Level 3) with user verification required.
 *
 * The easy mistake: checking an answer against a challenge that may be answered again. A challenge is
 * taken from the database, and so used up, before anything of the answer is believed.
 */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Db, Instant, Rng, Uuid } from '#base'
import { putChallenge, takeChallenge } from './passkey-store.ts'
import { tokenHash, type Wall } from './session.ts'
import type { ChallengePurpose } from './states.ts'

/** Whom passkeys are for: ourselves, as browsers know us. */
export interface RelyingParty {
  /** A domain, such as `localhost` or `pay.example.com`. */
  readonly id: string
  /** Shown by the browser. */
  readonly name: string
  /** The pages that may ask, such as `http://localhost:4000`. */
  readonly origins: readonly string[]
}

export type Assertion = AuthenticationResponseJSON
export type Attestation = RegistrationResponseJSON

/** A passkey as it is kept. */
export interface Passkey {
  /** The credential's own id, base64url. */
  readonly id: string
  readonly publicKey: Uint8Array
  readonly counter: bigint
  readonly transports: readonly string[]
  readonly backedUp: boolean
}

/** How long a challenge may be answered. */
export const CHALLENGE_MS = 5 * 60_000
const CHALLENGE_BYTES = 32

interface Asking {
  readonly db: Db
  readonly rng: Rng
  readonly wall: Wall
  readonly relyingParty: RelyingParty
}

/** For what a challenge is given, and to which session or link; nobody else may answer it. */
export interface Challenged {
  readonly purpose: ChallengePurpose
  readonly givenTo: string
}

/** What `navigator.credentials.get` takes. No list of credentials for a sign-in: it names nobody. */
export async function askAssertion(
  ctx: Asking,
  to: Challenged & { readonly allow?: readonly Pick<Passkey, 'id' | 'transports'>[] },
): Promise<object> {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
  return generateAuthenticationOptions({
    rpID: ctx.relyingParty.id,
    challenge: await freshChallenge(ctx, to),
    timeout: CHALLENGE_MS,
    userVerification: 'required',
    ...(to.allow !== undefined && { allowCredentials: to.allow.map(described) }),
  })
}

/** What `navigator.credentials.create` takes. */
export async function askAttestation(
  ctx: Asking,
  to: Challenged & {
    readonly user: { readonly id: Uuid; readonly login: string; readonly name: string }
    readonly known: readonly Pick<Passkey, 'id' | 'transports'>[]
  },
): Promise<object> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  return generateRegistrationOptions({
    rpID: ctx.relyingParty.id,
    rpName: ctx.relyingParty.name,
    userID: handleOf(to.user.id),
    userName: to.user.login,
    userDisplayName: to.user.name,
    challenge: await freshChallenge(ctx, to),
    timeout: CHALLENGE_MS,
    attestationType: 'none',
    excludeCredentials: to.known.map(described),
    // Found without a name typed in, so that a sign-in tells nobody who exists.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

/** The passkey an answer makes; `undefined` when anything about it is not as asked. */
export async function checkAttestation(
  ctx: Asking,
  response: Attestation,
  to: Challenged,
): Promise<Passkey | undefined> {
  const challenge = await taken(ctx, response.response.clientDataJSON, to)
  if (challenge === undefined) return undefined
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...ctx.relyingParty.origins],
      expectedRPID: ctx.relyingParty.id,
      requireUserVerification: true,
    })
    if (!verified) return undefined
    const { credential, credentialBackedUp } = registrationInfo
    return {
      id: credential.id,
      publicKey: credential.publicKey,
      counter: BigInt(credential.counter),
      transports: credential.transports ?? [],
      backedUp: credentialBackedUp,
    }
  } catch {
    return undefined
  }
}

/**
 * The counter after an answer of a passkey; `undefined` when anything about it is not as asked. The
 * caller takes the counter by a conditional statement: two answers at once, and one is refused.
 */
export async function checkAssertion(
  ctx: Asking,
  response: Assertion,
  of: Challenged & { readonly passkey: Passkey & { readonly userId: Uuid } },
): Promise<{ readonly counter: bigint } | undefined> {
  const { passkey } = of
  const handle = response.response.userHandle
  const challenge = await taken(ctx, response.response.clientDataJSON, of)
  if (challenge === undefined) return undefined
  // A credential that answers for another user than it was made for is no proof of either.
  if (
    handle !== undefined &&
    handle !== Buffer.from(handleOf(passkey.userId)).toString('base64url')
  )
    return undefined
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...ctx.relyingParty.origins],
      expectedRPID: ctx.relyingParty.id,
      requireUserVerification: true,
      credential: {
        id: passkey.id,
        publicKey: new Uint8Array(passkey.publicKey),
        counter: Number(passkey.counter),
      },
    })
    return verified ? { counter: BigInt(authenticationInfo.newCounter) } : undefined
  } catch {
    return undefined
  }
}

async function freshChallenge(ctx: Asking, to: Challenged): Promise<Uint8Array<ArrayBuffer>> {
  const challenge = new Uint8Array(ctx.rng.bytes(CHALLENGE_BYTES))
  const now = ctx.wall.now()
  const text = Buffer.from(challenge).toString('base64url')
  await putChallenge(ctx.db, {
    ...{ hash: tokenHash(text), purpose: to.purpose, givenTo: to.givenTo },
    ...{ expiresAt: now + CHALLENGE_MS, now },
  })
  return challenge
}

/** The challenge an answer names, if it was given to this one, is still good, and unanswered. */
async function taken(ctx: Asking, clientData: string, of: Challenged): Promise<string | undefined> {
  const challenge = challengeIn(clientData)
  if (challenge === undefined) return undefined
  const at: Instant = ctx.wall.now()
  const good = await takeChallenge(ctx.db, { hash: tokenHash(challenge), ...of, at })
  return good ? challenge : undefined
}

function challengeIn(clientData: string): string | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString('utf8'))
    if (typeof data !== 'object' || data === null || !('challenge' in data)) return undefined
    return typeof data.challenge === 'string' ? data.challenge : undefined
  } catch {
    return undefined
  }
}

/** WebAuthn's user handle: the 16 bytes of the user's uuid. */
function handleOf(userId: Uuid): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId, 'hex'))
}

function described({ id, transports }: Pick<Passkey, 'id' | 'transports'>) {
  return { id, transports: [...transports] }
}
