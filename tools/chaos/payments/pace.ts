/**
 * Moves the platform's clock and the rails' together, from one due time to the next, and does what is
 * due there on both sides at once, so that a notice and a question about the same order may meet.
 *
 * A pace has a grain: nothing is done more often than that, as with a sweeper that comes late.
 */
import type { Instant } from '../../../server/src/base/index.ts'
import type { Stage } from './stage.ts'

/** Rounds of work at one instant; a stage that needs more goes round in circles. */
const ROUNDS_MAX = 300

/** Pieces of due work that are done side by side, as by a server that is busy. */
const SWEEPS = 3

/** Does all that is due now on both sides. */
export async function workNow(stage: Stage): Promise<void> {
  const now = stage.world.clock.now()
  let done = 1
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const rails = Promise.all(stage.admins().map((admin) => admin.setClock(now)))
    done = await stage.withPlatform(async ({ relay, sweeper, life }) => {
      const sweeps = Array.from({ length: SWEEPS }, () => sweeper.sweepNow())
      const counts = await Promise.all([relay.pump(), ...sweeps])
      const count = counts.reduce((sum, each) => sum + each, 0)
      // Due work that fails is noted and tried later; a death has to be seen.
      if (life.dead) throw new Error('killed')
      return count
    })
    await rails
    await stage.forwardFunding()
    const waits = stage.admins().some((admin) => (admin.nextDueAt() ?? Infinity) <= now)
    if (done === 0 && !waits) return
  }
  throw new Error(`What is due at ${new Date(now).toISOString()} does not come to an end.`)
}

/** Lets time pass until `end`, stopping where something falls due, but not more often than `grainMs`. */
export async function passTo(stage: Stage, end: Instant, grainMs: number): Promise<void> {
  const { clock } = stage.world
  while (clock.now() < end) {
    const due = await stage.withPlatform(({ sweeper }) => sweeper.nextDueAt())
    const rails = stage.admins().map((admin) => admin.nextDueAt())
    const next = Math.min(...[due, ...rails].map((at) => at ?? Number.POSITIVE_INFINITY))
    await clock.advanceTo(Math.min(end, Math.max(next, clock.now() + grainMs)))
    await workNow(stage)
  }
}
