/**
 * Columns in PostgreSQL's binary array format (src/backend/utils/adt/arrayfuncs.c, array_recv), built
 * row by row and sent as one parameter. Text arrays cost several times more on both sides.
 */
import type { Instant } from './world.ts'

const HEADER = 20
const TWO_TO_32 = 0x1_0000_0000
/** Milliseconds from 1970-01-01 to 2000-01-01, where PostgreSQL counts microseconds from. */
const POSTGRES_EPOCH_MS = 946_684_800_000

export const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
} as const

/** A uuid as four 32-bit words, the first the most significant. */
export interface UuidParts {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

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

  uuid(key: UuidParts): void {
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

  /** bytea from hex digits. */
  hex(value: string): void {
    const length = value.length / 2
    const at = this.room(4 + length)
    this.view.setInt32(at, length)
    this.bytes.write(value, at + 4, 'hex')
  }

  /** jsonb from its text. */
  json(text: string): void {
    const length = Buffer.byteLength(text)
    const at = this.room(5 + length)
    this.view.setInt32(at, length + 1)
    // The version of jsonb's binary format.
    this.view.setUint8(at + 4, 1)
    this.bytes.write(text, at + 5)
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

/** A column of `values`, each put in by `add`; undefined and null become NULL. */
export function columnOf<Value>(
  oid: number,
  values: readonly Value[],
  add: (column: Column, value: NonNullable<Value>) => void,
): Buffer {
  const column = new Column(oid)
  for (const value of values) {
    if (value === null || value === undefined) column.null()
    else add(column, value)
  }
  return column.param()
}

export const textColumn = (values: readonly (string | null | undefined)[]): Buffer =>
  columnOf(OID.text, values, (column, value) => column.text(value))

export const intColumn = (values: readonly number[]): Buffer =>
  columnOf(OID.int4, values, (column, value) => column.int4(value))

/** Values are written as JSON; undefined as null. */
export const jsonColumn = (values: readonly unknown[]): Buffer =>
  columnOf(
    OID.jsonb,
    values.map((value) => JSON.stringify(value ?? null)),
    (column, value) => column.json(value),
  )

/** bytea from hex digits. */
export const hexColumn = (values: readonly string[]): Buffer =>
  columnOf(OID.bytea, values, (column, value) => column.hex(value))

export const instantColumn = (values: readonly Instant[]): Buffer =>
  columnOf(OID.timestamptz, values, (column, value) => column.instant(value))
