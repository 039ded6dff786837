/** The custody bank as tests and tools see it. The platform itself meets it only over HTTP. */
export type { BankAdmin, NoticeSeen, OutsideTransfer } from './admin.ts'
export { type CustodyBank, type CustodyBankOptions, startCustodyBank } from './bank.ts'
export type { Settings } from './book.ts'
export { CODES, type Code } from './codes.ts'
export { FAULTS, type FaultKind, type FaultName } from './faults.ts'
