/**
 * Yuan strings of the wire to whole fen and back. Amounts never pass through a float.
 */

const YUAN = /^(0|[1-9]\d{0,12})\.(\d{2})$/

/** Reads `"6800000.00"` as 680000000n fen; `undefined` for any other spelling. */
export function parseYuan(text: string): bigint | undefined {
  const match = YUAN.exec(text)
  return match === null ? undefined : BigInt(match[1]! + match[2]!)
}

/** Writes fen as yuan with two decimals, for example `-0.05`. */
export function formatYuan(fen: bigint): string {
  const sign = fen < 0n ? '-' : ''
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0')
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
