/** Turns a plan into steps: positions become ids, and times come to stand on a clock. */
import { createHash } from 'node:crypto'
import type { Instant, Uuid } from '#base'
import type { AccountOpening } from '../account.ts'
import type { Leg, TransferRequest } from '../transfer.ts'
import {
  type Asked,
  FLOWING,
  type LegPlan,
  type Move,
  type New,
  type Plan,
  type Single,
  type Twist,
  UNKNOWN_ACCOUNT,
} from './commands.ts'
import type { Step } from './step.ts'

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
