/**
 * A ledger for the tests of its writer: a database of its own, a book of the chart `plain`, and the
 * tests' own effect module, a table of tills whose rows are moved by conditional statements.
 *
 * `through: 'wire'` puts a wire between the ledger and PostgreSQL; `database.db` goes past it, so that
 * a test sees what is committed while the ledger is cut off.
 */
import { createDb, type Db } from '../src/base/db.ts'
import { applied, type Effect, type EffectRow } from '../src/base/effect.ts'
import type { Uuid } from '../src/base/ids.ts'
import type { Instant } from '../src/base/world.ts'
import { createReads, openLedger, post, type ServerLedger } from '../src/ledger/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { openWire, type Wire } from './wire.ts'
import { type TestWorld, testWorld } from './world.ts'

export interface TestLedgerOptions {
  readonly through?: 'wire'
  readonly partitionRows?: number
  readonly queueMax?: number
  readonly start?: Instant
  /** Stands between the ledger and its pool, to hold back what the pool answers. */
  readonly pool?: (db: Db) => Db
}

export interface TestLedger {
  readonly database: TestDatabase
  readonly world: TestWorld
  readonly wire: Wire
  /** The ledger of this server; another one after `reopen`. */
  ledger: ServerLedger
  /** Closes the ledger and opens it again: a clean restart. */
  reopen(): Promise<void>
  /** Another server's ledger on the same database; takes the books nobody writes. */
  neighbour(): Promise<ServerLedger>
  /** Opens a book with three funded accounts. */
  openBook(): Promise<TestBook>
  stop(): Promise<void>
}

/** A book with accounts: cash (debit side, without floor), and alice, bob, carol (credit side). */
export interface TestBook {
  readonly number: number
  readonly writer: ReturnType<ServerLedger['writer']>
  readonly cash: Uuid
  readonly alice: Uuid
  readonly bob: Uuid
  readonly carol: Uuid
  /** A new till in state `open` holding `amount`; returns its key. */
  till(amount?: number): Promise<string>
  /** What the tills hold in the database, by key. */
  tills(): Promise<Map<string, { state: string; amount: number }>>
  /** Funds an account from cash. */
  fund(account: Uuid, amount: bigint): Promise<void>
}

export async function testLedger(options: TestLedgerOptions = {}): Promise<TestLedger> {
  const database = await testDatabase()
  await database.db.query(TILL)
  const wire = await openWire(database.url)
  const wired = createDb({ url: wire.url, checkoutMs: 10_000 })
  const { start, pool = (db: Db) => db } = options
  const db = pool(options.through === 'wire' ? wired : database.db)
  const world = testWorld({ db, ...(start !== undefined && { start }) })
  const { partitionRows = 10_000, queueMax } = options
  const open = (db: Db) =>
    openLedger({
      world: { ...world, db },
      partitionRows,
      ...(queueMax !== undefined && { queueMax }),
    })
  const neighbours: ServerLedger[] = []
  const test: TestLedger = {
    database,
    world,
    wire,
    ledger: await open(db),
    reopen: async () => {
      await test.ledger.close()
      test.ledger = await open(db)
    },
    neighbour: async () => {
      const ledger = await open(database.db)
      neighbours.push(ledger)
      return ledger
    },
    openBook: () => openBook(test),
    stop: async () => {
      wire.heal()
      for (const each of neighbours) await each.close()
      await test.ledger.close()
      await wired.close()
      await wire.close()
      await database.drop()
    },
  }
  return test
}

async function openBook(test: TestLedger): Promise<TestBook> {
  const { ledger, world, database } = test
  const { number } = await ledger.createBook({
    orgId: 1,
    name: 'Test',
    currency: 'CNY',
    chart: 'plain',
  })
  const writer = ledger.writer(number)
  const [cash, alice, bob, carol] = [0, 1, 2, 3].map(() => world.ids.uuid()) as [
    Uuid,
    Uuid,
    Uuid,
    Uuid,
  ]
  const open = [
    { id: cash, code: 'A-open', name: 'Cash' },
    { id: alice, code: 'L', name: 'Alice' },
    { id: bob, code: 'L', name: 'Bob' },
    { id: carol, code: 'L', name: 'Carol' },
  ]
  await writer.submit({ roots: [], open })
  let tills = 0
  return {
    number,
    writer,
    cash,
    alice,
    bob,
    carol,
    till: async (amount = 0) => {
      tills += 1
      const key = `till-${tills}`
      await database.db.query('insert into till.till values ($1, $2, $3, $4)', [
        number,
        key,
        'open',
        amount,
      ])
      return key
    },
    tills: async () => {
      const rows = await database.db.query<{ key: string; state: string; amount: number }>(
        'select key, state, amount from till.till where book_id = $1 order by key',
        [number],
      )
      return new Map(rows.map(({ key, state, amount }) => [key, { state, amount }]))
    },
    fund: async (account, amount) => {
      const result = await writer.transfer(post(world.ids.uuid(), cash, account, amount))
      if (result.status !== 'accepted') throw new Error(`funding was refused: ${result.code}`)
    },
  }
}

const TILL = `create schema till create table till (
  book_id int not null,
  key text not null,
  state text not null,
  amount int not null check (amount between 0 and 1000),
  primary key (book_id, key)
)`

interface Moved {
  readonly key: string
  readonly from: string
  readonly to: string
  /** Added to what the till holds. */
  readonly add: number
}

const moveTill: Effect<Moved> = {
  name: 'till.move',
  sql: `update till.till t set state = u.gone, amount = t.amount + u.more
    from unnest($3::text[], $4::text[], $5::text[], $6::int[]) as u (key, come, gone, more)
    where t.book_id = $1 and t.key = u.key and t.state = u.come and $2::timestamptz is not null
    returning t.key as moved`,
  columns: (rows) => [
    rows.map(({ key }) => key),
    rows.map(({ from }) => from),
    rows.map(({ to }) => to),
    rows.map(({ add }) => add),
  ],
  key: ({ key }) => key,
}

/** Moves a till from one state to another; does not move when it is in a third. */
export function move(key: string, from: string, to: string, add = 0): EffectRow {
  return applied(moveTill, { key, from, to, add })
}

/** Adds to an open till. Over 1,000 the row's CHECK refuses it. */
export function add(key: string, amount: number): EffectRow {
  return move(key, 'open', 'open', amount)
}

/** What the proofs of a book say, and whether memory is what the database holds. */
export async function provenBook(
  db: Db,
  book: number,
  writer: { balance(id: Uuid): Promise<unknown> },
): Promise<{ proofs: string[]; differing: string[] }> {
  const reads = createReads(db)
  const proofs = await reads.proofs(book)
  const rows = await reads.trialBalance(book)
  const differing: string[] = []
  for (const { account, balance } of rows) {
    const known = JSON.stringify(await writer.balance(account.id), digits)
    if (known !== JSON.stringify(balance, digits)) differing.push(account.name)
  }
  return { proofs: proofs.filter((proof) => !proof.holds).map(({ name }) => name), differing }
}

const digits = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
