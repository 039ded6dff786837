/** What the routes of the audit log refuse. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  [
    'audit_entry_not_found',
    404,
    'No entry of yours stands under this id; take "starting_after" from a page of this list.',
  ],
  [
    'audit_time_malformed',
    422,
    'Write the time as RFC 3339 with an offset, such as 2026-03-01T09:30:00+08:00.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type AuditProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what the routes of the audit log refuse, for the docs and `/errors`. */
export const AUDIT_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

export function auditProblem(code: AuditProblemCode, pointer?: string): Problem {
  const { status, says } = BY_CODE.get(code)!
  const errors = pointer === undefined ? undefined : [{ pointer, code, detail: says }]
  return { code, status, detail: says, ...(errors && { errors }) }
}
