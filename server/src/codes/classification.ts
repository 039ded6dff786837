/**
 * What a response code means, on two axes that are never mixed: whose cause it was, and how certain
 * the outcome is. The cause explains and counts; only the certainty may lead to another attempt.
 */
import type { Direction } from './direction.ts'

export const CAUSES = ['user', 'bank', 'channel', 'merchant', 'system', 'risk'] as const

/** Who caused a failure. `merchant` and `system` are us: our set-up and our software. */
export type Cause = (typeof CAUSES)[number]

export const CERTAINTIES = ['succeeded', 'failed', 'unknown'] as const

export type Certainty = (typeof CERTAINTIES)[number]

export const RETRIES = [
  'none',
  'by_user',
  'other_channel',
  'same_channel_later',
  'after_fix',
] as const

/** Who may try again, and how. `unknown` never has anything but `none`. */
export type Retry = (typeof RETRIES)[number]

/**
 * For display: A user left, F funds, L limit, V verification, I instrument, B bank, R risk,
 * T technical, M merchant, U unmapped, S succeeded.
 */
export type ClassLetter = 'A' | 'F' | 'L' | 'V' | 'I' | 'B' | 'R' | 'T' | 'M' | 'U' | 'S'

export interface CodeKey {
  /** The channel's list of codes, such as `wechat-pay`. */
  readonly channel: string
  readonly direction: Direction
  readonly code: string
}

export interface Classification {
  /** Absent when it succeeded or nothing is known yet. */
  readonly cause?: Cause
  /** Finer than the cause, such as `insufficient_funds` or `permission`. */
  readonly reason: string
  readonly certainty: Certainty
  readonly retry: Retry
  readonly letter: ClassLetter
  /** False for a code nobody has classified: it counts against us. */
  readonly mapped: boolean
  /** What the payer reads; never the channel's own words. */
  readonly text: { readonly zh: string; readonly en: string }
}

const USER_LETTERS: Readonly<Record<string, ClassLetter>> = {
  cancelled: 'A',
  timed_out: 'A',
  awaiting_payer: 'A',
  insufficient_funds: 'F',
  limit_exceeded: 'L',
  wrong_credential: 'V',
  identity_mismatch: 'V',
}

/** The letter of a mapped code; it follows from cause, reason and certainty and is stored nowhere. */
export function letterOf(
  of: Pick<Classification, 'cause' | 'reason' | 'certainty'>,
): Exclude<ClassLetter, 'U'> {
  if (of.certainty === 'succeeded') return 'S'
  switch (of.cause) {
    case 'user':
      return (USER_LETTERS[of.reason] as Exclude<ClassLetter, 'U'> | undefined) ?? 'I'
    case 'bank':
      return of.reason === 'bank_unavailable' ? 'T' : 'B'
    case 'risk':
      return 'R'
    // Our set-up and our software look the same to a payer: this way does not work, we are on it.
    case 'merchant':
    case 'system':
      return of.certainty === 'unknown' ? 'T' : 'M'
    default:
      return 'T'
  }
}
