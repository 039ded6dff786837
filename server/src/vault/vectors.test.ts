/** Published vectors of SM2, SM3, SM4 and of WeChat Pay's own library. Sources: see the fixture. */
import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { aesGcmOpen, aesGcmSeal, sm4CbcDecrypt, sm4CbcEncrypt } from './block.ts'
import vectors from './fixtures/gm-vectors.json' with { type: 'json' }
import { hmacSm3, sm2PublicKeyOf, sm3, sm4GcmOpen, sm4GcmSeal } from './index.ts'
import { Sm2PrivateKey, signDigest, sm2Decrypt, sm2Digest, sm2Verify } from './sm2.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const utf8 = (text: string) => Buffer.from(text)

describe('SM3', () => {
  test.each([
    ['abc', vectors.sm3[0]!.digest],
    ['abcd'.repeat(16), vectors.sm3[1]!.digest],
  ])('of %s', (message, digest) => {
    expect(sm3(utf8(message)).toString('hex')).toBe(digest)
  })

  test('HMAC is the one of RFC 2104 over SM3', () => {
    const key = utf8('key of a test')
    const padded = Buffer.concat([key, Buffer.alloc(64 - key.length)])
    const pad = (byte: number) => padded.map((each) => each ^ byte)
    const inner = sm3(Buffer.concat([pad(0x36), utf8('message')]))
    expect(hmacSm3(key, utf8('message'))).toEqual(sm3(Buffer.concat([pad(0x5c), inner])))
  })
})

describe('SM4', () => {
  const key = hex(vectors.sm4.key)

  test('one block, through CBC with a vector of zeros', () => {
    const sealed = sm4CbcEncrypt(key, Buffer.alloc(16), hex(vectors.sm4.plain))
    expect(sealed.toString('hex', 0, 16)).toBe(vectors.sm4.ecb)
    expect(sm4CbcDecrypt(key, Buffer.alloc(16), sealed)!.toString('hex')).toBe(vectors.sm4.plain)
  })

  test('a million times', () => {
    const cipher = createCipheriv('sm4-ecb', key, null)
    let block: Buffer = hex(vectors.sm4.plain)
    for (let round = 0; round < 1_000_000; round += 1) block = cipher.update(block)
    expect(block.toString('hex')).toBe(vectors.sm4.ecb_1e6_iterations)
  })

  test('CBC of a broken text is no text', () => {
    const sealed = sm4CbcEncrypt(key, Buffer.alloc(16), utf8('a text'))
    expect(sm4CbcDecrypt(key, Buffer.alloc(16), sealed.subarray(1))).toBeUndefined()
    expect(sm4CbcDecrypt(key.subarray(1), Buffer.alloc(16), sealed)).toBeUndefined()
    expect(sm4CbcDecrypt(key, Buffer.alloc(15), sealed)).toBeUndefined()
  })

  test('GCM of RFC 8998', () => {
    const vector = vectors.sm4_gcm_rfc8998
    const box = { key: hex(vector.key), nonce: hex(vector.iv), associated: hex(vector.aad) }
    const sealed = sm4GcmSeal(box, hex(vector.plain))
    expect(sealed.toString('hex').toUpperCase()).toBe(vector.cipher + vector.tag)
    expect(sm4GcmOpen(box, sealed)!.toString('hex').toUpperCase()).toBe(vector.plain)
  })
})

describe('SM2 of GB/T 32918', () => {
  const vector = vectors.sm2
  const key = new Sm2PrivateKey(vector.private)

  test('public key and digest', () => {
    expect(Buffer.from(key.publicKey.point).toString('hex')).toBe(vector.public_uncompressed)
    const digest = sm2Digest(key.publicKey, utf8(vector.msg_utf8), vector.id)
    expect(digest.toString('hex').toUpperCase()).toBe(vector.e)
  })

  test('signature with the k of the standard', () => {
    const signature = signDigest(key, hex(vector.e), vector.k)
    // Both halves begin with a bit that is one, so DER puts a zero before each.
    expect(signature.toString('hex').toUpperCase()).toBe(`3046022100${vector.r}022100${vector.s}`)
    expect(sm2Verify(key.publicKey, utf8(vector.msg_utf8), signature)).toBe(true)
    expect(sm2Verify(key.publicKey, utf8(vector.msg_utf8), signature, '')).toBe(false)
  })

  test('decryption', () => {
    const { C1_xy, C2, C3, msg_utf8 } = vector.encrypt
    const raw = hex(`04${C1_xy}${C3}${C2}`)
    expect(sm2Decrypt(key, raw, 'raw')!.toString()).toBe(msg_utf8)
    expect(sm2Decrypt(key, hex(`04${C1_xy}${C2}${C3}`), 'raw')).toBeUndefined()
  })
})

describe('WeChat Pay', () => {
  const vector = vectors.wechatpay_shangmi

  test('SM2 signature', () => {
    const { public: point, message, sig_der_b64 } = vector.sm2_sign
    const key = sm2PublicKeyOf(hex(point))
    expect(sm2Verify(key, utf8(message), Buffer.from(sig_der_b64, 'base64'))).toBe(true)
    expect(sm2Verify(key, utf8(`${message}.`), Buffer.from(sig_der_b64, 'base64'))).toBe(false)
    expect(new Sm2PrivateKey(vector.sm2_sign.private).publicKey.point).toEqual(key.point)
  })

  test('SM2 decryption', () => {
    const key = new Sm2PrivateKey(vector.sm2_sign.private)
    const cipher = Buffer.from(vector.sm2_decrypt.cipher_b64_asn1_c1c3c2, 'base64')
    expect(sm2Decrypt(key, cipher, 'asn1')!.toString()).toBe(vector.sm2_decrypt.plaintext)
  })

  test('SM4-GCM under the first half of the digest of the API key', () => {
    const { aead_sm4 } = vector
    const box = {
      key: sm3(utf8(vector.api_v3_key)).subarray(0, 16),
      nonce: utf8(aead_sm4.nonce),
      associated: utf8(aead_sm4.aad),
    }
    const sealed = Buffer.from(aead_sm4.ciphertext_b64, 'base64')
    expect(sm4GcmOpen(box, sealed)!.toString()).toBe(aead_sm4.plaintext)
    expect(sm4GcmSeal(box, utf8(aead_sm4.plaintext))).toEqual(sealed)
  })

  test('AES-256-GCM', () => {
    const { aead_aes_256_gcm: aead } = vector
    const key = utf8(vector.api_v3_key)
    const box = { key, nonce: utf8(aead.nonce), associated: utf8(aead.aad) }
    const sealed = Buffer.from(aead.ciphertext_b64, 'base64')
    expect(aesGcmOpen(box, sealed)!.toString()).toBe(aead.plaintext)
    expect(aesGcmSeal(box, utf8(aead.plaintext))).toEqual(sealed)
  })
})
