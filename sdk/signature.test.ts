/** Signed requests as they arrive at a real server, checked by an independent implementation. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { httpbis } from 'http-message-signatures'
import { sm2 } from 'sm-crypto-v2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTenon, type SigningKey, TenonProblem } from './index.ts'
import { verifierOf } from './testing/verifier.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

let server: Server
let origin: string
const seen: Seen[] = []
/** What the server answers next; 201 when there is nothing. */
let script: number[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const headers = request.headers as Record<string, string>
      seen.push({ method: request.method!, url: `${origin}${request.url}`, headers, body })
      const status = script.shift() ?? 201
      if (status === 302) response.setHeader('location', 'http://127.0.0.1:9/elsewhere')
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ id: 'book_1', data: [], has_more: false }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(() => void server.close())

/** The independent implementation reads the wall clock. */
const NOW = Math.floor(Date.now() / 1000) * 1000
const ED25519 = generateKeyPairSync('ed25519')
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const SM2 = sm2.generateKeyPairHex()
const ID = 'key_0_0198c0de000070008000000000000001'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string

const KEYS: [SigningKey, KeyObject | string][] = [
  [{ id: ID, alg: 'ed25519', privateKey: ED25519.privateKey }, ED25519.publicKey],
  [{ id: ID, alg: 'rsa-pss-sha512', privateKey: pem(RSA.privateKey) }, RSA.publicKey],
  [
    {
      id: ID,
      alg: 'sm2-sm3',
      sign: (bytes) =>
        Buffer.from(sm2.doSignature(bytes, SM2.privateKey, { hash: true, der: false }), 'hex'),
    },
    SM2.publicKey,
  ],
]

const book = { name: '房款', currency: 'CNY', chart: 'plain' } as const

function client(key: SigningKey) {
  return createTenon({
    baseUrl: `${origin}/`,
    key,
    now: () => NOW + 999,
    sleep: () => Promise.resolve(),
  })
}

/** Whether a message as it stands fits its signature, by RFC 9421 as others read it. */
async function fits(message: Seen, key: SigningKey, publicKey: KeyObject | string) {
  return httpbis.verifyMessage(
    {
      keyLookup: async ({ keyid }) =>
        keyid === ID ? { id: ID, algs: [key.alg], verify: verifierOf(key.alg, publicKey) } : null,
      notAfter: new Date(NOW + 60_000),
      requiredParams: ['created', 'expires', 'nonce', 'keyid', 'alg'],
      requiredFields: ['@method', '@target-uri'],
    },
    message,
  )
}

describe.each(KEYS.map(([key, publicKey]) => [key.alg, key, publicKey] as const))(
  'a request signed by %s',
  (_alg, key, publicKey) => {
    it('is believed, and no longer when any covered part of it is another', async () => {
      await client(key).books.create(book, { key: 'order-7' })
      const got = seen.at(-1)!
      const header = got.headers['signature-input']!
      expect(header).toMatch(
        /^tenon=\("@method" "@target-uri" "content-digest" "idempotency-key"\);created=(\d+);expires=(\d+);nonce="[\w-]{24}";keyid="key_0_\w+";alg="[\w-]+"$/,
      )
      expect(header).toContain(`;created=${NOW / 1000};expires=${NOW / 1000 + 60};`)
      const digest = await crypto.subtle.digest('SHA-256', Buffer.from(got.body))
      expect(got.headers['content-digest']).toBe(
        `sha-256=:${Buffer.from(digest).toString('base64')}:`,
      )
      expect(await fits(got, key, publicKey)).toBe(true)
      const changed: Seen[] = [
        { ...got, method: 'PUT' },
        { ...got, url: `${got.url}?limit=1` },
        { ...got, headers: { ...got.headers, 'idempotency-key': 'order-8' } },
        { ...got, headers: { ...got.headers, 'content-digest': `sha-256=:${'A'.repeat(43)}=:` } },
        {
          ...got,
          headers: { ...got.headers, 'signature-input': header.replace(/nonce="./, 'nonce="~') },
        },
        {
          ...got,
          headers: {
            ...got.headers,
            'signature-input': header.replace(String(NOW / 1000), String(NOW / 1000 - 1)),
          },
        },
      ]
      for (const other of changed) expect(await fits(other, key, publicKey)).toBe(false)
    })

    it('covers the query, and neither body nor key where there is none', async () => {
      for await (const one of client(key).books.list({ pageSize: 7 })) expect(one).toBeUndefined()
      const got = seen.at(-1)!
      expect(got.url).toBe(`${origin}/v1/books?limit=7`)
      expect(got.headers['signature-input']).toMatch(/^tenon=\("@method" "@target-uri"\);/)
      expect(got.headers['content-digest']).toBeUndefined()
      expect(await fits(got, key, publicKey)).toBe(true)
      expect(await fits({ ...got, url: `${origin}/v1/books?limit=8` }, key, publicKey)).toBe(false)
    })

    it('has an Idempotency-Key whenever it is a POST, one for all tries', async () => {
      script = [503]
      const from = seen.length
      const ids = { debit_account: 'acc_1_a', credit_account: 'acc_1_b' }
      const amount = { amount: '1', currency: 'CNY' } as const
      await client(key).transfers.create({ type: 'post', id: 'tr_1_x', ...ids, amount })
      const keys = new Set(seen.slice(from).map((each) => each.headers['idempotency-key']))
      expect([seen.length - from, keys.size]).toEqual([2, 1])
      expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/)
      expect(await fits(seen.at(-1)!, key, publicKey)).toBe(true)
    })

    it('is signed anew at each try, under the same key and body', async () => {
      script = [503, 503]
      const from = seen.length
      await client(key).accounts.freeze('acc_1_x')
      const tries = seen.slice(from)
      expect(tries).toHaveLength(3)
      const distinct = (name: string) => new Set(tries.map((each) => each.headers[name])).size
      expect([distinct('idempotency-key'), distinct('signature-input')]).toEqual([1, 3])
      for (const each of tries) expect(await fits(each, key, publicKey)).toBe(true)
    })
  },
)

describe('a key', () => {
  it('with a secret is sent along, and nothing is signed', async () => {
    const tenon = createTenon({ baseUrl: origin, key: { secret: 'tk_test_0123' } })
    await tenon.books.get('book_1')
    expect(seen.at(-1)!.headers).toMatchObject({ authorization: 'Bearer tk_test_0123' })
    expect(seen.at(-1)!.headers['signature-input']).toBeUndefined()
  })

  it('goes nowhere but where it was meant to go', async () => {
    script = [302]
    const from = seen.length
    const tenon = createTenon({ baseUrl: origin, key: { secret: 'tk_test_0123' } })
    const refused = await tenon.books.get('book_1').catch((error) => error)
    expect(refused).toBeInstanceOf(TenonProblem)
    expect(refused.status).toBe(302)
    expect(seen.slice(from)).toHaveLength(1)
  })

  it.each<[string, () => unknown, RegExp]>([
    [
      'of another algorithm',
      () => client({ id: ID, alg: 'ed25519', privateKey: RSA.privateKey }),
      /signs by ed25519, but its private key is a private key of rsa algorithm/,
    ],
    [
      'that is public',
      () => client({ id: ID, alg: 'rsa-pss-sha512', privateKey: createPublicKey(RSA.privateKey) }),
      /is a public key of rsa algorithm\. Give the private key/,
    ],
    [
      'with a line end in its secret',
      () => createTenon({ baseUrl: origin, key: { secret: 'tk_test_hush\n' } }),
      /^(?!.*hush).*holds spaces or line ends/,
    ],
  ])('%s is refused before anything is sent', (_name, open, says) => {
    expect(open).toThrow(says)
  })
})

it('signs what tenon.fetch sends', async () => {
  const [key, publicKey] = KEYS[0]!
  const reply = await client(key).fetch('/v1/webhooks/listen?cursor=1', {
    method: 'POST',
    body: '{}',
    headers: { 'idempotency-key': 'k' },
  })
  expect(reply.status).toBe(201)
  expect(seen.at(-1)!.body).toBe('{}')
  expect(await fits(seen.at(-1)!, key, publicKey)).toBe(true)
})

it('SM2 here is 64 bytes over the default user id', async () => {
  const [key] = KEYS[2]!
  await client(key).books.get('book_1')
  const value = /^tenon=:(.+):$/.exec(seen.at(-1)!.headers.signature!)![1]!
  expect(hex(Buffer.from(value, 'base64'))).toHaveLength(128)
})
