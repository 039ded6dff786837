/**
 * Entries that cannot be decided yet, and whom they wait for: a command that shares a root with one that
 * waits, an id that is being decided, an id, hold or transfer that the database must be asked about.
 */
import type { TransferRequest } from '../transfer.ts'
import type { Batch } from './batch.ts'
import type { Entry } from './entry.ts'
import type { Needs } from './look-up.ts'
import type { Memory } from './memory.ts'
import type { Partitions } from './partitions.ts'
import { UuidWords } from './uuid-words.ts'

interface LookUps {
  readonly entries: Entry[]
  readonly needs: Needs
}

export class Postponed {
  private readonly memory: Memory
  private readonly partitions: Partitions
  private readonly inFlight: readonly Batch[]
  private readonly words = new UuidWords()
  private lookUps: LookUps | undefined
  /**
   * Ids the database is being asked about and, as `root …`, roots of commands that wait; and who else
   * came with them meanwhile.
   */
  private readonly owners = new Map<string, Entry[]>()

  constructor(options: { memory: Memory; partitions: Partitions; inFlight: readonly Batch[] }) {
    this.memory = options.memory
    this.partitions = options.partitions
    this.inFlight = options.inFlight
  }

  /** True when the entry cannot be decided yet; it has been put where it will be woken. */
  mustWait(batch: Batch, entry: Entry): boolean {
    if (!this.waitsForRoot(entry) && !this.waitsForId(batch, entry)) return false
    this.ownRoots(entry)
    return true
  }

  /** Takes the look-ups that entries wait for. */
  takeLookUps(): LookUps | undefined {
    const asked = this.lookUps
    this.lookUps = undefined
    return asked
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

  private waitsForId(batch: Batch, entry: Entry): boolean {
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
}

function rootKey(root: string): string {
  return `root ${root}`
}
