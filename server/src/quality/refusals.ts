/** What the routes of success rates refuse. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['window_empty', 422, 'Send a "from" that lies before "to"; both are times that exist.'],
  ['window_too_long', 422, 'Ask about at most 400 days at once.'],
  [
    'hours_too_many',
    422,
    'Hours by bank, account_type or band reach over at most 4 days; ask per day, or a shorter time.',
  ],
  ['dimension_unknown', 422, 'Divide by these, each once: {dimensions}.'],
  ['rate_unknown', 422, 'Name one of the rates: {rates}.'],
  [
    'nothing_to_compare',
    404,
    'One of the two windows has no attempts in this slice; choose others.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type QualityProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what the routes of success rates refuse, for the docs and `/errors`. */
export const QUALITY_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

export function qualityProblem(
  code: QualityProblemCode,
  words: Readonly<Record<string, string>> = {},
): Problem {
  const { status, says } = BY_CODE.get(code)!
  const detail = says.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => words[name] ?? whole)
  return { code, status, detail, retryable: false }
}
