/** A case as the interpreter sees it: one running scheme with all that was decided so far. */
import { derivedUuid, type Instant, publicId, type Uuid } from '#base'
import type { Purpose, Scheme } from './scheme.ts'
import type { CaseState, MilestoneState, OpenItemKind, StepKind, StepState } from './states.ts'

export interface CaseParty {
  readonly role: string
  readonly kind: 'person' | 'company'
  readonly member: string
  readonly subAccount: string
  readonly payTo: string
}

export interface CaseAccount {
  readonly name: string
  readonly role: string
  readonly purpose: Purpose
  readonly ledgerAccount: Uuid
}

export interface CaseMilestone {
  readonly name: string
  readonly state: MilestoneState
  readonly deadlineAt?: Instant
  readonly endedAt?: Instant
}

/** One payee of a step: the account credited, and how much. */
export interface StepLeg {
  readonly to: string
  readonly amount: bigint
}

export interface Step {
  readonly id: Uuid
  readonly milestone: string
  readonly position: number
  readonly kind: StepKind
  readonly role: string
  readonly from: string
  readonly legs: readonly StepLeg[]
  readonly amount: bigint
  readonly received: bigint
  readonly order: string
  readonly state: StepState
  readonly tries: number
  readonly instruction: string
}

export interface OpenItem {
  readonly id: Uuid
  readonly kind: OpenItemKind
  /** Minor units. */
  readonly amount: bigint
  /** Whose book has more. */
  readonly side: 'ours' | 'bank' | 'neither'
  readonly reference: string
  /** Public id of the case; empty when it belongs to none. */
  readonly caseRef: string
  readonly step: string
  readonly detail: string
  readonly owner: string
  readonly deadlineAt: Instant
  readonly state: 'open' | 'closed'
}

export interface Case {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly deal: string
  readonly scheme: Scheme
  readonly amounts: Readonly<Record<string, bigint>>
  readonly state: CaseState
  readonly facts: Readonly<Record<string, string>>
  readonly version: number
  readonly parties: readonly CaseParty[]
  readonly accounts: readonly CaseAccount[]
  readonly milestones: readonly CaseMilestone[]
  readonly steps: readonly Step[]
  /** All that were ever opened for it. */
  readonly items: readonly OpenItem[]
}

export function caseId(at: { readonly book: number; readonly id: Uuid }): string {
  return publicId('case', at.book, at.id)
}

export function caseRoot(id: Uuid): string {
  return `case:${id}`
}

/** A number of ours that the bank knows a party by: 32 characters, one case and role each. */
export function memberOf(id: Uuid, role: string): string {
  return derivedUuid('custody.member', `${id}/${role}`)
}

/** The account of a role with one purpose; `undefined` when the scheme gives it none. */
export function accountFor(
  view: Pick<Case, 'accounts'>,
  role: string,
  purpose: Purpose,
): CaseAccount | undefined {
  return view.accounts.find((account) => account.role === role && account.purpose === purpose)
}

/** Steps that touch what lies under guarantee for a payer; one at a time, so that both books draw alike. */
export function touchesGuarantee(step: Pick<Step, 'kind'>): boolean {
  return step.kind === 'freeze' || step.kind === 'pay' || step.kind === 'unfreeze'
}

const hasFailed = (step: Step) => step.state === 'failed' || step.state === 'dropped'

export interface OpenFreeze {
  readonly order: string
  readonly remaining: bigint
}

/**
 * What is left of each freeze of a payer once all that is planned is done, oldest first. The bank lets a payment draw on the oldest
 * freezes and asks for a freeze's own number to undo it, so we have to draw in the same order.
 */
export function openFreezes(view: Pick<Case, 'steps'>, role: string): OpenFreeze[] {
  const open: { order: string; remaining: bigint }[] = []
  const drawing = view.steps
    .filter((step) => step.role === role && touchesGuarantee(step) && !hasFailed(step))
    .sort((a, b) => a.position - b.position)
  for (const step of drawing) {
    if (step.kind === 'freeze') open.push({ order: step.order, remaining: step.amount })
    let left = step.kind === 'freeze' ? 0n : step.amount
    for (const freeze of open) {
      if (step.kind === 'unfreeze' && freeze.order !== step.order) continue
      const part = freeze.remaining < left ? freeze.remaining : left
      freeze.remaining -= part
      left -= part
    }
  }
  return open.filter(({ remaining }) => remaining > 0n)
}
