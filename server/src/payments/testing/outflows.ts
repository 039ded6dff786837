/** Payouts, refunds and settlements over test rails: a pool, our own book, and books of balances. */
import type { Uuid } from '#base'
import {
  applied,
  createDueSweeper,
  createOutboxRelay,
  createPersonalSeal,
  type DueSweeper,
  type OutboxRelay,
  Personal,
} from '#base'
import type { BankParty, PaymentChannel, StopGate } from '#channels'
import type { Classification } from '#codes'
import { createReads, openLedger, post, posted, type ServerLedger } from '#ledger'
import type { Router } from '#routing'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { type TestWorld, testWorld } from '../../../testing/world.ts'
import type { Attempt } from '../attempt.ts'
import { insertAttempt } from '../attempt-store.ts'
import { commandOn, type PaymentsContext, transitId, transitOf } from '../context.ts'
import { createAttemptDesk } from '../desk.ts'
import { exceptionHandlers } from '../exception-deadlines.ts'
import { createOutflows, type Outflows } from '../outflows.ts'
import { type OutflowRail, outflowRail } from './outflow-rail.ts'

export interface OutflowWorld {
  readonly world: TestWorld
  readonly database: TestDatabase
  readonly ledger: ServerLedger
  readonly context: PaymentsContext & { readonly desk: ReturnType<typeof createAttemptDesk> }
  readonly flows: Outflows
  readonly sweeper: DueSweeper
  readonly relay: OutboxRelay
  readonly rails: Readonly<Record<'a' | 'b', OutflowRail>>
  /** The pool, our own book, and the book of our balance at rail `a`. */
  readonly pool: number
  readonly own: number
  readonly atRail: number
  /** An account of a customer in the pool. */
  readonly owner: Uuid
  /** The pool's cash at its bank. */
  readonly cash: Uuid
  /** Puts money on an account of the pool, against cleared cash. */
  fund(amount: bigint, account?: Uuid): Promise<void>
  /** A collection over rail `a` that has succeeded and was booked to the owner's account. */
  collected(amount: bigint): Promise<Attempt>
  /** Posted balance of an account, on its normal side. */
  balance(book: number, account: Uuid): Promise<bigint>
  available(book: number, account: Uuid): Promise<bigint>
  /** What the pool's transit account with a counterpart holds. */
  transit(book: number, counterpart: string): Promise<bigint>
  /** Runs what falls due up to `ms` from now. */
  pass(ms: number): Promise<void>
  /** Delivers events and runs due work until nothing moves. */
  settle(): Promise<void>
  /** Names of the proofs of all books that do not hold. */
  unproven(): Promise<string[]>
  /** Stops the server and drops its database. */
  stop(): Promise<void>
}

export const PAYEE: BankParty = {
  name: new Personal('name', '王小明'),
  account: new Personal('card', '6228480402564890018'),
  bank: 'ICBC',
  accountType: 'personal',
}

/** Takes the first rail that was not tried. */
const firstLeft = (names: readonly string[]): Router => ({
  decide: ({ tried, attributes }) => {
    const channel = names.find((each) => !tried.includes(each))
    return {
      ...(channel === undefined ? {} : { channel }),
      candidates: names.map((each) => ({
        channel: each,
        eligible: !tried.includes(each),
        why: each === channel ? ('chosen' as const) : ('dearer' as const),
        cost: 60n,
        successPpm: 990_000,
      })),
      explored: false,
      rules: 'test',
      applied: [],
      asked: { tried, attributes },
    }
  },
})

/** What the test rails' codes mean. */
export function classifyTest({ code }: { readonly code: string }): Classification {
  const text = { zh: code, en: code }
  const failed = (reason: string, retry: Classification['retry']): Classification => ({
    cause: 'bank',
    reason,
    certainty: 'failed',
    retry,
    letter: 'B',
    mapped: true,
    text,
  })
  switch (code) {
    case 'NO_PERMISSION':
      return failed('permission', 'other_channel')
    case 'NO_SUCH_ACCOUNT':
      return failed('account_closed', 'none')
    case 'CARD_EXPIRED':
      return { ...failed('card_expired', 'none'), cause: 'user', letter: 'I' }
    case 'NOT_ENOUGH':
      return { ...failed('balance', 'after_fix'), cause: 'merchant', letter: 'M' }
    case 'BUSY':
      return failed('busy', 'same_channel_later')
    case 'NEVER_ACTED':
      return failed('not_found', 'other_channel')
    default:
      return {
        reason: 'unmapped',
        certainty: 'unknown',
        retry: 'none',
        letter: 'U',
        mapped: false,
        text,
      }
  }
}

export interface OutflowWorldOptions {
  readonly seed?: number
  readonly rail?: Parameters<typeof outflowRail>[2]
  readonly returnsTo?: 'source' | 'suspense'
  /** Names of rails in the order in which they are tried for payouts. */
  readonly payoutsBy?: readonly string[]
  /** Not compared when absent: most tests pay one payee one amount, over and over. */
  readonly nearDuplicateMs?: number
  readonly stops?: StopGate
}

export async function outflowWorld(options: OutflowWorldOptions = {}): Promise<OutflowWorld> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db, seed: options.seed ?? 1 })
  const { db, clock, rng, ids, log } = world
  const ledger = await openLedger({ world, partitionRows: 10_000 })
  const open = async (name: string, chart: string) =>
    (await ledger.createBook({ orgId: 1, name, currency: 'CNY', chart })).number
  const pool = await open('Pool', 'custody_pool')
  const own = await open('Own', 'own')
  const atRail = await open('At rail a', 'channel')
  const rails = { a: outflowRail(clock, 'a', options.rail), b: outflowRail(clock, 'b') }
  const seal = createPersonalSeal({
    active: 'k1',
    keys: new Map([['k1', new Uint8Array(32).fill(7)]]),
    index: new Uint8Array(32).fill(9),
  })
  const base = {
    db,
    clock,
    rng,
    ids,
    log,
    seal,
    ledger,
    router: firstLeft(options.payoutsBy ?? ['b', 'a']),
    classify: classifyTest,
    orgId: 1,
    nearDuplicateMs: options.nearDuplicateMs ?? 0,
    ...(options.stops === undefined ? {} : { stops: options.stops }),
  }
  const command = commandOn(base)
  const desk = createAttemptDesk(base, command)
  for (const rail of Object.values(rails) as PaymentChannel[]) desk.attach(rail)
  const context: OutflowWorld['context'] = {
    ...base,
    desk,
    command,
    refundAttempt: undefined,
    carriers: new Map(),
  }
  const flows = createOutflows(context, {
    places: {
      ownBook: (book) => (book === pool ? own : undefined),
      channelBook: (book, channel) => (book === pool && channel === 'a' ? atRail : undefined),
      channelAccount: () => ({ ...PAYEE, account: new Personal('card', '6228480402564890026') }),
    },
    ...(options.returnsTo === undefined ? {} : { returnsTo: options.returnsTo }),
  })
  const handlers = { ...desk.handlers, ...flows.handlers, ...exceptionHandlers(context) }
  const sweeper = createDueSweeper({ db, clock, rng, log, handlers })
  const relay = createOutboxRelay({ db, clock, rng, log, subscribers: flows.subscribers })
  const writer = ledger.writer(pool)
  const owner = ids.uuid()
  await writer.submit({ roots: [], open: [{ id: owner, code: '2241.03', name: 'Seller' }] })
  const cash = writer.accountByCode('1012.02')!.id

  const settle = async () => {
    for (let round = 0; round < 50; round += 1) {
      if ((await relay.pump()) + (await sweeper.sweepNow()) === 0) return
    }
    throw new Error('The events and the due work of a test do not come to an end.')
  }
  const balanceOf = async (book: number, account: Uuid) => {
    const from = ledger.writer(book)
    const found = from.account(account)
    const balance = await from.balance(account)
    return { side: found?.side ?? 'debit', balance }
  }
  return {
    world,
    database,
    ledger,
    context,
    flows,
    sweeper,
    relay,
    rails,
    pool,
    own,
    atRail,
    owner,
    cash,
    fund: async (amount, account = owner) => {
      const result = await writer.transfer(post(ids.uuid(), cash, account, amount))
      if (result.status !== 'accepted') throw new Error(`funding was refused: ${result.code}`)
    },
    collected: async (amount) => {
      const { id, attempt } = collection({ book: pool, id: ids.uuid(), at: clock.now(), amount })
      await rails.a.collect!(
        {
          reference: attempt.reference,
          at: attempt.at,
          amount,
          currency: 'CNY',
          method: 'collection',
          subject: 'x',
          expiresAt: attempt.validUntil,
        },
        { sendBeforeMono: clock.mono() + 1_000 },
      )
      const transit = transitOf(writer, 'a')
      const done = await writer.submit({
        roots: [],
        open: transit.open,
        transfers: [post(id, transit.id, owner, amount)],
        effects: [applied(insertAttempt, attempt)],
      })
      if (done.status !== 'committed')
        throw new Error(`a collection was not booked: ${done.status}`)
      await db.query(
        `update payments.attempt set booked_to = 'destination', channel_reference = 'n-' || reference
         where book_id = $1 and id = $2`,
        [pool, id],
      )
      return attempt
    },
    balance: async (book, account) => {
      const { side, balance } = await balanceOf(book, account)
      return balance === undefined ? 0n : posted(balance, side)
    },
    available: async (book, account) => {
      const { side, balance } = await balanceOf(book, account)
      if (balance === undefined) return 0n
      const reserved = side === 'debit' ? balance.creditsPending : balance.debitsPending
      return posted(balance, side) - reserved
    },
    transit: async (book, counterpart) => {
      const { side, balance } = await balanceOf(book, transitId(book, counterpart))
      return balance === undefined ? 0n : posted(balance, side)
    },
    pass: async (ms) => {
      await settle()
      await sweeper.sweepUntil(clock.now() + ms)
      await settle()
    },
    settle,
    unproven: async () => {
      const reads = createReads(db)
      const all = await Promise.all([pool, own, atRail].map((book) => reads.proofs(book)))
      return all
        .flat()
        .filter((proof) => !proof.holds)
        .map(({ name }) => name)
    },
    stop: async () => {
      await relay.stop()
      await ledger.close()
      await database.drop()
    },
  }
}

function collection(of: { book: number; id: Uuid; at: number; amount: bigint }) {
  const { book, id, at, amount } = of
  const rail = outflowRail({ now: () => at } as never, 'a')
  const attempt: Attempt = {
    book,
    orgId: 1,
    id,
    direction: 'collect',
    owner: `pay_${book}_${id}`,
    number: 1,
    channel: 'a',
    method: 'collection',
    bank: 'ICBC',
    accountType: 'personal',
    reference: rail.reference(book, id, at),
    amount,
    currency: 'CNY',
    state: 'succeeded',
    sends: 0,
    at,
    validUntil: at + 86_400_000,
    notFound: 0,
    overdue: false,
    code: 'OK',
    message: '',
    channelReference: '',
    route: null,
    bookedTo: 'destination',
    refunding: 0n,
    refunded: 0n,
    refunds: 0,
    movedAt: at,
  }
  return { id, attempt }
}
