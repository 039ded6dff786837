/**
 * What happened, and what follows: one function for each thing that can happen to a case. They change
 * a draft and nothing else; a refusal changes nothing.
 */
import { derivedUuid, type Uuid } from '#base'
import type { Instruction, Outcome } from '#channels'
import type { ReleasePart } from '#ledger'
import { advance, planMovements, planReturn } from './advance.ts'
import { accountFor, openFreezes, type Step } from './case.ts'
import { addStep, changeMilestone, changeStep, type Draft, openItem } from './draft.ts'
import type { CustodyRefusalCode } from './refusals.ts'

const TRIES_MAX = 3

const transferId = (instruction: string, what: string): Uuid =>
  derivedUuid('custody.transfer', `${instruction}/${what}`)

const ledgerAccount = (draft: Draft, name: string): Uuid =>
  draft.before.accounts.find((account) => account.name === name)!.ledgerAccount

/** An instruction of a step moved to `to`. */
export function instructionMoved(
  draft: Draft,
  instruction: Instruction,
  event: { to: Instruction['state']; outcome: Outcome },
): void {
  const step = draft.steps.find(({ id }) => id === instruction.step)!
  const wasAccepted = instruction.state === 'accepted'
  if (event.to === 'accepted' && step.kind === 'withdraw') leavesAccount(draft, step)
  if (event.to === 'succeeded') succeeded(draft, step, { wasAccepted, outcome: event.outcome })
  if (event.to === 'failed')
    failed(draft, step, { wasAccepted, instruction, outcome: event.outcome })
  advance(draft)
}

/** An accepted withdrawal lies on the bank's account of payouts on their way; so it does with us. */
function leavesAccount(draft: Draft, step: Step): void {
  draft.transfers.push({
    type: 'release',
    id: transferId(step.instruction, 'accepted'),
    hold: transferId(step.instruction, 'hold'),
    purpose: 'payout_accepted',
  })
}

function succeeded(
  draft: Draft,
  step: Step,
  { wasAccepted, outcome }: { wasAccepted: boolean; outcome: Outcome },
): void {
  const { instruction } = step
  if (step.kind === 'open_sub_account') {
    const { subAccount = '', payTo = '' } = outcome.facts ?? {}
    draft.parties = draft.parties.map((party) =>
      party.role === step.role ? { ...party, subAccount, payTo } : party,
    )
  }
  if (step.kind === 'withdraw') {
    if (!wasAccepted) leavesAccount(draft, step)
    draft.transfers.push({
      type: 'post',
      id: transferId(instruction, 'paid'),
      legs: [{ debit: draft.pool.payouts, credit: draft.pool.cash, amount: step.amount }],
      purpose: 'payout_paid',
    })
  } else if (step.from !== '') {
    const parts: ReleasePart[] = step.legs.map(({ to, amount }) => ({
      credit: ledgerAccount(draft, to),
      amount,
    }))
    const hold = transferId(instruction, 'hold')
    const purpose = step.kind
    draft.transfers.push({
      type: 'release',
      id: transferId(instruction, 'done'),
      hold,
      parts,
      purpose,
    })
  }
  changeStep(draft, step.id, { state: 'done' })
  if (step.kind === 'pay') payOut(draft, step)
}

/** What was paid to a party's sub-account goes on to its bank account. */
function payOut(draft: Draft, { milestone, legs }: Step): void {
  for (const { to, amount } of legs) {
    const { role } = draft.before.accounts.find(({ name }) => name === to)!
    addStep(draft, { milestone, kind: 'withdraw', role, from: to, amount })
  }
}

function failed(
  draft: Draft,
  step: Step,
  what: { wasAccepted: boolean; instruction: Instruction; outcome: Outcome },
): void {
  const { instruction, outcome } = what
  if (what.wasAccepted && step.kind === 'withdraw') {
    draft.transfers.push({
      type: 'post',
      id: transferId(instruction.id, 'failed'),
      legs: [
        { debit: draft.pool.payouts, credit: ledgerAccount(draft, step.from), amount: step.amount },
      ],
      purpose: 'payout_failed',
    })
  } else if (step.from !== '') {
    const hold = transferId(instruction.id, 'hold')
    draft.transfers.push({ type: 'void', id: transferId(instruction.id, 'void'), hold })
  }
  const neverActed = outcome.code === 'NEVER_ACTED' || outcome.code === 'NEVER_SENT'
  const tries = step.tries + 1
  if (neverActed && tries < TRIES_MAX) {
    changeStep(draft, step.id, { state: 'planned', tries })
    return
  }
  changeStep(draft, step.id, { state: 'failed', tries })
  openItem(draft, {
    kind: step.kind === 'withdraw' ? 'payout_failed' : 'instruction_refused',
    amount: step.amount,
    side: 'neither',
    reference: instruction.reference,
    detail: `${step.kind} for the ${step.role}: ${outcome.code} ${outcome.message}`.trim(),
    step: step.id,
  })
}

export interface Received {
  readonly role: string
  readonly amount: bigint
  readonly flow: string
  readonly returned: boolean
  /** Credited before, when the payer paid: the account in transit it clears, and where it lies. */
  readonly clears?: { readonly transit: Uuid; readonly credited: Uuid }
}

/** Whether exactly this amount is what the role's open tranche still needs. */
export function isExpected(draft: Draft, { role, amount, returned }: Received): boolean {
  const step = awaited(draft, role)
  return returned || (step !== undefined && step.amount - step.received === amount)
}

const awaited = (draft: Draft, role: string) =>
  draft.steps.find((step) => step.role === role && step.state === 'awaiting')

function purposeOf({ returned, clears }: Received): string {
  if (returned) return 'payout_returned'
  return clears === undefined ? 'pay_in' : 'cleared'
}

/** Money of a party came in: it fills the tranche that is awaited, and what is over is named. */
export function received(draft: Draft, inbound: Received): void {
  const { role, amount, flow, returned, clears } = inbound
  const payable = accountFor(draft.before, role, 'payable')
  const account = payable ?? accountFor(draft.before, role, 'received')!
  draft.transfers.push({
    type: 'post',
    id: derivedUuid('custody.transfer', `inbound/${flow}`),
    legs: [{ debit: draft.pool.cash, credit: clears?.transit ?? account.ledgerAccount, amount }],
    purpose: purposeOf(inbound),
  })
  // Nobody wanted it when it was paid: it lies in suspense, with an exception of its own.
  if (clears !== undefined && clears.credited !== account.ledgerAccount) return
  if (returned) {
    const detail = `a payout to the ${role} came back; it is on ${account.name} again`
    openItem(draft, { kind: 'payout_returned', amount, side: 'neither', reference: flow, detail })
    return
  }
  const step = payable === undefined ? awaited(draft, role) : undefined
  if (step === undefined) {
    const detail = `nothing was awaited from the ${role}; it is on ${account.name}`
    openItem(draft, {
      kind: 'unexpected_inbound',
      amount,
      side: 'neither',
      reference: flow,
      detail,
    })
    return
  }
  const missing = step.amount - step.received
  const taken = amount < missing ? amount : missing
  const complete = taken === missing
  changeStep(draft, step.id, {
    received: step.received + taken,
    state: complete ? 'done' : 'awaiting',
  })
  if (!complete) {
    const detail = `the ${role} paid ${amount} of ${missing} minor units awaited`
    const short = { kind: 'under_paid', side: 'neither', reference: flow, step: step.id } as const
    openItem(draft, { ...short, amount: missing - amount, detail })
  }
  if (amount > missing) {
    const detail = `the ${role} paid ${amount} where ${missing} minor units were awaited`
    const over = { kind: 'over_paid', side: 'neither', reference: flow } as const
    openItem(draft, { ...over, amount: amount - missing, detail })
  }
  advance(draft)
}

/** The money of a case's accounts, minor units by the account's name. */
export interface CaseMoney {
  /** What may leave the account now. */
  available(account: string): bigint
  /** What channels still owe to it, or may. */
  onItsWay(account: string): bigint
}

/** Something is known of the world outside; a milestone may open, or the case stop. */
export function factReported(
  draft: Draft,
  fact: string,
  value: string,
  money: CaseMoney,
): CustodyRefusalCode | undefined {
  if (draft.state !== 'running' && draft.state !== 'opening') return 'case_over'
  const about = draft.before.scheme.milestones.filter(({ when }) => when?.fact === fact)
  if (about.length === 0) return 'fact_unknown'
  const known = about.some(({ when }) => when?.is === value || when?.not === value)
  if (!known) return 'fact_value_unknown'
  const earlier = draft.facts[fact]
  if (earlier === value) return undefined
  if (earlier !== undefined) return 'fact_already_known'
  draft.facts = { ...draft.facts, [fact]: value }
  if (!about.some(({ when }) => when?.not === value)) {
    advance(draft)
    return undefined
  }
  return returnEverything(draft, money)
}

/** Stops the case: each payer gets back what is left of its own money. */
function returnEverything(
  draft: Draft,
  { available, onItsWay }: CaseMoney,
): CustodyRefusalCode | undefined {
  if (draft.steps.some(({ state }) => state === 'instructed')) return 'instruction_not_final'
  if (draft.before.accounts.some(({ name }) => onItsWay(name) > 0n)) return 'payment_on_its_way'
  draft.state = 'returning'
  for (const { name, state } of draft.milestones) {
    if (state === 'waiting' || state === 'moving')
      changeMilestone(draft, name, { state: 'stopped' })
  }
  for (const { id, state } of draft.steps) {
    if (['planned', 'awaiting', 'failed'].includes(state))
      changeStep(draft, id, { state: 'dropped' })
  }
  for (const { role } of draft.parties) {
    const guarantee = accountFor(draft.before, role, 'guarantee')
    const paid = accountFor(draft.before, role, 'received')
    if (guarantee === undefined || paid === undefined) continue
    const frozen = openFreezes(draft, role).reduce((sum, { remaining }) => sum + remaining, 0n)
    const beside = available(paid.name)
    planReturn(draft, {
      milestone: `return.${role}`,
      role,
      from: guarantee.name,
      amount: frozen,
      beside,
    })
  }
  advance(draft)
  return undefined
}

/** A milestone's deadline passed: what was agreed for that happens, unless it has begun. */
export function deadlinePassed(draft: Draft, name: string): void {
  const milestone = draft.milestones.find((each) => each.name === name)
  const agreed = draft.before.scheme.milestones.find((each) => each.name === name)?.if_late
  if (draft.state !== 'running' || milestone?.state !== 'waiting' || agreed === undefined) return
  if (milestone.deadlineAt === undefined || draft.now < milestone.deadlineAt) return
  changeMilestone(draft, name, { state: 'lapsing' })
  planMovements(draft, name, agreed)
  advance(draft)
}

/** A person has removed the cause of a failed step: it is tried once more. */
export function stepRetried(draft: Draft, id: Uuid): CustodyRefusalCode | undefined {
  const step = draft.steps.find((each) => each.id === id)
  if (step === undefined) return 'step_not_found'
  if (step.state !== 'failed') return 'step_not_failed'
  changeStep(draft, id, { state: 'planned' })
  advance(draft)
  return undefined
}
