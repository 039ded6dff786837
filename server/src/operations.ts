/** What those who run the server see of the ledger: whether it can work, and how it is doing. */
import { type Db, DbUnavailable, type Metrics, type NotReady, schemaProblem } from './base/index.ts'
import { type CommittedBatch, NotOwner, type ServerLedger } from './ledger/index.ts'

const BOOKS_STEP = 500

/** What keeps the server from doing its work: no database, another schema, a book nobody writes. */
export async function notReady(db: Db, ledger: ServerLedger): Promise<NotReady[]> {
  try {
    const schema = await schemaProblem(db)
    if (schema !== undefined) return [{ name: 'schema', says: schema }]
    const orphan = await unwrittenBook(ledger)
    if (orphan === undefined) return []
    return [{ name: 'books', says: `No server writes book ${orphan} yet; wait until one does.` }]
  } catch (error) {
    const says =
      error instanceof DbUnavailable ? error.message : `The database failed: ${String(error)}.`
    return [{ name: 'database', says }]
  }
}

/** A book that neither this server writes nor another one it knows of. */
async function unwrittenBook(ledger: ServerLedger): Promise<number | undefined> {
  for (let after = 0; ; ) {
    const page = await ledger.books(after, BOOKS_STEP)
    for (const { number } of page) if (!hasWriter(ledger, number)) return number
    const last = page.at(-1)
    if (last === undefined || page.length < BOOKS_STEP) return undefined
    after = last.number
  }
}

function hasWriter(ledger: ServerLedger, book: number): boolean {
  try {
    ledger.writer(book)
    return true
  } catch (error) {
    if (!(error instanceof NotOwner)) throw error
    return error.ownerUrl !== undefined
  }
}

/** Metrics of the ledger. Returns what is to hear of every batch. */
export function ledgerMetrics(
  metrics: Metrics,
  ledger: () => ServerLedger,
): (batch: CommittedBatch) => void {
  metrics.gauge('tenon_ledger_books_owned', 'Books this server writes.', {
    read: () => ledger().owned().length,
  })
  metrics.gauge('tenon_ledger_queue_length', 'Commands that wait to be decided, over all books.', {
    read: () => {
      let waiting = 0
      for (const book of ledger().owned()) waiting += ledger().writer(book).waiting
      return waiting
    },
  })
  const batches = metrics.counter('tenon_ledger_batches_total', 'Batches committed.')
  const entries = metrics.counter(
    'tenon_ledger_commands_total',
    'Commands and bare transfers committed; divided by the batches it is their mean size.',
  )
  const times = metrics.histogram(
    'tenon_ledger_batch_seconds',
    'Time from the first decision of a batch to the answer to its COMMIT.',
  )
  return (batch) => {
    batches.inc()
    entries.inc(batch.entries)
    times.observe(batch.ms / 1000)
  }
}
