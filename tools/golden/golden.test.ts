/** The generator: what is stale is found, what is written is current, and history cannot be rewritten. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bringUpToDate } from './compare.ts'
import { checksums, generatedFiles } from './files.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenon-golden-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const file = (text: string) => ({ path: 'docs/page.md', generate: async () => text })

test('a missing file is stale, is written with its folder, and is current from then on', async () => {
  expect(await bringUpToDate(file('one\ntwo\n'), root, true)).toMatchObject({
    kind: 'stale',
    line: 1,
  })
  expect(await bringUpToDate(file('one\ntwo\n'), root, false)).toEqual({ kind: 'written' })
  expect(readFileSync(join(root, 'docs/page.md'), 'utf8')).toBe('one\ntwo\n')
  expect(await bringUpToDate(file('one\ntwo\n'), root, true)).toEqual({ kind: 'current' })
})

test('a stale file is named by its first line that differs, and the check writes nothing', async () => {
  await bringUpToDate(file('one\ntwo\n'), root, false)
  const outcome = await bringUpToDate(file('one\n2\n'), root, true)
  expect(outcome).toEqual({
    kind: 'stale',
    line: 2,
    says: 'has "two" where it should have "2"',
  })
  expect(await bringUpToDate(file('one\n'), root, true)).toMatchObject({ kind: 'stale' })
  expect(readFileSync(join(root, 'docs/page.md'), 'utf8')).toBe('one\ntwo\n')
})

test('line ends of another system are no difference', async () => {
  mkdirSync(join(root, 'docs'))
  writeFileSync(join(root, 'docs/page.md'), 'one\r\ntwo\r\n')
  expect(await bringUpToDate(file('one\ntwo\n'), root, true)).toEqual({ kind: 'current' })
})

test('a generator that throws is a failure, not a file', async () => {
  const broken = { path: 'x.md', generate: () => Promise.reject(new Error('no database')) }
  expect(await bringUpToDate(broken, root, false)).toEqual({ kind: 'failed', says: 'no database' })
})

test('the record of migrations grows, and an edited migration stops it', () => {
  const folder = join(root, 'server/migrations')
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('0001-base-a.sql', '-- A.\n')
  const first = checksums(root)
  write('checksums.json', first)
  write('0002-base-b.sql', '-- B.\n')
  expect(Object.keys(JSON.parse(checksums(root)))).toEqual(['0001-base-a.sql', '0002-base-b.sql'])
  write('0001-base-a.sql', '-- A, edited.\n')
  expect(() => checksums(root)).toThrow('0001-base-a.sql changed after landing')
})

test('every generated file stands where the checks look, and none twice', () => {
  const paths = generatedFiles.map(({ path }) => path)
  expect(new Set(paths).size).toBe(paths.length)
  expect(paths).toContain('server/migrations/checksums.json')
})
