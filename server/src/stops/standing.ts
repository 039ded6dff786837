/** What stands now, in memory, as the last look found it; what is asked of it just before a send. */
import type { Clock, Instant } from '#base'
import { covers, type Movement, type Stopped } from './scope.ts'
import { type Freeze, isInForce, type Pause, pauseId } from './store.ts'

/** How old the last look may be. */
export const BLIND_MS = 3_000

export interface Party {
  readonly orgId: number
  readonly holder: string
}

export interface Standing {
  /** False when nothing can be stopped: one comparison of the clock and one of a length. */
  any(): boolean
  /** Why a movement may not be sent now; `undefined` when it may. */
  stoppedBy(movement: Movement): Stopped | undefined
  /** Whether an order against this holder is in force. */
  isFrozen(orgId: number, holder: string): boolean
  /** Whether the last look is too old to go by, or there was none. */
  isBlind(): boolean
  /** The parties of these orders against whom there was none. */
  newParties(freezes: readonly Freeze[]): readonly Party[]
  /** Takes what a look found that was begun at `askedAt` on the monotonic clock. */
  take(
    found: { readonly pauses: readonly Pause[]; readonly freezes: readonly Freeze[] },
    askedAt: number,
  ): void
}

const partyKey = ({ orgId, holder }: Party) => `${orgId} ${holder}`

export function createStanding(on: {
  /** Business time: orders end by it. */
  readonly clock: Pick<Clock, 'now'>
  readonly wall: Pick<Clock, 'mono'>
}): Standing {
  const { clock, wall } = on
  let pauses: readonly Pause[] = []
  let freezes: readonly Freeze[] = []
  let parties: ReadonlySet<string> = new Set()
  let lookedAt = Number.NEGATIVE_INFINITY
  let lookedOn: Instant = clock.now()

  const isBlind = () => wall.mono() - lookedAt > BLIND_MS

  return {
    any: () => pauses.length > 0 || isBlind(),
    stoppedBy: (movement) => {
      if (isBlind()) return { ...BLIND, since: lookedOn }
      const found = pauses.find(
        ({ orgId, scope }) => orgId === movement.orgId && covers(scope, movement),
      )
      return found && stoppedOf(found)
    },
    isFrozen: (orgId, holder) =>
      parties.has(partyKey({ orgId, holder })) &&
      freezes.some(
        (each) => each.orgId === orgId && each.holder === holder && isInForce(each, clock.now()),
      ),
    isBlind,
    newParties: (found) => found.filter((each) => !parties.has(partyKey(each))),
    take: (found, askedAt) => {
      pauses = found.pauses
      freezes = found.freezes
      parties = new Set(found.freezes.map(partyKey))
      lookedAt = askedAt
      lookedOn = clock.now()
    },
  }
}

const stoppedOf = ({ id, pausedBy, reason, pausedAt }: Pause): Stopped => ({
  pause: pauseId(id),
  by: pausedBy,
  why: reason,
  since: pausedAt,
})

const BLIND = {
  pause: '',
  by: 'platform',
  why: 'What is paused cannot be read from the database, so nothing is sent until it can',
} as const
