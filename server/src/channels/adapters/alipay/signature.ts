/**
 * RSA2: RSA PKCS#1 v1.5 over SHA-256, base64.
 *
 * Requests sign their non-empty parameters sorted by name; notices the same without `sign_type`. A
 * reply signs the text of its inner object exactly as it came: parsed and printed again, with its
 * escaped slashes gone, it no longer verifies.
 */
import type { KeyObject } from 'node:crypto'
import { rsaSign, rsaVerify } from '#vault'

export type Params = Readonly<Record<string, string>>

/** What is signed: every parameter but those `left` out and empty ones, sorted, `k=v` with `&`. */
export function signedText(params: Params, left: readonly string[] = ['sign']): string {
  return Object.keys(params)
    .filter((name) => !left.includes(name) && params[name] !== '')
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&')
}

export function signParams(key: KeyObject, params: Params): Params {
  const signature = rsaSign(key, Buffer.from(signedText(params)))
  return { ...params, sign: signature.toString('base64') }
}

function isSigned(key: KeyObject, text: string, signature: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false
  return rsaVerify(key, Buffer.from(text), Buffer.from(signature, 'base64'))
}

/** Whether a notice's parameters are signed by the rail. */
export function isNoticeSigned(key: KeyObject, params: Params): boolean {
  if (params.sign_type !== 'RSA2') return false
  return isSigned(key, signedText(params, ['sign', 'sign_type']), params.sign ?? '')
}

/** The inner object of a reply, as text, once its signature is good. */
export function signedReply(
  key: KeyObject,
  method: string,
  body: Uint8Array,
): { readonly node: string } | { readonly wrong: 'NOT_READABLE' | 'BAD_SIGNATURE' } {
  const text = Buffer.from(body).toString('utf8')
  const head = `{"${method.replaceAll('.', '_')}_response":`
  const tail = /,"sign":"([A-Za-z0-9+/=]{1,2000})"\}\s*$/.exec(text)
  if (!text.startsWith(head) || tail === null) return { wrong: 'NOT_READABLE' }
  const node = text.slice(head.length, tail.index)
  return isSigned(key, node, tail[1]!) ? { node } : { wrong: 'BAD_SIGNATURE' }
}
