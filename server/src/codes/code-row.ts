/**
 * A row of a list of response codes, and the rules every row keeps wherever it comes from: a file of
 * `schemes/codes`, or a person who classifies a code from the inbox.
 *
 * The rule that must never fall: an `unknown` leads to no retry. Money may have moved.
 */
import {
  CAUSES,
  type Cause,
  CERTAINTIES,
  type Certainty,
  type Classification,
  letterOf,
  RETRIES,
  type Retry,
} from './classification.ts'
import { DIRECTIONS, type Direction } from './direction.ts'

export interface CodeRow {
  /** The list the code stands in: a channel's name, or `platform` for words of our own. */
  readonly list: string
  /** `any` where the code means the same whichever way the money was to go. */
  readonly direction: Direction | 'any'
  readonly code: string
  readonly cause?: Cause
  readonly reason: string
  readonly certainty: Certainty
  readonly retry: Retry
  readonly text: Text
}

/** A sentence in both languages. */
export interface Text {
  readonly zh: string
  readonly en: string
}

/** What is wrong with one field of a row. */
export interface RowFault {
  readonly column: string
  /** A sentence that says what to write instead. */
  readonly says: string
}

/** Why a row is refused; empty when it stands. Fields arrive as texts, absent ones empty. */
export function rowFaults(row: {
  readonly direction: string
  readonly code: string
  readonly cause: string
  readonly reason: string
  readonly certainty: string
  readonly retry: string
  readonly text: Text
}): RowFault[] {
  const faults: RowFault[] = []
  const add = (column: string, says: string) => faults.push({ column, says })
  const direction = directionFault(row.direction)
  if (direction !== undefined) add('direction', direction)
  if (row.code === '' || row.code.trim() !== row.code || row.code.length > 100) {
    add('code', 'write the code as the channel sends it, 1 to 100 characters')
  }
  if (row.cause !== '' && !oneOf(CAUSES, row.cause)) {
    add('cause', `write one of ${CAUSES.join(', ')}, or nothing`)
  }
  if (!/^[a-z][a-z0-9_]{1,40}$/.test(row.reason)) add('reason', 'write a word in lower snake case')
  if (row.reason === 'unmapped') add('reason', 'write what it means; unmapped means nobody did')
  if (!oneOf(CERTAINTIES, row.certainty)) add('certainty', `write one of ${CERTAINTIES.join(', ')}`)
  if (!oneOf(RETRIES, row.retry)) add('retry', `write one of ${RETRIES.join(', ')}`)
  if (row.certainty === 'unknown' && row.retry !== 'none') {
    add('retry', 'write none: money may have moved, so an unknown outcome is asked about')
  }
  if (row.certainty === 'succeeded' && (row.cause !== '' || row.retry !== 'none')) {
    add('cause', 'leave it empty, with retry none: a success has no cause')
  }
  if (row.certainty === 'failed' && row.cause === '') {
    add('cause', `write whose cause the failure is: ${CAUSES.join(', ')}`)
  }
  for (const language of ['zh', 'en'] as const) {
    const says = textFault(row.text[language], row.code)
    if (says !== undefined) add(`text_${language}`, says)
  }
  return faults
}

/** What is wrong with the direction of a row; `any` is one. */
export function directionFault(direction: string): string | undefined {
  if (direction === 'any' || oneOf(DIRECTIONS, direction)) return undefined
  return `write one of ${DIRECTIONS.join(', ')}, any`
}

/** A payer reads the text: there is one, and it carries no codes. */
function textFault(text: string, code: string): string | undefined {
  if (text.trim() === '') return 'write the sentence the payer reads'
  const carried = code.length > 1 && text.includes(code)
  if (carried || /\p{N}|[A-Z_]{3,}/u.test(text)) return 'write a sentence without codes and numbers'
  return undefined
}

/** The classification a row gives. */
export function classificationOf(row: CodeRow): Classification {
  const { cause, reason, certainty, retry, text } = row
  return Object.freeze({
    ...(cause !== undefined && { cause }),
    ...{ reason, certainty, retry, letter: letterOf(row), mapped: true, text },
  })
}

function oneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value)
}
