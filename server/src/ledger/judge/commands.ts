/**
 * Random short histories of a small book. A plan speaks of its accounts and earlier transfers by
 * position, so that it stays meaningful while it is shrunk; `stage.ts` turns it into steps with ids.
 *
 * The weights are chosen so that a run of two thousand plans meets every refusal and every type of
 * transfer; the run counts them and fails when one was never met.
 */
import fc from 'fast-check'
import type { AccountState } from '../account.ts'
import { LARGEST } from './model-book.ts'

export interface Plan {
  /** Chart codes and limits of the accounts 0 to 4. */
  readonly accounts: readonly { readonly code: string; readonly creditLimit?: bigint }[]
  /** Whether the steps between two moves of the clock are sent at once, to be decided in one batch. */
  readonly together: boolean
  readonly moves: readonly Move[]
}

/** What a request adds to its type: times are milliseconds from the clock of that moment. */
interface Extras {
  readonly effective: number | undefined
  readonly purpose: string | undefined
  /** Takes the id of an earlier transfer, counted back from the newest; a new id when absent. */
  readonly reuse: number | undefined
}

export interface LegPlan {
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
}

/** `of` counts back from the newest earlier transfer of a fitting type; −1 is an unknown id. */
export type New =
  | ({ readonly type: 'post'; readonly legs: readonly LegPlan[] } & Extras)
  | ({
      readonly type: 'hold'
      readonly leg: LegPlan
      readonly expires: number | undefined
      readonly pinned: boolean
    } & Extras)
  | ({
      readonly type: 'release'
      readonly of: number
      readonly parts:
        | readonly { readonly credit: number | undefined; readonly amount: bigint }[]
        | undefined
    } & Extras)
  | ({ readonly type: 'void' | 'expire' | 'reverse'; readonly of: number } & Extras)

/** An earlier request once more, as it was or with one field changed. */
interface Again {
  readonly type: 'again'
  readonly of: number
  readonly twist: Twist | undefined
}

export type Asked = New | Again

export type Single =
  | { readonly do: 'transfer'; readonly asked: Asked }
  | { readonly do: 'command'; readonly asked: readonly Asked[] }
  /** The newest command once more; nothing when there was none. */
  | { readonly do: 'command_again' }
  | { readonly do: 'change'; readonly account: number; readonly state: AccountState }
  | { readonly do: 'close'; readonly before: number }
  | { readonly do: 'pin'; readonly of: number; readonly pinned: boolean }
  | { readonly do: 'clock'; readonly by: number }

/** A sweep waits until any hold's time has come, then expires one. */
export type Move = Single | { readonly do: 'sweep'; readonly of: number }

const TWISTS = [
  'type',
  'legs',
  'debit',
  'credit',
  'amount',
  'target',
  'effective',
  'expires',
  'purpose',
  'no_parts',
] as const
export type Twist = (typeof TWISTS)[number]

const weighted = <T>(...choices: (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const one = fc.constant

export const UNKNOWN_ACCOUNT = 5

const amount: fc.Arbitrary<bigint> = weighted<bigint>(
  [40, fc.bigInt(1n, 9n)],
  [1, one(0n)],
  [1, one(-1n)],
  [1, one(LARGEST)],
  [1, one(LARGEST + 1n)],
  [1, one(LARGEST / 2n + 1n)],
)

/** Accounts 1 and 3 have no floor: between these pairs money moves whatever came before. */
export const FLOWING = [
  { debit: 1, credit: 2 },
  { debit: 0, credit: 3 },
  { debit: 1, credit: 3 },
  { debit: 3, credit: 2 },
] as const

const anyLeg: fc.Arbitrary<LegPlan> = fc
  .record({
    debit: weighted<number>([30, fc.nat(4)], [1, one(UNKNOWN_ACCOUNT)]),
    shift: weighted<number>([30, fc.integer({ min: 1, max: 4 })], [1, one(0)]),
    unknown: weighted<boolean>([30, one(false)], [1, one(true)]),
    amount,
  })
  .map(({ debit, shift, unknown, amount: moved }) => ({
    debit,
    credit: unknown ? UNKNOWN_ACCOUNT : debit === UNKNOWN_ACCOUNT ? shift : (debit + shift) % 5,
    amount: moved,
  }))

const flowingLeg: fc.Arbitrary<LegPlan> = fc
  .record({ pair: fc.constantFrom(...FLOWING), amount: weighted([20, amount], [1, one(LARGEST)]) })
  .map(({ pair, amount: moved }) => ({ ...pair, amount: moved }))

const leg = weighted<LegPlan>([1, flowingLeg], [1, anyLeg])

const TOO_MANY = 1001

const legs: fc.Arbitrary<LegPlan[]> = weighted<LegPlan[]>(
  [40, fc.array(leg, { minLength: 1, maxLength: 1 })],
  [15, fc.array(leg, { minLength: 2, maxLength: 4 })],
  [1, one([])],
  [1, leg.map((only) => Array.from({ length: TOO_MANY }, () => only))],
)

/** Absent `absent` times for each `given` times it is there. */
const optional = <T>(
  arbitrary: fc.Arbitrary<T>,
  absent: number,
  given = 1,
): fc.Arbitrary<T | undefined> =>
  weighted<T | undefined>([absent, one(undefined)], [given, arbitrary])

const extras: fc.Arbitrary<Extras> = fc.record({
  effective: optional(fc.integer({ min: -6, max: 2 }), 6),
  purpose: optional(fc.constantFrom('fee', 'deposit'), 4),
  reuse: optional(fc.nat(9), 12),
})

const back = weighted<number>([8, one(0)], [6, fc.nat(4)], [1, one(-1)])

const asked: fc.Arbitrary<Asked> = weighted<Asked>(
  [9, withExtras(fc.record({ type: one('post' as const), legs }))],
  [
    6,
    withExtras(
      fc.record({
        type: one('hold' as const),
        leg,
        expires: optional(fc.integer({ min: -1, max: 6 }), 1),
        pinned: weighted<boolean>([4, one(false)], [1, one(true)]),
      }),
    ),
  ],
  [
    7,
    withExtras(
      fc.record({
        type: one('release' as const),
        of: back,
        parts: optional(
          weighted<{ credit: number | undefined; amount: bigint }[]>(
            [20, fc.array(releasePart(), { minLength: 1, maxLength: 3 })],
            [1, one([])],
          ),
          1,
          2,
        ),
      }),
    ),
  ],
  [2, ending('void')],
  [3, ending('expire')],
  [5, ending('reverse')],
  [
    7,
    fc.record({
      type: one('again' as const),
      of: back,
      twist: optional(fc.constantFrom(...TWISTS), 1, 3),
    }),
  ],
)

function withExtras<T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T & Extras> {
  return fc.tuple(arbitrary, extras).map(([request, more]) => ({ ...request, ...more }))
}

function ending(type: 'void' | 'expire' | 'reverse'): fc.Arbitrary<Asked> {
  return withExtras(fc.record({ type: one(type), of: back }))
}

function releasePart() {
  const credit = optional(weighted<number>([20, fc.nat(4)], [1, one(UNKNOWN_ACCOUNT)]), 1)
  const small = weighted<bigint>([8, fc.bigInt(1n, 3n)], [1, amount])
  return fc.record({ credit, amount: small })
}

/** A command's transfers have ids of their own: what a repeated part of one means is not defined. */
const fresh = asked
  .filter(({ type }) => type !== 'again')
  .map((request) => ({ ...request, reuse: undefined }) as Asked)

const move: fc.Arbitrary<Move> = weighted<Move>(
  [30, fc.record({ do: one('transfer' as const), asked })],
  [
    3,
    fc.record({
      do: one('command' as const),
      asked: fc.array(fresh, { minLength: 2, maxLength: 4 }),
    }),
  ],
  [
    4,
    fc.record({
      do: one('change' as const),
      account: fc.nat(4),
      state: fc.constantFrom<AccountState>('frozen', 'frozen', 'closed', 'open'),
    }),
  ],
  [1, fc.record({ do: one('close' as const), before: fc.integer({ min: -5, max: 3 }) })],
  [2, fc.record({ do: one('pin' as const), of: back, pinned: fc.boolean() })],
  [5, fc.record({ do: one('clock' as const), by: fc.integer({ min: -3, max: 7 }) })],
  [2, fc.record({ do: one('sweep' as const), of: back })],
  [1, fc.record({ do: one('command_again' as const) })],
)

/** Up to ten moves over five accounts; two of them have no floor, so that money can come in. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  accounts: fc.tuple(
    fc.constantFrom({ code: 'A' }, { code: 'A', creditLimit: 5n }),
    one({ code: 'A-open' }),
    fc.constantFrom({ code: 'L' }, { code: 'L', creditLimit: 5n }),
    one({ code: 'L-open' }),
    fc.constantFrom({ code: 'A' }, { code: 'L' }),
  ),
  together: fc.boolean(),
  moves: fc.array(move, { minLength: 1, maxLength: 10, size: 'max' }),
})
