/**
 * `npm run bench -- ledger-growth`: does a transfer cost the same when there are ten million as when
 * there was one, and how heavy is a writer of a million accounts, and how long is its start.
 *
 * CPU time is compared and not rates: the two windows lie minutes apart, and a neighbour's load moves
 * a rate at once. A window spans whole partitions, so that each carries its share of the sealing.
 */

import pg from 'pg'
import { runCallers } from './callers.ts'
import { type BenchServer, one, startBenchServer } from './database.ts'
import { CALLERS, fillLedger, openEngine, singles } from './engine.ts'
import { figure, number, rounded, show, table } from './figures.ts'
import type { Bench } from './main.ts'
import { type ProcessorTime, processorTime } from './processor-time.ts'
import { measureStarts, type Starts } from './starts.ts'

interface Window {
  /** CPU µs per transfer. */
  readonly postgres: number
  readonly node: number
  readonly perSecond: number
}

interface Growth {
  readonly partitionRows: number | undefined
  readonly early: Window
  readonly late: Window
  readonly ratio: number
}

interface Sizes {
  readonly from: number
  readonly to: number
  readonly window: number
}

export const ledgerGrowthBench: Bench = {
  says: 'Cost of a transfer as the book grows; weight and start of a writer of many accounts.',
  options: {
    'partition-rows': { says: 'partition sizes to try, separated by commas (the ledger’s own)' },
    from: { says: 'transfers before the first window (1,000,000)' },
    to: { says: 'transfers before the second window (10,000,000)' },
    window: { says: 'transfers in a window (1,000,000); rounded up to whole partitions' },
    accounts: { says: 'accounts of the start-up test (1,000,000)' },
    starts: { says: 'how many starts after a kill are timed (3)' },
    seconds: { says: 'load before each kill (4)' },
    quick: { says: 'small sizes: proves that it runs, no figures to quote', flag: true },
  },
  run: async (options, print) => {
    const scale = options.flag('quick') ? 50 : 1
    const sizes = {
      from: options.number('from', 1_000_000 / scale),
      to: options.number('to', 10_000_000 / scale),
      window: options.number('window', 1_000_000 / scale),
    }
    const accounts = options.number('accounts', 1_000_000 / scale)
    const progress = (line: string) => console.error(line)
    const given = options.numbers('partition-rows', [])
    const server = await startBenchServer()
    try {
      const grown: Growth[] = []
      for (const partitionRows of given.length === 0 ? [undefined] : given) {
        grown.push(await grow(server, sizes, partitionRows, progress))
      }
      const starts = await measureStarts({
        server,
        accounts,
        starts: options.number('starts', 3),
        seconds: options.number('seconds', scale === 1 ? 4 : 1),
        progress,
      })
      print(growthTable(grown, sizes))
      print('')
      print(startsTable(starts, accounts))
      return { ...figures(grown), ...startFigures(starts), accounts }
    } finally {
      await server.stop()
    }
  },
}

/** Writes `to` transfers and a window more, one run, one book. */
async function grow(
  server: BenchServer,
  sizes: Sizes,
  partitionRows: number | undefined,
  progress: (line: string) => void,
): Promise<Growth> {
  const database = await server.empty()
  const options = partitionRows === undefined ? {} : { partitionRows }
  await fillLedger(database.url, options)
  const atFirst = await transfersIn(database.url)
  const engine = await openEngine(database.url, options)
  const call = singles('uniform')(engine.writer)
  const window = wholePartitions(sizes.window, await partitionSize(database.url))
  let written = 0
  const writeTo = async (target: number) => {
    while (written < target) {
      const calls = Math.min(target - written, PROGRESS_EVERY)
      const { count } = await runCallers({ callers: CALLERS, calls, call })
      written += count
      progress(`${partitionRows ?? 'own'} rows a partition: ${number(written)} transfers written`)
    }
  }
  const measured = async (): Promise<Window> => {
    await sealed(database.url)
    const before = processorTime(server.postmaster)
    const began = performance.now()
    await writeTo(written + window)
    await sealed(database.url)
    const seconds = (performance.now() - began) / 1000
    return windowOf(before, processorTime(server.postmaster), window, seconds)
  }
  try {
    await writeTo(sizes.from)
    const early = await measured()
    await writeTo(sizes.to)
    const late = await measured()
    const found = (await transfersIn(database.url)) - atFirst
    if (found !== written) throw new Error(`${written} transfers were answered, ${found} are there`)
    const ratio = (late.postgres + late.node) / (early.postgres + early.node)
    return { partitionRows, early, late, ratio }
  } finally {
    await engine.close()
    await database.drop()
  }
}

const PROGRESS_EVERY = 500_000

const wholePartitions = (window: number, rows: number) => Math.ceil(window / rows) * rows

function windowOf(
  before: ProcessorTime,
  after: ProcessorTime,
  rows: number,
  seconds: number,
): Window {
  if (before.postgres === undefined || after.postgres === undefined) {
    throw new Error('CPU time of PostgreSQL is read from /proc: run this bench on Linux')
  }
  return {
    postgres: (after.postgres - before.postgres) / rows,
    node: (after.node - before.node) / rows,
    perSecond: rows / seconds,
  }
}

/** How many transfers the newest partition takes. */
async function partitionSize(url: string): Promise<number> {
  return ask(
    url,
    `select (end_id - first_id)::int as value from ledger.partition
    order by number desc limit 1`,
  )
}

async function transfersIn(url: string): Promise<number> {
  return ask(url, 'select count(*)::int as value from ledger.transfer')
}

/** Waits until every full partition is sealed, so that its cost lies in the window it belongs to. */
async function sealed(url: string): Promise<void> {
  const full = `select count(*)::int as value from ledger.partition p join ledger.head h
    using (book_id) where p.sealed_at is null and p.end_id <= h.last_id + 1`
  while ((await ask(url, full)) > 0) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** The only number a statement returns, as `value`. */
async function ask(url: string, sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await one<number>(client, sql)
  } finally {
    await client.end()
  }
}

function growthTable(grown: readonly Growth[], { from, to }: Sizes): string {
  return table([
    ['rows a partition', 'window', 'per second', 'CPU µs PostgreSQL', 'CPU µs Node', 'ratio'],
    ...grown.flatMap(({ partitionRows, early, late, ratio }) =>
      [[early, from, ''] as const, [late, to, number(ratio, 3)] as const].map(
        ([window, at, told]) => [
          partitionRows === undefined ? 'own' : number(partitionRows),
          `after ${number(at)}`,
          number(window.perSecond),
          number(window.postgres, 2),
          number(window.node, 2),
          told,
        ],
      ),
    ),
  ])
}

function startsTable(starts: Starts, accounts: number): string {
  return table([
    [`${number(accounts)} accounts`, 'measured', 'gate'],
    ['start after a kill, s', show(figure(starts.seconds), 2), '≤ 10'],
    ['transfers replayed', show(figure(starts.tails)), ''],
    ['memory once open, MB', show(figure(starts.openMb)), ''],
    ['most memory, MB', show(figure(starts.peakMb)), '≤ 700'],
  ])
}

function figures(grown: readonly Growth[]): Record<string, unknown> {
  const worst = Math.max(...grown.map(({ ratio }) => ratio))
  const [only] = grown
  return {
    growth_cpu_ratio: rounded(grown.length === 1 ? only!.ratio : worst),
    growth_by_partition_rows: Object.fromEntries(
      grown.map(({ partitionRows, early, late, ratio }) => [
        partitionRows ?? 'own',
        {
          ratio: rounded(ratio),
          early_cpu_us: rounded(early.postgres + early.node),
          late_cpu_us: rounded(late.postgres + late.node),
        },
      ]),
    ),
  }
}

function startFigures({ peakMb, openMb, seconds, tails }: Starts): Record<string, number> {
  return {
    rss_mb: Math.round(figure(peakMb).median),
    rss_open_mb: Math.round(figure(openMb).median),
    start_s: rounded(figure(seconds).median),
    replayed: figure(tails).median,
  }
}
