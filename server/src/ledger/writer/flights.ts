/** The batches in flight, oldest first: at most two, each on a connection of its own. */
import type { Db } from '#base'
import type { Book } from '../book.ts'
import { Batch, type Outcome } from './batch.ts'
import { WriterConnections } from './connections.ts'
import { fly } from './flight.ts'
import type { Partitions } from './partitions.ts'
import type { Head } from './takeover.ts'

export interface FlightsOptions {
  readonly db: Db
  readonly book: Book
  readonly head: Head
  readonly partitions: Partitions
}

export class Flights {
  readonly batches: Batch[] = []
  readonly connections: WriterConnections
  private readonly options: FlightsOptions
  private readonly spare: Batch[] = []

  constructor(options: FlightsOptions) {
    this.options = options
    this.connections = new WriterConnections(options.db, options.book.number)
  }

  get newest(): Batch | undefined {
    return this.batches.at(-1)
  }

  /** An empty batch; batches are used again, because their buffers are large. */
  emptyBatch(): Batch {
    return this.spare.pop() ?? new Batch()
  }

  /** Gives back a batch of which nothing is in use any more. */
  giveBack(batch: Batch): void {
    batch.reset()
    this.spare.push(batch)
  }

  /** Sends a batch off behind those in flight; `land` is called once it has its outcome. */
  launch(batch: Batch, land: () => void): void {
    batch.slot = this.batches.some(({ slot }) => slot === 0) ? 1 : 0
    const before = this.newest?.ended
    this.batches.push(batch)
    batch.ended = this.write(batch, before).then((outcome) => {
      batch.outcome = outcome
      return outcome
    })
    // One turn later than whoever waits for this batch: the next one's seal must be on its way
    // before this one's callers are answered, or the database stands idle meanwhile.
    void batch.ended.then(() => undefined).then(land)
  }

  private async write(batch: Batch, before: Promise<Outcome> | undefined): Promise<Outcome> {
    const { connections } = this
    try {
      const client = connections.ready(batch.slot) ?? (await connections.open(batch.slot))
      const { partitions, book, head } = this.options
      const first = partitions.at(batch.firstId)
      const table = batch.lastId < first.end ? first.table : 'ledger.transfer'
      return await fly(batch, { client, book, epoch: head.epoch, table, before })
    } catch (error) {
      // Only connecting can fail here, before anything was sent. Batches end in their order.
      await before
      return { kind: 'retry', error: error as Error }
    }
  }
}
