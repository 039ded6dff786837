/**
 * Ids. A public id is `<prefix>_<book number>_<uuid as 32 lower-case hex digits>`, so that whoever
 * receives one — a callback, a file row, a URL — knows the book it belongs to without an index.
 * The uuid is a version 7 (RFC 9562 section 5.7) unless the caller chose it.
 */
import { createHash } from 'node:crypto'
import type { Clock, Rng } from './world.ts'

/** A uuid as 32 lower-case hex digits without dashes. */
export type Uuid = string

export interface Ids {
  /** A fresh uuid version 7. Ids made in the same millisecond still sort in the order made. */
  uuid(): Uuid
  /** A fresh public id, for example `pay_12_0199…`. */
  make(prefix: string, book: number): string
}

export interface ParsedId {
  prefix: string
  book: number
  uuid: Uuid
}

const PUBLIC_ID = /^([a-z]{2,5})_(0|[1-9]\d{0,8})_([0-9a-f]{32})$/

/** Writes a public id. */
export function publicId(prefix: string, book: number, uuid: Uuid): string {
  return `${prefix}_${book}_${uuid}`
}

/** Reads a public id; `undefined` when the text is not one or carries another prefix. */
export function parsePublicId(text: string, prefix?: string): ParsedId | undefined {
  const match = PUBLIC_ID.exec(text)
  if (match === null || (prefix !== undefined && match[1] !== prefix)) return undefined
  return { prefix: match[1]!, book: Number(match[2]), uuid: match[3]! }
}

/**
 * The uuid that follows from a key: the same key gives the same uuid in every run, so that work done
 * again makes no second thing. A version 8 (RFC 9562 section 5.8) of 122 bits of
 * SHA-256(namespace, 0, key). `namespace` is what it is for, such as `custody.withdrawal`.
 */
export function derivedUuid(namespace: string, key: string): Uuid {
  const hash = createHash('sha256').update(namespace).update('\0').update(key).digest()
  hash[6] = (hash[6]! & 0x0f) | 0x80
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex', 0, 16)
}

/** uuidv7 from a clock and dice. The 12 bits after the version count up within one millisecond. */
export function createIds(clock: Pick<Clock, 'now'>, rng: Rng): Ids {
  let last = 0
  let counter = 0
  const uuid = (): Uuid => {
    const now = clock.now()
    if (now > last) {
      last = now
      counter = rng.below(0x800)
    } else {
      counter += 1
      if (counter > 0xfff) {
        last += 1
        counter = 0
      }
    }
    const tail = Buffer.from(rng.bytes(8))
    tail[0] = (tail[0]! & 0x3f) | 0x80
    const head = last.toString(16).padStart(12, '0')
    return head + '7' + counter.toString(16).padStart(3, '0') + tail.toString('hex')
  }
  return { uuid, make: (prefix, book) => publicId(prefix, book, uuid()) }
}
