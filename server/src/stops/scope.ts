/** What a pause covers, and what is asked whether it may move. */
import type { Instant } from '#base'
import type { StopDirection } from './states.ts'

/** Fields that are absent cover everything: a pause without any stops the whole organisation. */
export interface PauseScope {
  readonly channel?: string
  readonly direction?: StopDirection
  readonly book?: number
  /** Public id of the merchant: the holder of the account that money comes to or leaves. */
  readonly merchant?: string
}

/** Money that is about to move. */
export interface Movement {
  readonly orgId: number
  readonly direction: StopDirection
  readonly book: number
  /** Absent while none is chosen: a pause of a channel then stops nothing yet, and is asked again. */
  readonly channel?: string
  readonly merchant?: string
}

/** Who stopped it, why, and since when. */
export interface Stopped {
  /** Public id of the pause; empty when the platform cannot tell whether there is one. */
  readonly pause: string
  readonly by: string
  readonly why: string
  readonly since: Instant
}

/** Whether a pause of this scope stops this movement. */
export function covers(scope: PauseScope, movement: Omit<Movement, 'orgId'>): boolean {
  return (
    (scope.channel === undefined || scope.channel === movement.channel) &&
    (scope.direction === undefined || scope.direction === movement.direction) &&
    (scope.book === undefined || scope.book === movement.book) &&
    (scope.merchant === undefined || scope.merchant === movement.merchant)
  )
}
