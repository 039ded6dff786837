/**
 * One server of the chaos run, a process of its own: opens the ledger when told to and runs what it
 * is sent. It decides nothing and repairs nothing: what it can do when its database or its ownership
 * goes is the ledger's doing, and that is what is on trial.
 *
 * Arguments: the url of the database.
 */
import { applied, type Effect } from '../../server/src/base/index.ts'
import {
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
  sql: `insert into chaos.mark (book_id, id, amount)
    select $1, id, amount from unnest($3::text[], $4::bigint[]) as row (id, amount)
    on conflict do nothing returning id as moved`,
  columns: (rows) => [rows.map(({ id }) => id), rows.map(({ amount }) => String(amount))],
  key: ({ id }) => id,
}

const url = process.argv[2]!
const world = realWorld({ url, max: 4 })
let ledger: Ledger | undefined

const say = (message: FromHost) => {
  // The parent may be gone; a host without one has nothing left to do.
  if (process.connected) process.send!(message)
}

function writer(): BookWriter {
  if (ledger === undefined) throw new NotOwner(CHAOS_BOOK)
  return ledger.writer(CHAOS_BOOK)
}

async function open(): Promise<void> {
  try {
    await ledger?.close()
    ledger = undefined
    ledger = await openLedger({ world, url })
    say({ kind: 'opened' })
  } catch (error) {
    say({ kind: 'open_failed', why: String(error) })
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

async function take(message: ToHost): Promise<void> {
  switch (message.kind) {
    case 'open':
      return open()
    case 'work':
      return say({ kind: 'answer', n: message.n, answer: await run(message.work) })
    case 'balances': {
      const balances = await Promise.all(message.accounts.map((id) => writer().balance(id)))
      return say({ kind: 'balances', balances })
    }
    case 'close':
      await ledger?.close()
      await world.db.close()
      say({ kind: 'closed' })
      return process.disconnect()
  }
}

process.on('message', (message) => void take(message as ToHost))
process.on('disconnect', () => process.exit())
say({ kind: 'started' })
