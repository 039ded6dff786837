/**
 * SQL of organisations, persons, users and their roles.
 *
 * The easy mistake: finding a user by his id alone. Every statement on behalf of somebody names his
 * organisation too; only a sign-in, which has none yet, does not.
 */
import { type Instant, publicId, type Tx, type Uuid } from '#base'
import type { Role } from './permissions.ts'
import type { UserState } from './states.ts'

/** A user as a sign-in needs him. */
export interface SigningUser {
  readonly id: Uuid
  readonly orgId: number
  readonly personId: Uuid
  readonly login: string
  readonly name: string
  readonly state: UserState
  readonly passwordHash: string | undefined
  /** Sealed. */
  readonly totpSecret: string | undefined
}

/** A user as administrators see him. */
export interface ListedUser {
  readonly id: Uuid
  readonly orgId: number
  readonly personId: Uuid
  readonly staffNumber: string
  readonly login: string
  readonly name: string
  readonly merchantId: Uuid | undefined
  readonly state: UserState
  readonly roles: readonly Role[]
  readonly hasPassword: boolean
  readonly passkeys: number
  readonly lockedUntil: Instant | undefined
  readonly madeAt: Instant
}

interface SigningRow {
  id: Uuid
  org_id: number
  person_id: Uuid
  login: string
  name: string
  state: UserState
  password_hash: string | null
  totp_secret: string | null
}

const SIGNING = 'id, org_id, person_id, login, name, state, password_hash, totp_secret'

export async function findByLogin(tx: Tx, login: string): Promise<SigningUser | undefined> {
  const sql = `select ${SIGNING} from identity.user_ where login = $1`
  const [row] = await tx.query<SigningRow>(sql, [login])
  return row && signingUser(row)
}

export async function findSigning(tx: Tx, id: Uuid): Promise<SigningUser | undefined> {
  const sql = `select ${SIGNING} from identity.user_ where id = $1`
  const [row] = await tx.query<SigningRow>(sql, [id])
  return row && signingUser(row)
}

function signingUser(row: SigningRow): SigningUser {
  return {
    ...{ id: row.id, orgId: row.org_id, personId: row.person_id, login: row.login },
    ...{ name: row.name, state: row.state },
    passwordHash: row.password_hash ?? undefined,
    totpSecret: row.totp_secret ?? undefined,
  }
}

/**
 * Takes the time step of a one-time code and clears the failures; false when the step was taken, the
 * user is locked or disabled, or his password is no longer the one that was checked.
 */
export async function takeStep(
  tx: Tx,
  of: {
    readonly userId: Uuid
    readonly passwordHash: string
    readonly step: bigint
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.user_ set totp_step = $3, failures = 0, locked_until = null
     where id = $1 and state = 'active' and password_hash = $2 and totp_step < $3
       and (locked_until is null or locked_until <= $4) returning 1`,
    [of.userId, of.passwordHash, of.step, new Date(of.at)],
  )
  return rows.length === 1
}

/** Counts a failure and locks at `most` of them; while locked nothing is counted. Whether it locked now. */
export async function countFailure(
  tx: Tx,
  of: {
    readonly userId: Uuid
    readonly at: Instant
    readonly most: number
    readonly until: Instant
  },
): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(
    `update identity.user_ set
       failures = case when locked_until > $2 then failures
                       when failures + 1 >= $3 then 0 else failures + 1 end,
       locked_until = case when locked_until > $2 then locked_until
                           when failures + 1 >= $3 then $4::timestamptz else null end
     where id = $1 returning coalesce(locked_until = $4::timestamptz, false) as locked`,
    [of.userId, new Date(of.at), of.most, new Date(of.until)],
  )
  return row?.locked === true
}

/** How many failed sign-ins an address had since an instant. */
export async function failuresOf(tx: Tx, address: string, since: Instant): Promise<number> {
  const [row] = await tx.query<{ failures: number }>(
    'select failures from identity.sign_in_failure where address = $1 and since > $2',
    [address, new Date(since)],
  )
  return row?.failures ?? 0
}

/** Counts a failed sign-in of an address within a window, and forgets old windows of others. */
export async function countAddress(
  tx: Tx,
  of: { readonly address: string; readonly at: Instant; readonly since: Instant },
): Promise<void> {
  await tx.query(
    `with stale as (
       select address from identity.sign_in_failure where since <= $3 and address <> $1
       limit 100 for update skip locked
     ), gone as (
       delete from identity.sign_in_failure f using stale where f.address = stale.address
     )
     insert into identity.sign_in_failure as f (address, failures, since) values ($1, 1, $2)
     on conflict (address) do update set
       failures = case when f.since <= $3 then 1 else f.failures + 1 end,
       since = case when f.since <= $3 then $2 else f.since end`,
    [of.address, new Date(of.at), new Date(of.since)],
  )
}

/** Sets a user's password and seed, and forgets failures and locks. */
export async function setPassword(
  tx: Tx,
  of: {
    readonly userId: Uuid
    readonly passwordHash: string
    readonly totpSecret: string
    readonly step: bigint
  },
): Promise<void> {
  await tx.query(
    `update identity.user_ set password_hash = $2, totp_secret = $3, totp_step = $4,
       failures = 0, locked_until = null where id = $1`,
    [of.userId, of.passwordHash, of.totpSecret, of.step],
  )
}

/** Puts another password in the place of the one that was checked; false when that has changed. */
export async function replacePassword(
  tx: Tx,
  of: { readonly userId: Uuid; readonly passwordHash: string; readonly newHash: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.user_ set password_hash = $3
     where id = $1 and password_hash = $2 and state = 'active' returning 1`,
    [of.userId, of.passwordHash, of.newHash],
  )
  return rows.length === 1
}

export async function clearPassword(tx: Tx, userId: Uuid): Promise<void> {
  await tx.query(
    `update identity.user_ set password_hash = null, totp_secret = null, totp_step = 0,
       failures = 0, locked_until = null where id = $1`,
    [userId],
  )
}

/** Adds an organisation unless it is there, and keeps it from changing its people at once with others. */
export async function lockOrganisation(
  tx: Tx,
  of: { readonly id: number; readonly uuid?: Uuid; readonly name?: string },
): Promise<boolean> {
  if (of.uuid !== undefined && of.name !== undefined) {
    await tx.query(
      `insert into identity.organisation (id, uuid, name) values ($1, $2, $3)
       on conflict (id) do nothing`,
      [of.id, of.uuid, of.name],
    )
  }
  const rows = await tx.query(
    'select 1 from identity.organisation where id = $1 for no key update',
    [of.id],
  )
  return rows.length === 1
}

/** The public id of an organisation, which is made under this name when it is not there. */
export async function ensureOrganisation(
  tx: Tx,
  of: { readonly id: number; readonly uuid: Uuid; readonly name: string },
): Promise<string> {
  await tx.query(
    `insert into identity.organisation (id, uuid, name) values ($1, $2, $3)
     on conflict (id) do nothing`,
    [of.id, of.uuid, of.name],
  )
  return publicId('org', 0, (await organisationUuid(tx, of.id))!)
}

/** The uuid of an organisation; `undefined` when there is none of this number. */
async function organisationUuid(tx: Tx, orgId: number): Promise<Uuid | undefined> {
  const [row] = await tx.query<{ uuid: Uuid }>(
    'select uuid from identity.organisation where id = $1',
    [orgId],
  )
  return row?.uuid
}

export async function organisationName(tx: Tx, orgId: number): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string }>(
    'select name from identity.organisation where id = $1',
    [orgId],
  )
  return row?.name
}

export async function hasUsers(tx: Tx, orgId: number): Promise<boolean> {
  const [row] = await tx.query('select 1 from identity.user_ where org_id = $1 limit 1', [orgId])
  return row !== undefined
}

/** The person of a staff number. */
export async function findPerson(
  tx: Tx,
  orgId: number,
  staffNumber: string,
): Promise<Uuid | undefined> {
  const [row] = await tx.query<{ id: Uuid }>(
    'select id from identity.person where org_id = $1 and staff_number = $2',
    [orgId, staffNumber],
  )
  return row?.id
}

/** Takes back a person made in the same tx. */
export async function deletePerson(tx: Tx, orgId: number, id: Uuid): Promise<void> {
  await tx.query('delete from identity.person where org_id = $1 and id = $2', [orgId, id])
}

/** The person of a staff number, made when there is none. */
export async function ensurePerson(
  tx: Tx,
  of: { readonly orgId: number; readonly staffNumber: string; readonly id: Uuid },
): Promise<Uuid> {
  await tx.query(
    `insert into identity.person (id, org_id, staff_number) values ($1, $2, $3)
     on conflict (org_id, staff_number) do nothing`,
    [of.id, of.orgId, of.staffNumber],
  )
  return (await findPerson(tx, of.orgId, of.staffNumber))!
}

/** Adds a user; false when the login is taken. */
export async function insertUser(
  tx: Tx,
  user: {
    readonly id: Uuid
    readonly orgId: number
    readonly personId: Uuid
    readonly login: string
    readonly name: string
    readonly merchantId: Uuid | undefined
    readonly at: Instant
  },
): Promise<boolean> {
  const { id, orgId, personId, login, name, merchantId, at } = user
  const rows = await tx.query(
    `insert into identity.user_ (id, org_id, person_id, login, name, merchant_id, state, made_at)
     values ($1, $2, $3, $4, $5, $6, 'active', $7) on conflict (login) do nothing returning 1`,
    [id, orgId, personId, login, name, merchantId ?? null, new Date(at)],
  )
  return rows.length === 1
}

export async function insertMerchant(
  tx: Tx,
  merchant: { readonly id: Uuid; readonly orgId: number; readonly name: string },
): Promise<void> {
  const { id, orgId, name } = merchant
  await tx.query('insert into identity.merchant (id, org_id, name) values ($1, $2, $3)', [
    ...[id, orgId, name],
  ])
}

export async function hasMerchant(tx: Tx, orgId: number, id: Uuid): Promise<boolean> {
  const sql = 'select 1 from identity.merchant where org_id = $1 and id = $2'
  return (await tx.query(sql, [orgId, id])).length === 1
}

export async function listMerchants(
  tx: Tx,
  orgId: number,
): Promise<{ readonly id: Uuid; readonly name: string }[]> {
  return tx.query('select id, name from identity.merchant where org_id = $1 order by name, id', [
    orgId,
  ])
}

/** Adds a role; false when the user has it. */
export async function insertRole(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly userId: Uuid
    readonly role: Role
    /** The public id of the person who gives it. */
    readonly by: string
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into identity.user_role (user_id, org_id, role, granted_by, granted_at)
     values ($1, $2, $3, $4, $5) on conflict (user_id, role) do nothing returning 1`,
    [of.userId, of.orgId, of.role, of.by, new Date(of.at)],
  )
  return rows.length === 1
}

/** Who gave any of these roles to users of a person since an instant, each once. */
export async function grantersOf(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly personId: Uuid
    readonly roles: readonly Role[]
    readonly since: Instant
  },
): Promise<string[]> {
  const rows = await tx.query<{ granted_by: string }>(
    `select distinct r.granted_by from identity.user_role r
     join identity.user_ u on u.org_id = r.org_id and u.id = r.user_id
     where r.org_id = $1 and u.person_id = $2 and r.role = any($3) and r.granted_at > $4
     order by 1`,
    [of.orgId, of.personId, of.roles, new Date(of.since)],
  )
  return rows.map((row) => row.granted_by)
}

/** Takes a role away; false when the user has it not. */
export async function deleteRole(
  tx: Tx,
  of: { readonly orgId: number; readonly userId: Uuid; readonly role: Role },
): Promise<boolean> {
  const rows = await tx.query(
    `delete from identity.user_role where org_id = $1 and user_id = $2 and role = $3 returning 1`,
    [of.orgId, of.userId, of.role],
  )
  return rows.length === 1
}

/** Moves a user from one state to the other; false when he is not in the first. */
export async function moveUser(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly userId: Uuid
    readonly from: UserState
    readonly to: UserState
  },
): Promise<boolean> {
  const rows = await tx.query(
    'update identity.user_ set state = $4 where org_id = $1 and id = $2 and state = $3 returning 1',
    [of.orgId, of.userId, of.from, of.to],
  )
  return rows.length === 1
}

/** Whether somebody else than this user can sign in as administrator. */
export async function hasOtherAdministrator(
  tx: Tx,
  of: { readonly orgId: number; readonly userId: Uuid },
): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from identity.user_ u
     join identity.user_role r on r.user_id = u.id and r.role = 'administrator'
     where u.org_id = $1 and u.id <> $2 and u.state = 'active'
       and (u.password_hash is not null
            or exists (select 1 from identity.passkey p where p.user_id = u.id))
     limit 1`,
    [of.orgId, of.userId],
  )
  return rows.length === 1
}

/** Lets a link for new credentials be made until an instant; false when the user is disabled. */
export async function allowReset(
  tx: Tx,
  of: { readonly orgId: number; readonly userId: Uuid; readonly until: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.user_ set reset_until = $3
     where org_id = $1 and id = $2 and state = 'active' returning 1`,
    [of.orgId, of.userId, new Date(of.until)],
  )
  return rows.length === 1
}

/** Uses up the leave to make such a link; false when there is none, or it has run out. */
export async function takeReset(
  tx: Tx,
  of: { readonly orgId: number; readonly userId: Uuid; readonly at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.user_ set reset_until = null
     where org_id = $1 and id = $2 and reset_until > $3 returning 1`,
    [of.orgId, of.userId, new Date(of.at)],
  )
  return rows.length === 1
}

/**
 * Whether another person holds one of these roles and has ever set credentials. Disabled users count:
 * or who disables all others would be alone again.
 */
export async function hasOtherHolder(
  tx: Tx,
  of: { readonly orgId: number; readonly personId: Uuid; readonly roles: readonly Role[] },
): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from identity.user_role r join identity.user_ u on u.id = r.user_id
     where r.org_id = $1 and r.role = any($3) and u.person_id <> $2
       and (u.password_hash is not null
            or exists (select 1 from identity.passkey p where p.user_id = u.id))
     limit 1`,
    [of.orgId, of.personId, of.roles],
  )
  return rows.length === 1
}

/** Users of an organisation after one of them, by id; one of them alone with `only`. */
export async function listUsers(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly after?: Uuid
    readonly only?: Uuid
    readonly limit: number
  },
): Promise<ListedUser[]> {
  const rows = await tx.query<{
    id: Uuid
    org_id: number
    person_id: Uuid
    staff_number: string
    login: string
    name: string
    merchant_id: Uuid | null
    state: UserState
    roles: Role[]
    has_password: boolean
    passkeys: number
    locked_until: Date | null
    made_at: Date
  }>(
    `select u.id, u.org_id, u.person_id, p.staff_number, u.login, u.name, u.merchant_id, u.state,
            array(select r.role from identity.user_role r where r.user_id = u.id order by 1) as roles,
            u.password_hash is not null as has_password,
            (select count(*)::int from identity.passkey k where k.user_id = u.id) as passkeys,
            u.locked_until, u.made_at
     from identity.user_ u join identity.person p on p.id = u.person_id
     where u.org_id = $1 and ($2::uuid is null or u.id > $2) and ($3::uuid is null or u.id = $3)
     order by u.id limit $4`,
    [of.orgId, of.after ?? null, of.only ?? null, of.limit],
  )
  return rows.map((row) => ({
    ...{ id: row.id, orgId: row.org_id, personId: row.person_id, staffNumber: row.staff_number },
    ...{ login: row.login, name: row.name, state: row.state, roles: row.roles },
    ...{ merchantId: row.merchant_id ?? undefined, hasPassword: row.has_password },
    ...{ passkeys: row.passkeys, lockedUntil: row.locked_until?.getTime() },
    madeAt: row.made_at.getTime(),
  }))
}
