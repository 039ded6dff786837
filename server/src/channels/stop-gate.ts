/**
 * What everything that sends asks just before it does: may this money move now? A port; who pauses, and
 * who ends a pause, is none of this module's business.
 */
import type { Instant } from '#base'

/** Money that is about to move. */
export interface Movement {
  readonly orgId: number
  readonly direction: 'collect' | 'pay' | 'refund'
  readonly book: number
  /** Absent while none is chosen. */
  readonly channel?: string
  /** Public id of the holder of the account that money comes to or leaves. */
  readonly merchant?: string
}

/** Who stopped it, why, and since when. */
export interface Stopped {
  readonly by: string
  readonly why: string
  readonly since: Instant
}

export interface StopGate {
  /** False when nothing can be stopped: ask no further. */
  any(): boolean
  stoppedBy(movement: Movement): Stopped | undefined
}

/** How long what is stopped waits before somebody looks again. */
export const STOPPED_LOOK_MS = 15_000
