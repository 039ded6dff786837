/**
 * The little of DER that SM2 needs, read strictly: one encoding per value, nothing behind it. A lax
 * reader would take two byte strings for one signature, and then a changed notice could pass.
 */

const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTETS = 0x04

export interface DerItem {
  readonly tag: number
  readonly value: Buffer
}

/** The items inside the one sequence that `bytes` is; `undefined` when it is not exactly that. */
export function readSequence(bytes: Uint8Array): DerItem[] | undefined {
  const outer = readItems(Buffer.from(bytes))
  if (outer?.length !== 1 || outer[0]!.tag !== SEQUENCE) return undefined
  return readItems(outer[0]!.value)
}

function readItems(bytes: Buffer): DerItem[] | undefined {
  const items: DerItem[] = []
  let at = 0
  while (at < bytes.length) {
    const head = readLength(bytes, at + 1)
    if (head === undefined || head.start + head.length > bytes.length) return undefined
    items.push({ tag: bytes[at]!, value: bytes.subarray(head.start, head.start + head.length) })
    at = head.start + head.length
  }
  return items
}

function readLength(bytes: Buffer, at: number): { start: number; length: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { start: at + 1, length: first }
  const count = first & 0x7f
  if (count < 1 || count > 3 || at + count >= bytes.length) return undefined
  const length = bytes.readUIntBE(at + 1, count)
  const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  return shortest === count ? { start: at + 1 + count, length } : undefined
}

/** A non-negative integer of at most 32 bytes as exactly 32; `undefined` for anything else. */
export function readScalar(item: DerItem | undefined): Buffer | undefined {
  if (item?.tag !== INTEGER || item.value.length === 0) return undefined
  const [first, second] = item.value
  if (first! >= 0x80) return undefined
  const padded = first === 0 && item.value.length > 1
  if (padded && second! < 0x80) return undefined
  const digits = padded ? item.value.subarray(1) : item.value
  if (digits.length > 32) return undefined
  return Buffer.concat([Buffer.alloc(32 - digits.length), digits])
}

/** The bytes of an octet string; `undefined` for anything else. */
export function readOctets(item: DerItem | undefined): Buffer | undefined {
  return item?.tag === OCTETS ? item.value : undefined
}

export function writeSequence(items: readonly Buffer[]): Buffer {
  return written(SEQUENCE, Buffer.concat(items))
}

/** Writes an unsigned big-endian number as an integer. */
export function writeScalar(digits: Uint8Array): Buffer {
  let start = 0
  while (start < digits.length - 1 && digits[start] === 0) start += 1
  const shortest = Buffer.from(digits.subarray(start))
  return written(INTEGER, shortest[0]! >= 0x80 ? Buffer.from([0, ...shortest]) : shortest)
}

export function writeOctets(bytes: Uint8Array): Buffer {
  return written(OCTETS, Buffer.from(bytes))
}

function written(tag: number, value: Buffer): Buffer {
  const { length } = value
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value])
  const count = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  const head = Buffer.alloc(2 + count)
  head[0] = tag
  head[1] = 0x80 | count
  head.writeUIntBE(length, 2, count)
  return Buffer.concat([head, value])
}
