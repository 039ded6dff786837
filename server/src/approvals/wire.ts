/** Requests as they are written to the wire. */
import type { Static } from 'typebox'
import { writeInstant } from '#base'
import type { EffectPreview, GuardedAction } from './action.ts'
import type { ApprovalView } from './approvals.ts'
import { contentOf } from './canonical.ts'
import { requestId } from './context.ts'
import type { ApprovalDetail, ApprovalPart } from './contract.ts'
import type { Request } from './store.ts'

/** A request without what it would do now. */
export function approvalJson(
  request: Request,
  action: GuardedAction | undefined,
): Static<typeof ApprovalPart> {
  const { decisions, replaces, replacedBy } = request
  return {
    id: requestId(request),
    action: request.action,
    title: action === undefined ? null : { ...action.title },
    status: request.state,
    reason: request.reason,
    content: contentOf(request.bound),
    content_hash: request.hash,
    rule: request.rule,
    break_glass: request.breakGlass,
    permission: request.permission,
    checkers_needed: request.needed,
    requested_by: request.makerId,
    requested_at: writeInstant(request.requestedAt),
    expires_at: writeInstant(request.expiresAt),
    moved_at: writeInstant(request.movedAt),
    effect_at_request: lines(request.preview),
    decisions: decisions.map(({ checker, verdict, note, at, seen }) => ({
      ...{ by: checker, verdict, note, at: writeInstant(at) },
      effect: seen === null ? null : lines(seen),
    })),
    history: history(request),
    note: request.note,
    replaces: replaces === '' ? null : replaces,
    replaced_by: replacedBy === '' ? null : replacedBy,
    result: request.result as Static<typeof ApprovalPart>['result'],
  }
}

/** A request with what it would do now, while it waits. */
export function approvalDetail({
  request,
  action,
  now,
}: ApprovalView): Static<typeof ApprovalDetail> {
  const effect =
    now === undefined
      ? null
      : 'problem' in now
        ? { refused: now.problem.code, detail: now.problem.detail }
        : { lines: lines(now.effect), hash: now.hash, changed: now.changed }
  return {
    ...approvalJson(request, action),
    effect_now: effect as Static<typeof ApprovalDetail>['effect_now'],
  }
}

type Lines = Static<typeof ApprovalPart>['effect_at_request']

const lines = (preview: EffectPreview): Lines => preview.lines as Lines

/** What happened in order; the last step is where it stands. */
function history(request: Request): Static<typeof ApprovalPart>['history'] {
  const { state, makerId, requestedAt, decisions, endedBy, movedAt } = request
  const steps = [
    { what: 'requested', at: requestedAt, by: makerId },
    ...decisions.map(({ verdict, at, checker }) => ({
      ...{ what: verdict === 'approve' ? 'approved' : 'rejected', at, by: checker },
    })),
  ]
  const isDecision = state === 'requires_review' || state === 'approved' || state === 'rejected'
  if (!isDecision) steps.push({ what: state, at: movedAt, by: endedBy })
  return steps.map(({ what, at, by }) => ({
    ...{ what, at: writeInstant(at) },
    by: by === '' ? null : by,
  }))
}
