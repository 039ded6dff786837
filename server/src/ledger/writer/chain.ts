import { createHash } from 'node:crypto'
import type { Instant } from '#base'

export interface SealContent {
  readonly book: number
  readonly seq: number
  readonly firstId: number
  /** `firstId - 1` when the batch booked no transfer. */
  readonly lastId: number
  readonly at: Instant
  /** `Rows.hash()` of the batch. */
  readonly rowsHash: Uint8Array
}

/** The chain's value before the first seal of a book. */
export const CHAIN_START = Buffer.alloc(32)

/**
 * The hash of a seal: SHA-256 over the previous hash, book (4 bytes), seq, first id, last id,
 * instant in milliseconds (8 bytes each, big-endian) and the rows' hash. A change to any row, or a
 * row taken out, changes every hash after it.
 */
export function sealHash(previous: Uint8Array, seal: SealContent): Buffer {
  const head = Buffer.allocUnsafe(36)
  head.writeInt32BE(seal.book, 0)
  head.writeBigInt64BE(BigInt(seal.seq), 4)
  head.writeBigInt64BE(BigInt(seal.firstId), 12)
  head.writeBigInt64BE(BigInt(seal.lastId), 20)
  head.writeBigInt64BE(BigInt(seal.at), 28)
  return createHash('sha256').update(previous).update(head).update(seal.rowsHash).digest()
}
