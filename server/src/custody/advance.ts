/**
 * The interpreter: takes a case as far as it can go now. It opens milestones whose time has come, adds
 * the steps their movements ask for, and starts the steps whose turn it is. It knows verbs and
 * conditions, and no scheme.
 *
 * Payouts run beside the milestones: a milestone is reached when the money is where it is owed, and a
 * slow or returned payout does not hold up the sale.
 */
import { derivedUuid } from '#base'
import {
  accountFor,
  type CaseMilestone,
  caseId,
  openFreezes,
  type Step,
  touchesGuarantee,
} from './case.ts'
import { addStep, changeMilestone, changeStep, type Draft } from './draft.ts'
import { holderOf, type SchemeMovement } from './scheme.ts'

const DAY_MS = 86_400_000

/** Goes on until nothing more can be started. */
export function advance(draft: Draft): void {
  for (let moved = true; moved; ) {
    moved = openMilestones(draft)
    moved = startSteps(draft) || moved
    moved = endMilestones(draft) || moved
    moved = endCase(draft) || moved
  }
}

const isOver = (step: Step) => step.state === 'done' || step.state === 'dropped'

const milestone = (draft: Draft, name: string): CaseMilestone =>
  draft.milestones.find((each) => each.name === name)!

function openMilestones(draft: Draft): boolean {
  if (draft.state === 'opening') {
    const opened = draft.steps.every((step) => step.milestone !== '' || step.state === 'done')
    if (opened) draft.state = 'running'
    return opened
  }
  if (draft.state !== 'running') return false
  const { milestones } = draft.before.scheme
  const ended = (name: string) => ['reached', 'lapsed'].includes(milestone(draft, name).state)
  let moved = false
  milestones.forEach((each, i) => {
    if (milestone(draft, each.name).state !== 'waiting') return
    const previous = milestones[i - 1]
    const after = each.after ?? (previous === undefined ? [] : [previous.name])
    if (!after.every(ended)) return
    if (each.when !== undefined && draft.facts[each.when.fact] !== each.when.is) return
    changeMilestone(draft, each.name, { state: 'moving' })
    planMovements(draft, each.name, each.movements)
    moved = true
  })
  return moved
}

/** Adds the steps of movements. Releases and charges from one account become one payment. */
export function planMovements(
  draft: Draft,
  name: string,
  movements: readonly SchemeMovement[],
): void {
  const { scheme, amounts } = draft.before
  let paying: { from: string; legs: { to: string; amount: bigint }[] } | undefined
  const pay = () => {
    if (paying === undefined) return
    const { from, legs } = paying
    const amount = legs.reduce((sum, leg) => sum + leg.amount, 0n)
    addStep(draft, {
      milestone: name,
      kind: 'pay',
      role: holderOf(scheme, from),
      from,
      legs,
      amount,
    })
    paying = undefined
  }
  for (const { verb, from, to, amount: named } of movements) {
    const amount = amounts[named]!
    const role = holderOf(scheme, from)
    const pays = verb === 'release' || verb === 'charge'
    if (!pays || paying?.from !== from) pay()
    const step = { milestone: name, role, amount }
    if (verb === 'collect') addStep(draft, { ...step, kind: 'collect', legs: [{ to, amount }] })
    if (verb === 'hold') addStep(draft, { ...step, kind: 'freeze', from, legs: [{ to, amount }] })
    if (verb === 'return') planReturn(draft, { milestone: name, role, from, amount })
    if (pays) {
      paying ??= { from, legs: [] }
      paying.legs.push({ to, amount })
    }
  }
  pay()
}

/** Takes an amount from guarantee, freeze by freeze, and pays it to the payer's own bank account. */
export function planReturn(
  draft: Draft,
  back: { milestone: string; role: string; from: string; amount: bigint; beside?: bigint },
): void {
  const { milestone: name, role, from, amount, beside = 0n } = back
  const received = accountFor(draft.before, role, 'received')!.name
  let left = amount
  for (const { order, remaining } of openFreezes(draft, role)) {
    const part = remaining < left ? remaining : left
    if (part === 0n) continue
    const legs = [{ to: received, amount: part }]
    addStep(draft, { milestone: name, kind: 'unfreeze', role, from, legs, amount: part, order })
    left -= part
  }
  // What was never put under guarantee is not there to return.
  const total = amount - left + beside
  if (total === 0n) return
  addStep(draft, { milestone: name, kind: 'withdraw', role, from: received, amount: total })
}

function startSteps(draft: Draft): boolean {
  let moved = false
  for (const step of [...draft.steps]) {
    if (step.state !== 'planned' || !isItsTurn(draft, step)) continue
    if (step.kind === 'collect') changeStep(draft, step.id, { state: 'awaiting' })
    else instruct(draft, step)
    moved = true
  }
  return moved
}

function isItsTurn(draft: Draft, step: Step): boolean {
  const before = draft.steps.filter(
    (other) => other.position < step.position && !isOver(other) && other.id !== step.id,
  )
  if (step.milestone === '') {
    return !before.some((other) => other.role === step.role && other.milestone === '')
  }
  if (before.some((other) => other.milestone === step.milestone && other.kind !== 'withdraw')) {
    return false
  }
  return !(
    touchesGuarantee(step) &&
    before.some((other) => other.role === step.role && touchesGuarantee(other))
  )
}

/** Reserves the money of a step and intends the bank's call. */
function instruct(draft: Draft, step: Step): void {
  const { book, orgId, id, accounts } = draft.before
  const instruction = derivedUuid('custody.instruction', `${step.id}/${step.tries}`)
  const ledgerAccount = (name: string) =>
    accounts.find((account) => account.name === name)!.ledgerAccount
  if (step.from !== '') {
    const first = step.legs[0]
    draft.transfers.push({
      type: 'hold',
      id: derivedUuid('custody.transfer', `${instruction}/hold`),
      debit: ledgerAccount(step.from),
      credit: first === undefined ? draft.pool.payouts : ledgerAccount(first.to),
      amount: step.amount,
      pinned: true,
      purpose: step.kind,
    })
  }
  draft.intents.push({
    orgId,
    id: instruction,
    operation: step.kind as Exclude<Step['kind'], 'collect'>,
    owner: caseId({ book, id }),
    step: step.id,
    amount: step.amount,
  })
  changeStep(draft, step.id, { state: 'instructed', instruction })
}

function endMilestones(draft: Draft): boolean {
  let moved = false
  for (const { name, state } of draft.milestones) {
    if (state !== 'moving' && state !== 'lapsing') continue
    const steps = draft.steps.filter((step) => step.milestone === name)
    const lasting = steps.filter((step) => state === 'lapsing' || step.kind !== 'withdraw')
    if (!lasting.every(isOver)) continue
    const ended = state === 'moving' ? 'reached' : 'lapsed'
    changeMilestone(draft, name, { state: ended, endedAt: draft.now })
    planDeadlines(draft, name)
    const aggregate = caseId(draft.before)
    const { orgId } = draft.before
    draft.events.push({
      kind: `custody.milestone_${ended}`,
      aggregate,
      payload: { case: aggregate, milestone: name },
      orgId,
    })
    moved = true
  }
  return moved
}

function planDeadlines(draft: Draft, reached: string): void {
  for (const each of draft.before.scheme.milestones) {
    if (each.deadline?.after !== reached) continue
    const at = draft.now + each.deadline.days * DAY_MS
    changeMilestone(draft, each.name, { deadlineAt: at })
    draft.deadlines.push({ milestone: each.name, at })
  }
}

function endCase(draft: Draft): boolean {
  const over = draft.steps.every(isOver)
  const aggregate = caseId(draft.before)
  const end = (state: 'completed' | 'returned') => {
    draft.state = state
    const { orgId } = draft.before
    draft.events.push({
      kind: `custody.case_${state}`,
      aggregate,
      payload: { case: aggregate },
      orgId,
    })
    return true
  }
  const ended = draft.milestones.every(({ state }) => state === 'reached' || state === 'lapsed')
  if (draft.state === 'running' && ended && over) return end('completed')
  if (draft.state === 'returning' && over) return end('returned')
  return false
}
