/**
 * The ledger under load, through its own door: readable history, two-phase, stored answers and the
 * hash chain all on, a promise for every request.
 *
 * What a run has written is sealed (its history indexes built, its key filter saved) inside the
 * measured time. Left out, the engine would be measured without the price of a readable history.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'
import {
  applied,
  type Effect,
  migrate,
  type Uuid,
  type World,
} from '../../server/src/base/index.ts'
import {
  type BookWriter,
  historyIndexes,
  type Ledger,
  type Leg,
  openLedger,
  post,
} from '../../server/src/ledger/index.ts'
import { realWorld } from '../real-world.ts'
import { runCallers } from './callers.ts'
import { one } from './database.ts'
import type { Design, Loaded } from './measure.ts'
import { ACCOUNTS, FUNDING, pairs, type Spread } from './plan.ts'
import { Dice, RandomPool } from './random-pool.ts'

/** The book every engine run writes. */
export const BOOK = 1

/** Waiting at once. Enough that a full batch always waits, few enough that the queue takes them. */
export const CALLERS = 6_000

const OPENED_AT_ONCE = 1_000

/** Where an account of the funding comes from: it may go below zero without limit. */
const SOURCE = benchId('source')

/** The id of account number `n` of the plan, counted from 1. */
export function accountId(n: number): Uuid {
  return benchId(`account ${n}`)
}

function benchId(name: string): Uuid {
  return createHash('sha256').update(`bench ${name}`).digest('hex').slice(0, 32)
}

export interface OpenEngine {
  readonly world: World
  readonly ledger: Ledger
  readonly writer: BookWriter
  close(): Promise<void>
}

export interface EngineOptions {
  /** Transfers in a partition; the ledger's own default unless given. */
  readonly partitionRows?: number
}

/** Opens the ledger on a migrated database whose book 1 exists. */
export async function openEngine(url: string, options: EngineOptions = {}): Promise<OpenEngine> {
  const world = realWorld({ url })
  const ledger = await openLedger({ world, ...options })
  const close = async () => {
    await ledger.close()
    await world.db.close()
  }
  return { world, ledger, writer: ledger.writer(BOOK), close }
}

export interface FillOptions extends EngineOptions {
  readonly accounts?: number
  /** Hears how many accounts are open. */
  readonly said?: (opened: number) => void
}

/** Migrates an empty database and opens book 1 with funded accounts. */
export async function fillLedger(url: string, options: FillOptions = {}): Promise<void> {
  const { accounts = ACCOUNTS, said, ...engineOptions } = options
  await migrate({ url })
  const world = realWorld({ url })
  const ledger = await openLedger({ world, ...engineOptions })
  try {
    const book = await ledger.createBook({
      orgId: 1,
      name: 'bench',
      currency: 'CNY',
      chart: 'plain',
    })
    if (book.number !== BOOK) throw new Error(`the first book has number ${book.number}`)
    const writer = ledger.writer(BOOK)
    const source = { id: SOURCE, code: 'A-open', name: 'Source' }
    await committed(writer.submit({ roots: [], open: [source] }))
    for (let first = 1; first <= accounts; first += OPENED_AT_ONCE) {
      const numbers = range(first, Math.min(accounts, first + OPENED_AT_ONCE - 1))
      const open = numbers.map((n) => ({ id: accountId(n), code: 'L', name: `Account ${n}` }))
      const legs: Leg[] = open.map(({ id }) => ({ debit: SOURCE, credit: id, amount: FUNDING }))
      const funding = { type: 'post', id: benchId(`funding ${first}`), legs } as const
      await committed(writer.submit({ roots: [], open, transfers: [funding] }))
      said?.(first + numbers.length - 1)
    }
  } finally {
    await ledger.close()
    await world.db.close()
  }
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

async function committed(result: ReturnType<BookWriter['submit']>): Promise<void> {
  const answer = await result
  if (answer.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(answer)}`)
}

/**
 * Builds the history indexes of what lies in a partition that is not full yet, as sealing it will:
 * so every transfer of a run carries that cost, whenever its partition is full.
 */
export async function sealRest(client: pg.ClientBase, book: number = BOOK): Promise<void> {
  const { rows } = await client.query<{ number: number }>(
    'select number from ledger.partition where book_id = $1 and sealed_at is null order by number',
    [book],
  )
  for (const { number } of rows) {
    for (const statement of historyIndexes(book, number)) await client.query(statement)
  }
}

/** One way of loading the writer. `call` resolves to how many of the counted things it did. */
interface Load {
  readonly name: string
  readonly callers?: number
  readonly timed?: boolean
  /** Rows in `ledger.transfer` for each counted thing. */
  readonly make: (writer: BookWriter) => (caller: number) => Promise<number>
  readonly check?: (client: pg.Client, loaded: Loaded) => Promise<void>
}

function design({ name, callers = CALLERS, timed = false, make, check }: Load): Design {
  return {
    name,
    open: async (url) => {
      const engine = await openEngine(url)
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      const rows = () => one<string>(client, 'select count(*) as value from ledger.transfer')
      const before = Number(await rows())
      return {
        load: async (seconds) => {
          const loaded = await runCallers({ callers, seconds, timed, call: make(engine.writer) })
          await sealRest(client)
          return loaded
        },
        check: async (loaded) => {
          const written = Number(await rows()) - before
          if (written !== loaded.count) {
            throw new Error(`${name}: ${loaded.count} answered, ${written} rows written`)
          }
          await check?.(client, loaded)
        },
        close: async () => {
          await client.end()
          await engine.close()
        },
      }
    },
  }
}

const ids = range(1, ACCOUNTS).map(accountId)
const idOf = (n: number) => ids[n - 1]!

/** A caller of single transfers; the pairs are drawn from the first `accounts` accounts. */
export function singles(spread: Spread) {
  return (writer: BookWriter) => {
    const pool = new RandomPool()
    const next = pairs(spread)
    return async () => {
      const [debit, credit] = next()
      const result = await writer.transfer(post(pool.hex(), idOf(debit), idOf(credit), 1n))
      if (result.status !== 'accepted') throw new Error(`refused: ${result.code}`)
      return 1
    }
  }
}

/** Single transfers, as many as the writer takes. */
export const engine = (spread: Spread): Design =>
  design({ name: `engine_${spread}`, make: singles(spread) })

/** 64 callers in process: what one of them waits for its answer. */
export const callers64: Design = design({
  name: 'engine_64_callers',
  callers: 64,
  timed: true,
  make: singles('uniform'),
})

const SPLIT = 10

/** One payer, account 1, to ten receivers in one linked transfer; legs are counted. */
export const split10: Design = design({
  name: 'split10',
  callers: 1_000,
  make: (writer) => {
    const pool = new RandomPool()
    const dice = new Dice(13)
    return async () => {
      const first = 2 + dice.below(ACCOUNTS - SPLIT)
      const legs: Leg[] = []
      for (let n = first; n < first + SPLIT; n += 1) {
        legs.push({ debit: idOf(1), credit: idOf(n), amount: 1n })
      }
      const result = await writer.transfer({ type: 'post', id: pool.hex(), legs })
      if (result.status !== 'accepted') throw new Error(`refused: ${result.code}`)
      return SPLIT
    }
  },
})

interface Attempt {
  payment: number
  attempts: number
}

/** A module's own state change, as small as one may be: a row moves by one conditional update. */
const moveEffect: Effect<Attempt> = {
  name: 'bench.move_payment',
  sql: `update bench.payment p set attempts = p.attempts + 1, moved_at = $2
    from unnest($3::bigint[], $4::int[]) as row (id, attempts)
    where p.book_id = $1 and p.id = row.id and p.attempts = row.attempts
    returning p.id::text as moved`,
  columns: (rows) => [rows.map(({ payment }) => payment), rows.map(({ attempts }) => attempts)],
  key: ({ payment }) => String(payment),
}

/** The table of the command's row effect: a payment for each caller. */
export const COMMAND_TABLE = `
  create schema bench;
  create table bench.payment (
    book_id int not null,
    id bigint not null,
    attempts int not null,
    moved_at timestamptz,
    primary key (book_id, id)
  ) with (fillfactor = 50);
  insert into bench.payment select ${BOOK}, n, 0 from generate_series(0, ${CALLERS - 1}) as n;`

/** Whole commands: a row effect, an outbox row, a stored key and one transfer. */
export const command: Design = design({
  name: 'command',
  make: (writer) => {
    const pool = new RandomPool()
    const next = pairs('uniform')
    const attempts = new Int32Array(CALLERS)
    return async (caller) => {
      const [debit, credit] = next()
      const id = pool.hex()
      const aggregate = `pay_${BOOK}_${id}`
      const body = { id: aggregate, state: 'settled', amount: { amount: '1', currency: 'CNY' } }
      const row = { payment: caller, attempts: attempts[caller]! }
      attempts[caller]! += 1
      const result = await writer.submit({
        roots: [`payment:${caller}`],
        transfers: [post(id, idOf(debit), idOf(credit), 1n)],
        effects: [applied(moveEffect, row)],
        events: [{ kind: 'bench.payment_moved', aggregate, payload: body }],
        answer: {
          keyHash: pool.hex() + pool.hex(),
          requestHash: pool.hex() + pool.hex(),
          status: 200,
          body,
        },
      })
      if (result.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`)
      return 1
    }
  },
  check: async (client, { count }) => {
    const found = await one<string>(
      client,
      `select (select sum(attempts) from bench.payment) || '/' || (select count(*) from base.outbox)
         || '/' || (select count(*) from base.answer) as value`,
    )
    const expected = `${count}/${count}/${count}`
    if (found !== expected) throw new Error(`command: ${found} rows found, ${expected} expected`)
  },
})
