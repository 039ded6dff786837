/**
 * The algorithms a request may be signed with: `ed25519` and `rsa-pss-sha512` of RFC 9421 (sections
 * 3.3.1 and 3.3.6), and `sm2-sm3`, which is ours: SM2 over SM3 (GB/T 32918) with the usual id, the
 * signature r and s behind one another, 64 bytes.
 *
 * The easy mistake: letting the message choose. The algorithm belongs to the key; the parameter `alg`
 * may only repeat it (section 3.2 step 6).
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { readScalar, readSequence } from './der.ts'
import {
  readSm2PrivateKey,
  readSm2PublicKey,
  type Sm2PublicKey,
  sm2Digest,
  sm2Sign,
} from './sm2.ts'
import type { Sm2Verifier } from './sm2-verifier.ts'

export const SIGNATURE_ALGORITHMS = ['ed25519', 'rsa-pss-sha512', 'sm2-sm3'] as const
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

/** A public key that is ready to verify. Made by `readVerificationKey`. */
export type VerificationKey =
  | { readonly algorithm: 'ed25519' | 'rsa-pss-sha512'; readonly key: KeyObject }
  | { readonly algorithm: 'sm2-sm3'; readonly key: Sm2PublicKey }

const LEAST_RSA_BITS = 2048
const MOST_RSA_BITS = 4096
const PSS = constants.RSA_PKCS1_PSS_PADDING
/** Section 3.3.1: the salt is as long as the digest. */
const SALT_LENGTH = 64
/** Several clients salt as long as the key allows. Any length proves the same, so any is taken. */
const ANY_SALT = constants.RSA_PSS_SALTLEN_AUTO

/** Reads a public key from PEM. Throws a sentence when it is none of the algorithm. */
export function readVerificationKey(algorithm: SignatureAlgorithm, pem: string): VerificationKey {
  if (/PRIVATE KEY/.test(pem))
    throw new Error('this is a private key; keep it and send its public half')
  if (algorithm === 'sm2-sm3') return { algorithm, key: readSm2PublicKey(pem) }
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    throw new Error('the public key is not readable PEM')
  }
  const type = key.asymmetricKeyType
  if (algorithm === 'ed25519') {
    if (type !== 'ed25519') throw new Error('the public key is not one of Ed25519')
    return { algorithm, key }
  }
  if (type !== 'rsa') throw new Error('the public key is not one of RSA')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) {
    throw new Error(
      `the public key has ${bits} bits; ${LEAST_RSA_BITS} to ${MOST_RSA_BITS} are taken`,
    )
  }
  return { algorithm, key }
}

/** How long a signature of this key is, in bytes. */
export function signatureLength({ algorithm, key }: VerificationKey): number {
  if (algorithm !== 'rsa-pss-sha512') return 64
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
}

/** Whether `signature` is the key holder's over `base`. SM2 is computed beside the main loop. */
export function verifySignature(
  { algorithm, key }: VerificationKey,
  base: Uint8Array,
  signature: Uint8Array,
  sm2: Sm2Verifier,
): boolean | Promise<boolean> {
  if (algorithm === 'sm2-sm3') return sm2.verify(key.point, sm2Digest(key, base), signature)
  try {
    if (algorithm === 'ed25519') return verify(null, base, key, signature)
    return verify('sha512', base, { key, padding: PSS, saltLength: ANY_SALT }, signature)
  } catch {
    return false
  }
}

/** Signs as a client does. `pem` is the private key. */
export function signBase(algorithm: SignatureAlgorithm, pem: string, base: Uint8Array): Buffer {
  if (algorithm === 'ed25519') return sign(null, base, createPrivateKey(pem))
  if (algorithm === 'rsa-pss-sha512') {
    const key = createPrivateKey(pem)
    return sign('sha512', base, { key, padding: PSS, saltLength: SALT_LENGTH })
  }
  return rawSignature(sm2Sign(readSm2PrivateKey(pem), base))
}

/** r and s behind one another, 32 bytes each, from the DER that `sm2Sign` writes. */
export function rawSignature(der: Uint8Array): Buffer {
  const scalars = (readSequence(der) ?? []).map(readScalar)
  const [r, s] = scalars
  if (scalars.length !== 2 || r === undefined || s === undefined) {
    throw new Error('this is not a signature of SM2 in DER')
  }
  return Buffer.concat([r, s])
}
