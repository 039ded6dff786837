/**
 * Sealing personal data for the database, and finding it again by equality.
 *
 * An envelope is text, `v1.A256GCM.<key id>.<iv>.<ciphertext>.<tag>` (base64url parts). The table,
 * column, organisation and row it belongs to are authenticated with it, so an envelope copied to
 * another row or column does not open. Beside it stands a blind index: a keyed hash that only tells
 * equal from not equal, useless to whoever has the database and not the key.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { indexForm, Personal, type PersonalKind } from './personal.ts'
import { PersonalProblem } from './personal-refusals.ts'

/** Where a sealed value stands. All four parts are authenticated. */
export interface SealedPlace {
  /** With its schema: `custody.party`. */
  readonly table: string
  readonly column: string
  /** The organisation the row belongs to. */
  readonly org: number
  /** The row's key, such as its public id. It must not change while the row lives. */
  readonly row: string
}

/** The keys as `loadPersonalKeys` reads them. Several ids may live; new values use `active`. */
export interface PersonalKeys {
  readonly active: string
  /** 32 bytes per key id. */
  readonly keys: ReadonlyMap<string, Uint8Array>
  /** 32 bytes, the root of the index keys; not touched when the sealing keys rotate. */
  readonly index: Uint8Array
}

export interface PersonalSeal {
  /** The envelope of a value for one place. Two seals of one value differ. */
  seal(value: Personal, place: SealedPlace): string
  /** The value of an envelope. Stops when it was changed or comes from another place. */
  open(kind: PersonalKind, envelope: string, place: SealedPlace): Personal
  /** 16 bytes for an equality search, the same for the same value wherever it stands. */
  blindIndex(value: Personal): Uint8Array
  /** Whether an envelope was sealed with a key that is no longer the active one. */
  isOutdated(envelope: string): boolean
}

const ALGORITHM = 'A256GCM'
const INDEX_BYTES = 16
const ENVELOPE = /^v1\.A256GCM\.([a-z0-9]{1,16})\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/

/** Seals and opens with one key ring. */
export function createPersonalSeal(ring: PersonalKeys): PersonalSeal {
  const sealingKey = (keyId: string, kind: PersonalKind, place: SealedPlace): Uint8Array => {
    const secret = ring.keys.get(keyId)
    if (secret === undefined) {
      throw new PersonalProblem('envelope_key_unknown', { place: named(place), key: keyId })
    }
    return derive(secret, `tenon personal seal v1 ${kind}`)
  }
  return {
    seal: (value, place) => {
      const key = sealingKey(ring.active, value.kind, place)
      // Straight from the operating system, not from the World: under a seeded generator a nonce
      // would come twice for one key, and that gives AES-GCM away.
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      cipher.setAAD(bound(ring.active, value.kind, place))
      const plain = value.reveal('seal')
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      const parts = [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))
      return ['v1', ALGORITHM, ring.active, ...parts].join('.')
    },
    open: (kind, envelope, place) => {
      const match = ENVELOPE.exec(envelope)
      if (match === null) throw new PersonalProblem('envelope_malformed', { place: named(place) })
      const [keyId, iv, sealed, tag] = match.slice(1) as [string, string, string, string]
      const key = sealingKey(keyId, kind, place)
      const options = { authTagLength: 16 }
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), options)
      decipher.setAAD(bound(keyId, kind, place))
      decipher.setAuthTag(Buffer.from(tag, 'base64url'))
      try {
        const opened = [decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]
        return new Personal(kind, Buffer.concat(opened).toString('utf8'))
      } catch {
        throw new PersonalProblem('envelope_does_not_open', { place: named(place) })
      }
    },
    blindIndex: (value) => {
      const key = derive(ring.index, `tenon personal index v1 ${value.kind}`)
      const form = indexForm(value.kind, value.reveal('blind index'))
      return createHmac('sha256', key).update(form, 'utf8').digest().subarray(0, INDEX_BYTES)
    },
    isOutdated: (envelope) => ENVELOPE.exec(envelope)?.[1] !== ring.active,
  }
}

/** 32 bytes of HKDF-SHA-256 (RFC 5869) for one purpose. */
export function derive(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), purpose, 32))
}

/** What is authenticated with the value. A JSON list, so that no two places give the same bytes. */
function bound(keyId: string, kind: PersonalKind, place: SealedPlace): Buffer {
  const parts = ['v1', ALGORITHM, keyId, kind, place.table, place.column, place.org, place.row]
  return Buffer.from(JSON.stringify(parts), 'utf8')
}

function named(place: SealedPlace): string {
  return `${place.table}.${place.column}, row ${place.row}`
}
