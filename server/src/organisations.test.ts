/**
 * Organisations are kept apart twice: by the wall in front of the handlers, and by the database, which
 * shows a reader of one organisation no row of another. Every table there is comes under both tests.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testGuard } from '../testing/guards.ts'
import { type LedgerServer, startLedgerServer } from '../testing/ledger-server.ts'
import { type TestPayments, testPayments } from '../testing/payments.ts'
import { createDb, type Db, derivedUuid, publicId, type Tx } from './base/index.ts'

interface TableRow {
  readonly relation: string
  readonly has_org: boolean
  readonly reach: 'shared' | 'server' | null
  readonly walled: boolean
  readonly policies: string[]
}

const TABLES = `
  select t.relation, t.has_org, r.reach, c.relrowsecurity as walled,
    coalesce(array_agg(p.polname || ' ' || p.polcmd::text || ' ' || pg_get_expr(p.polqual, p.polrelid))
      filter (where 'tenon_reader'::regrole = any(p.polroles) or 0 = any(p.polroles)), '{}')
      as policies
  from base.module_table t join pg_class c on c.oid = t.id
  left join base.table_reach r using (relation)
  left join pg_policy p on p.polrelid = t.id
  group by t.relation, t.has_org, r.reach, c.relrowsecurity order by 1`

const OWN_ROWS_ONLY =
  'of_organisation r (org_id = (NULLIF(current_setting(' +
  "'tenon.org_id'::text, true), ''::text))::integer)"

const tables = (db: Db) => db.query<TableRow>(TABLES)

/** Tables that nobody said anything about, or whose wall has a hole. */
async function unwalled(db: Db): Promise<string[]> {
  const found = (await tables(db)).filter(({ has_org: hasOrg, reach, walled, policies }) =>
    hasOrg ? !walled || policies.join() !== OWN_ROWS_ONLY || reach === 'shared' : reach === null,
  )
  return found.map(({ relation }) => relation)
}

/** A value of a type that differs by organisation; a number is its own. */
const WORTH: Readonly<Record<string, (org: number) => string>> = {
  uuid: (org) => String(org).repeat(32),
  bytea: (org) => `\\x${String(org).repeat(64)}`,
  jsonb: () => '{}',
  boolean: () => 'true',
  'timestamp with time zone': () => '2026-03-02T00:00:00Z',
  date: () => '2026-03-02',
}

describe('in the database', () => {
  let test: TestPayments
  let db: Db
  beforeAll(async () => {
    test = await testPayments()
    db = test.database.db
    await seed()
  })
  afterAll(() => test.stop())

  /** Two organisations: things of the first by the doors, and of both a row in every table. */
  async function seed(): Promise<void> {
    const { payments, ledger, wanted, world } = test
    await payments.openPayIn(wanted('first'))
    await payments.openPlan({
      ...{ book: test.book, id: derivedUuid('test', 'plan'), requestHash: '00'.repeat(32) },
      ...{ destination: test.destination, amount: 20_000n, currency: 'CNY', subject: 'Flat' },
      ...{ method: 'wechat_native', bank: '', accountType: '', attributes: {} },
    })
    const writer = ledger.writer(test.book)
    const [debit, credit] = [writer.accountByCode('1012.02')!.id, test.destination]
    const legs = [{ debit, credit, amount: 500n }]
    await writer.transfer({ type: 'post', id: world.ids.uuid(), legs })
    const held = { type: 'hold', id: world.ids.uuid(), debit: credit, credit: debit } as const
    await writer.transfer({ ...held, amount: 100n })
    const theirs = await ledger.createBook({
      ...{ orgId: 2, name: 'Theirs', currency: 'CNY', chart: 'custody_pool' },
    })
    await db.tx(async (tx) => {
      // No keys to other tables and no triggers: a row of each is all that is wanted.
      await tx.query('set local session_replication_role = replica')
      for (const { relation, has_org: hasOrg } of await tables(db)) {
        if (!hasOrg) continue
        for (const [org, book] of [[1, test.book] as const, [2, theirs.number] as const]) {
          await plant(tx, relation, org, book)
        }
      }
    })
  }

  /** Puts a row of an organisation into a table that has none of it, whatever its checks say. */
  async function plant(tx: Tx, relation: string, org: number, book: number): Promise<void> {
    const [found] = await tx.query(`select 1 from ${relation} where org_id = ${org} limit 1`)
    if (found !== undefined) return
    const checks = await tx.query<{ name: string }>(
      `select conname as name from pg_constraint
       where conrelid = '${relation}'::regclass and contype = 'c'`,
    )
    for (const { name } of checks)
      await tx.query(`alter table ${relation} drop constraint "${name}"`)
    const columns = await tx.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, null) as type from pg_attribute
       where attrelid = '${relation}'::regclass and attnum > 0 and not attisdropped
         and attgenerated = '' and attidentity = '' and (attname = 'org_id' or attnotnull)`,
    )
    const values = columns.map(({ name, type }) => {
      const value = name === 'book_id' ? String(book) : (WORTH[type] ?? ((of) => String(of)))(org)
      return type.endsWith('[]') ? `'{}'::${type}` : `'${value}'::${type}`
    })
    const names = columns.map(({ name }) => `"${name}"`).join()
    await tx.query(`insert into ${relation} (${names}) values (${values.join()})`)
  }

  it('every table has its wall, or is on the list of those that need none', async () => {
    expect((await tables(db)).length).toBeGreaterThan(50)
    expect(await unwalled(db)).toEqual([])
    await db.query(`create schema stray; create table stray.thing (id int);
      create table stray.open (org_id int); create table stray.holed (org_id int)`)
    expect(await unwalled(db)).toEqual(['stray.holed', 'stray.open', 'stray.thing'])
    await db.query('select base.wall_off()')
    expect(await unwalled(db)).toEqual(['stray.thing'])
    await db.query('create policy hole on stray.holed using (true)')
    expect(await unwalled(db)).toEqual(['stray.holed', 'stray.thing'])
    await db.query('drop schema stray cascade')
  })

  it('the list names tables that are there', async () => {
    const missing = await db.query(
      `select relation from base.table_reach where to_regclass(relation) is null
         and to_regnamespace(split_part(relation, '.', 1)) is not null`,
    )
    expect(missing).toEqual([])
  })

  it('a reader of an organisation sees its rows and no others, in every table', async () => {
    const seeded: string[] = []
    for (const { relation, has_org: hasOrg, reach } of await tables(db)) {
      const count = `select count(*)::int as n from ${relation}`
      const read = (org: number) => db.forOrg(org).query<{ n: number }>(count)
      if (!hasOrg && reach === 'shared') {
        expect(await read(1), relation).toEqual(await db.query(count))
      } else if (reach !== null) {
        await expect(read(1), relation).rejects.toMatchObject({ code: '42501' })
      } else {
        for (const org of [1, 2, 3]) {
          const own = await db.query<{ n: number }>(`${count} where org_id = ${org}`)
          expect(await read(org), `${relation} of ${org}`).toEqual(own)
          expect(own[0]!.n > 0, `${relation} of ${org}`).toBe(org !== 3)
          if (org !== 3) seeded.push(`${relation} ${org}`)
        }
      }
    }
    expect(seeded.length).toBeGreaterThan(2 * 40)
    expect(seeded).toEqual(expect.arrayContaining(['ledger.transfer 2', 'payments.pay_in 1']))
  })

  it('a partition made while the server runs is reached through its table only', async () => {
    const [partition] = await db.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'ledger.transfer'::regclass",
    )
    const read = db.forOrg(1).query(`select 1 from ${partition!.name}`)
    await expect(read).rejects.toMatchObject({ code: '42501' })
    await db.query('select base.wall_off()')
    const again = db.forOrg(2).query(`select 1 from ${partition!.name}`)
    await expect(again).rejects.toMatchObject({ code: '42501' })
  })

  it.each([
    ['insert', "insert into ledger.book values (99, 1, 'x', 'CNY', 'plain', null, now())"],
    ['update', 'update ledger.book set org_id = 2'],
    ['delete', 'delete from base.due'],
    ['truncate', 'truncate payments.pay_in'],
    ['make tables', 'create table public.own (id int)'],
    ['take the wall away', 'alter table ledger.book disable row level security'],
    ['read the key of the replicas', 'select key from base.cluster_key'],
    ['call what builds the wall', 'select base.wall_off()'],
  ])('a reader may not %s', async (_name, sql) => {
    await expect(db.forOrg(1).query(sql)).rejects.toThrow(
      /read-only|permission denied|must be owner/,
    )
    const writable = db.forOrg(1).tx(async (tx) => {
      await tx.query('set transaction read write')
      await tx.query(sql)
    })
    await expect(writable).rejects.toThrow(/permission denied|must be owner/)
  })

  it('what a session sets back, it sets back to the reader and his organisation', async () => {
    const rows = await db.forOrg(2).tx(async (tx) => {
      await tx.query('reset role')
      await tx.query('reset tenon.org_id')
      return tx.query(
        `select current_user::text as role, current_setting('tenon.org_id') as org,
           current_setting('default_transaction_read_only') as ro`,
      )
    })
    expect(rows).toEqual([{ role: 'tenon_reader', org: '2', ro: 'on' }])
  })

  it('a reader of no organisation sees nothing', async () => {
    const client = await db.connect({ settings: { role: 'tenon_reader' } })
    const { rows } = await client.query('select count(*)::int as n from ledger.book')
    const unset = await client.query(
      "select set_config('tenon.org_id', '', false), (select count(*)::int from payments.pay_in) as n",
    )
    await client.end()
    expect(rows).toEqual([{ n: 0 }])
    expect(unset.rows).toMatchObject([{ n: 0 }])
  })

  it('keeps the connections of so many organisations and no more', async () => {
    const own = createDb({ url: test.database.url, applicationName: 'many' })
    for (let org = 1; org <= 20; org += 1) await own.forOrg(org).query('select 1')
    await own.forOrg(1).query('select 1')
    const open = () =>
      db.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where application_name = 'many reader'",
      )
    await expect.poll(async () => (await open())[0]!.n).toBe(16)
    await own.close()
    await expect.poll(async () => (await open())[0]!.n).toBe(0)
    await expect(own.forOrg(1).query('select 1')).rejects.toThrow('closed')
  })

  it.each([-1, 1.5, Number.NaN, 'x; drop' as unknown as number])('%s is none', async (org) => {
    await expect(db.forOrg(org).query('select 1')).rejects.toThrow('is no organisation')
  })
})

describe('over HTTP', () => {
  let server: LedgerServer
  const books: Record<number, number> = {}
  beforeAll(async () => {
    const permissions = ['books.read', 'books.write', 'transfers.create', 'accounts.freeze']
    const callers = { one: { permissions }, two: { permissions, orgId: 2 } }
    server = await startLedgerServer({ guard: testGuard({ callers, books }) })
  })
  afterAll(() => server.stop())

  async function call(caller: string, method: 'GET' | 'POST', path: string, payload?: object) {
    const reply = await server.http.app.inject({
      ...{ method, url: `/v1/${path}`, ...(payload !== undefined && { payload }) },
      headers: { 'test-caller': caller, 'idempotency-key': `${caller}-${path}` },
    })
    return { status: reply.statusCode, body: reply.json() }
  }

  it('each organisation makes, lists and reads its own books, and finds no others', async () => {
    const made: Record<string, string> = {}
    for (const [orgId, caller] of [[1, 'one'] as const, [2, 'two'] as const]) {
      const body = { name: caller, currency: 'CNY', chart: 'custody_pool' }
      const { body: book } = await call(caller, 'POST', 'books', body)
      made[caller] = book.id
      books[Number(book.id.slice(5))] = orgId
    }
    for (const [caller, other] of [['one', 'two'] as const, ['two', 'one'] as const]) {
      const listed = await call(caller, 'GET', 'books')
      expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([made[caller]])
      const reads = (id: string) =>
        ['', '/trial-balance', '/proofs'].map((tail) => `books/${id}${tail}`)
      for (const path of reads(made[caller]!)) {
        expect(await call(caller, 'GET', path), path).toMatchObject({ status: 200 })
      }
      for (const path of [
        ...reads(made[other]!),
        `accounts?book=${made[other]}`,
        'books/book_77',
      ]) {
        expect(await call(caller, 'GET', path), path).toMatchObject({
          ...{ status: 404, body: { code: 'object_not_found' } },
        })
      }
    }
  })

  it('an account, its statement and a transfer are found by their organisation only', async () => {
    const [number] = Object.entries(books).find(([, org]) => org === 1)!
    const book = Number(number)
    const opened = { book: `book_${book}`, code: '2241.02', name: 'Buyer' }
    const { body: account } = await call('one', 'POST', 'accounts', opened)
    const cash = server.ledger.writer(book).accountByCode('1012.02')!.id
    const id = publicId('tr', book, server.world.ids.uuid())
    const transfer = {
      ...{ id, type: 'post', debit_account: publicId('acc', book, cash) },
      ...{ credit_account: account.id, amount: { amount: '700', currency: 'CNY' } },
    }
    expect(await call('two', 'POST', 'transfers', transfer)).toMatchObject({
      ...{ status: 404, body: { errors: [{ pointer: '/id' }] } },
    })
    expect(await call('one', 'POST', 'transfers', transfer)).toMatchObject({ status: 201 })
    for (const path of [`accounts/${account.id}/statement`, `transfers/${id}`]) {
      expect(await call('one', 'GET', path), path).toMatchObject({ status: 200 })
      expect(await call('two', 'GET', path), path).toMatchObject({ status: 404 })
    }
    const statement = await call('one', 'GET', `accounts/${account.id}/statement`)
    expect(statement.body.data).toMatchObject([{ transfer: id, side: 'credit' }])
  })
})
