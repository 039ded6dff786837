/** The signature base and the algorithms, held to the vectors of RFC 9421 and to a foreign client. */
import { type createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { createSigner, createVerifier, httpbis } from 'http-message-signatures'
import { afterAll, describe, expect, test } from 'vitest'
import {
  checkContentDigest,
  contentDigest,
  createSm2Verifier,
  type HttpMessage,
  readSignature,
  readSm2PrivateKey,
  readVerificationKey,
  type SignatureAlgorithm,
  signatureBase,
  signBase,
  signMessage,
  sm2Sign,
  verifySignature,
} from './index.ts'

const sm2 = createSm2Verifier({ threads: 1 })
afterAll(() => sm2.close())

/** RFC 9421 B.1.2, public half. */
const RSA_PSS = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`
/** RFC 9421 B.1.4. */
const ED25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`
const ED25519_PRIVATE = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`

const DIGEST =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:'
/** test-request of RFC 9421 B.2. */
const REQUEST: HttpMessage = {
  method: 'POST',
  scheme: 'https',
  authority: 'example.com',
  path: '/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-digest': DIGEST,
    'content-length': '18',
  },
}

interface Vector {
  readonly name: string
  readonly algorithm: SignatureAlgorithm
  readonly key: string
  readonly input: string
  readonly signature: string
  readonly base: string
}

const VECTORS: readonly Vector[] = [
  {
    name: 'B.2.2 selective covered components, rsa-pss-sha512',
    algorithm: 'rsa-pss-sha512',
    key: RSA_PSS,
    input:
      'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:',
    base: `"@authority": example.com
"content-digest": ${DIGEST}
"@query-param";name="Pet": dog
"@signature-params": ("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"`,
  },
  {
    name: 'B.2.3 full coverage, rsa-pss-sha512',
    algorithm: 'rsa-pss-sha512',
    key: RSA_PSS,
    input:
      'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:',
    base: `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@query": ?param=Value&Pet=dog
"@authority": example.com
"content-type": application/json
"content-digest": ${DIGEST}
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
  },
  {
    name: 'B.2.6 a request, ed25519',
    algorithm: 'ed25519',
    key: ED25519,
    input:
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature:
      'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    base: `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
  },
]

describe('vectors of RFC 9421', () => {
  test.each(VECTORS)('$name', async ({ algorithm, key, input, signature, base }) => {
    const received = readSignature({ 'signature-input': input, signature })
    if ('malformed' in received) throw new Error(received.malformed)
    const ours = signatureBase(REQUEST, received)
    expect(ours.toString()).toBe(base)
    const verification = readVerificationKey(algorithm, key)
    const check = (bytes: Uint8Array, over = ours as Buffer) =>
      verifySignature(verification, over, bytes, sm2)
    expect(await check(received.signature)).toBe(true)
    const changed = Uint8Array.from(received.signature)
    changed[7]! ^= 1
    expect(await check(changed)).toBe(false)
    expect(await check(received.signature, Buffer.concat([ours as Buffer, Buffer.from(' ')]))).toBe(
      false,
    )
  })

  test('B.2.6 signed again gives the same signature', () => {
    const fields = signMessage(REQUEST, {
      label: 'sig-b26',
      components: ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
      params: { created: 1618884473, keyid: 'test-key-ed25519' },
      sign: (base) => signBase('ed25519', ED25519_PRIVATE, base),
    })
    expect(fields).toEqual({
      'signature-input': VECTORS[2]!.input,
      signature: VECTORS[2]!.signature,
    })
  })

  test('RFC 9530 B.1: the digest of a body with sha-256', () => {
    const body = Buffer.from('{"hello": "world"}\n')
    expect(contentDigest(body)).toBe('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:')
    expect(checkContentDigest(contentDigest(body), body)).toBe('same')
    expect(checkContentDigest(contentDigest(body), Buffer.from('{"hello": "world"}'))).toBe(
      'differs',
    )
    expect(checkContentDigest(DIGEST, body)).toBe('unreadable')
  })
})

const pem = (key: ReturnType<typeof createPrivateKey>) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString()

function pairOf(algorithm: SignatureAlgorithm): { readonly privatePem: string; publicPem: string } {
  const made =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : algorithm === 'rsa-pss-sha512'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'SM2' })
  return { privatePem: pem(made.privateKey), publicPem: pem(made.publicKey) }
}

describe('beside http-message-signatures', () => {
  const pair = pairOf('ed25519')
  const rsa = pairOf('rsa-pss-sha512')
  const cases = [
    { algorithm: 'ed25519', pair },
    { algorithm: 'rsa-pss-sha512', pair: rsa },
  ] as const
  const fields = ['@method', '@target-uri', '@authority', '@path', '@query', 'content-digest']

  test.each(cases)('it signs with $algorithm, we verify', async ({ algorithm, pair }) => {
    const url = 'https://Example.com:443/v1/payments?limit=2&a=%20b'
    const signed: { headers: Record<string, string | string[]> } = await httpbis.signMessage(
      {
        key: createSigner(pair.privatePem, algorithm, 'theirs'),
        fields: [...fields],
        params: ['created', 'expires', 'nonce', 'keyid', 'alg'],
        paramValues: { nonce: 'a nonce of theirs' },
      },
      { method: 'POST', url: new URL(url), headers: { 'content-digest': DIGEST } },
    )
    const received = readSignature({
      'signature-input': signed.headers['Signature-Input'] as string,
      signature: signed.headers.Signature as string,
    })
    if ('malformed' in received) throw new Error(received.malformed)
    const message: HttpMessage = {
      method: 'POST',
      scheme: 'https',
      authority: 'Example.com:443',
      path: '/v1/payments?limit=2&a=%20b',
      headers: { 'content-digest': DIGEST },
    }
    const base = signatureBase(message, received) as Buffer
    const key = readVerificationKey(algorithm, pair.publicPem)
    expect(await verifySignature(key, base, received.signature, sm2)).toBe(true)
    const other = signatureBase({ ...message, path: '/v1/payments?limit=3' }, received) as Buffer
    expect(await verifySignature(key, other, received.signature, sm2)).toBe(false)
  })

  test.each(cases)('we sign with $algorithm, it verifies', async ({ algorithm, pair }) => {
    const message: HttpMessage = {
      method: 'POST',
      scheme: 'https',
      authority: 'api.example.com',
      path: '/v1/payments?limit=2',
      headers: { 'content-digest': DIGEST },
    }
    const created = Math.floor(Date.now() / 1000)
    const headers = {
      ...{ 'content-digest': DIGEST },
      ...signMessage(message, {
        label: 'ours',
        components: fields,
        params: { created, expires: created + 60, nonce: 'n', keyid: 'ours', alg: algorithm },
        sign: (base) => signBase(algorithm, pair.privatePem, base),
      }),
    }
    const check = (path: string) =>
      httpbis.verifyMessage(
        {
          keyLookup: async () => ({
            id: 'ours',
            algs: [algorithm],
            verify: createVerifier(pair.publicPem, algorithm),
          }),
        },
        { method: 'POST', url: `https://api.example.com${path}`, headers },
      )
    expect(await check('/v1/payments?limit=2')).toBe(true)
    expect(await check('/v1/payments?limit=3')).not.toBe(true)
  })
})

describe('SM2 by tables', () => {
  const pair = pairOf('sm2-sm3')
  const key = readVerificationKey('sm2-sm3', pair.publicPem)

  test('says what sm-crypto-v2 says, of good signatures and of changed ones', async () => {
    const { sm2: library } = await import('sm-crypto-v2')
    const privateKey = readSm2PrivateKey(pair.privatePem)
    const point = Buffer.from(privateKey.publicKey.point).toString('hex')
    const places = fc.nat({ max: 511 })
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(places, { maxLength: 3 }),
        async (message, flips) => {
          const signature = signBase('sm2-sm3', pair.privatePem, message)
          for (const flip of flips) signature[flip >> 3]! ^= 1 << (flip & 7)
          const ours = await verifySignature(key, message, signature, sm2)
          const theirs = library.doVerifySignature(message, signature.toString('hex'), point, {
            hash: true,
          })
          expect(ours).toBe(theirs)
          if (flips.length === 0) expect(ours).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  const ORDER = 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123'
  const message = Buffer.from('pay')
  const good = signBase('sm2-sm3', pair.privatePem, message)
  const half = (hex: string) => Buffer.from(hex.padStart(64, '0'), 'hex')
  const plusOrder = (part: Buffer) =>
    half(((BigInt(`0x${part.toString('hex')}`) + BigInt(`0x${ORDER}`)) % (1n << 256n)).toString(16))
  test.each([
    ['r is 0', Buffer.concat([half('0'), good.subarray(32)])],
    ['s is 0', Buffer.concat([good.subarray(0, 32), half('0')])],
    ['r is the order', Buffer.concat([half(ORDER), good.subarray(32)])],
    ['s is the order', Buffer.concat([good.subarray(0, 32), half(ORDER)])],
    ['r plus the order', Buffer.concat([plusOrder(good.subarray(0, 32)), good.subarray(32)])],
    ['r and s exchanged', Buffer.concat([good.subarray(32), good.subarray(0, 32)])],
    ['in DER', sm2Sign(readSm2PrivateKey(pair.privatePem), message)],
    ['a byte short', good.subarray(0, 63)],
    ['empty', Buffer.alloc(0)],
  ])('refused: %s', async (_, signature) => {
    expect(await verifySignature(key, message, good, sm2)).toBe(true)
    expect(await verifySignature(key, message, signature, sm2)).toBe(false)
  })

  test('a thread that dies fails its jobs, and the next ones get another', async () => {
    const pool = createSm2Verifier({ threads: 1 })
    await expect(pool.verify(message, message, undefined as never)).rejects.toThrow()
    expect(await verifySignature(key, message, good, pool)).toBe(true)
    await pool.close()
  })

  test('a pool that is closed verifies nothing, and says so', async () => {
    const pool = createSm2Verifier({ threads: 2 })
    const many = Array.from({ length: 20 }, () => verifySignature(key, message, good, pool))
    expect(await Promise.all(many)).toEqual(Array(20).fill(true))
    await pool.close()
    await expect(verifySignature(key, message, good, pool)).rejects.toThrow('closed')
  })
})

describe('public keys', () => {
  const rsa1024 = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)
  const p256 = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
  test.each([
    ['ed25519', RSA_PSS, 'not one of Ed25519'],
    ['rsa-pss-sha512', ED25519, 'not one of RSA'],
    ['rsa-pss-sha512', rsa1024, '1024 bits'],
    ['sm2-sm3', p256, 'not one of SM2'],
    ['ed25519', 'no key at all', 'not readable PEM'],
    ['ed25519', ED25519_PRIVATE, 'private key'],
  ] as const)('%s refuses another (%#)', (algorithm, text, why) => {
    expect(() => readVerificationKey(algorithm, text)).toThrow(why)
  })
})
