/** What stops refuse; each row says what to do. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['pause_not_found', 404, 'No such pause; the list of pauses names those that stand.'],
  [
    'scope_unclear',
    422,
    'Name what to stop by channel, direction, book or merchant; or send "everything": true alone.',
  ],
  ['pause_over', 409, 'The pause was ended before; read the list of pauses again.'],
  ['freeze_not_found', 404, 'No such order of a freeze; correct the id.'],
  ['freeze_over', 409, 'The order has ended already; nothing is left to lift.'],
  [
    'freeze_exists',
    409,
    'This order of this authority freezes the party already; read it under its id.',
  ],
  ['until_malformed', 422, 'Send an instant with its offset, such as 2026-12-31T16:00:00Z.'],
  ['until_is_past', 422, 'Send an end of the order that is still to come, or none.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type StopRefusalCode = (typeof ROWS)[number][0]

const BY_CODE = new Map(ROWS.map(([code, status, says]) => [code, { code, status, says }]))

/** Every code a reply of the routes of stops may carry, for the docs and `/errors`. */
export const STOPS_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** The problem of a row; `detail` adds to what it says. */
export function stopProblem(code: StopRefusalCode, detail?: string): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: detail === undefined ? says : `${says} ${detail}` }
}

/** The same as an action answers it. */
export function refusedAs(code: StopRefusalCode): {
  readonly refused: StopRefusalCode
  readonly detail: string
} {
  return { refused: code, detail: BY_CODE.get(code)!.says }
}
