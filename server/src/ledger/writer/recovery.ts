/**
 * After a batch that was not committed: what is in flight is taken back, newest first, an unknown COMMIT
 * is resolved through the epoch, and everybody is decided again, refused, or told who cannot be helped.
 */
import type { Clock, Db, Log } from '#base'
import { NotOwner, RefusedByData, StorageFull } from '../command.ts'
import type { Admission } from './admission.ts'
import type { Batch, Outcome } from './batch.ts'
import type { Callers } from './callers.ts'
import type { Entry } from './entry.ts'
import type { Flights } from './flights.ts'
import { BUMP_EPOCH, EPOCH, SEAL_AT } from './store.ts'
import type { Head } from './takeover.ts'

const PAUSE_MS = 100
const PAUSE_MAX_MS = 2_000

export interface RecoveryOptions {
  readonly book: number
  readonly db: Db
  readonly log: Log
  readonly wall: Clock
  readonly head: Head
  readonly admission: Admission
  readonly callers: Callers
  readonly flights: Flights
  /** Moves the head to the end of a batch that was committed after all, and answers its callers. */
  readonly deliver: (batch: Batch) => void
  /** Called once when another epoch took the book. */
  readonly onFenced: () => void
}

export class Recovery {
  private readonly options: RecoveryOptions
  private readonly head: Head
  private readonly callers: Callers
  private readonly flights: Flights

  constructor(options: RecoveryOptions) {
    this.options = options
    this.head = options.head
    this.callers = options.callers
    this.flights = options.flights
  }

  /** Takes back what was not committed and finds out how to go on. */
  async run(): Promise<void> {
    const { callers, flights } = this
    const { admission, wall, book, onFenced } = this.options
    const inFlight = flights.batches
    await Promise.all(inFlight.map((batch) => batch.ended))
    const doubt = inFlight.some((batch) => batch.outcome!.kind === 'doubt')
    await flights.connections.drop(doubt)
    if (doubt) await this.resolveDoubt()
    if (inFlight.some((batch) => batch.outcome!.kind === 'data')) await this.checkOwner()
    const [first, second] = inFlight
    for (const batch of [...inFlight].reverse()) admission.undo(batch)
    const failed = inFlight.splice(0)
    // Fenced with everything in flight committed is fenced all the same: those who wait must hear.
    if (first?.outcome?.kind === 'fenced' || callers.stopped !== undefined) {
      for (const { entries, waiting } of failed) {
        callers.reject([...entries, ...waiting], new NotOwner(book))
      }
      callers.stop(new NotOwner(book))
      onFenced()
      return
    }
    if (first === undefined) return
    const outcome = first.outcome!
    if (second !== undefined) callers.requeue([...second.entries, ...second.waiting])
    callers.requeue(first.waiting)
    this.settleFailed(first, outcome)
    for (const batch of failed) flights.giveBack(batch)
    if (outcome.kind === 'retry' || outcome.kind === 'doubt') {
      await wall.sleep(PAUSE_MS, 'ledger.retry_batch')
    }
  }

  private settleFailed(batch: Batch, outcome: Outcome): void {
    const { callers } = this
    const { log, book } = this.options
    const entries = [...batch.entries]
    switch (outcome.kind) {
      case 'stale': {
        callers.queue.putGroups(entries.filter((entry) => !outcome.entries.has(entry)))
        for (const [entry, effect] of outcome.entries) {
          callers.letGo(entry)
          entry.resolve({ status: 'stale', effect })
        }
        break
      }
      case 'data':
        this.halve(entries, outcome.sqlState, outcome.error)
        break
      case 'full':
        log.error({ error: outcome.error, book }, 'the database has no room; writes are refused')
        callers.reject(entries, new StorageFull(outcome.error.message))
        break
      default: {
        const error = 'error' in outcome ? outcome.error : undefined
        log.warn({ error, book, outcome: outcome.kind }, 'a ledger batch is decided again')
        callers.requeue(entries)
        callers.shedWhenAway()
      }
    }
  }

  /** The database refused the data of one of these: halve until it stands alone. */
  private halve(entries: Entry[], sqlState: string, error: Error): void {
    const { callers } = this
    const { log, book } = this.options
    if (entries.length > 1) {
      const middle = Math.ceil(entries.length / 2)
      callers.queue.putGroups(entries.slice(0, middle), entries.slice(middle))
      return
    }
    const [culprit] = entries
    if (culprit === undefined) return
    log.warn({ error, sqlState, book }, 'the database refused the data of a command')
    callers.letGo(culprit)
    culprit.reject(new RefusedByData(sqlState, error.message))
  }

  /**
   * Learns whether a COMMIT without an answer won. Bumping the epoch waits for the old backend's row
   * lock, and the returned row shows what it left; a plain select would show the past.
   */
  private resolveDoubt(): Promise<void> {
    const { db, book } = this.options
    return this.ask('how a COMMIT ended', async () => {
      const [row] = await db.query<{ epoch: bigint; seq: bigint }>(BUMP_EPOCH, [
        book,
        this.head.epoch,
      ])
      if (row === undefined) return await this.resolveFenced()
      this.head.epoch = Number(row.epoch)
      this.deliverUpTo(Number(row.seq))
    })
  }

  /** A row that collides may be the next owner's: only the owner may say that data was refused. */
  private checkOwner(): Promise<void> {
    const { db, book } = this.options
    return this.ask('who writes the book', async () => {
      const [row] = await db.query<{ epoch: bigint }>(EPOCH, [book])
      if (row?.epoch !== BigInt(this.head.epoch)) this.callers.stop(new NotOwner(book))
    })
  }

  /** Asks until the database answers; not once nobody here may act on the answer. */
  private async ask(what: string, question: () => Promise<void>): Promise<void> {
    const { log, wall, book } = this.options
    for (let pause = PAUSE_MS; this.callers.stopped === undefined; pause *= 2) {
      try {
        return await question()
      } catch (error) {
        log.warn({ error, book, what }, 'the head of a book is asked again')
        this.callers.shedWhenAway()
        await wall.sleep(Math.min(pause, PAUSE_MAX_MS), 'ledger.ask_head')
      }
    }
  }

  /** Another epoch has the book: its seals tell which of ours were committed before it came. */
  private async resolveFenced(): Promise<void> {
    const { db, book } = this.options
    let committed = this.head.seq
    for (const batch of this.flights.batches) {
      const [row] = await db.query<{ hash: Buffer }>(SEAL_AT, [book, batch.seq])
      if (row === undefined || !row.hash.equals(batch.hash)) break
      committed = batch.seq
    }
    this.deliverUpTo(committed)
    this.callers.stop(new NotOwner(book))
  }

  private deliverUpTo(seq: number): void {
    const inFlight = this.flights.batches
    while (inFlight.length > 0 && inFlight[0]!.seq <= seq) this.options.deliver(inFlight.shift()!)
  }
}
