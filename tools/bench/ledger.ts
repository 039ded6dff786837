/**
 * `npm run bench -- ledger`: the book writer beside the floor of this PostgreSQL and beside the naive
 * ledger, in one run.
 */
import { runSql } from './database.ts'
import { COMMAND_TABLE, callers64, command, engine, fillLedger, split10 } from './engine.ts'
import { type Figure, figure, number, percentile, rounded, show, table } from './figures.ts'
import { FLOOR_TABLE, floor } from './floor.ts'
import type { Bench } from './main.ts'
import { column, type Measurements, of, ratio } from './measure.ts'
import { NAIVE_TABLES, naive } from './naive.ts'
import { measureSideBySide, type Repeats, sideBySideOptions, termsOf } from './side-by-side.ts'

const DESIGNS = [
  floor,
  engine('uniform'),
  engine('hot'),
  command,
  split10,
  naive('uniform'),
  naive('hot'),
  callers64,
]

/** Figure, what is divided, by what, and the gate it has to reach. */
const RATIOS = [
  ['engine_vs_floor_uniform', 'engine_uniform', 'floor', 0.24],
  ['engine_vs_floor_hot', 'engine_hot', 'floor', 0.28],
  ['command_vs_floor', 'command', 'floor', 0.07],
  ['hot_vs_uniform', 'engine_hot', 'engine_uniform', 0.95],
  ['engine_vs_naive_uniform', 'engine_uniform', 'naive_uniform', 25],
  ['engine_vs_naive_hot', 'engine_hot', 'naive_hot', 100],
  ['split10_legs_vs_floor', 'split10', 'floor', 0.35],
] as const

const REPEATS: Repeats = [5, 2]

export const ledgerBench: Bench = {
  says: 'Rates of the book writer beside the floor and the naive ledger.',
  options: sideBySideOptions(REPEATS),
  run: async (options, print) => {
    const terms = termsOf(options, REPEATS)
    const { found, says } = await measureSideBySide({
      ...{ designs: DESIGNS, terms },
      fill: async (url) => {
        await fillLedger(url)
        await runSql(url, `${FLOOR_TABLE}; ${NAIVE_TABLES} ${COMMAND_TABLE}`)
      },
    })
    print(says)
    print('')
    print(ratesTable(found))
    print('')
    print(ratiosTable(found))
    return { ...terms, ...figures(found) }
  },
}

function ratesTable(found: Measurements): string {
  const cpu = (value: Figure | undefined) => (value === undefined ? 'not known' : show(value, 1))
  return table([
    ['design', 'per second', '× floor', 'CPU µs PostgreSQL', 'CPU µs Node'],
    ...DESIGNS.map(({ name }) => [
      name,
      show(column(found, name, (one) => one.perSecond)!),
      name === 'floor' ? '1' : show(ratio(found, name, 'floor'), 3),
      cpu(column(found, name, (one) => one.postgresCpu)),
      cpu(column(found, name, (one) => one.nodeCpu)),
    ]),
  ])
}

function ratiosTable(found: Measurements): string {
  const { p50, p99 } = latencies(found)
  return table([
    ['figure', 'measured', 'gate', ''],
    ...RATIOS.map(([name, above, below, gate]) => {
      const value = ratio(found, above, below)
      return [
        name,
        show(value, 2),
        `≥ ${number(gate, 2)}`,
        value.median >= gate ? 'reached' : 'MISSED',
      ]
    }),
    ['p50_ms_64', show(p50, 2), '', ''],
    ['p99_ms_64', show(p99, 2), '', ''],
  ])
}

function latencies(found: Measurements): { p50: Figure; p99: Figure } {
  const runs = of(found, 'engine_64_callers').map(({ latencies }) => latencies)
  return {
    p50: figure(runs.map((run) => percentile(run, 0.5))),
    p99: figure(runs.map((run) => percentile(run, 0.99))),
  }
}

function figures(found: Measurements): Record<string, number> {
  const { p50, p99 } = latencies(found)
  const ratios = RATIOS.map(([name, above, below]) => {
    return [name, rounded(ratio(found, above, below).median)] as const
  })
  const rates = DESIGNS.map(({ name }) => {
    return [
      `${name}_per_s`,
      Math.round(column(found, name, (one) => one.perSecond)!.median),
    ] as const
  })
  const cpu = DESIGNS.flatMap(({ name }) => {
    const value = column(found, name, (one) => one.postgresCpu)
    const node = rounded(column(found, name, (one) => one.nodeCpu)!.median)
    const own = [[`${name}_cpu_us_node`, node] as const]
    return value === undefined
      ? own
      : [[`${name}_cpu_us_postgres`, rounded(value.median)] as const, ...own]
  })
  return Object.fromEntries([
    ...ratios,
    ['p50_ms_64', rounded(p50.median)],
    ['p99_ms_64', rounded(p99.median)],
    ...rates,
    ...cpu,
  ])
}
