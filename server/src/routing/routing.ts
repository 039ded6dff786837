/**
 * Routing as one thing: the router, what it learns from how attempts end, and its rules by version.
 *
 * Deciding is in memory. What attempts taught is written down beside it: failures and lessons at
 * once, successes in batches, so that a crash loses at most the last `batch` successes of a window
 * that fades anyway. Several servers share one database: each calls `refresh` now and then and takes
 * in what the others wrote down.
 */
import type { DeliveredEvent, Instant, Subscriber, Tx, World } from '#base'
import type { Capability } from '#channels'
import type { Classification, CodeKey } from '#codes'
import type { AttemptFact } from '#quality'
import { capabilityJson, readCapability } from './capability-json.ts'
import type { RouteDecision, RouteRequest, Router } from './decision.ts'
import {
  type Cell,
  HEALTH_TERMS,
  type HealthRow,
  type HealthTerms,
  type Observation,
  windowMs,
} from './health.ts'
import type { Learnt, LearntChange } from './learnt.ts'
import { createMemoryRouter } from './memory-router.ts'
import type { RuleDocument, RuleProblem } from './rule.ts'
import { createRuleSet, type RuleSet, ruleVersion } from './rule-set.ts'
import * as store from './store.ts'

export interface RoutingOptions {
  readonly world: Pick<World, 'clock' | 'rng' | 'db' | 'log'>
  readonly capabilities: readonly Capability[]
  /** Whether the money a channel moves settles into or out of a book. */
  reaches(channel: string, book: number): boolean
  /** What a channel's code means; the same function `codes` gives to all. */
  classify(key: CodeKey): Classification
  /** The rules in force until a version of the database is. */
  readonly rules: RuleDocument
  readonly health?: HealthTerms
  /** Successes written down at once. */
  readonly batch?: number
}

export interface Routing extends Router {
  /** What would be decided, with nothing left to chance and nothing noted. */
  preview(request: RouteRequest): RouteDecision
  /** Takes one end of an attempt in; the same any number of times. */
  observe(fact: AttemptFact): Promise<void>
  /** Feeds `observe` from the outbox. */
  readonly subscriber: Subscriber
  health(): HealthRow[]
  learnt(): readonly Learnt[]
  /** Forgets a lesson at an operator's word; false when there was none. */
  forget(cell: Cell): Promise<boolean>
  activeRules(): RuleSet
  /** Everything that is wrong with a document; an empty list when it may be kept. */
  check(document: unknown): readonly RuleProblem[]
  /** Keeps a draft under the hash of its content. */
  keep(document: unknown, note: string): Promise<{ version: string } | { problems: RuleProblem[] }>
  /** Puts a kept version in force here, and elsewhere at the next `refresh`. */
  activate(version: string, by: string): Promise<{ problems: RuleProblem[] } | undefined>
  versions(): Promise<store.KeptRules[]>
  /** Takes in what other servers wrote down: observations, lessons, the version in force. */
  refresh(): Promise<void>
  /** Writes down what waits, and removes what no longer matters; before a shutdown, and hourly. */
  flush(): Promise<void>
}

/** Clocks of two servers, and statements that commit late, differ by less than this. */
const OVERLAP_MS = 120_000
const BATCH = 200

/** Opens routing on a migrated database: the version in force, the lessons, the health of late. */
export async function openRouting(options: RoutingOptions): Promise<Routing> {
  const { world, capabilities } = options
  const terms = options.health ?? HEALTH_TERMS
  const channels = capabilities.map(({ channel }) => channel)
  const router = createMemoryRouter({
    ...options,
    rules: ruleSet(options.rules, channels),
    dice: world.rng,
    health: terms,
  })
  const { lessons } = router
  const waiting = new Map<string, Observation>()
  let read: Instant = world.clock.now() - windowMs(terms)

  // What could not be written stays here, and the next delivery tries again.
  const changes: LearntChange[] = []
  let lessonsMoved = 0
  let urgent = false
  const flush = async () => {
    const batch = [...waiting.values()]
    if (batch.length > 0) await store.keepObservations(world.db, batch, world.clock.now())
    for (const observation of batch) {
      if (waiting.get(observation.attempt) === observation) waiting.delete(observation.attempt)
    }
    for (let change = changes[0]; change !== undefined; change = changes[0]) {
      if (change.kind === 'kept') await store.keepLearnt(world.db, change.learnt)
      else await store.dropLearnt(world.db, change.cell)
      if (changes[0] === change) changes.shift()
    }
    urgent = changes.length > 0
  }
  const observe = async (fact: AttemptFact) => {
    const taken = router.learn(fact)
    if (taken !== undefined) {
      const { observation, change } = taken
      waiting.set(observation.attempt, observation)
      if (change !== undefined) {
        changes.push(change)
        lessonsMoved += 1
      }
      if (change?.kind === 'kept') {
        world.log.warn({ learnt: change.learnt }, 'a channel refused for lack of permission')
      }
      urgent = urgent || change !== undefined || observation.verdict !== 'good'
    }
    if (urgent || waiting.size >= (options.batch ?? BATCH)) await flush()
  }
  const readLessons = async () => {
    const before = lessonsMoved
    const rows = await store.readLearnt(world.db)
    // What was learnt here meanwhile, or is not written yet, is not in these rows.
    if (lessonsMoved === before && changes.length === 0) lessons.restore(rows)
  }
  const refresh = async () => {
    const begun = world.clock.now()
    for (const observation of await store.readObservations(world.db, read)) {
      router.restore(observation)
    }
    read = begun - OVERLAP_MS
    await readLessons()
    const document = await store.findRules(world.db)
    if (document === undefined || ruleVersion(document) === router.rules().version) return
    const found = createRuleSet(document, channels)
    // A version that names a channel this server no longer has stays out; the former goes on.
    if (!('problems' in found)) router.setRules(found)
    else world.log.error({ problems: found.problems }, 'the routing rules in force do not fit')
  }

  const routing: Routing = {
    decide: router.decide,
    preview: router.preview,
    observe,
    subscriber: {
      name: 'routing',
      kinds: ['payments.attempt_ended'],
      deliver: ({ payload }: DeliveredEvent) => observe(payload as AttemptFact),
    },
    health: () => router.health(world.clock.now()),
    learnt: () => lessons.rows(),
    forget: async (cell) => {
      const stored = await store.dropLearnt(world.db, cell)
      lessonsMoved += 1
      return lessons.forget(cell) || stored
    },
    activeRules: router.rules,
    check: (document) => problemsOf(createRuleSet(document, channels)),
    keep: async (document, note) => {
      const set = createRuleSet(document, channels)
      if ('problems' in set) return set
      const { version } = set
      await store.keepRules(world.db, {
        version,
        document: set.document,
        note,
        at: world.clock.now(),
      })
      return { version }
    },
    activate: async (version, by) => {
      const document = await store.findRules(world.db, version)
      const set =
        document === undefined ? unknownVersion(version) : createRuleSet(document, channels)
      if ('problems' in set) return set
      await store.activateRules(world.db, { version, by, at: world.clock.now() })
      router.setRules(set)
      return undefined
    },
    versions: () => store.listRules(world.db),
    refresh,
    flush: async () => {
      await flush()
      await store.dropObservations(world.db, world.clock.now() - 2 * windowMs(terms))
    },
  }
  await store.noteChannels(
    world.db,
    capabilities.map((each) => ({ name: each.channel, capability: capabilityJson(each) })),
    world.clock.now(),
  )
  await refresh()
  return routing
}

function ruleSet(document: RuleDocument, channels: readonly string[]): RuleSet {
  const set = createRuleSet(document, channels)
  if (!('problems' in set)) return set
  const [first] = set.problems
  throw new RulesRefused(`The routing rules are refused at ${first?.pointer}: ${first?.says}`)
}

/** The rules that come with the project, or were handed over, hold a mistake: no routing is opened. */
export class RulesRefused extends Error {
  override name = 'RulesRefused'
}

function problemsOf(set: RuleSet | { problems: RuleProblem[] }): readonly RuleProblem[] {
  return 'problems' in set ? set.problems : []
}

function unknownVersion(version: string): { problems: RuleProblem[] } {
  const says = `There is no version ${version}; keep the rules first.`
  return { problems: [{ pointer: '', code: 'unknown_version', says }] }
}

/** The channels the servers of a database route over, for a replay. */
export async function readNotedChannels(tx: Tx): Promise<Capability[]> {
  return (await store.readChannels(tx)).map(readCapability)
}
