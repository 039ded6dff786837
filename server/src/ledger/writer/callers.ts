/**
 * Those who wait for an answer: taken in, put back to be decided again, or told that there will be none,
 * because the queue is full, the database stays away, or the book is written elsewhere.
 */
import { type Clock, DbUnavailable } from '#base'
import { QueueFull, RefusedByData } from '../command.ts'
import type { Batch } from './batch.ts'
import { type Entry, hasUuids } from './entry.ts'
import type { Postponed } from './postponed.ts'
import { EntryQueue } from './queue.ts'

/** How long callers wait for a database that does not take batches before they are told so. */
const PATIENCE_MS = 10_000

export interface CallersOptions {
  readonly book: number
  readonly wall: Clock
  readonly postponed: Postponed
  readonly inFlight: readonly Batch[]
  /** Most entries that wait; more are answered with QueueFull. */
  readonly queueMax: number
}

export class Callers {
  readonly queue = new EntryQueue()
  /** What everybody is told once the book is no longer written here. */
  stopped: Error | undefined
  private readonly options: CallersOptions
  /** Since when (monotonic ms) nothing has got through to the database; absent while it does. */
  private failingSince: number | undefined

  constructor(options: CallersOptions) {
    this.options = options
  }

  /** Queues an entry, or refuses it at once; whether it waits. */
  take(entry: Entry): boolean {
    if (this.stopped !== undefined) {
      entry.reject(this.stopped)
      return false
    }
    if (!hasUuids(entry)) {
      // A module's mistake. Decided, it would end the process, or write the row under another id.
      entry.reject(new RefusedByData('22P02', 'an id is 32 lower-case hex digits'))
      return false
    }
    if (this.queue.length >= this.options.queueMax) {
      entry.reject(new QueueFull(`the queue of book ${this.options.book} is full`))
      return false
    }
    this.queue.push(entry)
    return true
  }

  /** The entry is settled: whoever waited for it comes next. */
  letGo(entry: Entry): void {
    this.requeue(this.options.postponed.release(entry))
  }

  /** Puts entries back in front of the queue, in their order. */
  requeue(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    if (this.stopped !== undefined) {
      this.reject(entries, this.stopped)
      return
    }
    this.queue.putBack(entries)
  }

  reject(entries: readonly Entry[], error: Error): void {
    for (const entry of entries) {
      this.letGo(entry)
      entry.reject(error)
    }
  }

  /** From now on nobody is taken in; those who wait are told why. */
  stop(error: Error): void {
    this.stopped ??= error
    this.reject(this.queue.drain(), this.stopped)
  }

  /** The database has answered. */
  gotThrough(): void {
    this.failingSince = undefined
  }

  /** Tells those who wait that the database is away; nothing of theirs was written. */
  shedWhenAway(): void {
    const mono = this.options.wall.mono()
    this.failingSince ??= mono
    if (mono - this.failingSince < PATIENCE_MS) return
    const seconds = PATIENCE_MS / 1000
    const waiting = this.queue.drain()
    const says = `The database has taken nothing for ${seconds} s and nothing of this was written; send it again with the same id.`
    this.reject(waiting, new DbUnavailable(says))
    // Whoever comes next finds out for himself.
    if (this.options.inFlight.length === 0) this.failingSince = undefined
  }
}
