/**
 * UnionPay's side of the signatures of ACP 5.1.0, and of its encryption. Written from the
 * specification alone: the platform has its own, and the two meet only on the wire.
 *
 * Method 01 hashes twice: SHA256withRSA over the lowercase hex of SHA-256 of the sorted fields. A
 * signature over the sorted fields themselves is refused with 11.
 */
import {
  constants,
  createPrivateKey,
  hash,
  type KeyObject,
  privateDecrypt,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import type { Form } from './form.ts'
import type { UnionPayKeys } from './keys.ts'

export type SignMethod = '01' | '11' | '12'

const isMethod = (text: string | undefined): text is SignMethod =>
  text === '01' || text === '11' || text === '12'

export interface Seal {
  /** The method a request is rightly signed by. */
  check(form: Form): SignMethod | undefined
  /** Signs by a method; `forged`: with a key that is not UnionPay's. */
  sign(form: Form, method: SignMethod, forged?: boolean): Form
  /** Opens a field encrypted for UnionPay. */
  decrypt(text: string): string | undefined
  readonly encryptCertId: string
}

function sorted(form: Form): string {
  const names = Object.keys(form).filter((name) => name !== 'signature' && form[name] !== '')
  names.sort()
  let text = ''
  for (const name of names) text += `${text === '' ? '' : '&'}${name}=${form[name]}`
  return text
}

const hex = (algorithm: string, text: string) => hash(algorithm, text, 'hex')

export const serialOf = (pem: string): string =>
  BigInt(`0x${new X509Certificate(pem).serialNumber}`).toString(10)

export function createSeal(keys: UnionPayKeys): Seal {
  const merchantKey = new X509Certificate(keys.merchantCertPem).publicKey
  const merchantCertId = serialOf(keys.merchantCertPem)
  const signKey = createPrivateKey(keys.signKeyPem)
  const strangerKey = createPrivateKey(keys.strangerKeyPem)
  const encryptKey = createPrivateKey(keys.encryptKeyPem)
  const keyed = (form: Form, method: '11' | '12', key: string) => {
    const algorithm = method === '11' ? 'sha256' : 'sm3'
    return hex(algorithm, `${sorted(form)}&${hex(algorithm, key)}`)
  }
  return {
    encryptCertId: serialOf(keys.encryptCertPem),
    check(form) {
      const { signMethod, signature, certId } = form
      if (!isMethod(signMethod) || signature === undefined) return undefined
      if (signMethod !== '01') {
        return keyed(form, signMethod, keys.secureKey) === signature ? signMethod : undefined
      }
      if (certId !== merchantCertId) return undefined
      const hashed = Buffer.from(hex('sha256', sorted(form)))
      const good = verify('sha256', hashed, merchantKey, Buffer.from(signature, 'base64'))
      return good ? signMethod : undefined
    },
    sign(form, method, forged = false) {
      if (method !== '01') {
        const message = { ...form, signMethod: method }
        const key = forged ? `${keys.secureKey}x` : keys.secureKey
        return { ...message, signature: keyed(message, method, key) }
      }
      const signPubKeyCert = forged ? keys.strangerCertPem : keys.signCertPem
      const message = { ...form, signMethod: method, signPubKeyCert }
      const hashed = Buffer.from(hex('sha256', sorted(message)))
      const signature = sign('sha256', hashed, forged ? strangerKey : signKey)
      return { ...message, signature: signature.toString('base64') }
    },
    decrypt: (text) => decrypt(encryptKey, text),
  }
}

/** RSA PKCS#1 v1.5, unpadded here: Node refuses that padding for decryption. */
function decrypt(key: KeyObject, text: string): string | undefined {
  try {
    const padding = constants.RSA_NO_PADDING
    const block = privateDecrypt({ key, padding }, Buffer.from(text, 'base64'))
    if (block[0] !== 0 || block[1] !== 2) return undefined
    const end = block.indexOf(0, 2)
    return end < 10 ? undefined : block.toString('utf8', end + 1)
  } catch {
    return undefined
  }
}
