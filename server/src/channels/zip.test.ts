/** Archives made by Python's zipfile, and everything that is odd about one: refused with a sentence. */
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { seededRng } from '#base'
import { zipOf, zipOfFiles } from './testing/zip-of.ts'
import { readZip } from './zip.ts'

const adapters = new URL('./adapters/', import.meta.url)
/** Two files with names in UTF-8, and one file that comes deflated once more, in base64. */
const bill = readFileSync(new URL('alipay/fixtures/bill.zip', adapters))
const rows = inflateSync(
  Buffer.from(readFileSync(new URL('unionpay/fixtures/zm.txt', adapters), 'utf8'), 'base64'),
)

test('reads every entry in order', () => {
  const [details, summary, ...others] = readZip(bill) as readonly { name: string; bytes: Buffer }[]
  expect(others).toEqual([])
  const names = [details, summary].map((entry) => Buffer.from(entry!.name, 'latin1').toString())
  expect(names).toEqual([
    '20880000000000010156_20260303_业务明细.csv',
    '20880000000000010156_20260303_业务明细(汇总).csv',
  ])
  expect(readZip(zipOf('name', Buffer.from('text'), { method: 0 }))).toEqual([
    { name: 'name', bytes: Buffer.from('text') },
  ])
  expect(readZip(zipOf('empty', Buffer.alloc(0)))).toEqual([
    { name: 'empty', bytes: Buffer.alloc(0) },
  ])
})

/** Says of an archive that a comment follows. */
function commented(zip: Buffer): Buffer {
  zip.writeUInt16LE(5, zip.length - 2)
  return zip
}

describe('an archive that is odd', () => {
  const bytes = Buffer.from('x')
  const one = { name: 'name', bytes }
  test.each([
    ['encrypted', zipOf('name', bytes, { flags: 1 }), /encrypted/],
    ['packed otherwise', zipOf('name', bytes, { method: 9 }), /method/],
    ['with two files of one name', zipOfFiles([one, one]), /two entries/],
    ['with a path', zipOf('../x', bytes), /name/],
    ['with bytes before', Buffer.concat([Buffer.from('x'), zipOf('name', bytes)]), /outside/],
    ['with bytes after', Buffer.concat([zipOf('name', bytes), Buffer.from('x')]), /directory/],
    ['with a comment', commented(zipOf('name', bytes)), /comment/],
    ['empty', Buffer.alloc(0), /short/],
    ['of another format', Buffer.alloc(100), /directory/],
  ])('%s', (_, odd, says) => {
    expect(readZip(odd)).toMatchObject({ says: expect.stringMatching(says) })
  })
  test('that unpacks to more than it says', () => {
    const bomb = zipOf('name', Buffer.alloc(1_000_000))
    const central = bomb.indexOf('PK\x01\x02', 0, 'latin1')
    for (const at of [22, central + 24]) bomb.writeUInt32LE(10, at)
    expect(readZip(bomb)).toHaveProperty('says')
  })
  test.each([
    ['two files, made by Python', bill],
    ['one file, made by Python', rows],
  ])('%s, damaged in 300 ways is never read as something else', (_, whole) => {
    const genuine = readZip(whole)
    const rng = seededRng(9)
    let refused = 0
    for (let i = 0; i < 300; i += 1) {
      const damaged = Buffer.from(whole)
      for (let n = 0; n <= rng.below(3); n += 1) {
        const at = rng.below(damaged.length)
        damaged[at] = damaged[at]! ^ (1 + rng.below(255))
      }
      const found = readZip(damaged)
      if ('says' in found) {
        refused += 1
        expect(found.says).not.toBe('')
      } else {
        expect(found).toEqual(genuine)
      }
    }
    expect(refused).toBeGreaterThan(200)
  })
})
