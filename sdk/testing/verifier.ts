/** Verifiers for the tests of signatures, which know nothing of how the client signs. */
import { constants, type KeyObject, verify } from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'

type Verify = (data: Buffer, signature: Buffer) => Promise<boolean>

/** The key: a key object, for SM2 the hex of its point. */
export function verifierOf(alg: string, key: KeyObject | string): Verify {
  if (typeof key === 'string') {
    return async (data, signature) =>
      sm2.doVerifySignature(data, signature.toString('hex'), key, { hash: true, der: false })
  }
  if (alg === 'ed25519') return async (data, signature) => verify(null, data, key, signature)
  const padded = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }
  return async (data, signature) => verify('sha512', data, padded, signature)
}
