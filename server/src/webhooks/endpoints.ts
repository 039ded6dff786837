/** What people and keys do to endpoints; every change leaves an audit entry in the same tx. */

import { type AuditEntry, recordChange } from '#audit'
import {
  type Caller,
  checkOutsideUrl,
  derivedUuid,
  httpProblem,
  isOutsideRefusal,
  type Keyed,
  type OutsideRules,
  type Problem,
  publicId,
  type Resolver,
  resolveOutside,
  systemResolver,
  type Tx,
  type Uuid,
} from '#base'
import type { WebhooksContext } from './context.ts'
import { hastenDeliveries, waitingLanes } from './delivery-store.ts'
import {
  changeEndpoint,
  disableEndpoint,
  type Endpoint,
  type EndpointChange,
  enableEndpoint,
  findEndpoint,
  insertEndpoint,
  type Owner,
  rotateSecret,
} from './endpoint-store.ts'
import { unknownPatterns } from './event-types.ts'
import { planLanes } from './lane.ts'
import { type WebhookProblemCode, webhookProblem } from './refusals.ts'
import { openSecret, sealSecret } from './secret.ts'
import { newSecret } from './sign.ts'

/** Who does something, and in which request. */
export interface By {
  readonly caller: Caller
  readonly requestId: string
}

export interface NewEndpointRequest {
  readonly url: string
  readonly events: readonly string[]
  readonly description: string
  /** A merchant's public id; empty for all of the organisation. */
  readonly merchant: string
}

export type Refused = { readonly problem: Problem }
export type WithSecret = { readonly endpoint: Endpoint; readonly secret: string }

export interface Endpoints {
  /** Makes one; the same `keyed` request makes one. Its secret is shown once. */
  make(request: NewEndpointRequest, keyed: Keyed, by: By): Promise<WithSecret | Refused>
  change(id: Uuid, change: EndpointChange, by: By): Promise<Endpoint | Refused>
  disable(id: Uuid, by: By): Promise<Endpoint | Refused>
  /** Sends what had waited, in order. */
  enable(id: Uuid, by: By): Promise<Endpoint | Refused>
  /** A new secret; the old one signs too for so long, on the wall clock. */
  rotate(id: Uuid, keepMs: number, keyed: Keyed, by: By): Promise<WithSecret | Refused>
}

/** How long a request that made an endpoint may be sent again to see its secret again. */
const SHOWN_AGAIN_MS = 24 * 3_600_000

export function createEndpoints(context: WebhooksContext): Endpoints {
  return {
    make: (request, keyed, by) => make(context, request, keyed, by),
    change: (id, change, by) => changed(context, id, change, by),
    disable: (id, by) => disable(context, id, by),
    enable: (id, by) => enable(context, id, by),
    rotate: (id, keepMs, keyed, by) => rotate(context, { id, keepMs, keyed, by }),
  }
}

/** Of whom a caller sees endpoints, events and deliveries. */
export const ownerOf = ({ orgId, merchant }: Caller): Owner => ({ orgId, merchant })

export const isRefused = <T extends object>(value: T | Refused): value is Refused =>
  'problem' in value

const refused = (code: WebhookProblemCode, detail?: string): Refused => ({
  problem: webhookProblem(code, detail),
})

/** Why a URL is not called now, with the reason's code; `undefined` when it is. */
export async function urlRefusal(
  text: string,
  { rules, resolve = systemResolver }: { rules: OutsideRules; resolve?: Resolver },
): Promise<string | undefined> {
  const checked = checkOutsideUrl(text, rules)
  if (isOutsideRefusal(checked)) return `${checked.says} (${checked.code})`
  const addresses = await resolveOutside(checked, resolve)
  return isOutsideRefusal(addresses) ? `${addresses.says} (${addresses.code})` : undefined
}

async function contentRefused(
  context: WebhooksContext,
  { url, events }: EndpointChange,
): Promise<Refused | undefined> {
  const unknown = unknownPatterns(events ?? [])
  if (unknown.length > 0) return refused('event_type_unknown', `Unknown: ${unknown.join(', ')}.`)
  const bad = url === undefined ? undefined : await context.refuseUrl(url)
  return bad === undefined ? undefined : refused('endpoint_url_refused', bad)
}

async function make(
  context: WebhooksContext,
  request: NewEndpointRequest,
  keyed: Keyed,
  by: By,
): Promise<WithSecret | Refused> {
  const { caller } = by
  const merchant = caller.merchant ?? request.merchant
  if (request.merchant !== '' && request.merchant !== merchant)
    return refused('merchant_not_allowed')
  const { db, clock, rng } = context.world
  const { orgId } = caller
  const id = derivedUuid('webhooks.endpoint', keyed.keyHash)
  const before = await findEndpoint(db, id, ownerOf(caller))
  if (before !== undefined) return madeBefore(context, before, request)
  const bad = await contentRefused(context, request)
  if (bad !== undefined) return bad
  const secret = newSecret(rng)
  const { url, events, description } = request
  const endpoint = await db.tx(async (tx) => {
    const added = await insertEndpoint(tx, {
      ...{ id, orgId, merchant, kind: 'url', url, events, description, at: clock.now() },
      secret: sealSecret(context, { id, orgId }, secret),
    })
    if (added === undefined) return undefined
    const entry = entryOf(by, 'webhooks.make_endpoint', added)
    await recordChange(tx, clock.now(), { entries: [{ ...entry, after: shown(added) }] })
    return added
  })
  if (endpoint !== undefined) return { endpoint, secret }
  // Either there are too many, or the same request ran beside this one and has made it.
  const beside = await findEndpoint(db, id, ownerOf(caller))
  return beside === undefined ? refused('endpoints_too_many') : madeBefore(context, beside, request)
}

function madeBefore(
  context: WebhooksContext,
  endpoint: Endpoint,
  request: NewEndpointRequest,
): WithSecret | Refused {
  const isSame = endpoint.url === request.url && String(endpoint.events) === String(request.events)
  const age = context.world.clock.now() - endpoint.createdAt.getTime()
  if (!isSame || age > SHOWN_AGAIN_MS) return { problem: httpProblem('idempotency_key_reused') }
  return { endpoint, secret: openSecret(context, endpoint) }
}

/** What of an endpoint belongs into the audit log: never a secret. */
function shown({ url, events, description, merchant, state }: Endpoint) {
  return { url, events: [...events], description, merchant, state }
}

function entryOf({ caller, requestId }: By, action: string, { id, orgId }: Endpoint): AuditEntry {
  const { kind, person, from } = caller
  return {
    ...{ orgId, actor: { kind, id: caller.id, person }, from, action, requestId },
    object: publicId('whk', 0, id),
  }
}

/** Changes an endpoint of the caller's in a tx that ends with its audit entry. */
async function moving(
  context: WebhooksContext,
  of: { readonly id: Uuid; readonly by: By; readonly action: string },
  move: (tx: Tx, before: Endpoint) => Promise<Endpoint | Refused>,
): Promise<Endpoint | Refused> {
  const { db, clock } = context.world
  const { id, by, action } = of
  return db.tx(async (tx) => {
    const before = await findEndpoint(tx, id, ownerOf(by.caller))
    if (before === undefined || before.kind !== 'url') return refused('endpoint_not_found')
    const after = await move(tx, before)
    if (isRefused(after)) return after
    const entry = { ...entryOf(by, action, after), before: shown(before), after: shown(after) }
    await recordChange(tx, clock.now(), { entries: [entry] })
    return after
  })
}

async function changed(
  context: WebhooksContext,
  id: Uuid,
  change: EndpointChange,
  by: By,
): Promise<Endpoint | Refused> {
  const bad = await contentRefused(context, change)
  if (bad !== undefined) return bad
  return moving(context, { id, by, action: 'webhooks.change_endpoint' }, async (tx) => {
    const after = await changeEndpoint(tx, id, ownerOf(by.caller), change)
    return after ?? refused('endpoint_not_found')
  })
}

function disable(context: WebhooksContext, id: Uuid, by: By): Promise<Endpoint | Refused> {
  const { clock } = context.world
  return moving(context, { id, by, action: 'webhooks.disable_endpoint' }, async (tx) => {
    const after = await disableEndpoint(tx, id, 'person', clock.now())
    return after ?? refused('endpoint_disabled')
  })
}

async function enable(context: WebhooksContext, id: Uuid, by: By): Promise<Endpoint | Refused> {
  const { clock, db } = context.world
  const now = await findEndpoint(db, id, ownerOf(by.caller))
  const bad = now === undefined ? undefined : await contentRefused(context, { url: now.url })
  if (bad !== undefined) return bad
  const enabled = await moving(
    context,
    { id, by, action: 'webhooks.enable_endpoint' },
    async (tx) => {
      const after = await enableEndpoint(tx, id)
      if (after === undefined) return refused('endpoint_enabled')
      const at = clock.now()
      await hastenDeliveries(tx, id, at)
      const lanes = await waitingLanes(tx, id)
      const { orgId, epoch } = after
      await planLanes(
        tx,
        lanes.map((lane) => ({ ...lane, orgId, epoch, endpoint: id })),
        at,
      )
      return after
    },
  )
  context.onPlanned()
  return enabled
}

interface Rotation {
  readonly id: Uuid
  readonly keepMs: number
  readonly keyed: Keyed
  readonly by: By
}

async function rotate(
  context: WebhooksContext,
  { id, keepMs, keyed, by }: Rotation,
): Promise<WithSecret | Refused> {
  const fresh = newSecret(context.world.rng)
  let secret = fresh
  const action = 'webhooks.rotate_secret'
  const endpoint = await moving(context, { id, by, action }, async (tx, before) => {
    if (before.rotation === keyed.keyHash) return refused('endpoint_moved')
    const old = sealSecret(context, before, openSecret(context, before), 'old_secret')
    const moved = await rotateSecret(tx, id, {
      was: before.secret,
      secret: sealSecret(context, before, fresh),
      old: keepMs === 0 ? null : old,
      oldUntil: keepMs === 0 ? null : context.wall.now() + keepMs,
      rotation: keyed.keyHash,
    })
    return moved ?? refused('endpoint_moved')
  })
  if (!isRefused(endpoint)) return { endpoint, secret }
  const now = await findEndpoint(context.world.db, id, ownerOf(by.caller))
  if (now?.rotation !== keyed.keyHash) return endpoint
  // The same request again: what it did stands, and is shown.
  secret = openSecret(context, now)
  return { endpoint: now, secret }
}
