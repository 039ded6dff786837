import type { Instant } from '#base'

/** One pool of real money, or one slice of it: the unit of atomicity, order and sharding. */
export interface Book {
  /** 1 to 999,999,999; stands in every public id. Book 0 is the system's own and holds no money. */
  readonly number: number
  readonly orgId: number
  readonly name: string
  /** ISO 4217. A book has one currency, so rows of money inside it carry none. */
  readonly currency: string
  /** The chart template its accounts are opened from. */
  readonly chart: string
  /** Transfers effective before this are refused; absent while no period is closed. */
  readonly closedBefore?: Instant
}

/** The public id of a book: `book_12`. */
export function bookId(book: number): string {
  return `book_${book}`
}

/** Reads `book_12`; `undefined` for anything else. */
export function parseBookId(text: string): number | undefined {
  const match = /^book_([1-9]\d{0,8})$/.exec(text)
  return match === null ? undefined : Number(match[1])
}
