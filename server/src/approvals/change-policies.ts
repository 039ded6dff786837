/** Changing the policies: itself an action that takes approval, by the policies in force. */
import { type Static, Type } from 'typebox'
import { recordChange } from '#audit'
import {
  type ActionRefused,
  type ApprovalRef,
  type GuardedAction,
  guardedAction,
} from './action.ts'
import { type ApprovalsContext, policiesOf } from './context.ts'
import { describePolicies } from './describe.ts'
import { executedEvent, markExecuted } from './execution-store.ts'
import { type Policies, PoliciesPart, policyFaults } from './policy.ts'
import { insertPolicies, versionOf } from './store.ts'

const Content = Type.Object(
  {
    /** The number of the policies it replaces; 0 for those of the files. */
    after: Type.Integer({ minimum: 0 }),
    document: PoliciesPart,
  },
  { additionalProperties: false },
)

type ChangePolicies = Static<typeof Content>

export const CHANGE_POLICIES = 'approvals.change_policies'

/** The action; it needs neither book nor money. */
export function changePolicies(
  context: Pick<ApprovalsContext, 'world' | 'policies'>,
): GuardedAction {
  return guardedAction<ChangePolicies>({
    action: CHANGE_POLICIES,
    title: { en: 'Change who has to agree to what', zh: '修改审批规则' },
    content: Content,
    book: () => 0,
    preview: async (orgId, content) => {
      const { version, document } = await policiesOf(context, orgId)
      return whyNot(content, version) ?? { lines: linesBetween(document, content.document) }
    },
    execute: (orgId, content, approval) => execute(context, orgId, content, approval),
  })
}

function whyNot({ after, document }: ChangePolicies, version: number): ActionRefused | undefined {
  const [fault] = policyFaults(document)
  if (fault !== undefined) {
    return { refused: 'policies_wrong', detail: `${fault.pointer || '/'}: ${fault.says}` }
  }
  if (after === version) return undefined
  return {
    refused: 'policies_moved',
    detail: `Other policies are in force by now, number ${version}; start from those.`,
  }
}

/** Sentences that come and go. */
function linesBetween(before: Policies, after: Policies) {
  const [old, fresh] = [describePolicies(before), describePolicies(after)]
  const kept = (list: typeof old, one: (typeof old)[number]) => list.some(({ en }) => en === one.en)
  const gone = old.filter((one) => !kept(fresh, one))
  const come = fresh.filter((one) => !kept(old, one))
  return [
    ...gone.map(({ en, zh }) => ({ what: { en: `No longer: ${en}`, zh: `不再适用：${zh}` } })),
    ...come.map(({ en, zh }) => ({ what: { en: `From now on: ${en}`, zh: `此后适用：${zh}` } })),
  ]
}

/** Rolls the tx back: the approval was used, or other policies came in between. */
class NotMine extends Error {}

async function execute(
  context: Pick<ApprovalsContext, 'world' | 'policies'>,
  orgId: number,
  content: ChangePolicies,
  approval: ApprovalRef,
): Promise<{ done: unknown } | ActionRefused> {
  const { db, clock } = context.world
  const { after, document } = content
  const before = await policiesOf(context, orgId)
  const made = await versionOf(db, approval.id)
  if (made !== undefined) return { done: { version: made } }
  const refused = whyNot(content, before.version)
  if (refused !== undefined) return refused
  const at = clock.now()
  try {
    await db.tx(async (tx) => {
      if (!(await markExecuted(tx, at, orgId, approval))) throw new NotMine()
      if (!(await insertPolicies(tx, { orgId, after, document, approval: approval.id, at }))) {
        throw new NotMine()
      }
      await recordChange(tx, at, {
        entries: [
          {
            ...{ orgId, from: '', action: CHANGE_POLICIES, object: `policies_${after + 1}` },
            actor: { kind: 'platform', id: 'approvals', person: '' },
            ...{ before: before.document, after: document, approval: approval.id },
          },
        ],
        events: [executedEvent(orgId, approval)],
      })
    })
  } catch (error) {
    if (!(error instanceof NotMine)) throw error
    const mine = await versionOf(db, approval.id)
    if (mine !== undefined) return { done: { version: mine } }
    const { version } = await policiesOf(context, orgId)
    const moved = whyNot(content, version)
    if (moved !== undefined) return moved
    throw error
  }
  return { done: { version: after + 1 } }
}
