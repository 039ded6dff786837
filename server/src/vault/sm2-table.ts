/**
 * Verifying SM2 by precomputed tables: of the base point once, of each public key when it first
 * comes. Nothing here is secret, so the arithmetic may take as long as the numbers ask for, which
 * sm-crypto-v2's own `doVerifySignature` does not allow itself.
 *
 * The tables of a key take about a megabyte; those used longest ago are dropped.
 */
import { sm2 } from 'sm-crypto-v2'

type Point = ReturnType<typeof sm2.precomputePublicKey>

/** Order of the group (GB/T 32918.5). */
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
/** The base point, `04 x y`. */
const BASE =
  '0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7' +
  'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0'
/** Bits of a window: the base point's table is made once, a key's for each key. */
const BASE_WINDOW = 8
const KEY_WINDOW = 6

export interface Sm2Tables {
  /**
   * Whether `signature` (r and s, 32 bytes each) is over `digest` by the key at `point` (65 bytes).
   * Never throws: a point that is none verifies nothing.
   */
  verify(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean
}

/** Tables of at most `keep` keys. */
export function createSm2Tables({ keep = 200 }: { readonly keep?: number } = {}): Sm2Tables {
  const base = sm2.precomputePublicKey(BASE, BASE_WINDOW)
  const keys = new Map<string, Point>()
  const keyOf = (point: Uint8Array): Point => {
    const hex = Buffer.from(point).toString('hex')
    let key = keys.get(hex)
    if (key === undefined) {
      key = sm2.precomputePublicKey(hex, KEY_WINDOW)
      key.assertValidity()
    } else keys.delete(hex)
    // A Map keeps the order of insertion, so the first is the one used longest ago.
    keys.set(hex, key)
    if (keys.size > keep) keys.delete(keys.keys().next().value!)
    return key
  }
  return {
    verify: (point, digest, signature) => {
      if (signature.length !== 64) return false
      const r = numberOf(signature.subarray(0, 32))
      const s = numberOf(signature.subarray(32))
      if (r === 0n || s === 0n || r >= ORDER || s >= ORDER) return false
      const t = (r + s) % ORDER
      if (t === 0n) return false
      try {
        const sum = base.multiplyUnsafe(s).add(keyOf(point).multiplyUnsafe(t))
        if (sum.is0()) return false
        return (numberOf(digest) + sum.toAffine().x) % ORDER === r
      } catch {
        return false
      }
    },
  }
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}
