/**
 * Reads the zip archives that rails put their files in. It takes one shape and refuses all others:
 * stored or deflated entries that lie one after the other and fill the archive, whose header and
 * directory say the same, and whose bytes match size and checksum. No encryption, no zip64, no data
 * descriptors, no comment. A file is read whole or not at all.
 */
import { crc32, inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  /** As it stands in the archive, one character for each byte. */
  readonly name: string
  readonly bytes: Buffer
}

export interface ZipProblem {
  readonly says: string
}

/** Most bytes of all entries together, unpacked. */
export const UNPACKED_BYTES_MOST = 256 * 1024 * 1024
const ENTRIES_MOST = 16
const NAME_BYTES_MOST = 160

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30

const ENCRYPTED = 0x1
/** How hard it was packed (bits 1 and 2) and names in UTF-8 (bit 11) do not change how it is read. */
const HARMLESS_FLAGS = 0x806

class ZipRefused extends Error {}

function must(holds: boolean, says: string): asserts holds {
  if (!holds) throw new ZipRefused(says)
}

/** The entries of an archive in order, or a sentence with what is wrong. Never throws. */
export function readZip(bytes: Uint8Array): readonly ZipEntry[] | ZipProblem {
  try {
    return entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    return { says: error instanceof ZipRefused ? error.message : 'the zip is damaged' }
  }
}

function entriesOf(zip: Buffer): ZipEntry[] {
  const end = zip.length - END_BYTES
  must(end >= 0, 'the zip is too short to have an end')
  must(zip.readUInt32LE(end) === END, 'the zip does not end with its directory')
  must(zip.readUInt32LE(end + 4) === 0, 'the zip is one of several parts')
  must(zip.readUInt16LE(end + 20) === 0, 'the zip has a comment')
  const count = zip.readUInt16LE(end + 10)
  must(zip.readUInt16LE(end + 8) === count && count <= ENTRIES_MOST, 'the zip has too many entries')
  const directory = zip.readUInt32LE(end + 16)
  must(directory + zip.readUInt32LE(end + 12) === end, 'the zip has bytes outside its directory')
  const entries: ZipEntry[] = []
  let central = directory
  let local = 0
  let room = UNPACKED_BYTES_MOST
  for (let i = 0; i < count; i += 1) {
    const { entry, centralBytes, localBytes } = readEntry(zip, { central, local, room })
    must(!entries.some(({ name }) => name === entry.name), 'the zip has two entries of one name')
    entries.push(entry)
    room -= entry.bytes.length
    central += centralBytes
    local += localBytes
  }
  must(central === end && local === directory, 'the zip has bytes that belong to no entry')
  return entries
}

/** The entry whose line of the directory is at `central`; its header must be at `local`. */
function readEntry(
  zip: Buffer,
  { central, local, room }: { central: number; local: number; room: number },
) {
  must(zip.readUInt32LE(central) === CENTRAL, 'the directory of the zip is damaged')
  const flags = zip.readUInt16LE(central + 8)
  const method = zip.readUInt16LE(central + 10)
  const sum = zip.readUInt32LE(central + 16)
  const packed = zip.readUInt32LE(central + 20)
  const size = zip.readUInt32LE(central + 24)
  const nameBytes = zip.readUInt16LE(central + 28)
  const aside = zip.readUInt16LE(central + 30) + zip.readUInt16LE(central + 32)
  const nameAt = (from: number) => zip.toString('latin1', from, from + nameBytes)
  const name = nameAt(central + CENTRAL_BYTES)
  must((flags & ENCRYPTED) === 0, 'the zip is encrypted')
  must((flags & ~HARMLESS_FLAGS) === 0, 'the zip is unusual')
  must(zip.readUInt16LE(central + 34) === 0, 'the zip is one of several parts')
  must(method === 0 || method === 8, 'the zip is packed by a method not known')
  must(
    nameBytes <= NAME_BYTES_MOST && !/^$|\//.test(name),
    'an entry of the zip has an unusual name',
  )
  must(size <= room, 'the zip is too large unpacked')

  must(zip.readUInt32LE(central + 42) === local, 'the zip has gaps between its entries')
  must(zip.readUInt32LE(local) === LOCAL, 'an entry of the zip is damaged')
  // Version, flags, method, time, checksum, sizes and length of the name stand in both places.
  const inHeader = zip.subarray(local + 4, local + 28)
  const inDirectory = zip.subarray(central + 6, central + 30)
  const alike = inHeader.equals(inDirectory) && nameAt(local + LOCAL_BYTES) === name
  must(alike, 'an entry and the directory of the zip differ')
  const data = local + LOCAL_BYTES + nameBytes + zip.readUInt16LE(local + 28)
  const body = zip.subarray(data, data + packed)
  must(body.length === packed, 'an entry of the zip is cut off')
  const bytes = method === 0 ? body : inflateRawSync(body, { maxOutputLength: Math.max(size, 1) })
  must(bytes.length === size && crc32(bytes) === sum, 'an entry of the zip fails its checksum')
  return {
    entry: { name, bytes },
    centralBytes: CENTRAL_BYTES + nameBytes + aside,
    localBytes: data + packed - local,
  }
}
