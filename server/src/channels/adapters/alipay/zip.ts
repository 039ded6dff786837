/**
 * Reads the small zip archives bills come in. It takes one shape and refuses all others: no comment,
 * no encryption, no data descriptors, entries that lie one after the other and fill the archive, and
 * bytes that match their checksum.
 */
import { crc32, inflateRawSync } from 'node:zlib'

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
const FILE_BYTES_MAX = 256 * 1024 * 1024

/** Bit 11: names in UTF-8. Any other bit changes how the entry must be read. */
const FLAGS_TAKEN = 0x0800

export class ZipRefused extends Error {
  override name = 'ZipRefused'
}

/** The files of an archive in order, or a `ZipRefused` with what is wrong. */
export function readZip(bytes: Uint8Array): Buffer[] {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = archive.length - END_BYTES
  check(end >= 0 && archive.readUInt32LE(end) === END, 'it does not end like an archive')
  const count = archive.readUInt16LE(end + 10)
  const start = archive.readUInt32LE(end + 16)
  const oneDisk = archive.readUInt32LE(end + 4) === 0 && archive.readUInt16LE(end + 8) === count
  const filled = start + archive.readUInt32LE(end + 12) === end
  check(oneDisk && filled && archive.readUInt16LE(end + 20) === 0, 'its directory is odd')
  const files: Buffer[] = []
  let central = start
  let local = 0
  for (let i = 0; i < count; i += 1) {
    const entry = readEntry(archive, central, local, end)
    files.push(entry.file)
    central = entry.central
    local = entry.local
  }
  check(central === end && local === start, 'something lies between its files')
  return files
}

function readEntry(archive: Buffer, central: number, local: number, end: number) {
  check(central + CENTRAL_BYTES <= end, 'its directory is cut off')
  check(archive.readUInt32LE(central) === CENTRAL, 'its directory is odd')
  const nameLength = archive.readUInt16LE(central + 28)
  const plain =
    archive.readUInt16LE(central + 30) === 0 &&
    archive.readUInt16LE(central + 32) === 0 &&
    archive.readUInt16LE(central + 34) === 0 &&
    (archive.readUInt16LE(central + 8) & ~FLAGS_TAKEN) === 0
  check(plain && archive.readUInt32LE(central + 42) === local, 'an entry of it is odd')
  const from = local + LOCAL_BYTES + nameLength
  check(from <= central && archive.readUInt32LE(local) === LOCAL, 'an entry of it is odd')
  // Version, flags, method, time, checksum, sizes and name must be told twice alike.
  const inLocal = archive.subarray(local + 4, local + LOCAL_BYTES)
  const inCentral = archive.subarray(central + 6, central + 32)
  check(inLocal.equals(inCentral), 'an entry of it says two things')
  const names = [local + LOCAL_BYTES, central + CENTRAL_BYTES]
  const [first, second] = names.map((at) => archive.subarray(at, at + nameLength))
  check(first!.equals(second!), 'an entry of it has two names')
  const packed = archive.readUInt32LE(central + 20)
  const size = archive.readUInt32LE(central + 24)
  check(size <= FILE_BYTES_MAX && from + packed <= archive.length, 'a file of it is cut off')
  const file = unpack(
    archive.subarray(from, from + packed),
    archive.readUInt16LE(central + 10),
    size,
  )
  check(
    file.length === size && crc32(file) === archive.readUInt32LE(central + 16),
    'a file of it does not match its checksum',
  )
  return { file, central: central + CENTRAL_BYTES + nameLength, local: from + packed }
}

function unpack(packed: Buffer, method: number, size: number): Buffer {
  if (method === 0) return packed
  check(method === 8, 'a file of it is packed in a way that is not known')
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) })
  } catch {
    throw new ZipRefused('a file of it cannot be unpacked')
  }
}

function check(condition: boolean, says: string): asserts condition {
  if (!condition) throw new ZipRefused(says)
}
