/** The two dice of a World: the machine's, and seeded ones that fall the same way in every run. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Rng } from './world.ts'

/** Bounds up to 2^48 − 1, the largest `crypto.randomInt` takes. */
const BOUND_MAX = 2 ** 48 - 1

/** Random numbers nobody can guess, for ids and keys. */
export function cryptoRng(): Rng {
  return {
    below: (bound) => randomInt(checked(bound)),
    bytes: (length) => randomBytes(length),
  }
}

/**
 * Repeatable numbers: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32 from
 * the seed. Never for keys.
 */
export function seededRng(seed: number): Rng {
  const state = new Uint32Array(4)
  let mix = Math.trunc(seed) >>> 0
  // The high half counts too, so that two seeds a multiple of 2^32 apart differ.
  mix ^= Math.imul(Math.trunc(seed / 2 ** 32) >>> 0, 0x9e3779b1)
  for (let i = 0; i < 4; i += 1) {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    state[i] = z ^ (z >>> 15)
  }
  const next = (): number => {
    const result = Math.imul(rotl(Math.imul(state[1]!, 5), 7), 9) >>> 0
    const t = state[1]! << 9
    state[2]! ^= state[0]!
    state[3]! ^= state[1]!
    state[1]! ^= state[2]!
    state[0]! ^= state[3]!
    state[2]! ^= t
    state[3] = rotl(state[3]!, 11)
    return result
  }
  return {
    below: (bound) => {
      checked(bound)
      // Draws past the last whole multiple of `bound` are thrown again, so no value is favoured.
      const range = bound <= 2 ** 32 ? 2 ** 32 : 2 ** 48
      const limit = range - (range % bound)
      for (;;) {
        const draw = range === 2 ** 32 ? next() : (next() >>> 16) * 2 ** 32 + next()
        if (draw < limit) return draw % bound
      }
    },
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i += 4) {
        const word = next()
        for (let j = i; j < Math.min(i + 4, length); j += 1) bytes[j] = word >>> (8 * (j - i))
      }
      return bytes
    },
  }
}

function rotl(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

function checked(bound: number): number {
  if (Number.isInteger(bound) && bound >= 1 && bound <= BOUND_MAX) return bound
  throw new RangeError(`A bound is a whole number from 1 to 2^48 − 1, not ${bound}.`)
}
