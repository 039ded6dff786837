import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { startThrowawayCluster } from '../../testing/throwaway.ts'
import { createDb } from './db.ts'
import {
  MIGRATE_LOCK,
  MIGRATIONS_FOLDER,
  MigrationRefused,
  migrate,
  readMigrations,
} from './migrate.ts'

let database: TestDatabase
let folder: string

beforeEach(async () => {
  database = await testDatabase({ migrated: false })
  folder = await mkdtemp(join(tmpdir(), 'tenon-migrations-'))
  await file('0001-shop-item', '-- Things for sale.\ncreate table item (id int primary key);')
  await file('0002-shop-price', '-- Things cost.\nalter table item add price bigint')
})

afterEach(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

const file = (name: string, sql: string) => writeFile(join(folder, `${name}.sql`), sql)
const run = () => migrate({ url: database.url, folder })
const refusal = () =>
  run().then(
    () => 'not refused',
    (error: Error) => {
      expect(error).toBeInstanceOf(MigrationRefused)
      return error.message
    },
  )
const columns = async () =>
  (
    await database.db.query<{ name: string }>(
      "select column_name as name from information_schema.columns where table_name = 'item' order by 1",
    )
  ).map((row) => row.name)

describe('migrate', () => {
  it('applies every file once, in order', async () => {
    expect(await run()).toEqual(['0001-shop-item', '0002-shop-price'])
    expect(await run()).toEqual([])
    expect(await columns()).toEqual(['id', 'price'])
  })

  it('upgrades a database of an earlier version and keeps its rows', async () => {
    await run()
    await database.db.query('insert into item values (1, 5)')
    await file(
      '0003-shop-name',
      "-- Things have names.\nalter table item add name text default 'x'",
    )
    expect(await run()).toEqual(['0003-shop-name'])
    expect(await database.db.query('select * from item')).toEqual([{ id: 1, price: 5n, name: 'x' }])
  })

  it('refuses a database of a later version', async () => {
    await file('0003-shop-name', '-- Later.\nalter table item add name text')
    await run()
    await rm(join(folder, '0003-shop-name.sql'))
    expect(await refusal()).toContain('0003-shop-name, which this version of Tenon does not know')
  })

  it('refuses a file edited after it ran, and applies nothing', async () => {
    await run()
    await file('0002-shop-price', '-- Things cost.\nalter table item add price int')
    await file('0003-shop-name', '-- Names.\nalter table item add name text')
    expect(await refusal()).toContain('0002-shop-price.sql was edited after')
    expect(await columns()).toEqual(['id', 'price'])
  })

  it('takes other line ends and blank ends for the same file', async () => {
    await run()
    await file('0002-shop-price', '-- Things cost.\r\nalter table item add price bigint\r\n')
    expect(await run()).toEqual([])
  })

  it('refuses a file that comes before one that ran', async () => {
    await run()
    await rm(join(folder, '0001-shop-item.sql'))
    await file('0001-shop-item', '-- Things for sale.\ncreate table item (id int primary key);')
    await file('0000-shop-early', '-- Too late.\nselect 1')
    expect(await refusal()).toContain('0000-shop-early.sql comes before 0002-shop-price')
  })

  it.each([
    ['0003_shop_name', 'Name the migration 0003_shop_name.sql as NNNN-module-what.sql'],
    ['3-shop-name', 'Name the migration 3-shop-name.sql as NNNN-module-what.sql'],
    ['0002-shop-name', '0002-shop-name.sql and 0002-shop-price.sql carry the same number'],
  ])('refuses the name %s', async (name, says) => {
    await file(name, '-- A mistake.\nselect 1')
    expect(await refusal()).toContain(says)
  })

  it('leaves nothing of a file that fails, and keeps those before it', async () => {
    await file('0003-shop-bad', '-- Fails.\nalter table item add name text; select 1 / 0')
    await file('0004-shop-good', '-- Not reached.\nalter table item add colour text')
    await expect(run()).rejects.toThrow('division by zero')
    expect(await columns()).toEqual(['id', 'price'])
    await file('0003-shop-bad', '-- Mended.\nalter table item add name text')
    expect(await run()).toEqual(['0003-shop-bad', '0004-shop-good'])
  })

  it('runs an online file outside a tx', async () => {
    await file(
      '0003-shop-index',
      '-- Found by price.\n-- online\ncreate index concurrently if not exists by_price on item (price)',
    )
    expect(await run()).toContain('0003-shop-index')
  })

  it('is done once when two servers start together', async () => {
    await file('0003-shop-slow', '-- Slow.\nselect pg_sleep(0.2)')
    const done = await Promise.all([run(), run(), run()])
    expect(done.map((names) => names.length).sort()).toEqual([0, 0, 3])
  })

  it('says so when another server keeps the lock', async () => {
    const other = await database.db.connect()
    await other.query('select pg_advisory_lock($1)', [MIGRATE_LOCK])
    const refused = migrate({ url: database.url, folder, waitMs: 30 })
    await expect(refused).rejects.toThrow('Another server has been migrating this database')
    await other.end()
    expect(await run()).toHaveLength(2)
  })
})

describe('the role of readers', () => {
  const login = `owner_${randomBytes(4).toString('hex')}`
  const asAdmin = async (sql: string) => {
    const admin = new pg.Client(inject('clusterUrl'))
    await admin.connect()
    await admin.query(sql).finally(() => admin.end())
  }

  it('is taken on by a plain owner of the database, or he is told what an administrator runs', async () => {
    const owned = await testDatabase({ migrated: false })
    const url = new URL(owned.url)
    url.username = login
    url.password = 'test'
    const name = url.pathname.slice(1)
    await asAdmin(`create role ${login} login password 'test'`)
    try {
      await asAdmin(`alter database ${name} owner to ${login}`)
      const wall = '0070-base-roles.sql'
      await copyFile(join(MIGRATIONS_FOLDER, wall), join(folder, wall))
      await file('0080-shop-sale', SALES)
      const start = () => migrate({ url: url.href, folder })
      await expect(start()).rejects.toThrow(
        `create role tenon_reader nologin; grant tenon_reader to "${login}";`,
      )
      await expect(start()).rejects.toBeInstanceOf(MigrationRefused)
      await asAdmin(`grant tenon_reader to ${login}`)
      expect(await start()).toHaveLength(4)
      expect(await start()).toEqual([])
      const db = createDb({ url: url.href })
      expect(await db.query('select id from shop.sale order by 1')).toHaveLength(2)
      expect(await db.forOrg(2).query('select id from shop.sale')).toEqual([{ id: 20 }])
      await expect(db.forOrg(2).query('select key from base.cluster_key')).rejects.toThrow('denied')
      await db.close()
    } finally {
      await owned.drop()
      await asAdmin(`drop role ${login}`)
    }
  })
})

describe('on a cluster that has never seen the role of readers', () => {
  it('an owner who may make roles makes it and takes it on', async () => {
    const cluster = await startThrowawayCluster()
    try {
      const admin = new pg.Client(cluster.url)
      await admin.connect()
      await admin.query("create role maker login createrole password 'test'")
      await admin.query('create database made owner maker')
      await admin.end()
      const url = new URL(cluster.url)
      ;[url.username, url.password, url.pathname] = ['maker', 'test', '/made']
      const wall = '0070-base-roles.sql'
      await copyFile(join(MIGRATIONS_FOLDER, wall), join(folder, wall))
      await file('0080-shop-sale', SALES)
      expect(await migrate({ url: url.href, folder })).toHaveLength(4)
      const db = createDb({ url: url.href })
      expect(await db.forOrg(1).query('select id from shop.sale')).toEqual([{ id: 10 }])
      await db.close()
    } finally {
      await cluster.stop()
    }
  })
})

const SALES = `-- Sales belong to organisations.
create schema shop;
create table shop.sale (id int primary key, org_id int not null);
insert into shop.sale values (10, 1), (20, 2);`

describe('our migrations', () => {
  it('begin with a comment that says why', async () => {
    const files = await readMigrations(MIGRATIONS_FOLDER)
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter(({ sql }) => !/^-- \S+ \S+/.test(sql)).map(({ name }) => name)).toEqual([])
  })
})
