/**
 * A uuid as four 32-bit words: how the writer hashes, compares and sends ids without making objects.
 * One `UuidWords` is a scratch pad; its owner parses into it and reads it before the next parse.
 */
import { must, type Uuid } from '#base'

const NIBBLE = new Uint8Array(128)
for (let digit = 0; digit < 16; digit += 1) NIBBLE[digit.toString(16).charCodeAt(0)] = digit

export class UuidWords {
  a = 0
  b = 0
  c = 0
  d = 0

  /** Reads 32 lower-case hex digits. */
  parse(uuid: Uuid): this {
    must(uuid.length === 32, 'a uuid has 32 hex digits')
    this.a = word(uuid, 0)
    this.b = word(uuid, 8)
    this.c = word(uuid, 16)
    this.d = word(uuid, 24)
    return this
  }

  /** Reads 16 bytes at `at`, as PostgreSQL sends a uuid. */
  read(bytes: Buffer, at: number): this {
    this.a = bytes.readInt32BE(at)
    this.b = bytes.readInt32BE(at + 4)
    this.c = bytes.readInt32BE(at + 8)
    this.d = bytes.readInt32BE(at + 12)
    return this
  }

  /** A well-mixed 32-bit hash; ids may be time-ordered, so no word can be taken as random. */
  hash(): number {
    let h = Math.imul(this.a ^ 0x9e3779b9, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 15) ^ this.b, 0xc2b2ae35)
    h = Math.imul(h ^ (h >>> 13) ^ this.c, 0x27d4eb2f)
    h = Math.imul(h ^ (h >>> 16) ^ this.d, 0x165667b1)
    return h ^ (h >>> 15)
  }
}

function word(hex: string, at: number): number {
  let value = 0
  for (let index = at; index < at + 8; index += 1) {
    value = (value << 4) | NIBBLE[hex.charCodeAt(index) & 127]!
  }
  return value | 0
}
