/** The README's tables and the data they describe are the same. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { CODES } from './codes.ts'
import { FAULTS } from './faults.ts'
import { OPERATIONS } from './fields.ts'
import { formatYuan, parseYuan } from './money.ts'

const readme = await readFile(new URL('README.md', import.meta.url), 'utf8')

test('every fault, code and operation stands in the README', () => {
  for (const { name, says } of FAULTS) expect(readme).toContain(`| \`${name}\` | ${says} |`)
  for (const { code, en } of Object.values(CODES)) expect(readme).toContain(`\`${code}\` ${en}`)
  for (const [number, { serviceId }] of Object.entries(OPERATIONS)) {
    expect(readme).toContain(number)
    expect(readme.replace('RevRegister…', 'RevRegisterBillSupportWithdraw')).toContain(serviceId)
  }
})

test('no code number is used twice', () => {
  const codes = Object.values(CODES).map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
})

test.each([
  ['0.00', 0n],
  ['0.01', 1n],
  ['6800000.00', 680_000_000n],
  ['9999999999999.99', 999_999_999_999_999n],
] as const)('%s is %d fen and back', (text, fen) => {
  expect(parseYuan(text)).toBe(fen)
  expect(formatYuan(fen)).toBe(text)
})

test.each([
  '',
  '1',
  '1.',
  '1.0',
  '01.00',
  '+1.00',
  '-1.00',
  '1.000',
  '1e2',
  ' 1.00',
  '1,000.00',
  '１.00',
  '10000000000000.00',
])('"%s" is no amount', (text) => {
  expect(parseYuan(text)).toBeUndefined()
})

test('a negative difference is written with its sign', () => {
  expect(formatYuan(-5n)).toBe('-0.05')
})
