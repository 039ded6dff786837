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
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { BadOption } from '../options.ts'
import { runSql } from './database.ts'
import { COMMAND_TABLE, command, fillLedger } from './engine.ts'
import { number, rounded } from './figures.ts'
import type { Bench } from './main.ts'
import type { Design } from './measure.ts'
import { paymentDesign } from './payments/design.ts'
import { NAIVE_PAYMENT_TABLES } from './payments/naive-payments.ts'
import { fillPool } from './payments/order.ts'
import { diskGb, figures, figuresTable, ratesTable } from './payments/report.ts'
import { rsaCost } from './payments/rsa-cost.ts'
import { measureSideBySide, type Repeats, sideBySideOptions, termsOf } from './side-by-side.ts'

const BUDGET_S = 300
const BUDGET_GB = 10

const PAYMENT_DESIGNS = [
  paymentDesign({ name: 'uniform', spread: 'uniform', signature: 'keyed', naive: false }),
  paymentDesign({ name: 'hot', spread: 'hot', signature: 'keyed', naive: false }),
  paymentDesign({ name: 'rsa', spread: 'uniform', signature: 'rsa', naive: false }),
  paymentDesign({ name: 'naive', spread: 'uniform', signature: 'keyed', naive: true }),
]
const LEDGER = { ...command, name: 'ledger' }
const DESIGNS: readonly Design[] = [...PAYMENT_DESIGNS, LEDGER]
const REPEATS: Repeats = [3, 1]

export const paymentsBench: Bench = {
  says: 'Pay-ins from the API to the ledger, callback included, beside a naive version.',
  options: {
    ...sideBySideOptions(REPEATS),
    only: { says: 'one design alone, such as uniform: for a profile' },
  },
  run: async (options, print) => {
    const terms = termsOf(options, REPEATS)
    const only = options.text('only')
    const designs = only === undefined ? DESIGNS : [designNamed(only)]
    const began = performance.now()
    console.error(`budget: ${BUDGET_S} s and ${BUDGET_GB} GB of disk`)
    const { found, says } = await measureSideBySide({
      ...{ designs, terms, settings: { max_connections: '200' } },
      fill: async (url) => {
        await fillLedger(url)
        await fillPool(url)
        await runSql(url, `${NAIVE_PAYMENT_TABLES} ${COMMAND_TABLE}`)
      },
    })
    const names = designs.map(({ name }) => name).filter((name) => name !== LEDGER.name)
    print(`${says} Load ${loadavg()[0]!.toFixed(1)}.`)
    print('uniform, hot and naive sign by UnionPay 11 (keyed SHA-256), rsa by 01 (RSA).')
    print('')
    if (names.length > 0) print(ratesTable(found, names))
    if (only !== undefined) return { only, ...terms }
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
      ...terms,
      ...figures(found, names, cost),
      ...{ seconds_in_all: Math.round(took), budget_s: BUDGET_S },
      ...{ disk_gb: rounded(disk), budget_gb: BUDGET_GB, within_budget: within },
    }
  },
}

function designNamed(name: string): Design {
  const design = DESIGNS.find((each) => each.name === name)
  if (design !== undefined) return design
  throw new BadOption(
    `There is no design ${name}; name one of ${DESIGNS.map((each) => each.name).join(', ')}.`,
  )
}
