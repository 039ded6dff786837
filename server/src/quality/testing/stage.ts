/** Rates on a database of their own, with the codes of the checkout. */

import { type CodeTable, openCodeTable } from '#codes'
import { codesOfCheckout } from '#codes/testing'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { type TestWorld, testWorld } from '../../../testing/world.ts'
import type { AttemptFact } from '../attempt-fact.ts'
import { openQuality, type Quality } from '../quality.ts'
import { eventsOf } from './facts.ts'

export interface Stage {
  readonly database: TestDatabase
  readonly world: TestWorld
  readonly codes: CodeTable
  readonly quality: Quality
  /** Delivers facts, each at a position of its own; very many at once, as if each had come. */
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
      if (events.length <= 1_000) {
        for (const event of events) await quality.subscriber.deliver(event)
        return
      }
      await database.db.query(
        `insert into quality.arrival (book_id, seq, n, fact)
         select * from unnest($1::int[], $2::int8[], $3::int[], $4::jsonb[])`,
        [
          events.map((event) => event.book),
          events.map((event) => event.seq),
          events.map((event) => event.n),
          events.map((event) => JSON.stringify(event.payload)),
        ],
      )
    },
    close: () => database.drop(),
  }
}
