/**
 * What this server has seen last, so that a reply or a callback soon after needs no read. What it
 * remembers may be out of date: whoever decides on it guards the state in its effects, and reads the
 * row when that has moved. Final states never move, so they may be believed.
 *
 * An id names one thing in a book: what is remembered under it of another book is not answered.
 */
import type { Uuid } from '#base'
import type { Attempt } from './attempt.ts'

/** About 1 KB each. */
const MOST = 20_000

/** The values kept last, by id; the one kept longest ago goes when there are too many. */
export class Recent<Value extends { readonly book: number }> {
  private readonly values = new Map<string, Value>()
  private readonly onDropped: (value: Value) => void

  constructor(onDropped: (value: Value) => void = () => undefined) {
    this.onDropped = onDropped
  }

  get(book: number, id: Uuid): Value | undefined {
    const value = this.values.get(id)
    return value?.book === book ? value : undefined
  }

  keep(id: Uuid, value: Value): void {
    this.forget(id)
    this.values.set(id, value)
    if (this.values.size <= MOST) return
    const oldest = this.values.keys().next()
    if (oldest.done !== true) this.forget(oldest.value)
  }

  forget(id: Uuid): void {
    const value = this.values.get(id)
    if (value === undefined) return
    this.values.delete(id)
    this.onDropped(value)
  }
}

/** Attempts by id and by the reference a callback names. */
export class RecentAttempts {
  private readonly byReference = new Map<string, Attempt>()
  private readonly byId = new Recent<Attempt>(({ reference }) => {
    this.byReference.delete(reference)
  })

  get(book: number, id: Uuid): Attempt | undefined {
    return this.byId.get(book, id)
  }

  find(reference: string): Attempt | undefined {
    return this.byReference.get(reference)
  }

  keep(attempt: Attempt): void {
    this.byId.keep(attempt.id, attempt)
    this.byReference.set(attempt.reference, attempt)
  }

  forget(id: Uuid): void {
    this.byId.forget(id)
  }
}
