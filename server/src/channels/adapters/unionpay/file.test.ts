/**
 * The ZM file against one that Python made (`fixtures/zm.py`), and everything that is odd about a zip or
 * a row: refused with a sentence, never a throw.
 */
import { readFileSync } from 'node:fs'
import { crc32, deflateRawSync, deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { seededRng } from '#base'
import { readFile } from './file.ts'
import { readZip } from './zip.ts'

const MER_ID = '777290058110048'
const content = readFileSync(new URL('./fixtures/zm.txt', import.meta.url), 'utf8')
const zip = inflateSync(Buffer.from(content, 'base64'))
const read = (text: string) => readFile(MER_ID, '20260302', text)
const entries = readZip(zip)
if ('says' in entries) throw new Error(entries.says)
const lines = Buffer.from(entries[0]!.bytes).toString('latin1').split('\r\n').slice(0, -1)

/** A zip of one entry, written here by the letter of the format. */
function zipOf(name: string, bytes: Buffer, change: { flags?: number; method?: number } = {}) {
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
const NAME = `INN26030288ZM_${MER_ID}`
const contentOf = (rows: readonly string[], name = NAME) =>
  deflateSync(
    zipOf(name, Buffer.from(rows.map((row) => `${row}\r\n`).join(''), 'latin1')),
  ).toString('base64')

test('reads every row, and sums what is settled', () => {
  expect(read(content)).toMatchObject({
    date: '20260302',
    currency: 'CNY',
    settled: 934_500n,
    settlementReference: `UPOP ${MER_ID} 20260302`,
    rows: [
      {
        row: 1,
        direction: 'collect',
        reference: 'T00000C0123456789ABCDEF1',
        channelReference: '202603020900000000001',
        amount: 1_234_500n,
        fee: 0n,
        result: 'succeeded',
      },
      { row: 2, direction: 'refund', amount: 300_000n },
      { row: 3, direction: 'pay', amount: 98_700n },
      { row: 4, direction: 'payout_returned', amount: 98_700n },
    ],
  })
})

test('a file written here reads the same; a stored entry too; none of the wrong day or merchant', () => {
  expect(read(contentOf(lines))).toEqual(read(content))
  const bytes = Buffer.from(entries[0]!.bytes)
  const stored = deflateSync(zipOf(NAME, bytes, { method: 0 })).toString('base64')
  expect(read(stored)).toEqual(read(content))
  expect(readFile(MER_ID, '20260303', content)).toMatchObject({ problem: 'refused' })
  expect(readFile('777290058110049', '20260302', content)).toMatchObject({ problem: 'refused' })
  expect(read(contentOf([]))).toMatchObject({ rows: [], settled: 0n })
})

describe('a row that is odd', () => {
  /** Puts text over a column of the first row, by its number in the specification. */
  const WIDTHS = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4]
  const rest = [32, 1, 21, 15, 1, 15, 32, 13, 13]
  const put = (column: number, text: string) => {
    const widths = [...WIDTHS, ...rest]
    const at = widths.slice(0, column - 1).reduce((sum, width) => sum + width + 1, 0)
    const padded = text.padEnd(widths[column - 1]!)
    return lines[0]!.slice(0, at) + padded + lines[0]!.slice(at + padded.length)
  }
  test.each([
    ['amount', 7, '00000012345x'],
    ['amount', 7, '000000000000'],
    ['queryId', 10, '20260302090000000000'],
    ['orderId', 12, 'T00 00'],
    ['txnType', 20, '01'],
    ['code', 1, 'S67'],
    ['merId', 28, '777290058110049'],
    ['net', 33, 'C000001234501'],
    ['net', 33, 'D000001234500'],
    ['net', 33, '0000001234500'],
  ])('%s', (name, column, text) => {
    const says = `row 1: the column ${name} is malformed`
    expect(read(contentOf([put(column, text)]))).toEqual({ problem: 'refused', says })
  })
  test('too short, too long, moved by one, cut off, twice', () => {
    const [first] = lines as [string, ...string[]]
    for (const row of [first.slice(1), `${first} `, ` ${first.slice(0, -1)}`, '']) {
      expect(read(contentOf([row]))).toMatchObject({
        problem: 'refused',
        says: expect.stringMatching(/^row 1/),
      })
    }
    expect(read(contentOf([first, first]))).toMatchObject({
      says: expect.stringMatching(/row 2 repeats/),
    })
    const cut = deflateSync(zipOf(NAME, Buffer.from(first, 'latin1'))).toString('base64')
    expect(read(cut)).toMatchObject({ says: expect.stringMatching(/cut off/) })
  })
})

describe('a zip that is odd', () => {
  const bytes = Buffer.from('x')
  test.each([
    ['encrypted', zipOf(NAME, bytes, { flags: 1 }), /encrypted/],
    ['packed otherwise', zipOf(NAME, bytes, { method: 9 }), /method/],
    ['with a path', zipOf('../x', bytes), /name/],
    ['with bytes before', Buffer.concat([Buffer.from('x'), zipOf(NAME, bytes)]), /outside/],
    ['with bytes after', Buffer.concat([zipOf(NAME, bytes), Buffer.from('x')]), /directory/],
    ['empty', Buffer.alloc(0), /short/],
    ['of another format', Buffer.alloc(100), /directory/],
  ])('%s', (_, odd, says) => {
    expect(readZip(odd)).toMatchObject({ says: expect.stringMatching(says) })
  })
  test('that unpacks to more than it says', () => {
    const bomb = zipOf(NAME, Buffer.alloc(1_000_000))
    const central = bomb.indexOf('PK\x01\x02', 0, 'latin1')
    for (const at of [22, central + 24]) bomb.writeUInt32LE(10, at)
    expect(readZip(bomb)).toHaveProperty('says')
  })
  test('damaged in 300 ways is never read as something else', () => {
    const rng = seededRng(9)
    const genuine = entries.map(({ name, bytes: own }) => [name, Buffer.from(own).toString('hex')])
    let refused = 0
    for (let i = 0; i < 300; i += 1) {
      const damaged = Buffer.from(zip)
      for (let n = 0; n <= rng.below(3); n += 1) {
        const at = rng.below(damaged.length)
        damaged[at] = damaged[at]! ^ (1 + rng.below(255))
      }
      const found = readZip(damaged)
      if ('says' in found) {
        refused += 1
        expect(found.says).not.toBe('')
      } else {
        expect(
          found.map(({ name, bytes: own }) => [name, Buffer.from(own).toString('hex')]),
        ).toEqual(genuine)
      }
    }
    expect(refused).toBeGreaterThan(200)
  })
})

test('fileContent that is not base64, or not deflated, is refused', () => {
  for (const text of ['', '%%%', 'AAAA', Buffer.from(zip).toString('base64')]) {
    expect(read(text)).toMatchObject({ problem: 'refused' })
  }
})
