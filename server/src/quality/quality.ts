/**
 * Success rates, open: a subscriber that keeps facts, a loop that folds them, and questions.
 *
 * Delivering is one cheap insert; counting happens in batches after it. A question folds first, so an
 * answer has every fact that was delivered before it was asked.
 */
import type { DeliveredEvent, Subscriber, World } from '#base'
import type { CodeTable } from '#codes'
import { ask, type Dimension, type KnownEnding, type RateQuestion, type RateRow } from './ask.ts'
import { type Change, type ChangeQuestion, explainChange } from './change.ts'
import { dayCounts } from './day-counts.ts'
import { foldArrivals } from './fold.ts'
import { readFact } from './read-fact.ts'
import { endingsAfter, keepArrival } from './store.ts'

export interface Quality {
  /** Takes the facts of attempts from the outbox, each at least once. */
  readonly subscriber: Subscriber
  /** Counts what has arrived; returns how many facts that were. */
  fold(): Promise<number>
  /** Counts as facts arrive, at the latest every second, until `stop`. */
  run(): Promise<void>
  stop(): Promise<void>
  /** `codesVersion`: with the codes as they were at that published version. */
  ask(question: RateQuestion, options?: { codesVersion?: number }): Promise<RateRow[]>
  /** What each slice did to a rate between two windows; the effects add up to the change. */
  explain<D extends Dimension>(
    question: ChangeQuestion<D>,
    options?: { codesVersion?: number },
  ): Promise<Change | undefined>
}

const FOLD_EVERY_MS = 1_000
/** So many facts wake the loop before its time. */
const FOLD_AT = 500

/** Opens the rates over the codes of this installation. */
export function openQuality(
  world: Pick<World, 'db' | 'clock' | 'log'>,
  codes: Pick<CodeTable, 'refresh' | 'at'>,
): Quality {
  const { db, clock, log } = world
  const endings: KnownEnding[] = []
  const days = dayCounts()
  let arrived = 0
  let stopping = false
  let waking = new AbortController()
  let loop: Promise<void> | undefined
  const fold = async () => {
    arrived = 0
    return foldArrivals(db, await codes.refresh())
  }
  const run = async () => {
    while (!stopping) {
      waking = new AbortController()
      await fold().catch((error: unknown) => {
        log.error({ error }, 'facts of attempts cannot be counted; trying again')
      })
      if (!stopping) await clock.sleep(FOLD_EVERY_MS, 'count success rates', waking.signal)
    }
  }
  const answered = async (question: RateQuestion, version?: number): Promise<RateRow[]> => {
    const meaning = version === undefined ? await codes.refresh() : await codes.at(version)
    // An ending never changes, and they become visible in the order of their numbers.
    for (const one of await endingsAfter(db, endings.at(-1)?.id ?? 0)) {
      if (one.id > (endings.at(-1)?.id ?? 0)) endings.push(one)
    }
    return ask(db, question, { endings, days, codes: meaning, now: clock.now() })
  }
  return {
    subscriber: {
      name: 'quality',
      kinds: ['payments.attempt_ended'],
      deliver: async (event: DeliveredEvent) => {
        readFact(event.payload)
        await keepArrival(db, { ...event, fact: event.payload })
        arrived += 1
        if (arrived === FOLD_AT) waking.abort()
      },
    },
    fold,
    run: () => {
      loop ??= run()
      return loop
    },
    stop: async () => {
      stopping = true
      waking.abort()
      await loop
    },
    ask: async (question, options = {}) => {
      await fold()
      return answered(question, options.codesVersion)
    },
    explain: async (question, options = {}) => {
      await fold()
      return explainChange(question, (one) => answered(one, options.codesVersion))
    },
  }
}
