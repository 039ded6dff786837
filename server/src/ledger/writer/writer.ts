/**
 * The book writer: one ordered queue per book, decided in memory, written in batches.
 *
 * `callers.ts` knows who waits, `admission.ts` decides, `flights.ts` sends off, and `recovery.ts` goes on
 * when a batch was not committed; here is when each has its turn, and what may be read meanwhile.
 *
 * Rules that are easy to break: callers are answered only after COMMIT; a batch with effects is
 * alone in flight; memory is taken back newest batch first; an unknown COMMIT is resolved through
 * the epoch and never by trying again.
 */
import type { Clock, Uuid, World } from '#base'
import type { Account, Balance } from '../account.ts'
import type { Book } from '../book.ts'
import { type Command, type CommandResult, NotOwner, type TransferResult } from '../command.ts'
import type { BookWriter, Hold } from '../ledger.ts'
import type { TransferRequest } from '../transfer.ts'
import { Admission } from './admission.ts'
import type { Batch } from './batch.ts'
import { Callers } from './callers.ts'
import { bareEntry, commandEntry, type Entry, isBare } from './entry.ts'
import { Flights } from './flights.ts'
import { look, type Needs } from './look-up.ts'
import type { HeldMoney, Memory } from './memory.ts'
import type { Partitions } from './partitions.ts'
import { Recovery } from './recovery.ts'
import type { Head } from './takeover.ts'

/** A second batch goes out beside the first only when this many wait: small batches cost more. */
const SECOND_BATCH_AT = 512
const PAUSE_MS = 100

export interface WriterOptions {
  readonly world: World
  /** Waits of the machinery; the wall's, so that they pass while business time stands still. */
  readonly wall: Clock
  readonly book: Book
  readonly head: Head
  readonly memory: Memory
  readonly partitions: Partitions
  /** Most entries that wait; more are answered with QueueFull. */
  readonly queueMax: number
  /** Called once when another epoch took the book. */
  readonly onFenced: () => void
  /** Whether accounts of this holder are frozen from their opening on. */
  readonly isFrozen?: ((holder: string) => boolean) | undefined
  /** Hears of every batch that has committed. */
  readonly onBatch?: ((batch: CommittedBatch) => void) | undefined
}

export interface CommittedBatch {
  readonly book: number
  /** Commands and bare transfers answered by it. */
  readonly entries: number
  /** From its first decision to the answer to its COMMIT. */
  readonly ms: number
}

export class Writer implements BookWriter {
  private readonly options: WriterOptions
  private readonly memory: Memory
  private readonly head: Head
  private readonly admission: Admission
  private readonly callers: Callers
  private readonly flights: Flights
  private readonly inFlight: readonly Batch[]
  private readonly recovery: Recovery
  private readonly looking = new Set<Promise<void>>()
  private scheduled = false
  private recovering: Promise<void> | undefined

  constructor(options: WriterOptions) {
    const { world, wall, book, head, memory, partitions, queueMax, onFenced } = options
    const { db, log } = world
    const flights = new Flights({ db, book, head, partitions })
    const inFlight = flights.batches
    const admission = new Admission({
      book,
      memory,
      partitions,
      inFlight,
      isFrozen: options.isFrozen,
    })
    const { postponed } = admission
    const callers = new Callers({ book: book.number, wall, postponed, inFlight, queueMax })
    this.options = options
    this.memory = memory
    this.head = head
    this.admission = admission
    this.callers = callers
    this.flights = flights
    this.inFlight = inFlight
    this.recovery = new Recovery({
      ...{ book: book.number, db, log, wall, head, admission, callers, flights, onFenced },
      deliver: (batch) => {
        this.advance(batch)
        this.answer(batch)
      },
    })
  }

  get book(): Book {
    const { closedBefore } = this.memory
    return closedBefore === undefined ? this.options.book : { ...this.options.book, closedBefore }
  }

  transfer(request: TransferRequest): Promise<TransferResult> {
    return new Promise((resolve, reject) => {
      this.enqueue(bareEntry(request, resolve, reject))
    })
  }

  submit(command: Command): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      this.enqueue(commandEntry(command, resolve, reject))
    })
  }

  account(id: Uuid): Account | undefined {
    return this.committedAccount(this.memory.find(id))
  }

  accountByCode(code: string): Account | undefined {
    return this.committedAccount(this.memory.numbersByCode.get(code) ?? -1)
  }

  accounts(after: number, limit: number): Account[] {
    const page: Account[] = []
    for (let index = after; index < this.committedAccounts && page.length < limit; index += 1) {
      page.push(this.memory.account(this.book.number, index))
    }
    return page
  }

  balance(id: Uuid): Promise<Balance | undefined> {
    return this.committed(() => {
      const index = this.memory.find(id)
      return index < 0 ? undefined : this.memory.balance(index)
    })
  }

  async hold(id: Uuid): Promise<Hold | undefined> {
    const inMemory = await this.committed(() => {
      const held = this.memory.holds.get(id)
      return held === undefined ? undefined : this.describe(held)
    })
    if (inMemory !== undefined) return inMemory
    const needs: Needs = { keys: new Set(), holds: new Set([id]), subjects: new Set() }
    const { holds } = await this.look(needs)
    const held = holds.get(id)
    return held === undefined || held === null ? undefined : this.describe(held)
  }

  /** Answers everything accepted so far, then takes no more. */
  async close(): Promise<void> {
    while (this.waiting > 0 || this.inFlight.length > 0 || this.looking.size > 0) {
      if (this.callers.stopped !== undefined) break
      await this.settled()
    }
    this.callers.stop(new NotOwner(this.book.number))
    await this.options.partitions.idle()
    await this.flights.connections.drop(true)
  }

  /** How many entries wait to be decided. */
  get waiting(): number {
    return this.callers.queue.length
  }

  get position(): { seq: number; epoch: number; lastId: number } {
    return { seq: this.head.seq, epoch: this.head.epoch, lastId: this.head.lastId }
  }

  private committedAccount(index: number): Account | undefined {
    if (index < 0 || index >= this.committedAccounts) return undefined
    return this.memory.account(this.book.number, index)
  }

  /** Those of a batch in flight may be taken back: who counted on one would be refused for good. */
  private get committedAccounts(): number {
    return this.inFlight.reduce((sum, { openings }) => sum - openings.count, this.memory.accounts)
  }

  private describe(held: HeldMoney): Hold {
    const { memory } = this
    return {
      id: held.key,
      number: BigInt(held.id),
      debit: memory.idOf(held.debit),
      credit: memory.idOf(held.credit),
      amount: held.amount,
      remaining: held.remaining,
      state: held.state,
      ...(held.expiresAt === undefined ? {} : { expiresAt: held.expiresAt }),
      pinned: held.pinned,
    }
  }

  /** Reads memory, and answers once every batch the reading contains has committed. */
  private async committed<T>(read: () => T): Promise<T> {
    for (;;) {
      const { stopped } = this.callers
      if (stopped !== undefined) throw stopped
      const value = read()
      const { newest } = this.flights
      if (newest === undefined) return value
      const outcome = await newest.ended
      if (outcome?.kind === 'committed') return value
      await this.recovering
    }
  }

  private enqueue(entry: Entry): void {
    if (this.callers.take(entry)) this.schedule()
  }

  /** Lets every caller of this turn of the event loop come in before a batch is cut: no timer. */
  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.pump()
    })
  }

  private pump(): void {
    while (this.mayStart()) {
      if (!this.options.partitions.covers(this.memory.nextId + Admission.LEGS_PER_BATCH)) {
        void this.makeRoom()
        return
      }
      const batch = this.cut()
      if (batch !== undefined) this.flights.launch(batch, () => this.land(batch))
    }
  }

  private mayStart(): boolean {
    if (this.callers.stopped !== undefined || this.recovering !== undefined) return false
    const { queue } = this.callers
    const idle = this.inFlight.length === 0
    if (this.waiting === 0) return idle && this.admission.lags
    if (idle) return true
    // Beside a batch in flight only a large batch of bare transfers goes out.
    return (
      this.inFlight.length === 1 &&
      !this.inFlight[0]!.alone &&
      !queue.hasGroups &&
      this.waiting >= SECOND_BATCH_AT &&
      isBare(queue.peek()!)
    )
  }

  /** Takes entries from the queue and decides them; `undefined` when none needs the database. */
  private cut(): Batch | undefined {
    const { newest } = this.flights
    const batch = this.flights.emptyBatch()
    batch.begin({
      seq: this.head.seq + this.inFlight.length + 1,
      firstId: this.memory.nextId,
      at: Math.max(this.options.world.clock.now(), newest?.at ?? this.head.sealedAt),
      mono: this.options.wall.mono(),
    })
    const group = this.callers.queue.takeGroup()
    const later: Entry[] = []
    if (group !== undefined) this.admission.admitAll(batch, group, later)
    else this.admitQueue(batch, later, newest !== undefined)
    this.callers.requeue(later)
    for (const entry of batch.settled.splice(0)) this.callers.letGo(entry)
    this.startLooking()
    const idle = this.waiting === 0 && batch.entries.length < SECOND_BATCH_AT
    this.admission.finish(batch, idle, newest?.hash ?? this.head.chain)
    if (batch.empty && batch.accounts.count === 0) {
      this.flights.giveBack(batch)
      return undefined
    }
    return batch
  }

  private admitQueue(batch: Batch, later: Entry[], bareOnly: boolean): void {
    const { queue } = this.callers
    while (this.admission.hasRoom(batch)) {
      const entry = queue.peek()
      if (entry === undefined || (bareOnly && !isBare(entry))) return
      queue.skip()
      this.admission.admit(batch, entry, later)
    }
  }

  /** Called in the order in which batches ended; the first in flight decides what happens. */
  private land(batch: Batch): void {
    if (this.recovering !== undefined || this.inFlight[0] !== batch) return
    if (batch.outcome!.kind !== 'committed') {
      this.recovering = this.recovery.run().finally(() => {
        this.recovering = undefined
        this.schedule()
      })
      return
    }
    this.flights.batches.shift()
    this.advance(batch)
    // The next batch leaves first: answering a full batch takes its callers as long as writing it.
    this.pump()
    this.answer(batch)
    const [next] = this.inFlight
    if (next?.outcome !== undefined) this.land(next)
    this.pump()
  }

  /** The batch is committed: the book stands where it ends. */
  private advance(batch: Batch): void {
    this.head.seq = batch.seq
    this.head.lastId = batch.lastId
    this.head.chain = batch.hash
    this.head.sealedAt = batch.at
    this.callers.gotThrough()
  }

  private answer(batch: Batch): void {
    for (const [index, entry] of batch.entries.entries()) {
      this.callers.letGo(entry)
      entry.resolve(batch.results[index]!)
    }
    this.callers.requeue(batch.waiting)
    const { partitions, world, wall, onBatch } = this.options
    onBatch?.({
      book: this.options.book.number,
      entries: batch.entries.length,
      ms: wall.mono() - batch.mono,
    })
    void partitions.makeAhead(world.db, this.memory.nextId).catch(() => undefined)
    void partitions.sealFull(world.db, batch.lastId).catch(() => undefined)
    this.admission.forget(batch)
    this.flights.giveBack(batch)
  }

  private async makeRoom(): Promise<void> {
    const { partitions, world, wall } = this.options
    try {
      await partitions.makeAhead(world.db, this.memory.nextId + Admission.LEGS_PER_BATCH)
    } catch {
      this.callers.shedWhenAway()
      await wall.sleep(PAUSE_MS, 'ledger.make_partition')
    }
    this.schedule()
  }

  private startLooking(): void {
    const asked = this.admission.postponed.takeLookUps()
    if (asked === undefined) return
    const work = this.look(asked.needs)
      .then((looked) => {
        for (const entry of asked.entries) entry.looked = looked
        this.callers.gotThrough()
        this.callers.requeue(asked.entries)
      })
      .catch(async (error: Error) => {
        this.options.world.log.warn({ error, book: this.book.number }, 'a look-up is made again')
        await this.options.wall.sleep(PAUSE_MS, 'ledger.look_again')
        this.callers.requeue(asked.entries)
        this.callers.shedWhenAway()
      })
      .finally(() => {
        this.looking.delete(work)
        this.schedule()
      })
    this.looking.add(work)
  }

  private look(needs: Needs) {
    const { world, partitions } = this.options
    return look(world.db, this.book.number, needs, { memory: this.memory, partitions })
  }

  /** Resolves after something in flight or being looked up has ended. */
  private async settled(): Promise<void> {
    const [first] = this.inFlight
    const [looking] = this.looking
    if (first?.ended !== undefined) await first.ended
    else if (looking !== undefined) await looking
    await this.recovering
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
