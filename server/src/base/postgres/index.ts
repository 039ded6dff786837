/** The embedded PostgreSQL: start, adopt, watch, stop, back up, restore. */

export { type BackupOptions, type BackupReport, backup } from './backup.ts'
export { checkServer } from './check-server.ts'
export { defaultDataFolder } from './folder.ts'
export { type LaunchOptions, launchPostgres, type RunningPostgres } from './launch.ts'
export { PostgresProblem, type PostgresProblemCode } from './problem.ts'
export { reset } from './reset.ts'
export { type Restored, type RestoreOptions, restore } from './restore.ts'
export { createRole, ensureRoleAndSchema, ensureTableRoles } from './roles.ts'
export { type Settings, serverSettings } from './settings.ts'
