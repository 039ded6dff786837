/**
 * RSA2: RSA PKCS#1 v1.5 over SHA-256, base64. Requests and notices sign their parameters sorted by
 * name; replies sign the text of the inner object exactly as it is printed.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

export type Params = Readonly<Record<string, string>>

/** Every non-empty parameter but `left`, sorted by name, `k=v` joined by `&`. */
export function sortedText(params: Params, left: readonly string[]): string {
  return Object.keys(params)
    .filter((name) => !left.includes(name) && params[name] !== '')
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&')
}

export const signText = (key: KeyObject, text: string): string =>
  sign('sha256', Buffer.from(text), key).toString('base64')

/** Whether a request carries the application's signature over its own parameters. */
export function isSigned(key: KeyObject, params: Params): boolean {
  const { sign: signature = '', sign_type: type } = params
  if (type !== 'RSA2' || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false
  const text = Buffer.from(sortedText(params, ['sign']))
  return verify('sha256', text, key, Buffer.from(signature, 'base64'))
}

export interface RailKeys {
  readonly privateKey: KeyObject
  readonly publicKeyPem: string
}

/** The rail's key from PEM, or a new one. */
export function railKeys(pem?: string): RailKeys {
  const privateKey =
    pem === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      : createPrivateKey(pem)
  const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })
  return { privateKey, publicKeyPem: publicKeyPem.toString() }
}

export { createPublicKey, type KeyObject } from 'node:crypto'
