/**
 * Payments as a server puts them together, over real rails: the parts behind HTTP, all simulators, and
 * one clock. Time passes only by `passTo`, on both sides at once, stopping at whatever falls due.
 *
 * The one thing to get wrong: judging us by our own book. What the rails moved is counted from theirs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RailName } from '../../tools/rails/names.ts'
import {
  createDueSweeper,
  createHttp,
  createMetrics,
  createOutboxRelay,
  diskFiles,
  findAnswer,
  type Instant,
  operatorOnly,
  publicId,
  type Uuid,
} from '../src/base/index.ts'
import {
  createReads,
  LEDGER_PROBLEMS,
  ledgerFaults,
  openLedger,
  post,
  posted,
  type ServerLedger,
} from '../src/ledger/index.ts'
import {
  createPaymentParts,
  PAYMENT_PART_PROBLEMS,
  type PaymentParts,
} from '../src/payment-parts.ts'
import { transitId } from '../src/payments/index.ts'
import { readServerConfig } from '../src/settings.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { testSeal } from './payments.ts'
import { type ChannelFileOptions, type TestRails, testRails } from './rails.ts'
import { TEST_START, type TestWorld, testWorld } from './world.ts'

export const POOL = 'Collection pool'
export const OWN_BOOK = 'Own money'
const SCHEMES = fileURLToPath(new URL('../../schemes', import.meta.url))
const DAY_MS = 86_400_000
const SHANGHAI_MS = 8 * 3_600_000
/** Rounds of work at one instant; more means that it goes round in circles. */
const ROUNDS_MAX = 300

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface RailsWorldOptions {
  readonly start?: Instant
  readonly seed?: number
  /** What lies at a rail at the start, minor units. The pool owes all of it to the seller. */
  readonly opening?: Readonly<Partial<Record<'bank-direct' | 'netsunion' | 'unionpay', bigint>>>
  readonly pools?: ChannelFileOptions['pools']
}

export interface RailsWorld {
  readonly world: TestWorld
  readonly database: TestDatabase
  readonly ledger: ServerLedger
  readonly parts: PaymentParts
  readonly rails: TestRails
  readonly pool: number
  readonly own: number
  /** Accounts of customers in the pool, by their public ids. */
  readonly buyer: string
  readonly seller: string
  call(method: string, path: string, body?: unknown, key?: string): Promise<Reply>
  book(name: string): number
  /** Opens an account of a customer in a book; its public id. */
  account(book: number, code: string): Promise<string>
  /** Posted balance on its normal side, of an account by public id. */
  balance(account: string): Promise<bigint>
  /** The same, of a book's one account of a code; 0 while it is not open. */
  byCode(book: number, code: string): Promise<bigint>
  /** What a book's transit account with a counterpart holds. */
  transit(book: number, counterpart: string): Promise<bigint>
  /** Does all that is due now on both sides. */
  settle(): Promise<void>
  /**
   * Lets time pass, stopping where something falls due, but not more often than `grainMs` until the
   * last hour.
   */
  passTo(at: Instant, grainMs?: number): Promise<void>
  exceptions(kind?: string): Promise<OpenException[]>
  /** What is not as it must be at the end of any day: empty. */
  faults(): Promise<string[]>
  stop(): Promise<void>
}

export interface OpenException {
  readonly kind: string
  readonly about: string
  readonly amount: bigint
  readonly evidence: Record<string, unknown>
}

/** An instant of Shanghai's clock, such as `2026-03-02 10:00`. */
export const shanghaiAt = (text: string): Instant =>
  Date.parse(`${text.replace(' ', 'T')}:00+08:00`)

const dateOf = (at: Instant) =>
  new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '')

export async function railsWorld(options: RailsWorldOptions = {}): Promise<RailsWorld> {
  const { start = TEST_START, seed = 1, opening = {} } = options
  const database = await testDatabase()
  const world = testWorld({ db: database.db, seed, start })
  const { db, clock, rng, ids, log, net } = world
  const ledger = await openLedger({ world, partitionRows: 10_000 })
  const platform = { url: '' }
  const callbacks = await callbackAddress(platform)
  const rails = await testRails(`http://127.0.0.1:${(callbacks.address() as AddressInfo).port}`)
  await openBalances(rails, start, opening)
  const folder = await mkdtemp(join(tmpdir(), 'tenon-rails-'))
  const file = join(folder, 'channels.json')
  const names = { pool: POOL, ownBook: OWN_BOOK, firstDate: dateOf(start) }
  const pools = options.pools === undefined ? {} : { pools: options.pools }
  await writeFile(file, rails.channelFile({ ...names, ...pools }))
  const metrics = createMetrics()
  const parts = (await createPaymentParts({
    ...{ world, ledger, metrics, seal: testSeal(), orgId: 1 },
    config: readServerConfig({ DATABASE_URL: database.url, TENON_CHANNELS: file }),
    ...{ keys: diskFiles(folder), keysFolder: folder, schemes: diskFiles(SCHEMES) },
    onPlanned: () => {},
    stops: { any: () => false, stoppedBy: () => undefined },
  }))!
  const sweeper = createDueSweeper({ db, clock, rng, log, handlers: parts.handlers })
  const relay = createOutboxRelay({ db, clock, rng, log, subscribers: parts.subscribers })
  const http = await createHttp({
    ...{ log, clock, rng, net, metrics },
    answers: { find: (book, keyHash) => findAnswer(db, book, keyHash) },
    faults: [ledgerFaults(ledger)],
    guard: operatorOnly(),
    refusals: [...LEDGER_PROBLEMS, ...PAYMENT_PART_PROBLEMS],
    routes: parts.routes,
  })
  platform.url = (await http.listen({ port: 0 })).url
  void parts.run()
  await begun(database, 1 + new Set(Object.values(options.pools ?? {})).size)
  const book = (name: string): number => {
    const found = parts.poolBook(name)
    if (found === undefined) throw new Error(`There is no book ${name}.`)
    return found
  }
  const open = async (number: number, code: string) => {
    const id = ids.uuid()
    const writer = ledger.writer(number)
    await writer.submit({ roots: [], open: [{ id, code, name: 'Customer' }] })
    return { id, publicId: publicId('acc', number, id) }
  }
  const pool = book(POOL)
  const [buyer, seller] = [await open(pool, '2241.02'), await open(pool, '2241.03')]
  const sum = Object.values(opening).reduce((all, amount) => all + amount, 0n)
  if (sum > 0n) {
    const cash = ledger.writer(pool).accountByCode('1012.02')!.id
    const done = await ledger.writer(pool).transfer(post(ids.uuid(), cash, seller.id, sum))
    if (done.status !== 'accepted') throw new Error('the opening was not booked')
  }
  const holds = async (number: number, account: Uuid | undefined) => {
    if (account === undefined) return 0n
    const writer = ledger.writer(number)
    const balance = await writer.balance(account)
    const side = writer.account(account)?.side ?? 'debit'
    return balance === undefined ? 0n : posted(balance, side)
  }
  const settle = async () => {
    const now = clock.now()
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await Promise.all(rails.admins().map((admin) => admin.setClock(now)))
      const done = (await relay.pump()) + (await sweeper.sweepNow())
      const forwarded = (await rails.forwardFunding()) + (await rails.deliverSettlements(now))
      const waits = rails.admins().some((admin) => (admin.nextDueAt() ?? Infinity) <= now)
      if (done + forwarded === 0 && !waits) return
    }
    throw new Error(`What is due at ${new Date(now).toISOString()} does not come to an end.`)
  }
  const on: RailsWorld = {
    ...{ world, database, ledger, parts, rails, pool, own: book(OWN_BOOK), book, settle },
    buyer: buyer.publicId,
    seller: seller.publicId,
    call: async (method, path, body, key) => {
      const reply = await fetch(`${platform.url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
    },
    account: async (number, code) => (await open(number, code)).publicId,
    balance: (account) => holds(Number(account.split('_')[1]), accountId(account)),
    byCode: (number, code) => holds(number, ledger.writer(number).accountByCode(code)?.id),
    transit: (number, counterpart) => holds(number, transitId(number, counterpart)),
    passTo: async (end, grainMs = 60_000) => {
      await settle()
      while (clock.now() < end) {
        const due = [await sweeper.nextDueAt(), await relay.nextRetryAt()]
        const theirs = [rails.nextArrivalAt(), ...rails.admins().map((admin) => admin.nextDueAt())]
        const next = Math.min(...[...due, ...theirs].map((at) => at ?? Number.POSITIVE_INFINITY))
        // The last hour is lived through minute by minute: what is due by then is done.
        const grain = Math.max(60_000, Math.min(grainMs, end - clock.now() - 3_600_000))
        await clock.advanceTo(Math.min(end, Math.max(next, clock.now() + grain)))
        await settle()
      }
    },
    exceptions: (kind) =>
      db.query<OpenException>(
        `select kind, about, amount, evidence from payments.exception
         where state = 'open' and ($1::text is null or kind = $1) order by kind, about`,
        [kind ?? null],
      ),
    faults: () => faultsOf(on),
    stop: async () => {
      await parts.stop()
      await http.close()
      await relay.stop()
      await sweeper.stop()
      await ledger.close()
      await rails.close()
      callbacks.closeAllConnections()
      await new Promise((resolve) => callbacks.close(resolve))
      await rm(folder, { recursive: true })
      await database.drop()
    },
  }
  return on
}

/** The uuid within a public id of an account. */
export const accountId = (account: string): Uuid => account.slice(-32)

async function openBalances(
  rails: TestRails,
  start: Instant,
  opening: NonNullable<RailsWorldOptions['opening']>,
): Promise<void> {
  for (const admin of rails.admins()) await admin.setClock(start - DAY_MS)
  for (const [name, amount] of Object.entries(opening)) {
    await rails[name as RailName].admin.fund(amount, 'opening balance')
  }
  for (const admin of rails.admins()) await admin.setClock(start)
}

/** Waits until the parts have opened their books and planned the reading of every channel's days. */
async function begun({ db }: TestDatabase, pools: number): Promise<void> {
  for (;;) {
    const rows = await db.query<{ books: bigint; lines: bigint }>(
      `select count(distinct book_id) as books, count(*) filter (where kind = 'payments.read_bank_lines') as lines
       from base.due where kind in ('payments.read_channel_file', 'payments.read_bank_lines')`,
    )
    const [row] = rows
    if (row !== undefined && Number(row.books) >= pools && Number(row.lines) > 0) return
    await new Promise(setImmediate)
  }
}

/** Where rails call back: passed on to the platform, byte by byte. */
async function callbackAddress(platform: { readonly url: string }): Promise<Server> {
  const server = createServer((came, reply) => {
    const to = new URL(came.url ?? '/', platform.url)
    const { method, headers } = came
    const on = httpRequest(to, { method, headers: { ...headers, host: to.host } }, (said) => {
      reply.writeHead(said.statusCode ?? 502, said.headers)
      said.pipe(reply)
    })
    on.on('error', () => reply.writeHead(502).end())
    came.pipe(on)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

interface Moved {
  readonly channel: string
  readonly direction: string
  readonly amount: bigint
}

/** What is wrong: proofs that fail, dead work, parked events, rails that moved other than we know. */
async function faultsOf(on: RailsWorld): Promise<string[]> {
  const { db } = on.database
  const faults: string[] = []
  const reads = createReads(db)
  for (const { number } of await on.ledger.books(0, 100)) {
    for (const proof of await reads.proofs(number)) {
      if (!proof.holds) faults.push(`book ${number}: ${proof.name}`)
    }
  }
  const dead = await db.query<{ kind: string; key: string; error: string }>(
    `select kind, key, coalesce(last_error, '') as error from base.due where dead_at is not null or last_error is not null`,
  )
  faults.push(...dead.map(({ kind, key, error }) => `due ${kind} ${key}: ${error}`))
  const ours = await db.query<Moved>(
    `select channel, direction, sum(amount)::int8 as amount from payments.attempt
     where state = 'succeeded' and channel <> 'offline-transfer' group by 1, 2
     union all
     select channel, 'payout_returned', sum(amount)::int8 from payments.payout_return group by 1
     union all
     select channel, 'chargeback', sum(amount)::int8 from payments.outside_entry
     where kind = 'chargeback' group by 1`,
  )
  const sums = new Map(ours.map((each) => [`${each.channel} ${each.direction}`, each.amount]))
  for (const name of ['wechat-pay', 'alipay', 'unionpay', 'netsunion', 'bank-direct'] as const) {
    for (const kind of ['collect', 'pay', 'refund', 'payout_returned', 'chargeback']) {
      const theirs = on.rails[name].admin
        .movements()
        .filter((movement) => movement.kind === kind)
        .reduce((sum, { amount }) => sum + (amount < 0n ? -amount : amount), 0n)
      const known = sums.get(`${name} ${kind}`) ?? 0n
      if (theirs !== known) faults.push(`${name} moved ${theirs} as ${kind}; we know of ${known}`)
    }
  }
  return faults
}
