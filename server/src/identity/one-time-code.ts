/**
 * One-time codes by time (TOTP, RFC 6238): six digits, SHA-1, 30 seconds, as authenticator apps
 * have them. A code of the step before or after counts too.
 *
 * The easy mistake: checking a code and forgetting it. Its time step goes back to the caller, who
 * takes it by a conditional statement, so that each step counts once.
 */
import { generateURI, ScureBase32Plugin, verify } from 'otplib'
import { type Instant, Personal, type PersonalSeal, type Rng, type Uuid } from '#base'

const STEP_S = 30
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20
const ISSUER = 'Tenon'

/** A new seed, in Base32 as apps take it. */
export function freshSecret(rng: Rng): Personal {
  return new Personal('secret', new ScureBase32Plugin().encode(rng.bytes(SECRET_BYTES)))
}

/** What an authenticator app scans; holds the seed. */
export function secretUri(secret: Personal, login: string): string {
  return generateURI({ issuer: ISSUER, label: login, secret: secret.reveal('enrol an app') })
}

/** The time step of a code, `undefined` when it is not a code of now, the step before or after. */
export async function stepOf(
  secret: Personal,
  code: string,
  now: Instant,
): Promise<bigint | undefined> {
  if (!/^[0-9]{6}$/.test(code)) return undefined
  const result = await verify({
    secret: secret.reveal('check a one-time code'),
    token: code,
    epoch: Math.floor(now / 1000),
    epochTolerance: STEP_S,
    period: STEP_S,
  })
  return result.valid && 'timeStep' in result ? BigInt(result.timeStep) : undefined
}

/** Where a seed stands sealed: with the user, or with the link whose user may take it. */
export interface SecretPlace {
  readonly table: 'identity.user_' | 'identity.one_time_link'
  readonly orgId: number
  /** The user's uuid, or the hash of the link's token as hex. */
  readonly row: Uuid | string
}

export function sealSecret(seal: PersonalSeal, secret: Personal, place: SecretPlace): string {
  return seal.seal(secret, placeOf(place))
}

export function openSecret(seal: PersonalSeal, envelope: string, place: SecretPlace): Personal {
  return seal.open('secret', envelope, placeOf(place))
}

function placeOf({ table, orgId, row }: SecretPlace) {
  return { table, column: 'totp_secret', org: orgId, row }
}
