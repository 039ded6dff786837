/** Statement files: read to the letter, or refused whole with the row and column. */
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { seededRng } from '#base'
import { readStatement } from './statement.ts'

const DATE = '20260302'
const member = 'c0ffee00c0ffee00c0ffee00c0ffee00'
const at = `${DATE}&090000&`

const FILES = {
  pay_ins: [
    `CZ&${DATE}&2&2480000.00&`,
    `1&${member}&3620000000001002&200000.00&0.00&${at}2026030200000001&&定金&02&&`,
    `2&${member}&3620000000001002&2280000.00&0.00&${at}2026030200000002&TEST0000000000000000AB&首付𠮷&02&&`,
  ],
  withdrawals: [
    `TX&${DATE}&1&68000.00&`,
    `1&${member}&3620000000001004&示范经纪&68000.00&0.00&${at}2026030200000009&TENON000000C0000000001&佣金&03&&`,
  ],
  transfers: [
    `JY&${DATE}&1&200000.00&`,
    `1&2&${member}&3620000000001002&王小明&${member}&3620000000000005&平台担保子账户&200000.00&0.00&${at}2026030200000003&TENON000000C0000000002&&order-1&`,
  ],
  balances: [
    `YE&${DATE}&2&200000.01&`,
    `1&&3620000000000005&200000.00&平台担保子账户&`,
    `2&${member}&3620000000001002&0.01&王小明&`,
  ],
} as const

type Kind = keyof typeof FILES
const bytes = (lines: readonly string[], end = '\n') =>
  iconv.encode(lines.join(end) + end, 'gb18030')
const kinds = Object.keys(FILES) as Kind[]

describe('a whole file', () => {
  test.each(kinds)('%s is read', (kind) => {
    const file = readStatement(kind, DATE, bytes(FILES[kind]))
    expect(file).toMatchObject({ kind, date: DATE })
    expect('rows' in file && file.rows).toHaveLength(FILES[kind].length - 1)
  })

  test('rows come under the words of the port', () => {
    const file = readStatement('transfers', DATE, bytes(FILES.transfers))
    expect('rows' in file && file.rows[0]).toEqual({
      row: 1,
      flow: '2026030200000003',
      reference: 'TENON000000C0000000002',
      amount: 20_000_000n,
      from: '3620000000001002',
      to: '3620000000000005',
      member,
      kind: '2',
      memo: '',
    })
  })

  test('an empty day has a head and no rows', () => {
    const file = readStatement('pay_ins', DATE, bytes([`CZ&${DATE}&0&0.00&`]))
    expect(file).toMatchObject({ rows: [], total: 0n })
  })
})

describe('a broken file is refused whole, and says where', () => {
  const lines = FILES.pay_ins
  const [head, first, second] = lines
  const whole = bytes(lines)
  const cases: [string, Uint8Array, string][] = [
    ['empty', Buffer.alloc(0), 'it is empty'],
    ['cut in the middle of a row', whole.subarray(0, -20), 'cut off'],
    ['cut at the end of a row', bytes(lines.slice(0, 2)), 'announces 2 rows and has 1'],
    ['a row twice', bytes([head, first, second, second]), 'announces 2 rows and has 3'],
    ['the last line end gone', whole.subarray(0, -1), 'cut off'],
    ['another type', bytes([head.replace('CZ', 'TX'), first, second]), 'column 1 is not CZ'],
    [
      'another date',
      bytes([head.replace(DATE, '20260301'), first, second]),
      `column 2 is not ${DATE}`,
    ],
    [
      'another total',
      bytes([head.replace('2480000.00', '2480000.01'), first, second]),
      'sum to otherwise',
    ],
    [
      'a head of five columns',
      bytes([`${head}x&`, first, second]),
      'row 0 does not have 4 columns',
    ],
    ['rows in another order', bytes([head, second, first]), 'row 1, column 1'],
    [
      'an amount changed',
      bytes([head, first.replace('200000.00', '300000.00'), second]),
      'sum to otherwise',
    ],
    [
      'an amount in fen',
      bytes([head, first.replace('200000.00', '20000000'), second]),
      'row 1, column 4 (交易金额)',
    ],
    [
      'full-width digits',
      bytes([head, first.replace('200000.00', '２00000.00'), second]),
      'row 1, column 4',
    ],
    ['a column missing', bytes([head, first.replace('&02', ''), second]), 'row 1 has 11 columns'],
    ['a column too many', bytes([head, `${first}&`, second]), 'row 1 has 13 columns'],
    ['no & at the end', bytes([head, first.slice(0, -1), second]), 'row 1 has 11 columns'],
    ['an ending without &', bytes([head, `${first}x`, second]), 'row 1 does not end with &'],
    ['CRLF', bytes(lines, '\r\n'), 'carriage return'],
    [
      'a byte order mark',
      Buffer.concat([Buffer.from([0x84, 0x31, 0x95, 0x33]), whole]),
      'row 0, column 1',
    ],
    [
      'UTF-8 with its mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(`${lines.join('\n')}\n`)]),
      'row 0, column 1',
    ],
    [
      'a byte that is no character',
      Buffer.concat([whole.subarray(0, -2), Buffer.from([0xff, 0x26, 0x0a])]),
      'not GB18030',
    ],
    [
      'a row of another date',
      bytes([head, first.replace(`&${DATE}&0`, '&20260301&0'), second]),
      'row 1, column 6',
    ],
    [
      'an account of letters',
      bytes([head, first.replace('3620000000001002', 'ABC'), second]),
      'row 1, column 3',
    ],
    ['a fee', bytes([head, first.replace('&0.00&', '&1.00&'), second]), 'row 1, column 5'],
    ['no flow', bytes([head, first.replace('2026030200000001', ''), second]), 'row 1, column 8'],
  ]
  test.each(cases)('%s', (_, file, says) => {
    const read = readStatement('pay_ins', DATE, file)
    expect(read).toMatchObject({ problem: 'refused' })
    expect('says' in read && read.says).toContain(says)
  })

  test('400 files with one byte changed or lost: refused, or with the same amounts', () => {
    const rng = seededRng(11)
    let refused = 0
    for (let i = 0; i < 400; i += 1) {
      const kind = kinds[rng.below(kinds.length)]!
      const good = bytes(FILES[kind])
      const place = rng.below(good.length)
      const bad =
        i % 2 === 0
          ? Buffer.concat([good.subarray(0, place), good.subarray(place + 1)])
          : Buffer.from(good)
      if (i % 2 === 1) bad[place] = rng.below(256)
      const read = readStatement(kind, DATE, bad)
      const before = readStatement(kind, DATE, good)
      if ('problem' in read) refused += 1
      else expect(read.total).toBe('total' in before && before.total)
    }
    expect(refused).toBeGreaterThan(150)
  })
})
