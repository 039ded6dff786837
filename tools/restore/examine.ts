/**
 * What is done with a database that was brought back, before anybody works with it: the keys of its
 * data are laid beside it, its schema is brought up to date, every book is verified from its rows, and
 * the bank is asked what it saw since.
 */
import { cp, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDb, migrate } from '../../server/src/base/index.ts'
import { defaultDataFolder } from '../../server/src/base/postgres/index.ts'
import { bookNumbers } from '../../server/src/ledger/index.ts'
import type { Terminal } from '../command.ts'
import { verifyAll } from '../commands/ledger.ts'
import { printBankSince } from './bank-since.ts'

export interface RestoredDatabase {
  readonly url: string
  readonly dataFolder: string
  /** The moment it stands at, milliseconds since 1970. */
  readonly at: number
}

/**
 * The moment a restored database stands at, milliseconds since 1970. `latest` stands at its last
 * commit, which PostgreSQL writes as `2026-11-22 12:27:13.593232+00`; when it named none, a day back.
 */
export function momentOf(target: string, lastCommitAt: string | undefined): number {
  if (target !== 'latest') return Date.parse(target)
  const written = (lastCommitAt ?? '').replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')
  const at = Date.parse(written)
  return Number.isNaN(at) ? Date.now() - 86_400_000 : at
}

/** Gives the exit code: 1 when a book is not in order. */
export async function examine(
  { url, dataFolder, at }: RestoredDatabase,
  terminal: Terminal,
): Promise<number> {
  const keysFolder = await bringKeys(dataFolder, terminal)
  const applied = await migrate({ url })
  if (applied.length > 0) terminal.say(`Brought the schema up to date: ${applied.join(', ')}.`)
  const code = await verifyBooks(url, terminal)
  await printBankSince({ url, keysFolder, since: at, terminal })
  return code
}

async function verifyBooks(url: string, terminal: Terminal): Promise<number> {
  const db = createDb({ url, applicationName: 'tenon restore' })
  try {
    return await verifyAll(db, await bookNumbers(db), terminal)
  } finally {
    await db.close()
  }
}

/** Keys are in no backup. Those of the present database are the ones that sealed its past. */
async function bringKeys(dataFolder: string, { env, say, complain }: Terminal): Promise<string> {
  if (env.TENON_KEYS) return env.TENON_KEYS
  const from = join(defaultDataFolder(env), 'keys')
  const to = join(dataFolder, 'keys')
  const there = await stat(from).catch(() => undefined)
  if (there === undefined) {
    complain(`There are no keys in ${from}. Put the ones of this database into ${to} yourself.`)
  } else if (from !== to) {
    await cp(from, to, { recursive: true, preserveTimestamps: true })
    say(`Copied the keys from ${from}: no backup holds them.`)
  }
  return to
}
