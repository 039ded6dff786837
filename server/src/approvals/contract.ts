/** What goes over the wire about requests for approval. */
import { type TSchema, Type } from 'typebox'
import { REQUEST_STATES, type RequestState, VERDICTS, type Verdict } from './states.ts'

const closed = { additionalProperties: false }
const word = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description })

export const ApprovalId = Type.String({
  pattern: '^areq_(?:0|[1-9][0-9]{0,8})_[0-9a-f]{32}$',
  description: 'the id of a request for approval',
})
export const ContentHash = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'the content_hash of the request, as you read it',
})
const ActionName = Type.String({
  pattern: '^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$',
  description: 'an action, such as payouts.pay',
})
const Words = Type.String({ minLength: 1, maxLength: 500, description: 'one to 500 characters' })
const Note = Type.String({ maxLength: 500, description: 'at most 500 characters' })
const Status = word<RequestState>(REQUEST_STATES, `one of ${REQUEST_STATES.join(', ')}`)
/** JSON of the module the action belongs to. */
const Anything = Type.Unsafe<unknown>({ description: "in the contract of the action's module" })

export const NewApproval = Type.Object(
  {
    action: ActionName,
    content: Anything,
    reason: Words,
    break_glass: Type.Optional(Type.Boolean()),
  },
  { ...closed, $id: 'NewApproval' },
)
export const ApprovalParams = Type.Object({ id: ApprovalId }, closed)
export const ApproveBody = Type.Object(
  {
    content_hash: ContentHash,
    effect_hash: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'the hash of the effect you saw; when sent, it must still be that effect',
      }),
    ),
    note: Type.Optional(Note),
  },
  closed,
)
export const RejectBody = Type.Object({ content_hash: ContentHash, note: Words }, closed)
export const CancelBody = Type.Object(
  { content_hash: ContentHash, note: Type.Optional(Note) },
  closed,
)
export const EditBody = Type.Object(
  { content_hash: ContentHash, content: Anything, reason: Words, note: Type.Optional(Note) },
  closed,
)
export const ListQuery = Type.Object(
  {
    status: Type.Optional(Status),
    action: Type.Optional(ActionName),
    whose: Type.Optional(
      word(['mine', 'for_me'], '`mine`: asked for by you. `for_me`: waiting for your decision.'),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    starting_after: Type.Optional(ApprovalId),
  },
  closed,
)

const Text = Type.Object({ en: Type.String(), zh: Type.String() }, closed)
const Shown = Type.Union([
  Type.String(),
  Type.Object({ amount: Type.String(), currency: Type.String() }, closed),
])
const Line = Type.Object(
  {
    what: Text,
    account: Type.Optional(Type.String()),
    before: Type.Optional(Shown),
    after: Type.Optional(Shown),
    amount: Type.Optional(Shown),
  },
  { ...closed, $id: 'EffectLine' },
)
const DecisionPart = Type.Object(
  {
    by: Type.String(),
    verdict: word<Verdict>(VERDICTS, 'approve or reject'),
    note: Type.String(),
    at: Type.String(),
    effect: Type.Union([Type.Array(Line), Type.Null()]),
  },
  { ...closed, $id: 'ApprovalDecision' },
)
const StepPart = Type.Object(
  { what: Type.String(), at: Type.String(), by: Type.Union([Type.String(), Type.Null()]) },
  closed,
)
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const result = Type.Union([
  Type.Null(),
  Type.Object({ done: Anything }, closed),
  Type.Object({ refused: Type.String(), detail: Type.String() }, closed),
])

const SUMMARY = {
  id: Type.String(),
  action: Type.String(),
  title: orNull(Text),
  status: Type.String(),
  reason: Type.String(),
  content: Anything,
  content_hash: Type.String(),
  rule: Type.String({ description: 'The rule of the policies it was made under.' }),
  break_glass: Type.Boolean(),
  permission: Type.String({ description: 'What a checker holds.' }),
  checkers_needed: Type.Integer(),
  requested_by: Type.String(),
  requested_at: Type.String(),
  expires_at: Type.String(),
  moved_at: Type.String(),
  effect_at_request: Type.Array(Line),
  decisions: Type.Array(DecisionPart),
  history: Type.Array(StepPart),
  note: Type.String(),
  replaces: orNull(Type.String()),
  replaced_by: orNull(Type.String()),
  result,
}

export const ApprovalPart = Type.Object(SUMMARY, { ...closed, $id: 'Approval' })

export const ApprovalDetail = Type.Object(
  {
    ...SUMMARY,
    effect_now: Type.Union([
      Type.Null(),
      Type.Object(
        {
          lines: Type.Array(Line),
          hash: Type.String(),
          changed: Type.Array(
            Type.Object({ before: Type.Optional(Line), after: Type.Optional(Line) }, closed),
          ),
        },
        closed,
      ),
      Type.Object({ refused: Type.String(), detail: Type.String() }, closed),
    ]),
  },
  { ...closed, $id: 'ApprovalDetail' },
)

export const ApprovalPage = Type.Object(
  { data: Type.Array(ApprovalPart), has_more: Type.Boolean() },
  { ...closed, $id: 'ApprovalPage' },
)
export const PoliciesInForce = Type.Object(
  {
    version: Type.Integer({ description: '0 for those of the files.' }),
    document: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
    says: Type.Array(Text),
  },
  { ...closed, $id: 'ApprovalPolicies' },
)
