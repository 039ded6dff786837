/** What webhooks refuse; each row says what to do. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['endpoint_not_found', 404, 'No such webhook endpoint; the list is at /v1/webhooks/endpoints.'],
  ['event_not_found', 404, 'No such event; the list is at /v1/events.'],
  ['delivery_not_found', 404, 'No such delivery; the list is at /v1/webhooks/deliveries.'],
  ['listener_not_found', 404, 'This session has ended; open another one.'],
  ['event_type_unknown', 422, 'Name types of /v1/webhooks/event-types, groups of them, or *.'],
  ['endpoint_url_refused', 422, 'Send another URL.'],
  ['endpoint_disabled', 409, 'The endpoint is disabled; enable it first.'],
  ['endpoint_enabled', 409, 'The endpoint is enabled already.'],
  ['endpoint_moved', 409, 'The endpoint has changed meanwhile; read it and decide again.'],
  ['endpoints_too_many', 409, 'There are as many endpoints as there may be; disable or reuse one.'],
  ['merchant_not_allowed', 403, 'Leave the merchant out; only your own events can be had.'],
  ['replay_unclear', 422, 'Name one event, or a range by since.'],
  ['replay_too_large', 422, 'Choose a shorter range or fewer types; this one has too many events.'],
  ['instant_not_real', 422, 'Send a time that exists; this day or hour does not.'],
  ['not_in_sandbox', 409, 'Samples are made in the sandbox only.'],
  [
    'sample_not_valid',
    422,
    'Correct what is set; the sample would not fit the contract of its type.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type WebhookProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** Every code a reply of the routes of webhooks may carry, for the docs and `/errors`. */
export const WEBHOOK_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** The problem of a row; `detail` adds to what it says. */
export function webhookProblem(code: WebhookProblemCode, detail?: string): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: detail === undefined ? says : `${says} ${detail}` }
}
