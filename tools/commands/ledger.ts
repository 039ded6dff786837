/** `tenon ledger verify`: every book, or one, told again from its rows alone. */
import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createDb, type Db } from '../../server/src/base/index.ts'
import {
  checkServer,
  defaultDataFolder,
  launchPostgres,
  PostgresProblem,
} from '../../server/src/base/postgres/index.ts'
import { bookNumbers, type VerifyReport, verifyBook } from '../../server/src/ledger/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'

const BOOK_IDS = /^(?:book_)?([1-9]\d{0,8})$/

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { book: { type: 'string' } },
  })
  if (positionals.join(' ') !== 'verify') {
    throw new UsageProblem('Write: tenon ledger verify [--book <number>]')
  }
  const book = values.book === undefined ? undefined : BOOK_IDS.exec(values.book)?.[1]
  if (values.book !== undefined && book === undefined) {
    throw new UsageProblem(`"${values.book}" is no book; write its number, such as --book 12.`)
  }
  const database = await openDatabase(terminal)
  try {
    const books = book === undefined ? await bookNumbers(database.db) : [Number(book)]
    return await verifyAll(database.db, books, terminal)
  } finally {
    await database.close()
  }
}

/** Verifies the books one after the other; a wrong one does not keep the others from being looked at. */
export async function verifyAll(
  db: Db,
  books: readonly number[],
  terminal: Pick<Terminal, 'say' | 'complain'>,
): Promise<number> {
  if (books.length === 0) terminal.say('There are no books yet.')
  let wrong = 0
  for (const book of books) {
    const report = await verifyBook(db, book, {
      onProgress: ({ transfers }) => {
        if (transfers > 0 && transfers % 100_000 < 10_000) {
          terminal.say(`book ${book}: ${transfers} transfers verified`)
        }
      },
    })
    if (report.wrong === undefined) terminal.say(inOrder(report))
    else {
      wrong += 1
      terminal.complain(outOfOrder(report, report.wrong))
    }
  }
  return wrong === 0 ? 0 : 1
}

function inOrder(report: VerifyReport): string {
  const { book, transfers, seals, refusals, accounts, holds, chain } = report
  return (
    `book ${book}: in order. ${transfers} transfers and ${refusals} refusals in ${seals} seals, ` +
    `${accounts} accounts, ${holds} holds. Chain ${chain}`
  )
}

function outOfOrder(
  { book, seals }: VerifyReport,
  { table, number, field, expected, found }: NonNullable<VerifyReport['wrong']>,
): string {
  return (
    `book ${book}: the first wrong row is ${table} ${number}: ${field} is ${found} and must be ` +
    `${expected}. Seals 1 to ${seals} are in order.`
  )
}

/** The database of DATABASE_URL, or the embedded one, left as it was found: running or not. */
export async function openDatabase({
  env,
  say,
}: Terminal): Promise<{ db: Db; close(): Promise<void> }> {
  const given = env.DATABASE_URL ?? ''
  if (given !== '') {
    await checkServer(given)
    const db = createDb({ url: given, applicationName: 'tenon ledger verify' })
    return { db, close: () => db.close() }
  }
  const dataFolder = defaultDataFolder(env)
  const there = await stat(dataFolder).catch(() => undefined)
  if (there === undefined) {
    throw new PostgresProblem(
      'failed',
      `There is no database in ${dataFolder} yet. Run "npm start" first, or set TENON_DATA or DATABASE_URL.`,
    )
  }
  const postgres = await launchPostgres({ dataFolder, onLine: say })
  const db = createDb({ url: postgres.url, applicationName: 'tenon ledger verify' })
  const close = async () => {
    await db.close()
    if (!postgres.adopted) await postgres.stop()
  }
  return { db, close }
}
