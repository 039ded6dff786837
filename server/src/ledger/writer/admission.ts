/**
 * Admission: entries are taken in arrival order, decided against memory, and gathered into a batch.
 * An entry is put off when one of its roots is in the batch already, when its id may have been used
 * before (the database is asked), or when the same id is in flight (it waits for that answer).
 */
import { applied, planDue, storeAnswer } from '#base'
import type { Book } from '../book.ts'
import { CHARTS } from '../charts.ts'
import type { AccountChange, Command, TransferResult } from '../command.ts'
import { EXPIRE_HOLD } from '../expire-holds.ts'
import type { RefusalCode } from '../refusals.ts'
import type { TransferRequest } from '../transfer.ts'
import { type Batch, holdColumns } from './batch.ts'
import { sealHash } from './chain.ts'
import { checkMove, decide, LEGS_MAX, touch } from './decide.ts'
import { DirtyAccounts, noteChanges } from './dirty.ts'
import type { Entry } from './entry.ts'
import { answerAgain, type Needs, shapeOf } from './look-up.ts'
import { CREDITS_POSTED, DEBITS_POSTED, INT8_MAX, type Memory } from './memory.ts'
import type { Partitions } from './partitions.ts'
import { UuidWords } from './uuid-words.ts'

const ENTRIES_PER_BATCH = 2000
const LEGS_PER_BATCH = 8000

interface LookUps {
  readonly entries: Entry[]
  readonly needs: Needs
}

export class Admission {
  static readonly ENTRIES_PER_BATCH = ENTRIES_PER_BATCH
  /** The most transfers a batch may number, with one more linked transfer on top. */
  static readonly LEGS_PER_BATCH = LEGS_PER_BATCH + LEGS_MAX
  private readonly book: Book
  private readonly memory: Memory
  private readonly partitions: Partitions
  private readonly inFlight: readonly Batch[]
  private readonly dirty = new DirtyAccounts()
  private readonly words = new UuidWords()
  private lookUps: LookUps | undefined
  /**
   * Ids the database is being asked about and, as `root …`, roots of commands that wait; and who else
   * came with them meanwhile.
   */
  private readonly owners = new Map<string, Entry[]>()

  constructor(options: {
    book: Book
    memory: Memory
    partitions: Partitions
    inFlight: readonly Batch[]
  }) {
    this.book = options.book
    this.memory = options.memory
    this.partitions = options.partitions
    this.inFlight = options.inFlight
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
    if (this.waitsForRoot(entry) || this.putOff(batch, entry)) {
      this.ownRoots(entry)
      return
    }
    const again = this.answerStored(entry)
    if (again === 'unknown') this.decideEntry(batch, entry)
    else this.settleAtOnce(batch, entry, again)
  }

  /** Takes the look-ups that `admit` asked for. */
  takeLookUps(): LookUps | undefined {
    const asked = this.lookUps
    this.lookUps = undefined
    return asked
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

  /** The entry is settled: returns who waited for its ids and roots, to be decided next. */
  release(entry: Entry): Entry[] {
    if (entry.owned === undefined) return []
    const waited: Entry[] = []
    for (const key of entry.owned) {
      waited.push(...(this.owners.get(key) ?? []))
      this.owners.delete(key)
    }
    entry.owned = undefined
    return waited
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

  /** Puts a command behind one that came before it, shares a root with it, and still waits. */
  private waitsForRoot(entry: Entry): boolean {
    if (entry.command === undefined || this.owners.size === 0) return false
    for (const root of entry.command.roots) {
      const ahead = this.owners.get(rootKey(root))
      if (ahead === undefined || entry.owned?.includes(rootKey(root)) === true) continue
      ahead.push(entry)
      return true
    }
    return false
  }

  /** Makes later commands on the roots of one that waits wait behind it, over as many batches. */
  private ownRoots(entry: Entry): void {
    for (const root of entry.command?.roots ?? []) {
      const key = rootKey(root)
      if (this.owners.has(key)) continue
      this.owners.set(key, [])
      entry.owned ??= []
      entry.owned.push(key)
    }
  }

  /** True when the entry cannot be decided yet; it has been put where it will be woken. */
  private putOff(batch: Batch, entry: Entry): boolean {
    const needs: Needs = { keys: new Set(), holds: new Set(), subjects: new Set() }
    for (const request of entry.requests) {
      const busy = this.holderOf(batch, request, entry)
      if (busy !== undefined) {
        busy.push(entry)
        return true
      }
      this.collectNeeds(entry, request, needs)
    }
    if (needs.keys.size + needs.holds.size + needs.subjects.size === 0) return false
    this.askFor(entry, needs)
    return true
  }

  /** The list to wait in, when an id of the request is being decided by somebody else. */
  private holderOf(batch: Batch, request: TransferRequest, entry: Entry): Entry[] | undefined {
    const ids = request.type === 'reverse' ? [request.id, request.subject] : [request.id]
    for (const id of ids) {
      const owner = this.owners.get(id)
      if (owner !== undefined && entry.owned?.includes(id) !== true) return owner
      const words = this.words.parse(id)
      if (!this.partitions.maybe(words, words.hash())) continue
      for (const each of [...this.inFlight, batch]) {
        if (each.keys.has(id)) {
          entry.looked = undefined
          return each.waiting
        }
      }
    }
    return undefined
  }

  private collectNeeds(entry: Entry, request: TransferRequest, needs: Needs): void {
    const { looked } = entry
    const words = this.words.parse(request.id)
    const known = looked?.keys.has(request.id) === true
    if (!known && this.partitions.maybe(words, words.hash())) needs.keys.add(request.id)
    if ('hold' in request && !this.memory.holds.has(request.hold)) {
      // Found open and not in memory, it has ended since: what was read is of the past.
      const found = looked?.holds.get(request.hold)
      if (found === undefined || found?.state === 'open') needs.holds.add(request.hold)
    }
    if (request.type === 'reverse' && looked?.subjects.has(request.subject) !== true) {
      needs.subjects.add(request.subject)
    }
  }

  private askFor(entry: Entry, needs: Needs): void {
    this.lookUps ??= {
      entries: [],
      needs: { keys: new Set(), holds: new Set(), subjects: new Set() },
    }
    this.lookUps.entries.push(entry)
    entry.owned ??= []
    // Everything is asked again together: an answer must be of one moment.
    for (const request of entry.requests) {
      if (entry.looked?.keys.has(request.id) === true) needs.keys.add(request.id)
      if ('hold' in request) needs.holds.add(request.hold)
      if (request.type === 'reverse') needs.subjects.add(request.subject)
    }
    for (const key of needs.keys) {
      this.lookUps.needs.keys.add(key)
      if (entry.owned.includes(key)) continue
      entry.owned.push(key)
      this.owners.set(key, [])
    }
    for (const hold of needs.holds) this.lookUps.needs.holds.add(hold)
    for (const subject of needs.subjects) this.lookUps.needs.subjects.add(subject)
  }

  /** The answers of an entry whose ids are stored, or 'unknown' when they are free. */
  private answerStored(entry: Entry): readonly TransferResult[] | 'unknown' {
    if (entry.looked === undefined) return 'unknown'
    const answers: TransferResult[] = []
    for (const request of entry.requests) {
      const stored = entry.looked.stored.get(request.id)
      if (stored === undefined) continue
      answers.push(answerAgain(request, stored, this.holdCredit(entry, request)))
    }
    if (answers.length === 0) return 'unknown'
    // A command books all of its transfers or none; some of them stored is another command.
    if (
      answers.length < entry.requests.length &&
      answers.every((each) => each.status !== 'refused')
    ) {
      return [{ status: 'refused', replayed: false, code: 'exists_with_different_legs' }]
    }
    return answers
  }

  private holdCredit(entry: Entry, request: TransferRequest): string | undefined {
    if (request.type !== 'release') return undefined
    const hold = this.memory.holds.get(request.hold) ?? entry.looked?.holds.get(request.hold)
    return hold === undefined || hold === null ? undefined : this.memory.idOf(hold.credit)
  }

  /** Nothing is written for an entry answered from what is stored. */
  private settleAtOnce(batch: Batch, entry: Entry, answers: readonly TransferResult[]): void {
    batch.settled.push(entry)
    if (entry.command === undefined) {
      entry.resolve(answers[0]!)
      return
    }
    const at = answers.findIndex((answer) => answer.status === 'refused')
    const refused = answers[at]
    if (refused?.status === 'refused') {
      const stored = entry.requests.flatMap(({ id }, index) =>
        entry.looked?.stored.has(id) === true ? [index] : [],
      )
      const transfer = stored[at] ?? 0
      entry.resolve({ status: 'refused', code: refused.code, transfer })
    } else entry.resolve({ status: 'replayed', transfers: answers })
  }

  private decideEntry(batch: Batch, entry: Entry): void {
    const { memory } = this
    const mark = batch.undo.mark()
    const { nextId } = memory
    const opened = this.openAccounts(batch, entry)
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
    const changed = this.changeAccounts(batch, entry)
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

  /** Opens the command's accounts in memory; names what stands in the way. */
  private openAccounts(batch: Batch, entry: Entry): string | undefined {
    for (const opening of entry.command?.open ?? []) {
      const chart = CHARTS[this.book.chart]?.find((row) => row.code === opening.code)
      const taken = this.memory.find(opening.id) >= 0
      const second = chart?.single === true && this.memory.numbersByCode.has(opening.code)
      if (chart === undefined || taken || second) return 'ledger.open_account'
      const index = this.memory.addAccount({
        id: opening.id,
        code: opening.code,
        name: opening.name,
        holder: opening.holder,
        side: chart.side,
        creditLimit: opening.creditLimit === undefined ? chart.creditLimit : opening.creditLimit,
        state: 'open',
      })
      batch.undo.rare.push(() => this.memory.dropAccount(index))
    }
    return undefined
  }

  private changeAccounts(batch: Batch, entry: Entry): string | undefined {
    const { command } = entry
    for (const change of command?.change ?? []) {
      if (!this.changeAccount(batch, change)) return 'ledger.change_account'
    }
    for (const { hold: id, pinned } of command?.pin ?? []) {
      const hold = this.memory.holds.get(id)
      if (hold === undefined || hold.state !== 'open') return 'ledger.pin_hold'
      const before = hold.pinned
      batch.undo.rare.push(() => {
        hold.pinned = before
      })
      hold.pinned = pinned
      touch(batch, hold)
    }
    if (command?.closeBefore !== undefined) {
      const before = this.memory.closedBefore
      if (before !== undefined && command.closeBefore <= before) return 'ledger.close_before'
      batch.undo.rare.push(() => {
        this.memory.closedBefore = before
      })
      this.memory.closedBefore = command.closeBefore
      batch.closeBefore = command.closeBefore
    }
    for (const opening of command?.open ?? []) {
      batch.openings.add(this.memory, this.memory.find(opening.id))
    }
    return undefined
  }

  private changeAccount(batch: Batch, change: AccountChange): boolean {
    const { memory } = this
    const account = memory.find(change.account)
    if (account < 0) return false
    if (change.state !== undefined) {
      if (change.state === 'closed' && !memory.isEmpty(account)) return false
      memory.setState(batch.undo, account, change.state)
    }
    if (change.creditLimit !== undefined) {
      memory.setLimit(batch.undo, account, change.creditLimit)
      if (memory.limited(account) && memory.room(account) < 0n) return false
    }
    batch.forced.add(account)
    return true
  }
}

function rootKey(root: string): string {
  return `root ${root}`
}
