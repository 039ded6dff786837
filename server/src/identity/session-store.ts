/** SQL of sessions. A session is found by the hash of its token; the token itself is never stored. */
import type { Instant, Tx, Uuid } from '#base'
import type { Role } from './permissions.ts'
import type { SessionEnd } from './states.ts'

/** A session that has not ended, with whoever it belongs to as he stands now. */
export interface LiveSession {
  readonly id: Uuid
  readonly orgId: number
  readonly userId: Uuid
  readonly personId: Uuid
  readonly merchantId: Uuid | undefined
  readonly roles: readonly Role[]
  readonly madeAt: Instant
  readonly seenAt: Instant
  readonly provedAt: Instant
}

/** A session as its owner sees it in a list. */
export interface ListedSession {
  readonly id: Uuid
  readonly madeAt: Instant
  readonly seenAt: Instant
  readonly from: string
  readonly agent: string
}

/** The session of a token, whatever its age; `undefined` when it ended or its user may not sign in. */
export async function findSession(tx: Tx, tokenHash: Uint8Array): Promise<LiveSession | undefined> {
  const [row] = await tx.query<{
    id: Uuid
    org_id: number
    user_id: Uuid
    person_id: Uuid
    merchant_id: Uuid | null
    roles: Role[]
    made_at: Date
    seen_at: Date
    proved_at: Date
  }>(
    `select s.id, s.org_id, s.user_id, u.person_id, u.merchant_id, s.made_at, s.seen_at, s.proved_at,
            array(select r.role from identity.user_role r where r.user_id = u.id order by 1) as roles
     from identity.session s join identity.user_ u on u.id = s.user_id
     where s.token_hash = $1 and s.ended_at is null and u.state = 'active'`,
    [tokenHash],
  )
  if (row === undefined) return undefined
  return {
    id: row.id,
    orgId: row.org_id,
    userId: row.user_id,
    personId: row.person_id,
    merchantId: row.merchant_id ?? undefined,
    roles: row.roles,
    madeAt: row.made_at.getTime(),
    seenAt: row.seen_at.getTime(),
    provedAt: row.proved_at.getTime(),
  }
}

export async function insertSession(
  tx: Tx,
  session: {
    readonly id: Uuid
    readonly orgId: number
    readonly userId: Uuid
    readonly tokenHash: Uint8Array
    readonly at: Instant
    readonly from: string
    readonly agent: string
  },
): Promise<void> {
  const { id, orgId, userId, tokenHash, at, from, agent } = session
  await tx.query(
    `insert into identity.session
       (id, org_id, user_id, token_hash, made_at, seen_at, proved_at, from_address, agent)
     values ($1, $2, $3, $4, $5, $5, $5, $6, $7)`,
    [id, orgId, userId, tokenHash, new Date(at), from, agent],
  )
}

/** Notes that a session was used, unless somebody noted it within `everyMs`. */
export async function touchSession(
  tx: Tx,
  of: { readonly id: Uuid; readonly at: Instant; readonly everyMs: number },
): Promise<void> {
  await tx.query(
    `update identity.session set seen_at = $2 where id = $1 and ended_at is null and seen_at < $3`,
    [of.id, new Date(of.at), new Date(of.at - of.everyMs)],
  )
}

/** Gives a session a new token and a fresh proof; false when it is not alive under the old one. */
export async function rotateSession(
  tx: Tx,
  of: { readonly tokenHash: Uint8Array; readonly newHash: Uint8Array; readonly at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.session set token_hash = $2, proved_at = $3, seen_at = $3
     where token_hash = $1 and ended_at is null returning 1`,
    [of.tokenHash, of.newHash, new Date(of.at)],
  )
  return rows.length === 1
}

/** Ends the session of a token. Returns its id, `undefined` when it had ended. */
export async function endByToken(
  tx: Tx,
  of: { readonly tokenHash: Uint8Array; readonly at: Instant; readonly why: SessionEnd },
): Promise<{ readonly id: Uuid; readonly orgId: number; readonly userId: Uuid } | undefined> {
  const [row] = await tx.query<{ id: Uuid; org_id: number; user_id: Uuid }>(
    `update identity.session set ended_at = $2, ended_why = $3
     where token_hash = $1 and ended_at is null returning id, org_id, user_id`,
    [of.tokenHash, new Date(of.at), of.why],
  )
  return row && { id: row.id, orgId: row.org_id, userId: row.user_id }
}

/**
 * Ends sessions of a user: all, one by its id, or all but one. Returns the ids of those that ended.
 */
export async function endSessions(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly userId: Uuid
    readonly at: Instant
    readonly why: SessionEnd
    readonly only?: Uuid
    readonly except?: Uuid
  },
): Promise<Uuid[]> {
  const rows = await tx.query<{ id: Uuid }>(
    `update identity.session set ended_at = $3, ended_why = $4
     where org_id = $1 and user_id = $2 and ended_at is null
       and ($5::uuid is null or id = $5) and ($6::uuid is null or id <> $6)
     returning id`,
    [of.orgId, of.userId, new Date(of.at), of.why, of.only ?? null, of.except ?? null],
  )
  return rows.map(({ id }) => id)
}

/** The sessions of a user that are neither ended nor past their time, the newest first. */
export async function listSessions(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly userId: Uuid
    readonly madeAfter: Instant
    readonly seenAfter: Instant
  },
): Promise<ListedSession[]> {
  const rows = await tx.query<{
    id: Uuid
    made_at: Date
    seen_at: Date
    from_address: string
    agent: string
  }>(
    `select id, made_at, seen_at, from_address, agent from identity.session
     where org_id = $1 and user_id = $2 and ended_at is null and made_at > $3 and seen_at > $4
     order by made_at desc, id desc`,
    [of.orgId, of.userId, new Date(of.madeAfter), new Date(of.seenAfter)],
  )
  return rows.map((row) => ({
    id: row.id,
    madeAt: row.made_at.getTime(),
    seenAt: row.seen_at.getTime(),
    from: row.from_address,
    agent: row.agent,
  }))
}
