/**
 * How a run waits. On the wall clock it lets the server's own sweeper work and looks again; on a test
 * clock it moves business time itself, ours and the bank's together, from one due time to the next, so
 * that a query schedule of hours takes milliseconds.
 */
import type { DueSweeper, Instant, SimulatedClock } from '../../server/src/base/index.ts'
import type { BankAdmin } from './bank-admin.ts'
import type { RailSide } from './rail-side.ts'

export interface Pace {
  now(): Instant
  /** Works until `done` says so; false when the time for it is over. */
  until(done: () => Promise<boolean>): Promise<boolean>
  /** Lets `ms` of business time pass; on the wall clock at most half a second. */
  pass(ms: number): Promise<void>
  /** Whether days can be made to pass. */
  readonly movesDays: boolean
}

/** A weekend is over by then: what comes on the next business day has come. */
export const WEEKEND_DAYS = 4

const LOOK_MS = 10
const WALL_PATIENCE_MS = 25_000

export function wallPace(clock: { now(): Instant }): Pace {
  const sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms))
  return {
    now: () => clock.now(),
    movesDays: false,
    until: async (done) => {
      for (let left = WALL_PATIENCE_MS; left > 0; left -= LOOK_MS) {
        if (await done()) return true
        await sleep(LOOK_MS)
      }
      return false
    },
    pass: (ms) => sleep(Math.min(ms, 500)),
  }
}

/** Nothing a run waits for takes longer: the query schedule reaches six hours, the deadlines are days. */
const HORIZON_MS = 2 * 86_400_000

interface Outside {
  readonly sweeper: DueSweeper
  readonly bank: Pick<BankAdmin, 'setClock' | 'idle'>
  readonly rails?: Pick<RailSide, 'setClock' | 'idle' | 'nextDueAt'>
}

export function simulatedPace(clock: SimulatedClock, { sweeper, bank, rails }: Outside): Pace {
  const work = async () => {
    await rails?.idle()
    await bank.idle()
    await sweeper.sweepNow()
    await rails?.idle()
    await bank.idle()
  }
  const step = async (limit: Instant) => {
    const due = Math.min((await sweeper.nextDueAt()) ?? limit, rails?.nextDueAt() ?? limit)
    const next = Math.min(limit, Math.max(due, clock.now()))
    await clock.advanceTo(next)
    await bank.setClock(next)
    await rails?.setClock(next)
    await work()
  }
  return {
    now: () => clock.now(),
    movesDays: true,
    until: async (done) => {
      const end = clock.now() + HORIZON_MS
      await work()
      while (!(await done())) {
        if (clock.now() >= end) return false
        await step(end)
      }
      return true
    },
    pass: async (ms) => {
      const end = clock.now() + ms
      while (clock.now() < end) await step(end)
    },
  }
}
