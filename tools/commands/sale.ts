/**
 * `tenon sale run <deal.json>`: one sale on a platform and a bank of its own, in a database that is
 * gone afterwards. A running server is not disturbed, and any fault may be switched on.
 *
 * With a fault, business time is simulated: query schedules of hours and bank days pass at once.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import {
  createDb,
  createIds,
  createLog,
  cryptoRng,
  diskFiles,
  httpNet,
  migrate,
  simulatedClock,
  type World,
  wallClock,
} from '../../server/src/base/index.ts'
import { ensureRoleAndSchema, launchPostgres } from '../../server/src/base/postgres/index.ts'
import { type Deal, readDeal, type Scheme } from '../../server/src/custody/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { printEvent, printReport } from '../sale/print.ts'
import { runSale, type SaleOptions } from '../sale/run.ts'
import { openStage, shippedSchemes } from '../sale/stage.ts'

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      fail: { type: 'string' },
      fault: { type: 'string' },
      operation: { type: 'string' },
    },
  })
  const [verb, path, ...rest] = positionals
  if (verb !== 'run' || path === undefined || rest.length > 0) {
    throw new UsageProblem('Write: tenon sale run <deal.json> [--fail <fact>] [--fault <name>]')
  }
  const schemes = await shippedSchemes()
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageProblem(`There is no file ${path}. Samples are in schemes/samples/.`)
  })
  const read = readDeal(text, schemes)
  if (!('deal' in read)) {
    terminal.complain(`The deal is refused:`)
    for (const { pointer, says } of read) terminal.complain(`  ${pointer || '/'}: ${says}`)
    return 1
  }
  const scheme = schemes.find((each) => each.scheme === read.deal.scheme)!
  if (values.fail !== undefined) checkFact(scheme, values.fail)
  const database = await scratchDatabase(terminal)
  try {
    return await play({ ...values, deal: read.deal, scheme }, database, terminal)
  } finally {
    await database.drop()
  }
}

function checkFact(scheme: Scheme, fact: string): void {
  const facts = scheme.milestones.flatMap(({ when }) =>
    when?.not === undefined ? [] : [when.fact],
  )
  if (facts.includes(fact)) return
  throw new UsageProblem(`--fail takes one of: ${facts.join(', ')}.`)
}

interface Play {
  readonly deal: Deal
  readonly scheme: Scheme
  readonly fail?: string | undefined
  readonly fault?: string | undefined
  readonly operation?: string | undefined
}

/** In a run with faults the bank is given up on soon: nobody waits for a reply that never comes. */
const FAULT_TIMEOUT_MS = 1_000
const LIST_EVERY_MS = 6 * 3_600_000

async function play(what: Play, database: Scratch, terminal: Terminal): Promise<number> {
  const { deal, scheme, fail, fault, operation } = what
  const simulated = fault === undefined ? undefined : simulatedClock(wallClock().now())
  const world = worldOn(database.url, simulated ?? wallClock())
  try {
    const stage = await openStage({
      world,
      bankDatabaseUrl: database.bankUrl,
      legs: {},
      ...(simulated === undefined
        ? {}
        : { simulated, timing: { timeoutMs: FAULT_TIMEOUT_MS }, listEveryMs: LIST_EVERY_MS }),
    })
    try {
      if (fault !== undefined) await checkFault(stage.bank, fault)
      const order: SaleOptions['fault'] =
        fault === undefined
          ? undefined
          : { fault, ...(operation === undefined ? {} : { operation }) }
      const report = await runSale({
        ...stage,
        db: world.db,
        deal,
        scheme,
        tell: (event) => {
          for (const line of printEvent(event)) terminal.say(line)
        },
        ...(fail === undefined ? {} : { fail }),
        ...(order === undefined ? {} : { fault: order }),
      })
      for (const line of printReport(report)) terminal.say(line)
      const named = report.proof.equal || report.items.length > 0
      const movedOnce = report.rails.every(({ agrees }) => agrees)
      return named && movedOnce && (report.finished || report.items.length > 0) ? 0 : 1
    } finally {
      await stage.close()
    }
  } finally {
    await world.db.close()
  }
}

async function checkFault(
  bank: { faults(): Promise<{ name: string; says: string }[]> },
  fault: string,
): Promise<void> {
  const known = await bank.faults()
  if (known.some(({ name }) => name === fault)) return
  const list = known.map(({ name, says }) => `  ${name.padEnd(24)}${says}`).join('\n')
  throw new UsageProblem(`The bank has no fault "${fault}". It has:\n${list}`)
}

function worldOn(url: string, clock: World['clock']): World {
  const rng = cryptoRng()
  const log = createLog({ level: 'silent' })
  return {
    clock,
    rng,
    ids: createIds(clock, rng),
    db: createDb({ url, log, applicationName: 'tenon sale' }),
    net: httpNet({ clock }),
    files: diskFiles(process.cwd()),
    log,
  }
}

interface Scratch {
  readonly url: string
  readonly bankUrl: string
  drop(): Promise<void>
}

/** A database for one run on the embedded server, or on that of DATABASE_URL. */
async function scratchDatabase(terminal: Terminal): Promise<Scratch> {
  const given = terminal.env.DATABASE_URL ?? ''
  const server = given === '' ? await launchPostgres() : undefined
  const adminUrl = server?.adminUrl ?? given
  const name = `sale_${randomBytes(6).toString('hex')}`
  const asAdmin = async (sql: string) => {
    const admin = new pg.Client(adminUrl)
    await admin.connect()
    await admin.query(sql).finally(() => admin.end())
  }
  try {
    await asAdmin(`create database ${name}`)
  } catch (error) {
    await server?.stop()
    const why = error instanceof Error ? error.message : String(error)
    const what = 'A run needs a database of its own, and it could not be made'
    throw new Error(`${what}: ${why}. Give the role of DATABASE_URL the right CREATEDB.`)
  }
  const drop = async () => {
    await asAdmin(`drop database if exists ${name} with (force)`)
    await server?.stop()
  }
  try {
    const at = new URL(adminUrl)
    at.pathname = `/${name}`
    await migrate({ url: at.href })
    const bankUrl = await ensureRoleAndSchema(at.href, 'sale_bank', 'custody_bank')
    return { url: at.href, bankUrl, drop }
  } catch (error) {
    await drop()
    throw error
  }
}
