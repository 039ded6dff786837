/** All SQL of keys. */
import type { Instant, Tx, Uuid } from '#base'
import type { SignatureAlgorithm } from '#vault'
import type { Key, KeyRole, KeyState } from './key.ts'
import type { Permission } from './permissions.ts'

const COLUMNS = `id, org_id, merchant_id, name, state, role, permissions, requires_signature, handle,
  secret_hash, algorithm, public_key, made_by, made_by_person, made_at, expires_at, ended_at,
  replaced_by`

interface KeyRow {
  id: Uuid
  org_id: number
  merchant_id: Uuid | null
  name: string
  state: KeyState
  role: KeyRole
  permissions: Permission[]
  requires_signature: boolean
  handle: string | null
  secret_hash: Buffer | null
  algorithm: SignatureAlgorithm | null
  public_key: string | null
  made_by: string
  made_by_person: string
  made_at: Date
  expires_at: Date
  ended_at: Date | null
  replaced_by: Uuid | null
}

function keyOf(row: KeyRow): Key {
  return {
    ...{ id: row.id, orgId: row.org_id, name: row.name, state: row.state, role: row.role },
    ...(row.merchant_id !== null && { merchantId: row.merchant_id }),
    ...{ permissions: row.permissions, requiresSignature: row.requires_signature },
    ...(row.handle !== null && { handle: row.handle }),
    ...(row.secret_hash !== null && { secretHash: row.secret_hash }),
    ...(row.algorithm !== null && { algorithm: row.algorithm }),
    ...(row.public_key !== null && { publicKey: row.public_key }),
    ...{ madeBy: row.made_by, madeByPerson: row.made_by_person },
    ...{ madeAt: row.made_at.getTime(), expiresAt: row.expires_at.getTime() },
    ...(row.ended_at !== null && { endedAt: row.ended_at.getTime() }),
    ...(row.replaced_by !== null && { replacedBy: row.replaced_by }),
  }
}

/** The key of a handle or an id, whatever its state. */
export async function findKey(
  tx: Tx,
  by: { readonly handle: string } | { readonly id: Uuid },
): Promise<Key | undefined> {
  const [column, value] = 'handle' in by ? ['handle', by.handle] : ['id', by.id]
  const rows = await tx.query<KeyRow>(
    `select ${COLUMNS} from identity.api_key where ${column} = $1`,
    [value],
  )
  return rows[0] && keyOf(rows[0])
}

/** Keys of an organisation, or of one of its merchants alone; the newest first. */
export async function listKeys(
  tx: Tx,
  of: { readonly orgId: number; readonly merchantId?: Uuid; readonly limit: number },
): Promise<Key[]> {
  const rows = await tx.query<KeyRow>(
    `select ${COLUMNS} from identity.api_key
     where org_id = $1 and ($2::uuid is null or merchant_id = $2)
     order by made_at desc, id desc limit $3`,
    [of.orgId, of.merchantId ?? null, of.limit],
  )
  return rows.map(keyOf)
}

/** Whether an organisation has a merchant. */
export async function hasMerchant(tx: Tx, orgId: number, merchantId: Uuid): Promise<boolean> {
  const sql = 'select 1 from identity.merchant where org_id = $1 and id = $2'
  return (await tx.query(sql, [orgId, merchantId])).length > 0
}

/** Frees the places of a holder's keys whose time is over. */
export async function expireKeys(
  tx: Tx,
  of: { readonly orgId: number; readonly merchantId?: Uuid; readonly now: Instant },
): Promise<void> {
  await tx.query(
    `update identity.api_key set state = 'expired', ended_at = expires_at
     where org_id = $1 and merchant_id is not distinct from $2::uuid
       and state = 'live' and expires_at <= $3`,
    [of.orgId, of.merchantId ?? null, new Date(of.now)],
  )
}

/** Adds a key in the first free place of its holder; `false` when both are taken. */
export async function insertKey(tx: Tx, key: Omit<Key, 'state' | 'endedAt'>): Promise<boolean> {
  // Two who find the same place free meet at the index; the second waits and then gets no row.
  for (let tries = 0; tries < 2; tries += 1) {
    const rows = await tx.query(
      `insert into identity.api_key
         (id, org_id, merchant_id, slot, name, state, role, permissions, requires_signature, handle,
          secret_hash, algorithm, public_key, made_by, made_by_person, made_at, expires_at)
       select $1, $2, $3, place, $4, 'live', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
       from generate_series(1, 2) as place
       where not exists (
         select from identity.api_key
         where org_id = $2 and merchant_id is not distinct from $3::uuid
           and slot = place and state = 'live')
       order by place limit 1
       on conflict (org_id, merchant_id, slot) where state = 'live' do nothing
       returning id`,
      [
        ...[key.id, key.orgId, key.merchantId ?? null, key.name, key.role, key.permissions],
        ...[key.requiresSignature, key.handle ?? null, key.secretHash ?? null],
        ...[key.algorithm ?? null, key.publicKey ?? null, key.madeBy, key.madeByPerson],
        ...[new Date(key.madeAt), new Date(key.expiresAt)],
      ],
    )
    if (rows.length > 0) return true
  }
  return false
}

/** Ends a live key for good; `false` when it was not live. */
export async function revokeKey(tx: Tx, id: Uuid, now: Instant): Promise<boolean> {
  const rows = await tx.query(
    `update identity.api_key set state = 'revoked', ended_at = $2
     where id = $1 and state = 'live' returning id`,
    [id, new Date(now)],
  )
  return rows.length > 0
}

/** Notes a live key's successor and the time it ends at the latest; `false` when it was not live. */
export async function replaceKey(
  tx: Tx,
  of: { readonly id: Uuid; readonly by: Uuid; readonly endsAt: Instant; readonly now: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.api_key set replaced_by = $2, expires_at = least(expires_at, $3)
     where id = $1 and state = 'live' and expires_at > $4 and replaced_by is null returning id`,
    [of.id, of.by, new Date(of.endsAt), new Date(of.now)],
  )
  return rows.length > 0
}

/** The person behind a user or key, by its public id without prefix; '' when there is none. */
export async function personBehind(tx: Tx, orgId: number, id: Uuid): Promise<string> {
  const [row] = await tx.query<{ person: string }>(
    `select 'per_0_' || replace(person_id::text, '-', '') as person from identity.user_
       where org_id = $1 and id = $2
     union all
     select made_by_person from identity.api_key where org_id = $1 and id = $2`,
    [orgId, id],
  )
  return row?.person ?? ''
}
