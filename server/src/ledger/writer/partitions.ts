/**
 * The partitions of one book's transfers. A book writes into one at a time; the next is made while
 * the present one is half full. A full one is sealed: its history indexes are built in bulk, which
 * costs a tenth of keeping them while writing, and the filter over its ids is saved.
 */
import type { Clock, Log, Tx } from '#base'
import { KeyFilter } from './key-filter.ts'
import {
  analyzePartition,
  createPartition,
  historyIndexes,
  INSERT_PARTITION,
  KEYS_IN_RANGE,
  PARTITIONS,
  partitionTable,
  SEAL_PARTITION,
} from './store.ts'
import { UuidWords } from './uuid-words.ts'

/** Ids are read back in steps of this many transfers when a filter must be made anew. */
const KEYS_STEP = 250_000

export interface Partition {
  readonly number: number
  readonly first: number
  /** One past the last id. */
  readonly end: number
  readonly table: string
  sealed: boolean
  filter: KeyFilter
}

export interface IdRange {
  readonly first: number
  readonly end: number
}

export class Partitions {
  readonly list: Partition[] = []
  private readonly book: { number: number; orgId: number }
  private readonly rows: number
  private readonly clock: Clock
  private readonly log: Log
  private working: Promise<void> = Promise.resolve()
  private ahead: Promise<void> | undefined

  constructor(options: {
    book: { number: number; orgId: number }
    /** How many transfers a partition holds. */
    rows: number
    clock: Clock
    log: Log
  }) {
    this.book = options.book
    this.rows = options.rows
    this.clock = options.clock
    this.log = options.log
  }

  /** Reads the partitions and their filters; rebuilds the filters of those not sealed. */
  async load(db: Tx, lastId: number): Promise<void> {
    const rows = await db.query(PARTITIONS, [this.book.number])
    for (const row of rows) {
      const filter = row.key_filter as Buffer | null
      this.add({
        number: row.number as number,
        first: Number(row.first_id),
        end: Number(row.end_id),
        sealed: row.sealed as boolean,
        filter: filter === null ? undefined : KeyFilter.from(filter),
      })
    }
    for (const partition of this.list) {
      if (!partition.sealed) await this.readKeys(db, partition, lastId)
    }
  }

  /** The partition a transfer id lies in. */
  at(id: number): Partition {
    for (let index = this.list.length - 1; index >= 0; index -= 1) {
      const partition = this.list[index]!
      if (id >= partition.first && id < partition.end) return partition
    }
    throw new Error(`no partition for transfer ${id} of book ${this.book.number}`)
  }

  /** True when some partition may hold the key. */
  maybe(key: UuidWords, hash: number): boolean {
    for (const partition of this.list) if (partition.filter.maybe(key, hash)) return true
    return false
  }

  /** Where the key may be. */
  candidates(key: UuidWords): Partition[] {
    const hash = key.hash()
    return this.list.filter((partition) => partition.filter.maybe(key, hash))
  }

  /** Whether ids up to `last` have a table. */
  covers(last: number): boolean {
    return last < this.list.at(-1)!.end
  }

  /** Makes the next partition when the last one is half full; at most one at a time. */
  makeAhead(db: Tx, nextId: number): Promise<void> {
    const last = this.list.at(-1)!
    if (nextId < last.first + (last.end - last.first) / 2) return Promise.resolve()
    this.ahead ??= this.inTurn(async () => {
      try {
        await this.make(db, last.number + 1, last.end)
      } finally {
        this.ahead = undefined
      }
    })
    return this.ahead
  }

  /** Seals every partition that lies wholly at or below `committedId`. */
  sealFull(db: Tx, committedId: number): Promise<void> {
    const full = this.list.filter((each) => !each.sealed && each.end - 1 <= committedId)
    if (full.length === 0) return Promise.resolve()
    return this.inTurn(async () => {
      for (const partition of full) {
        if (!partition.sealed) await this.seal(db, partition)
      }
    })
  }

  /** Waits for making and sealing under way. */
  async idle(): Promise<void> {
    await this.working
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const run = this.working.then(work)
    this.working = run.catch((error: unknown) => {
      this.log.warn({ error, book: this.book.number }, 'work on a ledger partition failed')
    })
    return run
  }

  private async make(db: Tx, number: number, first: number): Promise<void> {
    const { number: book, orgId } = this.book
    const end = first + this.rows
    for (const statement of createPartition(book, number, first, end)) await db.query(statement)
    await db.query(INSERT_PARTITION, [book, orgId, number, first, end])
    this.add({ number, first, end, sealed: false, filter: undefined })
  }

  private async seal(db: Tx, partition: Partition): Promise<void> {
    const { number: book } = this.book
    for (const statement of historyIndexes(book, partition.number)) await db.query(statement)
    // Without statistics the planner takes a full partition for an empty one until autovacuum comes.
    await db.query(analyzePartition(partition.table))
    const sealedAt = new Date(this.clock.now())
    await db.query(SEAL_PARTITION, [book, partition.number, sealedAt, partition.filter.bytes()])
    partition.sealed = true
    this.log.info({ book, partition: partition.number }, 'sealed a ledger partition')
  }

  private add(row: {
    number: number
    first: number
    end: number
    sealed: boolean
    filter: KeyFilter | undefined
  }): void {
    const filter = row.filter ?? new KeyFilter(row.end - row.first)
    const table = partitionTable(this.book.number, row.number)
    this.list.push({ ...row, table, filter })
  }

  private async readKeys(db: Tx, partition: Partition, lastId: number): Promise<void> {
    const key = new UuidWords()
    for (let first = partition.first; first < partition.end; first += KEYS_STEP) {
      if (first > lastId + 1) return
      const end = Math.min(first + KEYS_STEP, partition.end)
      const rows = await db.query(KEYS_IN_RANGE, [this.book.number, first, end])
      for (const bytes of [rows[0]!.booked, rows[0]!.refused] as (Buffer | null)[]) {
        for (let at = 0; bytes !== null && at < bytes.length; at += 16) {
          key.read(bytes, at)
          partition.filter.add(key, key.hash())
        }
      }
    }
  }
}
