/** Keys, nonces, limits and guards on a database of a test's own; several replicas on one database. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { cryptoRng, type Guard, type Instant, type Knock, publicId } from '#base'
import {
  contentDigest,
  createSm2Verifier,
  type HttpMessage,
  type SignatureAlgorithm,
  signBase,
  signMessage,
} from '#vault'
import { testDatabase } from '../../../testing/database.ts'
import { TEST_START, testWorld } from '../../../testing/world.ts'
import { createGuard } from '../guard.ts'
import { createKeyRing, type KeyRing } from '../key-ring.ts'
import { createKeys, type KeyChange, type KeyDraft, type Keys, type MadeKey } from '../keys.ts'
import { createNonces, type Nonces } from '../nonce.ts'
import { LIMITS, type LimitTable } from '../rate-limit-classes.ts'
import { createRateLimits, type RateLimits } from '../rate-limits.ts'
import { createSessions, type Sessions } from '../session.ts'

export const MERCHANT = '0198c0de000070008000000000000001'
export const OTHER_MERCHANT = '0198c0de000070008000000000000002'
export const FOREIGN_MERCHANT = '0198c0de000070008000000000000003'

/** Who makes the keys of a test. */
export const MAKER: KeyChange = {
  actor: { kind: 'user', id: 'usr_0_maker', person: 'per_0_maker' },
  from: '192.0.2.7',
  requestId: 'req_test',
}

export interface Replica {
  readonly ring: KeyRing
  readonly keys: Keys
  readonly nonces: Nonces
  readonly limits: RateLimits
  readonly sessions: Sessions
  readonly guard: Guard
}

/** Wall time starts a year after business time, so that a mixed-up clock shows. */
const WALL_START = TEST_START + 365 * 86_400_000

/** Limits no test meets by accident, while its clock stands still. */
const WIDE: LimitTable = {
  ...LIMITS,
  key: {
    read: { requests: 10_000, windowMs: 1_000 },
    write: { requests: 10_000, windowMs: 1_000 },
  },
  suspects: { requests: 10_000, windowMs: 1_000 },
}

export type KeyWorld = Awaited<ReturnType<typeof keyWorld>>

export async function keyWorld() {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const sm2 = createSm2Verifier({ threads: 1 })
  let now: Instant = WALL_START
  const wall = {
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
  const { db, ids, clock, log } = world
  const rng = cryptoRng()
  await db.query(
    `insert into identity.organisation (id, uuid, name)
     select n, gen_random_uuid(), 'organisation ' || n from generate_series(1, 9) as n`,
  )
  await db.query(
    `insert into identity.merchant (id, org_id, name)
     values ($1, 1, 'one'), ($2, 1, 'two'), ($3, 2, 'elsewhere')`,
    [MERCHANT, OTHER_MERCHANT, FOREIGN_MERCHANT],
  )
  const replica = (table: LimitTable = WIDE): Replica => {
    const ring = createKeyRing({ db, wall })
    const keys = createKeys({ ...{ db, rng, ids, clock, wall, ring }, mode: 'test' })
    const nonces = createNonces({ db, wall, log })
    const limits = createRateLimits({ db, wall })
    const sessions = createSessions({ db, rng, wall })
    const orgOf = (book: number) => (book === 0 ? undefined : 1)
    const parts = { ring, keys, nonces, limits, sessions }
    const mode = 'test' as const
    const guard = createGuard({ ...parts, keys: ring, sm2, wall, mode, orgOf, table })
    return { ...parts, guard }
  }
  return {
    ...{ world, db, wall, sm2, replica, rng },
    close: async () => {
      await sm2.close()
      await database.drop()
    },
  }
}

/** A draft of an operator's key with a secret, but for what is said. */
export function draft(of: Partial<KeyDraft> = {}): KeyDraft {
  const usual = { orgId: 1, name: 'till', role: 'operator' as const }
  return { ...usual, secret: true, requiresSignature: false, ...of }
}

/** A key that must have been made. */
export async function made(result: ReturnType<Keys['make']>): Promise<MadeKey> {
  const key = await result
  if ('refused' in key) throw new Error(`${key.refused.code}: ${key.refused.detail}`)
  return key
}

export interface Pair {
  readonly algorithm: SignatureAlgorithm
  readonly publicKey: string
  readonly privateKey: string
}

export function pairOf(algorithm: SignatureAlgorithm): Pair {
  const { publicKey, privateKey } =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : algorithm === 'rsa-pss-sha512'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'SM2' })
  const pem = (key: KeyObject, type: 'pkcs8' | 'spki') =>
    key.export({ type, format: 'pem' }).toString()
  return { algorithm, publicKey: pem(publicKey, 'spki'), privateKey: pem(privateKey, 'pkcs8') }
}

/** A request to be signed, and how. */
export interface Signing {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly components: readonly string[]
  readonly params: Readonly<Record<string, string | number | undefined>>
  readonly label: string
  readonly pair: Pair
}

/** Signs and gives the request as the server would see it. */
export function knockOf(signing: Signing): Knock & { headers: Record<string, string> } {
  const { method, scheme, host, path, pair, label, components } = signing
  const body = signing.body === undefined ? undefined : Buffer.from(signing.body)
  const headers: Record<string, string> = {
    ...(body !== undefined && { 'content-digest': contentDigest(body) }),
    ...signing.headers,
  }
  const message: HttpMessage = { method, scheme, authority: host, path, headers }
  const params = Object.fromEntries(
    Object.entries(signing.params).filter(([, value]) => value !== undefined),
  ) as Record<string, string | number>
  const sign = (base: Uint8Array) => signBase(pair.algorithm, pair.privateKey, base)
  const fields = signMessage(message, { label, components, params, sign })
  const all = { host, ...headers, ...fields }
  return { method, path, headers: all, body, from: '198.51.100.4', route: path.split('?')[0]! }
}

/** A request that carries a secret. */
export function bearer(secret: string, of: Partial<Knock> = {}): Knock {
  const headers = { host: 'api.example.com', authorization: `Bearer ${secret}` }
  const usual = { method: 'GET', path: '/v1/payments', route: '/v1/payments', body: undefined }
  return { ...usual, headers, from: '198.51.100.4', ...of }
}

export const keyId = (uuid: string) => publicId('key', 0, uuid)
