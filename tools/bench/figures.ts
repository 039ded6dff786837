/** Medians, spreads and the table a bench prints. */

export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Median with the range of all values. Throws on none: a bench with nothing to say has failed. */
export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) throw new Error('no values were measured')
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** The value below which `share` (0 to 1) of the values lie, by nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) throw new Error('no values were measured')
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!
}

/** `123,456 [110,000–130,000]`, with `digits` after the point. */
export function show({ median, min, max }: Figure, digits = 0): string {
  return `${number(median, digits)} [${number(min, digits)}–${number(max, digits)}]`
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** Rounds to `digits` significant digits for the JSON line. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits))
}

/** Pads the cells of rows to columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
  const [heading, ...rest] = rows
  return [
    line(heading!),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...rest.map(line),
  ].join('\n')
}
