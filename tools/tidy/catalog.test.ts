/**
 * The rules about tables read migrations as text. Here PostgreSQL itself says which tables, columns
 * and unique keys those migrations make, so that a form the reader does not know is noticed.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moduleMap } from '../../server/src/map.ts'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { tablesOf } from './sql.ts'
import { readTree } from './tree.ts'

const tables = tablesOf(readTree(fileURLToPath(new URL('../..', import.meta.url)), moduleMap))
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('the tables and columns read from the migrations are those of the database', async () => {
  const rows = await database.db.query<{ name: string; columns: string[] }>(
    `select n.nspname || '.' || c.relname as name,
            array_agg(a.attname::text order by a.attname::text collate "C") as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname || '.' || c.relname not in ('base.migration', 'base.migration_checksum')
     group by 1`,
    [Object.keys(moduleMap)],
  )
  const read = [...tables].map(([name, table]) => [name, [...table.columns].sort()])
  expect(rows.length).toBeGreaterThan(3)
  expect(Object.fromEntries(read)).toEqual(
    Object.fromEntries(rows.map((row) => [row.name, row.columns])),
  )
})

test('every unique key of a table with book_id begins with book_id', async () => {
  const rows = await database.db.query<{ name: string; index: string; first: string | null }>(
    `select n.nspname || '.' || c.relname as name, x.relname as index, a.attname as first
     from pg_index i
     join pg_class c on c.oid = i.indrelid and not c.relispartition
     join pg_class x on x.oid = i.indexrelid
     join pg_namespace n on n.oid = c.relnamespace
     left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
     where i.indisunique and n.nspname = any($1)`,
    [Object.keys(moduleMap)],
  )
  const byBook = rows.filter(({ name }) => tables.get(name)?.columns.includes('book_id'))
  expect(byBook.length).toBeGreaterThan(3)
  expect(byBook.filter(({ first }) => first !== 'book_id')).toEqual([])
})
