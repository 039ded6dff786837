/**
 * The number an attempt goes by at a rail: `T`, the book in base 36 (6 digits), and 17 base-36 digits
 * of the attempt's hash: 24 capital letters and digits, which every rail but NetsUnion takes. It
 * follows from the attempt alone, so that nothing is sent under two numbers, and carries the book, so
 * that callbacks and file rows find it without an index over all books.
 */
import { createHash } from 'node:crypto'

const TAIL_DIGITS = 17
const BOOK_DIGITS = 6

export function paymentReference(book: number, attempt: string): string {
  const digest = createHash('sha256').update(attempt).digest()
  const number = BigInt(`0x${digest.toString('hex', 0, 16)}`) % 36n ** BigInt(TAIL_DIGITS)
  const tail = number.toString(36).padStart(TAIL_DIGITS, '0')
  return `T${book.toString(36).padStart(BOOK_DIGITS, '0')}${tail}`.toUpperCase()
}

/** The book of a reference of ours; `undefined` for any other text. */
export function bookOfPaymentReference(reference: string): number | undefined {
  const match = /^T([0-9A-Z]{6})[0-9A-Z]{17}$/.exec(reference)
  return match === null ? undefined : Number.parseInt(match[1]!, 36)
}
