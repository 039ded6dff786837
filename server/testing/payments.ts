/**
 * Payments on a database of their own, with a pool of customers' money, two rails and a sweeper, all on
 * the tests' clock.
 */
import {
  createDueSweeper,
  createHttp,
  createMetrics,
  createPersonalSeal,
  type DueSweeper,
  derivedUuid,
  findAnswer,
  type Instant,
  type Metrics,
  operatorOnly,
  publicId,
  type Uuid,
} from '../src/base/index.ts'
import type { Limit, StopGate } from '../src/channels/index.ts'
import type { Classification, CodeKey } from '../src/codes/index.ts'
import {
  createReads,
  LEDGER_PROBLEMS,
  ledgerFaults,
  openLedger,
  type ServerLedger,
} from '../src/ledger/index.ts'
import {
  createPayments,
  type MoneyPlaces,
  type NewPayIn,
  PAYMENT_PROBLEMS,
  type Payments,
  paymentRoutes,
  planRoutes,
  transitId,
} from '../src/payments/index.ts'
import type { Router } from '../src/routing/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { type TestRail, testRail } from './rail.ts'
import { type TestWorld, testWorld } from './world.ts'

export interface TestPayments {
  readonly database: TestDatabase
  readonly world: TestWorld
  readonly ledger: ServerLedger
  readonly payments: Payments
  /** `rail` takes WeChat and collection, `other` Alipay; routing takes the first that can. */
  readonly rail: TestRail
  readonly other: TestRail
  readonly sweeper: DueSweeper
  readonly book: number
  /** An account the money of tests is for. */
  readonly destination: Uuid
  /** A pay-in of ¥100 by WeChat, with what differs. */
  wanted(key: string, more?: Partial<NewPayIn>): NewPayIn
  readonly metrics: Metrics
  /** From now on routing finds no channel into a book. */
  noRouteTo(book: number): void
  /** Another server's payments over the same ledger: nothing remembered. */
  restart(): Payments
  balance(account: Uuid): Promise<bigint>
  suspense(): Promise<bigint>
  /** In transit with a channel, from our side: what it owes us. */
  transit(channel?: string): Promise<bigint>
  events(kind?: string): Promise<Record<string, unknown>[]>
  exceptions(): Promise<{ kind: string; about: string; seen: number; evidence: unknown }[]>
  proofs(): Promise<string[]>
  stop(): Promise<void>
}

/** Failures of rails as tests name them: codes that begin with `OTHER_` allow another channel. */
export function testClassify({ code }: CodeKey): Classification {
  const other = code.startsWith('OTHER_')
  return {
    cause: other ? 'channel' : 'user',
    reason: code.toLowerCase(),
    certainty: 'failed',
    retry: other ? 'other_channel' : 'by_user',
    letter: code.startsWith('LIMIT_') ? 'L' : other ? 'T' : 'F',
    mapped: true,
    text: { zh: '支付未成功', en: 'The payment did not go through' },
  }
}

export interface TestPaymentsOptions {
  readonly seed?: number
  readonly start?: Instant
  /** Refunds what nobody is owed. */
  readonly refunds?: boolean
  /** What one payment may be, over both rails. */
  readonly limits?: readonly Limit[]
  /** What is paused. */
  readonly stops?: StopGate
}

export async function testPayments(options: TestPaymentsOptions = {}): Promise<TestPayments> {
  const database = await testDatabase()
  const { seed = 1, start } = options
  const world = testWorld({ db: database.db, seed, ...(start === undefined ? {} : { start }) })
  const ledger = await openLedger({ world, partitionRows: 10_000 })
  const rail = testRail({
    clock: world.clock,
    capability: { methods: ['wechat_native', 'collection'], limits: options.limits ?? [] },
  })
  const other = testRail({
    clock: world.clock,
    name: 'other',
    capability: { methods: ['alipay_qr', 'wechat_native'], limits: options.limits ?? [] },
  })
  const closedBooks = new Set<number>()
  const all = firstThatCan([rail, other])
  const none = firstThatCan([])
  const router: Router = {
    decide: (request) => (closedBooks.has(request.book) ? none : all).decide(request),
  }
  const metrics = createMetrics()
  const { number: book } = await ledger.createBook({
    ...{ orgId: 1, name: 'Pool', currency: 'CNY', chart: 'custody_pool' },
  })
  const destination = derivedUuid('test', 'destination')
  const writer = ledger.writer(book)
  await writer.submit({ roots: [], open: [{ id: destination, code: '2241.02', name: 'Buyer' }] })
  const create = (): Payments => {
    const made = createPayments({
      ...{ db: database.db, clock: world.clock, rng: world.rng, ids: world.ids, log: world.log },
      ...{ ledger, router, classify: testClassify, orgId: 1, seal: testSeal(), metrics },
      ...(options.refunds === true ? { outflows: { places: NO_PLACES } } : {}),
      ...(options.stops === undefined ? {} : { stops: options.stops }),
    })
    for (const each of [rail, other]) made.attach(each.channel)
    return made
  }
  const sweeperOf = ({ handlers }: Payments) => createDueSweeper({ ...world, handlers })
  const test = {
    payments: create(),
  }
  const net = async (account: Uuid) => {
    const balance = await ledger.writer(book).balance(account)
    return balance === undefined ? 0n : balance.creditsPosted - balance.debitsPosted
  }
  let sweeper = sweeperOf(test.payments)
  return {
    ...{ database, world, ledger, rail, other, book, destination, metrics },
    noRouteTo: (closed) => {
      closedBooks.add(closed)
    },
    get payments() {
      return test.payments
    },
    get sweeper() {
      return sweeper
    },
    wanted: (key, more = {}) => ({
      ...{ book, destination, amount: 10_000n, currency: 'CNY', subject: 'Down payment' },
      id: derivedUuid('payments.pay_in', key),
      late: 'refund',
      attributes: {},
      expiresAt: world.clock.now() + 1_800_000,
      requestHash: '00'.repeat(32),
      methods: ['wechat_native'],
      bank: '',
      accountType: '',
      ...more,
    }),
    restart: () => {
      test.payments = create()
      sweeper = sweeperOf(test.payments)
      return test.payments
    },
    balance: net,
    suspense: () => net(ledger.writer(book).accountByCode('2241.06')!.id),
    transit: async (channel = 'rail') => -(await net(transitId(book, channel))),
    events: async (kind) => {
      const rows = await database.db.query<{ payload: Record<string, unknown> }>(
        `select payload from base.outbox where book_id = $1 and ($2::text is null or kind = $2)
         order by seq, n`,
        [book, kind ?? null],
      )
      return rows.map(({ payload }) => payload)
    },
    exceptions: () =>
      database.db.query(
        `select kind, about, seen, evidence from payments.exception
         where book_id = $1 and state = 'open' order by kind, about`,
        [book],
      ),
    proofs: async () =>
      (await createReads(database.db).proofs(book))
        .filter(({ holds }) => !holds)
        .map((p) => p.name),
    stop: async () => {
      await ledger.close()
      await database.drop()
    },
  }
}

const NO_PLACES: MoneyPlaces = {
  ownBook: () => undefined,
  channelBook: () => undefined,
  channelAccount: () => undefined,
}

/** The public id of a pay-in of a test. */
export const payId = (book: number, id: Uuid) => publicId('pay', book, id)

/** Takes the first channel that has one of the methods, has not been tried, and can the direction. */
export function firstThatCan(rails: readonly TestRail[]): Router {
  return {
    decide: ({ direction, methods = [], tried, attributes }) => {
      const able = rails.flatMap(({ channel: { name, capability } }) => {
        const method = methods.find((each) => capability.methods.includes(each))
        const can = capability.directions.includes(direction)
        const fits = direction !== 'collect' || method !== undefined
        return can && fits && !tried.includes(name) ? [{ name, method }] : []
      })
      const [chosen] = able
      return {
        ...(chosen === undefined ? {} : { channel: chosen.name }),
        ...(chosen?.method === undefined ? {} : { method: chosen.method }),
        candidates: rails.map(({ channel }) => ({
          channel: channel.name,
          eligible: able.some(({ name }) => name === channel.name),
          why: channel.name === chosen?.name ? ('chosen' as const) : ('dearer' as const),
          cost: 60n,
          successPpm: 990_000,
        })),
        explored: false,
        rules: 'test/1',
        applied: [],
        asked: { methods, tried, attributes },
      }
    },
  }
}

/** Personal data of tests is sealed with fixed keys. */
export function testSeal() {
  const key = (byte: number) => new Uint8Array(32).fill(byte)
  return createPersonalSeal({ active: 'k1', keys: new Map([['k1', key(1)]]), index: key(2) })
}

export interface PaymentsServer {
  readonly url: string
  readonly test: TestPayments
  callBack(
    channel: string,
    bytes: Uint8Array,
    contentType: string,
  ): Promise<{ status: number; type: string; text: string }>
  stop(): Promise<void>
}

/** The same behind HTTP. Callbacks go by the bytes alone, as a rail's signature would. */
export async function startPaymentsServer(
  options: TestPaymentsOptions = {},
): Promise<PaymentsServer> {
  const test = await testPayments(options)
  const { world, ledger, payments } = test
  const http = await createHttp({
    ...{ log: world.log, clock: world.clock, rng: world.rng, net: world.net },
    metrics: test.metrics,
    answers: { find: (book, keyHash) => findAnswer(test.database.db, book, keyHash) },
    faults: [ledgerFaults(ledger)],
    guard: operatorOnly(),
    refusals: [...LEDGER_PROBLEMS, ...PAYMENT_PROBLEMS],
    routes: [...paymentRoutes(payments), ...planRoutes(payments)],
  })
  const { url } = await http.listen({ port: 0 })
  return {
    url,
    test,
    callBack: async (channel, bytes, contentType) => {
      const reply = await fetch(`${url}/v1/channels/${channel}/callbacks`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: new Uint8Array(bytes),
      })
      const type = reply.headers.get('content-type') ?? ''
      return { status: reply.status, type, text: await reply.text() }
    },
    stop: async () => {
      await http.close()
      await test.stop()
    },
  }
}
