/**
 * Columns in PostgreSQL's binary array format (src/backend/utils/adt/arrayfuncs.c, array_recv), built
 * row by row and sent as one parameter. Text arrays cost several times more on both sides.
 */
import type { Instant } from '#base'
import type { UuidWords } from './uuid-words.ts'

const HEADER = 20
const TWO_TO_32 = 0x1_0000_0000
/** Milliseconds from 1970-01-01 to 2000-01-01, where PostgreSQL counts microseconds from. */
const POSTGRES_EPOCH_MS = 946_684_800_000

export const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  timestamptz: 1184,
  uuid: 2950,
} as const

export class Column {
  count = 0
  private nulls = 0
  private at = HEADER
  private bytes: Buffer
  /** The same bytes; its setters are compiled to single stores, a Buffer's are not. */
  private view: DataView
  private readonly oid: number

  constructor(oid: number, capacity = 4096) {
    this.oid = oid
    this.bytes = Buffer.allocUnsafe(HEADER + capacity)
    this.view = viewOf(this.bytes)
  }

  reset(): void {
    this.count = 0
    this.nulls = 0
    this.at = HEADER
  }

  /** int8 from a safe integer. */
  int8(value: number): void {
    const at = this.room(12)
    this.view.setInt32(at, 8)
    this.view.setInt32(at + 4, Math.floor(value / TWO_TO_32))
    this.view.setInt32(at + 8, value | 0)
  }

  big(value: bigint): void {
    const at = this.room(12)
    this.view.setInt32(at, 8)
    this.view.setBigInt64(at + 4, value)
  }

  int4(value: number): void {
    const at = this.room(8)
    this.view.setInt32(at, 4)
    this.view.setInt32(at + 4, value)
  }

  int2(value: number): void {
    const at = this.room(6)
    this.view.setInt32(at, 2)
    this.view.setInt16(at + 4, value)
  }

  bool(value: boolean): void {
    const at = this.room(5)
    this.view.setInt32(at, 1)
    this.view.setUint8(at + 4, value ? 1 : 0)
  }

  uuid(key: UuidWords): void {
    const at = this.room(20)
    this.view.setInt32(at, 16)
    this.view.setInt32(at + 4, key.a)
    this.view.setInt32(at + 8, key.b)
    this.view.setInt32(at + 12, key.c)
    this.view.setInt32(at + 16, key.d)
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    const at = this.room(4 + length)
    this.view.setInt32(at, length)
    this.bytes.write(value, at + 4)
  }

  instant(value: Instant): void {
    this.int8((value - POSTGRES_EPOCH_MS) * 1000)
  }

  null(): void {
    const at = this.room(4)
    this.view.setInt32(at, -1)
    this.nulls += 1
  }

  /** The array as a parameter; valid until the column is reset. */
  param(): Buffer {
    if (this.count === 0) {
      const empty = Buffer.alloc(12)
      empty.writeInt32BE(this.oid, 8)
      return empty
    }
    this.view.setInt32(0, 1)
    this.view.setInt32(4, this.nulls > 0 ? 1 : 0)
    this.view.setInt32(8, this.oid)
    this.view.setInt32(12, this.count)
    this.view.setInt32(16, 1)
    return this.bytes.subarray(0, this.at)
  }

  private room(size: number): number {
    if (this.at + size > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + size))
      this.bytes.copy(larger, 0, 0, this.at)
      this.bytes = larger
      this.view = viewOf(larger)
    }
    const at = this.at
    this.at += size
    this.count += 1
    return at
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
