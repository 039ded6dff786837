import type { Classification, CodeKey } from './classification.ts'
import { type CodeRow, classificationOf } from './code-row.ts'

/** The list of words of our own, such as `NO_REPLY`: every channel's answers may carry them. */
export const PLATFORM_LIST = 'platform'

/** The list of each channel that is not called after it, such as a second merchant account at a rail. */
export type ListsOfChannels = Readonly<Record<string, string>>

/** The codes of all channels at one version; in memory, never changed. */
export interface Codes {
  /** The files' hash, and the number of the last published version after a `+`. */
  readonly version: string
  readonly rows: readonly CodeRow[]
  /** What a code means. A few look-ups, never a statement; a code nobody classified is unmapped. */
  classify(key: CodeKey): Classification
}

/** What a code nobody has classified means: nothing is known, and it counts against us. */
export const UNMAPPED: Classification = Object.freeze({
  cause: 'system',
  reason: 'unmapped',
  certainty: 'unknown',
  retry: 'none',
  letter: 'U',
  mapped: false,
  text: {
    zh: '正在确认这笔款项的结果，请不要重复付款',
    en: 'We are confirming what became of this payment. Please do not pay again.',
  },
})

/**
 * The codes of these rows. A row of the direction wins over one of `any`, a row of the channel's list
 * over one of ours; of two rows with one key the later wins, so that published rows follow the files'.
 */
export function createCodes(of: {
  readonly rows: readonly CodeRow[]
  readonly version: string
  readonly lists?: ListsOfChannels
}): Codes {
  const byKey = new Map(
    of.rows.map((row) => [keyOf(row.list, row.direction, row.code), classificationOf(row)]),
  )
  const find = (list: string, direction: string, code: string) =>
    byKey.get(keyOf(list, direction, code)) ?? byKey.get(keyOf(list, 'any', code))
  return {
    version: of.version,
    rows: of.rows,
    classify: ({ channel, direction, code }) =>
      find(of.lists?.[channel] ?? channel, direction, code) ??
      find(PLATFORM_LIST, direction, code) ??
      UNMAPPED,
  }
}

const keyOf = (list: string, direction: string, code: string) => `${list} ${direction} ${code}`
