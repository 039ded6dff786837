/** Signed requests: what verifies, and each way in which one may be wrong, with its own refusal. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller, Knock, Problem } from '#base'
import { SIGNATURE_ALGORITHMS } from '#vault'
import { LIMITS } from './rate-limit-classes.ts'
import {
  draft,
  type KeyWorld,
  keyId,
  keyWorld,
  knockOf,
  MAKER,
  MERCHANT,
  made,
  type Pair,
  pairOf,
  type Replica,
  type Signing,
} from './testing/key-world.ts'

let world: KeyWorld
let replica: Replica
let pair: Pair
/** Public ids of keys: live, revoked, and one that has a secret only. */
let live: string
let revoked: string
let secretOnly: string
let sm2Id: string

beforeAll(async () => {
  world = await keyWorld()
  replica = world.replica()
  pair = pairOf('ed25519')
  const { algorithm, publicKey } = pair
  const signing = { algorithm, publicKey, secret: false, requiresSignature: true }
  const one = await made(replica.keys.make(draft(signing), MAKER))
  const two = await made(replica.keys.make(draft({ ...signing, orgId: 3 }), MAKER))
  await replica.keys.revoke({ orgId: 3, id: two.key.id }, MAKER)
  const three = await made(replica.keys.make(draft({ orgId: 3 }), MAKER))
  live = keyId(one.key.id)
  revoked = keyId(two.key.id)
  secretOnly = keyId(three.key.id)
  sm2Id = live
})
afterAll(() => world.close())

let count = 0
const seconds = () => Math.floor(world.wall.now() / 1000)

/** A good POST, but for what is said. */
function good(of: Partial<Signing> = {}): Signing {
  count += 1
  const created = seconds()
  return {
    ...{ method: 'POST', scheme: 'https', host: 'api.example.com', path: '/v1/payments' },
    body: '{"amount":{"amount":"100","currency":"CNY"}}',
    headers: { 'idempotency-key': `order-${count}`, 'content-type': 'application/json' },
    components: ['@method', '@target-uri', 'content-digest', 'idempotency-key'],
    ...{ label: 'sig1', pair },
    ...of,
    params: {
      ...{ created, expires: created + 60, nonce: `nonce-number-${count}-of-the-test` },
      ...{ keyid: live, alg: 'ed25519' },
      ...of.params,
    },
  }
}

const identify = (knock: Knock, by = replica) => by.guard.identify(knock)

async function refusedBy(knock: Knock, by = replica): Promise<Problem> {
  const result = await identify(knock, by)
  if (!('refused' in result)) throw new Error('the request was let in')
  return result.refused
}

describe('a request that was signed well', () => {
  test.each(SIGNATURE_ALGORITHMS)('by %s is its key', async (algorithm) => {
    const own = pairOf(algorithm)
    const { publicKey } = own
    const role = { role: 'merchant', merchantId: MERCHANT } as const
    const { key } = await made(
      replica.keys.make(draft({ ...role, algorithm, publicKey, requiresSignature: true }), MAKER),
    )
    const params = { keyid: keyId(key.id), alg: algorithm }
    const caller = (await identify(knockOf(good({ pair: own, params })))) as Caller
    expect(caller).toMatchObject({
      ...{ kind: 'key', id: keyId(key.id), person: 'per_0_maker', orgId: 1, signed: true },
      ...{ merchant: `mch_0_${MERCHANT}`, from: '198.51.100.4' },
    })
    expect(caller.permissions.has('payments.create')).toBe(true)
    expect(caller.permissions.has('payouts.create')).toBe(false)
    await replica.keys.revoke({ orgId: 1, id: key.id }, MAKER)
    const again = knockOf(good({ pair: own, params }))
    expect((await refusedBy(again)).code).toBe('signature_key_unknown')
  })

  const ways: [string, Partial<Signing>][] = [
    [
      'a GET without body and key',
      { method: 'GET', body: undefined, headers: {}, components: ['@method', '@target-uri'] },
    ],
    [
      'authority, path and query',
      {
        path: '/v1/payments?limit=2',
        components: [
          '@method',
          '@authority',
          '@path',
          '@query',
          'content-digest',
          'idempotency-key',
        ],
      },
    ],
    [
      'authority and path',
      { components: ['@authority', '@path', '@method', 'content-digest', 'idempotency-key'] },
    ],
    [
      'further fields',
      {
        components: [
          '@method',
          '@target-uri',
          'content-digest',
          'idempotency-key',
          'content-type',
          '@scheme',
          '@request-target',
        ],
      },
    ],
    ['http on this machine', { host: 'localhost:4000', scheme: 'http' }],
    ['the usual port spelled out', { host: 'API.example.com:443' }],
    ['a tag of its own', { params: { tag: 'mine' } }],
  ]
  test.each(ways)('with %s is let in', async (_, of) => {
    expect(await identify(knockOf(good(of)))).toMatchObject({ id: live, signed: true })
  })

  test('clocks may differ by five minutes, and not by more', async () => {
    for (const [shift, in_] of [
      [-300, true],
      [300, true],
      [-301, false],
      [301, false],
    ] as const) {
      const created = seconds() + shift
      const result = await identify(knockOf(good({ params: { created, expires: created + 700 } })))
      expect('refused' in result).toBe(!in_)
    }
  })
})

/** A request signed well and changed afterwards. */
const after =
  (of: Partial<Signing>, change: (knock: ReturnType<typeof knockOf>) => unknown) => () => {
    const knock = knockOf(good(of))
    const changed = change(knock)
    return (typeof changed === 'object' ? changed : knock) as Knock
  }
/** A request whose signature is made otherwise. */
const signed = (of: () => Partial<Signing>) => () => knockOf(good(of()))

type Sent = ReturnType<typeof knockOf>
const header = (name: string, value: string | undefined) => (knock: Sent) => {
  if (value === undefined) delete knock.headers[name]
  else knock.headers[name] = value
}
const input = (from: string | RegExp, to: string) => (knock: Sent) => {
  const before = knock.headers['signature-input']!
  knock.headers['signature-input'] = before.replace(from, to)
  expect(knock.headers['signature-input']).not.toBe(before)
}
const usual = ['@method', '@target-uri', 'content-digest', 'idempotency-key']
const without = (name: string) => usual.filter((one) => one !== name)

const MUTATIONS: readonly [name: string, make: () => Knock, code: string, part?: string][] = [
  [
    'another method',
    after({}, (k) => ({ ...k, method: 'PUT' })),
    'signature_component_differs',
    '@method',
  ],
  ['another route', after({}, (k) => ({ ...k, path: '/v1/payouts' })), 'signature_wrong'],
  [
    'a slash more',
    after({}, (k) => ({ ...k, path: '/v1/payments/' })),
    'signature_component_differs',
    '@target-uri',
  ],
  [
    'a query more',
    after({}, (k) => ({ ...k, path: '/v1/payments?live=1' })),
    'signature_component_differs',
    '@target-uri',
  ],
  [
    'a query more, under @path',
    after(
      { components: ['@method', '@authority', '@path', 'content-digest', 'idempotency-key'] },
      (k) => ({ ...k, path: '/v1/payments?live=1' }),
    ),
    'signature_component_missing',
    '@query',
  ],
  [
    'a query less',
    after({ path: '/v1/payments?limit=1' }, (k) => ({ ...k, path: '/v1/payments' })),
    'signature_wrong',
  ],
  [
    'another query',
    after({ path: '/v1/payments?limit=1' }, (k) => ({ ...k, path: '/v1/payments?limit=2' })),
    'signature_wrong',
  ],
  [
    'a path encoded on the way',
    after({ path: '/v1/names/a b' }, (k) => ({ ...k, path: '/v1/names/a%20b' })),
    'signature_component_differs',
    '@target-uri',
  ],
  [
    'a host changed by a proxy',
    after({}, (k) => ({
      ...k,
      headers: { ...k.headers, host: 'inside', 'x-forwarded-host': 'api.example.com' },
    })),
    'signature_component_differs',
    '@target-uri',
  ],
  [
    'a port more',
    after({}, header('host', 'api.example.com:8443')),
    'signature_component_differs',
    '@target-uri',
  ],
  ['another host', after({}, header('host', 'evil.example.com')), 'signature_wrong'],
  [
    'another scheme',
    signed(() => ({ scheme: 'http' })),
    'signature_component_differs',
    '@target-uri',
  ],
  [
    'another body',
    after({}, (k) => ({ ...k, body: Buffer.from('{"amount":"900"}') })),
    'signature_digest_differs',
    'content-digest',
  ],
  [
    'a blank more in the body',
    after({}, (k) => ({ ...k, body: Buffer.concat([k.body!, Buffer.from(' ')]) })),
    'signature_digest_differs',
    'content-digest',
  ],
  [
    'a body less',
    after({}, (k) => ({ ...k, body: undefined })),
    'signature_digest_differs',
    'content-digest',
  ],
  [
    'a body more',
    after({ body: undefined, components: without('content-digest') }, (k) => ({
      ...k,
      body: Buffer.from('{}'),
    })),
    'signature_component_missing',
    'content-digest',
  ],
  [
    'another body with its digest',
    after({}, (k) => ({
      ...k,
      body: Buffer.from('{}'),
      headers: {
        ...k.headers,
        'content-digest': 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:',
      },
    })),
    'signature_wrong',
  ],
  [
    'a digest by SHA-512 alone',
    signed(() => ({ headers: { 'idempotency-key': 'a', 'content-digest': 'sha-512=:AAAA:' } })),
    'signature_digest_malformed',
    'content-digest',
  ],
  [
    'a digest that is none',
    signed(() => ({ headers: { 'idempotency-key': 'a', 'content-digest': 'sha-256=deadbeef' } })),
    'signature_digest_malformed',
    'content-digest',
  ],
  [
    'no digest field',
    after({}, header('content-digest', undefined)),
    'signature_component_absent',
    'content-digest',
  ],
  [
    'digest not covered',
    signed(() => ({ components: without('content-digest') })),
    'signature_component_missing',
    'content-digest',
  ],
  ['another idempotency key', after({}, header('idempotency-key', 'order-x')), 'signature_wrong'],
  [
    'the idempotency key bare, signed in quotes',
    after({ headers: { 'idempotency-key': '"k-1"' } }, header('idempotency-key', 'k-1')),
    'signature_component_differs',
    'idempotency-key',
  ],
  [
    'no idempotency key field',
    after({}, header('idempotency-key', undefined)),
    'signature_component_absent',
    'idempotency-key',
  ],
  [
    'idempotency key not covered',
    signed(() => ({ components: without('idempotency-key') })),
    'signature_component_missing',
    'idempotency-key',
  ],
  [
    'method not covered',
    signed(() => ({ components: without('@method') })),
    'signature_component_missing',
    '@method',
  ],
  [
    'target not covered',
    signed(() => ({ components: without('@target-uri') })),
    'signature_component_missing',
    '@target-uri',
  ],
  [
    'path without authority',
    signed(() => ({ components: [...without('@target-uri'), '@path'] })),
    'signature_component_missing',
    '@authority',
  ],
  [
    'authority without path',
    signed(() => ({ components: [...without('@target-uri'), '@authority'] })),
    'signature_component_missing',
    '@path',
  ],
  ['nothing covered', signed(() => ({ components: [] })), 'signature_component_missing', '@method'],
  ...['created', 'expires', 'nonce', 'keyid', 'alg'].map(
    (name) =>
      [
        `no ${name}`,
        signed(() => ({ params: { [name]: undefined } })),
        'signature_parameter_missing',
        name,
      ] as [string, () => Knock, string, string],
  ),
  [
    'created in quotes',
    signed(() => ({ params: { created: String(seconds()) } })),
    'signature_parameter_malformed',
    'created',
  ],
  [
    'created in milliseconds',
    signed(() => ({ params: { created: seconds() * 1000, expires: seconds() * 1000 + 9 } })),
    'signature_in_future',
    'created',
  ],
  [
    'expires in quotes',
    signed(() => ({ params: { expires: 'soon' } })),
    'signature_parameter_malformed',
    'expires',
  ],
  [
    'expires before created',
    signed(() => ({ params: { expires: seconds() - 1 } })),
    'signature_parameter_malformed',
    'expires',
  ],
  [
    'a short nonce',
    signed(() => ({ params: { nonce: '1' } })),
    'signature_parameter_malformed',
    'nonce',
  ],
  [
    'a nonce that is a number',
    signed(() => ({ params: { nonce: 1_234_567 } })),
    'signature_parameter_malformed',
    'nonce',
  ],
  [
    'too old',
    signed(() => ({ params: { created: seconds() - 301, expires: seconds() + 60 } })),
    'signature_too_old',
    'created',
  ],
  [
    'from the future',
    signed(() => ({ params: { created: seconds() + 301, expires: seconds() + 360 } })),
    'signature_in_future',
    'created',
  ],
  [
    'expired this second',
    signed(() => ({ params: { created: seconds() - 60, expires: seconds() } })),
    'signature_expired',
    'expires',
  ],
  [
    'an unknown key',
    signed(() => ({ params: { keyid: `key_0_${'0'.repeat(32)}` } })),
    'signature_key_unknown',
    'keyid',
  ],
  [
    'a key that is no id',
    signed(() => ({ params: { keyid: "key'; drop table" } })),
    'signature_key_unknown',
    'keyid',
  ],
  [
    'a revoked key',
    signed(() => ({ params: { keyid: revoked } })),
    'signature_key_unknown',
    'keyid',
  ],
  [
    'a key without a public key',
    signed(() => ({ params: { keyid: secretOnly } })),
    'signature_key_unknown',
    'keyid',
  ],
  [
    'another algorithm',
    signed(() => ({ params: { keyid: sm2Id, alg: 'sm2-sm3' } })),
    'signature_alg_differs',
    'alg',
  ],
  [
    'an algorithm we have not',
    signed(() => ({ params: { alg: 'hmac-sha256' } })),
    'signature_parameter_malformed',
    'alg',
  ],
  ['signed by another key', signed(() => ({ pair: pairOf('ed25519') })), 'signature_wrong'],
  [
    'a signature of another length',
    after({}, (k) => header('signature', k.headers.signature!.replace(/.{8}:$/, ':'))(k)),
    'signature_malformed',
  ],
  [
    'a bit of the signature',
    after({}, (k) =>
      header(
        'signature',
        k.headers.signature!.replace(/:(.)/, (_, c: string) => `:${c === 'A' ? 'B' : 'A'}`),
      )(k),
    ),
    'signature_wrong',
  ],
  [
    'another nonce than signed',
    after({}, input(/nonce="nonce/, 'nonce="other')),
    'signature_wrong',
  ],
  [
    'another time than signed',
    after({}, (k) => input(/created=\d+/, `created=${seconds() - 1}`)(k)),
    'signature_wrong',
  ],
  [
    'parameters in another order',
    after({}, input(/(;keyid="[^"]*")(;alg="[^"]*")/, '$2$1')),
    'signature_wrong',
  ],
  [
    'a parameter more',
    after({}, (k) => header('signature-input', `${k.headers['signature-input']};tag="x"`)(k)),
    'signature_wrong',
  ],
  [
    'a component less than signed',
    after({ components: [...usual, 'content-type'] }, input(' "content-type"', '')),
    'signature_wrong',
  ],
  [
    'components in another order',
    after({}, input('"@method" "@target-uri"', '"@target-uri" "@method"')),
    'signature_wrong',
  ],
  [
    'a component twice',
    after({}, input('"@method"', '"@method" "@method"')),
    'signature_component_twice',
    '@method',
  ],
  [
    'a component of answers',
    after({}, input('"@method"', '"@method" "@status"')),
    'signature_component_unknown',
    '"@status"',
  ],
  [
    'a component with a parameter',
    after({}, input('"@method"', '"@method" "content-type";sf')),
    'signature_component_unknown',
    '"content-type";sf',
  ],
  [
    'a field name in capitals',
    after({}, input('"@method"', '"@method" "Date"')),
    'signature_component_unknown',
    '"Date"',
  ],
  [
    'a field that is not there',
    after({}, input('"@method"', '"@method" "date"')),
    'signature_component_absent',
    'date',
  ],
  [
    'two signatures',
    after({}, (k) => {
      const { headers: h } = k
      h['signature-input'] = `${h['signature-input']}, b=${h['signature-input']!.slice(5)}`
      h.signature = `${h.signature}, b=:AAAA:`
    }),
    'signature_malformed',
  ],
  [
    'another label',
    after({}, (k) => header('signature', k.headers.signature!.replace('sig1', 'sig2'))(k)),
    'signature_malformed',
  ],
  ['a signature in quotes', after({}, header('signature', 'sig1="AAAA"')), 'signature_malformed'],
  ['no Signature', after({}, header('signature', undefined)), 'signature_malformed'],
  ['no Signature-Input', after({}, header('signature-input', undefined)), 'signature_malformed'],
  [
    'a Signature-Input that is none',
    after({}, header('signature-input', 'sig1=("@method"')),
    'signature_malformed',
  ],
  [
    'a Signature-Input without a list',
    after({}, header('signature-input', 'sig1="@method"')),
    'signature_malformed',
  ],
]

describe('each way to change a signed request is refused by its own name', () => {
  test('there are more than forty', () => {
    expect(MUTATIONS.length).toBeGreaterThan(40)
    expect(new Set(MUTATIONS.map(([name]) => name)).size).toBe(MUTATIONS.length)
  })

  test.each(MUTATIONS)('%s', async (_, make, code, part) => {
    // What is changed below is let in as it was.
    expect(await identify(knockOf(good()))).toMatchObject({ id: live })
    const problem = await refusedBy(make())
    expect(problem.code).toBe(code)
    expect([400, 401]).toContain(problem.status)
    expect(problem.detail).not.toMatch(/\{[a-z]+\}/)
    if (part !== undefined) {
      expect(problem.errors?.[0]?.pointer).toBe(`/signature/${part.replaceAll('/', '~1')}`)
      expect(problem.detail).toContain(part)
    }
  })
})

describe('a nonce', () => {
  test('counts once, on every replica', async () => {
    const other = world.replica()
    const knock = knockOf(good())
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) => identify(knock, at % 2 === 0 ? replica : other)),
    )
    const refused = results.filter((one) => 'refused' in one)
    expect(refused).toHaveLength(19)
    for (const one of refused) {
      expect(one).toMatchObject({ refused: { code: 'signature_nonce_reused' } })
    }
  })

  test('is not used up by a request that does not verify', async () => {
    const signing = good()
    const knock = knockOf(signing)
    const forged = knockOf({ ...signing, pair: pairOf('ed25519') })
    expect((await refusedBy(forged)).code).toBe('signature_wrong')
    expect(await identify(knock)).toMatchObject({ id: live })
  })
})

test('what differs is looked for a few times a second only', async () => {
  const table = { ...LIMITS, suspects: { requests: 3, windowMs: 1_000 } }
  const careful = world.replica(table)
  world.wall.advance(5_000)
  const codes: string[] = []
  for (let n = 0; n < 5; n += 1) {
    codes.push((await refusedBy(knockOf(good({ scheme: 'http' })), careful)).code)
  }
  const differs = 'signature_component_differs'
  expect(codes).toEqual([differs, differs, differs, 'signature_wrong', 'signature_wrong'])
})
