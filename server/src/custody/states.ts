/** The states of cases, milestones, steps and open items. The SQL checks equal these lists. */

export const CASE_STATES = [
  /** The bank is opening the parties' sub-accounts. */
  'opening',
  'running',
  /** Stopped: the money is going back to those who paid it. */
  'returning',
  'returned',
  'completed',
] as const
export type CaseState = (typeof CASE_STATES)[number]

export const MILESTONE_STATES = [
  'waiting',
  'moving',
  'reached',
  /** Its deadline passed: what was agreed for that case is being done, then is done. */
  'lapsing',
  'lapsed',
  /** The case stopped before it was reached. */
  'stopped',
] as const
export type MilestoneState = (typeof MILESTONE_STATES)[number]

export const STEP_KINDS = [
  'open_sub_account',
  'bind_account',
  /** Waits for a payer; a tranche of the price. */
  'collect',
  'freeze',
  'pay',
  'unfreeze',
  'withdraw',
] as const
export type StepKind = (typeof STEP_KINDS)[number]

export const STEP_STATES = [
  'planned',
  /** A payer's money is awaited. */
  'awaiting',
  /** An instruction is on its way. */
  'instructed',
  'done',
  /** The bank refused; a person decides. */
  'failed',
  'dropped',
] as const
export type StepState = (typeof STEP_STATES)[number]

interface Move<State> {
  readonly from: State
  readonly to: State
}

export const CASE_MOVES = [
  { from: 'opening', to: 'running' },
  { from: 'opening', to: 'returning' },
  { from: 'running', to: 'completed' },
  { from: 'running', to: 'returning' },
  { from: 'returning', to: 'returned' },
] as const satisfies readonly Move<CaseState>[]

export const MILESTONE_MOVES = [
  { from: 'waiting', to: 'moving' },
  { from: 'waiting', to: 'lapsing' },
  { from: 'waiting', to: 'stopped' },
  { from: 'moving', to: 'reached' },
  { from: 'moving', to: 'stopped' },
  { from: 'lapsing', to: 'lapsed' },
] as const satisfies readonly Move<MilestoneState>[]

export const STEP_MOVES = [
  { from: 'planned', to: 'awaiting' },
  { from: 'planned', to: 'instructed' },
  { from: 'planned', to: 'dropped' },
  { from: 'awaiting', to: 'awaiting' },
  { from: 'awaiting', to: 'done' },
  { from: 'awaiting', to: 'dropped' },
  { from: 'instructed', to: 'done' },
  { from: 'instructed', to: 'failed' },
  /** Proven never to have acted: it may be instructed again. */
  { from: 'instructed', to: 'planned' },
  { from: 'failed', to: 'planned' },
  { from: 'failed', to: 'dropped' },
] as const satisfies readonly Move<StepState>[]

export const OPEN_ITEM_STATES = ['open', 'closed'] as const

export const OPEN_ITEM_KINDS = {
  under_paid: 'A payer paid less than the tranche; wait for the rest or give it back.',
  over_paid:
    'A payer paid more than was asked; give the rest back or take it for the next tranche.',
  unexpected_inbound: 'Money came to a party nobody awaited it from; find out and give it back.',
  suspense_inbound:
    'The bank could not tell whose money this is; register it to a party or return it.',
  inbound_told_differently:
    'Notice and list of the bank name different amounts; nothing was booked.',
  instruction_refused: 'The bank refused an instruction; correct the cause and retry the step.',
  payout_failed:
    'A payout failed and the money is back with the payee; correct the bank account, retry.',
  payout_returned:
    'A paid payout came back from the payee’s bank; correct the bank account, pay again.',
  outcome_unknown: 'Nobody could say for long what became of an instruction; call the bank.',
  outcome_contradicted:
    'The bank now says otherwise of an instruction that was final; call the bank.',
  statement_missing: 'A statement file could not be had; fetch it again or call the bank.',
  statement_refused: 'A statement file is broken and was refused whole; fetch it again.',
  statement_flow_unknown: 'The bank’s file has a flow our book does not have.',
  statement_flow_missing: 'Our book has a flow the bank’s file does not have.',
  statement_amount_differs: 'A flow has one amount in our book and another in the bank’s file.',
  balance_differs: 'A sub-account holds one amount in our book and another at the bank.',
} as const
export type OpenItemKind = keyof typeof OPEN_ITEM_KINDS

/** Whether moves of the table lead from one state to the other; one command may make several. */
export function mayReach<State extends string>(
  moves: readonly Move<State>[],
  from: State,
  to: State,
): boolean {
  const reached = new Set<State>([from])
  for (const state of reached) {
    for (const move of moves) if (move.from === state) reached.add(move.to)
  }
  return reached.has(to)
}
