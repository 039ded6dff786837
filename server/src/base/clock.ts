/**
 * The two clocks of a World: the wall's, and one that stands still until somebody moves it.
 *
 * The simulated clock wakes its sleepers one by one, in the order of their times, and lets the woken
 * code run before it goes on. It cannot know about database answers or sockets the woken code waits
 * for: whoever moves it waits for the work itself (the due sweeper does).
 */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Clock, Instant } from './world.ts'

/** A clock that somebody moves: the test clock and the simulation's. */
export interface MovableClock extends Clock {
  /** Moves business time forward to `time`, waking sleepers in order. Refuses to move back. */
  advanceTo(time: Instant): Promise<void>
}

export interface SimulatedClock extends MovableClock {
  /** Moves forward by `ms`, waking sleepers in order. */
  advance(ms: number): Promise<void>
  /** Sets business time back by `ms`, as a wrongly set machine clock does; `mono` does not move. */
  stepBack(ms: number): void
  /** Who sleeps, the next to wake first. `at` is business time as the clock stands now. */
  sleepers(): readonly { tag: string; at: Instant }[]
}

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** The machine's clock. `now` may step back when the machine's time is set; `mono` does not. */
export function wallClock(): Clock {
  return {
    now: () => Date.now(),
    mono: () => Math.floor(performance.now()),
    sleep: async (ms, _tag, signal) => {
      const until = performance.now() + ms
      do {
        await timer(Math.min(until - performance.now(), LONGEST_TIMER_MS), signal)
      } while (performance.now() < until - 1 && signal?.aborted !== true)
    },
  }
}

function timer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = () => {
      clearTimeout(handle)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const handle = setTimeout(done, Math.max(0, ms))
    signal?.addEventListener('abort', done)
  })
}

/** A clock that starts at `start` and stands still until it is moved. */
export function simulatedClock(start: Instant): SimulatedClock {
  let now = start
  let mono = 0
  let order = 0
  let sleeping: { tag: string; mono: number; order: number; wake: () => void }[] = []
  let moving = Promise.resolve()

  const moveTo = async (time: Instant): Promise<void> => {
    if (time < now) {
      throw new Error(`The clock stands at ${iso(now)} and does not go back to ${iso(time)}.`)
    }
    const end = mono + (time - now)
    await setImmediate()
    for (let next = sleeping[0]; next !== undefined && next.mono <= end; next = sleeping[0]) {
      sleeping.shift()
      now += Math.max(0, next.mono - mono)
      mono = Math.max(mono, next.mono)
      next.wake()
      await setImmediate()
    }
    now += end - mono
    mono = end
  }

  /** Moves that overlap run one after the other; each finds its goal when its turn comes. */
  const move = (goal: () => Instant): Promise<void> => {
    const moved = moving.then(() => moveTo(goal()))
    moving = moved.catch(() => undefined)
    return moved
  }

  return {
    now: () => now,
    mono: () => mono,
    sleep: (ms, tag, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve()
        order += 1
        const giveUp = () => {
          sleeping = sleeping.filter((other) => other !== sleeper)
          resolve()
        }
        const wake = () => {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        }
        const sleeper = { tag, mono: mono + Math.max(0, Math.ceil(ms)), order, wake }
        sleeping.push(sleeper)
        sleeping.sort((a, b) => a.mono - b.mono || a.order - b.order)
        signal?.addEventListener('abort', giveUp)
      }),
    advanceTo: (time) => move(() => time),
    advance: (ms) => move(() => now + ms),
    stepBack: (ms) => {
      now -= ms
    },
    sleepers: () => sleeping.map(({ tag, mono: at }) => ({ tag, at: now + (at - mono) })),
  }
}

const iso = (time: Instant) => new Date(time).toISOString()
