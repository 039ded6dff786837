/** The door to the audit log: who did what, in chains that only grow. */
export { auditEffect } from './effects.ts'
export type { AuditActor, AuditEntry } from './entry.ts'
export { CONFIGURATION_BOOK, recordChange } from './record.ts'
