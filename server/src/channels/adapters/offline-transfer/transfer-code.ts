/**
 * The code a payer writes into a transfer's memo, such as `FK7-Q4MN-2`: seven characters that follow
 * from the order's reference and a check character.
 *
 * The alphabet has 32 characters, without 0, O, 1 and I. The check is a polynomial over GF(2^5), so
 * that any one wrong character and any two swapped neighbours are caught; a sum modulo 32 would miss
 * swaps. Codes of two orders may meet (35 bits), so a code alone never decides between two.
 */
import { createHash } from 'node:crypto'

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const PAYLOAD = 7
const LENGTH = PAYLOAD + 1

/** Times x in GF(2^5) with x^5 = x^2 + 1. */
const timesX = (value: number) => {
  const shifted = value << 1
  return shifted > 31 ? (shifted ^ 0b100101) & 31 : shifted
}

/** Zero for a whole code that is right. */
function remainder(values: readonly number[]): number {
  return values.reduce((rest, value) => timesX(rest) ^ value, 0)
}

/** The eight characters of an order's code, without dashes. */
export function transferCode(reference: string): string {
  const bits = createHash('sha256').update(`transfer code ${reference}`).digest().readBigUInt64BE(0)
  const values = Array.from({ length: PAYLOAD }, (_, at) => Number((bits >> BigInt(5 * at)) & 31n))
  const check = timesX(remainder(values))
  return [...values, check].map((value) => ALPHABET[value]!).join('')
}

/** As it is shown: `FK7-Q4MN-2`. */
export const showCode = (code: string): string =>
  `${code.slice(0, 3)}-${code.slice(3, PAYLOAD)}-${code.slice(PAYLOAD)}`

/** Whether eight characters are a code: all of the alphabet, and the check right. */
export function isCode(text: string): boolean {
  if (text.length !== LENGTH) return false
  const values = [...text].map((character) => ALPHABET.indexOf(character))
  return !values.includes(-1) && remainder(values) === 0
}

/**
 * Every code a memo may hold: full-width letters, lower case, blanks and dashes are forgiven, and
 * other words may stand before and after it. Each is only a candidate; of eight letters at random one
 * in 32 passes the check.
 */
export function codesIn(memo: string): readonly string[] {
  const plain = memo
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}\p{Cf}_.·,;:、，。]/gu, '')
  const found = new Set<string>()
  for (const run of plain.match(/[0-9A-Z]{8,}/g) ?? []) {
    for (let at = 0; at + LENGTH <= run.length; at += 1) {
      const text = run.slice(at, at + LENGTH)
      if (isCode(text)) found.add(text)
    }
  }
  return [...found]
}
