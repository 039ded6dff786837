/**
 * The routes of API keys. A merchant's own see and make keys of that merchant alone.
 *
 * The easy mistake: letting a key or user hand on more than he has. Nobody gives a permission he has
 * not got himself; what he lacks another one gives, or an approval.
 */
import { Type } from 'typebox'
import {
  type Caller,
  parseInstant,
  parsePublicId,
  type Refused,
  type Route,
  route,
  violated,
} from '#base'
import { SIGNATURE_ALGORITHMS } from '#vault'
import { KEY_ROLES, KEY_STATES } from './key.ts'
import { keyProblem } from './key-refusals.ts'
import { type KeyChange, type KeyReach, type Keys, keyJson, LONGEST_GRACE_MS } from './keys.ts'
import { PERMISSIONS, type Permission, permissionsOf } from './permissions.ts'

const closed = { additionalProperties: false }
const words = <T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values] })
const orNull = (pattern?: string) =>
  Type.Union([Type.String(pattern === undefined ? {} : { pattern }), Type.Null()])

const KeyId = Type.String({ pattern: '^key_0_[0-9a-f]{32}$', description: 'an id such as key_0_…' })
const MerchantId = Type.String({
  pattern: '^mch_0_[0-9a-f]{32}$',
  description: 'an id such as mch_0_…',
})
const Pem = Type.String({ minLength: 80, maxLength: 4_000, description: 'A public key as PEM.' })

const KeyPart = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    state: words(KEY_STATES),
    role: words(KEY_ROLES),
    merchant: orNull(),
    permissions: Type.Array(Type.String()),
    requires_signature: Type.Boolean(),
    secret_begins: orNull(),
    algorithm: orNull(),
    public_key_sha256: orNull(),
    made_by: Type.String(),
    made_at: Type.String(),
    expires_at: Type.String(),
    ended_at: orNull(),
    replaced_by: orNull(),
  },
  { ...closed, $id: 'ApiKey' },
)
const MadePart = Type.Object(
  {
    key: KeyPart,
    secret: Type.Union([Type.String(), Type.Null()], {
      description: 'Shown this once. Nobody can read it again.',
    }),
  },
  { ...closed, $id: 'MadeApiKey' },
)
const Params = Type.Object({ id: KeyId }, closed)
const Draft = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    merchant: Type.Optional(MerchantId),
    role: words(KEY_ROLES),
    permissions: Type.Optional(
      Type.Array(words([...PERMISSIONS.keys()]), { minItems: 1, maxItems: 50 }),
    ),
    secret: Type.Optional(
      Type.Boolean({ description: 'Whether it gets a secret; true unless said.' }),
    ),
    algorithm: Type.Optional(words(SIGNATURE_ALGORITHMS)),
    public_key: Type.Optional(Pem),
    requires_signature: Type.Optional(Type.Boolean()),
    expires_at: Type.Optional(Type.String({ description: 'A time such as 2027-01-31T00:00:00Z.' })),
  },
  closed,
)
const Rotation = Type.Object(
  {
    public_key: Type.Optional(Pem),
    grace_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LONGEST_GRACE_MS / 1000,
        description: 'how long the old key still opens; a day unless said',
      }),
    ),
  },
  closed,
)
const Page = Type.Object({ data: Type.Array(KeyPart) }, closed)

/** The routes under `/v1/keys`. */
export function keyRoutes(keys: Keys): Route[] {
  return [listRoute(keys), makeRoute(keys), revokeRoute(keys), rotateRoute(keys)]
}

const manage = { permission: 'keys.manage', merchants: true, stepUp: true } as const
const tags = ['keys']

function listRoute(keys: Keys): Route {
  return route({
    ...{ method: 'GET', path: '/v1/keys', name: 'listKeys', tags },
    summary: 'API keys, the newest first; a merchant sees its own.',
    policy: { permission: 'keys.read', merchants: true },
    replies: { 200: Page },
    handle: async ({ caller }) => {
      const found = await keys.list(reachOf(caller!), 200)
      return { status: 200, body: { data: found.map(keyJson) } }
    },
  })
}

function makeRoute(keys: Keys): Route {
  return route({
    ...{ method: 'POST', path: '/v1/keys', name: 'createKey', tags },
    summary: 'Makes an API key. Its secret is in the answer and nowhere else.',
    policy: manage,
    body: Draft,
    replies: { 201: MadePart },
    handle: async ({ body, caller, requestId }) => {
      const reach = reachOf(caller!)
      const named = body.merchant && parsePublicId(body.merchant, 'mch')?.uuid
      if (reach.merchantId !== undefined && named !== undefined && named !== reach.merchantId) {
        return { problem: keyProblem('merchant_not_found') }
      }
      const merchantId = reach.merchantId ?? (named || undefined)
      const permissions = body.permissions ?? [...permissionsOf([body.role])]
      const lacking = refuseLent(caller!, permissions)
      if (lacking !== undefined) return lacking
      const expiresAt = body.expires_at === undefined ? undefined : parseInstant(body.expires_at)
      if (body.expires_at !== undefined && expiresAt === undefined) {
        const detail = 'Send a time such as 2027-01-31T00:00:00Z.'
        return { problem: violated([{ pointer: '/expires_at', code: 'malformed', detail }]) }
      }
      const made = await keys.make(
        {
          ...{ orgId: reach.orgId, name: body.name, role: body.role, permissions },
          ...{ secret: body.secret ?? true, requiresSignature: body.requires_signature ?? false },
          ...(merchantId !== undefined && { merchantId }),
          ...(body.algorithm !== undefined && { algorithm: body.algorithm }),
          ...(body.public_key !== undefined && { publicKey: body.public_key }),
          ...(expiresAt !== undefined && { expiresAt }),
        },
        changeOf(caller!, requestId),
      )
      if ('refused' in made) return { problem: made.refused }
      return { status: 201, body: { key: keyJson(made.key), secret: made.secret ?? null } }
    },
  })
}

function revokeRoute(keys: Keys): Route {
  return route({
    ...{ method: 'POST', path: '/v1/keys/{id}/revoke', name: 'revokeKey', tags },
    summary: 'Ends an API key at once and for good.',
    policy: manage,
    params: Params,
    replies: { 200: KeyPart },
    handle: async ({ params, caller, requestId }) => {
      const of = { ...reachOf(caller!), id: parsePublicId(params.id, 'key')!.uuid }
      const ended = await keys.revoke(of, changeOf(caller!, requestId))
      if ('refused' in ended) return { problem: ended.refused }
      return { status: 200, body: keyJson(ended) }
    },
  })
}

function rotateRoute(keys: Keys): Route {
  return route({
    ...{ method: 'POST', path: '/v1/keys/{id}/rotate', name: 'rotateKey', tags },
    summary: 'Makes a second key like this one; the old one still opens for a while.',
    policy: manage,
    params: Params,
    body: Rotation,
    replies: { 201: MadePart },
    handle: async ({ params, body, caller, requestId }) => {
      const id = parsePublicId(params.id, 'key')!.uuid
      const old = await keys.find({ ...reachOf(caller!), id })
      const lacking = old && refuseLent(caller!, old.permissions)
      if (lacking !== undefined) return lacking
      const made = await keys.rotate(
        {
          ...{ ...reachOf(caller!), id },
          ...(body.public_key !== undefined && { publicKey: body.public_key }),
          ...(body.grace_seconds !== undefined && { graceMs: body.grace_seconds * 1000 }),
        },
        changeOf(caller!, requestId),
      )
      if ('refused' in made) return { problem: made.refused }
      return { status: 201, body: { key: keyJson(made.key), secret: made.secret ?? null } }
    },
  })
}

function refuseLent(caller: Caller, permissions: readonly Permission[]): Refused | undefined {
  const permission = permissions.find((one) => !caller.permissions.has(one))
  if (permission === undefined) return undefined
  return { problem: keyProblem('key_permission_not_yours', { permission }) }
}

function reachOf({ orgId, merchant }: Caller): KeyReach {
  const merchantId = merchant && parsePublicId(merchant, 'mch')?.uuid
  // Without its uuid a merchant's caller would reach the whole organisation.
  if (merchant !== undefined && !merchantId) throw new Error('the caller names no merchant')
  return { orgId, ...(merchantId ? { merchantId } : {}) }
}

function changeOf(caller: Caller, requestId: string): KeyChange {
  const { kind, id, person, from } = caller
  return { actor: { kind, id, person }, from, requestId }
}
