/** SQL of passkeys and of the challenges they answer. */
import type { Instant, Tx, Uuid } from '#base'
import type { Passkey } from './passkey.ts'
import type { ChallengePurpose } from './states.ts'

/** A passkey with whose it is. */
export interface KeptPasskey extends Passkey {
  readonly orgId: number
  readonly userId: Uuid
}

/** A passkey as its owner sees it. */
export interface ListedPasskey extends Pick<Passkey, 'id' | 'transports' | 'backedUp'> {
  readonly name: string
  readonly madeAt: Instant
  readonly usedAt: Instant | undefined
}

export async function putChallenge(
  tx: Tx,
  challenge: {
    readonly hash: Uint8Array
    readonly purpose: ChallengePurpose
    readonly givenTo: string
    readonly expiresAt: Instant
    readonly now: Instant
  },
): Promise<void> {
  const { hash, purpose, givenTo, expiresAt, now } = challenge
  await tx.query(
    `with stale as (
       select hash from identity.challenge where expires_at < $5 limit 100 for update skip locked
     ), gone as (
       delete from identity.challenge c using stale where c.hash = stale.hash
     )
     insert into identity.challenge (hash, purpose, given_to, expires_at) values ($1, $2, $3, $4)`,
    [hash, purpose, givenTo, new Date(expiresAt), new Date(now)],
  )
}

/** Uses a challenge up, whoever answered it; whether this one might. */
export async function takeChallenge(
  tx: Tx,
  of: {
    readonly hash: Uint8Array
    readonly purpose: ChallengePurpose
    readonly givenTo: string
    readonly at: Instant
  },
): Promise<boolean> {
  const [row] = await tx.query<{ good: boolean }>(
    `delete from identity.challenge where hash = $1
     returning purpose = $2 and given_to = $3 and expires_at > $4 as good`,
    [of.hash, of.purpose, of.givenTo, new Date(of.at)],
  )
  return row?.good === true
}

export async function findPasskey(tx: Tx, id: string): Promise<KeptPasskey | undefined> {
  const [row] = await tx.query<{
    org_id: number
    user_id: Uuid
    public_key: Uint8Array
    counter: bigint
    transports: string[]
    backed_up: boolean
  }>(
    `select org_id, user_id, public_key, counter, transports, backed_up
     from identity.passkey where id = $1`,
    [id],
  )
  return (
    row && {
      ...{ id, orgId: row.org_id, userId: row.user_id, publicKey: row.public_key },
      ...{ counter: row.counter, transports: row.transports, backedUp: row.backed_up },
    }
  )
}

export async function listPasskeys(tx: Tx, userId: Uuid): Promise<ListedPasskey[]> {
  const rows = await tx.query<{
    id: string
    transports: string[]
    backed_up: boolean
    name: string
    made_at: Date
    used_at: Date | null
  }>(
    `select id, transports, backed_up, name, made_at, used_at from identity.passkey
     where user_id = $1 order by made_at, id`,
    [userId],
  )
  return rows.map((row) => ({
    ...{ id: row.id, transports: row.transports, backedUp: row.backed_up, name: row.name },
    ...{ madeAt: row.made_at.getTime(), usedAt: row.used_at?.getTime() },
  }))
}

/** Keeps a passkey; false when the credential is known already. */
export async function insertPasskey(
  tx: Tx,
  passkey: KeptPasskey & { readonly name: string; readonly at: Instant },
): Promise<boolean> {
  const { id, orgId, userId, publicKey, counter, transports, name, backedUp, at } = passkey
  const rows = await tx.query(
    `insert into identity.passkey
       (id, org_id, user_id, public_key, counter, transports, name, backed_up, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing returning 1`,
    [id, orgId, userId, publicKey, counter, [...transports], name, backedUp, new Date(at)],
  )
  return rows.length === 1
}

/** Takes a counter; false when one as high was taken, unless the authenticator does not count. */
export async function takeCounter(
  tx: Tx,
  of: { readonly id: string; readonly counter: bigint; readonly at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update identity.passkey set counter = $2, used_at = $3
     where id = $1 and (counter < $2 or (counter = 0 and $2 = 0)) returning 1`,
    [of.id, of.counter, new Date(of.at)],
  )
  return rows.length === 1
}

export async function deletePasskeys(tx: Tx, userId: Uuid): Promise<void> {
  await tx.query('delete from identity.passkey where user_id = $1', [userId])
}

export async function deletePasskey(
  tx: Tx,
  of: { readonly userId: Uuid; readonly id: string },
): Promise<void> {
  await tx.query('delete from identity.passkey where user_id = $1 and id = $2', [of.userId, of.id])
}
