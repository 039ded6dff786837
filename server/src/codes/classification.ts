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

/** For display: A user left, F funds, L limit, V verification, I instrument, B bank, R risk, T technical, M merchant, U unmapped. */
export type ClassLetter = 'A' | 'F' | 'L' | 'V' | 'I' | 'B' | 'R' | 'T' | 'M' | 'U'

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
