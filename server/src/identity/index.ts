/** The door to identity: who signs in, what he may do, and how a request proves who sent it. */
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
export {
  createSessions,
  SESSION_COOKIE,
  type SessionCaller,
  type Sessions,
  type SessionsOptions,
  sessionToken,
  type Wall,
} from './session.ts'
