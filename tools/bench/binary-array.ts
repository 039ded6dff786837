/**
 * PostgreSQL's binary form of one-dimensional arrays, for the floor's inserts. A Buffer parameter of
 * the driver travels in binary format. Written apart from the engine's own encoder on purpose: the
 * yardstick shares no code with what it measures.
 */
import type { RandomPool } from './random-pool.ts'

const INT8 = 20
const UUID = 2950
const HEADER = 20

function header(type: number, length: number, elementBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + length * (4 + elementBytes))
  buffer.writeInt32BE(1, 0)
  buffer.writeInt32BE(0, 4)
  buffer.writeInt32BE(type, 8)
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16)
  return buffer
}

/** int8[] of `length` whole numbers from 0 to 2^53 − 1. */
export function int8Array(length: number, value: (i: number) => number): Buffer {
  const buffer = header(INT8, length, 8)
  let at = HEADER
  for (let i = 0; i < length; i += 1) {
    const number = value(i)
    at = buffer.writeInt32BE(8, at)
    at = buffer.writeUInt32BE(Math.floor(number / 4_294_967_296), at)
    at = buffer.writeUInt32BE(number % 4_294_967_296, at)
  }
  return buffer
}

/** uuid[] of `length` fresh random ids. */
export function randomUuidArray(length: number, pool: RandomPool): Buffer {
  const buffer = header(UUID, length, 16)
  let at = HEADER
  for (let i = 0; i < length; i += 1) {
    at = buffer.writeInt32BE(16, at)
    pool.copy(buffer, at)
    at += 16
  }
  return buffer
}
