/**
 * What this server has seen last, so that a reply or a callback soon after needs no read. What it
 * remembers may be out of date: whoever decides on it guards the state in its effects, and reads the
 * row when that has moved. Final states never move, so they may be believed.
 */
import type { Uuid } from '#base'
import type { Attempt } from './attempt.ts'

/** About 1 KB each. */
const MOST = 20_000

/** The last values kept, by key; the oldest goes when there are too many. */
export class Recent<Value> {
  private readonly values = new Map<string, Value>()
  private readonly onDropped: (value: Value) => void

  constructor(onDropped: (value: Value) => void = () => undefined) {
    this.onDropped = onDropped
  }

  get(key: string): Value | undefined {
    return this.values.get(key)
  }

  keep(key: string, value: Value): void {
    this.values.set(key, value)
    if (this.values.size <= MOST) return
    const oldest = this.values.keys().next()
    if (oldest.done !== true) this.forget(oldest.value)
  }

  forget(key: string): void {
    const value = this.values.get(key)
    if (value === undefined) return
    this.values.delete(key)
    this.onDropped(value)
  }
}

/** Attempts by id and by the reference a callback names. */
export class RecentAttempts {
  private readonly byReference = new Map<string, Uuid>()
  private readonly byId = new Recent<Attempt>(({ reference }) => {
    this.byReference.delete(reference)
  })

  get(id: Uuid): Attempt | undefined {
    return this.byId.get(id)
  }

  find(reference: string): Attempt | undefined {
    const id = this.byReference.get(reference)
    return id === undefined ? undefined : this.byId.get(id)
  }

  keep(attempt: Attempt): void {
    this.byId.keep(attempt.id, attempt)
    this.byReference.set(attempt.reference, attempt.id)
  }

  forget(id: Uuid): void {
    this.byId.forget(id)
  }
}
