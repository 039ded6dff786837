import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { TEST_START } from '../../../testing/world.ts'
import { REFUSALS } from '../refusals.ts'
import { agree, type Tally } from './agree.ts'
import { type Plan, plans, stage } from './commands.ts'
import { installOracle, openOracle } from './oracle.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await installOracle(database.db)
})
afterAll(() => database.drop())

const SEQUENCES = 2_000
const LANES = 4

describe('agreement', () => {
  it('engine, oracle and model agree after each step', async () => {
    const tally: Tally = new Map()
    const lane = async (number: number) => {
      const oracle = await openOracle(database.db, 800_000_000 + number, TEST_START)
      let ran = 0
      let start = TEST_START + 1_000
      const property = fc.asyncProperty(plans, async (plan: Plan) => {
        ran += 1
        const staged = stage(plan, `${number} ${ran}`, start)
        start = staged.end
        await agree([oracle], staged, { together: plan.together, tally })
      })
      await fc.assert(property, { numRuns: SEQUENCES / LANES, seed: 20260302 + number })
    }
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
    if (process.env.TALLY) console.log(tally)
    for (const [code] of REFUSALS) expect(tally.get(code), code).toBeGreaterThan(0)
  }, 240_000)
})
