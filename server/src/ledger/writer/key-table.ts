/**
 * A hash table from uuids to their position of arrival, in typed arrays: a million accounts cost
 * 24 MB here and over 150 MB as a JavaScript Map of strings. Nothing is ever removed but by
 * `truncate`, which takes back the newest.
 */
import type { Uuid } from '#base'
import { UuidWords, uuidOf } from './uuid-words.ts'

export class KeyTable {
  count = 0
  private words: Int32Array
  /** Position + 1 of the key in a slot; 0 is empty. */
  private slots: Int32Array
  private mask: number

  constructor(capacity = 1024) {
    let slots = 2048
    while (slots < capacity * 2) slots *= 2
    this.slots = new Int32Array(slots)
    this.mask = slots - 1
    this.words = new Int32Array(slots * 2)
  }

  /** The position of a key, or −1. */
  find(key: UuidWords): number {
    let slot = key.hash() & this.mask
    for (;;) {
      const held = this.slots[slot]!
      if (held === 0) return -1
      if (this.equal(held - 1, key)) return held - 1
      slot = (slot + 1) & this.mask
    }
  }

  /** Adds a key that is not there yet; returns its position. */
  add(key: UuidWords): number {
    if (this.count * 2 >= this.slots.length) this.grow()
    const at = this.count * 4
    this.words[at] = key.a
    this.words[at + 1] = key.b
    this.words[at + 2] = key.c
    this.words[at + 3] = key.d
    this.place(this.count, key.hash())
    this.count += 1
    return this.count - 1
  }

  key(position: number): Uuid {
    const at = position * 4
    const { words } = this
    return uuidOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }

  /** Forgets every key from position `count` on. */
  truncate(count: number): void {
    if (count === 0 && this.count > 0) {
      this.slots.fill(0)
      this.count = 0
      return
    }
    const scratch = new UuidWords()
    while (this.count > count) {
      this.count -= 1
      this.load(this.count, scratch)
      let slot = scratch.hash() & this.mask
      while (this.slots[slot] !== this.count + 1) slot = (slot + 1) & this.mask
      // The newest key ended its probe run, so no later key's run passes through this slot.
      this.slots[slot] = 0
    }
  }

  private equal(position: number, key: UuidWords): boolean {
    const at = position * 4
    const { words } = this
    return (
      words[at] === key.a &&
      words[at + 1] === key.b &&
      words[at + 2] === key.c &&
      words[at + 3] === key.d
    )
  }

  /** Puts the words of a key into `into`. */
  load(position: number, into: UuidWords): UuidWords {
    const at = position * 4
    into.a = this.words[at]!
    into.b = this.words[at + 1]!
    into.c = this.words[at + 2]!
    into.d = this.words[at + 3]!
    return into
  }

  private place(position: number, hash: number): void {
    let slot = hash & this.mask
    while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask
    this.slots[slot] = position + 1
  }

  private grow(): void {
    const words = this.words
    this.slots = new Int32Array(this.slots.length * 2)
    this.mask = this.slots.length - 1
    this.words = new Int32Array(this.slots.length * 2)
    this.words.set(words)
    const scratch = new UuidWords()
    for (let position = 0; position < this.count; position += 1) {
      this.load(position, scratch)
      this.place(position, scratch.hash())
    }
  }
}
