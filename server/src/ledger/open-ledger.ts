/**
 * The ledger of one server: it writes the books it was elected for and watches the others, to take
 * them over when their owner is gone.
 *
 * The advisory lock only elects. What keeps two servers from writing one book is the epoch that every
 * batch checks in its own tx.
 */
import type pg from 'pg'
import { type Clock, type StoredAnswer, storeAnswer, type Tx, type World, wallClock } from '#base'
import type { Book } from './book.ts'
import { type BookRow, bookOfRow } from './book-row.ts'
import { CHARTS } from './charts.ts'
import { NotOwner } from './command.ts'
import type { Ledger, NewBook } from './ledger.ts'
import { CHAIN_START } from './writer/chain.ts'
import { Partitions } from './writer/partitions.ts'
import {
  BOOK,
  BOOKS_AFTER,
  createPartition,
  DISOWN,
  INSERT_ACCOUNTS,
  INSERT_BOOK,
  INSERT_HEAD,
  INSERT_PARTITION,
  LOCK_BOOKS,
  OWNER_URL,
  TRY_OWN,
} from './writer/store.ts'
import { bumpEpoch, loadMemory } from './writer/takeover.ts'
import { type CommittedBatch, Writer } from './writer/writer.ts'

const WATCH_MS = 250
const BOOKS_STEP = 500
/** Why this many: see docs/decisions.md. */
const PARTITION_ROWS = 2_000_000
const QUEUE_MAX = 50_000

export interface LedgerOptions {
  readonly world: World
  /** Where other servers reach this one; they forward requests for its books there. */
  readonly ownUrl?: string
  /** Transfers per partition; at least 10,000. */
  readonly partitionRows?: number
  /** Entries that may wait per book before callers are told to come later. */
  readonly queueMax?: number
  /** False for a server that only reads. */
  readonly writes?: boolean
  /**
   * Whether accounts of this holder are frozen from their opening on, by an order that stands. Asked
   * when a command is decided, so it must answer from memory.
   */
  readonly isFrozen?: (orgId: number, holder: string) => boolean
  /** Hears of every batch that has committed, for metrics. */
  readonly onBatch?: (batch: CommittedBatch) => void
}

/** Opens the ledger and takes every book that nobody writes. */
export async function openLedger(options: LedgerOptions): Promise<ServerLedger> {
  const ledger = new ServerLedger(options)
  await ledger.open()
  return ledger
}

export class ServerLedger implements Ledger {
  private readonly options: LedgerOptions
  private readonly world: World
  private readonly wall: Clock = wallClock()
  private readonly writers = new Map<number, Writer>()
  private readonly owners = new Map<number, string>()
  /** The organisation of each book seen so far; it never changes. */
  private readonly orgs = new Map<number, number>()
  private election: pg.Client | undefined
  private electionLost = false
  private closed = false
  private watching: Promise<void> | undefined
  private taking: Promise<void> = Promise.resolve()

  constructor(options: LedgerOptions) {
    this.options = options
    this.world = options.world
  }

  async open(): Promise<void> {
    if (this.options.writes === false) return
    await this.takeBooks()
    this.watching = this.watch()
  }

  writer(book: number): Writer {
    const writer = this.writers.get(book)
    if (writer === undefined) throw new NotOwner(book, this.owners.get(book))
    return writer
  }

  /** The books this server writes now. */
  owned(): readonly number[] {
    return [...this.writers.keys()]
  }

  /**
   * The organisation of a book, from memory. A book made by another server is known within half a
   * second, when this one has next looked for books to write.
   */
  orgOf(book: number): number | undefined {
    return this.orgs.get(book)
  }

  async book(book: number): Promise<Book | undefined> {
    const [row] = await this.world.db.query<BookRow>(BOOK, [book])
    return row === undefined ? undefined : this.seen(row)
  }

  async books(after: number, limit: number): Promise<Book[]> {
    const rows = await this.world.db.query<BookRow>(BOOKS_AFTER, [after, limit])
    return rows.map((row) => this.seen(row))
  }

  private seen(row: BookRow): Book {
    this.orgs.set(row.book_id, row.org_id)
    return bookOfRow(row)
  }

  async createBook(request: NewBook): Promise<Book> {
    const number = await this.world.db.tx((tx) => this.insertBook(tx, request))
    this.orgs.set(number, request.orgId)
    await this.take(number)
    return this.writer(number).book
  }

  async close(): Promise<void> {
    this.closed = true
    await this.watching
    await this.taking
    for (const writer of this.writers.values()) await writer.close()
    this.writers.clear()
    await this.election?.end().catch(() => undefined)
  }

  private async insertBook(tx: Tx, request: NewBook): Promise<number> {
    await tx.query(LOCK_BOOKS)
    const at = new Date(this.world.clock.now())
    const { orgId, name, currency, chart, answer } = request
    const rows = await tx.query<{ book_id: number }>(INSERT_BOOK, [
      orgId,
      name,
      currency,
      chart,
      at,
    ])
    const number = rows[0]!.book_id
    await tx.query(INSERT_HEAD, [number, orgId, CHAIN_START, at])
    await this.insertSingles(tx, { number, orgId, chart, at })
    const end = 1 + (this.options.partitionRows ?? PARTITION_ROWS)
    for (const statement of createPartition(number, 1, 1, end)) await tx.query(statement)
    await tx.query(INSERT_PARTITION, [number, orgId, 1, 1, end])
    if (answer !== undefined) {
      await this.store(tx, answer({ number, orgId, name, currency, chart }))
    }
    return number
  }

  /** The accounts of which a book has exactly one, opened with it. */
  private async insertSingles(
    tx: Tx,
    book: { number: number; orgId: number; chart: string; at: Date },
  ): Promise<void> {
    const singles = (CHARTS[book.chart] ?? []).filter((row) => row.single)
    await tx.query(INSERT_ACCOUNTS, [
      book.number,
      book.orgId,
      book.at,
      0,
      singles.map((_, index) => index + 1),
      singles.map(() => this.world.ids.uuid()),
      singles.map((row) => row.code),
      singles.map((row) => row.name),
      singles.map(() => null),
      singles.map((row) => row.side),
      singles.map((row) => row.creditLimit),
    ])
  }

  /** The answer to a request that creates a book is kept in book 0: the new one has no key yet. */
  private async store(tx: Tx, answer: StoredAnswer): Promise<void> {
    const at = new Date(this.world.clock.now())
    const moved = await tx.query(storeAnswer.sql, [0, at, ...storeAnswer.columns([answer])])
    if (moved.length === 0) throw new Error('the idempotency key was used by another request')
  }

  private async watch(): Promise<void> {
    while (!this.closed) {
      await this.wall.sleep(WATCH_MS, 'ledger.watch_books')
      if (this.closed) return
      try {
        await this.takeBooks()
      } catch (error) {
        this.world.log.warn({ error }, 'looking for books to write failed')
      }
    }
  }

  private async takeBooks(): Promise<void> {
    await this.elect()
    for (let after = 0; ; ) {
      const page = await this.books(after, BOOKS_STEP)
      for (const { number } of page) if (!this.writers.has(number)) await this.take(number)
      const last = page.at(-1)
      if (last === undefined || page.length < BOOKS_STEP) return
      after = last.number
    }
  }

  /** The session whose locks say that this server is alive. */
  private async elect(): Promise<pg.Client> {
    if (this.election !== undefined && !this.electionLost) return this.election
    await this.election?.end().catch(() => undefined)
    // Forgotten before connecting: should that fail, the next look must not take the dead one for it.
    this.election = undefined
    const client = await this.world.db.connect({ applicationName: 'tenon ledger election' })
    const lost = () => {
      if (this.election === client) this.electionLost = true
    }
    client.on('error', lost)
    client.on('end', lost)
    this.electionLost = false
    this.election = client
    // The books we write keep their lock if nobody took it meanwhile; if one did, the epoch decides.
    for (const book of this.writers.keys()) await client.query(TRY_OWN, [book])
    return client
  }

  /** Takes a book over when it is free; one at a time. */
  private take(book: number): Promise<void> {
    const run = this.taking.then(() => this.tryTake(book))
    this.taking = run.catch(() => undefined)
    return run
  }

  private async tryTake(number: number): Promise<void> {
    if (this.closed || this.writers.has(number)) return
    const client = await this.elect()
    const { rows } = await client.query<{ owned: boolean }>(TRY_OWN, [number])
    if (rows[0]?.owned !== true) return await this.noteOwner(number)
    const { db, log } = this.world
    const head = await bumpEpoch(db, number, this.options.ownUrl)
    const book = await this.book(number)
    if (head === undefined || book === undefined) return
    const memory = await loadMemory(db, number, head)
    const partitions = new Partitions({
      book: { number, orgId: book.orgId },
      rows: this.options.partitionRows ?? PARTITION_ROWS,
      clock: this.world.clock,
      log,
    })
    await partitions.load(db, head.lastId)
    const writer = new Writer({
      world: this.world,
      wall: this.wall,
      book,
      head,
      memory,
      partitions,
      queueMax: this.options.queueMax ?? QUEUE_MAX,
      isFrozen: this.frozenIn(book.orgId),
      onFenced: () => this.giveUp(number, writer),
      onBatch: this.options.onBatch,
    })
    this.writers.set(number, writer)
    this.owners.delete(number)
    log.info({ book: number, epoch: head.epoch, seq: head.seq }, 'writing a book')
  }

  private frozenIn(orgId: number): ((holder: string) => boolean) | undefined {
    const { isFrozen } = this.options
    return isFrozen && ((holder) => isFrozen(orgId, holder))
  }

  private async noteOwner(book: number): Promise<void> {
    const [row] = await this.world.db.query<{ owner_url: string | null }>(OWNER_URL, [book])
    if (row?.owner_url === null || row === undefined || row.owner_url === this.options.ownUrl) {
      this.owners.delete(book)
    } else this.owners.set(book, row.owner_url)
  }

  private giveUp(book: number, writer: Writer): void {
    if (this.writers.get(book) === writer) this.writers.delete(book)
    this.world.log.warn({ book }, 'another server writes this book now')
    void this.election?.query(DISOWN, [book]).catch(() => undefined)
    void writer.close()
  }
}
