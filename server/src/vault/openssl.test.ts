/** SM2, SM3 and SM4 against the openssl command line, both ways. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  hmacSm3,
  readSm2PrivateKey,
  readSm2PublicKey,
  sm2Decrypt,
  sm2Encrypt,
  sm2Sign,
  sm2Verify,
  sm4CbcEncrypt,
} from './index.ts'

const version = spawnSync('openssl', ['version']).stdout?.toString() ?? ''
const present = /^OpenSSL [3-9]\./.test(version)
if (!present && !process.env.CI) {
  console.warn('openssl 3 is not installed: the cross-check of SM2 is left out')
}

test.runIf(process.env.CI)('openssl 3 is installed where CI runs', () => {
  expect(present).toBe(true)
})

describe.runIf(present)('openssl', () => {
  let folder: string
  const at = (name: string) => join(folder, name)
  const ID = ['-rawin', '-digest', 'sm3', '-pkeyopt', 'distid:1234567812345678']

  function openssl(...args: string[]): { status: number | null; out: Buffer } {
    const done = spawnSync('openssl', args, { cwd: folder })
    return { status: done.status, out: done.stdout }
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenon-sm2-'))
    expect(openssl('genpkey', '-algorithm', 'SM2', '-out', 'key.pem').status).toBe(0)
    expect(openssl('pkey', '-in', 'key.pem', '-pubout', '-out', 'public.pem').status).toBe(0)
    const request = ['-x509', '-key', 'key.pem', '-subj', '/CN=rail', '-sm3', '-out', 'cert.pem']
    expect(openssl('req', '-new', ...request).status).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const pem = (name: string) => readFileSync(at(name), 'utf8')

  test('verifies what we sign', () => {
    const key = readSm2PrivateKey(pem('key.pem'))
    for (let round = 0; round < 5; round += 1) {
      const message = randomBytes(round * 40 + 1)
      writeFileSync(at('message'), message)
      writeFileSync(at('signature'), sm2Sign(key, message))
      const check = ['-pubin', '-inkey', 'public.pem', '-in', 'message', '-sigfile', 'signature']
      expect(openssl('pkeyutl', '-verify', ...check, ...ID).status).toBe(0)
      writeFileSync(at('message'), Buffer.concat([message, Buffer.from('x')]))
      expect(openssl('pkeyutl', '-verify', ...check, ...ID).status).not.toBe(0)
    }
  })

  test.each(['public.pem', 'cert.pem'])('signs what we verify with the key of %s', (name) => {
    const key = readSm2PublicKey(pem(name))
    for (let round = 0; round < 5; round += 1) {
      const message = randomBytes(round * 40 + 1)
      writeFileSync(at('message'), message)
      const made = openssl('pkeyutl', '-sign', '-inkey', 'key.pem', '-in', 'message', ...ID)
      expect(made.status).toBe(0)
      expect(sm2Verify(key, message, made.out)).toBe(true)
      expect(sm2Verify(key, randomBytes(8), made.out)).toBe(false)
    }
  })

  test('decrypts what we encrypt, and the other way round', () => {
    const plain = Buffer.from('6217000010001234567')
    writeFileSync(at('cipher'), sm2Encrypt(readSm2PublicKey(pem('public.pem')), plain, 'asn1'))
    expect(openssl('pkeyutl', '-decrypt', '-inkey', 'key.pem', '-in', 'cipher').out).toEqual(plain)
    writeFileSync(at('plain'), plain)
    const made = openssl('pkeyutl', '-encrypt', '-pubin', '-inkey', 'public.pem', '-in', 'plain')
    expect(sm2Decrypt(readSm2PrivateKey(pem('key.pem')), made.out, 'asn1')).toEqual(plain)
  })

  test('SM4-CBC and HMAC-SM3', () => {
    const key = randomBytes(16)
    const iv = randomBytes(16)
    writeFileSync(at('plain'), 'a text of more than one block')
    const keys = ['-K', key.toString('hex'), '-iv', iv.toString('hex'), '-in', 'plain']
    expect(openssl('enc', '-sm4-cbc', ...keys).out).toEqual(
      sm4CbcEncrypt(key, iv, readFileSync(at('plain'))),
    )
    const mac = ['-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`, '-binary', 'plain']
    expect(openssl('dgst', '-sm3', ...mac).out).toEqual(hmacSm3(key, readFileSync(at('plain'))))
  })
})
