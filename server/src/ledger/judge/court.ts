/** For tests: the engine and the oracle, each in a database of its own, and the clock they share. */

import type { Instant } from '#base'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { TEST_START, type TestWorld, testWorld } from '../../../testing/world.ts'
import { type EngineCandidate, openEngine } from './engine.ts'
import { installOracle, openOracle } from './oracle.ts'
import type { Candidate } from './step.ts'

export interface Court {
  readonly engine: EngineCandidate
  readonly oracle: Candidate
  readonly engineDatabase: TestDatabase
  readonly world: { moveTo(at: Instant): Promise<void> }
  /** Where the first history may begin. */
  readonly start: Instant
  close(): Promise<void>
}

/**
 * Accounts nobody uses. Without them the planner learns from an empty table that reading a book's
 * accounts whole is as cheap as finding one, and each history is slower than the last.
 */
const CROWD = 200
const ANALYZE = 'analyze ledger.account'

/** Books on which histories can be judged one after the other, each beginning after the last. */
export async function openCourt(): Promise<Court> {
  const [engineDatabase, oracleDatabase] = await Promise.all([testDatabase(), testDatabase()])
  const world = testWorld({ db: engineDatabase.db })
  await installOracle(oracleDatabase.db)
  const oracle = await openOracle(oracleDatabase.db, 1, TEST_START)
  const engine = await openEngine(world)
  const crowd = Array.from({ length: CROWD }, () => world.ids.uuid())
  for (const candidate of [engine, oracle]) {
    const openings = crowd.map((id) => ({ id, code: 'L', name: 'crowd' }))
    await candidate.open(openings, TEST_START)
  }
  await Promise.all([engineDatabase, oracleDatabase].map(({ db }) => db.query(ANALYZE)))
  return {
    engine,
    oracle,
    engineDatabase,
    world: { moveTo: (at) => moveTo(world, at) },
    start: TEST_START + 1_000,
    close: async () => {
      await engine.close()
      await Promise.all([engineDatabase.drop(), oracleDatabase.drop()])
    },
  }
}

async function moveTo({ clock }: TestWorld, at: Instant): Promise<void> {
  const by = at - clock.now()
  if (by > 0) await clock.advance(by)
  if (by < 0) clock.stepBack(-by)
}
