/** Rates on a database of their own, with the codes of the checkout. */
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { type TestWorld, testWorld } from '../../../testing/world.ts'
import { type CodeTable, openCodeTable } from '../../codes/index.ts'
import { codesOfCheckout } from '../../codes/testing/files.ts'
import type { AttemptFact } from '../attempt-fact.ts'
import { openQuality, type Quality } from '../quality.ts'
import { eventsOf } from './facts.ts'

export interface Stage {
  readonly database: TestDatabase
  readonly world: TestWorld
  readonly codes: CodeTable
  readonly quality: Quality
  /** Delivers facts, each at a position of its own. */
  deliver(facts: readonly AttemptFact[]): Promise<void>
  close(): Promise<void>
}

export async function qualityStage(options: { now?: number } = {}): Promise<Stage> {
  const database = await testDatabase()
  const world = testWorld({
    db: database.db,
    ...(options.now !== undefined && { start: options.now }),
  })
  const codes = await openCodeTable(world, codesOfCheckout())
  const quality = openQuality(world, codes)
  let seq = 1
  return {
    ...{ database, world, codes, quality },
    deliver: async (facts) => {
      const events = eventsOf(facts, seq)
      seq += facts.length
      const waves = Array.from({ length: Math.ceil(events.length / 8) }, (_, i) =>
        events.slice(i * 8, i * 8 + 8),
      )
      for (const wave of waves)
        await Promise.all(wave.map((event) => quality.subscriber.deliver(event)))
    },
    close: () => database.drop(),
  }
}
