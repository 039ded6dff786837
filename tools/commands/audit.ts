/** `tenon audit`: verifies the audit log against its checkpoints, and prints the key they are signed with. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  CHECKPOINT_KEY_FILE,
  checkpointFolder,
  loadCheckpointKey,
  publicKeyText,
  sayFinding,
  verifyAudit,
} from '../../server/src/audit/index.ts'
import { diskJournal, parseInstant, writeInstant } from '../../server/src/base/index.ts'
import { defaultDataFolder } from '../../server/src/base/postgres/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { openDatabase } from './ledger.ts'

const OPTIONS = {
  book: { type: 'string' },
  since: { type: 'string' },
  checkpoints: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
} as const

const BOOK_IDS = /^(?:book_)?(0|[1-9]\d{0,8})$/
const PUBLIC_KEY = /^[A-Za-z0-9+/]{43}=$/

/** There is nothing to verify with; the message says what to give. */
class AuditProblem extends Error {
  override name = 'AuditProblem'
}

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  })
  const [verb, ...more] = positionals
  if (more.length > 0 || (verb !== 'verify' && verb !== 'key')) {
    throw new UsageProblem('Write: tenon audit verify, or tenon audit key')
  }
  const keysFolder = keysFolderOf(terminal.env)
  if (verb === 'key') {
    const own = await ownKey(keysFolder)
    if (own === undefined) throw new AuditProblem(noKey(keysFolder))
    terminal.say(own)
    return 0
  }
  const book = values.book === undefined ? undefined : BOOK_IDS.exec(values.book)?.[1]
  if (values.book !== undefined && book === undefined) {
    throw new UsageProblem(`"${values.book}" is no book; write its number, such as --book 12.`)
  }
  const since = values.since === undefined ? undefined : parseInstant(values.since)
  if (values.since !== undefined && since === undefined) {
    throw new UsageProblem(
      `"${values.since}" is no time; write date, time and offset, such as 2026-01-31T09:30:00+08:00.`,
    )
  }
  const own = values.key === undefined ? await ownKey(keysFolder) : undefined
  const keys: string[] = values.key ?? (own === undefined ? [] : [own])
  const wrong = keys.find((key) => !PUBLIC_KEY.test(key))
  if (wrong !== undefined) throw new UsageProblem(`"${wrong}" is no key as "tenon audit key" says.`)
  if (keys.length === 0) throw new AuditProblem(noKey(keysFolder))
  const folders = values.checkpoints ?? foldersOf(terminal.env, keysFolder)
  return verify(terminal, {
    ...{ folders, keys },
    ...(book !== undefined && { book: Number(book) }),
    ...(since !== undefined && { since }),
  })
}

async function verify(
  terminal: Terminal,
  of: { folders: readonly string[]; keys: readonly string[]; book?: number; since?: number },
): Promise<number> {
  const { folders, ...rest } = of
  const database = await openDatabase(terminal)
  try {
    const report = await verifyAudit(database.db, { ...rest, journals: folders.map(diskJournal) })
    for (const finding of report.findings) terminal.complain(sayFinding(finding))
    const { entries, books, checkpoints, checkpointAt, findings, uncovered } = report
    const last = checkpointAt === undefined ? '' : `, the last of ${writeInstant(checkpointAt)}`
    terminal.say(
      `${findings.length === 0 ? 'In order' : `${findings.length} findings`}: ${entries} entries in ` +
        `${books} chains, ${checkpoints} checkpoints in ${folders.join(' and ')}${last}.`,
    )
    for (const { book, from, to } of uncovered) {
      terminal.say(
        `book ${book}: entries ${from} to ${to} are covered by no checkpoint yet: a superuser could ` +
          'still rewrite them unseen.',
      )
    }
    return findings.length === 0 ? 0 : 1
  } finally {
    await database.close()
  }
}

function keysFolderOf(env: Terminal['env']): string {
  const given = env.TENON_KEYS ?? ''
  if (given !== '') return given
  const data = defaultDataFolder(env)
  return (env.DATABASE_URL ?? '') === '' ? join(data, 'keys') : `${data}-keys`
}

function foldersOf(env: Terminal['env'], keysFolder: string): string[] {
  const witness = env.TENON_AUDIT_WITNESS ?? ''
  const own = checkpointFolder(env.TENON_AUDIT_CHECKPOINTS, keysFolder)
  return witness === '' ? [own] : [own, witness]
}

/** The public half of this installation's key; none is made here. */
async function ownKey(keysFolder: string): Promise<string | undefined> {
  const file = join(keysFolder, CHECKPOINT_KEY_FILE)
  if ((await stat(file).catch(() => undefined)) === undefined) return undefined
  return publicKeyText(await loadCheckpointKey(file))
}

function noKey(keysFolder: string): string {
  return (
    `There is no ${CHECKPOINT_KEY_FILE} in ${keysFolder}: no checkpoint was signed here yet. ` +
    'Start the server first, or give the public key with --key.'
  )
}
