/**
 * What RSA alone costs of a payment over UnionPay's method 01, timed with the keys and lengths of the
 * bench: our side signs the order and encrypts the account, and checks the reply and the notice; the
 * rail checks the order, opens the account, and signs the reply and the notice.
 */
import {
  constants,
  createPrivateKey,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { testKeys } from '../../../simulators/unionpay/index.ts'

export interface RsaCost {
  /** CPU µs a payment on each side. */
  readonly server: number
  readonly rail: number
}

const ROUNDS = 300

/** CPU µs of one call. */
function timed(work: () => void): number {
  for (let n = 0; n < 20; n += 1) work()
  const before = process.cpuUsage()
  for (let n = 0; n < ROUNDS; n += 1) work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / ROUNDS
}

export function rsaCost(): RsaCost {
  const keys = testKeys()
  const key = createPrivateKey(keys.merchantKeyPem)
  const certificate = new X509Certificate(keys.merchantCertPem).publicKey
  const encryptKey = createPrivateKey(keys.encryptKeyPem)
  const encryptCertificate = new X509Certificate(keys.encryptCertPem).publicKey
  const digest = Buffer.from('0'.repeat(64))
  const signature = sign('sha256', digest, key)
  const padding = constants.RSA_PKCS1_PADDING
  const sealed = publicEncrypt({ key: encryptCertificate, padding }, Buffer.alloc(19, 49))
  const signing = timed(() => sign('sha256', digest, key))
  const checking = timed(() => verify('sha256', digest, certificate, signature))
  const sealing = timed(() => publicEncrypt({ key: encryptCertificate, padding }, Buffer.alloc(19)))
  const opening = timed(() => {
    privateDecrypt({ key: encryptKey, padding: constants.RSA_NO_PADDING }, sealed)
  })
  return {
    server: signing + 2 * checking + sealing,
    rail: 2 * signing + checking + opening,
  }
}
