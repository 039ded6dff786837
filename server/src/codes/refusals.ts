/** What the routes of response codes refuse. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  [
    'code_is_classified',
    409,
    'The code is classified already; change its row in the list of codes instead.',
  ],
  [
    'code_never_met',
    404,
    'No attempt has ended with this code; take channel, direction and code from the inbox.',
  ],
  [
    'versions_collided',
    409,
    'Somebody published another version at the same moment; send the request again.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type CodeProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what the routes of codes refuse, for the docs and `/errors`. */
export const CODE_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

export function codeProblem(code: CodeProblemCode): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: says, retryable: code === 'versions_collided' }
}
