/** The rows of endpoints. */
import type { Instant, Tx, Uuid } from '#base'
import type { GiveUp } from './schedule.ts'
import type { DisabledBecause, EndpointState } from './states.ts'

export interface Endpoint {
  readonly id: Uuid
  readonly orgId: number
  /** Empty for all of the organisation. */
  readonly merchant: string
  readonly kind: 'url' | 'listener'
  readonly url: string
  readonly events: readonly string[]
  readonly description: string
  readonly state: EndpointState
  readonly disabledBecause: DisabledBecause
  readonly epoch: number
  /** Sealed, as are all secrets here. */
  readonly secret: string
  readonly oldSecret: string | null
  readonly oldSecretUntil: Date | null
  /** Hash of the key of the request that replaced the secret last. */
  readonly rotation: string
  readonly failures: number
  readonly failingSince: Date | null
  readonly lastSuccessAt: Date | null
  readonly lastFailureAt: Date | null
  readonly polledAt: Date | null
  readonly createdAt: Date
}

const COLUMNS = `
  p.id, p.org_id as "orgId", p.merchant, p.kind, p.url, p.events, p.description, p.state,
  p.disabled_because as "disabledBecause", p.epoch, p.secret, p.old_secret as "oldSecret",
  p.old_secret_until as "oldSecretUntil", p.rotation, p.failures, p.failing_since as "failingSince",
  p.last_success_at as "lastSuccessAt", p.last_failure_at as "lastFailureAt",
  p.polled_at as "polledAt", p.created_at as "createdAt"`

export type NewEndpoint = Pick<
  Endpoint,
  'id' | 'orgId' | 'merchant' | 'kind' | 'url' | 'events' | 'description' | 'secret'
> & {
  readonly at: Instant
  /** Of a listener: now, and since when others must have asked to count as live. */
  readonly polled?: { readonly at: Instant; readonly live: Instant }
}

/** How many endpoints, and how many live listeners, an organisation or one of its merchants may have. */
export const ENDPOINTS_MAX = 100

const dateOrNull = (at: Instant | undefined) => (at === undefined ? null : new Date(at))

/** Adds an endpoint; `undefined` when there is one of this id, or there are too many. */
export async function insertEndpoint(tx: Tx, row: NewEndpoint): Promise<Endpoint | undefined> {
  const [added] = await tx.query<Endpoint>(
    `insert into webhooks.endpoint as p (id, org_id, merchant, kind, url, events, description, state,
       disabled_because, secret, polled_at, created_at)
     select $1, $2, $3, $4, $5, $6, $7, 'enabled', '', $8, $9, $10
     where (select count(*) from webhooks.endpoint o
       where o.org_id = $2 and o.merchant = $3 and o.kind = $4
         and (o.kind = 'url' or o.polled_at > $11)) < ${ENDPOINTS_MAX}
     on conflict do nothing returning ${COLUMNS}`,
    [
      ...[row.id, row.orgId, row.merchant, row.kind, row.url, [...row.events], row.description],
      ...[row.secret, dateOrNull(row.polled?.at), new Date(row.at), dateOrNull(row.polled?.live)],
    ],
  )
  return added
}

/** Of whom an endpoint may be: an organisation, and of one merchant alone for those bound to it. */
export interface Owner {
  readonly orgId: number
  readonly merchant?: string | undefined
}

const OWNED = 'p.id = $1 and p.org_id = $2 and ($3::text is null or p.merchant = $3)'
const owned = (id: Uuid, { orgId, merchant }: Owner) => [id, orgId, merchant ?? null]

export async function findEndpoint(tx: Tx, id: Uuid, owner: Owner): Promise<Endpoint | undefined> {
  const sql = `select ${COLUMNS} from webhooks.endpoint p where ${OWNED}`
  const [found] = await tx.query<Endpoint>(sql, owned(id, owner))
  return found
}

/** The endpoint of a lane, whoever's it is. */
export async function endpointOf(tx: Tx, id: Uuid): Promise<Endpoint | undefined> {
  const sql = `select ${COLUMNS} from webhooks.endpoint p where p.id = $1`
  const [found] = await tx.query<Endpoint>(sql, [id])
  return found
}

/** As it stands, and nobody changes it before the tx ends. Taken before its deliveries are changed. */
export async function holdEndpoint(tx: Tx, id: Uuid): Promise<Endpoint | undefined> {
  const sql = `select ${COLUMNS} from webhooks.endpoint p where p.id = $1 for update`
  const [found] = await tx.query<Endpoint>(sql, [id])
  return found
}

/** Endpoints in the order they were made, with what waits and what is dead. */
export type ListedEndpoint = Endpoint & { readonly waiting: bigint; readonly dead: bigint }

const LISTED = `${COLUMNS},
  (select count(*) from webhooks.delivery d where d.endpoint = p.id and d.state = 'waiting') as waiting,
  (select count(*) from webhooks.delivery d where d.endpoint = p.id and d.state = 'dead') as dead`

export async function listEndpoints(
  tx: Tx,
  { orgId, merchant }: Owner,
  page: { readonly after: Uuid | undefined; readonly limit: number },
): Promise<ListedEndpoint[]> {
  return tx.query<ListedEndpoint>(
    `select ${LISTED} from webhooks.endpoint p
     where p.org_id = $1 and ($2::text is null or p.merchant = $2) and p.kind = 'url'
       and ($3::uuid is null or p.id > $3) order by p.id limit $4`,
    [orgId, merchant ?? null, page.after ?? null, page.limit],
  )
}

export async function readEndpoint(
  tx: Tx,
  id: Uuid,
  owner: Owner,
): Promise<ListedEndpoint | undefined> {
  const sql = `select ${LISTED} from webhooks.endpoint p where ${OWNED}`
  const [found] = await tx.query<ListedEndpoint>(sql, owned(id, owner))
  return found
}

export interface EndpointChange {
  readonly url?: string | undefined
  readonly events?: readonly string[] | undefined
  readonly description?: string | undefined
}

/** Changes what is named. */
export async function changeEndpoint(
  tx: Tx,
  id: Uuid,
  owner: Owner,
  { url, events, description }: EndpointChange,
): Promise<Endpoint | undefined> {
  const [changed] = await tx.query<Endpoint>(
    `update webhooks.endpoint p set url = coalesce($4, p.url),
       events = coalesce($5::text[], p.events), description = coalesce($6, p.description)
     where ${OWNED} and p.kind = 'url' returning ${COLUMNS}`,
    [...owned(id, owner), url ?? null, events ?? null, description ?? null],
  )
  return changed
}

/** `enabled` → `disabled`; `undefined` when it was not enabled. */
export async function disableEndpoint(
  tx: Tx,
  id: Uuid,
  because: Exclude<DisabledBecause, ''>,
  at: Instant,
): Promise<Endpoint | undefined> {
  const [moved] = await tx.query<Endpoint>(
    `update webhooks.endpoint p set state = 'disabled', disabled_because = $2, disabled_at = $3
     where p.id = $1 and p.state = 'enabled' returning ${COLUMNS}`,
    [id, because, new Date(at)],
  )
  return moved
}

/** `disabled` → `enabled`, with its health forgotten; `undefined` when it was not disabled. */
export async function enableEndpoint(tx: Tx, id: Uuid): Promise<Endpoint | undefined> {
  const [moved] = await tx.query<Endpoint>(
    `update webhooks.endpoint p set state = 'enabled', disabled_because = '', disabled_at = null,
       epoch = p.epoch + 1, failures = 0, failing_since = null
     where p.id = $1 and p.state = 'disabled' returning ${COLUMNS}`,
    [id],
  )
  return moved
}

/** Puts a new secret in; the one `was` goes on signing until a time. Moves only from `was`. */
export async function rotateSecret(
  tx: Tx,
  id: Uuid,
  to: {
    readonly was: string
    readonly secret: string
    readonly old: string | null
    readonly oldUntil: Instant | null
    readonly rotation: string
  },
): Promise<Endpoint | undefined> {
  const [moved] = await tx.query<Endpoint>(
    `update webhooks.endpoint p set secret = $3, old_secret = $4, old_secret_until = $5,
       rotation = $6
     where p.id = $1 and p.secret = $2 returning ${COLUMNS}`,
    [
      id,
      to.was,
      to.secret,
      to.old,
      to.oldUntil === null ? null : new Date(to.oldUntil),
      to.rotation,
    ],
  )
  return moved
}

export async function noteSuccess(tx: Tx, id: Uuid, at: Instant): Promise<void> {
  await tx.query(
    `update webhooks.endpoint set failures = 0, failing_since = null, last_success_at = $2
     where id = $1`,
    [id, new Date(at)],
  )
}

/** Counts a failure; `true` when the endpoint has now failed for as long as anybody waits. */
export async function noteFailure(tx: Tx, id: Uuid, at: Instant, giveUp: GiveUp): Promise<boolean> {
  const [row] = await tx.query<{ over: boolean }>(
    `update webhooks.endpoint set failures = failures + 1, last_failure_at = $2,
       failing_since = coalesce(failing_since, $2)
     where id = $1 returning failures >= $3 or failing_since <= $4 as over`,
    [id, new Date(at), giveUp.failures, new Date(at - giveUp.failingMs)],
  )
  return row?.over === true
}

/** A listener asked: it lives on. `undefined` when there is no such session any more. */
export async function notePoll(
  tx: Tx,
  id: Uuid,
  owner: Owner,
  at: Instant,
  notBefore: Instant,
): Promise<Endpoint | undefined> {
  const [polled] = await tx.query<Endpoint>(
    `update webhooks.endpoint p set polled_at = $4
     where ${OWNED} and p.kind = 'listener' and p.polled_at > $5 returning ${COLUMNS}`,
    [...owned(id, owner), new Date(at), new Date(notBefore)],
  )
  return polled
}
