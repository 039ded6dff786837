import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { createDb, DbUnavailable } from './db.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await database.db.query('create table note (id int primary key, text text not null)')
})

afterAll(() => database.drop())

describe('values', () => {
  const uuid = '0199a3b4c5d670018a9babcdef012345'
  it.each([
    ['int8', "'9007199254740993'::int8", 9007199254740993n],
    ['int8 null', 'null::int8', null],
    ['int8[]', "'{1,null,-9223372036854775808}'::int8[]", [1n, null, -(2n ** 63n)]],
    [
      'int8[][]',
      "'{{1,2},{3,4}}'::int8[]",
      [
        [1n, 2n],
        [3n, 4n],
      ],
    ],
    ['int4', '7::int4', 7],
    ['numeric', "'0.10'::numeric", '0.10'],
    ['numeric[]', "'{0.10,2}'::numeric[]", ['0.10', '2']],
    ['timestamptz', "'2026-03-02T01:00:00Z'::timestamptz", new Date('2026-03-02T01:00:00Z')],
    ['date', "'2026-02-28'::date", '2026-02-28'],
    ['uuid', `'${uuid}'::uuid`, uuid],
    ['uuid[]', `array['${uuid}'::uuid, null]`, [uuid, null]],
    ['jsonb', `'{"amount":"1","n":2}'::jsonb`, { amount: '1', n: 2 }],
    ['bytea', "'\\x00ff'::bytea", Buffer.from([0, 255])],
  ])('%s', async (_name, sql, expected) => {
    expect(await database.db.query(`select ${sql} as value`)).toEqual([{ value: expected }])
  })

  it('takes a Uuid, a bigint, a Date and arrays of them as parameters', async () => {
    const at = new Date('2026-03-02T01:00:00.123Z')
    const [row] = await database.db.query(
      'select $1::uuid as u, $2::int8 as n, $3::timestamptz as t, $4::uuid[] as us, $5::int8[] as ns, $6::timestamptz[] as ts',
      [uuid, 2n ** 62n, at, [uuid], [2n ** 62n], [at]],
    )
    expect(row).toEqual({ u: uuid, n: 2n ** 62n, t: at, us: [uuid], ns: [2n ** 62n], ts: [at] })
  })

  it('leaves the parsers of other users of the driver alone', async () => {
    const { default: pg } = await import('pg')
    const client = new pg.Client(database.url)
    await client.connect()
    const { rows } = await client.query('select 1::int8 as n')
    await client.end()
    expect(rows).toEqual([{ n: '1' }])
  })
})

describe('tx', () => {
  const count = async () => (await database.db.query('select * from note')).length

  it('commits when the work returns, and gives its result', async () => {
    const before = await count()
    const result = await database.db.tx(async (tx) => {
      await tx.query("insert into note values (1, 'kept')")
      return 'done'
    })
    expect(result).toBe('done')
    expect(await count()).toBe(before + 1)
  })

  it('rolls back when the work throws, and throws the same', async () => {
    const before = await count()
    const boom = new Error('boom')
    const work = database.db.tx(async (tx) => {
      await tx.query("insert into note values (2, 'lost')")
      throw boom
    })
    await expect(work).rejects.toBe(boom)
    expect(await count()).toBe(before)
  })

  it('does not pretend to have committed when a failed statement was caught', async () => {
    const before = await count()
    const work = database.db.tx(async (tx) => {
      await tx.query("insert into note values (3, 'lost')")
      await tx.query('select 1 / 0').catch(() => undefined)
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await count()).toBe(before)
  })

  it('refuses statements after its end', async () => {
    const kept = await database.db.tx(async (tx) => tx)
    await expect(kept.query('select 1')).rejects.toThrow('This tx has ended')
  })

  it('survives a connection killed in the middle and works again after', async () => {
    const db = createDb({ url: database.url, max: 1 })
    const work = db.tx(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
      await database.db.query('select pg_terminate_backend($1)', [row!.pid])
      await tx.query('select 1')
    })
    await expect(work).rejects.toThrow()
    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }])
    await db.close()
  })
})

describe('limits', () => {
  it('refuses a caller when no connection becomes free, saying why', async () => {
    const db = createDb({ url: database.url, max: 1, checkoutMs: 50 })
    const refused = await db.tx(() => db.query('select 1').catch((error: unknown) => error))
    expect(refused).toBeInstanceOf(DbUnavailable)
    expect(String(refused)).toContain('all 1 are in use')
    await db.close()
  })

  it.each([
    ['statement', { statementTimeoutMs: 30 }, 'select pg_sleep(5)', '57014'],
    ['lock', { lockTimeoutMs: 30 }, 'select pg_advisory_lock(42)', '55P03'],
  ])('bounds a %s', async (_name, limit, sql, code) => {
    const holder = await database.db.connect()
    await holder.query('select pg_advisory_lock(42)')
    const db = createDb({ url: database.url, ...limit })
    await expect(db.query(sql)).rejects.toMatchObject({ code })
    await db.close()
    await holder.end()
  })

  it('says that nothing answers, and keeps the cause', async () => {
    const url = new URL(database.url)
    url.port = '1'
    const db = createDb({ url: url.href })
    for (const work of [
      () => db.query('select 1'),
      () => db.tx(async () => 1),
      () => db.connect(),
    ]) {
      const error = await work().then(
        () => undefined,
        (refused: Error) => refused,
      )
      expect(error).toBeInstanceOf(DbUnavailable)
      expect(error?.message).toContain('cannot be reached (ECONNREFUSED)')
      expect(error?.message).not.toContain(url.password)
      expect(error?.cause).toMatchObject({ code: 'ECONNREFUSED' })
    }
    await db.close()
  })

  it('gives a connection of its own, named, with its settings and our parsers', async () => {
    const client = await database.db.connect({
      applicationName: 'book 7',
      settings: { lock_timeout: '2s', search_path: 'base, public' },
    })
    const { rows } = await client.query(
      `select current_setting('application_name') as name, current_setting('lock_timeout') as lock,
              current_setting('search_path') as path, 1::int8 as n`,
    )
    await client.end()
    expect(rows).toEqual([{ name: 'book 7', lock: '2s', path: 'base, public', n: 1n }])
  })

  it('keeps the options a url brings', async () => {
    const url = new URL(database.url)
    url.searchParams.set('options', '-c work_mem=7MB')
    const db = createDb({ url: url.href, lockTimeoutMs: 1234 })
    const [row] = await db.query(
      "select current_setting('work_mem') as mem, current_setting('lock_timeout') as lock",
    )
    await db.close()
    expect(row).toEqual({ mem: '7MB', lock: '1234ms' })
  })
})
