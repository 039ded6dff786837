/** What the routes of routing refuse. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  [
    'lesson_not_found',
    404,
    'Nothing of this kind was learnt; see the list under /v1/routing/learnt.',
  ],
  ['instant_not_real', 422, 'Send a time that exists; this day or hour does not.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type RoutingProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what the routes of routing refuse, for the docs and `/errors`. */
export const ROUTING_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

export function routingProblem(code: RoutingProblemCode): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: says }
}
