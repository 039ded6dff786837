/** From a draft to the command that makes it so: the difference as effects, and its transfers. */
import { applied, type EffectRow, must, planDue } from '#base'
import type { Intent, Parts } from '#channels'
import { type Case, caseRoot, type Step } from './case.ts'
import type { Draft } from './draft.ts'
import { CASE_MOVES, MILESTONE_MOVES, mayReach, STEP_MOVES } from './states.ts'
import * as store from './store.ts'

export const DEADLINE = 'custody.pass_deadline'

const over = (step: Step, draft: Draft) =>
  ['done', 'failed', 'dropped'].includes(step.state) ? draft.now : undefined

function check(possible: boolean, what: string): void {
  must(possible, `${what} is not a move of the state table`)
}

/** The parts of the command. `intend` writes the instructions. */
export function partsOf(draft: Draft, intend: (intent: Intent) => EffectRow[]): Parts {
  const { before } = draft
  const { id, version } = before
  const { state, facts } = draft
  if (state !== before.state) {
    check(mayReach(CASE_MOVES, before.state, state), `${before.state} → ${state}`)
  }
  return {
    roots: [caseRoot(id)],
    transfers: draft.transfers,
    effects: [
      applied(store.moveCase, { id, version, state, facts }),
      ...partyEffects(draft),
      ...milestoneEffects(draft),
      ...stepEffects(draft),
      ...itemEffects(draft),
      ...deadlineEffects(draft),
      ...draft.intents.flatMap(intend),
    ],
    events: draft.events,
  }
}

function partyEffects({ before, parties }: Draft): EffectRow[] {
  return parties
    .filter((party, i) => party !== before.parties[i])
    .map(({ role, subAccount, payTo }) =>
      applied(store.openParty, { caseId: before.id, role, subAccount, payTo }),
    )
}

function milestoneEffects({ before, milestones }: Draft): EffectRow[] {
  return milestones.flatMap((milestone, i) => {
    const earlier = before.milestones[i]!
    if (milestone === earlier) return []
    const { name, state: to, deadlineAt, endedAt } = milestone
    const from = earlier.state
    check(mayReach(MILESTONE_MOVES, from, to), `${name}: ${from} → ${to}`)
    const moved = { caseId: before.id, name, from, to, deadlineAt, endedAt }
    return [applied(store.moveMilestone, moved)]
  })
}

function stepEffects(draft: Draft): EffectRow[] {
  const { before, steps } = draft
  const { orgId, id: caseId } = before
  return steps.flatMap((step, i) => {
    const earlier = before.steps[i]
    const row = { orgId, caseId, step, endedAt: over(step, draft) }
    if (earlier === undefined) return [applied(store.insertStep, row)]
    if (step === earlier) return []
    const { state: from } = earlier
    check(mayReach(STEP_MOVES, from, step.state), `step ${step.position}: ${from} → ${step.state}`)
    return [applied(store.moveStep, { ...row, from })]
  })
}

function itemEffects({ before, items }: Draft): EffectRow[] {
  return items.flatMap((item, i) => {
    const earlier = before.items[i]
    if (earlier === undefined) {
      return [applied(store.insertOpenItem, { orgId: before.orgId, item })]
    }
    return item === earlier ? [] : [applied(store.closeOpenItem, { id: item.id })]
  })
}

function deadlineEffects({ before, deadlines }: Draft): EffectRow[] {
  return deadlines.map(({ milestone, at }) =>
    applied(planDue, {
      orgId: before.orgId,
      kind: DEADLINE,
      key: `${before.id}/${milestone}`,
      dueAt: at,
      payload: null,
    }),
  )
}

/** The rows a new case starts from; its first steps come by `partsOf` in the same command. */
export function openingEffects(view: Case): EffectRow[] {
  const { orgId, id: caseId } = view
  return [
    ...view.accounts.map((account) => applied(store.insertAccount, { orgId, caseId, ...account })),
    ...view.milestones.map(({ name }, position) =>
      applied(store.insertMilestone, { orgId, caseId, position, name }),
    ),
  ]
}
