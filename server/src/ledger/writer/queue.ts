/** Entries that wait to be decided, in arrival order, behind groups that must be decided first. */
import type { Entry } from './entry.ts'

const COMPACT_AT = 65_536

export class EntryQueue {
  private entries: Entry[] = []
  private head = 0
  /** Groups to be decided each by itself: halves of a refused batch, the rest of a stale one. */
  private readonly groups: Entry[][] = []

  get length(): number {
    return (
      this.entries.length - this.head + this.groups.reduce((sum, { length }) => sum + length, 0)
    )
  }

  get hasGroups(): boolean {
    return this.groups.length > 0
  }

  /** The next entry behind the groups. */
  peek(): Entry | undefined {
    return this.entries[this.head]
  }

  push(entry: Entry): void {
    this.entries.push(entry)
  }

  /** Takes what `peek` shows. */
  skip(): void {
    this.head += 1
    if (this.head === this.entries.length) {
      this.entries = []
      this.head = 0
    } else if (this.head > COMPACT_AT) {
      this.entries = this.entries.slice(this.head)
      this.head = 0
    }
  }

  /** Puts entries back in front, in their order. */
  putBack(entries: readonly Entry[]): void {
    this.entries = [...entries, ...this.entries.slice(this.head)]
    this.head = 0
  }

  takeGroup(): Entry[] | undefined {
    return this.groups.shift()
  }

  /** Puts groups before everything else. */
  putGroups(...groups: Entry[][]): void {
    this.groups.unshift(...groups.filter((group) => group.length > 0))
  }

  /** Empties the queue and returns what was in it. */
  drain(): Entry[] {
    const left = [...this.groups.splice(0).flat(), ...this.entries.slice(this.head)]
    this.entries = []
    this.head = 0
    return left
  }
}
