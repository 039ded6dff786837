/**
 * The hash of an entry, told here a second time and not by the function in the database: a function
 * that somebody replaced there cannot make its own entries look right.
 */
import { createHash } from 'node:crypto'

/** An entry as it stands in the database. What a column no longer holds in its form is null. */
export interface StoredEntry {
  readonly seq: number
  /** Microseconds since 1970; null when the instant is none that can be counted. */
  readonly micros: bigint | null
  readonly orgId: number | null
  readonly actorKind: string | null
  readonly actorId: string | null
  readonly actorPerson: string | null
  readonly from: string | null
  readonly action: string | null
  readonly object: string | null
  readonly before: string | null
  readonly after: string | null
  readonly approval: string | null
  readonly requestId: string | null
  readonly previous: Uint8Array
  readonly hash: Uint8Array
}

/** The chain's value before the first entry of a book. */
export const CHAIN_START: Uint8Array = Buffer.alloc(32)

const DOMAIN = field('tenon audit entry 1')

/**
 * SHA-256 over the name of the form, the previous hash, book (4 bytes), number, microseconds (8 bytes
 * each), organisation (4 bytes, all big-endian) and the fields in their order, each with its length
 * before it. `undefined` when a number is missing, which no entry can have been hashed with.
 */
export function entryHash(book: number, entry: StoredEntry, seq = entry.seq): Buffer | undefined {
  const { micros, orgId } = entry
  if (micros === null || orgId === null) return undefined
  const numbers = Buffer.allocUnsafe(24)
  numbers.writeInt32BE(book, 0)
  numbers.writeBigInt64BE(BigInt(seq), 4)
  numbers.writeBigInt64BE(micros, 12)
  numbers.writeInt32BE(orgId, 20)
  const hash = createHash('sha256').update(DOMAIN).update(entry.previous).update(numbers)
  for (const value of textsOf(entry)) hash.update(field(value))
  return hash.digest()
}

function textsOf(entry: StoredEntry): (string | null)[] {
  return [
    entry.actorKind,
    entry.actorId,
    entry.actorPerson,
    entry.from,
    entry.action,
    entry.object,
    entry.before,
    entry.after,
    entry.approval,
    entry.requestId,
  ]
}

/** Its length in bytes (4 bytes, big-endian; -1 when absent), then its bytes in UTF-8. */
function field(value: string | null): Buffer {
  const bytes = Buffer.from(value ?? '')
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(value === null ? -1 : bytes.length)
  return Buffer.concat([length, bytes])
}
