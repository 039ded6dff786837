/** RSA as payment rails use it: SHA-256 signatures of PKCS 1 v1.5, and OAEP for single fields. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'

const LEAST_BITS = 2048

/** Reads an RSA private key from PEM. Throws a sentence that quotes nothing of the key. */
export function readRsaPrivateKey(pem: string): KeyObject {
  return checked('private', () => createPrivateKey(pem))
}

/** Reads an RSA public key from PEM: a `PUBLIC KEY` or a certificate. */
export function readRsaPublicKey(pem: string): KeyObject {
  return checked('public', () =>
    pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem),
  )
}

function checked(half: string, read: () => KeyObject): KeyObject {
  let key: KeyObject
  try {
    key = read()
  } catch {
    throw new Error(`the ${half} key is not readable PEM`)
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Error(`the ${half} key is not one of RSA`)
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS) {
    throw new Error(`the ${half} key has fewer than ${LEAST_BITS} bits`)
  }
  return key
}

/** SHA256withRSA, PKCS 1 v1.5. */
export function rsaSign(key: KeyObject, message: Uint8Array): Buffer {
  return sign('sha256', message, key)
}

/** Whether `signature` is the key holder's over `message`. Never throws. */
export function rsaVerify(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', message, key, signature)
  } catch {
    return false
  }
}

/** Encrypts a field for the key's holder: OAEP with SHA-1 and MGF1 of SHA-1. At most 214 bytes. */
export function rsaOaepEncrypt(key: KeyObject, plain: Uint8Array): Buffer {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, plain)
}

/** What was encrypted, or `undefined` when it was not encrypted for this key. Never throws. */
export function rsaOaepDecrypt(key: KeyObject, cipher: Uint8Array): Buffer | undefined {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    return privateDecrypt({ key, padding, oaepHash: 'sha1' }, cipher)
  } catch {
    return undefined
  }
}
