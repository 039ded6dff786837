/** The database of `npm start`: the embedded one, kept up, or that of DATABASE_URL. */
import { join } from 'node:path'
import {
  checkServer,
  defaultDataFolder,
  ensureRoleAndSchema,
  ensureTableRoles,
  launchPostgres,
} from '../../server/src/base/postgres/index.ts'
import type { Terminal } from '../command.ts'
import { StartProblem } from './problem.ts'
import { railsFolder } from './sandbox-file.ts'
import type { Stops } from './stops.ts'

export interface StartDatabase {
  /** Under the platform's role. */
  readonly url: string
  /** Under a role that may make others. */
  readonly adminUrl: string
  /** What is kept outside of it. */
  readonly keysFolder: string
  /** Where the books of the rail simulators are kept; they belong to this database. */
  readonly railsFolder: string
  /** Where it is, for the reader. */
  readonly says: string
}

const BANK_ROLE = 'custody_bank'

export async function openDatabase(terminal: Terminal, stops: Stops): Promise<StartDatabase> {
  const { env, say } = terminal
  const data = defaultDataFolder(env)
  const given = env.DATABASE_URL ?? ''
  const keys = env.TENON_KEYS ?? ''
  if (given !== '') {
    await checkServer(given)
    // Beside the data folder, not in it: resetting the embedded database must not lose these keys.
    const keysFolder = keys === '' ? `${data}-keys` : keys
    const rails = railsFolder(env)
    return {
      ...{ url: given, adminUrl: given, keysFolder, railsFolder: rails },
      says: 'that of DATABASE_URL',
    }
  }
  const postgres = await launchPostgres({ dataFolder: data, onLine: say })
  stops.add('PostgreSQL', () => postgres.stop())
  postgres.watch(say)
  return {
    url: postgres.url,
    adminUrl: postgres.adminUrl,
    keysFolder: keys === '' ? join(data, 'keys') : keys,
    railsFolder: railsFolder(env),
    says: `${postgres.dataFolder} (PostgreSQL on port ${postgres.port})`,
  }
}

/** What the server's login was lent for making its tables is taken back, once they are there. */
export async function takeBackRoles({ url, adminUrl }: StartDatabase): Promise<void> {
  // A database of one's own has an administrator of its own.
  if (adminUrl === url) return
  await ensureTableRoles(adminUrl, decodeURIComponent(new URL(url).username))
}

/** The url under which the bank simulator works: a role that can read nothing of ours. */
export async function bankDatabase({ adminUrl }: StartDatabase): Promise<string> {
  try {
    return await ensureRoleAndSchema(adminUrl, BANK_ROLE, BANK_ROLE)
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw new StartProblem(
      `The role of DATABASE_URL may not make the role "${BANK_ROLE}" of the bank simulator: ` +
        `${(error as Error).message}. Give it CREATEROLE and CREATE on the database, or run the ` +
        'server alone with "node --import tsx server/src/main.ts".',
    )
  }
}
