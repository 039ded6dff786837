/**
 * An authenticator in software: makes P-256 passkeys and answers WebAuthn ceremonies as a browser
 * would hand them on (W3C Web Authentication Level 3, sections 6 and 8.7). Every part of an answer
 * can be made wrong, which is what it is for.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Assertion, Attestation } from '../passkey.ts'

/** What may be wrong with an answer. */
export interface Wrong {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  readonly counter?: number
  readonly userHandle?: string | null
  /** The credential whose key signs, in the place of the one that is named. */
  readonly signedBy?: Credential
  readonly signature?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  /** A credential that is claimed to be made anew. */
  readonly as?: Credential
}

export interface Credential {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  counter: number
  userHandle: string
}

interface CreationOptions {
  readonly challenge: string
  readonly rp: { readonly id?: string }
  readonly user: { readonly id: string }
}

interface RequestOptions {
  readonly challenge: string
  readonly rpId?: string
}

/** An authenticator whose owner sits before a page of `origin`. */
export function authenticator(origin: string) {
  return {
    /** Makes a credential: what `navigator.credentials.create` answers. */
    create: (
      asked: object,
      wrong: Wrong = {},
    ): { credential: Credential; response: Attestation } => {
      const options = asked as CreationOptions
      const { privateKey, publicKey } =
        wrong.as ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const rawId = wrong.as === undefined ? randomBytes(32) : Buffer.from(wrong.as.id, 'base64url')
      const credential: Credential = {
        ...{ id: rawId.toString('base64url'), privateKey, publicKey },
        ...{ counter: 0, userHandle: options.user.id },
      }
      const clientData = clientDataOf('webauthn.create', options.challenge, origin, wrong)
      const authData = Buffer.concat([
        authenticatorData(options.rp.id ?? '', { ...wrong, attested: true, counter: 0 }),
        Buffer.alloc(16),
        Buffer.from([0, rawId.length]),
        rawId,
        coseKey(publicKey),
      ])
      const response = {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestationObject(authData).toString('base64url'),
        transports: ['internal'],
      }
      const { id } = credential
      return {
        credential,
        response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
      }
    },
    /** Signs a challenge: what `navigator.credentials.get` answers. */
    get: (asked: object, credential: Credential, wrong: Wrong = {}): Assertion => {
      const options = asked as RequestOptions
      credential.counter += 1
      const clientData = clientDataOf('webauthn.get', options.challenge, origin, wrong)
      const counter = wrong.counter ?? credential.counter
      const authData = authenticatorData(options.rpId ?? '', { ...wrong, counter })
      const signed = Buffer.concat([authData, sha256(clientData)])
      const { privateKey } = wrong.signedBy ?? credential
      const signature = wrong.signature ?? sign('sha256', signed, privateKey).toString('base64url')
      const { id } = credential
      const handle = wrong.userHandle === undefined ? credential.userHandle : wrong.userHandle
      return {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature,
          ...(handle !== null && { userHandle: handle }),
        },
      }
    },
  }
}

function clientDataOf(type: string, challenge: string, origin: string, wrong: Wrong): Buffer {
  const { crossOrigin = false, topOrigin } = wrong
  const data = {
    type: wrong.type ?? type,
    challenge: wrong.challenge ?? challenge,
    origin: wrong.origin ?? origin,
    crossOrigin,
    ...(topOrigin !== undefined && { topOrigin }),
  }
  return Buffer.from(JSON.stringify(data))
}

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

function authenticatorData(
  rpId: string,
  of: Wrong & { readonly counter: number; readonly attested?: boolean },
): Buffer {
  const flags =
    (of.userPresent === false ? 0 : PRESENT) |
    (of.userVerified === false ? 0 : VERIFIED) |
    (of.attested === true ? ATTESTED : 0)
  const tail = Buffer.alloc(5)
  tail.writeUInt8(flags)
  tail.writeUInt32BE(of.counter, 1)
  return Buffer.concat([sha256(Buffer.from(of.rpId ?? rpId)), tail])
}

/** COSE_Key of an ES256 key (RFC 9053 section 7.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}. */
function coseKey(publicKey: KeyObject): Buffer {
  const { x, y } = publicKey.export({ format: 'jwk' })
  const coordinate = (label: number, text: string | undefined) =>
    Buffer.concat([Buffer.from([label]), bytes(Buffer.from(text!, 'base64url'))])
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01])
  return Buffer.concat([head, coordinate(0x21, x), coordinate(0x22, y)])
}

/** {"fmt": "none", "attStmt": {}, "authData": bytes} in CBOR (RFC 8949). */
function attestationObject(authData: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0xa3]),
    ...[text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0])],
    ...[text('authData'), bytes(authData)],
  ])
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
}

function bytes(value: Buffer): Buffer {
  const head =
    value.length < 256
      ? Buffer.from([0x58, value.length])
      : Buffer.from([0x59, value.length >> 8, value.length & 255])
  return Buffer.concat([head, value])
}

function sha256(value: Buffer): Buffer {
  return createHash('sha256').update(value).digest()
}
