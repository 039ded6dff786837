/** A zip for tests, written by the letter of the format and by nothing the reader shares. */
import { crc32, deflateRawSync } from 'node:zlib'

/** A zip of one entry. `method` 0 stores it; any other says so and deflates it. */
export function zipOf(
  name: string,
  bytes: Buffer,
  change: { flags?: number; method?: number } = {},
) {
  const packed = change.method === 0 ? bytes : deflateRawSync(bytes)
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(20, 0)
  facts.writeUInt16LE(change.flags ?? 0, 2)
  facts.writeUInt16LE(change.method ?? 8, 4)
  facts.writeUInt32LE(crc32(bytes), 10)
  facts.writeUInt32LE(packed.length, 14)
  facts.writeUInt32LE(bytes.length, 18)
  facts.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed])
  const head = Buffer.from('PK\x01\x02\x14\x00', 'latin1')
  const central = Buffer.concat([head, facts, Buffer.alloc(14), Buffer.from(name)])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}
