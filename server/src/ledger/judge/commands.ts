/**
 * Random short histories of a small book. A plan speaks of its accounts and earlier transfers by
 * position, so that it stays meaningful while it is shrunk; `stage` turns it into steps with ids.
 *
 * The weights are chosen so that a run of two thousand plans meets every refusal and every type of
 * transfer; the run counts them and fails when one was never met.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Instant, Uuid } from '#base'
import type { AccountOpening, AccountState } from '../account.ts'
import type { Leg, TransferRequest } from '../transfer.ts'
import { LARGEST } from './model.ts'
import type { Step } from './step.ts'

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

interface LegPlan {
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
}

/** `of` counts back from the newest earlier transfer of a fitting type; −1 is an unknown id. */
type New =
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

type Asked = New | Again

type Single =
  | { readonly do: 'transfer'; readonly asked: Asked }
  | { readonly do: 'command'; readonly asked: readonly Asked[] }
  /** The newest command once more; nothing when there was none. */
  | { readonly do: 'command_again' }
  | { readonly do: 'change'; readonly account: number; readonly state: AccountState }
  | { readonly do: 'close'; readonly before: number }
  | { readonly do: 'pin'; readonly of: number; readonly pinned: boolean }
  | { readonly do: 'clock'; readonly by: number }

/** A sweep waits until any hold's time has come, then expires one. */
type Move = Single | { readonly do: 'sweep'; readonly of: number }

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
type Twist = (typeof TWISTS)[number]

// --- Generators ---

const weighted = <T>(...choices: (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const one = fc.constant

const UNKNOWN_ACCOUNT = 5

const amount: fc.Arbitrary<bigint> = weighted<bigint>(
  [40, fc.bigInt(1n, 9n)],
  [1, one(0n)],
  [1, one(-1n)],
  [1, one(LARGEST)],
  [1, one(LARGEST + 1n)],
  [1, one(LARGEST / 2n + 1n)],
)

/** Accounts 1 and 3 have no floor: between these pairs money moves whatever came before. */
const FLOWING = [
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

// --- From a plan to steps ---

export interface Staged {
  readonly openings: readonly AccountOpening[]
  /** Each with the clock at which it runs. */
  readonly steps: readonly { readonly step: Step; readonly clock: Instant }[]
  readonly accounts: readonly Uuid[]
  /** Later than anything in the history: where the next may begin. */
  readonly end: Instant
  /** Short names of all ids, for people. */
  readonly names: ReadonlyMap<Uuid, string>
}

/** Gives a plan ids of its own (from `seed`) and a time (from `start`). */
export function stage(plan: Plan, seed: string, start: Instant): Staged {
  const names = new Map<Uuid, string>()
  const id = (name: string): Uuid => {
    const uuid = createHash('sha256').update(`${seed} ${name}`).digest('hex').slice(0, 32)
    names.set(uuid, name)
    return uuid
  }
  const accounts = Array.from({ length: UNKNOWN_ACCOUNT + 1 }, (_, at) => id(`a${at}`))
  const openings = plan.accounts.map((opening, at) => ({
    ...opening,
    id: accounts[at]!,
    name: `a${at}`,
  }))
  const earlier: TransferRequest[] = []
  const commands: Step[] = []
  let clock = start
  const steps = plan.moves.flatMap(apart).map((planned) => {
    const scene: Scene = { accounts, id, clock, earlier, commands }
    if (planned.do === 'clock') clock += planned.by
    return { step: stageMove(planned, scene), clock }
  })
  const latest = Math.max(start, ...steps.map((step) => step.clock))
  const own = accounts.slice(0, UNKNOWN_ACCOUNT)
  return { openings, steps, accounts: own, end: latest + 100, names }
}

/** Longer than any hold lasts. */
const WAIT = 7

function apart(planned: Move): Single[] {
  if (planned.do !== 'sweep') return [planned]
  const nothing = { effective: undefined, purpose: undefined, reuse: undefined }
  return [
    { do: 'clock', by: WAIT },
    { do: 'transfer', asked: { type: 'expire', of: planned.of, ...nothing } },
  ]
}

interface Scene {
  readonly accounts: readonly Uuid[]
  readonly id: (name: string) => Uuid
  readonly clock: Instant
  readonly earlier: TransferRequest[]
  readonly commands: Step[]
}

function stageMove(planned: Single, scene: Scene): Step {
  switch (planned.do) {
    case 'transfer':
      return { do: 'transfer', request: stageRequest(planned.asked, scene) }
    case 'command':
      return stageCommand(planned.asked, scene)
    case 'command_again':
      return scene.commands.at(-1) ?? { do: 'command', transfers: [stageRequest(FIRST, scene)] }
    case 'change':
      return { do: 'change', account: scene.accounts[planned.account]!, state: planned.state }
    case 'close':
      return { do: 'close', before: scene.clock + planned.before }
    case 'pin':
      return { do: 'pin', hold: idBack(scene, planned.of, ['hold']), pinned: planned.pinned }
    case 'clock':
      return { do: 'clock', to: scene.clock + planned.by }
  }
}

function stageCommand(asked: readonly Asked[], scene: Scene): Step {
  const command = {
    do: 'command',
    transfers: asked.map((each) => stageRequest(each, scene)),
  } as const
  scene.commands.push(command)
  return command
}

function stageRequest(planned: Asked, scene: Scene): TransferRequest {
  const request = build(planned, scene)
  scene.earlier.push(request)
  return request
}

function build(planned: Asked, scene: Scene): TransferRequest {
  if (planned.type === 'again') {
    const first = nthBack(scene.earlier, planned.of)
    if (first === undefined) return buildNew(FIRST, scene)
    return planned.twist === undefined ? first : twisted(first, planned.twist, scene)
  }
  return buildNew(ground(planned, scene) ?? planned, scene)
}

function buildNew(planned: New, scene: Scene): TransferRequest {
  const reused = planned.reuse === undefined ? undefined : nthBack(scene.earlier, planned.reuse)
  const common = {
    id: reused?.id ?? scene.id(`t${scene.earlier.length}`),
    ...(planned.effective !== undefined && { effectiveAt: scene.clock + planned.effective }),
    ...(planned.purpose !== undefined && { purpose: planned.purpose }),
  }
  switch (planned.type) {
    case 'post':
      return { type: 'post', ...common, legs: planned.legs.map((each) => stageLeg(each, scene)) }
    case 'hold': {
      const { expires, pinned } = planned
      return {
        type: 'hold',
        ...common,
        ...stageLeg(planned.leg, scene),
        ...(expires !== undefined && { expiresAt: scene.clock + expires }),
        ...(pinned && { pinned }),
      }
    }
    case 'release': {
      const parts = planned.parts?.map(({ credit, amount: moved }) => ({
        ...(credit !== undefined && { credit: scene.accounts[credit]! }),
        amount: moved,
      }))
      const hold = idBack(scene, planned.of, ['hold'])
      return { type: 'release', ...common, hold, ...(parts !== undefined && { parts }) }
    }
    case 'void':
    case 'expire':
      return { type: planned.type, ...common, hold: idBack(scene, planned.of, ['hold']) }
    case 'reverse': {
      const subject = idBack(scene, planned.of, ['post', 'release', 'hold', 'reverse'])
      return { type: 'reverse', ...common, subject }
    }
  }
}

const FIRST: New = {
  type: 'post',
  legs: [{ debit: 1, credit: 3, amount: 1n }],
  effective: undefined,
  purpose: undefined,
  reuse: undefined,
}

/** What must come first when nothing earlier fits: a post to reverse, a hold to end. */
function ground(planned: New, { earlier }: Scene): New | undefined {
  if (!('of' in planned) || planned.of < 0) return undefined
  const { effective, purpose, reuse, type, of } = planned
  const wanted = type === 'reverse' ? 'post' : 'hold'
  if (earlier.some((request) => request.type === wanted)) return undefined
  const leg = { ...FLOWING[of % FLOWING.length]!, amount: 6n }
  const extras = { effective, purpose, reuse }
  if (type === 'reverse') return { type: 'post', legs: [leg], ...extras }
  return { type: 'hold', leg, expires: type === 'expire' ? 2 : undefined, pinned: false, ...extras }
}

function stageLeg({ debit, credit, amount: moved }: LegPlan, { accounts }: Scene): Leg {
  return { debit: accounts[debit]!, credit: accounts[credit]!, amount: moved }
}

function nthBack(earlier: readonly TransferRequest[], of: number): TransferRequest | undefined {
  return of < 0 ? undefined : earlier.at(-1 - (of % Math.max(earlier.length, 1)))
}

function idBack(scene: Scene, of: number, types: readonly TransferRequest['type'][]): Uuid {
  const fitting = scene.earlier.filter(({ type }) => types.includes(type))
  // Posts and releases are what is reversed; the others are met when nothing else is there.
  const wanted = fitting.filter(({ type }) => type === types[0] || type === types[1])
  return nthBack(of % 3 === 2 ? fitting : wanted, of)?.id ?? scene.id('unknown')
}

/** The same request with one field changed, where it has that field. */
function twisted(first: TransferRequest, twist: Twist, scene: Scene): TransferRequest {
  const other = (id: Uuid) => scene.accounts[(scene.accounts.indexOf(id) + 1) % 5]!
  const changeLegs = (change: (legs: Leg) => Leg): TransferRequest => {
    if (first.type === 'post') return { ...first, legs: first.legs.map(change) }
    return first.type === 'hold' ? { ...first, ...change(first) } : first
  }
  switch (twist) {
    case 'type': {
      const { id } = first
      if (first.type !== 'void') return { type: 'void', id, hold: scene.id('unknown') }
      return { type: 'expire', id, hold: first.hold }
    }
    case 'legs':
      if (first.type === 'post' && first.legs.length > 0) {
        return { ...first, legs: [...first.legs, first.legs[0]!] }
      }
      if (first.type !== 'release' || first.parts === undefined) return first
      return { ...first, parts: [...first.parts, { amount: 1n }] }
    case 'debit':
      return changeLegs((each) => ({ ...each, debit: other(each.debit) }))
    case 'credit':
      return changeLegs((each) => ({ ...each, credit: other(each.credit) }))
    case 'amount': {
      if (first.type !== 'release') {
        return changeLegs((each) => ({ ...each, amount: each.amount + 1n }))
      }
      const parts = first.parts?.map((part) => ({ ...part, amount: part.amount + 1n }))
      return { ...first, ...(parts !== undefined && { parts }) }
    }
    case 'target':
      if (first.type === 'reverse') return { ...first, subject: scene.id('other') }
      return 'hold' in first ? { ...first, hold: scene.id('other') } : first
    case 'effective':
      return { ...first, effectiveAt: (first.effectiveAt ?? scene.clock) - 7 }
    case 'expires':
      return first.type === 'hold' ? { ...first, expiresAt: scene.clock + 20 } : first
    case 'purpose':
      return { ...first, purpose: first.purpose === 'fee' ? 'deposit' : 'fee' }
    case 'no_parts': {
      if (first.type !== 'release') return first
      const { parts: _, ...rest } = first
      return rest
    }
  }
}
