/**
 * Random ids for load generators. Bytes come from the operating system in blocks: asked for one id
 * at a time they cost a third of the process's CPU, and the bench would measure its own dice.
 */
import { randomFillSync } from 'node:crypto'

const BLOCK = 1 << 20
const ID_BYTES = 16

export class RandomPool {
  readonly #block = Buffer.allocUnsafe(BLOCK)
  #used = BLOCK

  /** A fresh 16-byte id as 32 hex digits. */
  hex(): string {
    const from = this.#advance()
    return this.#block.toString('hex', from, from + ID_BYTES)
  }

  /** Writes a fresh 16-byte id into `target`. */
  copy(target: Buffer, at: number): void {
    const from = this.#advance()
    this.#block.copy(target, at, from, from + ID_BYTES)
  }

  #advance(): number {
    if (this.#used === BLOCK) {
      randomFillSync(this.#block)
      this.#used = 0
    }
    const from = this.#used
    this.#used += ID_BYTES
    return from
  }
}

/** Quick repeatable dice (xorshift32) for choosing accounts; never for ids. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0 || 1
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % bound
  }

  shuffle<T>(items: readonly T[]): T[] {
    const mixed = [...items]
    for (let i = mixed.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1)
      ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
    }
    return mixed
  }
}
