/**
 * A draft: the case as it will be, and what else the command must do. Deciding works on a draft alone,
 * without clock, dice or database; `parts.ts` turns the difference into effects and transfers.
 */
import { derivedUuid, type Instant, type OutboxEvent, type Uuid } from '#base'
import type { Intent } from '#channels'
import type { TransferRequest } from '#ledger'
import {
  type Case,
  type CaseMilestone,
  type CaseParty,
  caseId,
  type OpenItem,
  type Step,
} from './case.ts'
import type { CaseState, OpenItemKind } from './states.ts'

/** The single accounts of the pool's book. */
export interface PoolAccounts {
  readonly cash: Uuid
  readonly suspense: Uuid
  /** Payouts on their way. */
  readonly payouts: Uuid
}

export interface Draft {
  readonly before: Case
  readonly now: Instant
  readonly pool: PoolAccounts
  state: CaseState
  facts: Readonly<Record<string, string>>
  parties: CaseParty[]
  milestones: CaseMilestone[]
  steps: Step[]
  items: OpenItem[]
  readonly transfers: TransferRequest[]
  readonly intents: Intent[]
  readonly deadlines: { readonly milestone: string; readonly at: Instant }[]
  readonly events: OutboxEvent[]
}

export function draftOf(view: Case, now: Instant, pool: PoolAccounts): Draft {
  return {
    before: view,
    now,
    pool,
    state: view.state,
    facts: view.facts,
    parties: [...view.parties],
    milestones: [...view.milestones],
    steps: [...view.steps],
    items: [...view.items],
    transfers: [],
    intents: [],
    deadlines: [],
    events: [],
  }
}

/** Whether nothing was decided: then there is no command to submit. */
export function isUnchanged(draft: Draft): boolean {
  const { before } = draft
  const same = <T>(now: readonly T[], then: readonly T[]) =>
    now.length === then.length && now.every((each, i) => each === then[i])
  return (
    draft.state === before.state &&
    draft.facts === before.facts &&
    same(draft.parties, before.parties) &&
    same(draft.milestones, before.milestones) &&
    same(draft.steps, before.steps) &&
    same(draft.items, before.items) &&
    draft.transfers.length + draft.intents.length + draft.events.length === 0
  )
}

/** Replaces a step by a changed copy. */
export function changeStep(draft: Draft, id: Uuid, change: Partial<Step>): Step {
  const at = draft.steps.findIndex((step) => step.id === id)
  const changed = { ...draft.steps[at]!, ...change }
  draft.steps[at] = changed
  if (change.state === 'done') closeItemsOf(draft, id)
  return changed
}

export function changeMilestone(draft: Draft, name: string, change: Partial<CaseMilestone>): void {
  draft.milestones = draft.milestones.map((each) =>
    each.name === name ? { ...each, ...change } : each,
  )
}

export type NewStep = Pick<Step, 'milestone' | 'kind' | 'role'> &
  Partial<Pick<Step, 'from' | 'legs' | 'amount' | 'order'>>

/** Appends a step; its id follows from the case and its position, and so does its order number. */
export function addStep(draft: Draft, step: NewStep): Step {
  const position = draft.steps.length + 1
  const id = derivedUuid('custody.step', `${draft.before.id}/${position}`)
  const added: Step = {
    id,
    position,
    from: '',
    legs: [],
    amount: 0n,
    order: id,
    received: 0n,
    state: 'planned',
    tries: 0,
    instruction: '',
    ...step,
  }
  draft.steps.push(added)
  return added
}

const DAY_MS = 86_400_000

/** Names a difference for people. The same one (kind and reference) is opened once. */
export function openItem(
  draft: Draft,
  item: Pick<OpenItem, 'kind' | 'amount' | 'side' | 'reference' | 'detail'> & { step?: string },
): void {
  const same = draft.items.filter(
    (each) => each.kind === item.kind && each.reference === item.reference,
  )
  if (same.some(({ state }) => state === 'open')) return
  draft.items.push({
    ...newItem(item, draft.now, same.length),
    caseRef: caseId(draft.before),
    step: item.step ?? '',
  })
}

/** An open item as it is written; `nth` tells apart those of one kind and reference. */
export function newItem(
  item: Pick<OpenItem, 'kind' | 'amount' | 'side' | 'reference' | 'detail'>,
  now: Instant,
  nth = 0,
): OpenItem {
  const name = `${item.kind}/${item.reference}${nth === 0 ? '' : `/${nth}`}`
  return {
    ...item,
    id: derivedUuid('custody.open_item', name),
    caseRef: '',
    step: '',
    owner: 'operations',
    deadlineAt: now + DAY_MS,
    state: 'open',
  }
}

const CLOSED_BY_ITS_STEP: readonly OpenItemKind[] = [
  'under_paid',
  'instruction_refused',
  'payout_failed',
  'outcome_unknown',
]

function closeItemsOf(draft: Draft, step: Uuid): void {
  draft.items = draft.items.map((item) =>
    item.step === step && item.state === 'open' && CLOSED_BY_ITS_STEP.includes(item.kind)
      ? { ...item, state: 'closed' }
      : item,
  )
}
