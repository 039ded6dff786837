/**
 * The book writer: one ordered queue per book, decided in memory, written in batches.
 *
 * Rules that are easy to break: callers are answered only after COMMIT; a batch with effects is
 * alone in flight; memory is taken back newest batch first; an unknown COMMIT is resolved through
 * the epoch and never by trying again.
 */
import { type Clock, DbUnavailable, type Uuid, type World } from '#base'
import type { Account, Balance } from '../account.ts'
import type { Book } from '../book.ts'
import {
  type Command,
  type CommandResult,
  NotOwner,
  QueueFull,
  RefusedByData,
  type TransferResult,
} from '../command.ts'
import type { BookWriter, Hold } from '../ledger.ts'
import type { TransferRequest } from '../transfer.ts'
import { Admission } from './admission.ts'
import { Batch, type Outcome } from './batch.ts'
import { WriterConnections } from './connections.ts'
import { bareEntry, commandEntry, type Entry, hasUuids, isBare } from './entry.ts'
import { fly } from './flight.ts'
import { look, type Needs } from './look-up.ts'
import type { HeldMoney, Memory } from './memory.ts'
import type { Partitions } from './partitions.ts'
import { EntryQueue } from './queue.ts'
import { BUMP_EPOCH, EPOCH, SEAL_AT } from './store.ts'
import type { Head } from './takeover.ts'

/** A second batch goes out beside the first only when this many wait: small batches cost more. */
const SECOND_BATCH_AT = 512
const PAUSE_MS = 100
const PAUSE_MAX_MS = 2_000
/** How long callers wait for a database that does not take batches before they are told so. */
const PATIENCE_MS = 10_000

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

/** No room in the database: nothing was written, and reads go on. Answer 503 and try later. */
export class StorageFull extends Error {
  override name = 'StorageFull'
}

export class Writer implements BookWriter {
  private readonly options: WriterOptions
  private readonly memory: Memory
  private readonly head: Head
  private readonly admission: Admission
  private readonly queue = new EntryQueue()
  private readonly inFlight: Batch[] = []
  private readonly spare: Batch[] = []
  private readonly connections: WriterConnections
  private readonly looking = new Set<Promise<void>>()
  private scheduled = false
  private recovering: Promise<void> | undefined
  private stopped: Error | undefined
  /** Since when (monotonic ms) no batch has got through; absent while they do. */
  private failingSince: number | undefined

  constructor(options: WriterOptions) {
    this.options = options
    this.memory = options.memory
    this.head = options.head
    this.connections = new WriterConnections(options.world.db, options.book.number)
    this.admission = new Admission({
      book: options.book,
      memory: options.memory,
      partitions: options.partitions,
      inFlight: this.inFlight,
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
      if (this.stopped !== undefined) break
      await this.settled()
    }
    this.stop(new NotOwner(this.book.number))
    await this.options.partitions.idle()
    await this.connections.drop(true)
  }

  /** How many entries wait to be decided. */
  get waiting(): number {
    return this.queue.length
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
      if (this.stopped !== undefined) throw this.stopped
      const value = read()
      const newest = this.inFlight.at(-1)
      if (newest === undefined) return value
      const outcome = await newest.ended
      if (outcome?.kind === 'committed') return value
      await this.recovering
    }
  }

  private enqueue(entry: Entry): void {
    if (this.stopped !== undefined) {
      entry.reject(this.stopped)
      return
    }
    if (!hasUuids(entry)) {
      // A module's mistake. Decided, it would end the process, or write the row under another id.
      entry.reject(new RefusedByData('22P02', 'an id is 32 lower-case hex digits'))
      return
    }
    if (this.waiting >= this.options.queueMax) {
      entry.reject(new QueueFull(`the queue of book ${this.book.number} is full`))
      return
    }
    this.queue.push(entry)
    this.schedule()
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
      if (batch !== undefined) this.launch(batch)
    }
  }

  private mayStart(): boolean {
    if (this.stopped !== undefined || this.recovering !== undefined) return false
    const idle = this.inFlight.length === 0
    if (this.waiting === 0) return idle && this.admission.lags
    if (idle) return true
    // Beside a batch in flight only a large batch of bare transfers goes out.
    return (
      this.inFlight.length === 1 &&
      !this.inFlight[0]!.alone &&
      !this.queue.hasGroups &&
      this.waiting >= SECOND_BATCH_AT &&
      isBare(this.queue.peek()!)
    )
  }

  /** Takes entries from the queue and decides them; `undefined` when none needs the database. */
  private cut(): Batch | undefined {
    const batch = this.spare.pop() ?? new Batch()
    batch.begin({
      seq: this.head.seq + this.inFlight.length + 1,
      firstId: this.memory.nextId,
      at: Math.max(this.options.world.clock.now(), this.lastAt()),
      mono: this.options.wall.mono(),
    })
    const group = this.queue.takeGroup()
    const later: Entry[] = []
    const bareOnly = this.inFlight.length > 0
    if (group !== undefined) this.admission.admitAll(batch, group, later)
    else this.admitQueue(batch, later, bareOnly)
    this.requeue(later)
    for (const entry of batch.settled.splice(0)) this.letGo(entry)
    this.startLooking()
    const idle = this.waiting === 0 && batch.entries.length < SECOND_BATCH_AT
    this.admission.finish(batch, idle, this.inFlight.at(-1)?.hash ?? this.head.chain)
    if (batch.empty && batch.accounts.count === 0) {
      this.spare.push(batch)
      batch.reset()
      return undefined
    }
    return batch
  }

  private admitQueue(batch: Batch, later: Entry[], bareOnly: boolean): void {
    while (this.admission.hasRoom(batch)) {
      const entry = this.queue.peek()
      if (entry === undefined || (bareOnly && !isBare(entry))) return
      this.queue.skip()
      this.admission.admit(batch, entry, later)
    }
  }

  /** The entry is settled: whoever waited for it comes next. */
  private letGo(entry: Entry): void {
    this.requeue(this.admission.release(entry))
  }

  /** Puts entries back in front of the queue, in their order. */
  private requeue(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    if (this.stopped !== undefined) {
      this.rejectAll(entries, this.stopped)
      return
    }
    this.queue.putBack(entries)
  }

  private lastAt(): number {
    return this.inFlight.at(-1)?.at ?? this.head.sealedAt
  }

  private launch(batch: Batch): void {
    const slot = this.inFlight.some((each) => each.slot === 0) ? 1 : 0
    batch.slot = slot
    const before = this.inFlight.at(-1)?.ended
    this.inFlight.push(batch)
    batch.ended = this.write(batch, slot, before).then((outcome) => {
      batch.outcome = outcome
      return outcome
    })
    // One turn later than whoever waits for this batch: the next one's seal must be on its way
    // before this one's callers are answered, or the database stands idle meanwhile.
    void batch.ended.then(() => undefined).then(() => this.land(batch))
  }

  private async write(
    batch: Batch,
    slot: number,
    before: Promise<Outcome> | undefined,
  ): Promise<Outcome> {
    try {
      const client = this.connections.ready(slot) ?? (await this.connections.open(slot))
      const { partitions } = this.options
      const first = partitions.at(batch.firstId)
      const table = batch.lastId < first.end ? first.table : 'ledger.transfer'
      return await fly(batch, { client, book: this.book, epoch: this.head.epoch, table, before })
    } catch (error) {
      // Only connecting can fail here, before anything was sent. Batches end in their order.
      await before
      return { kind: 'retry', error: error as Error }
    }
  }

  /** Called in the order in which batches ended; the first in flight decides what happens. */
  private land(batch: Batch): void {
    if (this.recovering !== undefined || this.inFlight[0] !== batch) return
    if (batch.outcome!.kind !== 'committed') {
      this.recovering = this.recover().finally(() => {
        this.recovering = undefined
        this.schedule()
      })
      return
    }
    this.inFlight.shift()
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
    this.failingSince = undefined
  }

  private answer(batch: Batch): void {
    for (const [index, entry] of batch.entries.entries()) {
      this.letGo(entry)
      entry.resolve(batch.results[index]!)
    }
    if (batch.waiting.length > 0) this.requeue(batch.waiting)
    const { partitions, world, wall, onBatch } = this.options
    onBatch?.({
      book: this.options.book.number,
      entries: batch.entries.length,
      ms: wall.mono() - batch.mono,
    })
    void partitions.makeAhead(world.db, this.memory.nextId).catch(() => undefined)
    void partitions.sealFull(world.db, batch.lastId).catch(() => undefined)
    this.admission.forget(batch)
    batch.reset()
    this.spare.push(batch)
  }

  /** Takes back what was not committed and finds out how to go on. */
  private async recover(): Promise<void> {
    await Promise.all(this.inFlight.map((batch) => batch.ended))
    const doubt = this.inFlight.some((batch) => batch.outcome!.kind === 'doubt')
    await this.connections.drop(doubt)
    if (doubt) await this.resolveDoubt()
    if (this.inFlight.some((batch) => batch.outcome!.kind === 'data')) await this.checkOwner()
    const [first] = this.inFlight
    for (const batch of [...this.inFlight].reverse()) this.admission.undo(batch)
    const failed = this.inFlight.splice(0)
    // Fenced with everything in flight committed is fenced all the same: those who wait must hear.
    if (first?.outcome?.kind === 'fenced' || this.stopped !== undefined) {
      for (const { entries, waiting } of failed) {
        this.rejectAll([...entries, ...waiting], new NotOwner(this.book.number))
      }
      this.stop(new NotOwner(this.book.number))
      this.options.onFenced()
      return
    }
    if (first === undefined) return
    const outcome = first.outcome!
    const [, second] = failed
    if (second !== undefined) this.requeue([...second.entries, ...second.waiting])
    this.requeue(first.waiting)
    this.settleFailed(first, outcome)
    for (const batch of failed) {
      batch.reset()
      this.spare.push(batch)
    }
    if (outcome.kind === 'retry' || outcome.kind === 'doubt') {
      await this.options.wall.sleep(PAUSE_MS, 'ledger.retry_batch')
    }
  }

  private settleFailed(batch: Batch, outcome: Outcome): void {
    const entries = [...batch.entries]
    switch (outcome.kind) {
      case 'stale': {
        this.queue.putGroups(entries.filter((entry) => !outcome.entries.has(entry)))
        for (const [entry, effect] of outcome.entries) {
          this.letGo(entry)
          entry.resolve({ status: 'stale', effect })
        }
        break
      }
      case 'data':
        this.halve(entries, outcome.sqlState, outcome.error)
        break
      case 'full':
        this.options.world.log.error(
          { error: outcome.error, book: this.book.number },
          'the database has no room; writes are refused',
        )
        this.rejectAll(entries, new StorageFull(outcome.error.message))
        break
      default: {
        const error = 'error' in outcome ? outcome.error : undefined
        this.options.world.log.warn(
          { error, book: this.book.number, outcome: outcome.kind },
          'a ledger batch is decided again',
        )
        this.requeue(entries)
        this.shedWhenAway()
      }
    }
  }

  /** Tells those who wait that the database is away; nothing of theirs was written. */
  private shedWhenAway(): void {
    const mono = this.options.wall.mono()
    this.failingSince ??= mono
    if (mono - this.failingSince < PATIENCE_MS) return
    const seconds = PATIENCE_MS / 1000
    const waiting = this.queue.drain()
    const says = `The database has taken nothing for ${seconds} s and nothing of this was written; send it again with the same id.`
    this.rejectAll(waiting, new DbUnavailable(says))
    // Whoever comes next finds out for himself.
    if (this.inFlight.length === 0) this.failingSince = undefined
  }

  /** The database refused the data of one of these: halve until it stands alone. */
  private halve(entries: Entry[], sqlState: string, error: Error): void {
    if (entries.length > 1) {
      const middle = Math.ceil(entries.length / 2)
      this.queue.putGroups(entries.slice(0, middle), entries.slice(middle))
      return
    }
    const [culprit] = entries
    if (culprit === undefined) return
    this.options.world.log.warn(
      { error, sqlState, book: this.book.number },
      'the database refused the data of a command',
    )
    this.letGo(culprit)
    culprit.reject(new RefusedByData(sqlState, error.message))
  }

  /**
   * Learns whether a COMMIT without an answer won. Bumping the epoch waits for the old backend's row
   * lock, and the returned row shows what it left; a plain select would show the past.
   */
  private async resolveDoubt(): Promise<void> {
    for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, PAUSE_MAX_MS)) {
      try {
        const { db } = this.options.world
        const [row] = await db.query<{ epoch: bigint; seq: bigint }>(BUMP_EPOCH, [
          this.book.number,
          this.head.epoch,
        ])
        if (row === undefined) return await this.resolveFenced()
        this.head.epoch = Number(row.epoch)
        this.deliverUpTo(Number(row.seq))
        return
      } catch (error) {
        if (this.stopped !== undefined) return
        this.options.world.log.warn(
          { error, book: this.book.number },
          'asking how a COMMIT ended; the database does not answer',
        )
        this.shedWhenAway()
        await this.options.wall.sleep(pause, 'ledger.resolve_commit')
      }
    }
  }

  /** A row that collides may be the next owner's: only the owner may say that data was refused. */
  private async checkOwner(): Promise<void> {
    const { number } = this.book
    while (this.stopped === undefined) {
      try {
        const [row] = await this.options.world.db.query<{ epoch: bigint }>(EPOCH, [number])
        if (row?.epoch !== BigInt(this.head.epoch)) this.stopped = new NotOwner(number)
        return
      } catch {
        await this.options.wall.sleep(PAUSE_MAX_MS, 'ledger.check_owner')
      }
    }
  }

  /** Another epoch has the book: its seals tell which of ours were committed before it came. */
  private async resolveFenced(): Promise<void> {
    const { db } = this.options.world
    let committed = this.head.seq
    for (const batch of this.inFlight) {
      const [row] = await db.query<{ hash: Buffer }>(SEAL_AT, [this.book.number, batch.seq])
      if (row === undefined || !row.hash.equals(batch.hash)) break
      committed = batch.seq
    }
    this.deliverUpTo(committed)
    this.stopped = new NotOwner(this.book.number)
  }

  private deliverUpTo(seq: number): void {
    while (this.inFlight.length > 0 && this.inFlight[0]!.seq <= seq) {
      const batch = this.inFlight.shift()!
      this.advance(batch)
      this.answer(batch)
    }
  }

  private async makeRoom(): Promise<void> {
    const { partitions, world, wall } = this.options
    try {
      await partitions.makeAhead(world.db, this.memory.nextId + Admission.LEGS_PER_BATCH)
    } catch {
      this.shedWhenAway()
      await wall.sleep(PAUSE_MS, 'ledger.make_partition')
    }
    this.schedule()
  }

  private startLooking(): void {
    const asked = this.admission.takeLookUps()
    if (asked === undefined) return
    const work = this.look(asked.needs)
      .then((looked) => {
        for (const entry of asked.entries) entry.looked = looked
        this.failingSince = undefined
        this.requeue(asked.entries)
      })
      .catch(async (error: Error) => {
        this.options.world.log.warn({ error, book: this.book.number }, 'a look-up is made again')
        await this.options.wall.sleep(PAUSE_MS, 'ledger.look_again')
        this.requeue(asked.entries)
        this.shedWhenAway()
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

  private rejectAll(entries: readonly Entry[], error: Error): void {
    for (const entry of entries) {
      this.letGo(entry)
      entry.reject(error)
    }
  }

  private stop(error: Error): void {
    this.stopped ??= error
    this.rejectAll(this.queue.drain(), this.stopped)
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
