/** The Merkle tree hash of RFC 6962 section 2.1, over SHA-256. */
import { createHash } from 'node:crypto'

/** The hash of a list of leaves; that of none is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return createHash('sha256').digest()
  let row: Uint8Array[] = leaves.map((leaf) =>
    createHash('sha256').update(LEAF).update(leaf).digest(),
  )
  // Paired from the left, an odd one out going up as it is: the split at the largest power of two.
  while (row.length > 1) {
    const next: Uint8Array[] = []
    for (let at = 0; at < row.length; at += 2) {
      const right = row[at + 1]
      next.push(right === undefined ? row[at]! : nodeHash(row[at]!, right))
    }
    row = next
  }
  return row[0]!
}

const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest()
}
