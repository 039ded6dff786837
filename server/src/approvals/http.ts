/** Routes of requests for approval. */
import { derivedUuid, parsePublicId, present, type Route, route } from '#base'
import type { Approvals } from './approvals.ts'
import type { Asker } from './context.ts'
import {
  ApprovalDetail,
  ApprovalPage,
  ApprovalParams,
  ApprovalPart,
  ApproveBody,
  CancelBody,
  EditBody,
  ListQuery,
  NewApproval,
  PoliciesInForce,
  RejectBody,
} from './contract.ts'
import { describePolicies } from './describe.ts'
import { type Refused, refuse } from './refusals.ts'
import type { Request } from './store.ts'
import { approvalDetail, approvalJson } from './wire.ts'

const tags = ['approvals']

/** The routes under `/v1/approvals`. */
export function approvalRoutes(approvals: Approvals): Route[] {
  return [
    ...readRoutes(approvals),
    ...askRoutes(approvals),
    ...decideRoutes(approvals),
    policiesRoute(approvals),
  ]
}

const answer =
  <const S extends 200 | 201>(approvals: Approvals, status: S) =>
  (request: Request | Refused) =>
    'problem' in request
      ? request
      : { status, body: approvalJson(request, approvals.actions.get(request.action)) }

function named(id: string) {
  const { book, uuid } = present(parsePublicId(id, 'areq'), 'the contract lets nothing else in')
  return { book, id: uuid }
}

const askerOf = (call: { caller: Asker; requestId: string }): Asker => ({
  ...call.caller,
  requestId: call.requestId,
})

function readRoutes(approvals: Approvals): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/approvals',
      name: 'listApprovals',
      summary: 'Requests for approval, the newest first.',
      tags,
      policy: { permission: 'approvals.read' },
      query: ListQuery,
      replies: { 200: ApprovalPage },
      handle: async (call) => {
        const { status, action, whose, limit = 50, starting_after: after } = call.query
        if (call.caller.merchant !== undefined) return refuse('merchants_do_not_decide')
        const found = await approvals.list(call.caller, {
          ...(status !== undefined && { state: status }),
          ...(action !== undefined && { action }),
          ...(after !== undefined && { after: named(after) }),
          ...{ mine: whose === 'mine', forMe: whose === 'for_me', limit: limit + 1 },
        })
        const data = found
          .slice(0, limit)
          .map((one) => approvalJson(one, approvals.actions.get(one.action)))
        return { status: 200, body: { data, has_more: found.length > limit } }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/approvals/{id}',
      name: 'getApproval',
      summary: 'A request: its content and hash, what it did and would do, decisions and history.',
      tags,
      policy: { permission: 'approvals.read' },
      params: ApprovalParams,
      replies: { 200: ApprovalDetail },
      handle: async (call) => {
        const view = await approvals.view(call.caller, named(call.params.id))
        return 'problem' in view ? view : { status: 200, body: approvalDetail(view) }
      },
    }),
  ]
}

function askRoutes(approvals: Approvals): Route[] {
  const made = answer(approvals, 201)
  const moved = answer(approvals, 200)
  return [
    route({
      method: 'POST',
      path: '/v1/approvals',
      name: 'requestApproval',
      summary: 'Asks for an action that other persons have to agree to.',
      tags,
      policy: { permission: 'approvals.request' },
      body: NewApproval,
      replies: { 201: ApprovalPart },
      idempotency: { kind: 'passed' },
      handle: async (call) => {
        const { action, content, reason, break_glass: breakGlass = false } = call.body
        const { keyHash } = present(call.keyed, 'the route asks for a key')
        const id = derivedUuid('approvals.request', keyHash)
        return made(
          await approvals.request(askerOf(call), { action, content, reason, breakGlass, id }),
        )
      },
    }),
    route({
      method: 'POST',
      path: '/v1/approvals/{id}/edit',
      name: 'editApproval',
      summary: 'Voids your request and asks for other content instead. Answers with the new one.',
      tags,
      policy: { permission: 'approvals.request' },
      params: ApprovalParams,
      body: EditBody,
      replies: { 201: ApprovalPart },
      handle: async (call) => {
        const { content_hash: contentHash, content, reason, note = '' } = call.body
        const ask = { ...named(call.params.id), contentHash, content, reason, note }
        return made(await approvals.edit(askerOf(call), ask))
      },
    }),
    route({
      method: 'POST',
      path: '/v1/approvals/{id}/cancel',
      name: 'cancelApproval',
      summary: 'Withdraws your request.',
      tags,
      policy: { permission: 'approvals.request' },
      params: ApprovalParams,
      body: CancelBody,
      replies: { 200: ApprovalPart },
      handle: async (call) => {
        const { content_hash: contentHash, note = '' } = call.body
        const ask = { ...named(call.params.id), contentHash, note }
        return moved(await approvals.cancel(askerOf(call), ask))
      },
    }),
  ]
}

function decideRoutes(approvals: Approvals): Route[] {
  const moved = answer(approvals, 200)
  return [
    route({
      method: 'POST',
      path: '/v1/approvals/{id}/approve',
      name: 'approveApproval',
      summary: 'Agrees to what you saw. The last approval that is needed has it carried out.',
      tags,
      policy: { permission: 'approvals.decide', stepUp: true },
      params: ApprovalParams,
      body: ApproveBody,
      replies: { 200: ApprovalPart },
      handle: async (call) => {
        const { content_hash: contentHash, effect_hash: effectHash, note = '' } = call.body
        const ask = {
          ...{ ...named(call.params.id), verdict: 'approve' as const, contentHash, note },
          ...(effectHash !== undefined && { effectHash }),
        }
        return moved(await approvals.decide(askerOf(call), ask))
      },
    }),
    route({
      method: 'POST',
      path: '/v1/approvals/{id}/reject',
      name: 'rejectApproval',
      summary: 'Refuses what you saw, and says why.',
      tags,
      policy: { permission: 'approvals.decide' },
      params: ApprovalParams,
      body: RejectBody,
      replies: { 200: ApprovalPart },
      handle: async (call) => {
        const { content_hash: contentHash, note } = call.body
        const ask = { ...named(call.params.id), verdict: 'reject' as const, contentHash, note }
        return moved(await approvals.decide(askerOf(call), ask))
      },
    }),
  ]
}

function policiesRoute(approvals: Approvals): Route {
  return route({
    method: 'GET',
    path: '/v1/approval-policies',
    name: 'getApprovalPolicies',
    summary: 'Who has to agree to what, as a document and as sentences.',
    tags,
    policy: { permission: 'approvals.read' },
    replies: { 200: PoliciesInForce },
    handle: async ({ caller }) => {
      const { version, document } = await approvals.policies(caller.orgId)
      return { status: 200, body: { version, document, says: describePolicies(document) } }
    },
  })
}
