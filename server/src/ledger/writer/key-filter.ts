/**
 * A filter over the ids of one partition: "surely not here" or "maybe here". A split-block Bloom
 * filter as in the Apache Parquet format: eight bits in one 32-byte block per id, so that asking
 * costs one cache line. With 16 bits an id about 1 in 1,000 strangers is a maybe; it never forgets
 * an id, so only maybes need a look into the database.
 */
import { must } from '#base'
import type { UuidWords } from './uuid-words.ts'

const BITS_PER_KEY = 16
const SALT = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
)

export class KeyFilter {
  private readonly words: Int32Array
  private readonly blocks: number

  constructor(capacity: number, words?: Int32Array) {
    this.blocks = Math.max(1, Math.ceil((capacity * BITS_PER_KEY) / 256))
    this.words = words ?? new Int32Array(this.blocks * 8)
    must(this.words.length === this.blocks * 8, 'a key filter has the size of its capacity')
  }

  /** Reads a filter as `bytes` wrote it. */
  static from(bytes: Uint8Array): KeyFilter {
    must(bytes.length % 32 === 0 && bytes.length > 0, 'a saved key filter is whole blocks')
    const copy = new Uint8Array(bytes)
    return new KeyFilter((copy.length * 8) / BITS_PER_KEY, new Int32Array(copy.buffer))
  }

  bytes(): Buffer {
    return Buffer.from(this.words.buffer, this.words.byteOffset, this.words.byteLength)
  }

  add(key: UuidWords, hash: number): void {
    const at = this.block(hash)
    const bits = key.d ^ Math.imul(hash, 0x9e3779b1)
    for (let index = 0; index < 8; index += 1) {
      this.words[at + index]! |= 1 << (Math.imul(bits, SALT[index]!) >>> 27)
    }
  }

  maybe(key: UuidWords, hash: number): boolean {
    const at = this.block(hash)
    const bits = key.d ^ Math.imul(hash, 0x9e3779b1)
    for (let index = 0; index < 8; index += 1) {
      if ((this.words[at + index]! & (1 << (Math.imul(bits, SALT[index]!) >>> 27))) === 0) {
        return false
      }
    }
    return true
  }

  private block(hash: number): number {
    return ((hash >>> 0) % this.blocks) * 8
  }
}
