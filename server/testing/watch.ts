/** Watching what has not happened yet. Timers of the wall, because what is watched is real. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

export interface Watched<T> {
  readonly promise: Promise<T>
  /** Whether it has an answer, good or bad, by now. */
  answered: boolean
}

export function watched<T>(promise: Promise<T>): Watched<T> {
  const watch: Watched<T> = { promise, answered: false }
  const answer = () => {
    watch.answered = true
  }
  promise.then(answer, answer)
  return watch
}

/** Time enough for what must not happen to happen. */
export async function quiet(): Promise<void> {
  await sleep(100)
  for (let turns = 0; turns < 20; turns += 1) await turn()
}

/** Waits for what must happen; fails after eight seconds. */
export async function until(met: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 800; tries += 1) {
    if (await met()) return
    await sleep(10)
  }
  throw new Error('It did not come about within eight seconds.')
}
