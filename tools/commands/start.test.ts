/**
 * `npm start` as its users meet it: the real command in a process of its own, with a data folder and
 * ports of its own, started, stopped, killed, and started again. One data folder serves most of the
 * file, in order: what a run leaves behind is what the next one has to cope with.
 */
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { createTenon, money, newTransferId } from '../../sdk/index.ts'
import { ensureRoleAndSchema } from '../../server/src/base/postgres/index.ts'
import { testDatabase } from '../../server/testing/database.ts'
import {
  freePorts,
  hold,
  isUp,
  processesOf,
  type Run,
  startTenon,
  urlOf,
  waitUntil,
} from '../start/testing.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenon-start-'))
  // PostgreSQL runs as another user when this is root.
  await chmod(root, 0o755)
})
afterAll(() => rm(root, { recursive: true, force: true }))

function start(env: Record<string, string>, ...args: string[]): Run {
  const run = startTenon(root, env, ...args)
  onTestFinished(() => run.stop())
  return run
}

const EQUAL = /Our book and the bank’s book are equal to the fen\./

it('starts, proves a sale, serves, refuses a second start, and ends with everything it began', async () => {
  const ports = await freePorts()
  const run = start(ports)
  await isUp(run)
  expect(run.out()).toMatch(/released to the seller +¥2,312,000\.00/)
  expect(run.out()).toMatch(/difference +¥0\.00/)
  expect(run.out()).toMatch(EQUAL)
  expect(run.out()).toContain(`127.0.0.1:${ports.BANK_PORT}/admin`)
  expect(run.out()).toContain(run.env.TENON_DATA!)
  expect(run.err()).toBe('')

  const url = await urlOf(run)
  expect(url).toBe(`http://127.0.0.1:${ports.TENON_PORT}`)
  for (const path of [
    '/healthz',
    '/readyz',
    '/metrics',
    '/docs/static/index.html',
    '/openapi.json',
  ]) {
    expect((await fetch(url + path)).status, path).toBe(200)
  }
  const tenon = createTenon({ baseUrl: url })
  const { id: book } = await tenon.books.create({ name: 'Mine', currency: 'CNY', chart: 'plain' })
  const cash = await tenon.accounts.open({ book, code: 'A-open', name: 'Cash' })
  const alice = await tenon.accounts.open({ book, code: 'L', name: 'Alice' })
  const transfer = await tenon.transfers.create({
    type: 'post',
    id: newTransferId(book),
    legs: [{ debit_account: cash.id, credit_account: alice.id, amount: money(1n, 'CNY') }],
  })
  expect(transfer.status).toBe('accepted')

  await bankSeesNothingOfOurs(run)
  const keys = join(run.env.TENON_DATA!, 'keys')
  for (const key of [
    'personal.key',
    'custody-bank/our-private.pem',
    'bank-simulator/bank-private.pem',
  ]) {
    expect((await stat(join(keys, key))).mode & 0o077, key).toBe(0)
  }

  const second = start(await freePorts())
  expect(await second.ended).toEqual({ code: 1, signal: null })
  expect(second.err()).toMatch(
    new RegExp(
      `^Tenon already runs on this database: ${url}, process ${run.pid}\\. Use that one\\.`,
    ),
  )
  expect((await fetch(`${url}/readyz`)).status).toBe(200)

  run.kill('SIGTERM')
  expect(await run.ended).toEqual({ code: 0, signal: null })
  expect(await processesOf(root)).toEqual([])
}, 150_000)

/** The simulator's role, as the simulator itself would come in. */
async function bankSeesNothingOfOurs(run: Run): Promise<void> {
  const folder = run.env.TENON_DATA!
  const { postgres } = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8'))
  const port = (await readFile(join(folder, 'port'), 'utf8')).trim()
  const admin = `postgres://postgres:${postgres}@127.0.0.1:${port}/tenon`
  const client = new pg.Client(await ensureRoleAndSchema(admin, 'custody_bank', 'custody_bank'))
  await client.connect()
  try {
    const { rows } = await client.query('select count(*)::int as n from custody_bank.setting')
    expect(rows).toHaveLength(1)
    for (const table of ['ledger.transfer', 'custody.party', 'base.due']) {
      await expect(client.query(`select 1 from ${table}`)).rejects.toThrow('permission denied')
    }
  } finally {
    await client.end()
  }
}

it('starts after kill -9 of everything in the middle of a sale, and proves the next one', async () => {
  const ports = await freePorts()
  const run = start(ports)
  await run.line(/Title transferred/)
  const postmaster = Number(
    (await readFile(join(run.env.TENON_DATA!, 'data/postmaster.pid'), 'utf8')).split('\n')[0],
  )
  run.kill('SIGKILL')
  process.kill(postmaster, 'SIGKILL')
  await run.ended
  // The bank has no parent any more, and ends with it.
  await waitUntil(async () => (await processesOf(root)).length === 0)

  const again = start(ports)
  await isUp(again)
  expect(again.out()).toMatch(EQUAL)
  expect(again.out()).toMatch(/the pool at the bank +¥(?!0\.00)/)
  await survivesPostgres(again)
  again.kill('SIGINT')
  expect(await again.ended).toEqual({ code: 0, signal: null })
  expect(await processesOf(root)).toEqual([])
}, 200_000)

/** PostgreSQL dies under a running server: it comes back by itself, and so does everything on it. */
async function survivesPostgres(run: Run): Promise<void> {
  const url = await urlOf(run)
  const file = join(run.env.TENON_DATA!, 'data/postmaster.pid')
  process.kill(Number((await readFile(file, 'utf8')).split('\n')[0]), 'SIGKILL')
  await run.line(/PostgreSQL had died and is up again/)
  const tenon = createTenon({ baseUrl: url, retries: 10 })
  await waitUntil(async () => (await fetch(`${url}/readyz`)).status === 200)
  const { id } = await tenon.books.create({ name: 'After', currency: 'CNY', chart: 'plain' })
  expect((await tenon.books.proofs(id)).holds).toBe(true)
}

it('takes the next free port and says so, and names the setting when one was asked for', async () => {
  const usual = await hold(4000).catch(() => undefined)
  onTestFinished(async () => usual?.free())
  const { TENON_PORT, BANK_PORT } = await freePorts()
  const asked = await hold(Number(TENON_PORT))
  const refused = start({ TENON_PORT, BANK_PORT })
  expect(await refused.ended).toEqual({ code: 1, signal: null })
  await asked.free()
  expect(refused.err()).toBe(
    `Port ${TENON_PORT}, which TENON_PORT asks for, is taken or may not be used, so the API ` +
      'cannot listen there. Set TENON_PORT to another port, or unset it to have one found.\n',
  )
  expect(await processesOf(root)).toEqual([])

  const run = start({ BANK_PORT }, '--no-sale')
  await isUp(run)
  expect(run.out()).toMatch(
    /Port 4000 is taken, so the API listens on 40\d\d\. Set TENON_PORT to choose/,
  )
  expect(run.out()).not.toContain('Sale HOME')
  run.kill('SIGTERM')
  expect(await run.ended).toEqual({ code: 0, signal: null })
}, 120_000)

it('works on a server of one’s own, and leaves nothing there that it stopped', async () => {
  const database = await testDatabase({ migrated: false })
  onTestFinished(() => database.drop())
  const run = start({ ...(await freePorts()), DATABASE_URL: database.url }, '--no-sale')
  await isUp(run)
  expect(run.out()).toContain('that of DATABASE_URL')
  expect(run.out()).toContain(`${run.env.TENON_DATA}-keys`)
  expect((await fetch(`${await urlOf(run)}/readyz`)).status).toBe(200)
  run.kill('SIGTERM')
  expect(await run.ended).toEqual({ code: 0, signal: null })
  const left = await database.db.query(
    `select application_name from pg_stat_activity
     where datname = current_database() and application_name <> 'test'`,
  )
  expect(left).toEqual([])
}, 90_000)

it.each([
  [{ TENON_PORTS: '1' }, /^The configuration has 1 mistakes?:\n- TENON_PORTS is not a setting/],
  [
    { DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/x' },
    /^DATABASE_URL points to 127\.0\.0\.1:1\/x/,
  ],
  [{ BANK_PORT: 'x' }, /^BANK_PORT is "x"; set it to a port/],
  [{ TENON_DATA: tmpdir() }, /is not empty and was not made by Tenon.*Set TENON_DATA to an empty/],
] as const)(
  'ends with a sentence for %j',
  async (wrong, says) => {
    const database = await testDatabase()
    onTestFinished(() => database.drop())
    const needsDatabase = 'TENON_PORTS' in wrong || 'BANK_PORT' in wrong
    const env = { ...(await freePorts()), ...(needsDatabase ? { DATABASE_URL: database.url } : {}) }
    const run = start({ ...env, ...wrong })
    expect(await run.ended).toEqual({ code: 1, signal: null })
    expect(run.err()).toMatch(says)
    expect(run.err()).not.toMatch(/ {4}at |hush/)
  },
  60_000,
)

it('says what to do when the role of one’s own server may not make another', async () => {
  const database = await testDatabase({ migrated: false })
  const role = `plain_${database.url.slice(-8)}`
  const admin = new pg.Client(inject('clusterUrl'))
  await admin.connect()
  onTestFinished(async () => {
    await database.drop()
    await admin.query(`drop role ${role}`)
    await admin.end()
  })
  await admin.query(`create role ${role} login password 'plain'`)
  const url = new URL(database.url)
  await admin.query(`alter database ${url.pathname.slice(1)} owner to ${role}`)
  url.username = role
  url.password = 'plain'
  const refused = async (says: RegExp) => {
    const run = start({ ...(await freePorts()), DATABASE_URL: url.href })
    expect(await run.ended).toEqual({ code: 1, signal: null })
    expect(run.err()).toMatch(says)
  }
  await refused(/may not make the role tenon_reader.*have an administrator/is)
  // The roles are the cluster's, so another test may have made them.
  const make = (name: string) =>
    admin.query(
      `do $$ begin create role ${name} nologin; exception when duplicate_object then null; end $$`,
    )
  await make('tenon_reader')
  await admin.query(`grant tenon_reader to ${role}`)
  await refused(/Have a database administrator run.*grant tenon_auditor to/s)
  await make('tenon_auditor')
  await admin.query(`grant tenon_auditor to ${role}`)
  await refused(/may not make the role "custody_bank".*Give it CREATEROLE/)
}, 60_000)
