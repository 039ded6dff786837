/**
 * What the past would have been under other rules. First attempts are decided again at the moment
 * they were made, by a router that has learnt from recorded ends up to that moment and no further;
 * later attempts exist only because the first one failed, so they are evidence and are not decided.
 *
 * Success is counted without failures of the user's cause: no channel changes those. How the change is
 * estimated, and what it cannot know, stands in `estimate.ts`. Exploration is left out, so that a
 * replay says the same every time.
 */
import type { Instant } from '#base'
import type { AccountType, Capability, CollectMethod, Direction } from '#channels'
import type { Classification, CodeKey } from '#codes'
import type { Dice } from './decide.ts'
import type { RouteDecision, RouteRequest } from './decision.ts'
import { costOf, obstacle } from './eligibility.ts'
import { type Case, type Estimate, estimate } from './estimate.ts'
import { createMemoryRouter, NO_CHANCE } from './memory-router.ts'
import { readRoute } from './route-json.ts'
import type { RuleSet } from './rule-set.ts'
import { localTime } from './shanghai.ts'

/** An attempt as payments keep it. */
export interface RecordedAttempt {
  readonly book: number
  /** Public id. */
  readonly id: string
  /** Of the order it was an attempt for, and which of its attempts. */
  readonly owner: string
  readonly number: number
  readonly direction: Direction
  readonly channel: string
  readonly method: CollectMethod | ''
  readonly bank: string
  readonly accountType: AccountType | ''
  readonly amount: bigint
  readonly currency: string
  readonly madeAt: Instant
  /** When it came into its state. */
  readonly movedAt: Instant
  readonly state: string
  readonly code: string
  /** The decision as it was stored. */
  readonly route: unknown
}

export interface ReplayOptions {
  readonly attempts: readonly RecordedAttempt[]
  readonly rules: RuleSet
  readonly capabilities: readonly Capability[]
  classify(key: CodeKey): Classification
  /** Seeded dice of the bootstrap. */
  readonly dice: Dice
  readonly resamples?: number
}

export interface ChannelChange {
  readonly channel: string
  readonly recorded: number
  readonly draft: number
}

export interface Replay extends Estimate {
  /** First attempts decided again. */
  readonly attempts: number
  /** Those of them whose end counts for success. */
  readonly counted: number
  /** That would go elsewhere. */
  readonly moved: number
  /** That no channel would take. */
  readonly withoutChannel: number
  readonly recorded: {
    readonly successPpm: number
    readonly cost: bigint
    readonly breaches: number
  }
  readonly channels: readonly ChannelChange[]
}

/** Decides recorded traffic again under the rules of a draft. Refunds go where they came from. */
export function replay(options: ReplayOptions): Replay {
  const { capabilities, rules, classify } = options
  const attempts = options.attempts
    .filter(({ direction }) => direction !== 'refund')
    .sort((a, b) => a.madeAt - b.madeAt || (a.id < b.id ? -1 : 1))
  const byName = new Map(capabilities.map((each) => [each.channel, each]))
  const router = createMemoryRouter({
    capabilities,
    rules,
    reaches: reachesAsRecorded(attempts),
    classify,
    dice: NO_CHANCE,
  })
  const ends = attempts.filter(isFinal).sort((a, b) => a.movedAt - b.movedAt)
  const tally = newTally()
  let ended = 0
  for (const attempt of attempts) {
    for (; ended < ends.length && ends[ended]!.movedAt <= attempt.madeAt; ended += 1) {
      router.learn(factOf(ends[ended]!))
    }
    if (attempt.number !== 1) {
      if (counts(attempt, classify)) tally.evidence.push(outcomeOf(attempt))
      continue
    }
    const request = requestOf(attempt)
    const decision = router.decide(request)
    note(tally, attempt, request, decision, byName, counts(attempt, classify))
  }
  const { cases, evidence, channels, recorded, ...rest } = tally
  return {
    ...estimate(cases, evidence, options.dice, options.resamples),
    ...rest,
    recorded: {
      successPpm: rest.counted === 0 ? 0 : Math.floor((recorded.good * 1_000_000) / rest.counted),
      cost: recorded.cost,
      breaches: recorded.breaches,
    },
    channels: [...channels]
      .map(([channel, of]) => ({ channel, ...of }))
      .sort((a, b) => (a.channel < b.channel ? -1 : 1)),
  }
}

interface Tally {
  attempts: number
  counted: number
  moved: number
  withoutChannel: number
  readonly cases: Case[]
  readonly evidence: { readonly at: string; readonly succeeded: boolean }[]
  readonly channels: Map<string, { recorded: number; draft: number }>
  readonly recorded: { good: number; cost: bigint; breaches: number }
}

function newTally(): Tally {
  return {
    ...{ attempts: 0, counted: 0, moved: 0, withoutChannel: 0 },
    ...{ cases: [], evidence: [], channels: new Map() },
    recorded: { good: 0, cost: 0n, breaches: 0 },
  }
}

function note(
  tally: Tally,
  attempt: RecordedAttempt,
  request: RouteRequest,
  decision: RouteDecision,
  byName: ReadonlyMap<string, Capability>,
  counted: boolean,
): void {
  const to = decision.channel
  const [before, after] = [byName.get(attempt.channel), byName.get(to ?? '')]
  const cost = (of: Capability | undefined) => (of === undefined ? 0n : costOf(of, request))
  const breached = breaches(before, request)
  const { at, succeeded } = outcomeOf(attempt)
  tally.attempts += 1
  tally.recorded.cost += cost(before)
  tally.recorded.breaches += breached
  if (to === undefined) tally.withoutChannel += 1
  if (to !== attempt.channel) tally.moved += 1
  channelOf(tally, attempt.channel).recorded += 1
  if (to !== undefined) channelOf(tally, to).draft += 1
  if (counted) {
    tally.counted += 1
    if (succeeded) tally.recorded.good += 1
  }
  tally.cases.push({
    from: at,
    to: to === attempt.channel ? at : to === undefined ? '' : cellOf(attempt, to),
    succeeded: counted ? succeeded : undefined,
    cost: cost(after) - cost(before),
    breach: breaches(after, request) - breached,
  })
}

function channelOf({ channels }: Tally, name: string): { recorded: number; draft: number } {
  const found = channels.get(name) ?? { recorded: 0, draft: 0 }
  channels.set(name, found)
  return found
}

const LIMITS: ReadonlySet<string> = new Set([
  'under_least',
  'over_limit',
  'over_day_limit',
  'over_day_count',
])

/** 1 when the amount breaches a limit the channel states. */
function breaches(capability: Capability | undefined, request: RouteRequest): number {
  if (capability === undefined) return 0
  const why = obstacle(capability, { ...request, tried: [] }, localTime(request.at))
  return why !== undefined && LIMITS.has(why) ? 1 : 0
}

function cellOf({ direction, bank, accountType }: RecordedAttempt, channel: string): string {
  return `${direction}|${channel}|${bank}|${accountType}`
}

function outcomeOf(attempt: RecordedAttempt) {
  return { at: cellOf(attempt, attempt.channel), succeeded: attempt.state === 'succeeded' }
}

function isFinal({ state }: RecordedAttempt): boolean {
  return state === 'succeeded' || state === 'failed'
}

/** Final, and not failed by the user's cause. */
function counts(attempt: RecordedAttempt, classify: ReplayOptions['classify']): boolean {
  if (attempt.state === 'succeeded') return true
  const { channel, direction, code } = attempt
  return attempt.state === 'failed' && classify({ channel, direction, code }).cause !== 'user'
}

/** A channel reaches a book unless a recorded decision says that it does not. */
function reachesAsRecorded(attempts: readonly RecordedAttempt[]) {
  const apart = new Set<string>()
  for (const { book, route } of attempts) {
    for (const { channel, why } of readRoute(route)?.candidates ?? []) {
      if (why === 'wrong_book') apart.add(`${book} ${channel}`)
    }
  }
  return (channel: string, book: number) => !apart.has(`${book} ${channel}`)
}

function requestOf(attempt: RecordedAttempt): RouteRequest {
  const asked = readRoute(attempt.route)?.asked
  const methods = asked?.methods ?? (attempt.method === '' ? undefined : [attempt.method])
  const used = Object.entries(asked?.usedToday ?? {})
  return {
    direction: attempt.direction,
    amount: attempt.amount,
    currency: attempt.currency,
    book: attempt.book,
    bank: attempt.bank,
    ...(attempt.accountType !== '' && { accountType: attempt.accountType }),
    ...(methods !== undefined && { methods }),
    at: attempt.madeAt,
    tried: asked?.tried ?? [],
    attributes: asked?.attributes ?? {},
    usedToday: Object.fromEntries(used.map(([channel, text]) => [channel, BigInt(text)])),
    countToday: asked?.countToday ?? {},
    // What was left to chance then is fixed by the order now.
    sticky: asked?.sticky ?? attempt.owner,
  }
}

function factOf(attempt: RecordedAttempt) {
  const { channel, direction, bank, accountType, number, madeAt, code } = attempt
  return {
    ...{ attempt: attempt.id, order: attempt.owner, number, direction, channel, bank, accountType },
    amount: { amount: attempt.amount.toString(), currency: attempt.currency },
    ...{ madeAt, at: attempt.movedAt, code },
    result: attempt.state === 'succeeded' ? ('succeeded' as const) : ('failed' as const),
  }
}
