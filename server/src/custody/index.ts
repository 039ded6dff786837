/** The door to custody: schemes and deals as documents, running cases, and the proof against the bank. */
export {
  type Case,
  type CaseAccount,
  type CaseMilestone,
  type CaseParty,
  caseId,
  type OpenItem,
  type Step,
} from './case.ts'
export type { Clearing, EntryForAccount, OnItsWay, Recognised } from './clearing.ts'
export type { CaseRefused, CustodyOptions } from './context.ts'
export { type Custody, createCustody } from './custody.ts'
export { type Deal, dealSchema, type Party, readDeal } from './deal.ts'
export type { NewPool } from './open-pool.ts'
export type { Problem } from './problem.ts'
export type { Difference, Proof, ProvedBalance, ProvedFile } from './prove.ts'
export { CUSTODY_REFUSALS, type CustodyRefusalCode } from './refusals.ts'
export { readScheme, type Scheme, schemeHash, schemeSchema } from './scheme.ts'
export { OPEN_ITEM_KINDS, type OpenItemKind } from './states.ts'
export { type BankFlow, type SeenSince, type UnreadFile, unknownFlows } from './unknown-flows.ts'
