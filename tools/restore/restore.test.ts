/**
 * A sale, a backup in its middle, more of the sale, and the database brought back to a moment in
 * between. The bank has a database of its own, as real banks do, and saw it all: the list printed
 * must be exactly what the platform instructed and received after that moment.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import sample from '../../schemes/samples/resale-home.json' with { type: 'json' }
import { createLog, parseInstant } from '../../server/src/base/index.ts'
import {
  backup,
  launchPostgres,
  type RunningPostgres,
} from '../../server/src/base/postgres/index.ts'
import { listInbound, listInstructions } from '../../server/src/channels/index.ts'
import { readDeal } from '../../server/src/custody/index.ts'
import { type RunningServer, startServer } from '../../server/src/main.ts'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { type CustodyBank, startCustodyBank } from '../../simulators/custody-bank/index.ts'
import { bankAdmin } from '../sale/bank-admin.ts'
import { wallPace } from '../sale/pace.ts'
import { runSale } from '../sale/run.ts'
import { shippedSchemes } from '../sale/stage.ts'
import { bankKeys } from '../start/keys.ts'
import { momentOf } from './examine.ts'

const TENON = fileURLToPath(new URL('../tenon.mjs', import.meta.url))
const SMALL = {
  settings: { fsync: 'off', shared_buffers: '32MB', max_wal_size: '64MB', min_wal_size: '2MB' },
  initdbOptions: ['--wal-segsize=1'],
}

let place: string
let postgres: RunningPostgres
let bankDatabase: TestDatabase
let bank: CustodyBank
let server: RunningServer
let restored: string
/** Between the down payment and the transfer of title, milliseconds. */
let moment = 0

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'tenon-restore-'))
  await chmod(place, 0o755)
  const data = join(place, 'data')
  postgres = await launchPostgres({ ...SMALL, dataFolder: data })
  bankDatabase = await testDatabase({ migrated: false })
  const keysFolder = join(data, 'keys')
  const keys = await bankKeys(keysFolder, join(keysFolder, 'bank-simulator'))
  const ports = await freePort()
  bank = await startCustodyBank({
    databaseUrl: bankDatabase.url,
    platformPublicKeyPem: keys.ourPublic,
    privateKeyPem: keys.bankPrivate,
    noticeUrl: `http://127.0.0.1:${ports}/v1/channels/custody-bank/notices`,
    settings: { intradayFiles: true, withdrawalMs: 20 },
  })
  server = await startServer({
    env: {
      DATABASE_URL: postgres.url,
      TENON_KEYS: keysFolder,
      TENON_PORT: String(ports),
      TENON_CUSTODY_BANK_URL: bank.url,
    },
    log: createLog({ level: 'silent' }),
  })
  while (server.pool?.book() === undefined) await sleep(20)
  await play()
  await archiveAll()
}, 120_000)

afterAll(async () => {
  await server?.close()
  await bank?.close()
  await bankDatabase?.drop()
  await postgres?.stop()
  await rm(place, { recursive: true, force: true })
})

const sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms))

async function freePort(): Promise<number> {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as { port: number }
  await new Promise((resolve) => holder.close(resolve))
  return port
}

/** The whole sale; it pauses for the backup, and for the moment to fall into a silence. */
async function play(): Promise<void> {
  const schemes = await shippedSchemes()
  const read = readDeal(sample, schemes)
  if (!('deal' in read)) throw new Error(JSON.stringify(read))
  let pause: (() => Promise<void>) | undefined
  // The run looks at the case before each thing it does.
  const { custody } = server.pool!
  const paused: typeof custody = {
    ...custody,
    case: async (book, id) => {
      const waits = pause
      pause = undefined
      await waits?.()
      return custody.case(book, id)
    },
  }
  const report = await runSale({
    db: server.world.db,
    custody: paused,
    ledger: server.ledger,
    book: server.pool!.book()!,
    bank: bankAdmin(bank.url),
    pace: wallPace(server.world.clock),
    deal: read.deal,
    scheme: schemes[0]!,
    tell: (event) => {
      if (event.kind !== 'moved') return
      if (event.milestone === 'deposit_paid') pause = takeBackup
      if (event.milestone === 'down_payment_paid') pause = chooseMoment
    },
  })
  expect(report.finished && report.proof.equal).toBe(true)
  expect(moment).toBeGreaterThan(0)
}

const takeBackup = async () =>
  void (await backup({ ...SMALL, dataFolder: postgres.dataFolder, to: join(place, 'backup') }))

async function chooseMoment(): Promise<void> {
  await sleep(300)
  moment = Date.now()
  await sleep(300)
}

/** Closes the current WAL segment and waits until it lies in the archive. */
async function archiveAll(): Promise<void> {
  const client = new pg.Client(postgres.adminUrl)
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    'select pg_walfile_name(pg_switch_wal() - 1) as name',
  )
  await client.end()
  while (!(await readdir(join(place, 'backup/wal'))).includes(rows[0]!.name)) await sleep(20)
}

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

function tenon(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const full = {
    PATH: process.env.PATH ?? '',
    HOME: place,
    TENON_DATA: join(place, 'data'),
    TENON_CUSTODY_BANK_URL: bank.url,
    ...env,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [TENON, ...args], { env: full }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** What went through the bank after the moment, by the books that saw it all. */
async function truth(): Promise<string[]> {
  const book = server.pool!.book()!
  const { db } = server.world
  const calls = await listInstructions(db, book)
  const later = calls.filter(
    ({ operation, movedAt }) =>
      ['freeze', 'unfreeze', 'pay', 'withdraw'].includes(operation) && movedAt > moment,
  )
  const flows = await db.query<{ flow: string }>(
    `select flow from channels.inbound where book_id = $1 and recorded_at > $2`,
    [book, new Date(moment)],
  )
  expect((await listInbound(db, { book, channel: 'custody-bank' })).length).toBe(3)
  return [...later.map(({ reference }) => reference), ...flows.map(({ flow }) => flow)].sort()
}

const rowsOf = (text: string) =>
  [...text.matchAll(/^ {2}\d{8} {2}(?:pay ins|withdrawals|transfers) +(\S+) +(¥\S+)/gm)].map(
    ([, reference = '', amount = '']) => ({ reference, amount }),
  )

it('lists exactly what the bank saw since the moment, and verifies every book', async () => {
  restored = join(place, 'restored')
  const to = new Date(moment).toISOString()
  const outcome = await tenon([
    'restore',
    '--from',
    join(place, 'backup'),
    '--to',
    to,
    '--into',
    restored,
  ])
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
  expect(outcome.stdout).toMatch(/^book 1: in order\. \d+ transfers/m)
  expect(outcome.stdout).toContain(`Copied the keys from ${join(place, 'data/keys')}`)
  const listed = rowsOf(outcome.stdout)
  expect(listed.map(({ reference }) => reference).sort()).toEqual(await truth())
  // Title: two payments out of two holds, two payouts. Loan: one in, one hold, one payment, one payout.
  // Two hold-backs: a payment and a payout each.
  expect(listed.map(({ amount }) => amount)).toContain('¥4,320,000.00')
  expect(listed.length).toBeGreaterThanOrEqual(11)
}, 60_000)

it('asks again later, of the restored database and of the one that knows it all', async () => {
  const to = new Date(moment).toISOString()
  const again = await tenon(['bank', 'since', to], { TENON_DATA: restored })
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(
    rowsOf(again.stdout)
      .map(({ reference }) => reference)
      .sort(),
  ).toEqual(await truth())

  const whole = await tenon(['bank', 'since', to])
  expect(whole).toMatchObject({ code: 0, stderr: '' })
  expect(whole.stdout).toContain('tell nothing that our books do not know')
}, 60_000)

it('says which bank did not answer, and how to ask again', async () => {
  const to = new Date(moment).toISOString()
  const outcome = await tenon(['bank', 'since', to], {
    TENON_CUSTODY_BANK_URL: 'http://127.0.0.1:1',
  })
  expect(outcome.code).toBe(1)
  expect(outcome.stderr).toMatch(/^The custody bank at http:\/\/127\.0\.0\.1:1 could not be asked/)
  expect(outcome.stderr).toContain(`tenon bank since ${to}`)
  expect(parseInstant(to)).toBe(moment)
  const wrong = await tenon(['bank', 'since', 'yesterday'])
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('tenon bank since <time>'),
  })
}, 60_000)

it.each([
  ['2026-11-22T12:27:13.909000Z', undefined, '2026-11-22T12:27:13.909Z'],
  ['latest', '2026-11-22 12:27:13.593232+00', '2026-11-22T12:27:13.593Z'],
  ['latest', '2026-11-22 20:27:13.593232+08', '2026-11-22T12:27:13.593Z'],
])('the moment of %s with the last commit %s', (target, last, stands) => {
  expect(new Date(momentOf(target, last)).toISOString()).toBe(stands)
})
