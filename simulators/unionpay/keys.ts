/** Keys of the simulator and of the one merchant it knows. They protect nothing: anybody has them. */
import { readFileSync } from 'node:fs'

export interface UnionPayKeys {
  /** Root and middle of the certificates of UnionPay. */
  readonly rootPem: string
  readonly middlePem: string
  /** UnionPay's certificate for signatures, and its key. */
  readonly signCertPem: string
  readonly signKeyPem: string
  /** UnionPay's certificate for personal data, and its key. */
  readonly encryptCertPem: string
  readonly encryptKeyPem: string
  readonly merchantCertPem: string
  readonly merchantKeyPem: string
  /** Says that it is UnionPay's and leads up to another root of the same name. */
  readonly strangerCertPem: string
  readonly strangerKeyPem: string
  /** The shared key of sign methods 11 and 12. */
  readonly secureKey: string
}

const pem = (name: string) => readFileSync(new URL(`./keys/${name}.pem`, import.meta.url), 'utf8')

/**
 * The keys in `keys/`, made once with `openssl ca`: a root, a middle below it, UnionPay's and the
 * merchant's below that, valid from 2020 to 2120, except `expired.pem`.
 */
export function testKeys(): UnionPayKeys {
  return {
    rootPem: pem('root'),
    middlePem: pem('middle'),
    signCertPem: pem('sign'),
    signKeyPem: pem('sign-key'),
    encryptCertPem: pem('encrypt'),
    encryptKeyPem: pem('encrypt-key'),
    merchantCertPem: pem('merchant'),
    merchantKeyPem: pem('merchant-key'),
    strangerCertPem: pem('stranger'),
    strangerKeyPem: pem('stranger-key'),
    secureKey: '88888888',
  }
}
