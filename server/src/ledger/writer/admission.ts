/**
 * Admission: entries are taken in arrival order, decided against memory, and gathered into a batch.
 * An entry is put off when one of its roots is in the batch already; `postponed.ts` knows the other
 * reasons.
 */
import { applied, planDue, storeAnswer } from '#base'
import type { Book } from '../book.ts'
import type { Command, TransferResult } from '../command.ts'
import { EXPIRE_HOLD } from '../expire-holds.ts'
import type { RefusalCode } from '../refusals.ts'
import type { TransferRequest } from '../transfer.ts'
import { type Batch, holdColumns } from './batch.ts'
import { sealHash } from './chain.ts'
import { makeChanges, openAccounts } from './command-changes.ts'
import { checkMove, decide, LEGS_MAX } from './decide.ts'
import { DirtyAccounts, noteChanges } from './dirty.ts'
import type { Entry } from './entry.ts'
import { shapeOf } from './look-up.ts'
import { CREDITS_POSTED, DEBITS_POSTED, INT8_MAX, type Memory } from './memory.ts'
import type { Partitions } from './partitions.ts'
import { Postponed } from './postponed.ts'
import { answerFromStored, storedAnswers } from './stored-answers.ts'
import { UuidWords } from './uuid-words.ts'

const ENTRIES_PER_BATCH = 2000
const LEGS_PER_BATCH = 8000

export class Admission {
  /** The most transfers a batch may number, with one more linked transfer on top. */
  static readonly LEGS_PER_BATCH = LEGS_PER_BATCH + LEGS_MAX
  /** Entries that cannot be decided yet. */
  readonly postponed: Postponed
  private readonly book: Book
  private readonly memory: Memory
  private readonly partitions: Partitions
  private readonly inFlight: readonly Batch[]
  private readonly dirty = new DirtyAccounts()
  private readonly words = new UuidWords()
  private readonly isFrozen: ((holder: string) => boolean) | undefined
  constructor(options: {
    book: Book
    memory: Memory
    partitions: Partitions
    inFlight: readonly Batch[]
    isFrozen?: ((holder: string) => boolean) | undefined
  }) {
    this.book = options.book
    this.memory = options.memory
    this.partitions = options.partitions
    this.inFlight = options.inFlight
    this.isFrozen = options.isFrozen
    this.postponed = new Postponed(options)
    for (const [account, firstId] of this.memory.lagging) this.dirty.add(account, firstId, 0)
  }

  /** Whether account rows lag behind memory with nothing left to do. */
  get lags(): boolean {
    return this.dirty.size > 0
  }

  hasRoom(batch: Batch): boolean {
    return (
      batch.entries.length < ENTRIES_PER_BATCH &&
      this.memory.nextId - batch.firstId < LEGS_PER_BATCH
    )
  }

  /** Decides a group that failed together before; what must wait goes to `later`. */
  admitAll(batch: Batch, entries: readonly Entry[], later: Entry[]): void {
    for (const entry of entries) this.admit(batch, entry, later)
  }

  /** Decides one entry into the batch, or puts it off. */
  admit(batch: Batch, entry: Entry, later: Entry[]): void {
    if (entry.command === undefined && this.admitPlain(batch, entry)) return
    if (entry.command?.roots.some((root) => batch.roots.has(root)) === true) {
      later.push(entry)
      this.block(batch, entry.command)
      return
    }
    if (this.postponed.mustWait(batch, entry)) return
    const again = storedAnswers(this.memory, entry)
    if (again === undefined) {
      this.decideEntry(batch, entry)
      return
    }
    batch.settled.push(entry)
    answerFromStored(entry, again)
  }

  /** Closes a batch: what it flushes, its hash. */
  finish(batch: Batch, idle: boolean, chain: Uint8Array): void {
    batch.lastId = this.memory.nextId - 1
    noteChanges(this.dirty, batch.undo, batch)
    for (const account of batch.forced) this.dirty.add(account, batch.firstId, batch.mono)
    batch.flushed = this.dirty.take(batch.mono, idle, batch.behind)
    for (const account of batch.forced) {
      if (!batch.flushed.includes(account)) batch.flushed.push(account)
    }
    batch.accounts.fill(this.memory, batch.flushed)
    batch.checkpointId = this.dirty.completeUpTo(batch.lastId)
    if (batch.touchedHolds.size > 0) {
      batch.holdRows = holdColumns(this.memory, batch.touchedHolds)
      for (const hold of batch.touchedHolds) {
        if (hold.stored) continue
        hold.stored = true
        batch.undo.rare.push(() => {
          hold.stored = false
        })
      }
    }
    batch.rowsHash = batch.rows.hash()
    batch.hash = sealHash(chain, { ...batch, book: this.book.number })
  }

  /** Takes a batch back out of memory. */
  undo(batch: Batch): void {
    batch.undo.rewind(this.memory, { count: 0, rare: 0 })
    this.memory.nextId = batch.firstId
    this.dirty.putBack(batch.flushed, batch.behind)
  }

  /** Lets go of what is needed only until the batch is committed. */
  forget(batch: Batch): void {
    for (const hold of batch.touchedHolds) {
      // What ended it may be the batch behind, of which the database knows nothing yet.
      if (hold.state === 'open' || this.inFlight.some((each) => each.touchedHolds.has(hold)))
        continue
      this.memory.holds.delete(hold.key)
    }
  }

  /** The commonest entry, one leg without extras: no objects are made for it. */
  private admitPlain(batch: Batch, entry: Entry): boolean {
    const request = entry.requests[0]!
    if (request.type !== 'post' || request.legs.length !== 1 || entry.looked !== undefined) {
      return false
    }
    if (request.effectiveAt !== undefined || request.purpose !== undefined) return false
    const { memory, words } = this
    const { debit: debitId, credit: creditId, amount } = request.legs[0]!
    if (amount < 1n || amount > INT8_MAX || debitId === creditId) return false
    const debit = memory.find(debitId)
    const credit = memory.find(creditId)
    if (debit < 0 || credit < 0) return false
    if (memory.closedBefore !== undefined && batch.at < memory.closedBefore) return false
    if (checkMove(memory, debit, credit, amount) !== undefined) return false
    words.parse(request.id)
    const hash = words.hash()
    if (this.partitions.maybe(words, hash)) return false
    const id = memory.nextId
    const debitPrev = memory.lastEntry[debit]!
    const creditPrev = memory.lastEntry[credit]!
    memory.move(batch.undo, debit, DEBITS_POSTED, amount, id)
    memory.move(batch.undo, credit, CREDITS_POSTED, amount, id)
    const debitAfter = memory.net(debit)
    const creditAfter = memory.net(credit)
    batch.rows.addPlain(
      id,
      words,
      debit + 1,
      credit + 1,
      amount,
      debitAfter,
      creditAfter,
      debitPrev,
      creditPrev,
    )
    this.partitions.at(id).filter.add(words, hash)
    batch.keys.add(request.id)
    memory.nextId = id + 1
    batch.entries.push(entry)
    batch.results.push({
      status: 'accepted',
      replayed: false,
      number: BigInt(id),
      bookedAt: batch.at,
    })
    return true
  }

  /** Whoever shares a root with an entry that waits must wait behind it. */
  private block(batch: Batch, command: Command): void {
    for (const root of command.roots) batch.roots.add(root)
  }

  private decideEntry(batch: Batch, entry: Entry): void {
    const { memory, book, isFrozen } = this
    const { command } = entry
    const mark = batch.undo.mark()
    const { nextId } = memory
    const opened = command && openAccounts({ batch, memory, book, isFrozen }, command)
    if (opened !== undefined) {
      batch.undo.rewind(memory, mark)
      this.stale(batch, entry, opened)
      return
    }
    const results: TransferResult[] = []
    for (const [index, request] of entry.requests.entries()) {
      const first = memory.nextId
      const code = decide(batch.decision(memory, entry), request)
      if (code !== undefined) {
        batch.undo.rewind(memory, mark)
        memory.nextId = nextId
        batch.pendingRows.length = 0
        this.refuse(batch, entry, index, code)
        return
      }
      results.push({
        status: 'accepted',
        replayed: false,
        number: BigInt(first),
        bookedAt: batch.at,
      })
    }
    const changed = command && makeChanges({ batch, memory, book, isFrozen }, command)
    if (changed !== undefined) {
      batch.undo.rewind(memory, mark)
      memory.nextId = nextId
      batch.pendingRows.length = 0
      this.stale(batch, entry, changed)
      return
    }
    this.accept(batch, entry, results)
  }

  private accept(batch: Batch, entry: Entry, results: TransferResult[]): void {
    for (const row of batch.pendingRows) batch.rows.add(row)
    batch.pendingRows.length = 0
    for (const [index, request] of entry.requests.entries()) {
      const result = results[index]!
      if (result.status === 'accepted') this.remember(batch, request.id, Number(result.number))
      this.planExpiry(batch, entry, request)
    }
    const { command } = entry
    batch.entries.push(entry)
    if (command === undefined) {
      batch.results.push(results[0]!)
      return
    }
    this.addOutcome(batch, entry, command)
    const seq = BigInt(batch.seq)
    batch.results.push({ status: 'committed', seq, at: batch.at, transfers: results })
  }

  /** A hold that may expire plans its end in the tx that opens it. */
  private planExpiry(batch: Batch, entry: Entry, request: TransferRequest): void {
    if (request.type !== 'hold' || request.expiresAt === undefined) return
    const { orgId } = this.book
    const dueAt = request.expiresAt
    const row = { orgId, kind: EXPIRE_HOLD, key: request.id, dueAt, payload: null }
    batch.addEffects(entry, [applied(planDue, row)])
  }

  private addOutcome(
    batch: Batch,
    entry: Entry,
    outcome: Pick<Command, 'effects' | 'events' | 'answer'>,
  ): void {
    this.block(batch, entry.command!)
    batch.addEffects(entry, outcome.effects ?? [])
    if (outcome.answer !== undefined) {
      batch.addEffects(entry, [applied(storeAnswer, outcome.answer)])
    }
    batch.events.push(...(outcome.events ?? []))
  }

  /** Puts an id into the batch's keys and the filter of the partition that transfer `at` lies in. */
  private remember(batch: Batch, id: string, at: number): void {
    const words = this.words.parse(id)
    batch.keys.add(id)
    this.partitions.at(at).filter.add(words, words.hash())
  }

  /** Records a refusal under the id of the transfer that was refused. */
  private refuse(batch: Batch, entry: Entry, index: number, code: RefusalCode): void {
    const request = entry.requests[index]!
    batch.rows.addRefused({ key: request.id, code, request: JSON.stringify(shapeOf(request)) })
    this.remember(batch, request.id, batch.firstId)
    batch.entries.push(entry)
    if (entry.command === undefined) {
      batch.results.push({ status: 'refused', replayed: false, code })
      return
    }
    this.addOutcome(batch, entry, entry.command.refused?.(code, index) ?? {})
    batch.results.push({ status: 'refused', code, transfer: index })
  }

  private stale(batch: Batch, entry: Entry, effect: string): void {
    batch.settled.push(entry)
    entry.resolve({ status: 'stale', effect })
  }
}
