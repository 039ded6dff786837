/** What approvals ask of users: what somebody may do at this moment, and who gave him the right to. */
import { parsePublicId, publicId, type Tx, type Uuid } from '#base'
import { isPermission, permissionsOf, ROLES } from './permissions.ts'
import type { Wall } from './session.ts'
import { grantersOf, listUsers } from './user-store.ts'

export interface People {
  /** Whether a user, by his public id, is active and holds a permission now. */
  may(orgId: number, user: string, permission: string): Promise<boolean>
  /**
   * The public ids of the persons who gave this person, through any of his users, a role that holds
   * the permission, within the last `withinMs` milliseconds of wall time.
   */
  appointersOf(
    orgId: number,
    person: string,
    permission: string,
    withinMs: number,
  ): Promise<readonly string[]>
}

/** Reads the database at each question: a right that was taken away counts no longer. */
export function createPeople({ db, wall }: { readonly db: Tx; readonly wall: Wall }): People {
  return {
    may: async (orgId, user, permission) => {
      const only = uuidOf(user, 'usr')
      if (only === undefined || !isPermission(permission)) return false
      const [found] = await listUsers(db, { orgId, only, limit: 1 })
      return found?.state === 'active' && permissionsOf(found.roles).has(permission)
    },
    appointersOf: async (orgId, person, permission, withinMs) => {
      const personId = uuidOf(person, 'per')
      if (personId === undefined) return []
      const roles = ROLES.filter(
        (role) => isPermission(permission) && permissionsOf([role]).has(permission),
      )
      return grantersOf(db, { orgId, personId, roles, since: wall.now() - withinMs })
    },
  }
}

/** The uuid of a public id of configuration, such as `usr_0_…`. */
function uuidOf(id: string, prefix: string): Uuid | undefined {
  const parsed = parsePublicId(id, prefix)
  return parsed !== undefined && publicId(prefix, 0, parsed.uuid) === id ? parsed.uuid : undefined
}
