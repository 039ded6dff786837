/**
 * Signs a request by RFC 9421 (HTTP Message Signatures), with the body's digest by RFC 9530.
 *
 * The signature covers the method, the whole address, the body and the Idempotency-Key, so none of them
 * can be changed on the way. The easy mistake: signing once and sending twice. A nonce counts once, so
 * every try is signed anew; what stays the same over all tries is the Idempotency-Key and the body.
 */
import {
  constants,
  createHash,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  sign as signBytes,
} from 'node:crypto'
import { type BareItem, serializeDictionary, serializeInnerList } from 'structured-headers'

export type SignatureAlgorithm = 'ed25519' | 'rsa-pss-sha512' | 'sm2-sm3'

/**
 * A key that signs. `id` is the key's public id, `key_0_…`. The private key is a PEM or a key object;
 * `sign` takes its place for SM2, which Node has no name for, and for keys that never leave an HSM.
 * An SM2 signature is r and s, 32 bytes each, over the bytes with the default user id.
 */
export type SigningKey =
  | {
      readonly id: string
      readonly alg: 'ed25519' | 'rsa-pss-sha512'
      readonly privateKey: KeyObject | string
    }
  | {
      readonly id: string
      readonly alg: SignatureAlgorithm
      sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
    }

/** What of a request is signed. */
export interface Signable {
  readonly method: string
  /** Absolute, as it is sent. */
  readonly url: string
  /** `undefined` when the request has none; an empty one is signed as such. */
  readonly body: Uint8Array | undefined
  readonly idempotencyKey: string | undefined
}

export interface SigningOptions {
  /** The wall clock, ms; the signature counts from its second on. */
  readonly now?: () => number
  /** A text that was never used under the key before. */
  readonly nonce?: () => string
}

/** The header fields a signature adds. */
export interface SignatureFields {
  readonly 'content-digest'?: string
  readonly 'signature-input': string
  readonly signature: string
}

/** A made-up request's fields, in the order they are sent. */
export type SignRequest = (request: Signable) => Promise<SignatureFields>

const LABEL = 'tenon'
const LIFETIME_S = 60
const NONCE_BYTES = 18
/** RFC 9421 section 3.3.1 fixes the salt at 64 bytes. */
const PSS_SALT_BYTES = 64

/** A signer over a key. Throws `TypeError` at once for a private key of another algorithm. */
export function requestSigner(
  key: SigningKey,
  { now = Date.now, nonce = freshNonce }: SigningOptions = {},
): SignRequest {
  const sign = signing(key)
  return async (request) => {
    const created = Math.floor(now() / 1000)
    const digest = request.body === undefined ? undefined : contentDigest(request.body)
    const covered: [name: string, value: string][] = [
      ['@method', request.method],
      ['@target-uri', request.url],
    ]
    if (digest !== undefined) covered.push(['content-digest', digest])
    // Section 2.1: a field's value is covered without the spaces around it.
    const { idempotencyKey } = request
    if (idempotencyKey !== undefined) covered.push(['idempotency-key', idempotencyKey.trim()])
    const parameters = new Map<string, BareItem>([
      ['created', created],
      ['expires', created + LIFETIME_S],
      ['nonce', nonce()],
      ['keyid', key.id],
      ['alg', key.alg],
    ])
    const input = serializeInnerList([covered.map(([name]) => [name, new Map()]), parameters])
    const signature = await sign(signatureBase(covered, input))
    return {
      ...(digest !== undefined && { 'content-digest': digest }),
      'signature-input': `${LABEL}=${input}`,
      signature: serializeDictionary({ [LABEL]: bytesOf(signature) }),
    }
  }
}

/** The signature base of RFC 9421 section 2.5: a line for each component, the parameters last. */
function signatureBase(covered: readonly [string, string][], input: string): Uint8Array {
  const lines = covered.map(([name, value]) => `"${name}": ${value}`)
  // Fields are sent in one byte a character.
  return Buffer.from([...lines, `"@signature-params": ${input}`].join('\n'), 'latin1')
}

/** The `Content-Digest` of a body, RFC 9530 section 2. */
export function contentDigest(body: Uint8Array): string {
  return serializeDictionary({ 'sha-256': bytesOf(createHash('sha256').update(body).digest()) })
}

function signing(key: SigningKey): (base: Uint8Array) => Uint8Array | Promise<Uint8Array> {
  if ('sign' in key) return (base) => key.sign(base)
  const { privateKey, alg } = key
  const secret = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey
  const fits = alg === 'ed25519' ? ['ed25519'] : ['rsa', 'rsa-pss']
  if (secret.type !== 'private' || !fits.includes(secret.asymmetricKeyType ?? '')) {
    throw new TypeError(
      `The key ${key.id} signs by ${alg}, but its private key is a ${secret.type} key of ` +
        `${secret.asymmetricKeyType ?? 'no'} algorithm. Give the private key of the pair.`,
    )
  }
  if (alg === 'ed25519') return (base) => signBytes(null, base, secret)
  const padded = {
    key: secret,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: PSS_SALT_BYTES,
  }
  return (base) => signBytes('sha512', base, padded)
}

function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64url')
}

/** A byte sequence of RFC 8941, over memory of its own as its type asks. */
function bytesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes)
}
