/**
 * SM2 (GB/T 32918) for keys that come as PEM: signatures in DER over SM3 of the signer's id and the
 * message, and encryption in the order C1 C3 C2.
 *
 * The one thing to get wrong is to let Node sign: it takes an empty id in place of
 * `1234567812345678`, and no bank accepts that. The arithmetic of signing, verifying and encrypting
 * is sm-crypto-v2's; digests and k·G are OpenSSL's, because they are many times faster there.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'
import {
  readOctets,
  readScalar,
  readSequence,
  writeOctets,
  writeScalar,
  writeSequence,
} from './der.ts'

/** The id both sides use unless they agreed on another (GM/T 0009). */
export const SM2_DEFAULT_ID = '1234567812345678'

/** Bits of the table kept for a public key: verifying is as quick as with the 8 of the library. */
const WINDOW = 4
/** The order of the curve's group. */
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
/** Object identifier 1.2.156.10197.1.301 as it stands in a key. */
const CURVE_ID = Buffer.from('06082a811ccf5501822d', 'hex')
/** a, b and the base point, as they enter the digest of the signer's id. */
const CURVE = Buffer.from(
  'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc' +
    '28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93' +
    '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7' +
    'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0',
  'hex',
)

/** A point of the curve with what verifying reuses. Made by `readSm2PublicKey`. */
export interface Sm2PublicKey {
  /** `04`, x and y: 65 bytes. */
  readonly point: Uint8Array
  readonly precomputed: ReturnType<typeof sm2.precomputePublicKey>
}

/** A private key. It shows its public half only, printed or as JSON. */
export class Sm2PrivateKey {
  readonly publicKey: Sm2PublicKey
  readonly #scalar: string

  /** `scalar`: 32 bytes as hex, in [1, n − 2]. Throws when it is none. */
  constructor(scalar: string) {
    const value = /^[0-9a-f]{64}$/i.test(scalar) ? BigInt(`0x${scalar}`) : 0n
    if (value < 1n || value > ORDER - 2n) throw new Error('this is not a private key of SM2')
    this.#scalar = scalar.toLowerCase()
    this.publicKey = sm2PublicKeyOf(timesBase(this.#scalar))
  }

  toJSON(): string {
    return `SM2 ${Buffer.from(this.publicKey.point).toString('hex')}`
  }

  /** For the functions of this file. */
  static scalarOf(key: Sm2PrivateKey): string {
    return key.#scalar
  }
}

function timesBase(scalar: string): Buffer {
  const curve = createECDH('SM2')
  curve.setPrivateKey(Buffer.from(scalar, 'hex'))
  return curve.getPublicKey()
}

/** A public key from its 65 bytes `04 x y`. Throws when they are no point of the curve. */
export function sm2PublicKeyOf(point: Uint8Array): Sm2PublicKey {
  if (point.length !== 65 || point[0] !== 4) throw new Error('this is not a public key of SM2')
  const precomputed = sm2.precomputePublicKey(Buffer.from(point).toString('hex'), WINDOW)
  precomputed.assertValidity()
  return { point: Uint8Array.from(point), precomputed }
}

/**
 * Reads a private key from PEM, PKCS 8 or SEC 1. Throws a sentence when it is none of SM2; the
 * sentence quotes nothing of the key.
 */
export function readSm2PrivateKey(pem: string): Sm2PrivateKey {
  let der: Buffer
  try {
    der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
  } catch {
    throw new Error('the private key is not readable PEM')
  }
  const [, , wrapped] = readSequence(der) ?? []
  const inner = readSequence(readOctets(wrapped) ?? Buffer.alloc(0))
  const scalar = readOctets(inner?.[1])
  if (!der.includes(CURVE_ID) || scalar?.length !== 32) {
    throw new Error('the private key is not one of SM2')
  }
  return new Sm2PrivateKey(scalar.toString('hex'))
}

/** Reads a public key from PEM: a `PUBLIC KEY` or a certificate. Throws when it is none of SM2. */
export function readSm2PublicKey(pem: string): Sm2PublicKey {
  let der: Buffer
  try {
    const key = pem.includes('BEGIN CERTIFICATE')
      ? new X509Certificate(pem).publicKey
      : createPublicKey(pem)
    der = key.export({ type: 'spki', format: 'der' })
  } catch {
    throw new Error('the public key is not readable PEM')
  }
  if (!der.includes(CURVE_ID)) throw new Error('the public key is not one of SM2')
  return sm2PublicKeyOf(der.subarray(-65))
}

/** SM3 of the signer's id, the curve, the public key, and then the message: what is signed. */
export function sm2Digest(key: Sm2PublicKey, message: Uint8Array, id = SM2_DEFAULT_ID): Buffer {
  const name = Buffer.from(id)
  const bits = Buffer.alloc(2)
  bits.writeUInt16BE(name.length * 8)
  const about = createHash('sm3').update(bits).update(name).update(CURVE)
  const signer = about.update(key.point.subarray(1)).digest()
  return createHash('sm3').update(signer).update(message).digest()
}

/** Signs with SM2 and SM3. `id` as agreed with the other side. The answer is DER. */
export function sm2Sign(key: Sm2PrivateKey, message: Uint8Array, id = SM2_DEFAULT_ID): Buffer {
  const once = createECDH('SM2')
  once.generateKeys()
  const k = once.getPrivateKey('hex').padStart(64, '0')
  return signDigest(key, sm2Digest(key.publicKey, message, id), k)
}

/** Signs a digest with a given k. For published vectors; a k used twice gives the key away. */
export function signDigest(key: Sm2PrivateKey, digest: Uint8Array, k: string): Buffer {
  const x1 = BigInt(`0x${timesBase(k).toString('hex', 1, 33)}`)
  const pointPool = [{ k: BigInt(`0x${k}`), x1 }]
  const both = Buffer.from(
    sm2.doSignature(digest, Sm2PrivateKey.scalarOf(key), { pointPool }),
    'hex',
  )
  return writeSequence([writeScalar(both.subarray(0, 32)), writeScalar(both.subarray(32))])
}

/** Whether `signature`, DER, is the key holder's over `message`. Never throws. */
export function sm2Verify(
  key: Sm2PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  id = SM2_DEFAULT_ID,
): boolean {
  const items = readSequence(signature)
  if (items?.length !== 2) return false
  const r = readScalar(items[0])
  const s = readScalar(items[1])
  if (r === undefined || s === undefined || !inGroup(r) || !inGroup(s)) return false
  try {
    const both = Buffer.concat([r, s]).toString('hex')
    return sm2.doVerifySignature(sm2Digest(key, message, id), both, key.precomputed)
  } catch {
    return false
  }
}

function inGroup(scalar: Buffer): boolean {
  const value = BigInt(`0x${scalar.toString('hex')}`)
  return value > 0n && value < ORDER
}

/**
 * How a ciphertext is written. `asn1`: the sequence x, y, C3, C2 (GM/T 0009). `raw`: `04 x y`, C3, C2
 * behind one another.
 */
export type Sm2Form = 'asn1' | 'raw'

/** Encrypts at least one byte for the key's holder, C1 C3 C2. */
export function sm2Encrypt(key: Sm2PublicKey, plain: Uint8Array, form: Sm2Form): Buffer {
  if (plain.length === 0) throw new Error('SM2 encrypts at least one byte')
  const parts = Buffer.from(sm2.doEncrypt(plain, key.precomputed), 'hex')
  if (form === 'raw') return Buffer.concat([Buffer.from([4]), parts])
  return writeSequence([
    writeScalar(parts.subarray(0, 32)),
    writeScalar(parts.subarray(32, 64)),
    writeOctets(parts.subarray(64, 96)),
    writeOctets(parts.subarray(96)),
  ])
}

/** What was encrypted, or `undefined` when these bytes were not encrypted for this key. Never throws. */
export function sm2Decrypt(
  key: Sm2PrivateKey,
  cipher: Uint8Array,
  form: Sm2Form,
): Buffer | undefined {
  const parts = form === 'asn1' ? partsOfAsn1(cipher) : partsOfRaw(cipher)
  if (parts === undefined) return undefined
  try {
    // An array that is empty is the library's word for "the check value differs".
    const plain = sm2.doDecrypt(parts.toString('hex'), Sm2PrivateKey.scalarOf(key), 1, {
      output: 'array',
    })
    return plain.length === 0 ? undefined : Buffer.from(plain)
  } catch {
    return undefined
  }
}

function partsOfRaw(cipher: Uint8Array): Buffer | undefined {
  return cipher.length > 97 && cipher[0] === 4 ? Buffer.from(cipher.subarray(1)) : undefined
}

function partsOfAsn1(cipher: Uint8Array): Buffer | undefined {
  const items = readSequence(cipher)
  if (items?.length !== 4) return undefined
  const x = readScalar(items[0])
  const y = readScalar(items[1])
  const check = readOctets(items[2])
  const text = readOctets(items[3])
  if (x === undefined || y === undefined || check?.length !== 32 || !text?.length) return undefined
  return Buffer.concat([x, y, check, text])
}
