/** The door to identity: who signs in, what he may do, and how a request proves who sent it. */

export type { Change, IdentityContext } from './context.ts'
export { changeOf } from './context.ts'
export { DEMO_USERS, type DemoLink, seedDemoUsers } from './demo-users.ts'
export { createGuard, type GuardOptions } from './guard.ts'
export { signInRoutes } from './http-auth.ts'
export { keyRoutes } from './http-keys.ts'
export { linkRoutes } from './http-links.ts'
export { ownRoutes } from './http-own.ts'
export { type Review, userRoutes } from './http-users.ts'
export { createIdentity, type Identity, type IdentityOptions } from './identity.ts'
export { KEY_MODES, type Key, type KeyMode, type KeyRole } from './key.ts'
export { createKeyAction, type KeyActionOptions } from './key-actions.ts'
export { KEY_PROBLEMS } from './key-refusals.ts'
export { createKeyRing, type KeyRing } from './key-ring.ts'
export {
  createKeys,
  type KeyChange,
  type KeyDraft,
  type Keys,
  keyJson,
  type MadeKey,
} from './keys.ts'
export { firstAdministratorLink } from './links.ts'
export { createNonces, type Nonces } from './nonce.ts'
export type { RelyingParty } from './passkey.ts'
export { createHasher, type Hasher } from './password.ts'
export { createPeople, type People } from './people.ts'
export {
  isPermission,
  isRole,
  PERMISSIONS,
  type Permission,
  permissionsOf,
  ROLES,
  type Role,
  roleTitle,
  type Title,
} from './permissions.ts'
export { LIMITS, type LimitTable } from './rate-limit-classes.ts'
export { createRateLimits, type Limit, type RateLimits } from './rate-limits.ts'
export { type IdentityRefusal, identityProblem, type Refusal, USER_PROBLEMS } from './refusals.ts'
export {
  createSessions,
  SESSION_COOKIE,
  type SessionCaller,
  type Sessions,
  type SessionsOptions,
  sessionToken,
  type Wall,
} from './session.ts'
export { identitySettings } from './settings.ts'
export { type Carrying, type UserAction, userActions } from './user-actions.ts'
export { ensureOrganisation, listMerchants } from './user-store.ts'
export {
  addMerchant,
  allowUserReset,
  disableUser,
  endUserSessions,
  grantRole,
  type Invitation,
  inviteUser,
  type MadeLink,
  resetUser,
  revokeRole,
} from './users.ts'
