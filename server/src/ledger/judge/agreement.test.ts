/**
 * Two thousand random histories, each run by the engine, the oracle and the model. `SEED` runs other
 * ones. A failure prints the shortest history on which they differ, with the model's answers.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFUSALS } from '../refusals.ts'
import { agree, type Tally } from './agree.ts'
import { plans } from './commands.ts'
import { type Court, openCourt } from './court.ts'
import { stage } from './stage.ts'
import { TYPES } from './step.ts'

const SEQUENCES = Number(process.env.SEQUENCES ?? 2_000)
/** Histories of different lanes are judged at the same time, so that nobody waits for a database. */
const LANES = 3
const SEED = Number(process.env.SEED ?? 20_260_302)

let courts: Court[]
beforeAll(async () => {
  courts = await Promise.all(Array.from({ length: LANES }, openCourt))
})
afterAll(() => Promise.all(courts.map((court) => court.close())))

describe('agreement', () => {
  const tally: Tally = new Map()

  it('engine, oracle and model agree after each step', async () => {
    await Promise.all(courts.map((court, lane) => judge(court, lane, tally)))
  }, 300_000)

  it('met every refusal, every type, and every way a command ends', () => {
    const ends = ['command committed', 'command refused', 'accepted again', 'refused again']
    const wanted = [...REFUSALS.map(([code]) => code), ...TYPES, ...ends]
    const missed = wanted.filter((what) => !tally.has(what))
    expect(missed).toEqual([])
  })
})

async function judge(court: Court, lane: number, tally: Tally): Promise<void> {
  let ran = 0
  let start = court.start
  const property = fc.asyncProperty(plans, async (plan) => {
    ran += 1
    const staged = stage(plan, `${lane} ${ran}`, start)
    start = staged.end
    await agree(staged, { ...court, together: plan.together, tally })
  })
  await fc.assert(property, { numRuns: Math.ceil(SEQUENCES / LANES), seed: SEED + lane })
}
