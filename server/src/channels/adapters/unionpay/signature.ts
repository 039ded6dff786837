/**
 * Signatures of ACP 5.1.0. All methods begin with the same text: every field that is not empty, but
 * `signature`, sorted by name, as `name=value` joined by `&`.
 *
 * The one thing to get wrong is the double hash. Method 01 signs, with SHA256withRSA, the lowercase
 * hex of the text's SHA-256, so the text is hashed twice; a signature over the text itself is refused
 * by UnionPay. Methods 11 and 12 are hex(h(text & '&' & hex(h(key)))) with SHA-256 and SM3.
 *
 * Keys are read once. A certificate that came with a message and was found good is remembered, so that
 * the chain is checked once per certificate and not once per message.
 */
import {
  constants,
  hash,
  type KeyObject,
  publicEncrypt,
  timingSafeEqual,
  X509Certificate,
} from 'node:crypto'
import type { Instant } from '#base'
import { readRsaPrivateKey, readRsaPublicKey, rsaSign, rsaVerify } from '#vault'
import type { Fields, SignMethod } from './spec.ts'

export type SignatureSettings =
  | {
      readonly method: '01'
      /** Ours, PEM. */
      readonly privateKeyPem: string
      readonly certPem: string
      /** UnionPay's, for personal data. */
      readonly encryptCertPem: string
      /** What UnionPay's certificates lead up to: root and those between. */
      readonly rootPem: string
      readonly middlePems?: readonly string[]
      /** The third part of the common name of its certificates; `中国银联股份有限公司` when absent. */
      readonly company?: string
    }
  | { readonly method: '11' | '12'; readonly key: string }

export interface Signer {
  readonly method: SignMethod
  /** The message with `signMethod`, `certId` where there is one, and `signature`. */
  sign(fields: Fields): Fields
  /** Whether UnionPay signed it, by our method. `wall`: certificates must be valid then. Never throws. */
  verify(fields: Fields, wall: Instant): boolean
  /** Encrypts personal data where the method has a key for it; `undefined` where it has none. */
  readonly encrypt: ((plain: string) => string) | undefined
  /** Names the key that encrypts. */
  readonly encryptCertId: string | undefined
}

export const UNIONPAY = '中国银联股份有限公司'

export function signedText(fields: Fields): string {
  return Object.keys(fields)
    .filter((name) => name !== 'signature' && fields[name] !== '')
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')
}

export function createSigner(settings: SignatureSettings): Signer {
  return settings.method === '01' ? rsaSigner(settings) : keyedSigner(settings)
}

function keyedSigner({ method, key }: Extract<SignatureSettings, { key: string }>): Signer {
  const algorithm = method === '11' ? 'sha256' : 'sm3'
  const hashedKey = hash(algorithm, key, 'hex')
  const digest = (fields: Fields) => hash(algorithm, `${signedText(fields)}&${hashedKey}`, 'hex')
  return {
    method,
    sign(fields) {
      const message = { ...fields, signMethod: method }
      return { ...message, signature: digest(message) }
    },
    verify(fields) {
      const given = Buffer.from(fields.signature ?? '')
      const wanted = Buffer.from(digest(fields))
      return (
        fields.signMethod === method &&
        given.length === wanted.length &&
        timingSafeEqual(given, wanted)
      )
    },
    encrypt: undefined,
    encryptCertId: undefined,
  }
}

/** A certificate's number as ACP writes it: the serial in decimal. */
export function certIdOf(certificate: X509Certificate): string {
  return BigInt(`0x${certificate.serialNumber}`).toString()
}

const doubleHashed = (fields: Fields) => Buffer.from(hash('sha256', signedText(fields), 'hex'))

/** Any installation sees two or three; a flood of certificates that verify would be UnionPay's own. */
const REMEMBERED = 32

interface Trusted {
  readonly key: KeyObject
  readonly from: Instant
  readonly to: Instant
}

function rsaSigner(settings: Extract<SignatureSettings, { method: '01' }>): Signer {
  const privateKey = readRsaPrivateKey(settings.privateKeyPem)
  const certId = certIdOf(new X509Certificate(settings.certPem))
  const encryptKey = readRsaPublicKey(settings.encryptCertPem)
  const encryptCertId = certIdOf(new X509Certificate(settings.encryptCertPem))
  const issuers = [settings.rootPem, ...(settings.middlePems ?? [])].map(
    (pem) => new X509Certificate(pem),
  )
  const company = settings.company ?? UNIONPAY
  const known = new Map<string, Trusted>()
  const trusted = (pem: string): Trusted | undefined => {
    const before = known.get(pem)
    if (before !== undefined) return before
    const found = trustedCertificate(pem, issuers, company)
    if (found === undefined) return undefined
    if (known.size >= REMEMBERED) known.clear()
    known.set(pem, found)
    return found
  }
  return {
    method: '01',
    sign(fields) {
      const message = { ...fields, signMethod: '01', certId }
      const signature = rsaSign(privateKey, doubleHashed(message)).toString('base64')
      return { ...message, signature }
    },
    verify(fields, wall) {
      if (fields.signMethod !== '01' || fields.signPubKeyCert === undefined) return false
      const certificate = trusted(fields.signPubKeyCert)
      if (certificate === undefined || wall < certificate.from || wall > certificate.to)
        return false
      const signature = Buffer.from(fields.signature ?? '', 'base64')
      return rsaVerify(certificate.key, doubleHashed(fields), signature)
    },
    encrypt: (plain) =>
      publicEncrypt(
        { key: encryptKey, padding: constants.RSA_PKCS1_PADDING },
        Buffer.from(plain),
      ).toString('base64'),
    encryptCertId,
  }
}

/** The key of a certificate that is UnionPay's and leads up to the root, the first of `issuers`. */
function trustedCertificate(
  pem: string,
  issuers: readonly X509Certificate[],
  company: string,
): Trusted | undefined {
  try {
    const leaf = new X509Certificate(pem)
    if (leaf.ca || nameOf(leaf)?.split('@')[2] !== company) return undefined
    const root = issuers[0]!
    let from = Date.parse(leaf.validFrom)
    let to = Date.parse(leaf.validTo)
    let current = leaf
    for (let depth = 0; depth <= issuers.length; depth += 1) {
      const issuer = issuers.find(
        (one) => current.checkIssued(one) && current.verify(one.publicKey),
      )
      if (issuer === undefined || !issuer.ca) return undefined
      from = Math.max(from, Date.parse(issuer.validFrom))
      to = Math.min(to, Date.parse(issuer.validTo))
      if (issuer === root) return { key: readRsaPublicKey(pem), from, to }
      current = issuer
    }
    return undefined
  } catch {
    return undefined
  }
}

function nameOf(certificate: X509Certificate): string | undefined {
  const line = certificate.subject.split('\n').find((part) => part.startsWith('CN='))
  return line?.slice(3)
}
