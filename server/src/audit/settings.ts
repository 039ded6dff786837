import { type SettingsTable, text } from '#base'

/** Where the checkpoints of the audit log go. */
export const auditSettings = {
  auditFolder: {
    name: 'TENON_AUDIT_CHECKPOINTS',
    parse: text,
    optional: true,
    says: 'The folder of the signed checkpoints of the audit log, one for all servers of a database; by default beside the folder of keys.',
  },
  auditWitness: {
    name: 'TENON_AUDIT_WITNESS',
    parse: text,
    optional: true,
    says: "A second folder that gets the same checkpoints, best on a machine where the database's administrator cannot write.",
  },
} as const satisfies SettingsTable

/** The folder of checkpoints: the one that was set, or `audit` beside `keys`. */
export function checkpointFolder(given: string | undefined, keysFolder: string): string {
  if (given !== undefined && given !== '') return given
  return keysFolder.endsWith('keys') ? `${keysFolder.slice(0, -4)}audit` : `${keysFolder}-audit`
}
