/** Whole servers on databases of their own: start, stop, upgrade, take over, and say what is wrong. */
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createTenon, money, newTransferId } from '../../sdk/index.ts'
import { bankKeys } from '../../tools/start/keys.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { createLog, MigrationRefused, migrate } from './base/index.ts'
import { type RunningServer, startServer } from './main.ts'
import { LOCK_POOLS } from './pool-store.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-main-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => database?.drop())

const log = () => createLog({ level: 'silent' })

async function start(more: Record<string, string> = {}): Promise<RunningServer> {
  const env = {
    ...{ DATABASE_URL: database.url, TENON_PORT: '0', TENON_DATA: join(folder, 'data') },
    TENON_SIGN_IN: 'this-machine',
  }
  const server = await startServer({ env: { ...env, ...more }, log: log() })
  onTestFinished(async () => void (await server.close()))
  return server
}

const get = async (server: RunningServer, path: string) => {
  const reply = await fetch(server.url + path)
  return { status: reply.status, text: await reply.text() }
}

async function until(done: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await done())) await new Promise((wake) => setTimeout(wake, 20))
}

/** A book with one transfer of ¥12.34 in it; gives the account that got it. */
async function pay(server: RunningServer): Promise<{ book: string; account: string }> {
  const tenon = createTenon({ baseUrl: server.url })
  const { id: book } = await tenon.books.create({ name: 'Test', currency: 'CNY', chart: 'plain' })
  const cash = await tenon.accounts.open({ book, code: 'A-open', name: 'Cash' })
  const alice = await tenon.accounts.open({ book, code: 'L', name: 'Alice' })
  await tenon.transfers.create({
    type: 'post',
    id: newTransferId(book),
    legs: [{ debit_account: cash.id, credit_account: alice.id, amount: money(1_234n, 'CNY') }],
  })
  return { book, account: alice.id }
}

const balanceOf = async (server: RunningServer, account: string) => {
  const { balances } = await createTenon({ baseUrl: server.url }).accounts.get(account)
  return balances.posted.amount
}

describe('a server', () => {
  it('migrates an empty database, works, stops, and finds everything again', async () => {
    database = await testDatabase({ migrated: false })
    const first = await start()
    await until(async () => (await get(first, '/readyz')).status === 200)
    expect(await get(first, '/healthz')).toEqual({ status: 200, text: '{"status":"up"}' })
    const { account } = await pay(first)
    const { text } = await get(first, '/metrics')
    expect(text).toMatch(/^tenon_ledger_books_owned 1$/m)
    expect(text).toMatch(/^tenon_ledger_queue_length 0$/m)
    expect(text).toMatch(/^tenon_ledger_batches_total [1-9]/m)
    expect(text).toMatch(/^tenon_ledger_commands_total [1-9]/m)
    expect(text).toMatch(/^tenon_ledger_batch_seconds_count [1-9]/m)
    expect(text).toMatch(/^tenon_http_request_seconds_count\{.*\/v1\/transfers.*\} 1$/m)

    expect(await first.close()).toBe(0)
    await expect(fetch(first.url)).rejects.toThrow('fetch failed')
    const second = await start()
    expect(await balanceOf(second, account)).toBe('1234')
  })

  it('upgrades a database of an earlier version and keeps what is in it', async () => {
    database = await testDatabase({ migrated: false })
    const migrations = new URL('../migrations/', import.meta.url)
    const earlier = join(folder, 'earlier')
    await mkdir(earlier)
    for (const name of await readdir(migrations)) {
      if (name > '0004' || !name.endsWith('.sql')) continue
      await copyFile(new URL(name, migrations), join(earlier, name))
    }
    expect(await migrate({ url: database.url, folder: earlier })).toHaveLength(3)
    await database.db.query(
      `insert into base.due (book_id, org_id, kind, key, due_at, payload)
       values (7, 1, 'test.kept', 'k', '2030-01-01', '{}')`,
    )
    const server = await start()
    const { account } = await pay(server)
    expect(await balanceOf(server, account)).toBe('1234')
    expect(await database.db.query(`select key from base.due where kind = 'test.kept'`)).toEqual([
      { key: 'k' },
    ])
  })

  it('refuses a database of a later version, and is not ready when one came along', async () => {
    database = await testDatabase()
    const server = await start()
    await until(async () => (await server.ready()).length === 0)
    await database.db.query(
      `insert into base.migration (name, run_on) values ('9998-ledger-later', now())`,
    )
    expect(await server.ready()).toEqual([
      { name: 'schema', says: expect.stringMatching(/9998-ledger-later.*later version/) },
    ])
    const refused = await start().catch((error: Error) => error)
    expect(refused).toBeInstanceOf(MigrationRefused)
    expect((refused as Error).message).toMatch(/9998-ledger-later.*Start that version/)
  })

  it('says that the database is gone, and is ready again when it is back', async () => {
    database = await testDatabase()
    const server = await start()
    await pay(server)
    const name = new URL(database.url).pathname.slice(1)
    const admin = new URL(database.url)
    admin.pathname = '/postgres'
    const client = new pg.Client(admin.href)
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(`alter database ${name} allow_connections false`)
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`
    await client.query(cut)
    await until(async () => {
      const { status, text } = await get(server, '/readyz')
      return status === 503 && text.includes('"database"')
    })
    expect((await get(server, '/healthz')).status).toBe(200)
    await client.query(`alter database ${name} allow_connections true`)
    await until(async () => (await get(server, '/readyz')).status === 200)
    await pay(server)
  })

  it.each([
    [{ DATABASE_URL: '' }, /DATABASE_URL must be set.*npm start/],
    [{ TENON_PROT: '4' }, /TENON_PROT is not a setting of Tenon\. Did you mean TENON_PORT\?/],
    [{ TENON_PORT: '70000' }, /TENON_PORT must be a whole number from 0 to 65535/],
    [
      { DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/x' },
      /127\.0\.0\.1:1\/x, which cannot be used: nothing listens there/,
    ],
    [
      { TENON_CUSTODY_BANK_URL: 'http://127.0.0.1:1' },
      /our-private\.pem is missing\. Put it there, or unset TENON_CUSTODY_BANK_URL/,
    ],
  ])('says in a sentence what is wrong with %j', async (wrong, says) => {
    database = await testDatabase()
    const error = await start(wrong as Record<string, string>).catch((thrown: Error) => thrown)
    expect((error as Error).message).toMatch(says)
    expect((error as Error).message).not.toContain('hush')
  })

  it('says in a sentence that its port is taken, and leaves nothing behind', async () => {
    database = await testDatabase()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    await expect(start({ TENON_PORT: String(port) })).rejects.toThrow(
      `Port ${port} is taken by another program. Set TENON_PORT to another one`,
    )
    const sessions = await database.db.query(
      `select 1 as one from pg_stat_activity
       where datname = current_database() and application_name <> 'test'`,
    )
    expect(sessions).toEqual([])
  })
})

/** One channel that needs no rail beside it: the payer's own transfer into the pool's bank account. */
const TRANSFERS_ONLY = `
own_book: Own money
channels:
  - kind: offline-transfer
    name: offline-transfer
    pool: Collection pool
    settings:
      account: { name: 榫卯科技, number: '755915678910999', bank: 招商银行, cnaps: '308584000013' }
`

describe('a server with payment channels', () => {
  it('sends payments away, and is not ready, until it knows the books of its channels', async () => {
    database = await testDatabase()
    const channels = join(folder, 'channels.yaml')
    await writeFile(channels, TRANSFERS_ONLY)
    const first = await start({ TENON_CHANNELS: channels })
    await until(async () => (await first.ready()).length === 0)
    const pool = `book_${first.parts?.poolBook('Collection pool')}`
    const { id: destination } = await createTenon({ baseUrl: first.url }).accounts.open({
      ...{ book: pool, code: '2241.02', name: 'Buyer' },
    })
    await first.close()
    const open = async (server: RunningServer) => {
      const amount = money(10_000n, 'CNY')
      const wanted = { destination, amount, subject: '定金', methods: ['bank_transfer'] }
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'one' }
      const body = JSON.stringify(wanted)
      return fetch(`${server.url}/v1/payments`, { method: 'POST', headers, body })
    }

    // Nobody can look for the books while another server is at it.
    const other = new pg.Client(database.url)
    await other.connect()
    await other.query('begin')
    await other.query(LOCK_POOLS)
    const second = await start({ TENON_CHANNELS: channels })
    await until(() => second.ledger.owned().length === 2)
    expect((await second.ready()).map(({ name }) => name)).toEqual(['channels'])
    const away = await open(second)
    expect({ status: away.status, retryAfter: away.headers.get('retry-after') }).toEqual({
      ...{ status: 503, retryAfter: '1' },
    })

    await other.end()
    await until(async () => (await second.ready()).length === 0)
    expect((await open(second)).status).toBe(201)
  })

  it('asks what others were taught once a minute, though it writes no book of them', async () => {
    database = await testDatabase()
    const channels = join(folder, 'channels.yaml')
    await writeFile(channels, TRANSFERS_ONLY)
    const first = await start({ TENON_CHANNELS: channels })
    await until(async () => (await first.ready()).length === 0)
    const second = await start({ TENON_CHANNELS: channels })
    await until(async () => (await second.ready()).length === 0)
    const refresh = vi.spyOn(second.parts!.routing, 'refresh')
    // The server looks every half second whether the book has come to it.
    await new Promise((wake) => setTimeout(wake, 1_300))
    expect(refresh.mock.calls.length).toBeLessThanOrEqual(1)
  })
})

describe('two servers on one database', () => {
  it('forward to the owner of a book, and the other takes over when it ends', async () => {
    database = await testDatabase()
    const keys = join(folder, 'keys')
    await bankKeys(keys, join(keys, 'bank-simulator'))
    // Nothing listens there: a bank that cannot be reached keeps no server from starting.
    const bank = { TENON_KEYS: keys, TENON_CUSTODY_BANK_URL: 'http://127.0.0.1:1' }
    const first = await start(bank)
    await until(() => first.pool?.book() !== undefined)
    const { account, book } = await pay(first)
    const second = await start(bank)
    await until(async () => (await second.ready()).length === 0)
    expect(second.ledger.owned()).toEqual([])
    expect(second.pool?.book()).toBeUndefined()
    expect(await balanceOf(second, account)).toBe('1234')

    const notice = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
    const told = await fetch(`${second.url}/v1/channels/custody-bank/notices`, notice)
    expect(await told.json()).toMatchObject({ code: 'notice_forged' })

    const poolBook = first.pool?.book()
    expect(await first.close()).toBe(0)
    await until(() => second.pool?.book() !== undefined)
    expect(second.pool?.book()).toBe(poolBook)
    expect(second.ledger.owned()).toContain(Number(book.slice('book_'.length)))
    expect(await balanceOf(second, account)).toBe('1234')
    await pay(second)
  })
})
