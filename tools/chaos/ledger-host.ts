/**
 * One server of the chaos run, a process of its own: opens the ledger and runs what it is sent. It
 * decides nothing and repairs nothing: what it can do when its database or its ownership goes is the
 * ledger's doing, and that is what is on trial.
 *
 * Argument: the url of the database.
 */
import {
  applied,
  createLog,
  type Effect,
  type LogLevel,
  type Uuid,
} from '../../server/src/base/index.ts'
import {
  type Balance,
  type BookWriter,
  type Ledger,
  NotOwner,
  openLedger,
  QueueFull,
  RefusedByData,
} from '../../server/src/ledger/index.ts'
import { realWorld } from '../real-world.ts'
import { type Answer, CHAOS_BOOK, type FromHost, type ToHost, type Work } from './messages.ts'

interface MarkRow {
  id: string
  amount: bigint
}

const markEffect: Effect<MarkRow> = {
  name: 'chaos.mark',
  sql: `insert into chaos.mark (book_id, id, amount, at)
    select $1, id, amount, $2 from unnest($3::text[], $4::bigint[]) as row (id, amount)
    on conflict do nothing returning id as moved`,
  columns: (rows) => [rows.map(({ id }) => id), rows.map(({ amount }) => String(amount))],
  key: ({ id }) => id,
}

const RETRY_MS = 100

/** `TENON_CHAOS_LOG=info` shows what the ledger says while it is tried. */
const level = (process.env.TENON_CHAOS_LOG ?? 'silent') as LogLevel
const world = realWorld({ url: process.argv[2]!, max: 4, log: createLog({ level }) })
let ledger: Ledger | undefined

const say = (message: FromHost) => {
  // The parent may be gone; a host without one has nothing left to do.
  if (process.connected) process.send!(message)
}

/** A server that starts while its database is down tries again, as its supervisor would. */
async function open(): Promise<void> {
  for (;;) {
    try {
      ledger = await openLedger({ world })
      return
    } catch (error) {
      world.log.warn({ error }, 'the ledger did not open')
      await world.clock.sleep(RETRY_MS, 'chaos.open')
    }
  }
}

function writer(): BookWriter {
  if (ledger === undefined) throw new NotOwner(CHAOS_BOOK)
  return ledger.writer(CHAOS_BOOK)
}

function owns(): boolean {
  try {
    return writer() !== undefined
  } catch {
    return false
  }
}

async function run(work: Work): Promise<Answer> {
  try {
    if (work.kind === 'transfer') {
      return { outcome: 'result', result: await writer().transfer(work.request) }
    }
    return await command(work)
  } catch (error) {
    if (error instanceof RefusedByData) return { outcome: 'data', sqlState: error.sqlState }
    if (error instanceof NotOwner || error instanceof QueueFull) {
      return { outcome: 'not_taken', why: error.message }
    }
    return { outcome: 'unknown', why: String(error) }
  }
}

async function command({ request, mark }: Work & { kind: 'command' }): Promise<Answer> {
  const id = mark === 'stale' ? 'taken' : request.id
  const amount = mark === 'poison' ? 0n : 1n
  const result = await writer().submit({
    roots: [`mark:${id}`],
    transfers: [request],
    effects: [applied(markEffect, { id, amount })],
    events: [{ kind: 'chaos.marked', aggregate: id, payload: { id: request.id } }],
  })
  switch (result.status) {
    case 'stale':
      return { outcome: 'stale' }
    case 'refused':
      return {
        outcome: 'result',
        result: { status: 'refused', replayed: false, code: result.code },
      }
    default:
      return { outcome: 'result', result: result.transfers[0]! }
  }
}

/** None when it does not write the book: the judge then finds every balance wrong. */
async function balancesOf(accounts: readonly Uuid[]): Promise<(Balance | undefined)[]> {
  try {
    return await Promise.all(accounts.map((id) => writer().balance(id)))
  } catch {
    return []
  }
}

async function take(message: ToHost): Promise<void> {
  switch (message.kind) {
    case 'work':
      return say({ kind: 'answer', n: message.n, answer: await run(message.work) })
    case 'owns':
      return say({ kind: 'owns', yes: owns() })
    case 'balances': {
      return say({ kind: 'balances', balances: await balancesOf(message.accounts) })
    }
  }
}

process.on('message', (message) => void take(message as ToHost))
process.on('disconnect', () => process.exit())
say({ kind: 'started' })
void open()
