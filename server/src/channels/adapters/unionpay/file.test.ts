/**
 * The ZM file against one that Python made (`fixtures/zm.py`), and everything that is odd about a row:
 * refused with a sentence, never a throw.
 */
import { readFileSync } from 'node:fs'
import { deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { zipOf } from '../../testing/zip-of.ts'
import { readZip } from '../../zip.ts'
import { readFile } from './file.ts'

const MER_ID = '777290058110048'
const content = readFileSync(new URL('./fixtures/zm.txt', import.meta.url), 'utf8')
const zip = inflateSync(Buffer.from(content, 'base64'))
const read = (text: string) => readFile(MER_ID, '20260302', text)
const entries = readZip(zip)
if ('says' in entries) throw new Error(entries.says)
const lines = Buffer.from(entries[0]!.bytes).toString('latin1').split('\r\n').slice(0, -1)

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

test('fileContent that is not base64, or not deflated, is refused', () => {
  for (const text of ['', '%%%', 'AAAA', Buffer.from(zip).toString('base64')]) {
    expect(read(text)).toMatchObject({ problem: 'refused' })
  }
})
