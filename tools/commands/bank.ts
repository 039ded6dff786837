import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseInstant } from '../../server/src/base/index.ts'
import {
  checkServer,
  defaultDataFolder,
  launchPostgres,
} from '../../server/src/base/postgres/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { printBankSince } from '../restore/bank-since.ts'

/** `tenon bank since <time>`: what the bank saw and the books do not know. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true })
  const [verb, time, ...rest] = positionals
  const since = time === undefined ? undefined : parseInstant(time)
  if (verb !== 'since' || since === undefined || rest.length > 0) {
    throw new UsageProblem('Write: tenon bank since <time>')
  }
  const data = defaultDataFolder(terminal.env)
  const given = terminal.env.DATABASE_URL ?? ''
  const keys = terminal.env.TENON_KEYS ?? ''
  if (given !== '') {
    await checkServer(given)
    const keysFolder = keys === '' ? `${data}-keys` : keys
    return (await printBankSince({ url: given, keysFolder, since, terminal })) ? 0 : 1
  }
  const postgres = await launchPostgres({ dataFolder: data, onLine: terminal.say })
  try {
    const keysFolder = keys === '' ? join(data, 'keys') : keys
    return (await printBankSince({ url: postgres.url, keysFolder, since, terminal })) ? 0 : 1
  } finally {
    await postgres.stop()
  }
}
