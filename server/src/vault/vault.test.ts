/** Properties: what is signed verifies, what is sealed opens, and one changed bit ends both. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aesGcmOpen,
  aesGcmSeal,
  readRsaPrivateKey,
  readRsaPublicKey,
  readSm2PrivateKey,
  readSm2PublicKey,
  rsaOaepDecrypt,
  rsaOaepEncrypt,
  rsaSign,
  rsaVerify,
  sm2Decrypt,
  sm2Encrypt,
  sm2PublicKeyOf,
  sm2Sign,
  sm2Verify,
  sm4GcmOpen,
  sm4GcmSeal,
} from './index.ts'

const pemPair = (pair: ReturnType<typeof generateKeyPairSync>) => ({
  privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
})
const sm = pemPair(generateKeyPairSync('ec', { namedCurve: 'SM2' }))
const rsa = pemPair(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 })

/** The same bytes with one bit turned over. */
function flipped(whole: Uint8Array, at: number): Buffer {
  const changed = Buffer.from(whole)
  const bit = at % (whole.length * 8)
  changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}

describe('SM2', () => {
  const key = readSm2PrivateKey(sm.privatePem)
  const publicKey = readSm2PublicKey(sm.publicPem)

  test('the halves of a pair belong together', () => {
    expect(publicKey.point).toEqual(key.publicKey.point)
  })

  test('signatures', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (message, at) => {
        const signature = sm2Sign(key, message)
        expect(sm2Verify(publicKey, message, signature)).toBe(true)
        expect(sm2Verify(publicKey, flipped(message, at), signature)).toBe(false)
        expect(sm2Verify(publicKey, message, flipped(signature, at))).toBe(false)
        expect(sm2Verify(publicKey, message, signature, 'another id')).toBe(false)
      }),
      { numRuns: 40 },
    )
  })

  test('a signature has one encoding', () => {
    const message = Buffer.from('message')
    const signature = sm2Sign(key, message)
    const lax = [
      Buffer.concat([signature, Buffer.from([0])]),
      Buffer.concat([Buffer.from([0x30, 0x81]), signature.subarray(1)]),
      Buffer.alloc(0),
      Buffer.from('3006020100020100', 'hex'),
    ]
    for (const each of lax) expect(sm2Verify(publicKey, message, each)).toBe(false)
  })

  test.each(['asn1', 'raw'] as const)('encryption, %s', (form) => {
    const stranger = readSm2PrivateKey(
      pemPair(generateKeyPairSync('ec', { namedCurve: 'SM2' })).privatePem,
    )
    fc.assert(
      fc.property(bytes, fc.nat(), (plain, at) => {
        const cipher = sm2Encrypt(publicKey, plain, form)
        expect(sm2Decrypt(key, cipher, form)).toEqual(Buffer.from(plain))
        expect(sm2Decrypt(key, flipped(cipher, at), form)).toBeUndefined()
        expect(sm2Decrypt(stranger, cipher, form)).toBeUndefined()
      }),
      { numRuns: 20 },
    )
    expect(() => sm2Encrypt(publicKey, Buffer.alloc(0), form)).toThrow('at least one byte')
  })

  test('a private key shows nothing', () => {
    const scalar = Buffer.from(sm.privatePem.split('\n').slice(1, 3).join(''), 'base64')
      .toString('hex')
      .slice(72, 136)
    expect(scalar).toMatch(/^[0-9a-f]{64}$/)
    const shown = inspect(key, { depth: 5, showHidden: true }) + JSON.stringify(key)
    expect(shown).not.toContain(scalar)
  })

  test('keys of another kind are refused', () => {
    expect(() => readSm2PrivateKey(rsa.privatePem)).toThrow('not one of SM2')
    expect(() => readSm2PublicKey(rsa.publicPem)).toThrow('not one of SM2')
    expect(() => readSm2PublicKey('nothing')).toThrow('not readable PEM')
    expect(() => readSm2PrivateKey(sm.publicPem)).toThrow('not readable PEM')
    const p256 = pemPair(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    expect(() => readSm2PublicKey(p256.publicPem)).toThrow('not one of SM2')
    const off = Uint8Array.from(publicKey.point)
    off[64]! ^= 1
    expect(() => sm2PublicKeyOf(off)).toThrow()
  })
})

describe('RSA', () => {
  const key = readRsaPrivateKey(rsa.privatePem)
  const publicKey = readRsaPublicKey(rsa.publicPem)

  test('signatures and fields', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (message, at) => {
        const signature = rsaSign(key, message)
        expect(rsaVerify(publicKey, message, signature)).toBe(true)
        expect(rsaVerify(publicKey, message, flipped(signature, at))).toBe(false)
        const cipher = rsaOaepEncrypt(publicKey, message)
        expect(rsaOaepDecrypt(key, cipher)).toEqual(Buffer.from(message))
        expect(rsaOaepDecrypt(key, flipped(cipher, at))).toBeUndefined()
      }),
      { numRuns: 20 },
    )
    expect(rsaVerify(publicKey, Buffer.from('x'), Buffer.alloc(0))).toBe(false)
  })

  test('weak keys and keys of another kind are refused', () => {
    const weak = pemPair(generateKeyPairSync('rsa', { modulusLength: 1024 }))
    expect(() => readRsaPrivateKey(weak.privatePem)).toThrow('fewer than 2048 bits')
    expect(() => readRsaPublicKey(sm.publicPem)).toThrow('not one of RSA')
    expect(() => readRsaPublicKey('')).toThrow('not readable PEM')
  })
})

describe.each([
  ['AES-256-GCM', 32, aesGcmSeal, aesGcmOpen],
  ['SM4-GCM', 16, sm4GcmSeal, sm4GcmOpen],
] as const)('%s', (_name, keyBytes, seal, open) => {
  const box = { key: randomBytes(keyBytes), nonce: randomBytes(12), associated: randomBytes(9) }

  test('opens what was sealed and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (plain, at) => {
        const sealed = seal(box, plain)
        expect(sealed.length).toBe(plain.length + 16)
        expect(open(box, sealed)).toEqual(Buffer.from(plain))
        expect(open(box, flipped(sealed, at))).toBeUndefined()
        expect(open({ ...box, key: flipped(box.key, at) }, sealed)).toBeUndefined()
        expect(open({ ...box, nonce: flipped(box.nonce, at) }, sealed)).toBeUndefined()
        expect(open({ ...box, associated: flipped(box.associated, at) }, sealed)).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  test('lengths that do not fit', () => {
    expect(open(box, Buffer.alloc(15))).toBeUndefined()
    expect(open({ ...box, nonce: Buffer.alloc(11) }, Buffer.alloc(20))).toBeUndefined()
    expect(open({ ...box, key: Buffer.alloc(5) }, Buffer.alloc(20))).toBeUndefined()
    expect(() => seal({ ...box, nonce: Buffer.alloc(11) }, Buffer.alloc(1))).toThrow('11 bytes')
  })
})
