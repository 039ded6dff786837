import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { generateSchema, schemaIsCurrent, writeSchema } from './schema.ts'

let first: TestDatabase
let second: TestDatabase

const SHOP = [
  "create schema shop; create type shop.size as enum ('s', 'm')",
  `create table shop.item (
     book_id int not null, id bigint generated always as identity, size shop.size default 's',
     price bigint not null constraint price_is_positive check (price > 0), code text collate "C",
     primary key (book_id, id), unique (book_id, code)) with (fillfactor = 50)`,
  'create index item_by_price on shop.item (book_id, price) where price > 7',
  `create table shop.sale (
     book_id int not null, item bigint, at timestamptz not null default now(),
     foreign key (book_id, item) references shop.item (book_id, id)) partition by range (at)`,
  "create table shop.sale_2026 partition of shop.sale for values from ('2026-01-01') to ('2027-01-01')",
  'create view shop.dear as select id from shop.item where price > 1000',
  "comment on column shop.item.price is 'fen'",
]

beforeAll(async () => {
  first = await testDatabase({ migrated: false })
  second = await testDatabase({ migrated: false })
  for (const sql of SHOP) await first.db.query(sql)
  for (const sql of SHOP) await second.db.query(sql)
})

afterAll(() => Promise.all([first.drop(), second.drop()]))

describe('schema.sql', () => {
  it('shows tables, constraints, indexes, views and types, and no partition', async () => {
    expect(await generateSchema(first.url)).toMatchInlineSnapshot(`
      "-- Generated from the migrations by \`npm run golden\`. Do not edit; change a migration instead.

      create schema shop;

      create type shop.size as enum ('s', 'm');

      create table shop.item (
        book_id integer not null,
        id bigint generated always as identity not null,
        size shop.size default 's'::shop.size,
        price bigint not null,
        code text collate "C",
        constraint item_pkey PRIMARY KEY (book_id, id),
        constraint item_book_id_code_key UNIQUE (book_id, code),
        constraint price_is_positive CHECK ((price > 0))
      ) with (fillfactor=50);
      CREATE INDEX item_by_price ON shop.item USING btree (book_id, price) WHERE (price > 7);
      comment on column shop.item.price is 'fen';

      create table shop.sale (
        book_id integer not null,
        item bigint,
        at timestamp with time zone default now() not null,
        constraint sale_book_id_item_fkey FOREIGN KEY (book_id, item) REFERENCES shop.item(book_id, id)
      ) partition by range (at);

      create view shop.dear as
       SELECT id
         FROM shop.item
        WHERE price > 1000;
      "
    `)
  })

  it('is the same for two databases built the same way', async () => {
    expect(await generateSchema(second.url)).toBe(await generateSchema(first.url))
  })

  it.each([
    ['a column', 'alter table shop.item add note text'],
    ['a default', 'alter table shop.item alter price set default 5'],
    ['a constraint', 'alter table shop.item add check (price < 9)'],
    ['an index', 'create index on shop.item (book_id, size)'],
    ['an option', 'alter table shop.item set (fillfactor = 70)'],
    ['a not null', 'alter table shop.item alter code set not null'],
    ['a function', "create function shop.one() returns int language sql as 'select 1'"],
    ['a type', "alter type shop.size add value 'l'"],
  ])('is not current any more after %s', async (_name, sql) => {
    const file = join(await mkdtemp(join(tmpdir(), 'tenon-schema-')), 'schema.sql')
    await writeSchema(second.url, file)
    expect(await schemaIsCurrent(second.url, file)).toBe(true)
    await second.db.query(sql)
    expect(await schemaIsCurrent(second.url, file)).toBe(false)
  })

  it('is not current when it is missing or edited', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'tenon-schema-')), 'schema.sql')
    expect(await schemaIsCurrent(first.url, file)).toBe(false)
    await writeSchema(first.url, file)
    await writeFile(file, (await readFile(file, 'utf8')).replace('price > 7', 'price > 8'))
    expect(await schemaIsCurrent(first.url, file)).toBe(false)
  })
})
