/** What a chaos run does to whom: accounts, random requests, and the faults in their order by seed. */
import { createHash } from 'node:crypto'
import { type Rng, seededRng, type Uuid } from '../../server/src/base/index.ts'
import type { TransferRequest } from '../../server/src/ledger/index.ts'
import type { Work } from './messages.ts'

export const FAULTS = [
  'kill_server',
  'kill_postgres',
  'takeover_alive',
  'takeover_stopped',
  'cut_commit_before',
  'cut_commit_after',
] as const

export type Fault = (typeof FAULTS)[number]

/** Of every ten rounds, which fault how often. Kills come most often. */
const WEIGHTS: Readonly<Record<Fault, number>> = {
  kill_server: 3,
  kill_postgres: 3,
  takeover_alive: 1,
  takeover_stopped: 1,
  cut_commit_before: 1,
  cut_commit_after: 1,
}

export interface Round {
  readonly fault: Fault
  /** Load before the fault, milliseconds. */
  readonly loadMs: number
  /** From a batch's first bytes to the fault, milliseconds. */
  readonly delayMs: number
}

/** The rounds of a run; the same seed gives the same plan. */
export function faultPlan(rounds: number, seed: number, only: readonly Fault[] = FAULTS): Round[] {
  const rng = seededRng(seed)
  const plan: Round[] = []
  while (plan.length < rounds) {
    for (const fault of shuffled(
      only.flatMap((name) => Array(WEIGHTS[name]).fill(name)),
      rng,
    )) {
      plan.push({ fault, loadMs: 200 + rng.below(600), delayMs: rng.below(3) })
    }
  }
  return plan.slice(0, rounds)
}

function shuffled(faults: readonly Fault[], rng: Rng): Fault[] {
  const mixed = [...faults]
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = rng.below(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}

/** Customers, who may not go below zero; poor enough that some transfers are refused. */
export const CUSTOMERS = 50
export const CUSTOMER_FUNDING = 20_000n

export const SOURCE: Uuid = chaosId('source')
export const customers: readonly Uuid[] = Array.from({ length: CUSTOMERS }, (_, n) =>
  chaosId(`customer ${n}`),
)

export function chaosId(name: string): Uuid {
  return createHash('sha256').update(`chaos ${name}`).digest('hex').slice(0, 32)
}

/**
 * Random work. Ids come from the run's own dice with a number of the run in them, so that no two
 * requests share one.
 */
export class Workload {
  readonly #rng: Rng
  readonly #holds: Uuid[] = []
  readonly #posts: Uuid[] = []

  constructor(seed: number) {
    this.#rng = seededRng(seed)
  }

  next(n: number): Work {
    const roll = this.#rng.below(100)
    if (roll < 45) return { kind: 'transfer', request: this.#post(n, 1) }
    if (roll < 55) return { kind: 'transfer', request: this.#post(n, 2 + this.#rng.below(4)) }
    if (roll < 63) return { kind: 'transfer', request: this.#hold(n) }
    if (roll < 77) return { kind: 'transfer', request: this.#endHold(n) }
    if (roll < 80) return { kind: 'transfer', request: this.#reverse(n) }
    const mark = roll < 94 ? 'moves' : roll < 97 ? 'stale' : 'poison'
    return { kind: 'command', request: this.#post(n, 1), mark }
  }

  #id(n: number): Uuid {
    const random = Buffer.from(this.#rng.bytes(12)).toString('hex')
    return random + n.toString(16).padStart(8, '0')
  }

  #leg() {
    const debit = this.#rng.below(CUSTOMERS)
    const credit = (debit + 1 + this.#rng.below(CUSTOMERS - 1)) % CUSTOMERS
    const amount = BigInt(1 + this.#rng.below(2_000))
    return { debit: customers[debit]!, credit: customers[credit]!, amount }
  }

  #post(n: number, legs: number): TransferRequest {
    const id = this.#id(n)
    this.#posts.push(id)
    return { type: 'post', id, legs: Array.from({ length: legs }, () => this.#leg()) }
  }

  #hold(n: number): TransferRequest {
    const id = this.#id(n)
    this.#holds.push(id)
    return { type: 'hold', id, ...this.#leg() }
  }

  /** Of few posts, so that two often want to reverse the same one. */
  #reverse(n: number): TransferRequest {
    const recent = Math.min(16, this.#posts.length)
    if (recent === 0) return this.#post(n, 1)
    const subject = this.#posts[this.#posts.length - 1 - this.#rng.below(recent)]!
    return { type: 'reverse', id: this.#id(n), subject }
  }

  /**
   * Releases a part, releases all, or voids. The hold may be refused, not booked yet, or ended before;
   * one in four that is ended is tried again later. Old ones come up as often as new ones, so that
   * open holds do not eat up all the money there is.
   */
  #endHold(n: number): TransferRequest {
    const { length } = this.#holds
    if (length === 0) return this.#post(n, 1)
    const nth = this.#rng.below(Math.min(32, length))
    const at = this.#rng.below(2) === 0 ? nth : length - 1 - nth
    const hold = this.#holds[at]!
    const id = this.#id(n)
    const roll = this.#rng.below(4)
    if (roll === 0) {
      const { credit } = this.#leg()
      const parts = [{ credit, amount: BigInt(1 + this.#rng.below(500)) }]
      return { type: 'release', id, hold, parts }
    }
    if (this.#rng.below(4) > 0) this.#holds.splice(at, 1)
    return roll === 1 ? { type: 'void', id, hold } : { type: 'release', id, hold }
  }
}
