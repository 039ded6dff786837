/** Identity put together: what the composition root builds once. */
import type { PersonalSeal, World } from '#base'
import type { IdentityContext } from './context.ts'
import { createLinks, type Links } from './links.ts'
import type { RelyingParty } from './passkey.ts'
import { createHasher, type Hasher } from './password.ts'
import { createSessions, type Sessions, type Wall } from './session.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createOwnCredentials, createStepUp, type OwnCredentials, type StepUp } from './step-up.ts'

export interface IdentityOptions {
  readonly world: Pick<World, 'db' | 'rng' | 'ids' | 'clock'>
  /** The wall clock, even where the World's is moved by a test clock. */
  readonly wall: Wall
  readonly seal: PersonalSeal
  /** As browsers know this server; the origins are whole, such as `http://localhost:4000`. */
  readonly relyingParty: RelyingParty
  readonly hasher?: Hasher
}

export interface Identity {
  /** What the acts on users and links take first. */
  readonly context: IdentityContext
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly stepUp: StepUp
  readonly own: OwnCredentials
  readonly links: Links
}

/** Builds identity on one database. */
export function createIdentity(options: IdentityOptions): Identity {
  const { wall, seal, relyingParty } = options
  const { db, rng, ids, clock } = options.world
  const sessions = createSessions({ db, rng, wall })
  const hasher = options.hasher ?? createHasher(rng)
  const context = { db, rng, ids, clock, wall, seal, sessions, hasher, relyingParty }
  return {
    context,
    sessions,
    signIn: createSignIn(context),
    stepUp: createStepUp(context),
    own: createOwnCredentials(context),
    links: createLinks(context),
  }
}
