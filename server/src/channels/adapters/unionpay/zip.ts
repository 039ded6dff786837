/**
 * The least of zip that a rail's file needs: stored and deflated entries, read by the central
 * directory. Whatever is odd (encryption, zip64, a comment, gaps, sizes or sums that differ, names with
 * a path) is refused with a sentence; a file is read whole or not at all.
 */
import { crc32, inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ZipProblem {
  readonly says: string
}

const ENTRIES_MOST = 16
export const BYTES_MOST = 256 * 1024 * 1024
const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const ENCRYPTED = 0x1

/** Reads every entry, or says why not. Never throws. */
export function readZip(bytes: Uint8Array): readonly ZipEntry[] | ZipProblem {
  try {
    return entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    return { says: error instanceof ZipError ? error.message : 'the zip is damaged' }
  }
}

class ZipError extends Error {}

function must(holds: boolean, says: string): asserts holds {
  if (!holds) throw new ZipError(says)
}

function entriesOf(zip: Buffer): ZipEntry[] {
  must(zip.length >= 22, 'the zip is too short')
  const end = zip.length - 22
  must(zip.readUInt32LE(end) === END, 'the zip does not end with its directory')
  must(zip.readUInt32LE(end + 4) === 0, 'the zip is one of several parts')
  const count = zip.readUInt16LE(end + 10)
  must(zip.readUInt16LE(end + 8) === count && count <= ENTRIES_MOST, 'the zip has too many entries')
  const size = zip.readUInt32LE(end + 12)
  let at = zip.readUInt32LE(end + 16)
  must(at + size === end, 'the zip has bytes outside its directory')
  const entries: ZipEntry[] = []
  let next = 0
  let total = 0
  for (let i = 0; i < count; i += 1) {
    const { entry, start, stop, length } = readEntry(zip, at, BYTES_MOST - total)
    must(start === next, 'the zip has gaps between its entries')
    must(!entries.some(({ name }) => name === entry.name), 'the zip has two entries of one name')
    entries.push(entry)
    total += entry.bytes.length
    next = stop
    at += length
  }
  must(at === end && next === end - size, 'the zip has bytes that belong to no entry')
  return entries
}

function readEntry(zip: Buffer, at: number, room: number) {
  must(zip.readUInt32LE(at) === CENTRAL, 'the directory of the zip is damaged')
  const flags = zip.readUInt16LE(at + 8)
  const method = zip.readUInt16LE(at + 10)
  const sum = zip.readUInt32LE(at + 16)
  const packed = zip.readUInt32LE(at + 20)
  const plain = zip.readUInt32LE(at + 24)
  const nameLength = zip.readUInt16LE(at + 28)
  const extra = zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  const start = zip.readUInt32LE(at + 42)
  const name = zip.toString('latin1', at + 46, at + 46 + nameLength)
  must((flags & ~0x806) === 0, flags & ENCRYPTED ? 'the zip is encrypted' : 'the zip is unusual')
  must(method === 0 || method === 8, 'the zip is packed by a method not known')
  must(/^[0-9A-Za-z_.-]{1,80}$/.test(name), 'an entry of the zip has an unusual name')
  must(plain <= room, 'the zip is too large unpacked')

  must(zip.readUInt32LE(start) === LOCAL, 'an entry of the zip is damaged')
  const same = zip.subarray(start + 6, start + 10).equals(zip.subarray(at + 8, at + 12))
  const sizes = zip.subarray(start + 14, start + 28).equals(zip.subarray(at + 16, at + 30))
  const data = start + 30 + nameLength + zip.readUInt16LE(start + 28)
  const localName = zip.toString('latin1', start + 30, start + 30 + nameLength)
  must(same && sizes && localName === name, 'an entry and the directory of the zip differ')
  const body = zip.subarray(data, data + packed)
  must(body.length === packed, 'an entry of the zip is cut off')
  const bytes = method === 0 ? body : inflateRawSync(body, { maxOutputLength: Math.max(plain, 1) })
  must(bytes.length === plain && crc32(bytes) === sum, 'an entry of the zip fails its check sum')
  return { entry: { name, bytes }, start, stop: data + packed, length: 46 + nameLength + extra }
}
