/**
 * The clearing house's cryptography in both suites, by node:crypto (RSA, AES) and sm-crypto-v2 (SM2,
 * SM4): signatures, and the envelope with the key of one message.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { sm2, sm4 } from 'sm-crypto-v2'
import { type KeyPair, newKeyPair, pointOf, privatePem, publicPem } from '../bank-direct/index.ts'

export type SuiteName = 'rsa' | 'sm'

/** A key pair in one of the suites, with its public half as PEM. */
export interface PlatformKey {
  readonly publicKeyPem: string
  readonly privateKeyPem: string
  readonly sm?: KeyPair
}

export function newPlatformKey(suite: SuiteName): PlatformKey {
  if (suite === 'sm') {
    const pair = newKeyPair()
    return { publicKeyPem: publicPem(pair), privateKeyPem: privatePem(pair), sm: pair }
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export interface Crypto {
  sign(bytes: Buffer): Buffer
  verify(bytes: Buffer, signature: Buffer): boolean
  /** Makes an envelope for the platform: its text, and what hides a field under its key. */
  envelope(): { readonly text: string; hide(plain: string): string }
  /** Reads the fields of an envelope made for us. Throws when it is not. */
  open(text: string): (hidden: string) => string
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }

/** The suite with our own key and the platform's public key. */
export function cryptoOf(suite: SuiteName, own: PlatformKey, clientPem: string): Crypto {
  const { seal, unseal, ...signing } =
    suite === 'rsa' ? rsaOf(own, clientPem) : smOf(own.sm!, pointOf(clientPem))
  const keyLength = suite === 'rsa' ? 32 : 16
  const [encrypt, decrypt] = suite === 'rsa' ? [aesEncrypt, aesDecrypt] : [sm4Encrypt, sm4Decrypt]
  return {
    ...signing,
    envelope() {
      const key = randomBytes(keyLength / 2).toString('hex')
      return {
        text: seal(Buffer.from(`01|${key}`)).toString('base64'),
        hide: (plain) => {
          const vector = randomBytes(16)
          const cipher = encrypt(Buffer.from(key), vector, Buffer.from(plain))
          return Buffer.concat([vector, cipher]).toString('base64')
        },
      }
    },
    open(text) {
      const [kind, key] = unseal(Buffer.from(text, 'base64')).toString().split('|')
      if (kind !== '01' || key?.length !== keyLength) throw new Error('not an envelope of ours')
      return (hidden) => {
        const bytes = Buffer.from(hidden, 'base64')
        return decrypt(Buffer.from(key), bytes.subarray(0, 16), bytes.subarray(16)).toString('utf8')
      }
    },
  }
}

function rsaOf(own: PlatformKey, clientPem: string) {
  const privateKey: KeyObject = createPrivateKey(own.privateKeyPem)
  const client: KeyObject = createPublicKey(clientPem)
  return {
    sign: (bytes: Buffer) => sign('sha256', bytes, privateKey),
    verify: (bytes: Buffer, signature: Buffer) => verify('sha256', bytes, client, signature),
    seal: (plain: Buffer) => publicEncrypt({ key: client, ...OAEP }, plain),
    unseal: (cipher: Buffer) => privateDecrypt({ key: privateKey, ...OAEP }, cipher),
  }
}

function smOf({ privateKey, publicKey }: KeyPair, client: string) {
  const hashed = { hash: true, der: true } as const
  return {
    sign: (bytes: Buffer) =>
      Buffer.from(sm2.doSignature(bytes, privateKey, { ...hashed, publicKey }), 'hex'),
    verify: (bytes: Buffer, signature: Buffer) => {
      try {
        return sm2.doVerifySignature(bytes, signature.toString('hex'), client, hashed)
      } catch {
        return false
      }
    },
    seal: (plain: Buffer) => Buffer.from(sm2.doEncrypt(plain, client, 1, { asn1: true }), 'hex'),
    unseal: (cipher: Buffer) =>
      Buffer.from(
        sm2.doDecrypt(cipher.toString('hex'), privateKey, 1, { output: 'array', asn1: true }),
      ),
  }
}

function aesEncrypt(key: Buffer, vector: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, vector)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

function aesDecrypt(key: Buffer, vector: Buffer, hidden: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, vector)
  return Buffer.concat([decipher.update(hidden), decipher.final()])
}

function sm4Encrypt(key: Buffer, iv: Buffer, plain: Buffer): Buffer {
  return Buffer.from(sm4.encrypt(plain, key, { mode: 'cbc', iv, output: 'array' }))
}

function sm4Decrypt(key: Buffer, iv: Buffer, hidden: Buffer): Buffer {
  return Buffer.from(sm4.decrypt(hidden, key, { mode: 'cbc', iv, output: 'array' }))
}
