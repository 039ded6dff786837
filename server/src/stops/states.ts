/** States of pauses and freezes: data the SQL checks equal. */

export const PAUSE_STATES = [
  'paused',
  /** By two persons. */
  'resumed',
] as const

export type PauseState = (typeof PAUSE_STATES)[number]

export const FREEZE_STATES = [
  'ordered',
  /** By two persons. */
  'lifted',
] as const

export type FreezeState = (typeof FREEZE_STATES)[number]

/** How far an order is in one book; nothing stands there before it is acknowledged. */
export const FREEZE_BOOK_STATES = ['frozen', 'lifted'] as const

export type FreezeBookState = (typeof FREEZE_BOOK_STATES)[number]

/** The same words as payments' directions; what is paid out of guarantee or withdrawn is paid. */
export const STOP_DIRECTIONS = ['collect', 'pay', 'refund'] as const

export type StopDirection = (typeof STOP_DIRECTIONS)[number]
