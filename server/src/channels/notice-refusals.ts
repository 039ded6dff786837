/** Why a bank's notice is turned away; whoever forges one learns no more than that. */
import type { Problem, ProblemRow } from '#base'
import type { NoticeRefusal } from './port.ts'

const ROWS = [
  ['channel_not_found', 404, 'No channel of this name takes notices here.'],
  ['notice_forged', 401, 'Sign the notice with the key that was agreed.'],
  ['notice_stale', 401, 'Sign the notice afresh; its time is too far from ours.'],
  ['notice_malformed', 422, 'Correct the field named and send the notice again.'],
  ['notice_other_pool', 422, 'Send notices about the pools agreed on; this one is another.'],
  ['notice_unknown_event', 422, 'Send events of the kinds agreed on; this one is not known.'],
] as const satisfies readonly (readonly [string, number, string])[]

type NoticeRefusalCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The codes a reply to a notice may carry, for the docs and `/errors`. */
export const CHANNEL_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** The problem of a row. */
export function channelProblem(code: NoticeRefusalCode): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: says }
}

/** The answer to a notice that was turned away. */
export function noticeProblem({ refused, says }: NoticeRefusal): Problem {
  const problem = channelProblem(`notice_${refused}`)
  return refused === 'forged' ? problem : { ...problem, detail: says }
}
