/** Effects as people see them: what has changed since the last look, and the hash of a look. */
import type { EffectPreview, PreviewLine } from './action.ts'
import { canonical, sha256Of } from './canonical.ts'

/** A line that came, went or now reads otherwise. */
export interface PreviewChange {
  readonly before?: PreviewLine
  readonly after?: PreviewLine
}

/** SHA-256 of an effect, 64 hex digits: what a checker may say he saw. */
export function effectHash({ lines }: EffectPreview): string {
  return sha256Of(canonical(plain(lines)))
}

/** The lines that differ; a line is known by what it says and the account it names. */
export function changesBetween(before: EffectPreview, after: EffectPreview): PreviewChange[] {
  const left = keyed(before)
  const right = keyed(after)
  const gone = [...left].flatMap(([key, line]): PreviewChange[] => {
    const now = right.get(key)
    if (now === undefined) return [{ before: line }]
    return same(line, now) ? [] : [{ before: line, after: now }]
  })
  const come = [...right].flatMap(([key, line]) => (left.has(key) ? [] : [{ after: line }]))
  return [...gone, ...come]
}

/** Two lines that say the same of one account are told apart by their place among such. */
function keyed({ lines }: EffectPreview): Map<string, PreviewLine> {
  const found = new Map<string, PreviewLine>()
  for (const line of lines) {
    const name = `${line.what.en} ${line.account ?? ''}`
    let key = name
    for (let n = 2; found.has(key); n += 1) key = `${name} ${n}`
    found.set(key, line)
  }
  return found
}

const same = (a: PreviewLine, b: PreviewLine): boolean =>
  canonical(plain(a)) === canonical(plain(b))

/** As it comes back from the database: without the fields that were left undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
