/**
 * The rail's side of WeChat Pay's two schemes: it signs replies and notices, checks the merchant's
 * requests, seals resources under the APIv3 key and opens fields encrypted for it.
 *
 * Written apart from the platform's own cryptography, so that neither proves itself right. Node's own
 * SM2 signs with an empty id and is not used.
 */
import {
  constants,
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { sm2, sm4 } from 'sm-crypto-v2'
import { writeCertificate } from './certificate.ts'

export type Scheme = 'rsa' | 'sm'

export interface Sealed {
  readonly algorithm: string
  readonly nonce: string
  readonly associated_data: string
  readonly ciphertext: string
}

export interface RailKeys {
  /** The first word of `Authorization`, and the type of a signature. */
  readonly type: string
  /** Of the rail's certificate. */
  readonly serial: string
  readonly publicKeyPem: string
  readonly certificatePem: string
  sign(message: Uint8Array): string
  /** Signs as somebody who is not the rail. */
  forge(message: Uint8Array): string
  isMerchants(message: Uint8Array, signature: string): boolean
  seal(text: string, associated: string): Sealed
  /** A field encrypted for the rail, base64; `undefined` when it was not. */
  open(field: string): string | undefined
}

export interface KeyOptions {
  readonly scheme: Scheme
  readonly merchantPublicKeyPem: string
  readonly apiV3Key: string
  /** PKCS 8; a new key when absent. */
  readonly privateKeyPem?: string | undefined
}

const newKey = (scheme: Scheme): KeyObject =>
  scheme === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'SM2' }).privateKey

const publicOf = (pem: string): KeyObject =>
  pem.includes('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem)

export function createKeys(options: KeyOptions): RailKeys {
  const { scheme, apiV3Key } = options
  const key = options.privateKeyPem ? createPrivateKey(options.privateKeyPem) : newKey(scheme)
  const publicKey = createPublicKey(key)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const serial = createHash('sha1')
    .update(spki)
    .digest('hex')
    .toUpperCase()
    .replace(/^[089A-F]/, '5')
  const merchant = publicOf(options.merchantPublicKeyPem)
  const signer = scheme === 'rsa' ? rsaSigner : smSigner
  const check = scheme === 'rsa' ? rsaCheck(merchant) : smCheck(merchant)
  const ours = signer(key)
  return {
    type: scheme === 'rsa' ? 'WECHATPAY2-SHA256-RSA2048' : 'WECHATPAY2-SM2-WITH-SM3',
    serial,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    certificatePem: writeCertificate({ scheme, serial, spki, sign: ours }),
    sign: (message) => ours(message).toString('base64'),
    forge: (message) => signer(newKey(scheme))(message).toString('base64'),
    isMerchants: (message, signature) => check(message, Buffer.from(signature, 'base64')),
    seal: scheme === 'rsa' ? aesSeal(Buffer.from(apiV3Key)) : smSeal(Buffer.from(apiV3Key)),
    open: scheme === 'rsa' ? rsaOpen(key) : smOpen(key),
  }
}

const rsaSigner = (key: KeyObject) => (message: Uint8Array) => sign('sha256', message, key)

const rsaCheck = (key: KeyObject) => (message: Uint8Array, signature: Uint8Array) => {
  try {
    return verify('sha256', message, key, signature)
  } catch {
    return false
  }
}

/** The 32 bytes behind the version in an EC private key. */
function scalarOf(key: KeyObject): string {
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const at = der.indexOf(Buffer.from('0201010420', 'hex'))
  if (at < 0) throw new Error('the key is not one of SM2')
  return der.toString('hex', at + 5, at + 37)
}

const pointOf = (key: KeyObject) =>
  key.export({ type: 'spki', format: 'der' }).subarray(-65).toString('hex')

function smSigner(key: KeyObject) {
  const scalar = scalarOf(key)
  const publicKey = pointOf(createPublicKey(key))
  return (message: Uint8Array) =>
    Buffer.from(sm2.doSignature(message, scalar, { hash: true, der: true, publicKey }), 'hex')
}

function smCheck(key: KeyObject) {
  const point = sm2.precomputePublicKey(pointOf(key), 4)
  return (message: Uint8Array, signature: Uint8Array) => {
    try {
      const der = Buffer.from(signature).toString('hex')
      return sm2.doVerifySignature(message, der, point, { hash: true, der: true })
    } catch {
      return false
    }
  }
}

/** Twelve printable characters, as WeChat Pay's nonces are. */
const sealNonce = () => randomBytes(9).toString('base64url')

const aesSeal = (key: Buffer) => (text: string, associated: string) => {
  const nonce = sealNonce()
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(nonce))
  cipher.setAAD(Buffer.from(associated))
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    algorithm: 'AEAD_AES_256_GCM',
    nonce,
    associated_data: associated,
    ciphertext: bytes.toString('base64'),
  }
}

const smSeal = (apiV3Key: Buffer) => {
  const key = createHash('sm3').update(apiV3Key).digest().subarray(0, 16)
  return (text: string, associated: string) => {
    const nonce = sealNonce()
    const sealed: unknown = sm4.encrypt(Buffer.from(text), key, {
      mode: 'gcm',
      iv: Buffer.from(nonce),
      associatedData: Buffer.from(associated),
      output: 'array',
      outputTag: true,
    })
    const { output, tag } = sealed as { output: Uint8Array; tag: Uint8Array }
    return {
      algorithm: 'AEAD_SM4_GCM',
      nonce,
      associated_data: associated,
      ciphertext: Buffer.concat([output, tag]).toString('base64'),
    }
  }
}

const rsaOpen = (key: KeyObject) => (field: string) => {
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  try {
    const bytes = Buffer.from(field, 'base64')
    return privateDecrypt({ key, padding, oaepHash: 'sha1' }, bytes).toString()
  } catch {
    return undefined
  }
}

const smOpen = (key: KeyObject) => (field: string) => {
  try {
    const hex = Buffer.from(field, 'base64').toString('hex')
    const text = sm2.doDecrypt(hex, scalarOf(key), 1, { asn1: true })
    return text === '' ? undefined : text
  } catch {
    return undefined
  }
}
