/** What approvals refuse; each row says what to do. The order is the order of the checks. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['approval_not_found', 404, 'No such request for approval here.'],
  ['merchants_do_not_decide', 403, 'Requests are for people of the organisation itself.'],
  ['action_unknown', 422, 'Name an action that takes approval; no part here carries this one out.'],
  ['content_not_canonical', 422, 'Correct the value in "content" that JSON cannot carry whole.'],
  [
    'content_too_large',
    422,
    'Send less content: at most 200,000 characters; refer to files by id.',
  ],
  ['permission_missing', 403, 'Ask somebody who holds the permission {permission}.'],
  ['book_not_here', 422, 'Name things of a book of your organisation.'],
  ['no_review_needed', 409, 'Nobody has to agree to this; do it directly.'],
  ['action_refused', 422, 'It cannot be done as things are now, so nobody was asked.'],
  ['key_reused', 422, 'This Idempotency-Key was used for another request; send a new key.'],
  ['only_users_decide', 403, 'A person who is signed in has to decide, not a key or a machine.'],
  ['step_up_stale', 403, 'Prove once more that it is you, then approve within minutes.'],
  ['approval_approved', 409, 'The request is approved already and will be carried out.'],
  ['approval_rejected', 409, 'The request was rejected; its maker may make a new one.'],
  [
    'approval_canceled',
    409,
    'The request was withdrawn; look at the one that replaced it, if any.',
  ],
  ['approval_expired', 409, 'The time for this request is over; its maker may make a new one.'],
  ['approval_executed', 409, 'The request has been carried out.'],
  ['approval_failed', 409, 'The request was approved and could not be carried out; read why.'],
  ['content_differs', 409, 'What you saw is not what stands here; read the request again.'],
  ['not_the_maker', 403, 'Only the person who made a request changes or withdraws it.'],
  ['nothing_changed', 422, 'Send other content; this is what the request asks for already.'],
  ['checker_is_maker', 403, 'Another person than the one who asked has to decide.'],
  ['already_decided', 409, 'You have decided on this request; another person has to be next.'],
  ['policy_changed', 409, 'The policies ask for more since it was made; make the request anew.'],
  [
    'checker_appointed_by_maker',
    403,
    'Whoever asked gave you this right a short time ago; another person has to decide.',
  ],
  [
    'delegate_loop',
    403,
    'Of those who decide one got his right from another party; another person has to decide.',
  ],
  [
    'earlier_checker_lost_right',
    409,
    'Somebody who approved it may not do so any more; make the request anew.',
  ],
  ['effect_refused', 409, 'It could not be done any more, so it was not approved.'],
  ['effect_changed', 409, 'It would do something else than you saw; read the request again.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type ApprovalProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what approvals refuse, for the docs and `/errors`. */
export const APPROVAL_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** The problem of a row, with the words in braces filled in; `detail` adds to what it says. */
export function approvalProblem(
  code: ApprovalProblemCode,
  { detail, ...words }: Readonly<Record<string, string>> = {},
): Problem {
  const { status, says } = BY_CODE.get(code)!
  const sentence = says.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => words[name] ?? whole)
  return { code, status, detail: detail === undefined ? sentence : `${sentence} ${detail}` }
}

/** A refusal as the functions of this module return it. */
export interface Refused {
  readonly problem: Problem
}

export function refuse(
  code: ApprovalProblemCode,
  words: Readonly<Record<string, string>> = {},
): Refused {
  return { problem: approvalProblem(code, words) }
}
