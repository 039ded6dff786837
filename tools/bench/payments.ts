/**
 * `npm run bench -- payments`: what a pay-in costs from `POST /v1/payments` to the ledger, over
 * UnionPay's simulator, which takes every collection and calls back at once. Server, rail and load
 * are processes of their own; together with PostgreSQL they share the machine's cores.
 *
 * A payment counts when it is booked through its callback, and every one answered must be: ledger,
 * payments and the rail's own book are compared after each run. Channels signed by method 11 carry
 * UnionPay's keyed SHA-256; method 01 is its RSA.
 *
 * Budget: five minutes and 10 GB.
 */
import { cpus, loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { startBenchServer } from './database.ts'
import { COMMAND_TABLE, command, fillLedger } from './engine.ts'
import { number, rounded } from './figures.ts'
import { runSql } from './ledger.ts'
import type { Bench } from './main.ts'
import { measure } from './measure.ts'
import { paymentDesign } from './payments/design.ts'
import { NAIVE_PAYMENT_TABLES } from './payments/naive-payments.ts'
import { fillPool } from './payments/order.ts'
import { diskGb, figures, figuresTable, ratesTable } from './payments/report.ts'
import { rsaCost } from './payments/rsa-cost.ts'

const BUDGET_S = 300
const BUDGET_GB = 10

const PAYMENT_DESIGNS = [
  paymentDesign({ name: 'uniform', spread: 'uniform', signature: 'keyed', naive: false }),
  paymentDesign({ name: 'hot', spread: 'hot', signature: 'keyed', naive: false }),
  paymentDesign({ name: 'rsa', spread: 'uniform', signature: 'rsa', naive: false }),
  paymentDesign({ name: 'naive', spread: 'uniform', signature: 'keyed', naive: true }),
]
const LEDGER = { ...command, name: 'ledger' }
const DESIGNS = [...PAYMENT_DESIGNS, LEDGER]

export const paymentsBench: Bench = {
  says: 'Pay-ins from the API to the ledger, callback included, beside a naive version.',
  options: {
    repeats: { says: 'how often every design is measured (3)' },
    seconds: { says: 'how long each measurement lasts (4)' },
    seed: { says: 'of the order within a repeat (1)' },
    only: { says: 'one design alone, such as uniform: for a profile' },
    quick: {
      says: 'one repeat of one second: proves that it runs, no figures to quote',
      flag: true,
    },
  },
  run: async (options, print) => {
    const quick = options.flag('quick')
    const repeats = options.number('repeats', quick ? 1 : 3)
    const seconds = options.number('seconds', quick ? 1 : 4)
    const seed = options.number('seed', 1)
    const only = options.text('only') ?? ''
    const designs = only === '' ? DESIGNS : DESIGNS.filter(({ name }) => name === only)
    const began = performance.now()
    const progress = (line: string) => console.error(line)
    progress(`budget: ${BUDGET_S} s and ${BUDGET_GB} GB of disk`)
    progress('starting a throw-away PostgreSQL, durable in every respect')
    const server = await startBenchServer({ settings: { max_connections: '200' } })
    try {
      await server.makeTemplate(async (url) => {
        await fillLedger(url)
        await fillPool(url)
        await runSql(url, `${NAIVE_PAYMENT_TABLES} ${COMMAND_TABLE}`)
      })
      const found = await measure({ server, designs, repeats, seconds, seed, print: progress })
      const names = designs.map(({ name }) => name).filter((name) => name !== LEDGER.name)
      print(
        `${server.version}, Node ${process.versions.node}, ${cpus().length} cores, ` +
          `${repeats} repeats of ${seconds} s, seed ${seed}, load ${loadavg()[0]!.toFixed(1)}. ` +
          'Medians [lowest–highest].',
      )
      print('uniform, hot and naive sign by UnionPay 11 (keyed SHA-256), rsa by 01 (RSA).')
      print('')
      if (names.length > 0) print(ratesTable(found, names))
      if (only !== '') return { only, repeats, seconds }
      const cost = rsaCost()
      print('')
      print(figuresTable(found, cost))
      const [took, disk] = [(performance.now() - began) / 1000, diskGb(found, names)]
      const within = took <= BUDGET_S && disk <= BUDGET_GB
      print('')
      print(
        `${number(took)} s of ${BUDGET_S} s, ${number(disk, 1)} GB of ${BUDGET_GB} GB: ` +
          (within ? 'within the budget.' : 'OVER the budget.'),
      )
      return {
        ...{ repeats, seconds, seed },
        ...figures(found, names, cost),
        ...{ seconds_in_all: Math.round(took), budget_s: BUDGET_S },
        ...{ disk_gb: rounded(disk), budget_gb: BUDGET_GB, within_budget: within },
      }
    } finally {
      await server.stop()
    }
  },
}
