/** A gate that tests shut and open; what it stops is asked of it as of the real one. */
import type { Movement, StopGate } from '#channels'

export interface TestGate extends StopGate {
  /** What is stopped from now on; everything when nothing is said. */
  pause(stops?: (movement: Movement) => boolean): void
  resume(): void
}

export const STOPPED = { by: 'usr_0_anna', why: 'a wrong rate', since: 0 }

export function testGate(): TestGate {
  let stops: ((movement: Movement) => boolean) | undefined
  return {
    any: () => stops !== undefined,
    stoppedBy: (movement) => (stops?.(movement) === true ? STOPPED : undefined),
    pause: (covers = () => true) => {
      stops = covers
    },
    resume: () => {
      stops = undefined
    },
  }
}
