/**
 * Every check finds what it is for: a small clean checkout that passes all of them, then one planted
 * violation a row. A check without a row here fails, and so does a check that reads no file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { migrationChecksum } from './checks/migrations.ts'
import { checks } from './checks.ts'
import { readTree, runCheck, runChecks, type Tree } from './tree.ts'

type Files = Record<string, string | null>

const ledgerTable = `-- Books and their rows.
create schema ledger;
create table ledger.entry (
  book_id int not null,
  org_id int not null,
  id bigint not null,
  amount bigint not null check (amount > 0),
  primary key (book_id, id)
);
create unique index entry_by_amount on ledger.entry (book_id, amount) where amount > 5;
-- reference: the chart is the same for every book
create table ledger.chart (code text primary key);
`
const baseTable = `-- What is due.
create table base.due (book_id int not null, key text not null, primary key (book_id, key));
`
const checksums = (files: Record<string, string>) =>
  JSON.stringify(
    Object.fromEntries(Object.entries(files).map(([name, sql]) => [name, migrationChecksum(sql)])),
  )

const map: Tree['map'] = {
  base: { uses: [], innerDoors: ['postgres'] },
  money: { uses: [] },
  ledger: { uses: ['base', 'money'], money: true },
}

const clean: Files = {
  'package.json': '{"scripts":{"start":"x","test":"x","check":"x"}}',
  'README.md':
    '# Tenon\n\nSee [the ledger](server/src/ledger/README.md#the-book) and [here](#tenon).\n\n' +
    '```sh\nnpm ci && npm start   # a comment\nnpm run check -- --quick\nnpx tenon reset --yes\n```\n' +
    '\nThe word "transaction" is not used. `[not](a-link)`\n',
  'GLOSSARY.md': '| English | 中文 | Identifier |\n|---|---|---|\n| hold | 冻结 | `hold` |\n',
  'server/src/map.ts': 'export const moduleMap = {}\n',
  'server/src/main.ts':
    "import { launch } from './base/postgres/index.ts'\nimport '#ledger'\nlaunch(process.env)\n",
  'server/src/base/index.ts': 'export const wallClock = () => Date.now()\n',
  'server/src/base/postgres/index.ts': 'export const launch = () => setTimeout(() => {}, 1)\n',
  'server/src/base/due.ts': 'export const q = `select key from base.due where book_id = $1`\n',
  'server/src/money/index.ts':
    "// Math.random() in a comment, and 'node:fs' too, are no finding.\n" +
    "import type { Readable } from 'node:stream'\nexport const words = 'Date.now and fetch in a string'\n" +
    'export type Source = Readable\n',
  'server/src/money/contract.ts': "export { words } from './index.ts'\n",
  'server/src/money/refusals.ts':
    "export const table = { too_big: { says: 'Make it smaller.' } }\n",
  'server/src/money/refusals.test.ts':
    "test.each([['too_big', 1]])('%s', () => {})\ntest.skipIf(true)('x', () => {})\n",
  'server/src/ledger/README.md':
    '# Ledger\n\n## The book\n\nBack to [the start](../../../README.md).\n',
  'server/src/ledger/index.ts':
    "import { wallClock } from '#base'\nimport { words } from '#money'\n" +
    'export const at = (now: number) => new Date(now)\nexport const used = [wallClock, words]\n' +
    'export const sentence = "Select another account and update the form."\n',
  'server/src/ledger/store.ts':
    'const moved = `update ledger.entry as e set amount = d.amount -- never sum(amount) here\n' +
    '  from unnest($3::int8[], $4::int8[]) as d (id, amount)\n  where e.id = d.id returning e.id::text as moved`\n' +
    "export const move: Effect<Row> = { name: 'ledger.move', sql: moved, columns: (r) => [r], key: (r) => r.id }\n" +
    'export const total = `select sum(amount) from ledger.entry where book_id = $1`\n',
  'server/src/ledger/store.test.ts':
    "import { testDatabase } from '../../testing/database.ts'\nimport '#base'\nawait testDatabase()\n" +
    "setTimeout(() => fetch('http://127.0.0.1'), Date.now())\n",
  'server/testing/database.ts':
    "import { q } from '../src/base/due.ts'\nexport const testDatabase = async () => q\n",
  'server/migrations/0001-base-due.sql': baseTable,
  'server/migrations/0010-ledger-entry.sql': ledgerTable,
  'server/migrations/checksums.json': checksums({
    '0001-base-due.sql': baseTable,
    '0010-ledger-entry.sql': ledgerTable,
  }),
  'simulators/bank/main.ts': "import { book } from './book.ts'\nexport const bank = book\n",
  'simulators/bank/book.ts': 'export const book = `select id from bank.movement where id = $1`\n',
  'simulators/bank/bank.test.ts':
    "import { testDatabase } from '../../server/testing/database.ts'\nawait testDatabase()\n",
  'tools/commands/reset.ts':
    "import { launch } from '../../server/src/base/postgres/index.ts'\nexport const run = launch\n",
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function treeOf(files: Files, rules: Tree['map'] = map): Tree {
  const root = mkdtempSync(join(tmpdir(), 'tenon-tidy-'))
  folders.push(root)
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return readTree(root, rules)
}

/** The findings of all checks, as `check: path: sentence`. */
function findingsIn(tree: Tree): string[] {
  return [...runChecks(checks, tree)].flatMap(([name, findings]) =>
    findings.map(({ path, says }) => `${name}: ${path}: ${says}`),
  )
}

test('a clean checkout has no findings', () => {
  expect(findingsIn(treeOf(clean))).toEqual([])
})

test.each(checks)('$name fails when it reads no file', (check) => {
  const findings = runCheck(check, treeOf({ 'notes.txt': 'nothing to read' }))
  expect(findings.map(({ says }) => says)).toEqual([
    `The check "${check.name}" found no file to read.`,
  ])
})

/** A store of the ledger with one more statement or effect. */
const store = (text: string): Files => ({ 'server/src/ledger/store.ts': text })
const code = (text: string): Files => ({ 'server/src/ledger/post.ts': text })
const effect = (sql: string): Files =>
  store(
    `export const e: Effect<Row> = { name: 'ledger.x', sql: ${sql}, columns: (r) => [r], key: (r) => r.id }\n`,
  )
const migration = (sql: string): Files => ({
  'server/migrations/0011-ledger-more.sql': sql,
  'server/migrations/checksums.json': checksums({
    '0001-base-due.sql': baseTable,
    '0010-ledger-entry.sql': ledgerTable,
    '0011-ledger-more.sql': sql,
  }),
})
const joined = (...parts: string[]) => parts.join('')

/** [check, what is planted, the file it is in, a part of the sentence, the module map if another] */
const planted: [string, Files, string, string, Tree['map']?][] = [
  [
    'import map',
    { 'server/src/money/index.ts': "import '#ledger'\n" },
    'money/index.ts',
    'money may not import ledger',
  ],
  [
    'import map',
    { 'server/src/money/index.ts': "export * from '#ledger'\n" },
    'money/index.ts',
    'may not import',
  ],
  [
    'import map',
    { 'server/src/money/index.ts': "const x = import('#ledger')\n" },
    'money/index.ts',
    'may not import',
  ],
  [
    'import map',
    { 'server/src/money/index.ts': "type X = import('#ledger').Y\n" },
    'money/index.ts',
    'may not import',
  ],
  [
    'import map',
    { 'server/src/money/index.ts': "import type { Y } from '#ledger'\n" },
    'money/index.ts',
    'may not import',
  ],
  [
    'import map',
    { 'server/src/ledger/index.ts': "import '#base'\n" },
    'map.ts',
    'Take money out of the list of ledger',
  ],
  [
    'import map',
    { 'server/src/rates/index.ts': 'export const x = 1\n' },
    'rates/index.ts',
    'Add the module rates',
  ],
  ['import map', {}, 'map.ts', 'Take rates out of the map', { ...map, rates: { uses: [] } }],
  ['import map', {}, 'map.ts', 'which is no module', { ...map, base: { uses: ['void'] } }],
  [
    'import map',
    { 'server/src/money/index.ts': "import '#ledger'\nexport const words = ''\n" },
    'map.ts',
    'in a circle: money → ledger → money',
    { base: { uses: [] }, money: { uses: ['ledger'] }, ledger: { uses: ['money'], money: true } },
  ],
  ['module doors', code("import '../base/due.ts'\n"), 'post.ts', 'Import base by its door'],
  ['module doors', code("import '../base/index.ts'\n"), 'post.ts', 'Write #base'],
  ['module doors', code("import '#base/postgres'\n"), 'post.ts', 'by its door'],
  ['module doors', code("import '../main.ts'\n"), 'post.ts', 'only the composition root'],
  ['module doors', code("import '../../testing/database.ts'\n"), 'post.ts', 'only serves tests'],
  [
    'module doors',
    code("import '../../../tools/commands/reset.ts'\n"),
    'post.ts',
    'Server code may not import',
  ],
  [
    'module doors',
    { 'server/src/main.ts': "import './ledger/store.ts'\n" },
    'main.ts',
    'by its door',
  ],
  [
    'module doors',
    { 'tools/commands/reset.ts': "import '../../server/src/ledger/store.ts'\n" },
    'reset.ts',
    'by its door',
  ],
  [
    'module doors',
    { 'sdk/client.ts': "import '../server/src/money/parse.ts'\n" },
    'client.ts',
    'by its door',
  ],
  [
    'module doors',
    { 'server/testing/world.ts': "import '../src/ledger/store.ts'\n" },
    'world.ts',
    'by its door',
  ],
  [
    'module doors',
    { 'server/src/ledger/store.test.ts': "import '../base/due.ts'\n" },
    'store.test.ts',
    'by its door',
  ],
  [
    'simulators apart',
    { 'simulators/bank/main.ts': "import '../../server/src/money/index.ts'\n" },
    'main.ts',
    'may not import the server',
  ],
  [
    'simulators apart',
    { 'simulators/bank/main.ts': "import '@tenon/server/money'\n" },
    'main.ts',
    'may not import the server',
  ],
  [
    'simulators apart',
    { 'simulators/bank/bank.test.ts': "import '../../server/src/money/index.ts'\n" },
    'bank.test.ts',
    'may not import the server',
  ],
  [
    'browser safe',
    { 'server/src/money/index.ts': "import 'node:fs'\nexport const words = ''\n" },
    'money/index.ts',
    'A browser has no node:fs',
  ],
  [
    'browser safe',
    { 'server/src/money/index.ts': 'export const words = Buffer.from([])\n' },
    'money/index.ts',
    'A browser has no Buffer',
  ],
  [
    'browser safe',
    {
      'server/src/ledger/contract.ts': "export * from './store.ts'\n",
      ...store("import pg from 'pg'\nexport const x = pg\n"),
    },
    'store.ts',
    'A browser has no pg',
  ],
  [
    'table owners',
    store('export const q = `select key from base.due`\n'),
    'store.ts',
    'base.due belongs to base',
  ],
  [
    'table owners',
    { 'tools/commands/look.ts': 'export const q = "delete from ledger.entry"\n' },
    'look.ts',
    'belongs to ledger',
  ],
  [
    'table owners',
    { 'simulators/bank/book.ts': 'export const q = `insert into ledger.entry select 1`\n' },
    'book.ts',
    'belongs to ledger',
  ],
  [
    'table owners',
    migration('-- More.\nupdate base.due set key = key;\n'),
    '0011',
    'may not touch it',
  ],
  [
    'SQL places',
    code('export const q = `select id from ledger.entry`\n'),
    'post.ts',
    'Move this statement',
  ],
  [
    'SQL places',
    code("export const q = 'UPDATE ledger.entry SET id = 1'\n"),
    'post.ts',
    'Move this statement',
  ],
  [
    'SQL places',
    code('export const q = `\\n  with a as (select 1) select * from a`\n'),
    'post.ts',
    'Move this statement',
  ],
  [
    'money table keys',
    migration(
      '-- M.\ncreate table ledger.x (book_id int, org_id int, id int, primary key (id, book_id));\n',
    ),
    '0011',
    'must begin with book_id',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate table ledger.x (book_id int, org_id int, id int primary key);\n'),
    '0011',
    'primary key (id) must begin',
  ],
  [
    'money table keys',
    migration(
      '-- M.\ncreate table ledger.x (book_id int, org_id int, id int unique, primary key (book_id));\n',
    ),
    '0011',
    'unique (id) must begin',
  ],
  [
    'money table keys',
    migration(
      '-- M.\ncreate table ledger.x (book_id int, org_id int, id int, primary key (book_id), unique (id, book_id));\n',
    ),
    '0011',
    'unique (id, book_id) must begin',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate unique index u on ledger.entry (amount, book_id);\n'),
    '0010',
    'must begin with book_id',
  ],
  [
    'money table keys',
    migration('-- M.\nalter table ledger.entry add constraint c unique (id);\n'),
    '0010',
    'must begin with book_id',
  ],
  [
    'money table keys',
    migration('-- M.\nalter table ledger.entry add column n int unique;\n'),
    '0010',
    'must begin with book_id',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate table ledger.x (id int primary key);\n'),
    '0011',
    'a money table has book_id',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate table ledger.x (book_id int primary key);\n'),
    '0011',
    'put org_id beside book_id',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate table ledger.x (book_id int, org_id int);\n'),
    '0011',
    'give it a primary key',
  ],
  [
    'money table keys',
    migration(
      '-- M.\ncreate table ledger.x (book_id int primary key, org_id int, e int references ledger.entry);\n',
    ),
    '0011',
    'the foreign key to ledger.entry',
  ],
  [
    'money table keys',
    migration('-- M.\ncreate table rates.x (id int primary key);\n'),
    '0011',
    'no module has this schema',
  ],
  [
    'money table keys',
    {
      'server/migrations/0001-base-due.sql':
        '-- D.\ncreate table base.due (book_id int, key text primary key);\n',
    },
    '0001',
    'must begin with book_id',
  ],
  [
    'pure SQL',
    store('export const q = `update ledger.entry set at = now() where id = $1`\n'),
    'store.ts',
    'may not call now()',
  ],
  [
    'pure SQL',
    store("export const q = 'insert into ledger.entry values (gen_random_uuid())'\n"),
    'store.ts',
    'gen_random_uuid()',
  ],
  [
    'pure SQL',
    { 'server/src/base/due.ts': 'export const q = `select random() from base.due`\n' },
    'due.ts',
    'random()',
  ],
  [
    'pure SQL',
    migration(
      '-- M.\nalter table ledger.entry add column at timestamptz default current_timestamp;\n',
    ),
    '0011',
    'current_timestamp',
  ],
  [
    'effect guards',
    effect('`update ledger.entry set id = 1 where (select sum(amount) from ledger.entry) > 5`'),
    'store.ts',
    '"sum("',
  ],
  [
    'effect guards',
    effect(
      "'update ledger.entry set id = 1 where ' + 'exists (select 1 from ledger.entry having count(*) > 5)'",
    ),
    'store.ts',
    'only the row it changes',
  ],
  [
    'effect guards',
    effect('`update ledger.entry set id = 1 from (select id from ledger.entry group by id) g`'),
    'store.ts',
    '"group by"',
  ],
  [
    'effect guards',
    store(
      'const day = `(select max(amount) from ledger.entry)`\nexport const e = { sql: `update ledger.entry set id = 1 where amount < ' +
        joined('$', '{day}') +
        "`, columns: () => [], key: () => '' }\n",
    ),
    'store.ts',
    '"max("',
  ],
  ['effect guards', effect('build()'), 'store.ts', 'Write the statement of an effect out'],
  ...(
    [
      ['Date.now()', 'world.clock.now()'],
      ['const n = Date.now', 'world.clock.now()'],
      ['new Date()', 'new Date(world.clock.now())'],
      ['Date()', 'new Date(world.clock.now())'],
      ['Math.random()', 'world.rng'],
      ['setTimeout(f, 1)', 'world.clock.sleep()'],
      ['globalThis.setTimeout(f, 1)', 'world.clock.sleep()'],
      ['setInterval(f, 1)', 'world.clock.sleep()'],
      ["await fetch('x')", 'world.net.call()'],
      ['const f = fetch', 'world.net.call()'],
      ['crypto.randomUUID()', 'world.ids.uuid()'],
      ["import { randomUUID } from 'node:crypto'", 'world.ids.uuid()'],
      ["import { randomUUID as id } from 'node:crypto'", 'world.ids.uuid()'],
      ["parseFloat('1.5')", 'parseDecimal'],
      ["Number.parseFloat('1.5')", 'parseDecimal'],
      ['(1.5).toFixed(2)', 'formatMoney'],
      ["import { setTimeout as sleep } from 'node:timers/promises'", 'world.clock.sleep()'],
      ["import { request } from 'node:https'", 'world.net.call()'],
      ["import { readFile } from 'node:fs/promises'", 'world.files'],
      ['process.env.HOME', 'table of settings'],
    ] as const
  ).map(([text, instead]): [string, Files, string, string] => [
    'pure modules',
    code(`${text}\n`),
    'post.ts',
    instead,
  ]),
  [
    'migrations',
    { 'server/migrations/0010-ledger-entry.sql': `${ledgerTable}-- Edited.\n` },
    '0010',
    'edited or removed',
  ],
  ['migrations', { 'server/migrations/0010-ledger-entry.sql': null }, '0010', 'edited or removed'],
  ['migrations', { 'server/migrations/0012-ledger-new.sql': '-- New.\n' }, '0012', 'not on record'],
  ['migrations', { 'server/migrations/0010-ledger-other.sql': '-- New.\n' }, '0010', 'same number'],
  [
    'migrations',
    { 'server/migrations/0012-rates-new.sql': '-- New.\n' },
    '0012',
    'after a module of the map',
  ],
  ['migrations', migration('create schema x;\n'), '0011', 'on the first line'],
  ['banned words', code(`const ${joined('trans', 'actionId')} = 1\n`), 'post.ts', 'database tx'],
  [
    'banned words',
    migration(`-- M.\nalter table ledger.entry add column ${joined('trans', 'action')}_id int;\n`),
    '0011',
    'database tx',
  ],
  [
    'banned words',
    { 'docs/guide.md': `Each ${joined('Trans', 'action')} is booked.\n` },
    'guide.md',
    'database tx',
  ],
  ['file names', { 'server/src/ledger/utils.ts': '' }, 'utils.ts', 'a noun or a verb'],
  [
    'file names',
    { 'server/src/ledger/account-service.ts': '' },
    'account-service.ts',
    'a noun or a verb',
  ],
  ['file names', { 'tools/common/x.ts': '' }, 'common', 'a noun or a verb'],
  ['file names', { 'server/src/ledger/ledgerBook.ts': '' }, 'ledgerBook.ts', 'kebab-case'],
  [
    'no workplace',
    { 'docs/guide.md': `Look in ${joined('/wo', 'rk/main')}.\n` },
    'guide.md',
    'path of one machine',
  ],
  [
    'no workplace',
    code(`const home = '${joined('/ro', 'ot/.config')}'\n`),
    'post.ts',
    'path of one machine',
  ],
  [
    'no workplace',
    { 'docs/guide.md': `Look in ${joined('/ho', 'me/ann/tenon')}.\n` },
    'guide.md',
    'path of one machine',
  ],
  [
    'no workplace',
    { 'package-lock.json': `{"resolved": "${joined('https', '://x.test/a.tgz')}"}` },
    'package-lock.json',
    'registry host',
  ],
  [
    'no workplace',
    { '.npmrc': `${joined('regi', 'stry=https://regi', 'stry.example.org/')}\n` },
    '.npmrc',
    'registry host',
  ],
  ['nothing left for later', code(`// ${joined('TO', 'DO')}: later\n`), 'post.ts', 'Do it now'],
  ['nothing left for later', code(`// ${joined('X', 'XX')} wrong\n`), 'post.ts', 'Do it now'],
  [
    'tests run',
    { 'server/src/ledger/a.test.ts': "test.only('x', () => {})\n" },
    'a.test.ts',
    '.only',
  ],
  [
    'tests run',
    { 'server/src/ledger/a.test.ts': "describe.skip('x', () => {})\n" },
    'a.test.ts',
    '.skip',
  ],
  [
    'tests run',
    { 'server/src/ledger/a.test.ts': "test.skip.each([1])('x', () => {})\n" },
    'a.test.ts',
    '.skip',
  ],
  ['tests run', { 'server/src/ledger/a.test.ts': "it.todo('x')\n" }, 'a.test.ts', '.todo'],
  [
    'refusal tests',
    { 'server/src/money/refusals.ts': "export const t = { too_small: { says: 'X.' } }\n" },
    'money/refusals.ts',
    'names too_small',
  ],
  [
    'refusal tests',
    {
      'server/src/ledger/route-refusals.ts':
        "export const T = [['gone', 404, 'It is gone.']] as const\n",
    },
    'route-refusals.ts',
    'names gone',
  ],
  [
    'refusal tests',
    { 'server/src/ledger/refusals.ts': 'export const t = {}\n' },
    'ledger/refusals.ts',
    'no table of refusals',
  ],
  ['document links', { 'docs/guide.md': '[x](missing.md)\n' }, 'guide.md', 'docs/missing.md'],
  [
    'document links',
    { 'docs/guide.md': '[x](../README.md#no-such)\n' },
    'guide.md',
    'no heading #no-such',
  ],
  ['document links', { 'docs/guide.md': '[x]: gone/page.md\n' }, 'guide.md', 'docs/gone/page.md'],
  [
    'document commands',
    { 'docs/guide.md': '```sh\nnpm run fly\n```\n' },
    'guide.md',
    'no script fly',
  ],
  [
    'document commands',
    { 'docs/guide.md': '```sh\nDATABASE_URL=x npx tenon fly home\n```\n' },
    'guide.md',
    'no command tenon fly',
  ],
  [
    'document commands',
    { 'docs/guide.md': '```sh\nnpm ci && npm run fly\n```\n' },
    'guide.md',
    'no script fly',
  ],
  [
    'glossary',
    { 'GLOSSARY.md': '| a | 甲 | `hold` |\n| b | 乙 | `hold` |\n' },
    'GLOSSARY.md',
    'line 1 already',
  ],
  ['glossary', { 'GLOSSARY.md': '# Words\n' }, 'GLOSSARY.md', 'no row'],
]

describe('planted', () => {
  test.each(planted.map((row, n) => [`${n + 1} ${row[0]}: ${row[3]}`, row] as const))(
    '%s',
    (_, [name, files, path, says, rules]) => {
      const findings = findingsIn(treeOf({ ...clean, ...files }, rules ?? map))
      const found = findings.filter((each) => each.startsWith(`${name}: `))
      expect(found.some((each) => each.includes(path) && each.includes(says))).toBe(true)
    },
  )

  test('every check has a planted violation', () => {
    const names = new Set(planted.map(([name]) => name))
    expect(checks.map((check) => check.name).filter((name) => !names.has(name))).toEqual([])
  })
})

test('what reads like a violation and is none', () => {
  const harmless: Files = {
    ...clean,
    ...code(
      '/* Date.now(), setTimeout and a transaction of others */'.replace(
        'transaction',
        'transfer',
      ) +
        "\nexport const setting = 'idle_in_transaction_session_timeout'\n" +
        "export const kind = 'base.due'\nexport const o = { fetch: 1, toString: () => (1n).toString() }\n" +
        'export const f = (o: { fetch(): void }) => o.fetch()\n',
    ),
    'server/src/ledger/post-store.ts': "export const q = `select 'x' from ledger.entry`\n",
    'server/src/ledger/judge/oracle.ts':
      "import { readFile } from 'node:fs/promises'\nexport const q = [readFile, 'select id from ledger.entry']\n",
    'server/migrations/0010-ledger-entry.sql': ledgerTable.replaceAll('\n', '\r\n'),
  }
  expect(findingsIn(treeOf(harmless))).toEqual([])
})
