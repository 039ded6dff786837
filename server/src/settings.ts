import { auditSettings } from './audit/index.ts'
import {
  baseSettings,
  ConfigRefused,
  personalSettings,
  readConfig,
  type SettingsTable,
} from './base/index.ts'
import { channelSettings } from './channels/index.ts'
import { identitySettings } from './identity/index.ts'

/** Every setting of the server. Whoever adds a table to a module joins it here. */
export const serverSettings = {
  ...baseSettings,
  ...personalSettings,
  ...channelSettings,
  ...identitySettings,
  ...auditSettings,
} as const satisfies SettingsTable

export type Environment = Readonly<Record<string, string | undefined>>

/** The settings of a server on a database that is there. Throws `ConfigRefused` with all mistakes. */
export function readServerConfig(env: Environment) {
  const config = readConfig(serverSettings, env)
  const { databaseUrl } = config
  if (databaseUrl === undefined) {
    throw new ConfigRefused([
      'DATABASE_URL must be set: the server works on a database that is there. ' +
        '"npm start" brings one along.',
    ])
  }
  return { ...config, databaseUrl }
}

export type ServerConfig = ReturnType<typeof readServerConfig>

/** The server cannot start as it was asked to; the message says what to change. */
export class StartProblem extends Error {
  override name = 'StartProblem'
}
