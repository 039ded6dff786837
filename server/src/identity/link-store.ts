/** SQL of one-time links: made, opened, used once. */
import type { Instant, Tx, Uuid } from '#base'
import type { LinkPurpose } from './states.ts'

/** A link that may still be used. */
export interface Link {
  readonly orgId: number
  readonly userId: Uuid
  readonly purpose: LinkPurpose
  readonly expiresAt: Instant
  /** The seed shown at its last opening, sealed. */
  readonly totpSecret: string | undefined
}

interface LinkRow {
  org_id: number
  user_id: Uuid
  purpose: LinkPurpose
  expires_at: Date
  totp_secret: string | null
}

const LINK = 'org_id, user_id, purpose, expires_at, totp_secret'
const USABLE = 'used_at is null and replaced_at is null and expires_at > $2'

function link(row: LinkRow): Link {
  return {
    ...{ orgId: row.org_id, userId: row.user_id, purpose: row.purpose },
    expiresAt: row.expires_at.getTime(),
    totpSecret: row.totp_secret ?? undefined,
  }
}

/** Adds a link and takes those of its user, or the first administrator's, that nobody used. */
export async function insertLink(
  tx: Tx,
  of: Omit<Link, 'totpSecret'> & { readonly tokenHash: Uint8Array; readonly at: Instant },
): Promise<void> {
  await tx.query(
    `update identity.one_time_link set replaced_at = $4
     where used_at is null and replaced_at is null
       and (user_id = $1 or (org_id = $2 and purpose = $3 and $3 = 'first_administrator'))`,
    [of.userId, of.orgId, of.purpose, new Date(of.at)],
  )
  await tx.query(
    `insert into identity.one_time_link
       (token_hash, org_id, user_id, purpose, made_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [of.tokenHash, of.orgId, of.userId, of.purpose, new Date(of.at), new Date(of.expiresAt)],
  )
}

export async function findLink(
  tx: Tx,
  of: { readonly tokenHash: Uint8Array; readonly at: Instant },
): Promise<Link | undefined> {
  const sql = `select ${LINK} from identity.one_time_link where token_hash = $1 and ${USABLE}`
  const [row] = await tx.query<LinkRow>(sql, [of.tokenHash, new Date(of.at)])
  return row && link(row)
}

/** Puts a seed into a link that may still be used; the one before it no longer counts. */
export async function putSecret(
  tx: Tx,
  of: { readonly tokenHash: Uint8Array; readonly at: Instant; readonly totpSecret: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.one_time_link set totp_secret = $3
     where token_hash = $1 and ${USABLE} returning 1`,
    [of.tokenHash, new Date(of.at), of.totpSecret],
  )
  return rows.length === 1
}

/** Uses a link up; false when it was used, replaced or late, or another seed was shown since. */
export async function takeLink(
  tx: Tx,
  of: { readonly tokenHash: Uint8Array; readonly at: Instant; readonly totpSecret?: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.one_time_link set used_at = $2, totp_secret = null
     where token_hash = $1 and ${USABLE} and ($3::text is null or totp_secret = $3) returning 1`,
    [of.tokenHash, new Date(of.at), of.totpSecret ?? null],
  )
  return rows.length === 1
}

/** Ends the unused links of a user. */
export async function dropLinks(
  tx: Tx,
  of: { readonly userId: Uuid; readonly at: Instant },
): Promise<void> {
  await tx.query(
    `update identity.one_time_link set replaced_at = $2
     where user_id = $1 and used_at is null and replaced_at is null`,
    [of.userId, new Date(of.at)],
  )
}
